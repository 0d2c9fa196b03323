/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The end of a run, from whatever state, to nothing left. zone_progress() asks
 * what is the case and does the next thing; it is called again for every
 * change, so that it does not matter who ended what, nor which daemon.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "policy.h"
#include "zone_private.h"

/* A run that ends by a reset sooner than this is a quick one. */
#define QUICK_RUN_MS 10000u
#define FIRST_DELAY_MS 100u
#define MAX_DELAY_MS 10000u

int zone_store(struct zone *zone)
{
	const struct zone_private *private = zone->private;
	struct store_record record = {
		.plan = zone->plan,
		.started_ms = zone->started_ms,
		.wanted = !private->stop_wanted,
	};
	int r;

	if (private->device != NULL) {
		record.device_pid = device_pid(private->device);
		record.device_start = device_start_time(private->device);
		zone_consoles_store(zone, &record);
	} else if (zone->device_state == ZONE_DEVICE_DIED || zone->device_state == ZONE_DEVICE_UNSERVED) {
		/* that one is missing is for a new daemon to see, too */
		record.device_pid = zone->device_pid;
	}
	r = store_write(private->zones->options.run_dir, (uint32_t)zone->id, &record);
	if (r != 0)
		log_zone_error(zone->name, "writing to %s: %s", private->zones->options.run_dir,
			       strerror(-r));
	return r;
}

static bool is_fault(uint32_t reason)
{
	return reason == HV_REASON_BAD_ACCESS || reason == HV_REASON_BAD_MMIO ||
	       reason == HV_REASON_BAD_TRAP || reason == HV_REASON_DEVICE;
}

/* Milliseconds before the guest's reset is followed: none at first, then more and more. */
static unsigned reset_delay(struct zone *zone)
{
	struct zone_private *private = zone->private;
	bool quick = zone->started_ms != 0 && zone_now_ms() - zone->started_ms < QUICK_RUN_MS;
	unsigned delay = 0;

	private->quick_resets = quick ? private->quick_resets + 1 : 0;
	if (private->quick_resets > 1)
		delay = FIRST_DELAY_MS;
	for (unsigned i = 2; i < private->quick_resets && delay < MAX_DELAY_MS; i++)
		delay *= 2;
	return delay < MAX_DELAY_MS ? delay : MAX_DELAY_MS;
}

/* After the end: what the directory says of the zone counts again. */
static void settle(struct zone *zone)
{
	struct zones *zones = zone->private->zones;

	if (!zone->good && zone->file != NULL)
		zone_event(zone, ZONE_EVENT_CONFIG_BAD, "config.invalid");
	zones->hooks->console(zones->user, zone);
	zone_ops_settled(zone);
	if (zone->file == NULL && !lifecycle_is_active(zone->state)) {
		zones->hooks->removed(zones->user, zone);
		zone_remove(zone);
	}
}

static void follow(struct zone *zone, struct zone_plan *plan, unsigned delay_ms, const char *reason)
{
	zone_event(zone, ZONE_EVENT_RESTART, reason);
	/* who asked for the end has got it, although somebody else asked for what follows */
	zone_ops_stopped(zone);
	zone_begin(zone, plan, delay_ms);
}

/* Nothing is left in the hypervisor, nor of the device process. */
static void finish(struct zone *zone)
{
	struct zone_private *private = zone->private;
	const char *run_dir = private->zones->options.run_dir;
	struct zone_plan *next = private->next_plan;
	uint32_t reason = zone->status.reason;
	bool ran = private->created && zone->failure.error == SCHEMA_OK;
	uint64_t ran_ms = ran && zone->started_ms != 0 ? zone_now_ms() - zone->started_ms : 0;

	/* who stopped it has it stopped in the eyes of every daemon to come */
	if (private->stop_wanted && !policy_is_kept(private->zones))
		return;
	private->created = false;
	zone_close_bound(zone);
	device_unlink(run_dir, (uint32_t)zone->id);
	zone->device_state = ZONE_DEVICE_NONE;
	zone->device_pid = 0;
	zone_inputs_fail(zone);
	private->next_plan = NULL;
	if (next != NULL) {
		private->quick_resets = 0;
		zone->cause = private->next_cause;
		return follow(zone, next, 0, "requested");
	}
	if (ran && reason == HV_REASON_GUEST_RESET && !private->stop_wanted && zone->plan->num_images != 0) {
		zone->counters.resets++;
		return follow(zone, zone->plan, reset_delay(zone), zone_reason_name(reason));
	}
	store_remove(run_dir, (uint32_t)zone->id);
	zone->started_ms = 0;
	if (private->device_failed)
		zone_event(zone, ZONE_EVENT_CRASHED, "zone.device");
	else if (ran && is_fault(reason))
		zone_event(zone, ZONE_EVENT_CRASHED, zone_reason_name(reason));
	else if (zone->failure.error != SCHEMA_OK)
		zone_event(zone, ZONE_EVENT_GONE, schema_errors[zone->failure.error].reason);
	else
		zone_event(zone, ZONE_EVENT_GONE,
			   ran && reason != HV_REASON_DESTROYED ? zone_reason_name(reason) : "stopped");
	policy_ended(zone, ran_ms);
	settle(zone);
}

/* Tried again until it works. EBUSY: it ended by itself just now, and its event is on the way. */
static void refused(struct zone *zone, const char *call, int r)
{
	if (!zone->private->refused && r != -EBUSY)
		log_zone_error(zone->name, "the hypervisor refused to %s it: %s; trying again", call,
			       strerror(-r));
	zone->private->refused |= r != -EBUSY;
	zones_again(zone->private->zones);
}

/* The zone's CPUs are out, or never were in. */
static void take_back(struct zone *zone)
{
	struct zone_private *private = zone->private;
	struct backend *backend = private->zones->backend;
	int r;

	if (private->device != NULL) {
		if (!private->quit_called)
			device_quit(private->device);
		private->quit_called = true;
		return;
	}
	if (private->destroy_called)
		return;
	private->destroy_called = true;
	r = backend->ops->destroy(backend, (uint32_t)zone->id);
	if (r == 0)
		return zone_progress(zone);
	private->destroy_called = false;
	refused(zone, "destroy", r);
}

static void force_stop(struct zone *zone)
{
	struct zone_private *private = zone->private;
	struct backend *backend = private->zones->backend;
	int r;

	if (private->stop_called)
		return;
	private->stop_called = true;
	r = backend->ops->stop(backend, (uint32_t)zone->id);
	if (r == 0)
		return zone_progress(zone);
	private->stop_called = false;
	refused(zone, "stop", r);
}

typedef void (*progress_fn)(struct zone *zone);

void zone_progress(struct zone *zone)
{
	static const progress_fn steps[] = {
		[HV_ZONE_NONE] = finish,       [HV_ZONE_LOADING] = take_back, [HV_ZONE_RUNNING] = force_stop,
		[HV_ZONE_STOPPING] = NULL,     [HV_ZONE_ENDED] = take_back,   [HV_ZONE_SCRUBBING] = NULL,
		[HV_ZONE_PAUSED] = force_stop,
	};
	struct zone_private *private = zone->private;
	uint32_t state = HV_ZONE_NONE;

	if (zone->state != ZONE_STOPPING || private->zones->closing)
		return;
	/* a worker still writes into the zone's RAM */
	if (private->load != NULL)
		return zone_load_abort(zone);
	if (!zone_respawn_cancel(zone))
		return;
	if (private->created) {
		if (zone_update_status(zone) != 0)
			return;
		state = zone->status.state;
	}
	/* a process that was killed or spawned for nothing must be gone too */
	if (state == HV_ZONE_NONE && private->device != NULL)
		state = HV_ZONE_LOADING;
	if (state < sizeof(steps) / sizeof(steps[0]) && steps[state] != NULL)
		steps[state](zone);
}

void zone_halt(struct zone *zone, enum zone_event event, const char *reason, struct zone_cause cause)
{
	uv_timer_stop(&zone->private->delay);
	zone_event_by(zone, event, reason, cause);
	zone_progress(zone);
}

/* Who ended a run that nobody here ended. */
static struct zone_cause cause_of_end(uint32_t reason)
{
	bool outside =
		reason == HV_REASON_STOPPED || reason == HV_REASON_DESTROYED || reason == HV_REASON_NONE;

	return (struct zone_cause){ .kind = outside ? ZONE_CAUSE_HYPERVISOR : ZONE_CAUSE_GUEST };
}

void zone_changed(struct zone *zone)
{
	uint32_t reason;

	if (zone->state == ZONE_STOPPING)
		return zone_progress(zone);
	if ((zone->state != ZONE_RUNNING && zone->state != ZONE_PAUSED) || zone->id == 0)
		return;
	if (zone_update_status(zone) != 0)
		return;
	reason = zone->status.reason;
	if (zone->status.state != HV_ZONE_RUNNING && zone->status.state != HV_ZONE_PAUSED)
		return zone_halt(zone, ZONE_EVENT_ENDED, zone_reason_name(reason), cause_of_end(reason));
	if (zone->state == ZONE_RUNNING && zone->status.state == HV_ZONE_PAUSED)
		zone_event_by(zone, ZONE_EVENT_PAUSED, "requested", zone->private->hold_cause);
	else if (zone->state == ZONE_PAUSED && zone->status.state == HV_ZONE_RUNNING)
		zone_event_by(zone, ZONE_EVENT_RESUMED, "requested", zone->private->hold_cause);
	zone_ops_paused(zone);
}
