/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who owns what of a board: each CPU, each range of physical addresses, each
 * interrupt. Made from a board, its root zone and a set of zones; shown as JSON
 * or as a picture.
 */
#ifndef CONFIG_RESOURCES_H
#define CONFIG_RESOURCES_H

#include <stdio.h>

#include "config.h"
#include "json_write.h"

enum config_owner_kind {
	CONFIG_OWNER_NOBODY, /* free: a zone may be given it */
	CONFIG_OWNER_BOARD,  /* no zone can be given it */
	CONFIG_OWNER_HYPERVISOR,
	CONFIG_OWNER_ROOT,
	CONFIG_OWNER_ZONE,
};

/* The first four stand for the kinds above; zones follow in the order given. */
struct config_owner {
	enum config_owner_kind kind;
	uint32_t id;             /* ROOT, ZONE */
	char name[HV_NAME_SIZE]; /* "nobody", "board", "hypervisor", "root", the zone's */
};

#define CONFIG_NO_OWNER UINT32_MAX

struct config_cpu_resource {
	uint32_t owner; /* index into owners */
	uint32_t other; /* a second one that claims it, or CONFIG_NO_OWNER */
	uint64_t mpidr;
};

enum config_range_kind {
	CONFIG_RANGE_RAM,
	CONFIG_RANGE_DEVICE,
};

/* Neither overlapping nor adjoining with the same owner, by address. */
struct config_range_resource {
	enum config_range_kind kind;
	uint64_t start, size; /* host physical, bytes */
	uint32_t owner;
	uint32_t other;          /* as of a CPU; with shared the other zone that may use it */
	bool shared;             /* both say so */
	uint64_t guest_start;    /* where the owner sees it; start if nobody does */
	char name[HV_NAME_SIZE]; /* of a device window, or "" */
};

/* Of the shared peripheral interrupts those that somebody owns or that may be given away. */
struct config_interrupt_resource {
	uint32_t intid;
	uint32_t owner;
	uint32_t other;
	bool is_virtual; /* of the owner's virtio devices: no claim on hardware */
};

struct config_resources {
	char board[HV_NAME_SIZE];
	char arch[HV_NAME_SIZE];
	unsigned num_owners, num_cpus, num_ranges, num_interrupts;
	struct config_owner *owners;
	struct config_cpu_resource cpus[HV_MAX_CPUS];
	struct config_range_resource *ranges;
	struct config_interrupt_resource *interrupts; /* by number; hardware first */
};

/* What a zone claims. */
struct config_claim {
	const HvZoneConfig *hv;
	const char *name; /* NULL: hv->name */
};

/*
 * 0 with *ret_resources, to be freed; or -ENOMEM. Zones need not be free of
 * conflicts: who comes first is the owner, and the next one the other.
 */
int config_resources(const struct config_board *board, const struct config_zone *const *zones, unsigned count,
		     struct config_resources **ret_resources);
int config_resources_of(const struct config_board *board, const struct config_claim *claims, unsigned count,
			struct config_resources **ret_resources);
void config_resources_free(struct config_resources *resources);

/* One object, as an element or a value on its own. */
void config_resources_json(const struct config_resources *resources, struct json_out *out);

/* An SVG document. 0, or a negative errno of the stream. */
int config_resources_svg(const struct config_resources *resources, FILE *out);

#endif
