/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a plan to a running zone: create, load, device process, start. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "image.h"
#include "log.h"
#include "policy.h"
#include "zone_private.h"

/* Images on their way into RAM. The plan stays the zone's; it lives while load is set. */
struct zone_load {
	uv_work_t work;
	struct zone *zone;
	const struct zone_plan *plan;
	int bound_fd;
	atomic_bool abort;
	atomic_uint_fast64_t loaded; /* bytes */
	int result;
	struct image_error error;
	int files_result;
	struct device_files files; /* of the zone's devices */
	struct device_files_error files_error;
};

/* How often those who start a zone are told how far it is. */
#define PROGRESS_MS 100u

void zone_close_bound(struct zone *zone)
{
	if (zone->private->bound_fd >= 0)
		close(zone->private->bound_fd);
	zone->private->bound_fd = -1;
}

static void start_failed(struct zone *zone)
{
	zone_close_bound(zone);
	zone_halt(zone, ZONE_EVENT_FAIL, schema_errors[zone->failure.error].reason, zone->cause);
}

void zone_load_abort(struct zone *zone)
{
	if (zone->private->load != NULL)
		atomic_store(&zone->private->load->abort, true);
}

/* The device process is there, or none is needed: the last step. */
static void run(struct zone *zone)
{
	struct zone_private *private = zone->private;
	struct backend *backend = private->zones->backend;
	int r;

	zone_close_bound(zone);
	zone->started_ms = zone_now_ms();
	r = zone_store(zone);
	if (r != 0) {
		zone_fail(zone, SCHEMA_ERROR_INTERNAL, "writing to %s: %s", private->zones->options.run_dir,
			  strerror(-r));
		return start_failed(zone);
	}
	r = backend->ops->start(backend, (uint32_t)zone->id);
	if (r != 0) {
		zone_fail_refused(zone, "start", r, NULL);
		return start_failed(zone);
	}
	zone_event(zone, ZONE_EVENT_STARTED, NULL);
	zone_update_status(zone);
	policy_runs(zone);
	zone_ops_running(zone);
	/* it may have ended already, before its state could be awaited */
	zone_changed(zone);
}

void zone_device_is_ready(struct zone *zone)
{
	if (zone->state == ZONE_STARTING)
		run(zone);
}

static void loaded(struct zone *zone)
{
	int r;

	zone_event(zone, ZONE_EVENT_LOADED, NULL);
	if (!plan_has_virtio(zone->plan))
		return run(zone);
	r = zone_device_spawn(zone);
	if (r == 0)
		return;
	zone_fail(zone, SCHEMA_ERROR_DEVICE, "starting %s: %s", zone->private->zones->options.device_program,
		  strerror(-r));
	start_failed(zone);
}

static void load_work(uv_work_t *work)
{
	struct zone_load *load = work->data;
	struct image_watch watch = { .abort = &load->abort, .loaded = &load->loaded };

	load->files_result = device_files_open(load->plan, &load->files, &load->files_error);
	if (load->files_result == 0)
		load->result = image_load(load->plan, load->bound_fd, &watch, &load->error);
}

static void load_failed(struct zone *zone, const struct zone_load *load)
{
	if (load->files_result != 0)
		zone_fail(zone, SCHEMA_ERROR_DEVICE, "%s", load->files_error.message);
	else
		zone_fail(zone, SCHEMA_ERROR_IMAGE, "%s: %s", load->error.path, load->error.message);
	start_failed(zone);
}

static void tell_progress(struct zone *zone, uint64_t loaded)
{
	uint64_t total = 0;

	for (unsigned i = 0; i < zone->plan->num_images; i++)
		total += zone->plan->images[i].size;
	if (!zone_ops_progress(zone, loaded, total))
		uv_timer_stop(&zone->private->delay);
}

static void on_progress(uv_timer_t *timer)
{
	struct zone *zone = timer->data;
	struct zone_load *load = zone->private->load;

	if (load != NULL)
		tell_progress(zone, atomic_load(&load->loaded));
}

static void load_done(uv_work_t *work, int status)
{
	struct zone_load *load = work->data;
	struct zone *zone = load->zone;
	bool aborted = atomic_load(&load->abort) || status != 0;

	zone->private->load = NULL;
	uv_timer_stop(&zone->private->delay);
	if (zone->state == ZONE_LOADING && (load->files_result != 0 || load->result != 0) && !aborted) {
		load_failed(zone, load);
	} else if (zone->state == ZONE_LOADING && !zone->private->zones->closing) {
		zone->private->files = load->files;
		load->files.count = 0;
		tell_progress(zone, atomic_load(&load->loaded));
		loaded(zone);
	} else {
		zone_close_bound(zone);
		zone_progress(zone);
	}
	device_files_close(&load->files);
	free(load);
	zone_put(zone);
}

static int begin_load(struct zone *zone)
{
	struct zone_load *load = calloc(1, sizeof(*load));

	if (load == NULL)
		return -ENOMEM;
	load->work.data = load;
	load->zone = zone;
	load->plan = zone->plan;
	load->bound_fd = zone->private->bound_fd;
	zone->private->load = load;
	zone_get(zone);
	uv_timer_start(&zone->private->delay, on_progress, PROGRESS_MS, PROGRESS_MS);
	return uv_queue_work(zone->private->zones->loop, &load->work, load_work, load_done);
}

/* The call was made, but its answer was lost: what is the case will be asked. */
static bool may_be_created(int r)
{
	return r == -EINTR || r == -EIO || r == -EPIPE || r == -ECONNRESET;
}

static void create(struct zone *zone)
{
	struct zone_private *private = zone->private;
	struct backend *backend = private->zones->backend;
	struct hv_violation violation = { 0 };
	int r;

	/* on disk first: whatever happens from here on, a new daemon knows whose zone it finds */
	r = zone_store(zone);
	if (r != 0) {
		zone_fail(zone, SCHEMA_ERROR_INTERNAL, "writing to %s: %s", private->zones->options.run_dir,
			  strerror(-r));
		return start_failed(zone);
	}
	r = backend->ops->create(backend, &zone->plan->hv, &violation);
	if (r != 0) {
		private->created = may_be_created(r);
		zone_fail_refused(zone, "create", r, &violation);
		return start_failed(zone);
	}
	private->created = true;
	zone_update_status(zone);
	private->bound_fd = backend->ops->bind(backend, (uint32_t)zone->id);
	if (private->bound_fd < 0) {
		zone_fail_refused(zone, "bind", private->bound_fd, NULL);
		private->bound_fd = -1;
		return start_failed(zone);
	}
	r = begin_load(zone);
	if (r != 0) {
		zone_fail(zone, SCHEMA_ERROR_INTERNAL, "loading: %s", strerror(-r));
		start_failed(zone);
	}
}

static void on_delay(uv_timer_t *timer)
{
	struct zone *zone = timer->data;

	if (zone->state == ZONE_LOADING)
		create(zone);
}

void zone_begin(struct zone *zone, struct zone_plan *plan, unsigned delay_ms)
{
	struct zone_private *private = zone->private;

	if (plan != zone->plan)
		plan_free(zone->plan);
	zone->plan = plan;
	zone->id = (int)plan->hv.zone_id;
	zone->failure = (struct zone_failure){ 0 };
	zone->started_ms = 0;
	private->stop_called = false;
	private->destroy_called = false;
	private->refused = false;
	private->stop_wanted = false;
	private->device_failed = false;
	private->respawns = 0;
	if (delay_ms != 0)
		uv_timer_start(&private->delay, on_delay, delay_ms, 0);
	else
		create(zone);
}
