/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "zone.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "policy.h"
#include "zone_private.h"

uint64_t zone_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

const char *zone_reason_name(uint32_t reason)
{
	static const char *const names[] = {
		[HV_REASON_NONE] = "none",
		[HV_REASON_GUEST_OFF] = "guest_off",
		[HV_REASON_GUEST_RESET] = "guest_reset",
		[HV_REASON_STOPPED] = "stopped",
		[HV_REASON_BAD_ACCESS] = "bad_access",
		[HV_REASON_BAD_MMIO] = "bad_mmio",
		[HV_REASON_BAD_TRAP] = "bad_trap",
		[HV_REASON_DEVICE] = "device",
		[HV_REASON_DESTROYED] = "destroyed",
	};

	return reason < sizeof(names) / sizeof(names[0]) ? names[reason] : "unknown";
}

struct zone *zone_new(struct zones *zones, int id, const char *name, const char *file)
{
	struct zone *zone = calloc(1, sizeof(*zone));
	struct zone_private *private = calloc(1, sizeof(*private));

	if (zone == NULL || private == NULL)
		goto fail;
	zone->name = strdup(name);
	zone->file = file != NULL ? strdup(file) : NULL;
	if (zone->name == NULL || (file != NULL && zone->file == NULL))
		goto fail;
	zone->id = id;
	zone->state = ZONE_INVALID;
	zone->private = private;
	private->zone = zone;
	private->zones = zones;
	private->refs = 1;
	private->bound_fd = -1;
	TAILQ_INIT(&private->ops);
	TAILQ_INIT(&private->inputs);
	uv_timer_init(zones->loop, &private->delay);
	private->delay.data = zone;
	return zone;
fail:
	if (zone != NULL) {
		free(zone->name);
		free(zone->file);
	}
	free(zone);
	free(private);
	return NULL;
}

static void on_delay_closed(uv_handle_t *handle)
{
	struct zone *zone = handle->data;
	struct zone_private *private = zone->private;

	zone_device_drop(zone);
	if (private->bound_fd >= 0)
		close(private->bound_fd);
	plan_free(zone->plan);
	plan_free(private->next_plan);
	zone_consoles_close(zone);
	free(zone->name);
	free(zone->file);
	free(private);
	free(zone);
}

void zone_get(struct zone *zone)
{
	zone->private->refs++;
}

void zone_put(struct zone *zone)
{
	if (--zone->private->refs == 0)
		uv_close((uv_handle_t *)&zone->private->delay, on_delay_closed);
}

/* Zones without an id come last, in order of their files. */
static bool comes_before(const struct zone *a, const struct zone *b)
{
	if (a->id != b->id)
		return a->id >= 0 && (b->id < 0 || a->id < b->id);
	return strcmp(a->name, b->name) < 0;
}

void zone_insert(struct zone *zone)
{
	struct zone_private *private = zone->private, *other;
	struct zone_list *list = &private->zones->list;

	if (private->in_table)
		TAILQ_REMOVE(list, private, entry);
	private->in_table = true;
	TAILQ_FOREACH(other, list, entry)
	{
		if (comes_before(zone, other->zone)) {
			TAILQ_INSERT_BEFORE(other, private, entry);
			return;
		}
	}
	TAILQ_INSERT_TAIL(list, private, entry);
}

void zone_remove(struct zone *zone)
{
	struct zone_private *private = zone->private;

	if (!private->in_table)
		return;
	if (!private->zones->closing)
		policy_forget(zone);
	TAILQ_REMOVE(&private->zones->list, private, entry);
	private->in_table = false;
	zone_put(zone);
}

/* Whose doing an event is, if it is always the same. */
static const char *const event_kinds[ZONE_EVENT_COUNT] = {
	[ZONE_EVENT_CONFIG_GOOD] = ZONE_CAUSE_CONFIG,    [ZONE_EVENT_CONFIG_BAD] = ZONE_CAUSE_CONFIG,
	[ZONE_EVENT_ADOPT_RUNNING] = ZONE_CAUSE_ADOPTED, [ZONE_EVENT_ADOPT_PAUSED] = ZONE_CAUSE_ADOPTED,
	[ZONE_EVENT_ADOPT_ENDING] = ZONE_CAUSE_ADOPTED,
};

static void count(struct zone *zone, enum zone_event event)
{
	zone->counters.starts += event == ZONE_EVENT_STARTED;
	zone->counters.crashes += event == ZONE_EVENT_CRASHED;
	zone->counters.failures += event == ZONE_EVENT_FAIL;
}

void zone_event(struct zone *zone, enum zone_event event, const char *reason)
{
	struct zone_cause cause = zone->cause;

	if (event_kinds[event] != NULL)
		cause = (struct zone_cause){ .kind = event_kinds[event] };
	zone_event_by(zone, event, reason, cause);
}

void zone_event_by(struct zone *zone, enum zone_event event, const char *reason, struct zone_cause cause)
{
	struct zones *zones = zone->private->zones;
	enum zone_state from = zone->state;
	int next = lifecycle_next(from, event);

	if (next < 0) {
		log_zone_error(zone->name, "event %d is not for state %s", (int)event,
			       lifecycle_state_name(from));
		return;
	}
	zone->state = (enum zone_state)next;
	zone->reason = reason;
	zone->cause = cause;
	count(zone, event);
	log_zone_info(zone->name, "%s -> %s%s%s", lifecycle_state_name(from),
		      lifecycle_state_name(zone->state), reason != NULL ? ": " : "",
		      reason != NULL ? reason : "");
	if (!zones->closing && zones->hooks->state != NULL)
		zones->hooks->state(zones->user, zone, from);
}

void zone_fail(struct zone *zone, enum schema_error_id error, const char *format, ...)
{
	va_list args;

	zone->failure = (struct zone_failure){ .error = error };
	va_start(args, format);
	vsnprintf(zone->failure.message, sizeof(zone->failure.message), format, args);
	va_end(args);
	log_zone_warning(zone->name, "%s", zone->failure.message);
}

void zone_fail_refused(struct zone *zone, const char *call, int number, const struct hv_violation *violation)
{
	struct zone_failure *failure = &zone->failure;
	bool is_config = number == -EDOM || number == -EADDRINUSE;
	const char *name = is_config ? hv_violation_name(violation->code) : NULL;

	if (!is_config) {
		zone_fail(zone, SCHEMA_ERROR_REFUSED, "the hypervisor refused to %s the zone: %s", call,
			  strerror(-number));
		failure->number = number;
		return;
	}
	zone_fail(zone, SCHEMA_ERROR_CONFIG, "the hypervisor refused to %s the zone: %s at index %u", call,
		  name, violation->index);
	snprintf(failure->reason, sizeof(failure->reason), "%s", name);
	if (number == -EADDRINUSE)
		snprintf(failure->other, sizeof(failure->other), "zone %u", violation->other_zone);
}

struct zone *zones_next(struct zones *zones, const struct zone *zone)
{
	struct zone_private *next =
		zone == NULL ? TAILQ_FIRST(&zones->list) : TAILQ_NEXT(zone->private, entry);

	return next != NULL ? next->zone : NULL;
}

/* Of two zones with one id or name the one that runs is meant, else the good one. */
static struct zone *prefer(struct zone *best, struct zone *zone)
{
	if (best == NULL || (!lifecycle_is_active(best->state) && lifecycle_is_active(zone->state)))
		return zone;
	return best;
}

struct zone *zones_find_id(struct zones *zones, uint64_t id)
{
	struct zone_private *private;
	struct zone *best = NULL;

	TAILQ_FOREACH(private, &zones->list, entry)
	{
		if (private->zone->id >= 0 && (uint64_t) private->zone->id == id)
			best = prefer(best, private->zone);
	}
	return best;
}

struct zone *zones_find_name(struct zones *zones, const char *name)
{
	struct zone_private *private;
	struct zone *best = NULL;

	TAILQ_FOREACH(private, &zones->list, entry)
	{
		if (strcmp(private->zone->name, name) == 0)
			best = prefer(best, private->zone);
	}
	return best;
}

struct backend *zones_backend(struct zones *zones)
{
	return zones->backend;
}

const HvPlatform *zones_platform(struct zones *zones)
{
	return &zones->platform;
}

const struct config_board *zones_board(const struct zones *zones)
{
	return &zones->board;
}

const struct config_findings *zones_findings(const struct zones *zones)
{
	return &zones->set.findings;
}

const struct config_findings *zones_findings_of(const struct zone *zone)
{
	return &zone->private->zones->set.findings;
}

unsigned zone_num_consoles(const struct zone *zone)
{
	unsigned then = zone->plan != NULL ? plan_num_consoles(zone->plan) : 0, now = 0;

	for (unsigned i = 0; zone->config != NULL && i < zone->config->num_devices; i++)
		now += config_device_consoles(&zone->config->devices[i]);
	return now > then ? now : then;
}

int zone_update_status(struct zone *zone)
{
	struct backend *backend = zone->private->zones->backend;
	struct hv_zone_status status;
	int r;

	if (zone->id != 0 && !zone->private->created)
		return 0;
	r = backend->ops->status(backend, (uint32_t)zone->id, &status);
	if (r == 0)
		zone->status = status;
	else
		zones_again(zone->private->zones);
	return r;
}
