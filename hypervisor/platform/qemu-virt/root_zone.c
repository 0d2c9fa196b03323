/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The root zone of QEMU's "virt": CPUs 0 and 1, RAM at both ends, all devices.
 * The boot command lays the tree and the kernel where this file says.
 */
#include "../platform.h"

#define BIT(intid) (1u << ((intid) % 32))

#define RAM(start, bytes)                                                                                    \
	{                                                                                                    \
		.type = HV_REGION_RAM, .physical_start = (start), .virtual_start = (start), .size = (bytes)  \
	}
#define IO(start, bytes)                                                                                     \
	{                                                                                                    \
		.type = HV_REGION_IO, .physical_start = (start), .virtual_start = (start), .size = (bytes)   \
	}

const HvZoneConfig platform_root_zone = {
	.magic = HV_CONFIG_MAGIC,
	.version = HV_CONFIG_VERSION,
	.size = sizeof(HvZoneConfig),
	.zone_id = 0,
	.num_cpus = 2,
	.cpus = 0x3,
	.num_regions = 8,
	.entry_point = 0x42000000,
	.kernel_load_paddr = 0x42000000,
	.kernel_size = 0x4000000, /* room kept for it */
	.dtb_load_paddr = 0x41e00000,
	.dtb_size = 0x200000, /* room kept for it */
	.gic = {
		.version = 3,
		.gicd_base = 0x08000000,
		.gicd_size = 0x10000,
		.gicr_base = 0x080a0000,
		.gicr_size = 0xf60000,
	},
	.name = "root",
	.interrupts.word = {
		/* 33 uart0, 34 rtc, 39 gpio; 48 to 79 virtio-mmio without the slots that zones may own */
		[1] = BIT(33) | BIT(34) | BIT(39) | (0xffff0000u & ~BIT(61)),
		[2] = 0x0000ffffu & ~(BIT(75) | BIT(76) | BIT(78)),
	},
	.virtual_interrupts.word = {
		/* 212: EL2 has news (HV_CALL_EVENTS) */
		[212 / 32] = BIT(212),
	},
	.regions = {
		RAM(0x40000000, 0x200000),
		RAM(0x40400000, 0xfc00000),
		RAM(0xa0000000, 0x20000000),
		IO(0x09000000, 0x1000),
		IO(0x09010000, 0x1000),
		IO(0x09020000, 0x1000),
		IO(0x09030000, 0x1000),
		IO(0x0a000000, 0x4000),
	},
};
