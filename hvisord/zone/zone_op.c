/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests for zones: each waits for the zone to get there, or for its time to be up. */
#include "zone_op.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

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

void zone_op_finish(struct zone_op *op, const struct zone_failure *failure)
{
	if (op->finished)
		return;
	op->finished = true;
	TAILQ_REMOVE(&op->zone->private->ops, op, entry);
	if (op->done != NULL)
		op->done(op->user, op->zone, failure);
	uv_close((uv_handle_t *)&op->timer, on_timer_closed);
}

void zone_op_finish_with(struct zone_op *op, enum schema_error_id error, const char *format)
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
	zone_op_finish(op, &failure);
}

/* The zone has got where the request wanted it. */
typedef bool (*fulfils_fn)(const struct zone_op *op);

static void finish_those(struct zone *zone, fulfils_fn fulfils)
{
	struct zone_op *op, *next;

	for (op = TAILQ_FIRST(&zone->private->ops); op != NULL; op = next) {
		next = TAILQ_NEXT(op, entry);
		if (fulfils(op))
			zone_op_finish_with(op, SCHEMA_OK, NULL);
	}
}

static bool by_pause(const struct zone_op *op)
{
	enum zone_request done = op->zone->state == ZONE_PAUSED ? ZONE_REQUEST_PAUSE : ZONE_REQUEST_RESUME;

	return op->ask.request == done;
}

static bool by_run(const struct zone_op *op)
{
	return zone_op_wants_running(op) && !op->checking;
}

static bool by_end(const struct zone_op *op)
{
	return op->ask.request == ZONE_REQUEST_STOP;
}

void zone_ops_paused(struct zone *zone)
{
	finish_those(zone, by_pause);
}

void zone_ops_running(struct zone *zone)
{
	finish_those(zone, by_run);
}

void zone_ops_stopped(struct zone *zone)
{
	finish_those(zone, by_end);
}

void zone_ops_settled(struct zone *zone)
{
	struct zone_op *op, *next;

	zone_ops_stopped(zone);
	for (op = TAILQ_FIRST(&zone->private->ops); op != NULL; op = next) {
		next = TAILQ_NEXT(op, entry);
		if ((op->checking || op->touch != 0) && !zone->private->zones->closing)
			continue;
		if (op->touch != 0)
			zone_op_finish_with(op, SCHEMA_ERROR_CANCELLED, "zone %s: the daemon ends");
		else if (!zone_op_wants_running(op))
			zone_op_finish_with(op, SCHEMA_ERROR_ZONE_NOT_RUNNING, "zone %s has ended");
		else if (zone->failure.error != SCHEMA_OK)
			zone_op_finish(op, &zone->failure);
		else
			zone_op_finish_with(op, SCHEMA_ERROR_CANCELLED, "zone %s was stopped before it ran");
	}
}

void zone_ops_written(struct zone *zone, uint64_t touch, int error)
{
	struct zone_op *op, *next;

	for (op = TAILQ_FIRST(&zone->private->ops); op != NULL; op = next) {
		next = TAILQ_NEXT(op, entry);
		if (op->touch != 0 && op->touch <= touch)
			zone_ask_written(op, error);
	}
}

bool zone_ops_progress(const struct zone *zone, uint64_t loaded, uint64_t total)
{
	struct zone_op *op, *next;
	bool wanted = false;

	for (op = TAILQ_FIRST(&zone->private->ops); op != NULL; op = next) {
		next = TAILQ_NEXT(op, entry);
		if (!by_run(op) || op->ask.progress == NULL || op->done == NULL)
			continue;
		op->ask.progress(op->user, zone, loaded, total);
		wanted = true;
	}
	return wanted;
}

static void on_timeout(uv_timer_t *timer)
{
	struct zone_op *op = timer->data;

	if (op->asked && op->ask.mode == ZONE_STOP_AUTO) {
		zone_op_set_time(op, ZONE_STOP_TIMEOUT_MS);
		return zone_ask_force(op);
	}
	if (op->asked)
		zone_ask_give_up(op, SCHEMA_ERROR_STOP_TIMEOUT, "zone %s did not power off in time");
	else if (zone_op_wants_running(op))
		zone_ask_give_up(op, SCHEMA_ERROR_START_TIMEOUT, "zone %s did not start in time");
	else if (op->touch != 0)
		zone_ask_give_up(op, SCHEMA_ERROR_STATE, "zone %s: the state directory took too long");
	else if (op->ask.request == ZONE_REQUEST_PAUSE)
		zone_ask_give_up(op, SCHEMA_ERROR_STOP_TIMEOUT, "zone %s was not paused in time");
	else
		zone_ask_give_up(op, SCHEMA_ERROR_STOP_TIMEOUT, "zone %s did not end in time");
}

void zone_op_set_time(struct zone_op *op, uint64_t ms)
{
	uv_timer_start(&op->timer, on_timeout, ms, 0);
}

void zone_op_cancel(struct zone_op *op)
{
	zone_ask_give_up(op, SCHEMA_ERROR_CANCELLED, "the request for zone %s was cancelled");
}

void zone_op_detach(struct zone_op *op)
{
	op->done = NULL;
}

static void on_checked(void *user, int error)
{
	struct zone_op *op = user;

	op->checking = false;
	if (op->finished)
		return release(op);
	if (error != 0)
		return zone_op_finish_with(
			op, SCHEMA_ERROR_INTERNAL,
			"the file of zone %s cannot be checked: out of memory or descriptors");
	zone_ask_checked(op);
}

void zone_op_check(struct zone_op *op)
{
	op->checking = true;
	if (zones_refresh(op->zone->private->zones, false, on_checked, op) == 0)
		return;
	op->checking = false;
	zone_op_finish_with(op, SCHEMA_ERROR_INTERNAL, "out of memory for zone %s");
}

int zone_request(struct zone *zone, const struct zone_ask *ask, zone_done_fn done, void *user,
		 struct zone_op **ret_op)
{
	struct zone_op *op = calloc(1, sizeof(*op));

	if (op == NULL)
		return -ENOMEM;
	op->zone = zone;
	op->ask = *ask;
	op->done = done;
	op->user = user;
	zone_get(zone);
	TAILQ_INSERT_TAIL(&zone->private->ops, op, entry);
	uv_timer_init(zone->private->zones->loop, &op->timer);
	op->timer.data = op;
	zone_op_set_time(op, ask->timeout_ms != 0 ? ask->timeout_ms : ZONE_STOP_TIMEOUT_MS);
	*ret_op = op;
	zone_ask_begin(op);
	return 0;
}
