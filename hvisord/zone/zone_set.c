/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The config directory: read and checked in a worker, merged into the zones
 * in the loop. A change on disk counts once the directory has been quiet for
 * a moment, so that half-written files do not show.
 */
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "log.h"
#include "zone_private.h"

#define SETTLE_MS 300u

struct refresh_work {
	uv_work_t work;
	struct zones *zones; /* NULL: closed meanwhile */
	char *dir;
	const struct config_board *board; /* stays as it is; all else is the worker's own */
	struct zone_set set;
	struct refresh_list waiters;
};

void zone_set_fini(struct zone_set *set)
{
	for (unsigned i = 0; i < set->count; i++)
		config_zone_free(set->zones[i]);
	for (unsigned i = 0; i < set->num_paths; i++)
		free(set->paths[i]);
	free(set->zones);
	free(set->paths);
	config_findings_fini(&set->findings);
	*set = (struct zone_set){ 0 };
}

static void set_read(struct zone_set *set, const char *dir, const struct config_board *board)
{
	*set = (struct zone_set){ 0 };
	set->error = config_list_dir(dir, &set->paths, &set->num_paths);
	if (set->error == 0)
		set->error = config_check((const char *const *)set->paths, set->num_paths, board, &set->zones,
					  &set->count, &set->findings);
}

static bool has_error(const struct config_findings *findings, const char *file)
{
	for (unsigned i = 0; i < findings->count; i++) {
		if (findings->list[i].severity == CONFIG_ERROR && strcmp(findings->list[i].file, file) == 0)
			return true;
	}
	return false;
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

static void take_name(struct zone *zone, const char *name)
{
	char *copy;

	if (strcmp(zone->name, name) == 0)
		return;
	copy = strdup(name);
	if (copy == NULL)
		return;
	free(zone->name);
	zone->name = copy;
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
	if (config != NULL && !active) {
		zone->id = (int)config->hv.zone_id;
		take_name(zone, config->name);
	}
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

static bool is_zone_file(const struct zone_set *set, const char *file)
{
	for (unsigned i = 0; i < set->count; i++) {
		if (strcmp(set->zones[i]->file, file) == 0)
			return true;
	}
	return false;
}

static void set_merge(struct zones *zones, struct zone_set *set)
{
	struct zone_set old = zones->set;
	struct zone_private *private;

	if (set->error != 0 && set->error != old.error)
		log_warning("%s: %s", zones->options.config_dir, strerror(-set->error));
	zones->set = *set;
	TAILQ_FOREACH(private, &zones->list, entry)
	private->seen = false;
	for (unsigned i = 0; i < set->count; i++)
		apply_config(zones, set->zones[i]);
	for (unsigned i = 0; i < set->num_paths; i++) {
		if (!is_zone_file(set, set->paths[i]) && has_error(&set->findings, set->paths[i]))
			apply_broken(zones, set->paths[i]);
	}
	apply_missing(zones);
	zone_set_fini(&old);
	/* checking takes many times what stays of it, and looks are rare */
	malloc_trim(0);
}

void zone_set_read_now(struct zones *zones)
{
	struct zone_set set;

	set_read(&set, zones->options.config_dir, &zones->board);
	set_merge(zones, &set);
}

static void refresh_begin(struct zones *zones);

static void refresh_work(uv_work_t *work)
{
	struct refresh_work *refresh = work->data;

	set_read(&refresh->set, refresh->dir, refresh->board);
}

static void call_waiters(struct refresh_list *waiters)
{
	struct refresh_waiter *waiter;

	while ((waiter = STAILQ_FIRST(waiters)) != NULL) {
		STAILQ_REMOVE_HEAD(waiters, entry);
		waiter->done(waiter->user);
		free(waiter);
	}
}

static void refresh_done(uv_work_t *work, int status)
{
	struct refresh_work *refresh = work->data;
	struct zones *zones = refresh->zones;

	zones->refresh = NULL;
	if (status != 0 || zones->closing)
		zone_set_fini(&refresh->set);
	else
		set_merge(zones, &refresh->set);
	call_waiters(&refresh->waiters);
	free(refresh->dir);
	free(refresh);
	if (!STAILQ_EMPTY(&zones->waiting))
		refresh_begin(zones);
}

static void refresh_begin(struct zones *zones)
{
	struct refresh_work *refresh = calloc(1, sizeof(*refresh));

	if (refresh != NULL)
		refresh->dir = strdup(zones->options.config_dir);
	if (refresh == NULL || refresh->dir == NULL) {
		/* the waiters find the last look at the directory */
		log_error("%s: out of memory", zones->options.config_dir);
		free(refresh);
		call_waiters(&zones->waiting);
		return;
	}
	refresh->zones = zones;
	refresh->work.data = refresh;
	refresh->board = &zones->board;
	STAILQ_INIT(&refresh->waiters);
	STAILQ_CONCAT(&refresh->waiters, &zones->waiting);
	zones->refresh = refresh;
	if (!zones->watching)
		zone_set_watch(zones);
	uv_queue_work(zones->loop, &refresh->work, refresh_work, refresh_done);
}

int zones_refresh(struct zones *zones, zones_refreshed_fn done, void *user)
{
	struct refresh_waiter *waiter = calloc(1, sizeof(*waiter));

	if (waiter == NULL)
		return -ENOMEM;
	waiter->done = done;
	waiter->user = user;
	/* a look that has begun may have missed what the caller just wrote: the next one counts */
	STAILQ_INSERT_TAIL(&zones->waiting, waiter, entry);
	if (zones->refresh == NULL)
		refresh_begin(zones);
	return 0;
}

static void on_refreshed(void *user)
{
	(void)user;
}

static void on_settled(uv_timer_t *timer)
{
	struct zones *zones = timer->data;

	if (zones_refresh(zones, on_refreshed, NULL) != 0)
		log_error("%s: out of memory", zones->options.config_dir);
}

static void on_watch(uv_fs_event_t *watch, const char *name, int events, int status)
{
	struct zones *zones = watch->data;

	(void)name;
	(void)events;
	if (status == 0)
		uv_timer_start(&zones->settle, on_settled, SETTLE_MS, 0);
}

void zone_set_watch(struct zones *zones)
{
	if (zones->settle.data == NULL) {
		uv_timer_init(zones->loop, &zones->settle);
		uv_fs_event_init(zones->loop, &zones->watch);
		zones->settle.data = zones;
		zones->watch.data = zones;
	}
	/* an absent directory is tried again with the next look */
	zones->watching = uv_fs_event_start(&zones->watch, on_watch, zones->options.config_dir, 0) == 0;
}

void zone_set_close(struct zones *zones)
{
	if (zones->settle.data == NULL)
		return;
	uv_close((uv_handle_t *)&zones->settle, NULL);
	uv_close((uv_handle_t *)&zones->watch, NULL);
	zones->settle.data = NULL;
}
