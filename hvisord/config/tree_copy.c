/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Passed-through devices: nodes of the root zone's tree whose registers the zone's io regions hold. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tree_make.h"

#define MAX_REGS 16u /* of one node that is copied */

/* The io region of the zone that holds a host-physical range, or NULL. */
static const struct hv_memory_region *find_io(const HvZoneConfig *hv, const struct hv_range *range)
{
	for (uint32_t i = 0; i < hv->num_regions; i++) {
		const struct hv_memory_region *region = &hv->regions[i];

		if (region->type == HV_REGION_IO &&
		    hv_range_contains(region->physical_start, region->size, range->start, range->size))
			return region;
	}
	return NULL;
}

/* What a node claims, where the zone sees it. */
struct registers {
	uint32_t held, missing; /* ranges within the zone's io regions, and others */
	uint64_t pairs[MAX_REGS * 2];
	int end; /* what tree_reg() said in the end */
};

static void read_registers(struct tree_maker *maker, uint32_t node, struct registers *registers)
{
	struct hv_range range;
	uint32_t n = 0;

	*registers = (struct registers){ 0 };
	for (; n < MAX_REGS && (registers->end = tree_reg(maker->root.index, node, n, &range)) == 0; n++) {
		const struct hv_memory_region *region =
			range.size != 0 ? find_io(maker->zone->hv, &range) : NULL;

		if (!region) {
			registers->missing++;
			continue;
		}
		registers->pairs[2 * registers->held] =
			region->virtual_start + (range.start - region->physical_start);
		registers->pairs[2 * registers->held + 1] = range.size;
		registers->held++;
	}
	if (n == MAX_REGS && tree_reg(maker->root.index, node, n, &range) == 0)
		registers->missing++;
}

static bool is_memory_or_failed(struct tree_index *root, uint32_t node)
{
	const char *type = tree_string(root, node, "device_type");
	const char *status = tree_string(root, node, "status");

	return (type && strcmp(type, "memory") == 0) || (status && strncmp(status, "fail", 4) == 0);
}

/* The node goes over with all below it. The root zone's own use (status) does not matter. */
static bool is_wanted(struct tree_maker *maker, uint32_t node)
{
	struct tree_index *root = maker->root.index;
	struct registers registers;
	const char *type;

	read_registers(maker, node, &registers);
	if (registers.held == 0 || is_memory_or_failed(root, node))
		return false;
	type = tree_string(root, node, "device_type");
	if (registers.missing == 0 && !(type && strcmp(type, "pci") == 0))
		return true;
	tree_warning(
		&maker->root, REASON_DTB_DROPPED, node,
		registers.missing != 0
			? "not copied from the root zone's tree: the zone has a part of its registers only"
			: "not copied from the root zone's tree: PCI is not passed through");
	return false;
}

static void mark(struct tree_maker *maker)
{
	struct tree_index *root = maker->root.index;

	for (uint32_t node = 1; node < root->num_nodes;) {
		uint32_t end = root->nodes[node].end;

		if (!is_wanted(maker, node)) {
			node++;
			continue;
		}
		while (node < end)
			maker->copied[node++] = true;
	}
}

static void begin_copy(struct tree_maker *maker, uint32_t node, const struct registers *registers, bool top)
{
	const char *name = maker->root.index->nodes[node].name;
	char path[TREE_PATH_SIZE];

	if (registers->held == 0) {
		tree_begin(maker, "%s", name);
		return;
	}
	snprintf(path, sizeof(path), "/%.*s@%" PRIx64, (int)strcspn(name, "@"), name, registers->pairs[0]);
	tree_begin(maker, "%s", path + 1);
	if (top && maker->serial_path[0] == '\0' &&
	    (strncmp(path, "/serial@", 8) == 0 || strncmp(path, "/uart@", 6) == 0))
		memcpy(maker->serial_path, path, sizeof(path));
}

/*
 * Where the CPU sees a node's registers they are written as the zone's
 * addresses, two cells each, and buses on the way pass them on unchanged; on
 * other buses (I2C, MDIO) all stays as it is.
 */
static void copy_node(struct tree_maker *maker, uint32_t node, bool top, bool on_bus)
{
	struct tree_index *root = maker->root.index;
	const struct tree_prop *reg = tree_prop(root, node, "reg");
	struct registers registers;
	uint32_t child;
	bool is_bus;

	read_registers(maker, node, &registers);
	if (registers.missing != 0 ||
	    (registers.end != 0 && registers.end != -ENOENT && registers.end != -EXDEV)) {
		tree_warning(&maker->root, REASON_DTB_DROPPED, node,
			     "not copied from the root zone's tree: its registers are not the zone's");
		return;
	}
	is_bus = on_bus && registers.end != -EXDEV && tree_prop(root, node, "ranges");
	begin_copy(maker, node, &registers, top);
	if (registers.held != 0)
		tree_put_wide(maker, "reg", registers.pairs, 2 * registers.held);
	else if (reg)
		tree_put(maker, "reg", reg->data, reg->size);
	tree_copy_props(maker, node, top, is_bus);
	for (child = tree_child(root, node, TREE_NONE); child != TREE_NONE;
	     child = tree_child(root, node, child))
		copy_node(maker, child, false, is_bus);
	tree_end(maker);
}

/* An io region that no node explains is legal: the guest may know what is there. */
static void report_unexplained(struct tree_maker *maker)
{
	const HvZoneConfig *hv = maker->zone->hv;

	for (uint32_t i = 0; i < hv->num_regions; i++) {
		const struct hv_memory_region *region = &hv->regions[i];
		struct tree_index *root = maker->root.index;
		bool found = false;

		if (region->type != HV_REGION_IO)
			continue;
		for (uint32_t node = 1; root && node < root->num_nodes && !found; node++) {
			struct hv_range range;

			for (uint32_t n = 0;
			     maker->copied[node] && !found && tree_reg(root, node, n, &range) == 0; n++)
				found = range.size != 0 &&
					hv_range_overlaps(region->physical_start, region->size, range.start,
							  range.size);
		}
		if (!found)
			tree_warning(&maker->root, REASON_DTB_DROPPED, TREE_NONE,
				     "the tree that is made has no device for the io region at 0x%" PRIx64
				     ": %s",
				     region->physical_start,
				     root ? "the root zone's tree has no node there"
					  : "the root zone's tree is not known");
	}
}

void tree_copy_devices(struct tree_maker *maker)
{
	struct tree_index *root = maker->root.index;

	if (root)
		mark(maker);
	for (uint32_t node = 1; root && node < root->num_nodes;) {
		if (!maker->copied[node]) {
			node++;
			continue;
		}
		copy_node(maker, node, true, true);
		node = root->nodes[node].end;
	}
	report_unexplained(maker);
}
