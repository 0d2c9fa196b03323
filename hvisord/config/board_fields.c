/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "board_fields.h"

#include "field_table.h"

static const struct config_field range_table[] = {
	{ "start", FIELD_NUMBER, .required = true, .offset = offsetof(struct range_fields, start),
	  .doc = "host physical address, whole pages" },
	{ "size", FIELD_NUMBER, .required = true, .min = 1, .max = UINT64_MAX,
	  .offset = offsetof(struct range_fields, size), .doc = "in bytes, whole pages" },
};
static const struct config_object range_object = OBJECT("a range of memory", range_table);
static const struct config_field range_element = { .type = FIELD_OBJECT, .object = &range_object };

static const struct config_field window_table[] = {
	{ "name", FIELD_STRING, .required = true, .min = 1, .max = HV_NAME_SIZE - 1,
	  .offset = offsetof(struct window_fields, name), .doc = "what people call it: \"uart0\"" },
	{ "start", FIELD_NUMBER, .required = true, .offset = offsetof(struct window_fields, start),
	  .doc = "host physical address, whole pages" },
	{ "size", FIELD_NUMBER, .required = true, .min = 1, .max = UINT64_MAX,
	  .offset = offsetof(struct window_fields, size), .doc = "in bytes, whole pages" },
	{ "assignable", FIELD_BOOL, .initial = "false", .offset = offsetof(struct window_fields, assignable),
	  .doc = "zones may own pages of it; else only the root zone" },
};
static const struct config_object window_object = OBJECT("a device of a board", window_table);
static const struct config_field window_element = { .type = FIELD_OBJECT, .object = &window_object };

static const struct config_field intid_table[] = {
	[INTID_FIRST] = { "first", FIELD_NUMBER, .required = true, .min = HV_FIRST_SPI, .max = HV_LAST_SPI,
			  .offset = offsetof(struct intid_fields, first), .doc = "its first INTID" },
	[INTID_LAST] = { "last", FIELD_NUMBER, .min = HV_FIRST_SPI, .max = HV_LAST_SPI,
			 .initial = "the first", .offset = offsetof(struct intid_fields, last),
			 .doc = "its last INTID" },
};
static const struct config_object intid_object = OBJECT("a range of interrupts", intid_table);
static const struct config_field intid_element = { .type = FIELD_OBJECT, .object = &intid_object };

static const struct config_field affinity_element = { .type = FIELD_NUMBER, .max = 0xff00ffffff };

static const struct config_field board_table[] = {
	[BOARD_NAME] = { "name", FIELD_STRING, .required = true, .min = 1, .max = HV_NAME_SIZE - 1,
			 .offset = offsetof(struct board_fields, name), .doc = "what people call the board" },
	[BOARD_ARCH] = { "arch", FIELD_STRING, .min = 1, .max = HV_NAME_SIZE - 1, .initial = "\"arm64\"",
			 .offset = offsetof(struct board_fields, arch),
			 .doc = "what zone files for it have as arch" },
	[BOARD_CPUS] = { "cpus", ARRAY_IN(struct board_fields, num_cpus, cpus, affinity_element),
			 .required = true,
			 .doc = "the affinity (MPIDR_EL1: Aff3, Aff2, Aff1, Aff0) of each CPU; the n-th is "
				"CPU n of zone files" },
	[BOARD_RAM] = { "ram", ARRAY_IN(struct board_fields, num_ram, ram, range_element), .required = true,
			.doc = "its memory" },
	[BOARD_HYPERVISOR] = { "hypervisor", FIELD_OBJECT, .required = true, .object = &range_object,
			       .offset = offsetof(struct board_fields, hypervisor),
			       .doc = "the part of that memory that the hypervisor keeps" },
	[BOARD_ARCH_CONFIG] = { "arch_config", FIELD_OBJECT, .required = true, .object = &gic_object,
				.offset = offsetof(struct board_fields, gic),
				.doc = "its interrupt controller: gicd and gicr, base and size, are needed" },
	[BOARD_DEVICES] = { "devices", ARRAY_IN(struct board_fields, num_devices, devices, window_element),
			    .initial = "[]", .doc = "where its devices are" },
	[BOARD_INTERRUPTS] = { "assignable_interrupts",
			       ARRAY_IN(struct board_fields, num_interrupts, interrupts, intid_element),
			       .initial = "[]",
			       .doc = "the shared peripheral interrupts that zones may own" },
	{ "note", FIELD_IGNORED, .initial = "nothing", .doc = "for people" },
};
const struct config_object board_object = OBJECT("a platform description", board_table);
