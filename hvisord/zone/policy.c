/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "intent.h"
#include "log.h"
#include "zone_private.h"

#define FILE_NAME "zones.json"
#define BOOT_DIR "/proc/sys/kernel/random"
#define MAX_DELAY_MS 60000u
#define START_TIMEOUT_MS 300000u
/* A run of that many times the wait before it, and no less than this, was a good one: counting begins anew. */
#define GOOD_RUN_FACTOR 10u
#define GOOD_RUN_MS 1000u

static const char waits_for_zones[] = "after";
static const char waits_for_time[] = "backoff";

static void touch(struct zones *zones)
{
	if (zones->state != NULL)
		zones->touched = state_file_touch(zones->state);
}

static void make(void *user, struct json_out *out)
{
	const struct zones *zones = user;

	intents_write(&zones->intents, out);
}

static void on_written(void *user, uint64_t number, int error)
{
	struct zone *zone, *next;
	struct zones *zones = user;

	for (zone = zones_next(zones, NULL); zone != NULL; zone = next) {
		next = zones_next(zones, zone);
		zone_ops_written(zone, number, error);
		/* an end may have waited for this */
		zone_progress(zone);
	}
}

/* The machine's run; "" if the kernel does not say. */
static void read_boot_id(char *ret_id)
{
	FILE *file = fopen(BOOT_DIR "/boot_id", "re");

	ret_id[0] = '\0';
	if (file == NULL)
		return;
	if (fgets(ret_id, INTENT_BOOT_ID_SIZE, file) != NULL)
		ret_id[strcspn(ret_id, "\n")] = '\0';
	fclose(file);
}

static int read_intents(struct zones *zones)
{
	const char *dir = zones->options.state_dir;
	cJSON *root = NULL;
	int r = state_read_json(dir, FILE_NAME, INTENT_MAX_FILE, INTENT_MAX_DEPTH, &root);

	if (r == 0)
		r = intents_read(&zones->intents, root);
	cJSON_Delete(root);
	if (r == -EBADMSG || r == -EFBIG)
		state_set_aside(dir, FILE_NAME, -r);
	else if (r != 0 && r != -ENOENT)
		log_warning("%s/%s: %s: going on without", dir, FILE_NAME, strerror(-r));
	return r == -ENOMEM ? r : 0;
}

int policy_open(struct zones *zones)
{
	static const struct state_file_ops ops = { .make = make, .written = on_written };
	const char *dir = zones->options.state_dir;
	char boot_id[INTENT_BOOT_ID_SIZE];
	int r;

	r = state_make_dir(dir);
	if (r != 0)
		log_warning("%s: %s: what is wanted of zones will not outlive the daemon", dir, strerror(-r));
	r = read_intents(zones);
	if (r == 0)
		r = state_file_new(zones->loop, dir, FILE_NAME, &ops, zones, &zones->state);
	if (r != 0)
		return r;
	read_boot_id(boot_id);
	zones->booted = strcmp(boot_id, zones->intents.boot_id) != 0;
	if (zones->booted) {
		intents_reboot(&zones->intents, boot_id);
		touch(zones);
	}
	return 0;
}

void policy_close(struct zones *zones)
{
	state_file_close(zones->state);
	zones->state = NULL;
}

static struct intents *intents_of(const struct zone *zone)
{
	return &zone->private->zones->intents;
}

static void want(struct zone *zone, bool wanted, uint64_t due_ms)
{
	struct intent *intent =
		wanted ? intent_get(intents_of(zone), zone->name) : intent_find(intents_of(zone), zone->name);

	if (intent == NULL && wanted)
		log_error("zone %s: out of memory: that it is to run is not kept", zone->name);
	if (intent == NULL || (intent->wanted == wanted && intent->due_ms == due_ms))
		return;
	intent->wanted = wanted;
	intent->due_ms = due_ms;
	touch(zone->private->zones);
}

static bool is_wanted(const struct zone *zone)
{
	const struct intent *intent = intent_find(intents_of(zone), zone->name);

	return intent != NULL && intent->wanted;
}

static uint64_t due_of(const struct zone *zone)
{
	const struct intent *intent = intent_find(intents_of(zone), zone->name);

	return intent != NULL && intent->wanted ? intent->due_ms : 0;
}

static void count(struct zone *zone, unsigned restarts)
{
	struct intent *intent = restarts != 0 ? intent_get(intents_of(zone), zone->name)
					      : intent_find(intents_of(zone), zone->name);

	if (intent == NULL || intent->restarts == restarts)
		return;
	intent->restarts = restarts;
	touch(zone->private->zones);
}

static unsigned restarts_of(const struct zone *zone)
{
	const struct intent *intent = intent_find(intents_of(zone), zone->name);

	return intent != NULL ? intent->restarts : 0;
}

static void set_pending(struct zone *zone, const char *pending, uint64_t until_ms, const char *reason)
{
	struct zones *zones = zone->private->zones;

	if (zone->pending == NULL && pending == NULL)
		return;
	/* the timer is this file's as long as something is pending */
	uv_timer_stop(&zone->private->delay);
	zone->pending = pending;
	zone->until_ms = until_ms;
	if (!zones->closing && zones->hooks->pending != NULL)
		zones->hooks->pending(zones->user, zone, reason);
}

static void restart(struct zone *zone, bool bad);
static void look(struct zones *zones);

/* Not by itself any more. */
static void give_up(struct zone *zone, const char *reason)
{
	want(zone, false, 0);
	set_pending(zone, NULL, 0, reason);
}

static void on_started(void *user, const struct zone *same, const struct zone_failure *failure)
{
	struct zone *zone = user;

	(void)same;
	zone->private->policy_op = NULL;
	/* what failed after it began has been seen by policy_ended() */
	if (zone->private->zones->closing || failure->error == SCHEMA_OK ||
	    lifecycle_is_active(zone->state) || zone->pending != NULL || !is_wanted(zone))
		return;
	zone->failure = *failure;
	log_warning("zone %s: not started: %s", zone->name, failure->message);
	restart(zone, true);
	look(zone->private->zones);
}

static void wait_until(struct zone *zone, uint64_t due_ms);

static void start(struct zone *zone)
{
	bool again = restarts_of(zone) != 0;
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
	want(zone, true, due_ms);
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
	unsigned restarts = restarts_of(zone);

	if (policy == NULL || policy->restart == CONFIG_RESTART_NO ||
	    (policy->restart == CONFIG_RESTART_ON_FAILURE && !bad))
		return give_up(zone, "ended");
	if (policy->restart_limit != 0 && restarts >= policy->restart_limit) {
		log_warning("zone %s: was started again %u times in a row: given up", zone->name, restarts);
		return give_up(zone, "restart_limit");
	}
	wait_until(zone, zone_now_ms() + delay_after(policy, restarts));
	count(zone, restarts + 1);
}

static void forget_if_good(struct zone *zone, uint64_t ran_ms)
{
	unsigned restarts = restarts_of(zone);
	uint64_t good;

	if (restarts == 0 || zone->config == NULL)
		return;
	good = GOOD_RUN_FACTOR * delay_after(&zone->config->policy, restarts - 1);
	if (ran_ms >= good && ran_ms >= GOOD_RUN_MS)
		count(zone, 0);
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
	if (lifecycle_is_active(zone->state) || policy_is_pending(zone) || is_wanted(zone))
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
		return give_up(zone, "stopped");
	restart(zone, r != 0 || is_bad(status.reason));
}

/* What is wanted, now that it is known what runs and whether the machine has just booted. */
static void update_wanted(struct zone *zone)
{
	bool active = lifecycle_is_active(zone->state);

	if (active && zone->state != ZONE_STOPPING)
		want(zone, !zone->private->stop_wanted, 0);
	else if (zone->private->zones->booted && zone_autostart(zone))
		want(zone, true, zone_now_ms());
}

static void follow_wanted(struct zone *zone)
{
	uint64_t due = due_of(zone);

	if (lifecycle_is_active(zone->state) || policy_is_pending(zone) || !is_wanted(zone))
		return;
	if (due == 0)
		ended_meanwhile(zone);
	else if (restarts_of(zone) != 0)
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
		want(zone, false, 0);
	count(zone, 0);
	cancel(zone);
}

void policy_restart_asked(struct zone *zone)
{
	want(zone, true, zone_now_ms());
	count(zone, 0);
}

bool policy_stop_asked(struct zone *zone)
{
	bool pending = policy_is_pending(zone);

	want(zone, false, 0);
	count(zone, 0);
	cancel(zone);
	look(zone->private->zones);
	return pending;
}

void policy_stop_given_up(struct zone *zone)
{
	want(zone, true, 0);
}

bool policy_is_kept(const struct zones *zones)
{
	return zones->state == NULL || !state_file_is_busy(zones->state);
}

void policy_runs(struct zone *zone)
{
	want(zone, true, 0);
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
	       (due_of(zone) != 0 || reason == HV_REASON_NONE || reason == HV_REASON_STOPPED ||
		reason == HV_REASON_DESTROYED);
}

void policy_ended(struct zone *zone, uint64_t ran_ms)
{
	bool bad = zone->failure.error != SCHEMA_OK || is_bad(zone->status.reason);

	forget_if_good(zone, ran_ms);
	if (is_wanted(zone)) {
		if (was_interrupted(zone))
			wait_until(zone, zone_now_ms());
		else if (was_wanted(zone))
			give_up(zone, "stopped");
		else
			restart(zone, bad);
	}
	look(zone->private->zones);
}

void policy_forget(struct zone *zone)
{
	give_up(zone, "removed");
}

uint64_t policy_enable(struct zone *zone, bool enabled)
{
	struct intent *intent = intent_get(intents_of(zone), zone->name);

	if (intent == NULL)
		return 0;
	intent->override = enabled ? INTENT_ENABLED : INTENT_DISABLED;
	touch(zone->private->zones);
	return zone->private->zones->touched;
}

static const char *const override_names[] = {
	[INTENT_AS_FILE] = NULL,
	[INTENT_ENABLED] = "enabled",
	[INTENT_DISABLED] = "disabled",
};

void policy_unenable(struct zone *zone, const char *before)
{
	struct intent *intent = intent_find(intents_of(zone), zone->name);

	for (unsigned i = 0; intent != NULL && i < sizeof(override_names) / sizeof(override_names[0]); i++) {
		if (override_names[i] == before)
			intent->override = (enum intent_override)i;
	}
	touch(zone->private->zones);
}

const char *zone_override(const struct zone *zone)
{
	const struct intent *intent = intent_find(intents_of(zone), zone->name);

	return override_names[intent != NULL ? intent->override : INTENT_AS_FILE];
}

bool zone_autostart(const struct zone *zone)
{
	const struct intent *intent = intent_find(intents_of(zone), zone->name);

	if (intent != NULL && intent->override != INTENT_AS_FILE)
		return intent->override == INTENT_ENABLED;
	return zone->config != NULL && zone->config->policy.autostart;
}
