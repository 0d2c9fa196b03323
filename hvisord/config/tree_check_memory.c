/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /memory, /reserved-memory and /chosen against the zone's RAM. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "tree_private.h"

#define RAM (1u << HV_REGION_RAM)
#define MAX_RANGES 256u
#define MAX_BOOTARGS 2047u /* of an arm64 Linux (COMMAND_LINE_SIZE), without the NUL */

struct memory {
	unsigned count;
	struct hv_range ranges[MAX_RANGES];
};

static bool is_memory(struct tree_index *index, uint32_t node)
{
	const char *type = tree_string(index, node, "device_type");

	return index->nodes[node].enabled && type && strcmp(type, "memory") == 0;
}

static void check_memory_node(struct tree_view *view, uint32_t node, struct memory *memory)
{
	struct hv_range range;
	int r = 0;

	for (uint32_t n = 0; (r = tree_reg(view->index, node, n, &range)) == 0; n++) {
		if (range.size == 0)
			continue;
		if (!tree_is_covered(view->zone->hv, RAM, range.start, range.size))
			tree_error(view, REASON_DTB_MEMORY, node,
				   "memory at 0x%" PRIx64 " with size 0x%" PRIx64
				   " is not all RAM of the zone",
				   range.start, range.size);
		if (memory->count < MAX_RANGES)
			memory->ranges[memory->count++] = range;
	}
	if (r != -ENOENT)
		tree_error(view, REASON_DTB_MEMORY, node, "its reg cannot be read");
}

/* The first address of [start, start + size) that is in no range; false if there is none. */
static bool find_gap(const struct memory *memory, uint64_t start, uint64_t size, uint64_t *ret_gap)
{
	for (unsigned round = 0; round < memory->count && size != 0; round++) {
		for (unsigned i = 0; i < memory->count && size != 0; i++) {
			const struct hv_range *range = &memory->ranges[i];
			uint64_t room;

			if (start < range->start || start - range->start >= range->size)
				continue;
			room = range->size - (start - range->start);
			room = room < size ? room : size;
			start += room;
			size -= room;
		}
	}
	*ret_gap = start;
	return size != 0;
}

/* RAM that the guest is not told of is legal, but seldom meant. */
static void check_unused(struct tree_view *view, const struct memory *memory)
{
	const HvZoneConfig *hv = view->zone->hv;
	uint64_t gap;

	if (memory->count == MAX_RANGES)
		return;
	for (uint32_t i = 0; i < hv->num_regions; i++) {
		const struct hv_memory_region *region = &hv->regions[i];

		if (region->type != HV_REGION_RAM || (region->flags & HV_REGION_SHARED) != 0 ||
		    !find_gap(memory, region->virtual_start, region->size, &gap))
			continue;
		tree_warning(view, REASON_DTB_MEMORY, TREE_NONE,
			     "no memory node has the zone's RAM from 0x%" PRIx64 " on", gap);
	}
}

static void check_reserved(struct tree_view *view)
{
	struct tree_index *index = view->index;
	uint32_t parent = tree_child_named(index, TREE_ROOT, "reserved-memory");
	uint32_t node = parent == TREE_NONE ? TREE_NONE : tree_child(index, parent, TREE_NONE);
	struct hv_range range;

	for (; node != TREE_NONE; node = tree_child(index, parent, node)) {
		if (!index->nodes[node].enabled)
			continue;
		for (uint32_t n = 0; tree_reg(index, node, n, &range) == 0; n++)
			if (range.size != 0 && !tree_is_covered(view->zone->hv, RAM, range.start, range.size))
				tree_warning(view, REASON_DTB_MEMORY, node,
					     "0x%" PRIx64 " with size 0x%" PRIx64
					     " is not all RAM of the zone",
					     range.start, range.size);
	}
}

void tree_check_memory(struct tree_view *view)
{
	struct tree_index *index = view->index;
	uint32_t node = tree_child(index, TREE_ROOT, TREE_NONE);
	struct memory memory = { 0 };
	bool found = false;

	for (; node != TREE_NONE; node = tree_child(index, TREE_ROOT, node)) {
		if (!is_memory(index, node))
			continue;
		found = true;
		check_memory_node(view, node, &memory);
	}
	if (!found)
		tree_error(view, REASON_DTB_MEMORY, TREE_NONE, "it has no memory node");
	else
		check_unused(view, &memory);
	check_reserved(view);
}

static bool read_number(struct tree_index *index, uint32_t node, const char *name, uint64_t *ret_value)
{
	const struct tree_prop *prop = tree_prop(index, node, name);

	if (!prop || (prop->size != 4 && prop->size != 8))
		return false;
	*ret_value = tree_cells(prop->data, 0, prop->size / 4);
	return true;
}

/* A host-physical image and what it takes up meets [start, start + size) of the zone's. */
static bool meets(const HvZoneConfig *hv, uint64_t paddr, uint64_t taken, uint64_t start, uint64_t size)
{
	uint64_t ipa;

	return taken != 0 && hv_config_ram_ipa(hv, paddr, taken, &ipa) &&
	       hv_range_overlaps(ipa, taken, start, size);
}

static void check_initrd(struct tree_view *view, uint32_t chosen)
{
	const HvZoneConfig *hv = view->zone->hv;
	uint64_t start = 0, end = 0;
	bool has_start = read_number(view->index, chosen, "linux,initrd-start", &start);
	bool has_end = read_number(view->index, chosen, "linux,initrd-end", &end);

	if (!has_start && !has_end)
		return;
	if (has_start != has_end) {
		tree_error(view, REASON_DTB_INITRD, chosen, "linux,initrd-%s is missing or malformed",
			   has_start ? "end" : "start");
		return;
	}
	if (end <= start || !tree_is_covered(hv, RAM, start, end - start)) {
		tree_error(view, REASON_DTB_INITRD, chosen,
			   "the initramfs from 0x%" PRIx64 " to 0x%" PRIx64 " is not in the zone's RAM",
			   start, end);
		return;
	}
	if (meets(hv, hv->kernel_load_paddr, view->zone->kernel_ram, start, end - start))
		tree_error(view, REASON_DTB_INITRD, chosen,
			   "the initramfs at 0x%" PRIx64 " lies where the kernel needs 0x%" PRIx64 " bytes",
			   start, view->zone->kernel_ram);
	if (meets(hv, hv->dtb_load_paddr, hv->dtb_size, start, end - start))
		tree_error(view, REASON_DTB_INITRD, chosen,
			   "the initramfs at 0x%" PRIx64 " lies over the device tree", start);
}

static void check_stdout(struct tree_view *view, uint32_t chosen)
{
	static const char *const names[] = { "stdout-path", "linux,stdout-path" };
	struct tree_index *index = view->index;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *path = tree_string(index, chosen, names[i]);
		uint32_t node;

		if (!path)
			continue;
		/* Behind a colon stand the line's parameters. */
		node = tree_resolve(index, path, strcspn(path, ":"));
		if (node == TREE_NONE)
			tree_warning(view, REASON_DTB_CHOSEN, chosen, "%s leads to no node", names[i]);
		else if (!index->nodes[node].enabled)
			tree_warning(view, REASON_DTB_CHOSEN, chosen, "%s leads to a disabled node",
				     names[i]);
	}
}

void tree_check_chosen(struct tree_view *view)
{
	uint32_t chosen = tree_child_named(view->index, TREE_ROOT, "chosen");
	const struct tree_prop *bootargs;

	if (chosen == TREE_NONE)
		return;
	bootargs = tree_prop(view->index, chosen, "bootargs");
	if (bootargs && !tree_string(view->index, chosen, "bootargs"))
		tree_error(view, REASON_DTB_CHOSEN, chosen, "bootargs is no string");
	else if (bootargs && bootargs->size > MAX_BOOTARGS + 1)
		tree_warning(view, REASON_DTB_CHOSEN, chosen, "Linux cuts bootargs after %u characters",
			     MAX_BOOTARGS);
	check_stdout(view, chosen);
	check_initrd(view, chosen);
}
