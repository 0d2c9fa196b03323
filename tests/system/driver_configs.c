// SPDX-License-Identifier: GPL-2.0-or-later
/* Configs that must not become a zone: EL2 itself refuses each, says why, and keeps nothing of it. */
#include "driver_fixture.h"

#include <errno.h>

struct hostile {
	void (*spoil)(HvZoneConfig *config);
	int err;
	uint16_t code;
};

#define SPOIL(function, statement)                                                                           \
	static void function(HvZoneConfig *c)                                                                \
	{                                                                                                    \
		statement;                                                                                   \
	}

SPOIL(other_magic, c->magic++)
SPOIL(other_version, c->version++)
SPOIL(other_size, c->size -= 8)
SPOIL(unknown_flag, c->flags = 0x80000000)
SPOIL(reserved_not_zero, c->reserved = 1)
SPOIL(root_id, c->zone_id = 0)
SPOIL(id_too_large, c->zone_id = HV_MAX_ZONES)
SPOIL(id_far_too_large, c->zone_id = UINT32_MAX)
SPOIL(no_cpus, c->cpus = c->num_cpus = 0)
SPOIL(cpu_too_large, c->cpus = 1ull << 63)
SPOIL(cpu_count_differs, c->num_cpus = 64)
SPOIL(cpu_of_root, c->cpus = 1)
SPOIL(too_many_regions, c->num_regions = 65)
SPOIL(region_count_wraps, c->num_regions = UINT32_MAX)
SPOIL(unused_region_not_zero, c->regions[63].size = 1)
SPOIL(no_regions, memset(c->regions, 0, sizeof(c->regions)); c->num_regions = 0)
SPOIL(unknown_type, c->regions[1].type = 77)
SPOIL(overlap_in_guest, c->regions[1].virtual_start = RAM_IPA)
SPOIL(overlap_in_machine, c->regions[1].physical_start = RAM_PA)
SPOIL(region_over_hypervisor, c->regions[1].physical_start = 0x40200000)
SPOIL(region_over_root, c->regions[1].physical_start = 0x42000000)
SPOIL(region_no_ram, c->regions[1].physical_start = 0x9000000)
SPOIL(region_past_ram, c->regions[1].physical_start = 0xc0000000 - PAGE)
SPOIL(region_unaligned, c->regions[1].physical_start += 0x800)
SPOIL(region_unaligned_in_guest, c->regions[1].virtual_start += 8)
SPOIL(region_empty, c->regions[1].size = 0)
SPOIL(region_wraps, c->regions[1].physical_start = -0x1000ull)
SPOIL(region_wraps_in_guest, c->regions[1].virtual_start = -0x1000ull; c->regions[1].size = 2 * PAGE)
SPOIL(region_past_space, c->regions[1].virtual_start = 1ull << HV_IPA_BITS)
SPOIL(region_over_gic, c->regions[1].virtual_start = c->gic.gicd_base)
SPOIL(device_of_root, c->regions[1].type = HV_REGION_IO; c->regions[1].physical_start = 0x9000000)
SPOIL(gic_as_device, c->regions[1].type = HV_REGION_IO; c->regions[1].physical_start = 0x8000000)
SPOIL(gic_tag, c->gic.version = 0x33)
SPOIL(gic_size_wraps, c->gic.gicr_size = UINT64_MAX)
SPOIL(gic_too_small, c->gic.gicr_size = PAGE)
SPOIL(interrupt_of_root, hv_intid_add(&c->interrupts, 33))
SPOIL(interrupt_private, hv_intid_add(&c->interrupts, 27))
SPOIL(interrupt_too_large, hv_intid_add(&c->virtual_interrupts, 1023))
SPOIL(interrupt_twice, hv_intid_add(&c->interrupts, VIRTIO_INTID))
SPOIL(name_no_text, memset(c->name, 0xff, sizeof(c->name)))
SPOIL(name_not_ended, memset(c->name, 'a', sizeof(c->name)))
SPOIL(name_empty, memset(c->name, 0, sizeof(c->name)))
SPOIL(entry_outside_ram, c->entry_point = RAM_PA)
SPOIL(kernel_outside_ram, c->kernel_load_paddr = 0x42000000)
SPOIL(kernel_size_wraps, c->kernel_size = UINT64_MAX)
SPOIL(tree_unaligned, c->dtb_load_paddr = RAM_PA + 0x10004; c->dtb_size = PAGE)
SPOIL(tree_over_kernel, c->dtb_load_paddr = RAM_PA; c->dtb_size = PAGE)
SPOIL(all_ones, memset(c, 0xff, sizeof(*c)))
SPOIL(all_zero, memset(c, 0, sizeof(*c)))

static struct hv_stats stats(void)
{
	struct hv_stats stats = { 0 };
	int fd = open_driver();

	CHECK_EQ(call(fd, HV_IOC_STATS, &stats), 0);
	close(fd);
	return stats;
}

static uint64_t list(void)
{
	uint64_t zones = 0;
	int fd = open_driver();

	CHECK_EQ(call(fd, HV_IOC_ZONE_LIST, &zones), 0);
	close(fd);
	return zones;
}

static void refused(const void *arg)
{
	const struct hostile *hostile = arg;
	HvZoneConfig config = good_config(ZONE);
	struct hv_violation violation;
	uint64_t zones = list(), pages = stats().pool_used;

	hostile->spoil(&config);
	CHECK_EQ(create(&config, &violation), hostile->err);
	if (violation.code != hostile->code)
		printf("# %s, not %s\n", hv_violation_name(violation.code), hv_violation_name(hostile->code));
	CHECK_EQ(violation.code, hostile->code);
	CHECK_EQ(list(), zones);
	CHECK_EQ(stats().pool_used, pages);
	/* Nothing is claimed: what was fine before still is. */
	create_good(ZONE, 0);
}

static void good_config_is_good(const void *arg)
{
	HvZoneConfig config = good_config(ZONE), copy;
	struct hv_ioc_get get = { .zone_id = ZONE, .buffer = (uintptr_t)&copy };
	struct hv_violation violation;
	uint64_t pages = stats().pool_used;

	(void)arg;
	CHECK_EQ(create(&config, &violation), 0);
	CHECK_EQ(call(open_driver(), HV_IOC_ZONE_CONFIG, &get), 0);
	CHECK_EQ(memcmp(&config, &copy, sizeof(copy)), 0);
	remove_zone(ZONE);
	CHECK_EQ(stats().pool_used, pages);
}

/* A second zone on what the first has: each claim for itself. */
static void between_zones(const void *arg)
{
	HvZoneConfig config;
	struct hv_violation violation;

	(void)arg;
	create_good(ZONE, 0);
	config = good_config(ZONE);
	CHECK_EQ(create(&config, &violation), -EEXIST);
	config = good_config(OTHER_ZONE);
	config.cpus = 1u << 3;
	CHECK_EQ(create(&config, &violation), -EADDRINUSE);
	CHECK(violation.code == HV_VIOLATION_CPU_CONFLICT && violation.other_zone == ZONE);
	config = good_config(OTHER_ZONE);
	config.regions[1].physical_start = RAM_PA + RAM_SIZE - PAGE;
	CHECK_EQ(create(&config, &violation), -EADDRINUSE);
	CHECK(violation.code == HV_VIOLATION_RAM_CONFLICT && violation.other_zone == ZONE);
	create_good(OTHER_ZONE, 0);
}

#define REFUSED(function, violation)                                                                         \
	{                                                                                                    \
		"config refused: " #function, refused, &(const struct hostile)                               \
		{                                                                                            \
			function, -EDOM, HV_VIOLATION_##violation                                            \
		}                                                                                            \
	}
#define CONFLICT(function, violation)                                                                        \
	{                                                                                                    \
		"config refused: " #function, refused, &(const struct hostile)                               \
		{                                                                                            \
			function, -EADDRINUSE, HV_VIOLATION_##violation                                      \
		}                                                                                            \
	}

static const struct driver_case cases[] = {
	CASE(good_config_is_good),
	CASE(between_zones),
	REFUSED(other_magic, HEADER),
	REFUSED(other_version, HEADER),
	REFUSED(other_size, HEADER),
	REFUSED(unknown_flag, RESERVED),
	REFUSED(reserved_not_zero, RESERVED),
	REFUSED(root_id, ZONE_ID),
	REFUSED(id_too_large, ZONE_ID),
	REFUSED(id_far_too_large, ZONE_ID),
	REFUSED(no_cpus, NO_CPUS),
	REFUSED(cpu_too_large, CPU_RANGE),
	REFUSED(cpu_count_differs, CPU_COUNT),
	CONFLICT(cpu_of_root, CPU_CONFLICT),
	REFUSED(too_many_regions, REGION_COUNT),
	REFUSED(region_count_wraps, REGION_COUNT),
	REFUSED(unused_region_not_zero, RESERVED),
	REFUSED(no_regions, NO_RAM),
	REFUSED(unknown_type, REGION_TYPE),
	REFUSED(overlap_in_guest, REGION_OVERLAP),
	REFUSED(overlap_in_machine, REGION_OVERLAP),
	REFUSED(region_over_hypervisor, REGION_HYPERVISOR),
	CONFLICT(region_over_root, RAM_CONFLICT),
	REFUSED(region_no_ram, REGION_NOT_RAM),
	REFUSED(region_past_ram, REGION_NOT_RAM),
	REFUSED(region_unaligned, REGION_ALIGN),
	REFUSED(region_unaligned_in_guest, REGION_ALIGN),
	REFUSED(region_empty, REGION_EMPTY),
	REFUSED(region_wraps, REGION_WRAP),
	REFUSED(region_wraps_in_guest, REGION_WRAP),
	REFUSED(region_past_space, REGION_WRAP),
	REFUSED(region_over_gic, REGION_GIC),
	REFUSED(device_of_root, REGION_NOT_DEVICE),
	REFUSED(gic_as_device, REGION_NOT_DEVICE),
	REFUSED(gic_tag, GIC_VERSION),
	REFUSED(gic_size_wraps, GIC_RANGE),
	REFUSED(gic_too_small, GIC_RANGE),
	REFUSED(interrupt_of_root, INTERRUPT_BOARD),
	REFUSED(interrupt_private, INTERRUPT_RANGE),
	REFUSED(interrupt_too_large, INTERRUPT_RANGE),
	REFUSED(interrupt_twice, INTERRUPT_BOTH),
	REFUSED(name_no_text, NAME),
	REFUSED(name_not_ended, NAME),
	REFUSED(name_empty, NAME),
	REFUSED(entry_outside_ram, ENTRY),
	REFUSED(kernel_outside_ram, KERNEL_RANGE),
	REFUSED(kernel_size_wraps, KERNEL_RANGE),
	REFUSED(tree_unaligned, DTB_RANGE),
	REFUSED(tree_over_kernel, IMAGE_OVERLAP),
	REFUSED(all_ones, HEADER),
	REFUSED(all_zero, HEADER),
};

const struct driver_suite driver_configs = { cases, COUNT(cases) };
