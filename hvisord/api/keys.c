/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "keys.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "keys_private.h"
#include "log.h"

/* What the answer to an agent begins with. */
#define AGENT_ID "0"
#define AGENT_PREFIX "{\"jsonrpc\":\"2.0\",\"id\":" AGENT_ID ","

static uint64_t now_s(void)
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

static void free_agent(struct keyed *keyed)
{
	struct connection *agent = keyed->agent;
	struct request *request;

	keyed->agent = NULL;
	if (agent == NULL)
		return;
	while ((request = TAILQ_FIRST(&agent->requests)) != NULL)
		request_drop(request);
	json_out_fini(&agent->out);
	free(agent);
}

void keyed_free(struct keyed *keyed)
{
	TAILQ_REMOVE(&keyed->keys->list, keyed, entry);
	keyed->keys->count--;
	free_agent(keyed);
	cJSON_Delete(keyed->asked);
	free(keyed->answer);
	free(keyed);
}

/* The change of a record goes to the disk; then the request goes on. */
static void touch(struct keyed *keyed)
{
	keyed->touch = state_file_touch(keyed->keys->file);
}

/* An error of our own: the key is forgotten. */
static void deliver_error(struct keyed *keyed, enum schema_error_id error, const char *message)
{
	struct key_waiter *waiter;

	while ((waiter = TAILQ_FIRST(&keyed->waiters)) != NULL) {
		struct request *request = waiter->request;
		struct connection *connection = request->connection;

		request_error(request, error, "%s", message);
		request_drop(request);
		connection_flush(connection);
	}
	state_file_touch(keyed->keys->file);
	keyed_free(keyed);
}

/* Not in a call from the agent: its memory may go. */
static void deliver(struct keyed *keyed)
{
	struct key_waiter *waiter;

	if (keyed->answer == NULL)
		return deliver_error(keyed, SCHEMA_ERROR_INTERNAL, "out of memory");
	while ((waiter = TAILQ_FIRST(&keyed->waiters)) != NULL) {
		struct request *request = waiter->request;
		struct connection *connection = request->connection;

		request_forward(request, keyed->answer, keyed->length, false);
		request_drop(request);
		connection_flush(connection);
	}
	free_agent(keyed);
	if (keyed->forget)
		keyed_free(keyed);
}

static void begin(struct keyed *keyed)
{
	struct connection *agent = calloc(1, sizeof(*agent));
	char id[] = AGENT_ID;
	struct request request = { .connection = agent, .method = keyed->method, .id = id };
	cJSON *params = keyed->asked;

	if (agent == NULL)
		return deliver_error(keyed, SCHEMA_ERROR_INTERNAL, "out of memory");
	agent->api = keyed->keys->api;
	agent->uid = keyed->uid;
	agent->pid = keyed->pid;
	agent->may_change = true;
	agent->keyed = keyed;
	TAILQ_INIT(&agent->requests);
	keyed->agent = agent;
	keyed->state = KEYED_RUNNING;
	keyed->asked = NULL;
	methods[keyed->method](&request, params);
	cJSON_Delete(params);
}

/* A record is where it should be, or (error) could not be brought there. */
static void go_on(struct keyed *keyed, int error)
{
	if (keyed->state != KEYED_NEW)
		return deliver(keyed);
	if (error != 0)
		deliver_error(keyed, SCHEMA_ERROR_STATE, "the request's key could not be written to disk");
	else if (keyed->cancelled)
		deliver_error(keyed, SCHEMA_ERROR_CANCELLED, "cancelled before it was begun");
	else
		begin(keyed);
}

static struct keyed *next_written(struct keys *keys, uint64_t written)
{
	struct keyed *keyed;

	TAILQ_FOREACH(keyed, &keys->list, entry)
	{
		if (keyed->touch != 0 && keyed->touch <= written)
			return keyed;
	}
	return NULL;
}

static void on_written(void *user, uint64_t written, int error)
{
	struct keyed *keyed;

	/* from the beginning each time: whoever is answered may ask again, and others go to make room */
	while ((keyed = next_written(user, written)) != NULL) {
		keyed->touch = 0;
		go_on(keyed, error);
	}
}

static void on_make(void *user, struct json_out *out)
{
	keys_save(user, out);
}

static void flush_waiters(struct keyed *keyed)
{
	struct key_waiter *waiter = TAILQ_FIRST(&keyed->waiters);

	while (waiter != NULL) {
		struct connection *connection = waiter->request->connection;

		connection_flush(connection);
		/* one that closed has taken all its waiters along */
		waiter = connection->closing ? TAILQ_FIRST(&keyed->waiters) : TAILQ_NEXT(waiter, entry);
	}
}

static void forward(struct keyed *keyed, const char *text, size_t length)
{
	struct key_waiter *waiter;

	TAILQ_FOREACH(waiter, &keyed->waiters, entry)
	{
		if (waiter->more && connection_queued(waiter->request->connection) < CONNECTION_HIGH_WATER)
			request_forward(waiter->request, text, length, true);
	}
	flush_waiters(keyed);
}

/* Shortages pass: whoever asks again may have more luck. The code is an error's first member. */
static bool is_internal(const char *answer)
{
	char text[32];

	snprintf(text, sizeof(text), "\"error\":{\"code\":%d,", schema_errors[SCHEMA_ERROR_INTERNAL].code);
	return strncmp(answer, text, strlen(text)) == 0;
}

static void keep(struct keyed *keyed, const char *text, size_t length)
{
	keyed->answer = text != NULL ? strndup(text, length) : NULL;
	keyed->length = length;
	keyed->forget = keyed->answer == NULL || length > KEYS_MAX_ANSWER || is_internal(keyed->answer);
	keyed->state = KEYED_DONE;
	keyed->time = now_s();
	touch(keyed);
}

void keys_answered(struct connection *agent, bool more)
{
	struct keyed *keyed = agent->keyed;
	struct json_out *out = &agent->out;
	const char *text = out->failed ? NULL : out->text + strlen(AGENT_PREFIX);
	size_t length = out->failed ? 0 : out->length - strlen(AGENT_PREFIX) - strlen("}\n");

	if (!keyed->keys->closed && !more)
		keep(keyed, text, length);
	else if (!keyed->keys->closed && text != NULL)
		forward(keyed, text, length);
	json_out_fini(out);
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
	uint64_t now = now_s();
	uint64_t age = now > keyed->time ? now - keyed->time : keyed->time - now;

	return is_over(keyed) && age > KEYS_KEPT_S;
}

/* Those whose time is up, and if that is not enough the oldest. False: there is no room. */
static bool make_room(struct keys *keys)
{
	struct keyed *keyed, *next;

	for (keyed = TAILQ_FIRST(&keys->list); keyed != NULL; keyed = next) {
		next = TAILQ_NEXT(keyed, entry);
		if (is_too_old(keyed))
			keyed_free(keyed);
	}
	for (keyed = TAILQ_FIRST(&keys->list); keyed != NULL && keys->count >= KEYS_MAX; keyed = next) {
		next = TAILQ_NEXT(keyed, entry);
		if (is_over(keyed))
			keyed_free(keyed);
	}
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
	keyed->time = now_s();
	keyed->asked = copy;
	if (wait_for(keyed, request, params))
		touch(keyed);
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
	static const struct state_file_ops ops = { .make = on_make, .written = on_written };
	struct keys *keys = calloc(1, sizeof(*keys));
	int r = -ENOMEM;

	if (keys == NULL)
		return r;
	keys->api = api;
	TAILQ_INIT(&keys->list);
	r = keys_load(keys, state_dir);
	if (r == 0)
		r = state_file_new(api->loop, state_dir, KEYS_FILE, &ops, keys, &keys->file);
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
	free_agent(keyed);
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
