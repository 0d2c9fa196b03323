/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QEMU's "virt" machine: -M virt,gic-version=3,virtualization=on -smp 4 -m 2G.
 * Addresses and interrupts are those of its device tree (-M dumpdtb=FILE).
 */
#include "../platform.h"

#define BIT(intid) (1u << ((intid) % 32))

const HvPlatform platform_board = {
	.magic = HV_PLATFORM_MAGIC,
	.version = HV_PLATFORM_VERSION,
	.size = sizeof(HvPlatform),
	.num_cpus = 4,
	.name = "qemu-virt",
	.arch = "arm64",
	.hypervisor = { 0x40200000, 0x200000 },
	.gic = {
		.version = 3,
		.gicd_base = 0x08000000,
		.gicd_size = 0x10000,
		.gicr_base = 0x080a0000,
		.gicr_size = 0xf60000,
	},
	.assignable_spis.word = {
		/* idle virtio-mmio slots 13, 27, 28, 30 */
		[61 / 32] = BIT(61),
		[75 / 32] = BIT(75) | BIT(76) | BIT(78),
		/* wired to nothing: 128 to 139 */
		[128 / 32] = 0xfff,
	},
	.num_ram = 1,
	.ram = { { 0x40000000, 0x80000000 } },
	.num_devices = 6,
	.devices = {
		{ .range = { 0x09000000, 0x1000 }, .name = "uart0" },
		{ .range = { 0x09010000, 0x1000 }, .name = "rtc" },
		{ .range = { 0x09020000, 0x1000 }, .name = "fw-cfg" },
		{ .range = { 0x09030000, 0x1000 }, .name = "gpio" },
		{ .range = { 0x0a000000, 0x4000 }, .name = "virtio-mmio" },
		{ .range = { 0x30a60000, 0x1000 }, .flags = HV_DEVICE_ASSIGNABLE, .name = "pcie-page" },
	},
	.cpu_mpidr = { 0, 1, 2, 3 },
};
