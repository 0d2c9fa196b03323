/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files a zone is started with. Only looked at here; loading is the daemon's. */
#include "draft.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <libfdt.h>

/* Linux maps no larger tree (its Documentation/arm64/booting.rst, section 2). */
#define MAX_DTB (2u * 1024u * 1024u)

/* arm64 Image header (booting.rst, section 4): little-endian fields. */
#define IMAGE_SIZE_OFFSET 16u
#define IMAGE_MAGIC_OFFSET 56u

static uint64_t little_endian(const uint8_t *bytes, unsigned count)
{
	uint64_t value = 0;

	while (count-- > 0)
		value = value << 8 | bytes[count];
	return value;
}

static void report_errno(struct config_source *source, const char *key, const char *path, int r)
{
	static const struct {
		int error;
		const char *reason;
		const char *message;
	} known[] = {
		{ -ENOENT, REASON_IMAGE_MISSING, "there is no such file" },
		{ -ENOTDIR, REASON_IMAGE_MISSING, "there is no such file" },
		{ -EINVAL, REASON_IMAGE_NOT_REGULAR, "this is not a regular file" },
		{ -EFBIG, REASON_IMAGE_TOO_LARGE, "a device tree has 2 MiB at most" },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (known[i].error != r)
			continue;
		config_source_error(source, key, known[i].reason, "%s: %s", path, known[i].message);
		return;
	}
	source->report.no_memory |= r == -ENOMEM;
	config_source_error(source, key, REASON_IMAGE_UNREADABLE, "%s: %s", path, strerror(-r));
}

static const struct hv_memory_region *find_ram(const HvZoneConfig *hv, uint64_t paddr)
{
	for (uint32_t i = 0; i < hv->num_regions; i++) {
		const struct hv_memory_region *region = &hv->regions[i];

		if (region->type == HV_REGION_RAM && hv_range_valid(region->physical_start, region->size) &&
		    hv_range_contains(region->physical_start, region->size, paddr, 1))
			return region;
	}
	return NULL;
}

/* A Linux kernel clears more memory behind its file than the file has. */
static void check_bss(struct config_draft *draft, const struct config_probe *probe)
{
	const HvZoneConfig *hv = &draft->zone->hv;
	const struct hv_memory_region *ram = find_ram(hv, hv->kernel_load_paddr);
	uint64_t size = little_endian(probe->head + IMAGE_SIZE_OFFSET, 8);
	uint64_t bss = hv->kernel_load_paddr + probe->size;

	if (memcmp(probe->head + IMAGE_MAGIC_OFFSET, "ARM\x64", 4) != 0 || size <= probe->size || !ram)
		return;
	if (!hv_range_contains(ram->physical_start, ram->size, hv->kernel_load_paddr, size))
		config_source_warning(
			draft->source, "/kernel_load_paddr", REASON_IMAGE_BSS,
			"the kernel needs 0x%" PRIx64 " bytes from here, past the end of its RAM", size);
	else if (draft->zone->dtb_path && (draft->lost & LOST_DTB) == 0 &&
		 hv_range_overlaps(bss, size - probe->size, hv->dtb_load_paddr, 1))
		config_source_warning(draft->source, "/dtb_load_paddr", REASON_IMAGE_BSS,
				      "the kernel clears the 0x%" PRIx64
				      " bytes from its load address on, and "
				      "with them the device tree",
				      size);
}

static void check_kernel(struct config_draft *draft, const struct config_files *files)
{
	struct config_zone *zone = draft->zone;
	struct config_probe probe = { 0 };
	int r = 0;

	if (config_broken(&draft->fields.seen, ZONE_KERNEL_FILEPATH)) {
		draft->lost |= LOST_KERNEL;
		return;
	}
	r = files->probe(files, zone->kernel_path, &probe);
	if (r < 0)
		report_errno(draft->source, "/kernel_filepath", zone->kernel_path, r);
	else if (probe.size == 0)
		config_source_error(draft->source, "/kernel_filepath", REASON_IMAGE_EMPTY,
				    "%s: the file is empty", zone->kernel_path);
	zone->hv.kernel_size = probe.size;
	if (probe.size == 0)
		draft->lost |= LOST_KERNEL;
	if ((draft->lost & LOST_KERNEL) == 0)
		check_bss(draft, &probe);
}

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

void config_tree_check(struct config_draft *draft)
{
	if (!draft->tree)
		return;
	if ((draft->lost & LOST_REGIONS) == 0) {
		check_memory(draft);
		check_initrd(draft, draft->tree);
	}
	if ((draft->lost & LOST_CPUS) == 0)
		check_cpu_nodes(draft, draft->tree);
	free(draft->tree);
	draft->tree = NULL;
}

static void check_dtb(struct config_draft *draft, const struct config_files *files)
{
	struct config_zone *zone = draft->zone;
	size_t size = 0;
	int r = files->read(files, zone->dtb_path, MAX_DTB, &draft->tree, &size);
	int fault = r == 0 && size > 0 ? fdt_check_full(draft->tree, size) : 0;

	if (r < 0)
		report_errno(draft->source, "/dtb_filepath", zone->dtb_path, r);
	else if (size == 0)
		config_source_error(draft->source, "/dtb_filepath", REASON_IMAGE_EMPTY,
				    "%s: the file is empty", zone->dtb_path);
	else if (fault < 0)
		config_source_error(draft->source, "/dtb_filepath", REASON_DTB_BAD,
				    "%s: no flattened device tree: %s", zone->dtb_path, fdt_strerror(fault));
	if (size == 0)
		draft->lost |= LOST_DTB;
	if (size == 0 || fault < 0) {
		free(draft->tree);
		draft->tree = NULL;
	}
	zone->hv.dtb_size = size;
}

void config_images_check(struct config_draft *draft, const struct config_files *files)
{
	if (draft->lost == LOST_ALL)
		return;
	if (draft->zone->kernel_path)
		check_kernel(draft, files);
	if (draft->zone->dtb_path)
		check_dtb(draft, files);
}
