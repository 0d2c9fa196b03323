/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files of the device-tree check and those that make a tree. */
#ifndef CONFIG_TREE_PRIVATE_H
#define CONFIG_TREE_PRIVATE_H

#include "reason.h"
#include "tree.h"
#include "tree_bus.h"

struct tree_view {
	struct tree_index *index;
	const struct tree_zone *zone;
	const struct tree_sink *sink;
};

/* Reports a finding of a node ("PATH: MESSAGE"), or with TREE_NONE of the tree as a whole. */
void tree_find(const struct tree_view *view, enum config_severity severity, const char *reason, uint32_t node,
	       const char *format, ...) __attribute__((format(printf, 5, 6)));

#define tree_error(view, reason, node, ...) tree_find(view, CONFIG_ERROR, reason, node, __VA_ARGS__)
#define tree_warning(view, reason, node, ...) tree_find(view, CONFIG_WARNING, reason, node, __VA_ARGS__)

/* PPIs that EL2 keeps: maintenance and its own timers. Only a timer node may name them; nobody else gets them. */
bool tree_is_el2_ppi(uint32_t intid);
/* The zone's guest may have this interrupt, from hardware or from the zone's device process. */
bool tree_owns_intid(const HvZoneConfig *hv, uint32_t intid);

extern const char *const tree_timers[]; /* compatible strings */

/* The zone's device whose window begins there, or NULL. */
const struct config_device *tree_device_at(const struct tree_zone *zone, uint64_t ipa);

/* [ipa, ipa + size) is made of regions of these types (bit 1 << HV_REGION_*), which may adjoin; valid ranges only. */
bool tree_is_covered(const HvZoneConfig *hv, uint32_t types, uint64_t ipa, uint64_t size);

/* tree_check_board.c: what every Linux needs of its machine. */
void tree_check_cpus(struct tree_view *view);
void tree_check_gic(struct tree_view *view);
void tree_check_timer(struct tree_view *view);
void tree_check_psci(struct tree_view *view);

/* tree_check_memory.c: /memory, /reserved-memory, /chosen. */
void tree_check_memory(struct tree_view *view);
void tree_check_chosen(struct tree_view *view);

/* tree_check_devices.c: registers and interrupts of all others. */
void tree_check_devices(struct tree_view *view);

#endif
