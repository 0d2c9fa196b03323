/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What changes zones. */
#include <string.h>

#include "connection.h"
#include "look.h"

/* What a method asks for, and what the zone is afterwards; NULL: its autostart is told instead. */
static const struct {
	enum zone_request request;
	const char *state;
} changes[SCHEMA_METHOD_COUNT] = {
	[SCHEMA_METHOD_ZONE_START] = { ZONE_REQUEST_START, "running" },
	[SCHEMA_METHOD_ZONE_STOP] = { ZONE_REQUEST_STOP, "stopped" },
	[SCHEMA_METHOD_ZONE_KILL] = { ZONE_REQUEST_STOP, "stopped" },
	[SCHEMA_METHOD_ZONE_RESTART] = { ZONE_REQUEST_RESTART, "running" },
	[SCHEMA_METHOD_ZONE_PAUSE] = { ZONE_REQUEST_PAUSE, "paused" },
	[SCHEMA_METHOD_ZONE_RESUME] = { ZONE_REQUEST_RESUME, "running" },
	[SCHEMA_METHOD_ZONE_ENABLE] = { ZONE_REQUEST_ENABLE, NULL },
	[SCHEMA_METHOD_ZONE_DISABLE] = { ZONE_REQUEST_DISABLE, NULL },
};

/* A zone that was stopped may be on its way up again already, for somebody else. */
static void put_stopped(const struct zone *zone, struct json_out *out)
{
	json_put_string(out, "state",
			lifecycle_state_name(zone->state == ZONE_CRASHED ? zone->state : ZONE_STOPPED));
	json_put_string(out, "reason", zone->reason);
}

static void put_outcome(const struct request *request, const struct zone *zone, struct json_out *out)
{
	enum zone_request what = changes[request->method].request;
	bool enable = what == ZONE_REQUEST_ENABLE;

	if (request->dry_run)
		json_put_bool(out, "dry_run", true);
	if (changes[request->method].state == NULL)
		json_put_bool(out, "autostart", request->dry_run ? enable : zone_autostart(zone));
	else if (request->dry_run)
		json_put_string(out, "state", changes[request->method].state);
	else if (what == ZONE_REQUEST_STOP)
		put_stopped(zone, out);
	else
		json_put_string(out, "state", lifecycle_state_name(zone->state));
	method_put_seq(request, out);
}

static void on_done(void *user, const struct zone *zone, const struct zone_failure *failure)
{
	struct request *request = user;
	struct connection *connection = request->connection;
	struct json_out *out;

	request->op = NULL;
	if (failure->error != SCHEMA_OK) {
		request_fail(request, failure, zone);
	} else if ((out = request_reply(request)) != NULL) {
		put_outcome(request, zone, out);
		request_reply_end(request, false);
	}
	request_done(request);
	connection_flush(connection);
}

/* A client that does not keep up hears less of it. */
static void on_progress(void *user, const struct zone *zone, uint64_t loaded, uint64_t total)
{
	struct request *request = user;
	struct connection *connection = request->connection;
	struct json_out *out;

	(void)zone;
	if (connection_queued(connection) >= CONNECTION_HIGH_WATER)
		return;
	out = request_reply(request);
	if (out == NULL)
		return;
	json_put_uint(out, "loaded", loaded);
	json_put_uint(out, "total", total);
	request_reply_end(request, true);
	connection_flush(connection);
}

static enum zone_stop_mode mode_of(const char *mode)
{
	if (mode != NULL && strcmp(mode, "graceful") == 0)
		return ZONE_STOP_GRACEFUL;
	if (mode != NULL && strcmp(mode, "force") == 0)
		return ZONE_STOP_FORCE;
	return ZONE_STOP_AUTO;
}

/* A stop without a time takes the zone's own. */
static uint64_t timeout_of(const struct request *request, const cJSON *params)
{
	bool timed = schema_find_param(request->method, "timeout_ms", strlen("timeout_ms")) != NULL;

	if (!timed ||
	    (request->method == SCHEMA_METHOD_ZONE_STOP && !cJSON_HasObjectItem(params, "timeout_ms")))
		return 0;
	return params_integer(request->method, params, "timeout_ms");
}

/* Begins what the kept request asks for; it is answered, maybe at once. */
static void begin(struct request *kept, struct zone *zone, const cJSON *params)
{
	struct connection *connection = kept->connection;
	struct zone_ask what = {
		.request = changes[kept->method].request,
		.mode = kept->method == SCHEMA_METHOD_ZONE_KILL ? ZONE_STOP_FORCE
								: mode_of(params_string(params, "mode")),
		.timeout_ms = timeout_of(kept, params),
		.dry_run = params_boolean(params, "dry_run"),
		.cause = { .kind = ZONE_CAUSE_CLIENT, .uid = connection->uid, .pid = connection->pid },
		.progress = params_boolean(params, "more") ? on_progress : NULL,
	};

	kept->dry_run = what.dry_run;
	if (zone_request(zone, &what, on_done, kept, &kept->op) != 0) {
		request_error(kept, SCHEMA_ERROR_INTERNAL, "out of memory");
		request_done(kept);
	}
}

static void begin_after_look(struct request *kept, const cJSON *params)
{
	struct zone *zone = method_zone(kept, params);

	if (zone != NULL)
		begin(kept, zone, params);
	else
		request_done(kept);
}

void method_zone_change(struct request *request, const cJSON *params)
{
	struct zone *zone = method_find_zone(request, params);
	struct request *kept;

	/* a file that was written a moment ago may not have been looked at yet */
	if (zone == NULL)
		return look_first(request, params, begin_after_look);
	kept = request_keep(request);
	if (kept != NULL)
		begin(kept, zone, params);
}
