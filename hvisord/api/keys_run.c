/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A request with a key, from its record on disk to its answer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keys_private.h"

/* What the answer to an agent begins with. */
#define AGENT_ID "0"
#define AGENT_PREFIX "{\"jsonrpc\":\"2.0\",\"id\":" AGENT_ID ","

void keyed_free_agent(struct keyed *keyed)
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
	keyed_free_agent(keyed);
	cJSON_Delete(keyed->asked);
	free(keyed->answer);
	free(keyed);
}

void keyed_touch(struct keyed *keyed)
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
	keyed_free_agent(keyed);
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

const struct state_file_ops keys_file_ops = { .make = on_make, .written = on_written };

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
	keyed->time = keyed_now();
	keyed_touch(keyed);
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
