/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The zone's device tree. */
#include "draft.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <libfdt.h>

/* Linux maps no larger tree (its Documentation/arm64/booting.rst, section 2). */
#define MAX_DTB (2u * 1024u * 1024u)

/* [ipa, ipa + size) is RAM of the zone; regions that adjoin count as one. */
static bool is_ram(const HvZoneConfig *hv, uint64_t ipa, uint64_t size)
{
	for (uint32_t round = 0; round < hv->num_regions && size != 0; round++) {
		for (uint32_t i = 0; i < hv->num_regions && size != 0; i++) {
			const struct hv_memory_region *region = &hv->regions[i];
			uint64_t room;

			if (region->type != HV_REGION_RAM || ipa < region->virtual_start ||
			    ipa - region->virtual_start >= region->size)
				continue;
			room = region->size - (ipa - region->virtual_start);
			room = room < size ? room : size;
			ipa += room;
			size -= room;
		}
	}
	return size == 0;
}

static uint64_t read_cells(const fdt32_t *cells, int count)
{
	uint64_t value = 0;

	for (int i = 0; i < count; i++)
		value = value << 32 | fdt32_to_cpu(cells[i]);
	return value;
}

/* One memory node: each of its ranges must be RAM. */
static void check_memory_node(struct config_draft *draft, const void *tree, int node)
{
	int address_cells = fdt_address_cells(tree, 0), size_cells = fdt_size_cells(tree, 0);
	int length = 0, entry = address_cells + size_cells;
	const fdt32_t *reg = fdt_getprop(tree, node, "reg", &length);

	if (!reg || address_cells < 1 || address_cells > 2 || size_cells < 1 || size_cells > 2)
		return;
	for (int i = 0; (i + 1) * entry * (int)sizeof(*reg) <= length; i++) {
		uint64_t start = read_cells(reg + i * entry, address_cells);
		uint64_t size = read_cells(reg + i * entry + address_cells, size_cells);

		if (size == 0 || (hv_range_valid(start, size) && is_ram(&draft->zone->hv, start, size)))
			continue;
		config_source_error(draft->source, "/dtb_filepath", REASON_DTB_MEMORY,
				    "its memory at 0x%" PRIx64 " with size 0x%" PRIx64
				    " is not all RAM of the zone",
				    start, size);
	}
}

static bool read_chosen(const void *tree, const char *name, uint64_t *ret_value)
{
	int length = 0, chosen = fdt_path_offset(tree, "/chosen");
	const fdt32_t *cells = chosen >= 0 ? fdt_getprop(tree, chosen, name, &length) : NULL;

	if (!cells || (length != 4 && length != 8))
		return false;
	*ret_value = read_cells(cells, length / 4);
	return true;
}

static void check_initrd(struct config_draft *draft, const void *tree)
{
	uint64_t start = 0, end = 0;

	if (!read_chosen(tree, "linux,initrd-start", &start) || !read_chosen(tree, "linux,initrd-end", &end))
		return;
	if (end > start && is_ram(&draft->zone->hv, start, end - start))
		return;
	config_source_error(draft->source, "/dtb_filepath", REASON_DTB_INITRD,
			    "its initramfs from 0x%" PRIx64 " to 0x%" PRIx64 " is not in the zone's RAM",
			    start, end);
}

static void check_cpu_nodes(struct config_draft *draft, const void *tree)
{
	int node, parent = fdt_path_offset(tree, "/cpus");
	unsigned count = 0;

	if (parent < 0)
		return;
	fdt_for_each_subnode(node, tree, parent) {
		int length = 0;
		const char *type = fdt_getprop(tree, node, "device_type", &length);

		count += type && length == sizeof("cpu") && memcmp(type, "cpu", sizeof("cpu")) == 0;
	}
	if (count > draft->zone->hv.num_cpus)
		config_source_warning(draft->source, "/dtb_filepath", REASON_DTB_CPUS,
				      "it has %u CPUs, the zone %u", count, draft->zone->hv.num_cpus);
}

static void check_memory(struct config_draft *draft)
{
	static const char type[] = "memory";
	int node = fdt_node_offset_by_prop_value(draft->tree, -1, "device_type", type, sizeof(type));

	while (node >= 0) {
		check_memory_node(draft, draft->tree, node);
		node = fdt_node_offset_by_prop_value(draft->tree, node, "device_type", type, sizeof(type));
	}
}

void config_tree_check(struct config_draft *draft, const struct config_check *check)
{
	(void)check;
	if (!draft->tree)
		return;
	if ((draft->lost & LOST_REGIONS) == 0) {
		check_memory(draft);
		check_initrd(draft, draft->tree);
	}
	if ((draft->lost & LOST_CPUS) == 0)
		check_cpu_nodes(draft, draft->tree);
}

void config_tree_prepare(struct config_draft *draft, const struct config_check *check)
{
	size_t size = 0;
	char *tree = NULL;
	int r, fault;

	if (!draft->dtb_path || (draft->lost & LOST_DTB) != 0)
		return;
	r = check->files->read(check->files, draft->dtb_path, MAX_DTB, &tree, &size);
	fault = r == 0 && size > 0 ? fdt_check_full(tree, size) : 0;
	if (r < 0)
		config_image_report(draft, "/dtb_filepath", draft->dtb_path, r);
	else if (size == 0)
		config_source_error(draft->source, "/dtb_filepath", REASON_IMAGE_EMPTY,
				    "%s: the file is empty", draft->dtb_path);
	else if (fault < 0)
		config_source_error(draft->source, "/dtb_filepath", REASON_DTB_BAD,
				    "%s: no flattened device tree: %s", draft->dtb_path, fdt_strerror(fault));
	else if (config_image_digest_check(draft, DIGEST_DTB, tree, size)) {
		draft->tree = tree;
		draft->tree_size = size;
		return;
	}
	free(tree);
	draft->lost |= LOST_DTB;
}
