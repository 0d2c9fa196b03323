/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a JSON platform description holds, as parsed. */
#ifndef CONFIG_BOARD_FIELDS_H
#define CONFIG_BOARD_FIELDS_H

#include "zone_fields.h"

struct range_fields {
	struct config_seen seen;
	uint64_t start;
	uint64_t size;
};

struct window_fields {
	struct config_seen seen;
	const char *name;
	uint64_t start;
	uint64_t size;
	uint64_t assignable;
};

enum intid_field {
	INTID_FIRST,
	INTID_LAST,
};

struct intid_fields {
	struct config_seen seen;
	uint64_t first;
	uint64_t last;
};

enum board_field {
	BOARD_NAME,
	BOARD_ARCH,
	BOARD_CPUS,
	BOARD_RAM,
	BOARD_HYPERVISOR,
	BOARD_ARCH_CONFIG,
	BOARD_DEVICES,
	BOARD_INTERRUPTS,
};

#define BOARD_MAX_INTERRUPTS 128u

struct board_fields {
	struct config_seen seen;
	const char *name;
	const char *arch;
	uint64_t num_cpus;
	uint64_t cpus[HV_MAX_CPUS]; /* affinities, or FIELD_BROKEN */
	uint64_t num_ram;
	struct range_fields ram[HV_PLATFORM_MAX_RAM];
	struct range_fields hypervisor;
	struct gic_fields gic;
	uint64_t num_devices;
	struct window_fields devices[HV_PLATFORM_MAX_DEVICES];
	uint64_t num_interrupts;
	struct intid_fields interrupts[BOARD_MAX_INTERRUPTS];
};

extern const struct config_object board_object;

#endif
