/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What changes zones. */
#include <string.h>

#include "connection.h"
#include "log.h"
#include "look.h"

static void on_zone_done(void *user, const struct zone *zone, const struct zone_failure *failure)
{
	struct request *request = user;
	struct connection *connection = request->connection;
	struct json_out *out;

	request->op = NULL;
	if (failure->error != SCHEMA_OK) {
		request_fail(request, failure, zone);
	} else if ((out = request_reply(request)) != NULL) {
		bool stop = request->method == SCHEMA_METHOD_ZONE_STOP ||
			    request->method == SCHEMA_METHOD_ZONE_KILL;
		bool stopped = stop && zone->state != ZONE_CRASHED;

		/* it may be on its way up again already, for somebody else */
		json_put_string(out, "state", stopped ? "stopped" : lifecycle_state_name(zone->state));
		if (stop)
			json_put_string(out, "reason", zone->reason);
		method_put_seq(request, out);
		request_reply_end(request, false);
	}
	request_done(request);
	connection_flush(connection);
}

static void begin_op(struct request *kept, struct zone *zone, struct zone_ask what)
{
	what.cause = (struct zone_cause){ .kind = ZONE_CAUSE_CLIENT,
					  .uid = kept->connection->uid,
					  .pid = kept->connection->pid };
	log_info("%s %s by uid %u, pid %d", schema_methods[kept->method].name, zone->name,
		 (unsigned)kept->connection->uid, (int)kept->connection->pid);
	if (zone_request(zone, &what, on_zone_done, kept, &kept->op) != 0) {
		request_error(kept, SCHEMA_ERROR_INTERNAL, "out of memory");
		request_done(kept);
	}
}

static void ask_mode(struct request *request, const cJSON *params, struct zone_ask what)
{
	struct zone *zone = method_zone(request, params);
	struct request *kept = zone != NULL ? request_keep(request) : NULL;

	if (kept != NULL)
		begin_op(kept, zone, what);
}

static void ask(struct request *request, const cJSON *params, enum zone_request what)
{
	uint64_t timeout_ms = params_integer(request->method, params, "timeout_ms");

	ask_mode(request, params, (struct zone_ask){ .request = what, .timeout_ms = timeout_ms });
}

static enum zone_request start_or_restart(const struct request *request)
{
	return request->method == SCHEMA_METHOD_ZONE_START ? ZONE_REQUEST_START : ZONE_REQUEST_RESTART;
}

static void start_after_look(struct request *kept, const cJSON *params)
{
	struct zone_ask what = { .request = start_or_restart(kept),
				 .timeout_ms = params_integer(kept->method, params, "timeout_ms") };
	struct zone *zone = method_zone(kept, params);

	if (zone != NULL)
		return begin_op(kept, zone, what);
	request_done(kept);
}

/* A file that was written a moment ago may not have been looked at yet. */
void method_zone_start(struct request *request, const cJSON *params)
{
	if (method_find_zone(request, params) == NULL)
		return look_first(request, params, start_after_look);
	ask(request, params, start_or_restart(request));
}

void method_zone_stop(struct request *request, const cJSON *params)
{
	const char *mode = params_string(params, "mode");
	struct zone_ask what = { .request = ZONE_REQUEST_STOP, .mode = ZONE_STOP_AUTO };

	if (mode != NULL && strcmp(mode, "graceful") == 0)
		what.mode = ZONE_STOP_GRACEFUL;
	else if (mode != NULL && strcmp(mode, "force") == 0)
		what.mode = ZONE_STOP_FORCE;
	if (cJSON_HasObjectItem(params, "timeout_ms"))
		what.timeout_ms = params_integer(request->method, params, "timeout_ms");
	ask_mode(request, params, what);
}

void method_zone_kill(struct request *request, const cJSON *params)
{
	ask_mode(request, params,
		 (struct zone_ask){ .request = ZONE_REQUEST_STOP,
				    .mode = ZONE_STOP_FORCE,
				    .timeout_ms = params_integer(request->method, params, "timeout_ms") });
}

void method_zone_pause(struct request *request, const cJSON *params)
{
	ask(request, params, ZONE_REQUEST_PAUSE);
}

void method_zone_resume(struct request *request, const cJSON *params)
{
	ask(request, params, ZONE_REQUEST_RESUME);
}
