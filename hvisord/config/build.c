/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "draft.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void config_zone_free(struct config_zone *zone)
{
	if (!zone)
		return;
	for (unsigned i = 0; i < zone->num_devices; i++)
		free(zone->devices[i].path);
	for (unsigned i = 0; i < zone->num_images; i++) {
		free(zone->images[i].path);
		free(zone->images[i].data);
	}
	for (unsigned i = 0; i < zone->policy.num_after; i++)
		free(zone->policy.after[i]);
	free(zone->file);
	free(zone->name);
	free(zone);
}

const struct config_image *config_zone_image(const struct config_zone *zone, enum config_image_kind kind)
{
	for (unsigned i = 0; i < zone->num_images; i++)
		if (zone->images[i].kind == kind)
			return &zone->images[i];
	return NULL;
}

void config_draft_free(struct config_draft *draft)
{
	if (!draft)
		return;
	for (unsigned i = 0; i < draft->num_virtio_files; i++)
		free(draft->virtio_files[i]);
	free(draft->virtio_files);
	free(draft->dtb_path);
	free(draft->tree);
	config_source_free(draft->source);
	free(draft);
}

char *config_draft_resolve(struct config_draft *draft, const char *path)
{
	const char *file = draft->source->path, *slash = strrchr(file, '/');
	int folder = slash && path[0] != '/' ? (int)(slash - file + 1) : 0;
	char *resolved;

	if (asprintf(&resolved, "%.*s%s", folder, file, path) >= 0)
		return resolved;
	draft->source->report.no_memory = true;
	return NULL;
}

static bool is_digits(const char *text)
{
	return text[strspn(text, "0123456789")] == '\0';
}

/* The file's name without folder and .json; a number would be taken for a zone id, so it gets a word before. */
static char *name_of_file(const char *file)
{
	const char *slash = strrchr(file, '/');
	const char *base = slash ? slash + 1 : file;
	size_t length = strlen(base);
	char *stem, *name;

	if (length > 5 && strcmp(base + length - 5, ".json") == 0)
		length -= 5;
	stem = strndup(base, length);
	if (!stem || !is_digits(stem))
		return stem;
	if (asprintf(&name, "zone%s", stem) < 0)
		name = NULL;
	free(stem);
	return name;
}

static void build_name(struct config_draft *draft)
{
	HvZoneConfig *hv = &draft->zone->hv;
	const char *given = draft->fields.name;
	const char *name = draft->zone->name;
	const char *pointer = given ? "/name" : "";

	if (config_broken(&draft->fields.seen, ZONE_NAME))
		draft->lost |= LOST_NAME;
	if (strlen(name) >= HV_NAME_SIZE) {
		config_source_error(
			draft->source, pointer, REASON_ZONE_NAME,
			"the file's name is too long for a zone's: give it a name of %u bytes at most",
			HV_NAME_SIZE - 1);
		draft->lost |= LOST_NAME;
		return;
	}
	if (!draft->is_root && (is_digits(name) || strcmp(name, "root") == 0)) {
		config_source_error(
			draft->source, pointer, REASON_ZONE_NAME,
			"this name would be taken for another zone's number or for the root zone");
		draft->lost |= LOST_NAME;
	}
	memcpy(hv->name, name, strlen(name));
}

static void build_cpus(struct config_draft *draft)
{
	const struct zone_fields *fields = &draft->fields;
	HvZoneConfig *hv = &draft->zone->hv;

	if (config_broken(&fields->seen, ZONE_CPUS))
		draft->lost |= LOST_CPUS;
	for (uint64_t i = 0; i < fields->num_cpus; i++) {
		uint64_t cpu = fields->cpus[i];

		if (cpu == FIELD_BROKEN)
			continue;
		if ((hv->cpus >> cpu & 1) != 0) {
			config_source_error(draft->source, config_pointer("/cpus/%u", (unsigned)i).text,
					    REASON_DUPLICATE, "CPU %u stands here twice", (unsigned)cpu);
			draft->lost |= LOST_CPUS;
			continue;
		}
		hv->cpus |= 1ull << cpu;
		hv->num_cpus++;
	}
}

static void build_regions(struct config_draft *draft)
{
	const struct zone_fields *fields = &draft->fields;
	HvZoneConfig *hv = &draft->zone->hv;

	if (config_broken(&fields->seen, ZONE_MEMORY_REGIONS))
		draft->lost |= LOST_REGIONS;
	for (uint64_t i = 0; i < fields->num_regions; i++) {
		const struct region_fields *region = &fields->regions[i];

		if (region->seen.broken != 0)
			continue;
		draft->region_field[hv->num_regions] = (uint8_t)i;
		hv->regions[hv->num_regions++] = (struct hv_memory_region){
			.type = (uint32_t)region->type,
			.flags = region->shared != 0 ? HV_REGION_SHARED : 0,
			.physical_start = region->physical_start,
			.virtual_start = region->virtual_start,
			.size = region->size,
		};
	}
}

static void build_interrupts(struct config_draft *draft)
{
	const struct zone_fields *fields = &draft->fields;
	HvZoneConfig *hv = &draft->zone->hv;

	for (uint64_t i = 0; i < fields->num_interrupts; i++) {
		uint64_t intid = fields->interrupts[i];

		if (intid == FIELD_BROKEN)
			continue;
		if (hv_intid_test(&hv->interrupts, (uint32_t)intid))
			config_source_error(draft->source, config_pointer("/interrupts/%u", (unsigned)i).text,
					    REASON_DUPLICATE, "interrupt %u stands here twice",
					    (unsigned)intid);
		hv_intid_add(&hv->interrupts, (uint32_t)intid);
	}
}

void config_gic_fill(struct hv_gic_config *gic, const struct gic_fields *given)
{
	const struct {
		enum gic_field field;
		uint64_t from;
		uint64_t *to;
	} numbers[] = {
		{ GIC_GICD_BASE, given->gicd_base, &gic->gicd_base },
		{ GIC_GICD_SIZE, given->gicd_size, &gic->gicd_size },
		{ GIC_GICR_BASE, given->gicr_base, &gic->gicr_base },
		{ GIC_GICR_SIZE, given->gicr_size, &gic->gicr_size },
		{ GIC_GITS_BASE, given->gits_base, &gic->gits_base },
		{ GIC_GITS_SIZE, given->gits_size, &gic->gits_size },
	};

	if (config_given(&given->seen, GIC_VERSION))
		gic->version = (uint32_t)given->version;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (config_given(&given->seen, numbers[i].field))
			*numbers[i].to = numbers[i].from;
}

/* Of the addresses that the file gives; the others are chosen later. */
static void build_addresses(struct config_draft *draft)
{
	const struct zone_fields *fields = &draft->fields;
	HvZoneConfig *hv = &draft->zone->hv;
	static const struct {
		enum zone_field field;
		unsigned lost;
	} addresses[] = {
		{ ZONE_KERNEL_LOAD_PADDR, LOST_KERNEL }, { ZONE_KERNEL_FILEPATH, LOST_KERNEL },
		{ ZONE_DTB_LOAD_PADDR, LOST_DTB },       { ZONE_DTB_FILEPATH, LOST_DTB },
		{ ZONE_INITRD_LOAD_PADDR, LOST_INITRD }, { ZONE_INITRD_FILEPATH, LOST_INITRD },
		{ ZONE_ENTRY_POINT, LOST_ENTRY },
	};

	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++)
		if (config_broken(&fields->seen, addresses[i].field))
			draft->lost |= addresses[i].lost;
	hv->entry_point = fields->entry_point;
	hv->kernel_load_paddr = fields->kernel_load_paddr;
	hv->dtb_load_paddr = fields->dtb_load_paddr;
	if (fields->dtb_filepath && fields->dtb_filepath[0] != '\0' &&
	    strcmp(fields->dtb_filepath, "null") != 0)
		draft->dtb_path = config_draft_resolve(draft, fields->dtb_filepath);
}

static void build_policy(struct config_draft *draft)
{
	const struct zone_fields *fields = &draft->fields;
	struct config_policy *policy = &draft->zone->policy;

	*policy = (struct config_policy){
		.autostart = fields->autostart != 0,
		.restart = (enum config_restart)fields->restart,
		.restart_limit = (uint32_t)fields->restart_limit,
		.restart_delay_ms = (uint32_t)fields->restart_delay_ms,
		.stop_timeout_ms = (uint32_t)fields->stop_timeout_ms,
		.device_failure = (enum config_device_failure)fields->device_failure,
	};
	for (uint64_t i = 0; i < fields->num_after; i++) {
		if (!fields->after[i])
			continue;
		if (!(policy->after[policy->num_after] = strdup(fields->after[i])))
			draft->source->report.no_memory = true;
		else
			policy->num_after++;
	}
}

/* What a file for another architecture means is not known here. Without this key it is for the board. */
static const struct config_object *choose_table(struct config_draft *draft, const HvPlatform *platform)
{
	const cJSON *arch = cJSON_GetObjectItemCaseSensitive(draft->source->root, "arch");

	if (!cJSON_IsString(arch) || strcmp(arch->valuestring, platform->arch) == 0)
		return draft->is_root ? &zone_root_object : &zone_object;
	config_source_error(draft->source, "/arch", REASON_ZONE_ARCH, "the board %s is %s", platform->name,
			    platform->arch);
	draft->lost = LOST_ALL;
	return &zone_identity_object;
}

/* Id 0 is the root zone's, and the root zone has no other. */
static void check_id(struct config_draft *draft)
{
	struct zone_fields *fields = &draft->fields;

	if (!config_given(&fields->seen, ZONE_ID) || (fields->zone_id == 0) == draft->is_root)
		return;
	config_source_error(draft->source, "/zone_id", REASON_RANGE,
			    draft->is_root ? "the root zone's id is 0" : "0 is the root zone's id");
	fields->seen.given &= ~(1ull << ZONE_ID);
	fields->seen.broken |= 1ull << ZONE_ID;
}

static bool build(struct config_draft *draft, const HvPlatform *platform)
{
	struct config_zone *zone = draft->zone;
	HvZoneConfig *hv = &zone->hv;

	zone->file = strdup(draft->source->path);
	config_field_parse(draft->source->root, choose_table(draft, platform), draft->source, &draft->fields);
	zone->name = draft->fields.name ? strdup(draft->fields.name) : name_of_file(draft->source->path);
	if (!zone->file || !zone->name)
		return false;
	hv->magic = HV_CONFIG_MAGIC;
	hv->version = HV_CONFIG_VERSION;
	hv->size = sizeof(*hv);
	hv->zone_id = (uint32_t)draft->fields.zone_id;
	check_id(draft);
	if (config_broken(&draft->fields.seen, ZONE_ID))
		draft->lost |= LOST_ID;
	build_name(draft);
	build_cpus(draft);
	build_regions(draft);
	build_interrupts(draft);
	hv->gic = platform->gic;
	if (config_broken(&draft->fields.seen, ZONE_ARCH_CONFIG))
		draft->lost |= LOST_GIC;
	config_gic_fill(&hv->gic, &draft->fields.gic);
	build_addresses(draft);
	build_policy(draft);
	return true;
}

struct config_draft *config_draft_new(struct config_source *source, const HvPlatform *platform, bool is_root)
{
	struct config_draft *draft = calloc(1, sizeof(*draft));
	struct config_zone *zone = calloc(1, sizeof(*zone));

	if (!draft || !zone) {
		free(draft);
		free(zone);
		return NULL;
	}
	draft->source = source;
	draft->zone = zone;
	draft->is_root = is_root;
	if (build(draft, platform))
		return draft;
	draft->source = NULL;
	config_draft_free(draft);
	config_zone_free(zone);
	return NULL;
}
