/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "keys.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "keys_private.h"

uint64_t keyed_now(void)
{
	return (uint64_t)time(NULL);
}

struct keyed *keyed_new(struct keys *keys)
{
	struct keyed *keyed = calloc(1, sizeof(*keyed));

	if (keyed == NULL)
		return NULL;
	keyed->keys = keys;
	TAILQ_INIT(&keyed->waiters);
	TAILQ_INSERT_TAIL(&keys->list, keyed, entry);
	keys->count++;
	return keyed;
}

static void detach(struct request *request)
{
	struct key_waiter *waiter = request->waits_for;

	TAILQ_REMOVE(&waiter->keyed->waiters, waiter, entry);
	free(waiter);
}

/* Of several who wait one goes; with the last one it is given up. */
static void cancel(struct request *request)
{
	struct key_waiter *waiter = request->waits_for;
	struct keyed *keyed = waiter->keyed;
	struct request *asked = keyed->agent != NULL ? TAILQ_FIRST(&keyed->agent->requests) : NULL;

	if (TAILQ_FIRST(&keyed->waiters) != waiter || TAILQ_NEXT(waiter, entry) != NULL) {
		request_error(request, SCHEMA_ERROR_CANCELLED, "cancelled; others wait for it on");
		request_drop(request);
	} else if (keyed->state == KEYED_NEW) {
		keyed->cancelled = true;
	} else if (asked != NULL) {
		request_cancel(asked);
	}
}

static bool wait_for(struct keyed *keyed, struct request *request, const cJSON *params)
{
	struct key_waiter *waiter = calloc(1, sizeof(*waiter));
	struct request *kept = waiter != NULL ? request_keep(request) : NULL;

	if (waiter == NULL)
		request_error(request, SCHEMA_ERROR_INTERNAL, "out of memory");
	if (kept == NULL) {
		free(waiter);
		return false;
	}
	*waiter = (struct key_waiter){ .keyed = keyed,
				       .request = kept,
				       .more = params_boolean(params, "more") };
	kept->waits_for = waiter;
	kept->detach = detach;
	kept->cancel = cancel;
	TAILQ_INSERT_TAIL(&keyed->waiters, waiter, entry);
	return true;
}

/* Everything that makes it another request; the order of the schema, whatever that of the sender. */
static bool digest_params(enum schema_method_id method, const cJSON *params, uint8_t *ret_digest)
{
	struct sha256 sha;

	sha256_init(&sha);
	for (size_t i = 0; i < schema_num_params; i++) {
		const struct schema_field *field = &schema_params[i];
		const cJSON *value =
			field->owner == method ? cJSON_GetObjectItemCaseSensitive(params, field->name) : NULL;
		char *text;

		if (value == NULL || strcmp(field->name, "request_key") == 0 ||
		    strcmp(field->name, "more") == 0)
			continue;
		text = cJSON_PrintUnformatted(value);
		if (text == NULL)
			return false;
		sha256_add(&sha, field->name, strlen(field->name) + 1);
		sha256_add(&sha, text, strlen(text) + 1);
		cJSON_free(text);
	}
	sha256_end(&sha, ret_digest);
	return true;
}

static bool is_over(const struct keyed *keyed)
{
	return (keyed->state == KEYED_DONE || keyed->state == KEYED_LOST) && keyed->touch == 0;
}

/* By a clock that may have been set, to either side. */
static bool is_too_old(const struct keyed *keyed)
{
	uint64_t now = keyed_now();
	uint64_t age = now > keyed->time ? now - keyed->time : keyed->time - now;

	return is_over(keyed) && age > KEYS_KEPT_S;
}

static unsigned count_uid(const struct keys *keys, uid_t uid)
{
	const struct keyed *keyed;
	unsigned count = 0;

	TAILQ_FOREACH(keyed, &keys->list, entry)
	count += keyed->uid == uid;
	return count;
}

/* The oldest of the user who has the most: nobody's retry is done twice because somebody else asked for much. */
static struct keyed *find_oldest(const struct keys *keys)
{
	struct keyed *keyed, *oldest = NULL;
	unsigned most = 0;

	TAILQ_FOREACH(keyed, &keys->list, entry)
	{
		unsigned count = is_over(keyed) && (oldest == NULL || keyed->uid != oldest->uid)
					 ? count_uid(keys, keyed->uid)
					 : 0;

		if (count > most) {
			most = count;
			oldest = keyed;
		}
	}
	return oldest;
}

/* Those whose time is up, and if that is not enough an old one. False: there is no room. */
static bool make_room(struct keys *keys)
{
	struct keyed *keyed, *next;

	for (keyed = TAILQ_FIRST(&keys->list); keyed != NULL; keyed = next) {
		next = TAILQ_NEXT(keyed, entry);
		if (is_too_old(keyed))
			keyed_free(keyed);
	}
	keyed = keys->count >= KEYS_MAX ? find_oldest(keys) : NULL;
	if (keyed != NULL)
		keyed_free(keyed);
	return keys->count < KEYS_MAX;
}

static struct keyed *find(struct keys *keys, uid_t uid, const char *key)
{
	struct keyed *keyed;

	TAILQ_FOREACH(keyed, &keys->list, entry)
	{
		if (keyed->uid == uid && strcmp(keyed->key, key) == 0)
			return keyed;
	}
	return NULL;
}

static void take_new(struct keys *keys, struct request *request, const cJSON *params, const uint8_t *digest)
{
	cJSON *copy = cJSON_Duplicate(params, true);
	struct keyed *keyed = copy != NULL ? keyed_new(keys) : NULL;

	if (keyed == NULL) {
		cJSON_Delete(copy);
		return request_error(request, SCHEMA_ERROR_INTERNAL, "out of memory");
	}
	keyed->uid = request->connection->uid;
	keyed->pid = request->connection->pid;
	snprintf(keyed->key, sizeof(keyed->key), "%s", params_string(params, "request_key"));
	keyed->method = request->method;
	memcpy(keyed->params, digest, sizeof(keyed->params));
	keyed->time = keyed_now();
	keyed->asked = copy;
	if (wait_for(keyed, request, params))
		keyed_touch(keyed);
	else
		keyed_free(keyed);
}

static void take_known(struct keyed *keyed, struct request *request, const cJSON *params,
		       const uint8_t *digest)
{
	if (keyed->method != request->method || memcmp(keyed->params, digest, sizeof(keyed->params)) != 0)
		request_error(request, SCHEMA_ERROR_KEY_REUSED, "this key was given to another request");
	else if (keyed->state == KEYED_LOST)
		request_error(
			request, SCHEMA_ERROR_KEY_LOST,
			"the daemon ended while it did this: look what came of it, then ask with a new key");
	else if (keyed->state == KEYED_DONE && keyed->touch == 0)
		request_forward(request, keyed->answer, keyed->length, false);
	else
		wait_for(keyed, request, params);
}

static bool is_printable(const char *text)
{
	while (isprint((unsigned char)*text) && (unsigned char)*text < 0x7f)
		text++;
	return *text == '\0';
}

void keys_take(struct keys *keys, struct request *request, const cJSON *params)
{
	const char *key = params_string(params, "request_key");
	struct params_error error = { "/params/request_key",
				      "parameter request_key must be printable characters of ASCII" };
	uint8_t digest[SHA256_SIZE];
	struct keyed *keyed;

	if (!is_printable(key))
		return request_fail_params(request, &error);
	if (!digest_params(request->method, params, digest))
		return request_error(request, SCHEMA_ERROR_INTERNAL, "out of memory");
	keyed = find(keys, request->connection->uid, key);
	if (keyed != NULL && is_too_old(keyed)) {
		keyed_free(keyed);
		keyed = NULL;
	}
	if (keyed != NULL)
		take_known(keyed, request, params, digest);
	else if (make_room(keys))
		take_new(keys, request, params, digest);
	else
		request_error(request, SCHEMA_ERROR_INTERNAL, "too many requests with keys are under way");
}

int keys_new(struct api *api, const char *state_dir, struct keys **ret_keys)
{
	struct keys *keys = calloc(1, sizeof(*keys));
	int r = -ENOMEM;

	if (keys == NULL)
		return r;
	keys->api = api;
	TAILQ_INIT(&keys->list);
	r = keys_load(keys, state_dir);
	if (r == 0)
		r = state_file_new(api->loop, state_dir, KEYS_FILE, &keys_file_ops, keys, &keys->file);
	if (r == 0)
		*ret_keys = keys;
	else
		keys_free(keys);
	return r;
}

void keys_close(struct keys *keys)
{
	struct keyed *keyed;

	if (keys == NULL || keys->closed)
		return;
	keys->closed = true;
	TAILQ_FOREACH(keyed, &keys->list, entry)
	keyed_free_agent(keyed);
	state_file_close(keys->file);
}

void keys_free(struct keys *keys)
{
	struct keyed *keyed;

	if (keys == NULL)
		return;
	while ((keyed = TAILQ_FIRST(&keys->list)) != NULL)
		keyed_free(keyed);
	free(keys);
}
