/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "draft.h"

struct config_source *config_source_load(const struct config_files *files, const char *path)
{
	struct config_source *source = config_source_new(path);
	struct json_error error;
	int r;

	if (!source)
		return NULL;
	r = files->read(files, path, CONFIG_MAX_FILE, &source->text, &source->length);
	if (config_source_is_short(source, r))
		return source;
	if (r == -EINVAL)
		config_source_error(source, "", REASON_FILE_NOT_REGULAR, "this is not a regular file");
	else if (r == -EFBIG)
		config_source_error(source, "", REASON_FILE_TOO_LARGE, "the file has more than %u bytes",
				    CONFIG_MAX_FILE);
	else if (r < 0)
		config_source_error(source, "", REASON_FILE_UNREADABLE, "%s", strerror(-r));
	if (r < 0)
		return source;
	r = json_strict_parse(source->text, source->length, CONFIG_MAX_DEPTH, &source->root, &error);
	if (r == -EBADMSG)
		config_source_add(source, CONFIG_ERROR,
				  &(struct config_place){ .pointer = error.pointer, .line = error.line },
				  error.reason, "%s (column %u)", error.message, error.column);
	source->report.no_memory |= r == -ENOMEM;
	return source;
}

static bool has(const struct config_source *source, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(source->root, key) != NULL;
}

/* With neither key it is taken for a zone file that lacks its zone_id. */
static bool is_virtio(const struct config_source *source)
{
	return !has(source, "zone_id") && !has(source, "cpus") &&
	       (has(source, "zones") || has(source, "devices"));
}

static bool add_zone(struct config_check *check, struct config_source *source)
{
	struct config_draft *draft = config_draft_new(source, check->board->platform, false);

	if (!draft)
		return false;
	check->drafts[check->num_drafts++] = draft;
	if (draft->lost == LOST_ALL)
		return true;
	config_devices_add(draft, source, "/virtio_devices", draft->fields.virtio_devices,
			   draft->fields.num_virtio_devices);
	config_devices_add(draft, source, "/devices", draft->fields.devices, draft->fields.num_devices);
	return true;
}

static bool remember_virtio_file(struct config_draft *draft, const char *path)
{
	char **list = reallocarray(draft->virtio_files, draft->num_virtio_files + 1, sizeof(*list));

	if (!list)
		return false;
	draft->virtio_files = list;
	list[draft->num_virtio_files] = strdup(path);
	return list[draft->num_virtio_files++] != NULL;
}

/* Where in a virtio file the part of one zone stands. */
struct virtio_part {
	struct config_pointer id, mappings;
	uint64_t zone_id;
	const struct mapping_fields *mapping;
	uint64_t num_mappings;
	struct config_pointer devices;
	const struct device_fields *device;
	uint64_t num_devices;
};

/* For every zone file with that id. */
static bool add_part(struct config_check *check, struct config_source *source, const struct virtio_part *part)
{
	bool found = false;

	for (unsigned i = 0; i < check->num_drafts; i++) {
		struct config_draft *draft = check->drafts[i];

		if (!config_given(&draft->fields.seen, ZONE_ID) || draft->fields.zone_id != part->zone_id)
			continue;
		found = true;
		if (!remember_virtio_file(draft, source->path))
			return false;
		if (draft->lost == LOST_ALL)
			continue;
		config_mappings_check(draft, source, part->mappings.text, part->mapping, part->num_mappings);
		config_devices_add(draft, source, part->devices.text, part->device, part->num_devices);
	}
	if (!found)
		config_source_warning(source, part->id.text, REASON_VIRTIO_NO_ZONE,
				      "no zone file that is checked along has this id");
	return true;
}

/* One element of zones[]. */
static bool add_virtio_zone(struct config_check *check, struct config_source *source, unsigned index,
			    const struct virtio_zone_fields *fields)
{
	const struct virtio_part part = {
		.id = config_pointer("/zones/%u/id", index),
		.zone_id = fields->id,
		.mappings = config_pointer("/zones/%u/memory_region", index),
		.mapping = fields->mappings,
		.num_mappings = fields->num_mappings,
		.devices = config_pointer("/zones/%u/devices", index),
		.device = fields->devices,
		.num_devices = fields->num_devices,
	};

	return config_broken(&fields->seen, VIRTIO_ZONE_ID) || add_part(check, source, &part);
}

/*
 * Devices at top level each name their zone; the RAM beside them is that of
 * the first one's, for files of this kind serve one zone. The others of that
 * zone are skipped, as are those that were added with them.
 */
static bool add_old_virtio(struct config_check *check, struct config_source *source,
			   struct virtio_fields *fields)
{
	struct device_fields *devices = fields->devices;
	uint64_t done = 0;
	bool ok = true;

	for (unsigned i = 0; ok && i < fields->num_devices; i++) {
		struct virtio_part part = {
			.id = config_pointer("/devices/%u/zone_id", i),
			.zone_id = devices[i].zone_id,
			.mappings = config_pointer("/memory_region"),
			.mapping = fields->mappings,
			.num_mappings = done == 0 ? fields->num_mappings : 0,
			.devices = config_pointer("/devices"),
			.device = devices,
			.num_devices = fields->num_devices,
		};

		if (!config_given(&devices[i].seen, DEVICE_ZONE_ID)) {
			if (!config_broken(&devices[i].seen, DEVICE_ZONE_ID))
				config_source_error(source, part.id.text, REASON_VIRTIO_NO_ID,
						    "a device of this file needs its zone's zone_id");
			continue;
		}
		if ((done >> part.zone_id & 1) != 0)
			continue;
		done |= 1ull << part.zone_id;
		ok = add_part(check, source, &part);
	}
	return ok;
}

static bool add_virtio(struct config_check *check, struct config_source *source)
{
	struct virtio_fields *fields = calloc(1, sizeof(*fields));
	bool ok = fields != NULL;

	if (ok)
		config_field_parse(source->root, &virtio_object, source, fields);
	for (unsigned i = 0; ok && i < fields->num_zones; i++)
		ok = add_virtio_zone(check, source, i, &fields->zones[i]);
	ok = ok && add_old_virtio(check, source, fields);
	free(fields);
	return ok;
}

/* Virtio files come last: they speak of zones. */
static bool add_sources(struct config_check *check)
{
	for (unsigned pass = 0; pass < 2; pass++) {
		for (unsigned i = 0; i < check->num_sources; i++) {
			struct config_source *source = check->sources[i];

			if (!source->root || is_virtio(source) != (pass == 1))
				continue;
			if (!cJSON_IsObject(source->root))
				config_source_error(source, "", REASON_TYPE, "an object belongs here");
			else if (!(pass == 0 ? add_zone(check, source) : add_virtio(check, source)))
				return false;
		}
	}
	return true;
}

static bool load_all(struct config_check *check, const char *const *paths, unsigned num_paths)
{
	check->sources = calloc(num_paths, sizeof(struct config_source *));
	check->drafts = calloc(num_paths, sizeof(struct config_draft *));
	if (num_paths > 0 && (!check->sources || !check->drafts))
		return false;
	for (unsigned i = 0; i < num_paths; i++) {
		check->sources[i] = config_source_load(check->files, paths[i]);
		if (!check->sources[i])
			return false;
		check->num_sources++;
	}
	return true;
}

/* A step for every draft that is worth it. */
static void each(const struct config_check *check,
		 void (*step)(struct config_draft *draft, const struct config_check *check))
{
	for (unsigned i = 0; i < check->num_drafts; i++)
		if (check->drafts[i]->lost != LOST_ALL)
			step(check->drafts[i], check);
}

static void validate(struct config_draft *draft, const struct config_check *check)
{
	config_validate(draft, check->board->platform);
	config_images_validate(draft);
	config_tree_check(draft, check);
	free(draft->tree);
	draft->tree = NULL;
}

static bool has_errors(const struct config_check *check, const struct config_draft *draft)
{
	bool errors = draft->source->report.findings.errors > 0;

	for (unsigned i = 0; i < draft->num_virtio_files && !errors; i++)
		for (unsigned j = 0; j < check->num_sources && !errors; j++)
			errors = check->sources[j]->report.findings.errors > 0 &&
				 strcmp(check->sources[j]->path, draft->virtio_files[i]) == 0;
	return errors;
}

/* 0, or the process's own shortage. */
static int run(struct config_check *check, struct config_findings *findings)
{
	int r = 0;

	if (!add_sources(check))
		return -ENOMEM;
	each(check, config_images_check);
	each(check, validate);
	config_conflicts(check);
	config_after_check(check);
	config_disks_check(check);
	config_nets_check(check);
	for (unsigned i = 0; i < check->num_drafts; i++)
		check->drafts[i]->zone->good = !has_errors(check, check->drafts[i]);
	for (unsigned i = 0; i < check->num_sources && r == 0; i++)
		r = config_source_take_findings(check->sources[i], findings);
	return r;
}

/* Frees all but the zones that go out. A source of a draft is the draft's. */
static unsigned finish(struct config_check *check, bool keep, struct config_zone **zones)
{
	unsigned count = 0;

	for (unsigned i = 0; i < check->num_drafts; i++) {
		struct config_draft *draft = check->drafts[i];

		for (unsigned j = 0; j < check->num_sources; j++)
			if (check->sources[j] == draft->source)
				check->sources[j] = NULL;
		if (keep && config_given(&draft->fields.seen, ZONE_ID))
			zones[count++] = draft->zone;
		else
			config_zone_free(draft->zone);
		config_draft_free(draft);
	}
	for (unsigned i = 0; i < check->num_sources; i++)
		config_source_free(check->sources[i]);
	free(check->sources);
	free(check->drafts);
	return count;
}

int config_check_files(const struct config_files *files, const char *const *paths, unsigned num_paths,
		       const struct config_board *board, struct config_zone ***ret_zones, unsigned *ret_count,
		       struct config_findings *ret_findings)
{
	struct config_check check = { .files = files, .board = board };
	struct config_zone **zones = calloc(num_paths > 0 ? num_paths : 1, sizeof(struct config_zone *));
	struct config_findings findings = { 0 };
	int r = zones && load_all(&check, paths, num_paths) ? run(&check, &findings) : -ENOMEM;
	unsigned count = finish(&check, r == 0, zones);

	if (r < 0) {
		config_findings_fini(&findings);
		free(zones);
		return r;
	}
	*ret_zones = zones;
	*ret_count = count;
	*ret_findings = findings;
	return 0;
}

int config_check(const char *const *paths, unsigned num_paths, const struct config_board *board,
		 struct config_zone ***ret_zones, unsigned *ret_count, struct config_findings *ret_findings)
{
	return config_check_files(&config_disk, paths, num_paths, board, ret_zones, ret_count, ret_findings);
}
