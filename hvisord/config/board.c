/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Boards that are described in files. */
#include "draft.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <libfdt.h>

#include "board_fields.h"

/* Trees of boards are larger than those of zones. */
#define MAX_ROOT_TREE (8u * 1024u * 1024u)

#define GICD_LEAST 0x10000u /* GICv3 12.8 */
#define GICR_LEAST 0x20000u /* for each CPU, 12.10 */

/* A board and what it is made of. The public part comes first. */
struct loaded_board {
	struct config_board board;
	HvPlatform platform;
	HvZoneConfig root;
	char *tree;
};

static bool is_pages(uint64_t start, uint64_t size)
{
	return hv_range_valid(start, size) && (start | size) % HV_PAGE_SIZE == 0;
}

/* Reports a range that is not as it should be; name is the array it stands in. */
static bool check_pages(struct config_source *source, const char *pointer, uint64_t start, uint64_t size)
{
	if (is_pages(start, size))
		return true;
	config_source_error(source, pointer, REASON_BOARD_RANGE,
			    "start and size must be multiples of 0x1000, and the end not past 2^64");
	return false;
}

static void check_apart(struct config_source *source, const char *pointer, const struct hv_range *range,
			const struct hv_range *others, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (hv_range_overlaps(range->start, range->size, others[i].start, others[i].size))
			config_source_error(source, pointer, REASON_BOARD_OVERLAP,
					    "it overlaps the range at 0x%" PRIx64, others[i].start);
}

static void build_cpus(HvPlatform *platform, const struct board_fields *fields, struct config_source *source)
{
	for (uint64_t i = 0; i < fields->num_cpus; i++) {
		for (uint64_t j = 0; j < i; j++)
			if (fields->cpus[j] == fields->cpus[i] && fields->cpus[i] != FIELD_BROKEN)
				config_source_error(source, config_pointer("/cpus/%u", (unsigned)i).text,
						    REASON_BOARD_CPU, "CPU %u has this affinity",
						    (unsigned)j);
		platform->cpu_mpidr[i] = fields->cpus[i];
	}
	platform->num_cpus = (uint32_t)fields->num_cpus;
	if (fields->num_cpus == 0 && config_given(&fields->seen, BOARD_CPUS))
		config_source_error(source, "/cpus", REASON_BOARD_CPU, "a board needs a CPU");
}

static void build_ram(HvPlatform *platform, const struct board_fields *fields, struct config_source *source)
{
	for (uint64_t i = 0; i < fields->num_ram; i++) {
		struct hv_range range = { fields->ram[i].start, fields->ram[i].size };
		struct config_pointer pointer = config_pointer("/ram/%u", (unsigned)i);

		if (fields->ram[i].seen.broken != 0 ||
		    !check_pages(source, pointer.text, range.start, range.size))
			continue;
		check_apart(source, pointer.text, &range, platform->ram, platform->num_ram);
		platform->ram[platform->num_ram++] = range;
	}
}

static void build_hypervisor(HvPlatform *platform, const struct board_fields *fields,
			     struct config_source *source)
{
	const struct range_fields *own = &fields->hypervisor;

	if (!config_given(&fields->seen, BOARD_HYPERVISOR) ||
	    !check_pages(source, "/hypervisor", own->start, own->size))
		return;
	platform->hypervisor = (struct hv_range){ own->start, own->size };
	for (uint32_t i = 0; i < platform->num_ram; i++)
		if (hv_range_contains(platform->ram[i].start, platform->ram[i].size, own->start, own->size))
			return;
	config_source_error(source, "/hypervisor", REASON_BOARD_HYPERVISOR,
			    "the board has no RAM there, or not all in one range");
}

static void build_devices(HvPlatform *platform, const struct board_fields *fields,
			  struct config_source *source)
{
	struct hv_range ranges[HV_PLATFORM_MAX_DEVICES];

	for (uint64_t i = 0; i < fields->num_devices; i++) {
		const struct window_fields *window = &fields->devices[i];
		struct hv_range range = { window->start, window->size };
		struct config_pointer pointer = config_pointer("/devices/%u", (unsigned)i);
		struct hv_device_window *made = &platform->devices[platform->num_devices];

		if (window->seen.broken != 0 || !check_pages(source, pointer.text, range.start, range.size))
			continue;
		check_apart(source, pointer.text, &range, platform->ram, platform->num_ram);
		check_apart(source, pointer.text, &range, ranges, platform->num_devices);
		made->range = range;
		made->flags = window->assignable != 0 ? HV_DEVICE_ASSIGNABLE : 0;
		memcpy(made->name, window->name, strlen(window->name));
		ranges[platform->num_devices++] = range;
	}
}

static void build_interrupts(HvPlatform *platform, const struct board_fields *fields,
			     struct config_source *source)
{
	for (uint64_t i = 0; i < fields->num_interrupts; i++) {
		const struct intid_fields *range = &fields->interrupts[i];
		uint64_t last = config_given(&range->seen, INTID_LAST) ? range->last : range->first;

		if (range->seen.broken != 0)
			continue;
		if (last < range->first)
			config_source_error(source,
					    config_pointer("/assignable_interrupts/%u", (unsigned)i).text,
					    REASON_RANGE, "the last is before the first");
		for (uint64_t intid = range->first; intid <= last; intid++)
			hv_intid_add(&platform->assignable_spis, (uint32_t)intid);
	}
}

static void build_gic(HvPlatform *platform, const struct board_fields *fields, struct config_source *source)
{
	const struct hv_gic_config *gic = &platform->gic;

	platform->gic.version = 3;
	config_gic_fill(&platform->gic, &fields->gic);
	if (!config_given(&fields->seen, BOARD_ARCH_CONFIG))
		return;
	if (gic->version != 3)
		config_source_error(source, "/arch_config/gic_version", REASON_BOARD_GIC,
				    "the hypervisor needs a GICv3");
	else if (gic->gicd_size < GICD_LEAST || gic->gicr_size < platform->num_cpus * (uint64_t)GICR_LEAST ||
		 !is_pages(gic->gicd_base, gic->gicd_size) || !is_pages(gic->gicr_base, gic->gicr_size))
		config_source_error(source, "/arch_config", REASON_BOARD_GIC,
				    "gicd needs 0x10000 bytes and gicr 0x20000 for each CPU, in whole pages");
}

static void build_platform(HvPlatform *platform, const struct board_fields *fields,
			   struct config_source *source)
{
	const char *arch = fields->arch ? fields->arch : "arm64";

	platform->magic = HV_PLATFORM_MAGIC;
	platform->version = HV_PLATFORM_VERSION;
	platform->size = sizeof(*platform);
	memcpy(platform->arch, arch, strlen(arch));
	if (fields->name)
		memcpy(platform->name, fields->name, strlen(fields->name));
	build_cpus(platform, fields, source);
	build_ram(platform, fields, source);
	build_hypervisor(platform, fields, source);
	build_devices(platform, fields, source);
	build_interrupts(platform, fields, source);
	build_gic(platform, fields, source);
}

/* A source's findings go to the list. 0; -EINVAL: there are errors; or a shortage. */
static int settle(struct config_source *source, struct config_findings *findings)
{
	bool bad = source->report.findings.errors > 0;
	int r = config_source_take_findings(source, findings);

	return r < 0 ? r : bad ? -EINVAL : 0;
}

/* Reads a file that holds an object. *ret_source is NULL without memory only. */
static void load_object(const char *path, struct config_source **ret_source)
{
	struct config_source *source = config_source_load(&config_disk, path);

	if (source && source->root && !cJSON_IsObject(source->root))
		config_source_error(source, "", REASON_TYPE, "an object belongs here");
	*ret_source = source;
}

static int load_platform(struct loaded_board *loaded, const char *path, struct config_findings *findings)
{
	struct board_fields *fields = calloc(1, sizeof(*fields));
	struct config_source *source = NULL;
	int r = -ENOMEM;

	if (fields)
		load_object(path, &source);
	if (source) {
		if (cJSON_IsObject(source->root)) {
			config_field_parse(source->root, &board_object, source, fields);
			build_platform(&loaded->platform, fields, source);
		}
		r = settle(source, findings);
	}
	config_source_free(source);
	free(fields);
	return r;
}

static int no_such_board(const char *name, struct config_findings *findings)
{
	struct config_source *source = config_source_new(name);
	int r;

	if (!source)
		return -ENOMEM;
	config_source_error(source, "", REASON_BOARD_UNKNOWN,
			    "no board of this name is compiled in; a file's name has a / or ends with .json");
	r = settle(source, findings);
	config_source_free(source);
	return r;
}

static bool is_file(const char *platform)
{
	size_t length = strlen(platform);

	return strchr(platform, '/') || (length > 5 && strcmp(platform + length - 5, ".json") == 0);
}

static int take_platform(struct loaded_board *loaded, const char *platform, struct config_findings *findings)
{
	loaded->board.platform = &loaded->platform;
	if (is_file(platform))
		return load_platform(loaded, platform, findings);
	if (!config_platform(platform))
		return no_such_board(platform, findings);
	loaded->platform = *config_platform(platform);
	loaded->root = *config_platform_root(platform);
	loaded->board.root = &loaded->root;
	return 0;
}

/* A file need not say where the root zone's images are: those are the boot loader's. */
static void fill_root(struct config_draft *draft)
{
	HvZoneConfig *hv = &draft->zone->hv;

	for (uint32_t i = 0; i < hv->num_regions; i++) {
		const struct hv_memory_region *region = &hv->regions[i];

		if (region->type != HV_REGION_RAM)
			continue;
		if (!config_given(&draft->fields.seen, ZONE_KERNEL_LOAD_PADDR))
			hv->kernel_load_paddr = region->physical_start;
		break;
	}
	if (!config_given(&draft->fields.seen, ZONE_ENTRY_POINT))
		hv->entry_point = hv->kernel_load_paddr;
	hv->kernel_size = 1;
	if (!config_given(&draft->fields.seen, ZONE_NAME)) {
		memset(hv->name, 0, sizeof(hv->name));
		memcpy(hv->name, "root", sizeof("root"));
	}
}

static int load_root(struct loaded_board *loaded, const char *path, struct config_findings *findings)
{
	struct config_source *source;
	struct config_draft *draft = NULL;
	int r;

	load_object(path, &source);
	if (!source)
		return -ENOMEM;
	if (cJSON_IsObject(source->root)) {
		draft = config_draft_new(source, &loaded->platform, true);
		if (!draft) {
			config_source_free(source);
			return -ENOMEM;
		}
		fill_root(draft);
		if (draft->lost != LOST_ALL)
			config_validate(draft, &loaded->platform);
		loaded->root = draft->zone->hv;
		loaded->board.root = &loaded->root;
	}
	r = settle(source, findings);
	if (draft) {
		config_zone_free(draft->zone);
		config_draft_free(draft);
	} else {
		config_source_free(source);
	}
	return r;
}

static int load_tree(struct loaded_board *loaded, const char *path, struct config_findings *findings)
{
	struct config_source *source = config_source_new(path);
	size_t size = 0;
	int r, fault = 0;

	if (!source)
		return -ENOMEM;
	r = config_disk.read(&config_disk, path, MAX_ROOT_TREE, &loaded->tree, &size);
	if (r == 0)
		fault = fdt_check_full(loaded->tree, size);
	if (r < 0 && !config_source_is_short(source, r))
		config_source_error(source, "", REASON_FILE_UNREADABLE, "%s", strerror(-r));
	else if (fault < 0)
		config_source_error(source, "", REASON_DTB_BAD, "no flattened device tree: %s",
				    fdt_strerror(fault));
	loaded->board.root_tree = loaded->tree;
	loaded->board.root_tree_size = size;
	r = settle(source, findings);
	config_source_free(source);
	return r;
}

int config_board_load(const char *platform, const char *root_config, const char *root_tree,
		      struct config_board **ret_board, struct config_findings *ret_findings)
{
	struct loaded_board *loaded = calloc(1, sizeof(*loaded));
	struct config_findings findings = { 0 };
	int r = loaded ? take_platform(loaded, platform, &findings) : -ENOMEM;

	if (r == 0 && root_config)
		r = load_root(loaded, root_config, &findings);
	if (r == 0 && root_tree)
		r = load_tree(loaded, root_tree, &findings);
	if (r < 0 && loaded)
		config_board_free(&loaded->board);
	if (r < 0 && r != -EINVAL) {
		config_findings_fini(&findings);
		return r;
	}
	*ret_findings = findings;
	if (r == 0)
		*ret_board = &loaded->board;
	return r;
}

void config_board_free(struct config_board *board)
{
	struct loaded_board *loaded = (struct loaded_board *)board;

	if (!loaded)
		return;
	free(loaded->tree);
	free(loaded);
}
