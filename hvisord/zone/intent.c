/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "intent.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_strict.h"

#define VERSION 1
#define NO_ID (-1)

void intents_init(struct intents *intents)
{
	*intents = (struct intents){ 0 };
	TAILQ_INIT(&intents->list);
}

static void drop(struct intents *intents, struct intent *intent)
{
	TAILQ_REMOVE(&intents->list, intent, entry);
	intents->count--;
	free(intent->name);
	free(intent);
}

void intents_fini(struct intents *intents)
{
	struct intent *intent;

	while ((intent = TAILQ_FIRST(&intents->list)) != NULL)
		drop(intents, intent);
}

static bool says_something(const struct intent *intent)
{
	return intent->override != INTENT_AS_FILE || intent->wanted || intent->restarts != 0;
}

static struct intent *find_exactly(const struct intents *intents, const char *name, int id)
{
	struct intent *intent;

	TAILQ_FOREACH(intent, &intents->list, entry)
	{
		if (intent->id == id && strcmp(intent->name, name) == 0)
			return intent;
	}
	return NULL;
}

struct intent *intent_find(const struct intents *intents, const char *name, int id)
{
	struct intent *intent = find_exactly(intents, name, id);

	return intent != NULL || id == NO_ID ? intent : find_exactly(intents, name, NO_ID);
}

static void drop_empty(struct intents *intents)
{
	struct intent *intent, *next;

	for (intent = TAILQ_FIRST(&intents->list); intent != NULL; intent = next) {
		next = TAILQ_NEXT(intent, entry);
		if (!says_something(intent))
			drop(intents, intent);
	}
}

static struct intent *add(struct intents *intents, const char *name, int id)
{
	struct intent *intent;

	if (intents->count >= INTENT_MAX_ENTRIES)
		drop_empty(intents);
	if (intents->count >= INTENT_MAX_ENTRIES || strlen(name) > INTENT_MAX_NAME)
		return NULL;
	intent = calloc(1, sizeof(*intent));
	if (intent == NULL || (intent->name = strdup(name)) == NULL) {
		free(intent);
		return NULL;
	}
	intent->id = id;
	TAILQ_INSERT_TAIL(&intents->list, intent, entry);
	intents->count++;
	return intent;
}

struct intent *intent_get(struct intents *intents, const char *name, int id)
{
	struct intent *intent = intent_find(intents, name, id);

	if (intent == NULL)
		return add(intents, name, id);
	intent->id = id;
	return intent;
}

void intent_move(struct intents *intents, const char *from, int from_id, const char *name, int id)
{
	struct intent *old = find_exactly(intents, from, from_id), *intent;

	if (old == NULL)
		return;
	intent = intent_get(intents, name, id);
	if (intent != NULL && intent->override == INTENT_AS_FILE)
		intent->override = old->override;
	if (intent != NULL) {
		intent->wanted = old->wanted;
		intent->restarts = old->restarts;
		intent->due_ms = old->due_ms;
	}
	if (intent != old)
		drop(intents, old);
}

void intents_reboot(struct intents *intents, const char *boot_id)
{
	struct intent *intent;

	snprintf(intents->boot_id, sizeof(intents->boot_id), "%s", boot_id);
	TAILQ_FOREACH(intent, &intents->list, entry)
	{
		intent->wanted = false;
		intent->restarts = 0;
		intent->due_ms = 0;
	}
}

void intents_write(const struct intents *intents, struct json_out *out)
{
	const struct intent *intent;

	json_open_object(out, NULL);
	json_put_int(out, "version", VERSION);
	json_put_string(out, "boot_id", intents->boot_id);
	json_open_array(out, "zones");
	TAILQ_FOREACH(intent, &intents->list, entry)
	{
		if (!says_something(intent))
			continue;
		json_open_object(out, NULL);
		json_put_string(out, "name", intent->name);
		if (intent->id != NO_ID)
			json_put_int(out, "id", intent->id);
		if (intent->override != INTENT_AS_FILE)
			json_put_bool(out, "enabled", intent->override == INTENT_ENABLED);
		json_put_bool(out, "wanted", intent->wanted);
		json_put_uint(out, "restarts", intent->restarts);
		json_put_uint(out, "due_ms", intent->due_ms);
		json_close_object(out);
	}
	json_close_array(out);
	json_close_object(out);
	json_append(out, "\n", 1);
}

/* A text of some length that is not too long, or NULL. */
static const char *get_text(const cJSON *object, const char *key, size_t max)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));

	return text != NULL && *text != '\0' && strlen(text) <= max ? text : NULL;
}

static bool get_number(const cJSON *object, const char *key, uint64_t max, uint64_t *ret_value)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

	return item != NULL && json_strict_u64(item, ret_value) == 0 && *ret_value <= max;
}

static int read_intent(struct intents *intents, const cJSON *object)
{
	const cJSON *enabled = cJSON_GetObjectItemCaseSensitive(object, "enabled");
	const cJSON *wanted = cJSON_GetObjectItemCaseSensitive(object, "wanted");
	const char *name = get_text(object, "name", INTENT_MAX_NAME);
	bool has_id = cJSON_HasObjectItem(object, "id");
	struct intent *intent;
	uint64_t id = 0, restarts, due;

	if (name == NULL || intents->count >= INTENT_MAX_ENTRIES ||
	    (has_id && !get_number(object, "id", INT32_MAX, &id)) ||
	    find_exactly(intents, name, has_id ? (int)id : NO_ID) != NULL ||
	    (enabled != NULL && !cJSON_IsBool(enabled)) || !cJSON_IsBool(wanted) ||
	    !get_number(object, "restarts", UINT32_MAX, &restarts) ||
	    !get_number(object, "due_ms", UINT64_MAX, &due))
		return -EBADMSG;
	intent = add(intents, name, has_id ? (int)id : NO_ID);
	if (intent == NULL)
		return -ENOMEM;
	if (enabled != NULL)
		intent->override = cJSON_IsTrue(enabled) ? INTENT_ENABLED : INTENT_DISABLED;
	intent->wanted = cJSON_IsTrue(wanted);
	intent->restarts = (unsigned)restarts;
	intent->due_ms = due;
	return 0;
}

int intents_read(struct intents *intents, const cJSON *root)
{
	const cJSON *zones = cJSON_GetObjectItemCaseSensitive(root, "zones"), *zone;
	const char *boot_id = get_text(root, "boot_id", INTENT_BOOT_ID_SIZE - 1);
	uint64_t version;
	int r = 0;

	if (!get_number(root, "version", VERSION, &version) || version != VERSION || boot_id == NULL ||
	    !cJSON_IsArray(zones))
		return -EBADMSG;
	cJSON_ArrayForEach(zone, zones) {
		if (r == 0)
			r = read_intent(intents, zone);
	}
	if (r != 0) {
		intents_fini(intents);
		intents_init(intents);
		return r;
	}
	snprintf(intents->boot_id, sizeof(intents->boot_id), "%s", boot_id);
	return 0;
}
