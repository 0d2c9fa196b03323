/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first board as data, and the specification's zone on it. */
#include "arch_stage2.h"
#include "board.h"
#include "fake.h"
#include "ledger.h"
#include "test.h"

static HvZoneConfig specification_zone(void)
{
	HvZoneConfig config = {
		.magic = HV_CONFIG_MAGIC,
		.version = HV_CONFIG_VERSION,
		.size = sizeof(HvZoneConfig),
		.flags = HV_CONFIG_ROOT_SEES_RAM,
		.zone_id = 1,
		.num_cpus = 2,
		.cpus = 0xc,
		.num_regions = 3,
		.entry_point = 0x50400000,
		.kernel_load_paddr = 0x50400000,
		.kernel_size = 0x2000000,
		.dtb_load_paddr = 0x50000000,
		.dtb_size = 0x1000,
		.gic = platform_board.gic,
		.name = "linux2",
		.regions = {
			{ HV_REGION_RAM, 0, 0x50000000, 0x50000000, 0x30000000 },
			{ HV_REGION_IO, 0, 0x30a60000, 0x30a60000, 0x1000 },
			{ HV_REGION_VIRTIO, 0, 0xa003c00, 0xa003c00, 0x200 },
		},
	};

	hv_intid_add(&config.interrupts, 61);
	hv_intid_add(&config.interrupts, 75);
	hv_intid_add(&config.interrupts, 76);
	hv_intid_add(&config.virtual_interrupts, 78);
	return config;
}

static void test_board_is_sound(void)
{
	struct hv_violation v = { 0 };

	CHECK(board_valid(&platform_board));
	if (!hv_config_validate(&platform_root_zone, &platform_board, true, &v))
		printf("# %s %u %u\n", hv_violation_name(v.code), v.index, v.other_index);
	CHECK_EQ(v.code, HV_VIOLATION_NONE);
}

static void test_specification_zone_runs(void)
{
	HvZoneConfig config = specification_zone();
	struct hv_violation v = { 0 };

	CHECK_EQ(zone_init_root(&v), HV_OK);
	CHECK(cpu_step(0));
	CHECK_EQ(zone_create(&config, &v), HV_OK);
	CHECK_EQ(zone_start(1), HV_OK);
	CHECK(cpu_step(2));
	CHECK_EQ(zone_get(1)->vcpu[0]->context, 0x50000000);
	CHECK_EQ(ledger_interrupt_owner(76), 1);
	CHECK_EQ(ledger_interrupt_owner(78), LEDGER_NOBODY);
}

static void test_hardware_78_too(void)
{
	HvZoneConfig config = specification_zone();
	struct hv_violation v = { 0 };

	/* before hvisord has moved it: the board gives it away as well */
	memset(&config.virtual_interrupts, 0, sizeof(config.virtual_interrupts));
	hv_intid_add(&config.interrupts, 78);
	CHECK(hv_config_validate(&config, &platform_board, false, &v));
	CHECK(hv_config_compatible(&config, &platform_root_zone, &v));
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		TEST(test_board_is_sound),
		TEST(test_specification_zone_runs),
		TEST(test_hardware_78_too),
	};

	return test_main(tests, COUNT(tests), argc, argv);
}
