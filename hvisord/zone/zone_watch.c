/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When the config directories are looked at: soon after something changed in
 * them, when somebody asks, again while something may be half written or a look
 * failed for want of the daemon's own resources. One look at a time, in a worker.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "zone_private.h"

/* After a change there may be more of it. */
#define DEBOUNCE_MS 50u
/* A look costs; while changes go on, this many times as long passes without one. */
#define REST_FACTOR 4u
#define MAX_REST_MS 2000u
/* Another file's content may be a zone's disk, which changes without end and makes no difference. */
#define OTHER_FILE_MS 5000u
/* While something is held back, missing, or failed. */
#define AGAIN_MS 500u
#define RETRY_MS 1000u
/* Nothing tells of a directory that another takes the place of. */
#define POLL_MS 1000u

struct refresh_work {
	uv_work_t work;
	struct zones *zones;
	const char *dirs[ZONE_DIRS];
	unsigned num_dirs;
	const struct config_board *board; /* stays as it is; all else is the worker's own */
	bool as_it_is;
	uint64_t began_ms;
	struct zone_set set;
	struct refresh_list waiters;
};

static void refresh_begin(struct zones *zones);

static unsigned list_dirs(const struct zones *zones, const char **ret_dirs)
{
	ret_dirs[0] = zones->options.config_dir;
	ret_dirs[1] = zones->options.vendor_dir;
	return zones->options.vendor_dir != NULL ? 2 : 1;
}

static void on_time(uv_timer_t *timer)
{
	struct zones *zones = timer->data;

	/* one that has begun may have missed what this is for */
	if (zones->refresh != NULL)
		zones->look_again = true;
	else
		refresh_begin(zones);
}

/* The next look is in so many milliseconds, or sooner if it was to be. */
static void look_in(struct zones *zones, uint64_t ms)
{
	if (!uv_is_active((uv_handle_t *)&zones->settle) || uv_timer_get_due_in(&zones->settle) > ms)
		uv_timer_start(&zones->settle, on_time, ms, 0);
}

/* Takes over what was read; the waiters are told what came of it. */
static int take(struct zones *zones, struct zone_set *set)
{
	int error = set->error;

	if (error != zones->look_error && error != 0)
		log_error("%s: %s; trying again", zones->options.config_dir, strerror(-error));
	else if (error != zones->look_error)
		log_notice("%s: can be read again", zones->options.config_dir);
	zones->look_error = error;
	if (error != 0) {
		/* what was known stays */
		zone_set_fini(set);
		look_in(zones, RETRY_MS);
		return error;
	}
	zone_set_merge(zones, set);
	if (zones->set.any_held)
		look_in(zones, AGAIN_MS);
	return 0;
}

void zone_watch_read_now(struct zones *zones)
{
	const char *dirs[ZONE_DIRS];
	unsigned num_dirs = list_dirs(zones, dirs);
	struct zone_set set;

	zone_set_read(&set, dirs, num_dirs, &zones->board, true);
	(void)take(zones, &set);
}

static void refresh_work(uv_work_t *work)
{
	struct refresh_work *refresh = work->data;

	zone_set_read(&refresh->set, refresh->dirs, refresh->num_dirs, refresh->board, refresh->as_it_is);
}

static void call_waiters(struct refresh_list *waiters, int error)
{
	struct refresh_waiter *waiter;

	while ((waiter = STAILQ_FIRST(waiters)) != NULL) {
		STAILQ_REMOVE_HEAD(waiters, entry);
		waiter->done(waiter->user, error);
		free(waiter);
	}
}

static void refresh_done(uv_work_t *work, int status)
{
	struct refresh_work *refresh = work->data;
	struct zones *zones = refresh->zones;
	uint64_t now = zone_now_ms(), rest = (now - refresh->began_ms) * REST_FACTOR;
	int error = status;

	zones->refresh = NULL;
	zones->rest_until_ms = now + (rest < MAX_REST_MS ? rest : MAX_REST_MS);
	if (status != 0 || zones->closing)
		zone_set_fini(&refresh->set);
	else
		error = take(zones, &refresh->set);
	call_waiters(&refresh->waiters, error);
	free(refresh);
	if (zones->closing)
		return call_waiters(&zones->waiting, -ECANCELED);
	if (zones->look_again)
		look_in(zones, DEBOUNCE_MS);
	zones->look_again = false;
	if (!STAILQ_EMPTY(&zones->waiting))
		refresh_begin(zones);
}

static void refresh_begin(struct zones *zones)
{
	struct refresh_work *refresh = calloc(1, sizeof(*refresh));
	const struct refresh_waiter *waiter;

	if (refresh == NULL) {
		log_error("%s: out of memory", zones->options.config_dir);
		if (!zones->closing)
			look_in(zones, RETRY_MS);
		return call_waiters(&zones->waiting, -ENOMEM);
	}
	uv_timer_stop(&zones->settle);
	refresh->zones = zones;
	refresh->work.data = refresh;
	refresh->board = &zones->board;
	refresh->num_dirs = list_dirs(zones, refresh->dirs);
	refresh->began_ms = zone_now_ms();
	STAILQ_FOREACH(waiter, &zones->waiting, entry)
	refresh->as_it_is |= waiter->as_it_is;
	STAILQ_INIT(&refresh->waiters);
	STAILQ_CONCAT(&refresh->waiters, &zones->waiting);
	zones->refresh = refresh;
	uv_queue_work(zones->loop, &refresh->work, refresh_work, refresh_done);
}

int zones_refresh(struct zones *zones, bool as_it_is, zones_refreshed_fn done, void *user)
{
	struct refresh_waiter *waiter = calloc(1, sizeof(*waiter));

	if (waiter == NULL)
		return -ENOMEM;
	waiter->as_it_is = as_it_is;
	waiter->done = done;
	waiter->user = user;
	/* a look that has begun may have missed what the caller just wrote: the next one counts */
	STAILQ_INSERT_TAIL(&zones->waiting, waiter, entry);
	if (zones->refresh == NULL)
		refresh_begin(zones);
	return 0;
}

static void changed(struct zones *zones)
{
	uint64_t now = zone_now_ms();
	uint64_t rest = zones->rest_until_ms > now ? zones->rest_until_ms - now : 0;

	look_in(zones, rest > DEBOUNCE_MS ? rest : DEBOUNCE_MS);
}

static void on_change(uv_fs_event_t *handle, const char *name, int events, int status)
{
	struct zone_dir *dir = handle->data;

	if (status == 0 && events == UV_CHANGE && name != NULL && !config_is_zone_file(name))
		look_in(dir->zones, OTHER_FILE_MS);
	else
		changed(dir->zones);
}

static bool is_the_same(const struct zone_dir *dir)
{
	struct stat watched, named;

	return fstat(dir->fd, &watched) == 0 && stat(dir->path, &named) == 0 &&
	       watched.st_ino == named.st_ino && watched.st_dev == named.st_dev;
}

static void unwatch(struct zone_dir *dir)
{
	uv_fs_event_stop(&dir->watch);
	close(dir->fd);
	dir->fd = -1;
}

/* Watches what is there now under the directory's name. */
static void watch(struct zone_dir *dir)
{
	if (dir->fd >= 0 && is_the_same(dir))
		return;
	if (dir->fd >= 0) {
		unwatch(dir);
		changed(dir->zones);
	}
	dir->fd = open(dir->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir->fd < 0)
		return;
	if (uv_fs_event_start(&dir->watch, on_change, dir->path, 0) == 0)
		changed(dir->zones);
	else
		unwatch(dir);
}

static void on_poll(uv_timer_t *timer)
{
	struct zones *zones = timer->data;

	for (unsigned i = 0; i < zones->num_dirs; i++)
		watch(&zones->dirs[i]);
}

void zone_watch_begin(struct zones *zones)
{
	const char *paths[ZONE_DIRS];

	uv_timer_init(zones->loop, &zones->settle);
	uv_timer_init(zones->loop, &zones->poll);
	zones->settle.data = zones->poll.data = zones;
	zones->num_dirs = list_dirs(zones, paths);
	for (unsigned i = 0; i < zones->num_dirs; i++) {
		struct zone_dir *dir = &zones->dirs[i];

		uv_fs_event_init(zones->loop, &dir->watch);
		dir->watch.data = dir;
		dir->zones = zones;
		dir->path = paths[i];
		dir->fd = -1;
		watch(dir);
	}
	/* a directory that is removed, moved or swapped may not say so */
	uv_timer_start(&zones->poll, on_poll, POLL_MS, POLL_MS);
}

void zone_watch_close(struct zones *zones)
{
	if (zones->settle.data == NULL)
		return;
	uv_close((uv_handle_t *)&zones->settle, NULL);
	uv_close((uv_handle_t *)&zones->poll, NULL);
	for (unsigned i = 0; i < zones->num_dirs; i++) {
		if (zones->dirs[i].fd >= 0)
			unwatch(&zones->dirs[i]);
		uv_close((uv_handle_t *)&zones->dirs[i].watch, NULL);
	}
	zones->settle.data = NULL;
}
