/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wait.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connection.h"

#define STATE(state) (1u << ZONE_##state)

static const struct {
	const char *name;
	unsigned states;
} aims[] = {
	{ "running", STATE(RUNNING) },
	{ "stopped", STATE(STOPPED) },
	{ "paused", STATE(PAUSED) },
	{ "crashed", STATE(CRASHED) },
	{ "invalid", STATE(INVALID) },
	{ "ended", STATE(STOPPED) | STATE(CRASHED) | STATE(INVALID) },
	{ "settled", STATE(STOPPED) | STATE(CRASHED) | STATE(INVALID) | STATE(RUNNING) | STATE(PAUSED) },
};

struct wait {
	uv_timer_t timer;
	struct request *request;
	const struct zone *zone;
	unsigned states;
};

static void on_closed(uv_handle_t *timer)
{
	free(timer->data);
}

static void detach(struct request *request)
{
	struct wait *wait = request->waits_for;

	uv_close((uv_handle_t *)&wait->timer, on_closed);
}

static bool is_there(const struct wait *wait)
{
	return (wait->states >> wait->zone->state & 1) != 0;
}

static void answer(struct request *request, const struct zone *zone)
{
	struct json_out *out = request_reply(request);

	if (out == NULL)
		return;
	json_put_string(out, "state", lifecycle_state_name(zone->state));
	if (zone->reason != NULL)
		json_put_string(out, "reason", zone->reason);
	method_put_seq(request, out);
	request_reply_end(request, false);
}

static void fail(struct wait *wait, enum schema_error_id error, const char *what)
{
	struct zone_failure failure = { .error = error };

	snprintf(failure.message, sizeof(failure.message), "zone %.64s %s", wait->zone->name, what);
	request_fail(wait->request, &failure, wait->zone);
	request_drop(wait->request);
}

static void on_timeout(uv_timer_t *timer)
{
	struct wait *wait = timer->data;
	struct connection *connection = wait->request->connection;

	fail(wait, SCHEMA_ERROR_WAIT_TIMEOUT, "did not come into the state in time");
	connection_flush(connection);
}

static unsigned states_of(const char *name)
{
	unsigned i = 0;

	/* the schema has the same names */
	while (strcmp(aims[i].name, name) != 0)
		i++;
	return aims[i].states;
}

void method_zone_wait(struct request *request, const cJSON *params)
{
	struct zone *zone = method_zone(request, params);
	struct request *kept = NULL;
	struct wait wait, *made;

	if (zone == NULL)
		return;
	wait = (struct wait){ .zone = zone, .states = states_of(params_string(params, "state")) };
	if (is_there(&wait))
		return answer(request, zone);
	made = malloc(sizeof(*made));
	if (made == NULL)
		return request_error(request, SCHEMA_ERROR_INTERNAL, "out of memory");
	kept = request_keep(request);
	if (kept == NULL)
		return free(made);
	*made = wait;
	made->request = kept;
	kept->waits_for = made;
	kept->detach = detach;
	uv_timer_init(request->connection->api->loop, &made->timer);
	made->timer.data = made;
	uv_timer_start(&made->timer, on_timeout, params_integer(kept->method, params, "timeout_ms"), 0);
}

/* What the connection's requests wait for; true: one of them was answered. */
static bool check_connection(struct connection *connection, const struct zone *zone, bool gone)
{
	struct request *request, *next;
	bool answered = false;

	for (request = TAILQ_FIRST(&connection->requests); request != NULL; request = next) {
		struct wait *wait = request->waits_for;

		next = TAILQ_NEXT(request, entry);
		if (request->detach != detach || wait->zone != zone || (!gone && !is_there(wait)))
			continue;
		answered = true;
		if (gone) {
			fail(wait, SCHEMA_ERROR_ZONE_UNKNOWN, "has no file any more");
		} else {
			answer(request, zone);
			request_drop(request);
		}
	}
	return answered;
}

static void check_all(struct api *api, const struct zone *zone, bool gone)
{
	struct connection *connection, *next;

	for (connection = TAILQ_FIRST(&api->connections); connection != NULL; connection = next) {
		next = TAILQ_NEXT(connection, entry);
		if (check_connection(connection, zone, gone))
			connection_flush(connection);
	}
}

void wait_check(struct api *api, const struct zone *zone)
{
	check_all(api, zone, false);
}

void wait_end(struct api *api, const struct zone *zone)
{
	check_all(api, zone, true);
}
