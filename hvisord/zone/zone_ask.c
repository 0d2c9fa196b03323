/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each request for a zone does: checks all that can be checked, then acts, or says why not. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "policy.h"
#include "zone_op.h"

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

static void finish_conflict(struct zone_op *op, const struct zone *other, struct hv_violation violation)
{
	struct zone_failure failure = { .error = SCHEMA_ERROR_CONFIG };

	snprintf(failure.reason, sizeof(failure.reason), "%s", hv_violation_name(violation.code));
	snprintf(failure.other, sizeof(failure.other), "zone %.48s", other->name);
	snprintf(failure.message, sizeof(failure.message),
		 "zone %.40s runs and has what this zone's file claims (%u)", other->name, violation.index);
	zone_op_finish(op, &failure);
}

/* A plan from the zone's file as it is now, or NULL with the op finished. */
static struct zone_plan *make_plan(struct zone_op *op)
{
	struct zone *zone = op->zone;
	struct hv_violation violation;
	const struct zone *other;
	struct zone_plan *plan;

	if (!zone->private->in_table || zone->private->missing_ms != 0) {
		zone_op_finish_with(op, SCHEMA_ERROR_ZONE_UNKNOWN, "zone %s has no file any more");
		return NULL;
	}
	/* the API adds the findings */
	if (zone->config == NULL || !zone->good || zone->private->unsettled) {
		zone_op_finish_with(op, SCHEMA_ERROR_CONFIG, "the file of zone %s has errors");
		return NULL;
	}
	other = zone_conflict(zone->private->zones, &zone->config->hv, zone->id, &violation);
	if (other != NULL) {
		finish_conflict(op, other, violation);
		return NULL;
	}
	plan = plan_new(zone->config);
	if (plan == NULL)
		zone_op_finish_with(op, SCHEMA_ERROR_INTERNAL, "out of memory for zone %s");
	return plan;
}

static void run_after_end(struct zone *zone, struct zone_plan *plan)
{
	plan_free(zone->private->next_plan);
	zone->private->next_plan = plan;
}

static bool has_power_key(const struct zone *zone)
{
	for (unsigned i = 0; zone->state == ZONE_RUNNING && i < zone->plan->num_devices; i++) {
		if (zone->plan->devices[i].type == CONFIG_DEVICE_POWER_KEY)
			return zone->private->device != NULL;
	}
	return false;
}

/* True: the guest was asked to power off, and has that many milliseconds for it. */
static bool press_power_key(struct zone *zone, uint64_t *ret_time)
{
	const struct config_zone *config = zone->config;

	*ret_time = config != NULL ? config->policy.stop_timeout_ms : ZONE_STOP_TIMEOUT_MS;
	return has_power_key(zone) && device_press_power_key(zone->private->device) == 0;
}

static void end_for_next(struct zone *zone)
{
	zone_halt(zone, ZONE_EVENT_STOP, "requested", zone->private->next_cause);
}

static void on_grace_over(uv_timer_t *timer)
{
	struct zone *zone = timer->data;

	/* whoever asked may have been told meanwhile that it takes too long */
	if (zone->private->next_plan != NULL && (zone->state == ZONE_RUNNING || zone->state == ZONE_PAUSED))
		end_for_next(zone);
}

/* A new plan takes the place of what is the case. */
static void run_plan(struct zone_op *op, struct zone_plan *plan, bool up)
{
	struct zone *zone = op->zone;
	struct zone_private *private = zone->private;
	uint64_t time;

	if (up || zone->state == ZONE_STOPPING) {
		run_after_end(zone, plan);
		private->next_cause = op->ask.cause;
		policy_restart_asked(zone);
		/* what is loading or starting has its own use for the timer, and no guest that could be asked */
		if (up && press_power_key(zone, &time))
			uv_timer_start(&private->delay, on_grace_over, time, 0);
		else if (up)
			end_for_next(zone);
		return;
	}
	private->quick_resets = 0;
	if (op != private->policy_op)
		policy_start_asked(zone);
	zone_event_by(zone, ZONE_EVENT_START, "requested", op->ask.cause);
	zone_begin(zone, plan, 0);
}

void zone_ask_checked(struct zone_op *op)
{
	struct zone *zone = op->zone;
	bool up = lifecycle_is_active(zone->state) && zone->state != ZONE_STOPPING;
	struct zone_plan *plan;

	if (up && op->ask.request == ZONE_REQUEST_START)
		return zone_op_finish_with(op, SCHEMA_ERROR_ZONE_RUNNING, "zone %s runs already");
	plan = make_plan(op);
	if (plan == NULL)
		return;
	if (!op->ask.dry_run)
		return run_plan(op, plan, up);
	plan_free(plan);
	zone_op_finish_with(op, SCHEMA_OK, NULL);
}

/* Whether a reset is followed, for a new daemon too; that it could not be written is logged. */
static void want_stop(struct zone *zone, bool wanted)
{
	zone->private->stop_wanted = wanted;
	if (wanted)
		(void)policy_stop_asked(zone);
	else
		policy_stop_given_up(zone);
	(void)zone_store(zone);
}

/* True: the guest was asked. */
static bool stop_gracefully(struct zone_op *op)
{
	struct zone *zone = op->zone;
	uint64_t time;

	if (op->ask.mode == ZONE_STOP_FORCE || !press_power_key(zone, &time))
		return false;
	run_after_end(zone, NULL);
	op->asked = true;
	want_stop(zone, true);
	zone_op_set_time(op, op->ask.timeout_ms != 0 ? op->ask.timeout_ms : time);
	return true;
}

void zone_ask_force(struct zone_op *op)
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
		zone_halt(zone, ZONE_EVENT_STOP, "requested", op->ask.cause);
}

/* It does not run, but maybe it was about to. */
static void stop_pending(struct zone_op *op)
{
	struct zone *zone = op->zone;
	bool pending = op->ask.dry_run ? policy_is_pending(zone) : policy_stop_asked(zone);

	if (pending)
		zone_op_finish_with(op, SCHEMA_OK, NULL);
	else
		zone_op_finish_with(op, SCHEMA_ERROR_ZONE_NOT_RUNNING, "zone %s does not run");
}

static void stop(struct zone_op *op)
{
	struct zone *zone = op->zone;
	bool graceful = op->ask.mode == ZONE_STOP_GRACEFUL;

	if (!lifecycle_is_active(zone->state))
		stop_pending(op);
	else if (graceful && !has_power_key(zone))
		zone_op_finish_with(op, SCHEMA_ERROR_NOT_GRACEFUL,
				    "zone %s has nothing that could be asked to power off: use force");
	else if (op->ask.dry_run)
		zone_op_finish_with(op, SCHEMA_OK, NULL);
	else if (stop_gracefully(op))
		return;
	else if (graceful)
		zone_op_finish_with(op, SCHEMA_ERROR_NOT_GRACEFUL,
				    "the device process of zone %s does not take the request: use force");
	else
		zone_ask_force(op);
}

/* The hypervisor answers at once; that it is done comes as a change. */
static void hold(struct zone_op *op)
{
	struct zone *zone = op->zone;
	struct backend *backend = zone->private->zones->backend;
	bool pause = op->ask.request == ZONE_REQUEST_PAUSE;
	struct zone_failure failure = { .error = SCHEMA_ERROR_REFUSED };

	if (zone->state != ZONE_RUNNING && zone->state != ZONE_PAUSED)
		return zone_op_finish_with(op, SCHEMA_ERROR_ZONE_NOT_RUNNING, "zone %s does not run");
	if (pause && zone->state == ZONE_PAUSED)
		return zone_op_finish_with(op, SCHEMA_ERROR_ZONE_PAUSED, "zone %s is paused already");
	if (!pause && zone->state == ZONE_RUNNING)
		return zone_op_finish_with(op, SCHEMA_ERROR_ZONE_NOT_PAUSED, "zone %s is not paused");
	if (op->ask.dry_run)
		return zone_op_finish_with(op, SCHEMA_OK, NULL);
	failure.number = pause ? backend->ops->pause(backend, (uint32_t)zone->id)
			       : backend->ops->resume(backend, (uint32_t)zone->id);
	zone->private->hold_cause = op->ask.cause;
	if (failure.number == 0)
		return zone_changed(zone);
	snprintf(failure.message, sizeof(failure.message), "the hypervisor refused to %s zone %.40s: %s",
		 pause ? "pause" : "resume", zone->name, strerror(-failure.number));
	zone_op_finish(op, &failure);
}

static void enable(struct zone_op *op)
{
	struct zone *zone = op->zone;

	if (op->ask.dry_run)
		return zone_op_finish_with(op, SCHEMA_OK, NULL);
	op->before = zone_override(zone);
	op->touch = policy_enable(zone, op->ask.request == ZONE_REQUEST_ENABLE);
	if (op->touch == 0)
		zone_op_finish_with(op, SCHEMA_ERROR_INTERNAL, "out of memory for zone %s");
}

/* It is as it was before; or, where somebody has asked for more since, will be if that fails too. */
static void take_back(struct zone_op *op)
{
	struct zone_op *later = op;

	do {
		later = TAILQ_NEXT(later, entry);
	} while (later != NULL && later->touch == 0);
	if (later != NULL)
		later->before = op->before;
	else
		policy_unenable(op->zone, op->before);
}

void zone_ask_written(struct zone_op *op, int error)
{
	struct zone_failure failure = { .error = SCHEMA_ERROR_STATE };
	struct zone *zone = op->zone;

	if (error == 0)
		return zone_op_finish_with(op, SCHEMA_OK, NULL);
	take_back(op);
	snprintf(failure.message, sizeof(failure.message),
		 "%.128s: %s: what zone %.40s does at boot stays as it was",
		 zone->private->zones->options.state_dir, strerror(-error), zone->name);
	zone_op_finish(op, &failure);
}

/* The asker of a start does not want it any more. */
static void undo_start(struct zone *zone, struct zone_cause cause)
{
	if (zone->state != ZONE_LOADING && zone->state != ZONE_STARTING)
		return;
	zone->private->stop_wanted = true;
	zone_halt(zone, ZONE_EVENT_STOP, "cancelled", cause);
}

void zone_ask_give_up(struct zone_op *op, enum schema_error_id error, const char *format)
{
	struct zone *zone = op->zone;
	struct zone_cause cause = op->ask.cause;
	bool undo = zone_op_wants_running(op) && !op->checking;

	/* who asked for a graceful end does not any more: what the guest does now is followed again */
	if (op->asked && lifecycle_is_active(zone->state) && zone->state != ZONE_STOPPING)
		want_stop(zone, false);
	if (op->touch != 0)
		take_back(op);
	zone_op_finish_with(op, error, format);
	if (undo) {
		run_after_end(zone, NULL);
		undo_start(zone, cause);
	}
}

void zone_ask_begin(struct zone_op *op)
{
	static void (*const begin[])(struct zone_op * op) = {
		[ZONE_REQUEST_START] = zone_op_check,   [ZONE_REQUEST_STOP] = stop,
		[ZONE_REQUEST_RESTART] = zone_op_check, [ZONE_REQUEST_PAUSE] = hold,
		[ZONE_REQUEST_RESUME] = hold,           [ZONE_REQUEST_ENABLE] = enable,
		[ZONE_REQUEST_DISABLE] = enable,
	};

	if (op->zone->id == 0)
		zone_op_finish_with(op, SCHEMA_ERROR_ZONE_ROOT, "zone %s is the root zone");
	else
		begin[op->ask.request](op);
}
