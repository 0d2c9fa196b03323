/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each method does, but for the console's. Parameters have been checked. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "connection.h"
#include "json_strict.h"
#include "log.h"
#include "schema_json.h"

static struct zone *find_zone(struct request *request, const cJSON *params)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(params, "zone");
	struct zones *zones = request->connection->api->zones;
	uint64_t id;

	if (cJSON_IsString(value))
		return zones_find_name(zones, value->valuestring);
	return json_strict_u64(value, &id) == 0 ? zones_find_id(zones, id) : NULL;
}

struct zone *method_zone(struct request *request, const cJSON *params)
{
	struct zone *zone = find_zone(request, params);

	if (zone == NULL)
		request_error(request, SCHEMA_ERROR_ZONE_UNKNOWN, "no zone %.64s",
			      cJSON_GetObjectItemCaseSensitive(params, "zone")->valuestring);
	return zone;
}

static void put_seq(const struct request *request, struct json_out *out)
{
	json_put_uint(out, "seq", request->connection->api->events.seq);
}

static void zone_list(struct request *request, const cJSON *params)
{
	struct zones *zones = request->connection->api->zones;
	struct json_out *out = request_reply(request);

	(void)params;
	if (out == NULL)
		return;
	put_seq(request, out);
	json_open_array(out, "zones");
	for (struct zone *zone = zones_next(zones, NULL); zone != NULL; zone = zones_next(zones, zone)) {
		json_open_object(out, NULL);
		zone_json_summary(zone, out);
		json_close_object(out);
	}
	json_close_array(out);
	request_reply_end(request, false);
}

static void zone_get_method(struct request *request, const cJSON *params)
{
	struct zone *zone = method_zone(request, params);
	struct json_out *out;

	if (zone == NULL)
		return;
	zone_update_status(zone);
	out = request_reply(request);
	if (out == NULL)
		return;
	put_seq(request, out);
	json_open_object(out, "zone");
	zone_json_full(zone, out);
	json_close_object(out);
	request_reply_end(request, false);
}

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
		put_seq(request, out);
		request_reply_end(request, false);
	}
	request_done(request);
	connection_flush(connection);
}

static void begin_op(struct request *kept, struct zone *zone, const struct zone_ask *what)
{
	log_info("%s %s by uid %u, pid %d", schema_methods[kept->method].name, zone->name,
		 (unsigned)kept->connection->uid, (int)kept->connection->pid);
	if (zone_request(zone, what, on_zone_done, kept, &kept->op) != 0) {
		request_error(kept, SCHEMA_ERROR_INTERNAL, "out of memory");
		request_done(kept);
	}
}

static void ask_mode(struct request *request, const cJSON *params, struct zone_ask what)
{
	struct zone *zone = method_zone(request, params);
	struct request *kept = zone != NULL ? request_keep(request) : NULL;

	if (kept != NULL)
		begin_op(kept, zone, &what);
}

static void ask(struct request *request, const cJSON *params, enum zone_request what)
{
	uint64_t timeout_ms = params_integer(request->method, params, "timeout_ms");

	ask_mode(request, params, (struct zone_ask){ .request = what, .timeout_ms = timeout_ms });
}

/* A kept request that waits for a look at the directory. Its connection may be gone by then. */
struct look {
	struct api *api;
	struct request *request;
	cJSON *params;
	void (*then)(struct request *request, const cJSON *params);
};

static struct request *find_request(struct api *api, const struct request *wanted)
{
	struct connection *connection;
	struct request *request;

	TAILQ_FOREACH(connection, &api->connections, entry)
	{
		TAILQ_FOREACH(request, &connection->requests, entry)
		{
			if (request == wanted)
				return request;
		}
	}
	return NULL;
}

static void on_looked(void *user)
{
	struct look *look = user;
	struct request *request = find_request(look->api, look->request);
	struct connection *connection = request != NULL ? request->connection : NULL;

	if (request != NULL) {
		look->then(request, look->params);
		connection_flush(connection);
	}
	cJSON_Delete(look->params);
	free(look);
}

/* Keeps the request, reads the directory, then calls then, which answers. */
static void look_first(struct request *request, const cJSON *params,
		       void (*then)(struct request *request, const cJSON *params))
{
	struct look *look = calloc(1, sizeof(*look));
	struct api *api = request->connection->api;

	if (look == NULL)
		return request_error(request, SCHEMA_ERROR_INTERNAL, "out of memory");
	*look = (struct look){ .api = api, .params = cJSON_Duplicate(params, true), .then = then };
	look->request = request_keep(request);
	if (look->request != NULL) {
		if ((params == NULL || look->params != NULL) &&
		    zones_refresh(api->zones, on_looked, look) == 0)
			return;
		request_error(look->request, SCHEMA_ERROR_INTERNAL, "out of memory");
		request_done(look->request);
	}
	cJSON_Delete(look->params);
	free(look);
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
		return begin_op(kept, zone, &what);
	request_done(kept);
}

/* A file that was written a moment ago may not have been looked at yet. */
static void zone_start(struct request *request, const cJSON *params)
{
	if (find_zone(request, params) == NULL)
		return look_first(request, params, start_after_look);
	ask(request, params, start_or_restart(request));
}

static void zone_stop(struct request *request, const cJSON *params)
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

static void zone_kill(struct request *request, const cJSON *params)
{
	ask_mode(request, params,
		 (struct zone_ask){ .request = ZONE_REQUEST_STOP,
				    .mode = ZONE_STOP_FORCE,
				    .timeout_ms = params_integer(request->method, params, "timeout_ms") });
}

static void zone_pause(struct request *request, const cJSON *params)
{
	ask(request, params, ZONE_REQUEST_PAUSE);
}

static void zone_resume(struct request *request, const cJSON *params)
{
	ask(request, params, ZONE_REQUEST_RESUME);
}

static void check_after_look(struct request *kept, const cJSON *params)
{
	struct zones *zones = kept->connection->api->zones;
	const struct zone *zone = NULL;
	struct json_out *out;
	unsigned errors;

	if (cJSON_HasObjectItem(params, "zone")) {
		zone = method_zone(kept, params);
		if (zone == NULL)
			return request_done(kept);
	}
	out = request_reply(kept);
	if (out != NULL) {
		json_open_array(out, "findings");
		errors = zone_json_findings(zones_findings(zones), zone != NULL ? zone->file : NULL, out);
		json_close_array(out);
		json_put_bool(out, "good", errors == 0);
		request_reply_end(kept, false);
	}
	request_done(kept);
}

static void zone_check(struct request *request, const cJSON *params)
{
	look_first(request, params, check_after_look);
}

static void events_subscribe(struct request *request, const cJSON *params)
{
	struct connection *connection = request->connection;
	const struct event_ring *ring = &connection->api->events;
	bool resume = cJSON_HasObjectItem(params, "since");
	uint64_t since = resume ? params_integer(request->method, params, "since") : ring->seq;
	struct json_out *out;

	if (since > ring->seq)
		return request_error(request, SCHEMA_ERROR_PARAMS,
				     "since is ahead of seq %" PRIu64
				     ": boot_id tells one daemon from the next",
				     ring->seq);
	if (subscription_set(&connection->subscription, cJSON_GetObjectItemCaseSensitive(params, "match")) !=
	    0)
		return request_error(request, SCHEMA_ERROR_INTERNAL, "out of memory");
	out = request_reply(request);
	if (out != NULL) {
		put_seq(request, out);
		if (resume)
			json_put_uint(out, "lost", events_lost_since(ring, since));
		request_reply_end(request, false);
	}
	events_replay(connection, since);
}

/* The connection's unanswered request with that id, or NULL. */
static struct request *find_id(struct connection *connection, const cJSON *id)
{
	struct request *request, *found = NULL;
	struct json_out text = { 0 };

	if (cJSON_IsString(id))
		json_put_string(&text, NULL, id->valuestring);
	else
		json_append(&text, id->valuestring, strlen(id->valuestring));
	TAILQ_FOREACH(request, &connection->requests, entry)
	{
		if (!text.failed && request->id != NULL && strlen(request->id) == text.length &&
		    memcmp(request->id, text.text, text.length) == 0)
			found = request;
	}
	json_out_fini(&text);
	return found;
}

static void cancel_request(struct request *request)
{
	if (request->op != NULL)
		return zone_op_cancel(request->op);
	if (request->input != NULL)
		zone_input_detach(request->input);
	request->input = NULL;
	request_error(request, SCHEMA_ERROR_CANCELLED, "cancelled");
	request_done(request);
}

static void cancel(struct request *request, const cJSON *params)
{
	struct request *target = find_id(request->connection, cJSON_GetObjectItemCaseSensitive(params, "id"));
	struct json_out *out;

	if (target != NULL)
		cancel_request(target);
	out = request_reply(request);
	if (out == NULL)
		return;
	json_put_bool(out, "cancelled", target != NULL);
	request_reply_end(request, false);
}

static void put_platform(const HvPlatform *platform, struct json_out *out)
{
	uint64_t ram = 0;

	for (uint32_t i = 0; i < platform->num_ram; i++)
		ram += platform->ram[i].size;
	json_open_object(out, "platform");
	json_put_string(out, "name", platform->name);
	json_put_string(out, "arch", platform->arch);
	json_put_uint(out, "cpus", platform->num_cpus);
	json_put_uint(out, "ram", ram);
	json_close_object(out);
}

static void put_hypervisor(struct backend *backend, struct json_out *out)
{
	struct hv_stats stats;

	json_open_object(out, "hypervisor");
	if (backend->ops->stats(backend, &stats) == 0) {
		json_put_uint(out, "pool_pages", stats.pool_pages);
		json_put_uint(out, "pool_used", stats.pool_used);
		json_put_uint(out, "pool_peak", stats.pool_peak);
		json_put_uint(out, "image_bytes", stats.image_bytes);
		json_put_uint(out, "reserved_bytes", stats.reserved_bytes);
		json_put_uint(out, "zone_bytes", stats.zone_bytes);
		json_put_uint(out, "boot_ticks", stats.boot_ticks);
	}
	json_close_object(out);
}

static void system_info(struct request *request, const cJSON *params)
{
	struct api *api = request->connection->api;
	struct json_out *out = request_reply(request);

	(void)params;
	if (out == NULL)
		return;
	json_put_string(out, "version", api->options.version);
	json_put_int(out, "protocol", SCHEMA_PROTOCOL);
	json_put_int(out, "pid", getpid());
	json_put_uint(out, "uptime_ms", uv_now(api->loop) - api->started_ms);
	json_put_string(out, "backend", api->options.backend);
	json_put_string(out, "config_dir", api->options.config_dir);
	put_platform(zones_platform(api->zones), out);
	put_hypervisor(zones_backend(api->zones), out);
	json_put_uint(out, "connections", api->num_connections);
	request_reply_end(request, false);
}

static void schema_get(struct request *request, const cJSON *params)
{
	struct json_out *out = request_reply(request);

	(void)params;
	if (out == NULL)
		return;
	json_open_object(out, "schema");
	schema_json(out);
	json_close_object(out);
	request_reply_end(request, false);
}

const method_fn methods[SCHEMA_METHOD_COUNT] = {
	[SCHEMA_METHOD_ZONE_LIST] = zone_list,
	[SCHEMA_METHOD_ZONE_GET] = zone_get_method,
	[SCHEMA_METHOD_ZONE_START] = zone_start,
	[SCHEMA_METHOD_ZONE_STOP] = zone_stop,
	[SCHEMA_METHOD_ZONE_KILL] = zone_kill,
	[SCHEMA_METHOD_ZONE_RESTART] = zone_start,
	[SCHEMA_METHOD_ZONE_PAUSE] = zone_pause,
	[SCHEMA_METHOD_ZONE_RESUME] = zone_resume,
	[SCHEMA_METHOD_ZONE_CHECK] = zone_check,
	[SCHEMA_METHOD_EVENTS_SUBSCRIBE] = events_subscribe,
	[SCHEMA_METHOD_CONSOLE_ATTACH] = method_console_attach,
	[SCHEMA_METHOD_CONSOLE_WRITE] = method_console_write,
	[SCHEMA_METHOD_CONSOLE_RESIZE] = method_console_resize,
	[SCHEMA_METHOD_CANCEL] = cancel,
	[SCHEMA_METHOD_SYSTEM_INFO] = system_info,
	[SCHEMA_METHOD_SCHEMA_GET] = schema_get,
};
