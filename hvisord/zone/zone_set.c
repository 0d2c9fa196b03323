/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the config directories say, and what follows for the zones. A file that
 * changed only just now and is no JSON, or has errors and an image that changed
 * just now, may be half written:
 * for the moment its zone stays as it was. So does, unless somebody asked for
 * a look, one whose file is not there.
 */
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "log.h"
#include "policy.h"
#include "zone_private.h"

/* Files that did not change for so long are taken as they are. */
#define SETTLED_MS 2000
/* So long a file may be missing while somebody puts another in its place. */
#define MISSING_MS 500

void zone_set_fini(struct zone_set *set)
{
	for (unsigned i = 0; i < set->count; i++)
		config_zone_free(set->zones[i]);
	for (unsigned i = 0; i < set->num_paths; i++)
		free(set->paths[i]);
	free(set->zones);
	free(set->paths);
	free(set->held);
	config_findings_fini(&set->findings);
	*set = (struct zone_set){ 0 };
}

static bool changed_just_now(const char *path)
{
	struct timespec now;
	struct stat st;
	int64_t age_ms;

	if (path == NULL || stat(path, &st) != 0)
		return false;
	clock_gettime(CLOCK_REALTIME, &now);
	age_ms = (now.tv_sec - st.st_mtim.tv_sec) * 1000 + (now.tv_nsec - st.st_mtim.tv_nsec) / 1000000;
	return age_ms >= 0 && age_ms < SETTLED_MS;
}

static const struct config_zone *zone_of_file(const struct zone_set *set, const char *file)
{
	for (unsigned i = 0; i < set->count; i++) {
		if (strcmp(set->zones[i]->file, file) == 0)
			return set->zones[i];
	}
	return NULL;
}

static bool has_reason(const struct config_findings *findings, const char *file, const char *prefix)
{
	for (unsigned i = 0; i < findings->count; i++) {
		if (findings->list[i].severity == CONFIG_ERROR && strcmp(findings->list[i].file, file) == 0 &&
		    strncmp(findings->list[i].reason, prefix, strlen(prefix)) == 0)
			return true;
	}
	return false;
}

static bool may_be_half_written(const struct zone_set *set, const char *file)
{
	const struct config_zone *zone = zone_of_file(set, file);

	/* a text that is JSON is whole */
	if (has_reason(&set->findings, file, "json."))
		return changed_just_now(file);
	if (zone == NULL || (!has_reason(&set->findings, file, "zone.image") &&
			     !has_reason(&set->findings, file, "zone.dtb")))
		return false;
	for (unsigned i = 0; i < zone->num_images; i++) {
		if (changed_just_now(zone->images[i].path))
			return true;
	}
	return false;
}

/* The others, checked without those that are held. */
static int check_rest(struct zone_set *set, const struct config_board *board)
{
	const char **rest = calloc(set->num_paths + 1, sizeof(*rest));
	struct config_findings findings = { 0 };
	struct config_zone **zones = NULL;
	unsigned count = 0, num_rest = 0;
	int r;

	if (rest == NULL)
		return -ENOMEM;
	for (unsigned i = 0; i < set->num_paths; i++) {
		if (!set->held[i])
			rest[num_rest++] = set->paths[i];
	}
	r = config_check(rest, num_rest, board, &zones, &count, &findings);
	free(rest);
	if (r != 0)
		return r;
	/* the findings of all stay: they say what is wrong with those that are held */
	config_findings_fini(&findings);
	for (unsigned i = 0; i < set->count; i++)
		config_zone_free(set->zones[i]);
	free(set->zones);
	set->zones = zones;
	set->count = count;
	return 0;
}

static int hold_back(struct zone_set *set, const struct config_board *board)
{
	set->held = calloc(set->num_paths + 1, sizeof(*set->held));
	if (set->held == NULL)
		return -ENOMEM;
	for (unsigned i = 0; i < set->num_paths; i++) {
		set->held[i] = may_be_half_written(set, set->paths[i]);
		set->any_held |= set->held[i];
	}
	return set->any_held ? check_rest(set, board) : 0;
}

void zone_set_read(struct zone_set *set, const char *const *dirs, unsigned num_dirs,
		   const struct config_board *board, bool as_it_is)
{
	*set = (struct zone_set){ .as_it_is = as_it_is };
	set->error = config_list_dirs(dirs, num_dirs, &set->paths, &set->num_paths);
	if (set->error == 0)
		set->error = config_check((const char *const *)set->paths, set->num_paths, board, &set->zones,
					  &set->count, &set->findings);
	if (set->error == 0 && !as_it_is)
		set->error = hold_back(set, board);
}

static struct zone *find_file(struct zones *zones, const char *file)
{
	struct zone_private *private;

	TAILQ_FOREACH(private, &zones->list, entry)
	{
		if (private->zone->file != NULL && strcmp(private->zone->file, file) == 0)
			return private->zone;
	}
	return NULL;
}

/* A zone that runs without a known file, and this may be it. */
static struct zone *find_orphan(struct zones *zones, const struct config_zone *config)
{
	struct zone_private *private;

	TAILQ_FOREACH(private, &zones->list, entry)
	{
		struct zone *zone = private->zone;

		if (zone->file == NULL && zone->id > 0 && (uint32_t)zone->id == config->hv.zone_id) {
			zone->file = strdup(config->file);
			return zone->file != NULL ? zone : NULL;
		}
	}
	return NULL;
}

/* Tells one content of a file from another; 0: not to be read. FNV-1a of what stat says. */
static uint64_t content_mark(const char *file)
{
	struct stat st;
	uint64_t hash = 14695981039346656037ull;

	if (stat(file, &st) != 0)
		return 0;
	const uint64_t parts[] = { (uint64_t)st.st_ino, (uint64_t)st.st_size, (uint64_t)st.st_mtim.tv_sec,
				   (uint64_t)st.st_mtim.tv_nsec };
	for (unsigned i = 0; i < 4; i++)
		hash = (hash ^ parts[i]) * 1099511628211ull;
	return hash;
}

/* What is kept of the zone by its name and id is kept by the new ones, its output goes on in files of these. */
static void take_name(struct zone *zone, const char *name, int id)
{
	char *copy;

	if (zone->id == id && strcmp(zone->name, name) == 0)
		return;
	copy = strdup(name);
	if (copy == NULL)
		return;
	policy_renamed(zone, name, id);
	zone_consoles_renamed(zone);
	free(zone->name);
	zone->name = copy;
	zone->id = id;
}

/* What the directory now says of a zone; config NULL: the file is too broken. */
static void apply(struct zone *zone, const struct config_zone *config, bool good)
{
	struct zone_private *private = zone->private;
	uint64_t content = content_mark(zone->file);
	bool is_new = !private->in_table;
	bool changed = content != private->content || good != zone->good;
	bool active = lifecycle_is_active(zone->state);

	zone->config = config;
	zone->good = good;
	private->content = content;
	private->seen = true;
	/* a zone that runs keeps the identity it was started with */
	if (config != NULL && !active)
		take_name(zone, config->name, (int)config->hv.zone_id);
	zone_insert(zone);
	if (good && zone->state == ZONE_INVALID)
		zone_event(zone, ZONE_EVENT_CONFIG_GOOD, NULL);
	else if (!good && (zone->state == ZONE_STOPPED || zone->state == ZONE_CRASHED))
		zone_event(zone, ZONE_EVENT_CONFIG_BAD, "config.invalid");
	if (is_new || changed)
	private->zones->hooks->config(private->zones->user, zone, is_new ? "added" : "changed");
}

static void apply_config(struct zones *zones, const struct config_zone *config)
{
	struct zone *zone = find_file(zones, config->file);

	if (zone == NULL)
		zone = find_orphan(zones, config);
	if (zone == NULL)
		zone = zone_new(zones, (int)config->hv.zone_id, config->name, config->file);
	if (zone == NULL) {
		log_error("%s: out of memory", config->file);
		return;
	}
	apply(zone, config, config_zone_is_good(config));
}

/* A file that is no zone and has errors may be meant to be one: it is shown under its own name. */
static void apply_broken(struct zones *zones, const char *file)
{
	const char *base = strrchr(file, '/');
	struct zone *zone = find_file(zones, file);
	char name[64];

	if (zone == NULL) {
		base = base != NULL ? base + 1 : file;
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(base, "."), base);
		zone = zone_new(zones, -1, name, file);
	}
	if (zone != NULL)
		apply(zone, NULL, false);
}

/* The zone stays as the last look found it: its config moves over. */
static bool keep(struct zones *zones, struct zone_set *old, struct zone *zone)
{
	struct zone_set *set = &zones->set;
	struct config_zone **grown;

	zone->private->seen = true;
	zone->private->unsettled = true;
	for (unsigned i = 0; i < old->count; i++) {
		if (old->zones[i] != zone->config || zone->config == NULL)
			continue;
		grown = realloc(set->zones, (set->count + 1) * sizeof(*grown));
		if (grown == NULL)
			return false;
		grown[set->count++] = old->zones[i];
		set->zones = grown;
		old->zones[i] = old->zones[--old->count];
		return true;
	}
	return zone->config == NULL;
}

static void keep_held(struct zones *zones, struct zone_set *old)
{
	const struct zone_set *set = &zones->set;

	for (unsigned i = 0; set->any_held && i < set->num_paths; i++) {
		struct zone *zone = set->held[i] ? find_file(zones, set->paths[i]) : NULL;

		if (zone != NULL && !keep(zones, old, zone))
			apply_broken(zones, set->paths[i]);
	}
}

/* A file that is not listed: gone, or cut to nothing by somebody who will write it. */
static bool may_come_back(struct zone *zone)
{
	struct zone_private *private = zone->private;
	uint64_t now = zone_now_ms();

	if (zone->file == NULL)
		return false;
	if (private->missing_ms == 0)
	private->missing_ms = now;
	return now - private->missing_ms < MISSING_MS || changed_just_now(zone->file);
}

static void keep_missing(struct zones *zones, struct zone_set *old)
{
	struct zone_private *private;

	TAILQ_FOREACH(private, &zones->list, entry)
	{
		if (private->seen || private->zone->id == 0) {
			private->missing_ms = 0;
		} else if (!zones->set.as_it_is && may_come_back(private->zone) &&
			   keep(zones, old, private->zone)) {
			zones->set.any_held = true;
		}
	}
}

static void apply_missing(struct zones *zones)
{
	struct zone_private *private, *next;

	for (private = TAILQ_FIRST(&zones->list); private != NULL; private = next) {
		struct zone *zone = private->zone;

		next = TAILQ_NEXT(private, entry);
		if (private->seen || zone->id == 0)
			continue;
		zone->config = NULL;
		zone->good = false;
		if (zone->file != NULL) {
			zones->hooks->config(zones->user, zone, "removed");
			free(zone->file);
			zone->file = NULL;
		}
		if (!lifecycle_is_active(zone->state)) {
			zones->hooks->removed(zones->user, zone);
			zone_remove(zone);
		}
	}
}

void zone_set_merge(struct zones *zones, struct zone_set *set)
{
	struct zone_set old = zones->set;
	struct zone_private *private;
	unsigned count = set->count;

	zones->set = *set;
	TAILQ_FOREACH(private, &zones->list, entry)
	{
		private->seen = false;
		private->unsettled = false;
	}
	/* first those that stay as they are: what they have is taken over from the old set */
	keep_held(zones, &old);
	for (unsigned i = 0; i < count; i++)
		apply_config(zones, zones->set.zones[i]);
	for (unsigned i = 0; i < set->num_paths; i++) {
		bool held = set->held != NULL && set->held[i];

		if (!held && zone_of_file(&zones->set, set->paths[i]) == NULL &&
		    has_reason(&set->findings, set->paths[i], ""))
			apply_broken(zones, set->paths[i]);
	}
	keep_missing(zones, &old);
	apply_missing(zones);
	zone_set_fini(&old);
	/* checking takes many times what stays of it, and looks are rare */
	malloc_trim(0);
}
