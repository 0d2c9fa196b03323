/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tree_make.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libfdt.h>

#define EDGE 1u /* trigger types of a GIC's interrupt */
#define LEVEL 4u
#define KEY_POWER 116u     /* of Linux' input events */
#define APB_RATE 24000000u /* Hz; nothing depends on it */

static void put_cpu_type(struct tree_maker *maker, uint32_t physical)
{
	static const char fallback[] = "arm,armv8";
	struct tree_index *root = maker->root.index;
	const struct tree_prop *exact = NULL, *any = NULL;
	uint32_t parent = root ? tree_child_named(root, TREE_ROOT, "cpus") : TREE_NONE;
	uint32_t node = parent == TREE_NONE ? TREE_NONE : tree_child(root, parent, TREE_NONE);
	bool all_alike = true;

	for (; node != TREE_NONE; node = tree_child(root, parent, node)) {
		const struct tree_prop *type = tree_prop(root, node, "compatible");
		const struct tree_prop *reg = tree_prop(root, node, "reg");

		if (!type || !reg || !tree_string(root, node, "device_type"))
			continue;
		if ((reg->size == 4 || reg->size == 8) &&
		    tree_cells(reg->data, 0, reg->size / 4) == maker->board->platform->cpu_mpidr[physical])
			exact = type;
		all_alike &=
			!any || (any->size == type->size && memcmp(any->data, type->data, type->size) == 0);
		any = type;
	}
	/* The root's tree has the root's CPUs; the zone's are of the same type if there is only one. */
	if (!exact && all_alike)
		exact = any;
	if (exact)
		tree_put(maker, "compatible", exact->data, exact->size);
	else
		tree_put(maker, "compatible", fallback, sizeof(fallback));
}

static void put_cpus(struct tree_maker *maker)
{
	const HvZoneConfig *hv = maker->zone->hv;
	uint32_t vcpu = 0;

	tree_begin(maker, "cpus");
	tree_put_u32(maker, "#address-cells", 1);
	tree_put_u32(maker, "#size-cells", 0);
	for (uint32_t physical = 0; physical < HV_MAX_CPUS; physical++) {
		uint32_t affinity = (uint32_t)tree_cpu_affinity(vcpu);

		if ((hv->cpus >> physical & 1) == 0)
			continue;
		tree_begin(maker, "cpu@%x", affinity);
		tree_put_string(maker, "device_type", "cpu");
		put_cpu_type(maker, physical);
		tree_put_u32(maker, "reg", affinity);
		tree_put_string(maker, "enable-method", "psci");
		tree_end(maker);
		vcpu++;
	}
	tree_end(maker);
}

/* RAM that is shared with another zone is no RAM to Linux: whoever knows of it finds it as reserved. */
static void put_shared(struct tree_maker *maker)
{
	const HvZoneConfig *hv = maker->zone->hv;
	bool open = false;

	for (uint32_t i = 0; i < hv->num_regions; i++) {
		const struct hv_memory_region *region = &hv->regions[i];

		if (region->type != HV_REGION_RAM || (region->flags & HV_REGION_SHARED) == 0)
			continue;
		if (!open) {
			tree_begin(maker, "reserved-memory");
			tree_put_u32(maker, "#address-cells", 2);
			tree_put_u32(maker, "#size-cells", 2);
			tree_put_flag(maker, "ranges");
			open = true;
		}
		tree_begin(maker, "shared@%llx", (unsigned long long)region->virtual_start);
		tree_put_wide(maker, "reg", (uint64_t[]){ region->virtual_start, region->size }, 2);
		tree_put_flag(maker, "no-map");
		tree_end(maker);
	}
	if (open)
		tree_end(maker);
}

static void put_memory(struct tree_maker *maker)
{
	const HvZoneConfig *hv = maker->zone->hv;

	for (uint32_t i = 0; i < hv->num_regions; i++) {
		const struct hv_memory_region *region = &hv->regions[i];

		if (region->type != HV_REGION_RAM || (region->flags & HV_REGION_SHARED) != 0)
			continue;
		tree_begin(maker, "memory@%llx", (unsigned long long)region->virtual_start);
		tree_put_string(maker, "device_type", "memory");
		tree_put_wide(maker, "reg", (uint64_t[]){ region->virtual_start, region->size }, 2);
		tree_end(maker);
	}
	put_shared(maker);
}

static void put_psci(struct tree_maker *maker)
{
	static const char versions[] = "arm,psci-1.0\0arm,psci-0.2";

	tree_begin(maker, "psci");
	tree_put(maker, "compatible", versions, sizeof(versions));
	tree_put_string(maker, "method", "hvc");
	tree_end(maker);
}

/* What the machine's timer is like: its rate if firmware did not set it, and its faults. */
static void copy_timer_traits(struct tree_maker *maker)
{
	struct tree_index *root = maker->root.index;
	uint32_t node = root ? tree_find_compatible(root, TREE_ROOT, tree_timers) : TREE_NONE;

	if (node == TREE_NONE)
		return;
	for (uint32_t i = 0; i < root->nodes[node].num_props; i++) {
		const struct tree_prop *prop = &root->props[root->nodes[node].prop + i];

		if (strcmp(prop->name, "clock-frequency") == 0 || strstr(prop->name, "erratum"))
			tree_put(maker, prop->name, prop->data, prop->size);
	}
}

static void put_timer(struct tree_maker *maker)
{
	/* Secure, physical, virtual and EL2's; those a guest has no use for keep the others in their places. */
	static const uint32_t interrupts[] = {
		TREE_GIC_PPI, 13, LEVEL, TREE_GIC_PPI, 14, LEVEL,
		TREE_GIC_PPI, 11, LEVEL, TREE_GIC_PPI, 10, LEVEL,
	};

	tree_begin(maker, "timer");
	tree_put_string(maker, "compatible", "arm,armv8-timer");
	tree_put_cells(maker, "interrupts", interrupts, sizeof(interrupts) / sizeof(interrupts[0]));
	tree_put_flag(maker, "always-on");
	copy_timer_traits(maker);
	tree_end(maker);
}

static void put_gic(struct tree_maker *maker)
{
	const struct hv_gic_config *gic = &maker->zone->hv->gic;
	uint64_t reg[] = { gic->gicd_base, gic->gicd_size, gic->gicr_base, gic->gicr_size };

	tree_begin(maker, "interrupt-controller@%llx", (unsigned long long)gic->gicd_base);
	tree_put_string(maker, "compatible", "arm,gic-v3");
	tree_put_u32(maker, "#interrupt-cells", TREE_GIC_CELLS);
	tree_put_u32(maker, "#address-cells", 0);
	tree_put_flag(maker, "interrupt-controller");
	tree_put_wide(maker, "reg", reg, 4);
	tree_put_u32(maker, "phandle", maker->gic);
	tree_end(maker);
}

static void put_window(struct tree_maker *maker, const struct config_device *device)
{
	uint32_t interrupt[] = { TREE_GIC_SPI, device->intid - HV_FIRST_SPI, EDGE };

	tree_put_wide(maker, "reg", (uint64_t[]){ device->ipa, device->size }, 2);
	tree_put_cells(maker, "interrupts", interrupt, 3);
}

static void put_virtio(struct tree_maker *maker, const struct config_device *device)
{
	tree_begin(maker, "virtio_mmio@%llx", (unsigned long long)device->ipa);
	tree_put_string(maker, "compatible", "virtio,mmio");
	put_window(maker, device);
	tree_put_flag(maker, "dma-coherent");
	tree_end(maker);
}

/* Line 0 of a PL061 is the power key. */
static void put_power_key(struct tree_maker *maker, const struct config_device *device)
{
	static const char compatible[] = "arm,pl061\0arm,primecell";
	uint32_t gpio = tree_new_phandle(maker);

	tree_begin(maker, "gpio@%llx", (unsigned long long)device->ipa);
	tree_put(maker, "compatible", compatible, sizeof(compatible));
	put_window(maker, device);
	tree_put_flag(maker, "gpio-controller");
	tree_put_u32(maker, "#gpio-cells", 2);
	tree_put_u32(maker, "clocks", tree_clock(maker, APB_RATE));
	tree_put_string(maker, "clock-names", "apb_pclk");
	tree_put_u32(maker, "phandle", gpio);
	tree_end(maker);
	tree_begin(maker, "gpio-keys");
	tree_put_string(maker, "compatible", "gpio-keys");
	tree_begin(maker, "power");
	tree_put_string(maker, "label", "power key");
	tree_put_u32(maker, "linux,code", KEY_POWER);
	tree_put_cells(maker, "gpios", (uint32_t[]){ gpio, 0, 0 }, 3);
	tree_end(maker);
	tree_end(maker);
}

static void put_pl011(struct tree_maker *maker, const struct config_device *device)
{
	static const char compatible[] = "arm,pl011\0arm,primecell", names[] = "uartclk\0apb_pclk";
	uint32_t clock = tree_clock(maker, APB_RATE);

	tree_begin(maker, "serial@%llx", (unsigned long long)device->ipa);
	tree_put(maker, "compatible", compatible, sizeof(compatible));
	put_window(maker, device);
	tree_put_cells(maker, "clocks", (uint32_t[]){ clock, clock }, 2);
	tree_put(maker, "clock-names", names, sizeof(names));
	tree_end(maker);
}

/* Types that are not here are virtio devices. */
static void (*const put_type[CONFIG_DEVICE_TYPES])(struct tree_maker *maker,
						   const struct config_device *device) = {
	[CONFIG_DEVICE_POWER_KEY] = put_power_key,
	[CONFIG_DEVICE_PL011] = put_pl011,
};

static void put_served(struct tree_maker *maker)
{
	for (unsigned i = 0; i < maker->zone->num_devices; i++) {
		const struct config_device *device = &maker->zone->devices[i];

		if (put_type[device->type])
			put_type[device->type](maker, device);
		else
			put_virtio(maker, device);
	}
}

/* So that a serial port has the number of its place among them, whatever else is copied. */
static void put_aliases(struct tree_maker *maker)
{
	unsigned serials = 0;

	for (unsigned i = 0; i < maker->zone->num_devices; i++) {
		const struct config_device *device = &maker->zone->devices[i];
		char name[16], path[32];

		if (device->type != CONFIG_DEVICE_PL011)
			continue;
		if (serials == 0)
			tree_begin(maker, "aliases");
		snprintf(name, sizeof(name), "serial%u", serials++);
		snprintf(path, sizeof(path), "/serial@%llx", (unsigned long long)device->ipa);
		tree_put_string(maker, name, path);
	}
	if (serials > 0)
		tree_end(maker);
}

/* The zone's console number 0, or NULL. */
static const struct config_device *main_console(const struct tree_zone *zone)
{
	for (unsigned i = 0; i < zone->num_devices; i++)
		if (config_device_consoles(&zone->devices[i]) > 0)
			return &zone->devices[i];
	return NULL;
}

static void put_chosen(struct tree_maker *maker)
{
	const struct config_device *console = main_console(maker->zone);
	const struct tree_chosen *chosen = maker->chosen;
	const char *bootargs = chosen->bootargs;

	if (!bootargs && console)
		bootargs = console->type == CONFIG_DEVICE_PL011 ? "console=ttyAMA0" : "console=hvc0";
	tree_begin(maker, "chosen");
	if (bootargs)
		tree_put_string(maker, "bootargs", bootargs);
	if (console && console->type == CONFIG_DEVICE_PL011)
		tree_put_string(maker, "stdout-path", "serial0");
	if (!console && maker->serial_path[0] != '\0')
		tree_put_string(maker, "stdout-path", maker->serial_path);
	if (chosen->initrd.size != 0) {
		uint64_t end = chosen->initrd.start + chosen->initrd.size;

		tree_put_wide(maker, "linux,initrd-start", &chosen->initrd.start, 1);
		tree_put_wide(maker, "linux,initrd-end", &end, 1);
	}
	tree_end(maker);
}

static void put_all(struct tree_maker *maker)
{
	tree_begin(maker, "%s", "");
	tree_put_string(maker, "model", maker->zone->name);
	tree_put_string(maker, "compatible", "linux,dummy-virt");
	tree_put_u32(maker, "#address-cells", 2);
	tree_put_u32(maker, "#size-cells", 2);
	tree_put_u32(maker, "interrupt-parent", maker->gic);
	put_cpus(maker);
	put_memory(maker);
	put_psci(maker);
	put_timer(maker);
	put_gic(maker);
	put_served(maker);
	tree_copy_devices(maker);
	tree_put_clocks(maker);
	put_aliases(maker);
	put_chosen(maker);
	tree_end(maker);
}

static int make(struct tree_maker *maker)
{
	void *blob = maker->blob;
	int fault = fdt_create(blob, (int)TREE_MAX_ZONE_SIZE);

	for (unsigned i = 0; fault == 0 && i < maker->zone->num_reserved; i++)
		fault = fdt_add_reservemap_entry(blob, maker->zone->reserved[i].start,
						 maker->zone->reserved[i].size);
	if (fault == 0)
		fault = fdt_finish_reservemap(blob);
	maker->fault = fault;
	maker->gic = tree_new_phandle(maker);
	put_all(maker);
	return maker->fault != 0 ? maker->fault : fdt_finish(blob);
}

/* The root's tree is a help, not a need. */
static int read_root(struct tree_maker *maker)
{
	const struct config_board *board = maker->board;
	const char *fault = NULL;
	int r;

	if (!board->root_tree)
		return 0;
	r = tree_index_new(board->root_tree, board->root_tree_size, &maker->root.index, &fault);
	if (r == -EBADMSG)
		tree_warning(&maker->root, REASON_DTB_DROPPED, TREE_NONE,
			     "nothing is taken from the root zone's tree: %s", fault);
	if (r < 0)
		return r == -EBADMSG ? 0 : r;
	maker->copied = calloc(maker->root.index->num_nodes, sizeof(*maker->copied));
	return maker->copied ? 0 : -ENOMEM;
}

static int give(struct tree_maker *maker, void **ret_tree, size_t *ret_size)
{
	size_t size = fdt_totalsize(maker->blob);
	void *tree = malloc(size);

	if (!tree)
		return -ENOMEM;
	memcpy(tree, maker->blob, size);
	*ret_tree = tree;
	*ret_size = size;
	return 0;
}

int tree_make(const struct tree_zone *zone, const struct config_board *board,
	      const struct tree_chosen *chosen, const struct tree_sink *sink, void **ret_tree,
	      size_t *ret_size)
{
	struct tree_maker maker = {
		.zone = zone,
		.board = board,
		.chosen = chosen,
		.root = { .zone = zone, .sink = sink },
		.blob = malloc(TREE_MAX_ZONE_SIZE),
	};
	int r = maker.blob ? read_root(&maker) : -ENOMEM;

	if (r == 0 && make(&maker) != 0)
		r = -ENOSPC;
	if (r == 0 && maker.root.index && tree_index_spent(maker.root.index))
		tree_warning(&maker.root, REASON_DTB_DROPPED, TREE_NONE,
			     "the root zone's tree is too intricate: not all that is the zone's was found");
	if (r == 0)
		r = give(&maker, ret_tree, ret_size);
	tree_index_free(maker.root.index);
	free(maker.copied);
	free(maker.blob);
	return r;
}
