/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "log.h"
#include "policy.h"
#include "zone_private.h"

#define FILE_NAME "zones.json"
#define BOOT_DIR "/proc/sys/kernel/random"

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
		state_set_aside(dir, FILE_NAME, r);
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

void policy_gone(struct zones *zones, const struct zone_plan *plan, bool wanted, bool cut_off)
{
	struct intent *intent = intent_find(&zones->intents, plan->name, (int)plan->hv.zone_id);

	if (intent == NULL || !intent->wanted || (wanted && !cut_off))
		return;
	intent->wanted = wanted;
	intent->due_ms = wanted ? zone_now_ms() : 0;
	touch(zones);
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

void policy_want(struct zone *zone, bool wanted, uint64_t due_ms)
{
	struct intent *intent = wanted ? intent_get(intents_of(zone), zone->name, zone->id)
				       : intent_find(intents_of(zone), zone->name, zone->id);

	if (intent == NULL && wanted)
		log_zone_error(zone->name, "out of memory: that it is to run is not kept");
	if (intent == NULL || (intent->wanted == wanted && intent->due_ms == due_ms))
		return;
	intent->wanted = wanted;
	intent->due_ms = due_ms;
	touch(zone->private->zones);
}

bool policy_wants(const struct zone *zone)
{
	const struct intent *intent = intent_find(intents_of(zone), zone->name, zone->id);

	return intent != NULL && intent->wanted;
}

uint64_t policy_due(const struct zone *zone)
{
	const struct intent *intent = intent_find(intents_of(zone), zone->name, zone->id);

	return intent != NULL && intent->wanted ? intent->due_ms : 0;
}

void policy_count(struct zone *zone, unsigned restarts)
{
	struct intent *intent = restarts != 0 ? intent_get(intents_of(zone), zone->name, zone->id)
					      : intent_find(intents_of(zone), zone->name, zone->id);

	if (intent == NULL || intent->restarts == restarts)
		return;
	intent->restarts = restarts;
	touch(zone->private->zones);
}

unsigned policy_restarts(const struct zone *zone)
{
	const struct intent *intent = intent_find(intents_of(zone), zone->name, zone->id);

	return intent != NULL ? intent->restarts : 0;
}

bool policy_is_kept(const struct zones *zones)
{
	return zones->state == NULL || !state_file_is_busy(zones->state);
}

void policy_renamed(const struct zone *zone, const char *name, int id)
{
	if (zone->id == id && strcmp(zone->name, name) == 0)
		return;
	intent_move(intents_of(zone), zone->name, zone->id, name, id);
	touch(zone->private->zones);
}

uint64_t policy_enable(struct zone *zone, bool enabled)
{
	struct intent *intent = intent_get(intents_of(zone), zone->name, zone->id);

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
	struct intent *intent = intent_find(intents_of(zone), zone->name, zone->id);

	for (unsigned i = 0; intent != NULL && i < sizeof(override_names) / sizeof(override_names[0]); i++) {
		if (override_names[i] == before)
			intent->override = (enum intent_override)i;
	}
	touch(zone->private->zones);
}

const char *zone_override(const struct zone *zone)
{
	const struct intent *intent = intent_find(intents_of(zone), zone->name, zone->id);

	return override_names[intent != NULL ? intent->override : INTENT_AS_FILE];
}

bool zone_autostart(const struct zone *zone)
{
	const struct intent *intent = intent_find(intents_of(zone), zone->name, zone->id);

	if (intent != NULL && intent->override != INTENT_AS_FILE)
		return intent->override == INTENT_ENABLED;
	return zone->config != NULL && zone->config->policy.autostart;
}
