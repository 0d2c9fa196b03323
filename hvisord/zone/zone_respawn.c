/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device process of a zone that runs is gone, and nobody wanted that. By the
 * zone's policy another takes its place, whose devices ask their drivers for a
 * reset since what the first one knew is lost; or the zone has failed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "zone_private.h"

/* The first follows at once; later ones after a wait that doubles. */
#define FIRST_DELAY_MS 100u
#define MAX_DELAY_MS 10000u
/* So many in a row, and no more; a process that lived so long was none of them. */
#define MAX_RESPAWNS 8u
#define GOOD_LIFE_MS 60000u

struct zone_respawn {
	uv_timer_t timer;
	uv_work_t work;
	struct zone *zone;
	bool working;   /* a worker reads the zone's plan */
	bool cancelled; /* the zone ends, or the daemon does */
	int result;
	struct device_files files;
	struct device_files_error error;
};

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

/* The zone goes on without, whatever comes next. */
static void release(struct zone_respawn *respawn)
{
	struct zone *zone = respawn->zone;

	zone->private->respawn = NULL;
	device_files_close(&respawn->files);
	uv_close((uv_handle_t *)&respawn->timer, on_closed);
	zone_put(zone);
}

static void open_work(uv_work_t *work)
{
	struct zone_respawn *respawn = work->data;

	respawn->result = device_files_open(respawn->zone->plan, &respawn->files, &respawn->error);
}

static int spawn(struct zone *zone, struct zone_respawn *respawn)
{
	struct zone_private *private = zone->private;
	struct backend *backend = private->zones->backend;
	int r;

	private->bound_fd = backend->ops->bind(backend, (uint32_t)zone->id);
	if (private->bound_fd < 0) {
		r = private->bound_fd;
		private->bound_fd = -1;
		return r;
	}
	private->files = respawn->files;
	respawn->files.count = 0;
	r = zone_device_spawn(zone);
	zone_close_bound(zone);
	/* one that is there serves, also where the record of it cannot be written: that was logged */
	return private->device != NULL ? 0 : r;
}

static void open_done(uv_work_t *work, int status)
{
	struct zone_respawn *respawn = work->data;
	struct zone *zone = respawn->zone;
	int r = status != 0 ? status : respawn->result;

	respawn->working = false;
	if (respawn->cancelled) {
		zone_get(zone);
		release(respawn);
		zone_progress(zone);
		return zone_put(zone);
	}
	if (r != 0)
		log_zone_error(zone->name, "its devices cannot be served again: %s",
			       status != 0 ? strerror(-status) : respawn->error.message);
	else
		r = spawn(zone, respawn);
	release(respawn);
	if (r != 0)
		zone_device_failed(zone);
}

static void on_time(uv_timer_t *timer)
{
	struct zone_respawn *respawn = timer->data;
	int r;

	respawn->working = true;
	r = uv_queue_work(respawn->zone->private->zones->loop, &respawn->work, open_work, open_done);
	if (r != 0)
		open_done(&respawn->work, r);
}

static unsigned delay_after(unsigned respawns)
{
	unsigned delay = respawns == 0 ? 0 : FIRST_DELAY_MS;

	for (unsigned i = 1; i < respawns && delay < MAX_DELAY_MS; i++)
		delay *= 2;
	return delay < MAX_DELAY_MS ? delay : MAX_DELAY_MS;
}

static void give_up(struct zone *zone, const char *why)
{
	const struct zones *zones = zone->private->zones;

	zone->device_state = ZONE_DEVICE_UNSERVED;
	log_zone_error(zone->name, "%s: its devices are not served any more", why);
	zones->hooks->device(zones->user, zone, zone->device_pid, "unserved");
}

static void begin(struct zone *zone)
{
	struct zone_private *private = zone->private;
	struct zone_respawn *respawn = calloc(1, sizeof(*respawn));

	if (respawn == NULL)
		return give_up(zone, "out of memory");
	/* one that no record knows, since its daemon died over it, gives back the disks and the ring */
	device_unlink(private->zones->options.run_dir, (uint32_t)zone->id);
	respawn->zone = zone;
	respawn->work.data = respawn;
	uv_timer_init(private->zones->loop, &respawn->timer);
	respawn->timer.data = respawn;
	private->respawn = respawn;
	zone_get(zone);
	uv_timer_start(&respawn->timer, on_time, delay_after(private->respawns), 0);
	private->respawns++;
	private->respawn_ms = zone_now_ms();
}

static bool fails_with_it(const struct zone *zone)
{
	return zone->config != NULL &&
	       zone->config->policy.device_failure == CONFIG_DEVICE_FAILURE_RESTART_ZONE;
}

void zone_device_failed(struct zone *zone)
{
	struct zone_private *private = zone->private;

	if (private->respawn != NULL || (zone->state != ZONE_RUNNING && zone->state != ZONE_PAUSED))
		return;
	if (fails_with_it(zone)) {
		private->device_failed = true;
		zone_halt(zone, ZONE_EVENT_ENDED, "zone.device",
			  (struct zone_cause){ .kind = ZONE_CAUSE_DEVICE });
		return;
	}
	if (private->respawns > 0 && zone_now_ms() - private->respawn_ms >= GOOD_LIFE_MS)
		zone->private->respawns = 0;
	if (private->respawns < MAX_RESPAWNS)
		begin(zone);
	else
		give_up(zone, "too many of its device processes died in a row");
}

bool zone_respawn_cancel(struct zone *zone)
{
	struct zone_respawn *respawn = zone->private->respawn;

	if (respawn == NULL)
		return true;
	respawn->cancelled = true;
	if (respawn->working)
		return false;
	release(respawn);
	return true;
}
