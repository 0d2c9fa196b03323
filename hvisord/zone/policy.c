/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy.h"

#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "policy_file.h"
#include "zone_private.h"

#define MAX_DELAY_MS 60000u
#define START_TIMEOUT_MS 300000u
/* A run of that many times the wait before it, and no less than this, was a good one: counting begins anew. */
#define GOOD_RUN_FACTOR 10u
#define GOOD_RUN_MS 1000u

static const char waits_for_zones[] = "after";
static const char waits_for_time[] = "backoff";

static void tell(struct zone *zone, const char *reason)
{
	struct zones *zones = zone->private->zones;

	if (!zones->closing && zones->hooks->pending != NULL)
		zones->hooks->pending(zones->user, zone, reason);
}

static void set_pending(struct zone *zone, const char *pending, uint64_t until_ms, const char *reason)
{
	if (zone->pending == NULL && pending == NULL)
		return;
	/* the timer is this file's as long as something is pending */
	uv_timer_stop(&zone->private->delay);
	zone->pending = pending;
	zone->until_ms = until_ms;
	tell(zone, reason);
}

static void restart(struct zone *zone, bool bad);
static void look(struct zones *zones);

/* Not by itself any more, as it should be. */
static void rest(struct zone *zone, const char *reason)
{
	policy_want(zone, false, 0);
	set_pending(zone, NULL, 0, reason);
}

/* Not by itself any more, although it should run. */
static void give_up(struct zone *zone, const char *reason)
{
	policy_want(zone, false, 0);
	uv_timer_stop(&zone->private->delay);
	zone->pending = NULL;
	tell(zone, reason);
}

static void on_started(void *user, const struct zone *same, const struct zone_failure *failure)
{
	struct zone *zone = user;

	(void)same;
	zone->private->policy_op = NULL;
	/* what failed after it began has been seen by policy_ended() */
	if (failure->error != SCHEMA_OK && !lifecycle_is_active(zone->state) && zone->pending == NULL &&
	    policy_wants(zone) && !zone->private->zones->closing) {
		zone->failure = *failure;
		log_zone_warning(zone->name, "not started: %s", failure->message);
		restart(zone, true);
	}
	look(zone->private->zones);
}

static void wait_until(struct zone *zone, uint64_t due_ms);

static void start(struct zone *zone)
{
	bool again = policy_restarts(zone) != 0;
	struct zone_ask ask = {
		.request = ZONE_REQUEST_START,
		.timeout_ms = START_TIMEOUT_MS,
		.cause = { .kind = again ? ZONE_CAUSE_RESTART : ZONE_CAUSE_AUTOSTART },
	};

	set_pending(zone, NULL, 0, "started");
	zone->counters.restarts += again;
	if (zone_request(zone, &ask, on_started, zone, &zone->private->policy_op) != 0)
		wait_until(zone, zone_now_ms() + GOOD_RUN_MS);
}

static void on_due(uv_timer_t *timer)
{
	start(timer->data);
}

static void wait_until(struct zone *zone, uint64_t due_ms)
{
	uint64_t now = zone_now_ms();

	/* whatever the file says */
	if (due_ms > now + MAX_DELAY_MS)
		due_ms = now + MAX_DELAY_MS;
	policy_want(zone, true, due_ms);
	set_pending(zone, waits_for_time, due_ms, waits_for_time);
	uv_timer_start(&zone->private->delay, on_due, due_ms > now ? due_ms - now : 0, 0);
}

/* What comes after so many restarts in a row. */
static uint64_t delay_after(const struct config_policy *policy, unsigned restarts)
{
	uint64_t delay = policy->restart_delay_ms;

	for (unsigned i = 0; i < restarts && delay < MAX_DELAY_MS; i++)
		delay *= 2;
	return delay < MAX_DELAY_MS ? delay : MAX_DELAY_MS;
}

/* The zone ended: as it should (it powered itself off) or badly. */
static void restart(struct zone *zone, bool bad)
{
	const struct config_policy *policy = zone->config != NULL ? &zone->config->policy : NULL;
	unsigned restarts = policy_restarts(zone);

	/* device_failure asks for this one itself */
	if (policy == NULL ||
	    (!zone->private->device_failed && (policy->restart == CONFIG_RESTART_NO ||
					       (policy->restart == CONFIG_RESTART_ON_FAILURE && !bad))))
		return rest(zone, "ended");
	if (policy->restart_limit != 0 && restarts >= policy->restart_limit) {
		log_zone_warning(zone->name, "was started again %u times in a row: given up", restarts);
		return give_up(zone, "restart_limit");
	}
	wait_until(zone, zone_now_ms() + delay_after(policy, restarts));
	policy_count(zone, restarts + 1);
}

static void forget_if_good(struct zone *zone, uint64_t ran_ms)
{
	unsigned restarts = policy_restarts(zone);
	uint64_t good;

	if (restarts == 0 || zone->config == NULL)
		return;
	good = GOOD_RUN_FACTOR * delay_after(&zone->config->policy, restarts - 1);
	if (ran_ms >= good && ran_ms >= GOOD_RUN_MS)
		policy_count(zone, 0);
}

enum readiness {
	READY,
	NOT_YET,
	NEVER,
};

static const struct zone *zone_meant(struct zones *zones, const char *word)
{
	const struct zone *zone = zones_find_name(zones, word);
	char *end;
	unsigned long id;

	if (zone != NULL)
		return zone;
	id = strtoul(word, &end, 10);
	return *end == '\0' ? zones_find_id(zones, id) : NULL;
}

static enum readiness readiness_of(struct zones *zones, const char *word)
{
	const struct zone *zone = zone_meant(zones, word);

	if (strcmp(word, "root") == 0)
		return READY;
	if (zone == NULL)
		return NEVER;
	if (zone->state == ZONE_RUNNING || zone->state == ZONE_PAUSED)
		return READY;
	if (lifecycle_is_active(zone->state) || policy_is_pending(zone) || policy_wants(zone))
		return NOT_YET;
	return zone->failure.error != SCHEMA_OK || zone->state != ZONE_STOPPED ? NEVER : NOT_YET;
}

/* Of all zones that this one comes after; *ret_word is the one that decides. */
static enum readiness may_start(const struct zone *zone, const char **ret_word)
{
	enum readiness result = READY;

	for (unsigned i = 0; zone->config != NULL && i < zone->config->policy.num_after; i++) {
		const char *word = zone->config->policy.after[i];
		enum readiness one = readiness_of(zone->private->zones, word);

		if (one > result) {
			result = one;
			*ret_word = word;
		}
	}
	return result;
}

/* Starts it, if those that it comes after run. True: something has changed. */
static bool try_start(struct zone *zone)
{
	const char *word = NULL;
	enum readiness readiness = may_start(zone, &word);

	if (readiness == READY) {
		start(zone);
	} else if (readiness == NEVER) {
		zone_fail(zone, SCHEMA_ERROR_AFTER, "zone %.40s, which it comes after, did not come to run",
			  word);
		give_up(zone, "after_failed");
	} else if (zone->pending == NULL) {
		set_pending(zone, waits_for_zones, 0, waits_for_zones);
	} else {
		return false;
	}
	return true;
}

/* Some zone has come to run, or to nothing: what about those that wait? */
static void look(struct zones *zones)
{
	struct zone *zone = zones_next(zones, NULL);

	while (zone != NULL && !zones->closing) {
		bool changed = zone->pending == waits_for_zones && try_start(zone);

		zone = zones_next(zones, changed ? NULL : zone);
	}
}

static bool is_bad(uint32_t reason)
{
	return reason != HV_REASON_GUEST_OFF && reason != HV_REASON_GUEST_RESET;
}

/* It ran when the daemon before ended, and was gone before this one began. */
static void ended_meanwhile(struct zone *zone)
{
	struct backend *backend = zone->private->zones->backend;
	struct hv_zone_status status = { .reason = HV_REASON_NONE };
	int r = backend->ops->status(backend, (uint32_t)zone->id, &status);

	if (r == 0 && (status.reason == HV_REASON_STOPPED || status.reason == HV_REASON_DESTROYED))
		return rest(zone, "stopped");
	restart(zone, r != 0 || is_bad(status.reason));
}

/* What is wanted, now that it is known what runs and whether the machine has just booted. */
static void update_wanted(struct zone *zone)
{
	bool active = lifecycle_is_active(zone->state);

	if (active && zone->state != ZONE_STOPPING)
		policy_want(zone, !zone->private->stop_wanted, 0);
	else if (zone->private->zones->booted && zone_autostart(zone))
		policy_want(zone, true, zone_now_ms());
}

static void follow_wanted(struct zone *zone)
{
	uint64_t due = policy_due(zone);

	if (lifecycle_is_active(zone->state) || policy_is_pending(zone) || !policy_wants(zone) ||
	    (zone->id > 0 && (zone->private->zones->unadopted >> zone->id & 1) != 0))
		return;
	if (due == 0)
		ended_meanwhile(zone);
	else if (policy_restarts(zone) != 0)
		wait_until(zone, due);
	else
		(void)try_start(zone);
}

void policy_begin(struct zones *zones)
{
	struct zone *zone;

	for (zone = zones_next(zones, NULL); zone != NULL; zone = zones_next(zones, zone)) {
		if (zone->id != 0)
			update_wanted(zone);
	}
	for (zone = zones_next(zones, NULL); zone != NULL; zone = zones_next(zones, zone)) {
		if (zone->id != 0)
			follow_wanted(zone);
	}
	zones->booted = false;
	look(zones);
}

bool policy_is_pending(const struct zone *zone)
{
	return zone->pending != NULL ||
	       (zone->private->policy_op != NULL && !lifecycle_is_active(zone->state));
}

static void cancel(struct zone *zone)
{
	bool started = zone->private->policy_op != NULL && !lifecycle_is_active(zone->state);

	set_pending(zone, NULL, 0, "cancelled");
	if (started)
		zone_op_cancel(zone->private->policy_op);
}

void policy_start_asked(struct zone *zone)
{
	if (!lifecycle_is_active(zone->state))
		policy_want(zone, false, 0);
	policy_count(zone, 0);
	cancel(zone);
}

void policy_restart_asked(struct zone *zone)
{
	policy_want(zone, true, zone_now_ms());
	policy_count(zone, 0);
}

bool policy_stop_asked(struct zone *zone)
{
	bool pending = policy_is_pending(zone);

	policy_want(zone, false, 0);
	policy_count(zone, 0);
	cancel(zone);
	/* it never ran: then this is what happened to it last */
	if (pending && zone->reason == NULL)
		zone->reason = "cancelled";
	look(zone->private->zones);
	return pending;
}

void policy_stop_given_up(struct zone *zone)
{
	policy_want(zone, true, 0);
}

void policy_runs(struct zone *zone)
{
	policy_want(zone, true, 0);
	look(zone->private->zones);
}

/* Somebody wanted the end, here or past this daemon; or somebody waits for a start and is told that it failed. */
static bool was_wanted(const struct zone *zone)
{
	const char *kind = zone->cause.kind;
	bool by_policy = kind != NULL &&
			 (strcmp(kind, ZONE_CAUSE_AUTOSTART) == 0 || strcmp(kind, ZONE_CAUSE_RESTART) == 0);

	if (zone->private->stop_wanted)
		return !by_policy;
	return kind != NULL &&
	       (strcmp(kind, ZONE_CAUSE_CLIENT) == 0 || strcmp(kind, ZONE_CAUSE_HYPERVISOR) == 0);
}

/* A daemon died over it: neither its guest nor anybody else is the cause of this end. */
static bool was_interrupted(const struct zone *zone)
{
	uint32_t reason = zone->status.reason;

	return zone->cause.kind != NULL && strcmp(zone->cause.kind, ZONE_CAUSE_ADOPTED) == 0 &&
	       !zone->private->stop_wanted &&
	       (policy_due(zone) != 0 || reason == HV_REASON_NONE || reason == HV_REASON_STOPPED ||
		reason == HV_REASON_DESTROYED);
}

void policy_ended(struct zone *zone, uint64_t ran_ms)
{
	bool bad = zone->failure.error != SCHEMA_OK || is_bad(zone->status.reason);

	forget_if_good(zone, ran_ms);
	if (policy_wants(zone)) {
		if (was_interrupted(zone))
			wait_until(zone, zone_now_ms());
		else if (was_wanted(zone))
			rest(zone, "stopped");
		else
			restart(zone, bad);
	}
	look(zone->private->zones);
}

void policy_forget(struct zone *zone)
{
	rest(zone, "removed");
}
