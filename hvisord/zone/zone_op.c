/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests to start, stop and restart: each waits for the zone to get there, or for its time to be up. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zone_private.h"

/* The usual time for a stop: the guest's own, and that of the hypervisor. */
#define STOP_TIMEOUT_MS 30000u

struct zone_op {
	TAILQ_ENTRY(zone_op) entry;
	struct zone *zone;
	enum zone_request request;
	enum zone_stop_mode mode;
	uint64_t timeout_ms;
	bool asked;        /* the guest was asked to power off, and has time for it */
	zone_done_fn done; /* NULL: nobody waits any more */
	void *user;
	uv_timer_t timer;
	bool checking; /* the config directory is being read */
	bool finished;
	bool closed; /* the timer's handle */
};

static void on_timeout(uv_timer_t *timer);

static void release(struct zone_op *op)
{
	struct zone *zone = op->zone;

	if (!op->closed || op->checking)
		return;
	free(op);
	zone_put(zone);
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct zone_op *op = handle->data;

	op->closed = true;
	release(op);
}

static void finish(struct zone_op *op, const struct zone_failure *failure)
{
	if (op->finished)
		return;
	op->finished = true;
	TAILQ_REMOVE(&op->zone->private->ops, op, entry);
	if (op->done != NULL)
		op->done(op->user, op->zone, failure);
	uv_close((uv_handle_t *)&op->timer, on_timer_closed);
}

static void finish_with(struct zone_op *op, enum schema_error_id error, const char *format)
{
	struct zone_failure failure = { .error = error };
	char name[48];

	snprintf(name, sizeof(name), "%.40s", op->zone->name);
	if (format != NULL) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(failure.message, sizeof(failure.message), format, name);
#pragma GCC diagnostic pop
	}
	finish(op, &failure);
}

static bool wants_running(const struct zone_op *op)
{
	return op->request == ZONE_REQUEST_START || op->request == ZONE_REQUEST_RESTART;
}

void zone_ops_paused(struct zone *zone)
{
	enum zone_request done = zone->state == ZONE_PAUSED ? ZONE_REQUEST_PAUSE : ZONE_REQUEST_RESUME;
	struct zone_op *op, *next;

	for (op = TAILQ_FIRST(&zone->private->ops); op != NULL; op = next) {
		next = TAILQ_NEXT(op, entry);
		if (op->request == done)
			finish_with(op, SCHEMA_OK, NULL);
	}
}

void zone_ops_running(struct zone *zone)
{
	struct zone_op *op, *next;

	for (op = TAILQ_FIRST(&zone->private->ops); op != NULL; op = next) {
		next = TAILQ_NEXT(op, entry);
		if (wants_running(op) && !op->checking)
			finish_with(op, SCHEMA_OK, NULL);
	}
}

void zone_ops_stopped(struct zone *zone)
{
	struct zone_op *op, *next;

	for (op = TAILQ_FIRST(&zone->private->ops); op != NULL; op = next) {
		next = TAILQ_NEXT(op, entry);
		if (op->request == ZONE_REQUEST_STOP)
			finish_with(op, SCHEMA_OK, NULL);
	}
}

void zone_ops_settled(struct zone *zone)
{
	struct zone_op *op, *next;

	zone_ops_stopped(zone);
	for (op = TAILQ_FIRST(&zone->private->ops); op != NULL; op = next) {
		next = TAILQ_NEXT(op, entry);
		if (op->checking && !zone->private->zones->closing)
			continue;
		if (!wants_running(op))
			finish_with(op, SCHEMA_ERROR_ZONE_NOT_RUNNING, "zone %s has ended");
		else if (zone->failure.error != SCHEMA_OK)
			finish(op, &zone->failure);
		else
			finish_with(op, SCHEMA_ERROR_CANCELLED, "zone %s was stopped before it ran");
	}
}

const struct zone *zone_conflict(struct zones *zones, const HvZoneConfig *hv, int own_id,
				 struct hv_violation *ret_violation)
{
	struct zone_private *private;

	TAILQ_FOREACH(private, &zones->list, entry)
	{
		const struct zone *other = private->zone;

		if (lifecycle_is_active(other->state) && other->id != own_id &&
		    !hv_config_compatible(hv, &other->plan->hv, ret_violation))
			return other;
	}
	return NULL;
}

/* The zone's file, or one it refers to, is not good: the API adds the findings. */
static void finish_config(struct zone_op *op)
{
	finish_with(op, SCHEMA_ERROR_CONFIG, "the file of zone %s has errors");
}

static void finish_conflict(struct zone_op *op, const struct zone *other, struct hv_violation violation)
{
	struct zone_failure failure = { .error = SCHEMA_ERROR_CONFIG };

	snprintf(failure.reason, sizeof(failure.reason), "%s", hv_violation_name(violation.code));
	snprintf(failure.other, sizeof(failure.other), "zone %.48s", other->name);
	snprintf(failure.message, sizeof(failure.message),
		 "zone %.40s runs and has what this zone's file claims (%u)", other->name, violation.index);
	finish(op, &failure);
}

/* A plan from the zone's file as it is now, or NULL with the op finished. */
static struct zone_plan *make_plan(struct zone_op *op)
{
	struct zone *zone = op->zone;
	struct hv_violation violation;
	const struct zone *other;
	struct zone_plan *plan;

	if (!zone->private->in_table) {
		finish_with(op, SCHEMA_ERROR_ZONE_UNKNOWN, "zone %s has no file any more");
		return NULL;
	}
	if (zone->config == NULL || !zone->good) {
		finish_config(op);
		return NULL;
	}
	other = zone_conflict(zone->private->zones, &zone->config->hv, zone->id, &violation);
	if (other != NULL) {
		finish_conflict(op, other, violation);
		return NULL;
	}
	plan = plan_new(zone->config);
	if (plan == NULL)
		finish_with(op, SCHEMA_ERROR_INTERNAL, "out of memory for zone %s");
	return plan;
}

static void run_after_end(struct zone *zone, struct zone_plan *plan)
{
	plan_free(zone->private->next_plan);
	zone->private->next_plan = plan;
}

/* START and RESTART, once the directory has been read. */
static void proceed(struct zone_op *op)
{
	struct zone *zone = op->zone;
	bool up = zone->state == ZONE_LOADING || zone->state == ZONE_STARTING ||
		  zone->state == ZONE_RUNNING || zone->state == ZONE_PAUSED;
	struct zone_plan *plan;

	if (up && op->request == ZONE_REQUEST_START)
		return finish_with(op, SCHEMA_ERROR_ZONE_RUNNING, "zone %s runs already");
	plan = make_plan(op);
	if (plan == NULL)
		return;
	if (up || zone->state == ZONE_STOPPING) {
		run_after_end(zone, plan);
		if (up)
			zone_halt(zone, ZONE_EVENT_STOP, "requested");
		return;
	}
	zone->private->quick_resets = 0;
	zone_event(zone, ZONE_EVENT_START, "requested");
	zone_begin(zone, plan, 0);
}

static void on_checked(void *user)
{
	struct zone_op *op = user;

	op->checking = false;
	if (op->finished)
		return release(op);
	proceed(op);
}

/* Whether a reset is followed, for a new daemon too; that it could not be written is logged. */
static void want_stop(struct zone *zone, bool wanted)
{
	zone->private->stop_wanted = wanted;
	(void)zone_store(zone);
}

static bool has_power_key(const struct zone *zone)
{
	for (unsigned i = 0; zone->state == ZONE_RUNNING && i < zone->plan->num_devices; i++) {
		if (zone->plan->devices[i].type == CONFIG_DEVICE_POWER_KEY)
			return zone->private->device != NULL;
	}
	return false;
}

/* True: the guest was asked, or the op is finished. */
static bool stop_gracefully(struct zone_op *op)
{
	struct zone *zone = op->zone;
	const struct config_zone *config = zone->config;
	uint64_t time = config != NULL ? config->policy.stop_timeout_ms : STOP_TIMEOUT_MS;

	if (op->mode != ZONE_STOP_FORCE && has_power_key(zone) &&
	    device_press_power_key(zone->private->device) == 0) {
		op->asked = true;
		want_stop(zone, true);
		uv_timer_start(&op->timer, on_timeout, op->timeout_ms != 0 ? op->timeout_ms : time, 0);
		return true;
	}
	if (op->mode != ZONE_STOP_GRACEFUL)
		return false;
	finish_with(op, SCHEMA_ERROR_NOT_GRACEFUL,
		    "zone %s has nothing that could be asked to power off: use force");
	return true;
}

static void stop_by_force(struct zone_op *op)
{
	struct zone *zone = op->zone;
	struct zone_private *private = zone->private;

	op->asked = false;
	run_after_end(zone, NULL);
	private->stop_called = false;
	want_stop(zone, true);
	if (zone->state == ZONE_STOPPING)
		zone_progress(zone);
	else
		zone_halt(zone, ZONE_EVENT_STOP, "requested");
}

static void stop(struct zone_op *op)
{
	if (!lifecycle_is_active(op->zone->state))
		finish_with(op, SCHEMA_ERROR_ZONE_NOT_RUNNING, "zone %s does not run");
	else if (!stop_gracefully(op))
		stop_by_force(op);
}

/* The hypervisor answers at once; that it is done comes as a change. */
static void hold(struct zone_op *op)
{
	struct zone *zone = op->zone;
	struct backend *backend = zone->private->zones->backend;
	bool pause = op->request == ZONE_REQUEST_PAUSE;
	struct zone_failure failure = { .error = SCHEMA_ERROR_REFUSED };

	if (zone->state != ZONE_RUNNING && zone->state != ZONE_PAUSED)
		return finish_with(op, SCHEMA_ERROR_ZONE_NOT_RUNNING, "zone %s does not run");
	if (pause && zone->state == ZONE_PAUSED)
		return finish_with(op, SCHEMA_ERROR_ZONE_PAUSED, "zone %s is paused already");
	if (!pause && zone->state == ZONE_RUNNING)
		return finish_with(op, SCHEMA_ERROR_ZONE_NOT_PAUSED, "zone %s is not paused");
	failure.number = pause ? backend->ops->pause(backend, (uint32_t)zone->id)
			       : backend->ops->resume(backend, (uint32_t)zone->id);
	if (failure.number == 0)
		return zone_changed(zone);
	snprintf(failure.message, sizeof(failure.message), "the hypervisor refused to %s zone %.40s: %s",
		 pause ? "pause" : "resume", zone->name, strerror(-failure.number));
	finish(op, &failure);
}

/* The asker of a start does not want it any more. */
static void undo_start(struct zone *zone)
{
	if (zone->state != ZONE_LOADING && zone->state != ZONE_STARTING)
		return;
	zone->private->stop_wanted = true;
	zone_halt(zone, ZONE_EVENT_STOP, "cancelled");
}

static void give_up(struct zone_op *op, enum schema_error_id error, const char *format)
{
	struct zone *zone = op->zone;
	bool undo = wants_running(op) && !op->checking;

	/* who asked for a graceful end does not any more: what the guest does now is followed again */
	if (op->asked && lifecycle_is_active(zone->state) && zone->state != ZONE_STOPPING)
		want_stop(zone, false);
	finish_with(op, error, format);
	if (undo) {
		run_after_end(zone, NULL);
		undo_start(zone);
	}
}

static void on_timeout(uv_timer_t *timer)
{
	struct zone_op *op = timer->data;

	if (op->asked && op->mode == ZONE_STOP_AUTO) {
		uv_timer_start(&op->timer, on_timeout, STOP_TIMEOUT_MS, 0);
		return stop_by_force(op);
	}
	if (op->asked)
		return give_up(op, SCHEMA_ERROR_STOP_TIMEOUT, "zone %s did not power off in time");
	if (wants_running(op))
		give_up(op, SCHEMA_ERROR_START_TIMEOUT, "zone %s did not start in time");
	else if (op->request == ZONE_REQUEST_PAUSE)
		give_up(op, SCHEMA_ERROR_STOP_TIMEOUT, "zone %s was not paused in time");
	else
		give_up(op, SCHEMA_ERROR_STOP_TIMEOUT, "zone %s did not end in time");
}

void zone_op_cancel(struct zone_op *op)
{
	give_up(op, SCHEMA_ERROR_CANCELLED, "the request for zone %s was cancelled");
}

void zone_op_detach(struct zone_op *op)
{
	op->done = NULL;
}

int zone_request(struct zone *zone, const struct zone_ask *ask, zone_done_fn done, void *user,
		 struct zone_op **ret_op)
{
	struct zone_op *op = calloc(1, sizeof(*op));

	if (op == NULL)
		return -ENOMEM;
	op->zone = zone;
	op->request = ask->request;
	op->mode = ask->mode;
	op->timeout_ms = ask->timeout_ms;
	op->done = done;
	op->user = user;
	zone_get(zone);
	TAILQ_INSERT_TAIL(&zone->private->ops, op, entry);
	uv_timer_init(zone->private->zones->loop, &op->timer);
	op->timer.data = op;
	uv_timer_start(&op->timer, on_timeout, ask->timeout_ms != 0 ? ask->timeout_ms : STOP_TIMEOUT_MS, 0);
	*ret_op = op;
	if (zone->id == 0) {
		finish_with(op, SCHEMA_ERROR_ZONE_ROOT, "zone %s is the root zone");
	} else if (ask->request == ZONE_REQUEST_STOP) {
		stop(op);
	} else if (ask->request == ZONE_REQUEST_PAUSE || ask->request == ZONE_REQUEST_RESUME) {
		hold(op);
	} else {
		op->checking = true;
		if (zones_refresh(zone->private->zones, on_checked, op) != 0) {
			op->checking = false;
			finish_with(op, SCHEMA_ERROR_INTERNAL, "out of memory for zone %s");
		}
	}
	return 0;
}
