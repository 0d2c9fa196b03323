/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Consoles: streams and raw connections that go at their clients' pace, input that goes at the guest's. */
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "base64.h"
#include "connection.h"
#include "log.h"

/* Output in one result. */
#define PIECE 12288u

/* The console that is meant, of a zone that runs if it must; zone NULL: answered with an error. */
struct target {
	struct zone *zone;
	unsigned port;
};

static void refuse_port(struct request *request, const struct zone *zone, unsigned port, unsigned count)
{
	if (count == 0)
		return request_error(request, SCHEMA_ERROR_NO_CONSOLE, "zone %.40s has no console",
				     zone->name);
	request_error(request, SCHEMA_ERROR_NO_CONSOLE, "zone %.40s has no console %u: %s %u", zone->name,
		      port, count == 1 ? "only" : "they go up to", count - 1);
}

static struct target find_console(struct request *request, const cJSON *params, bool must_run)
{
	const unsigned port = (unsigned)params_integer(request->method, params, "port");
	struct zone *zone = method_zone(request, params);
	const struct target nothing = { NULL, 0 };
	unsigned count;

	if (zone == NULL)
		return nothing;
	count = zone_num_consoles(zone);
	if (port >= count && zone_console_end(zone, port) == 0) {
		refuse_port(request, zone, port, count);
		return nothing;
	}
	if (must_run && !lifecycle_is_active(zone->state)) {
		request_error(request, SCHEMA_ERROR_ZONE_NOT_RUNNING, "zone %.40s does not run", zone->name);
		return nothing;
	}
	if (must_run && zone->plan != NULL && port >= plan_num_consoles(zone->plan)) {
		refuse_port(request, zone, port, plan_num_consoles(zone->plan));
		return nothing;
	}
	return (struct target){ zone, port };
}

static void put_output(struct json_out *out, uint64_t pos, const char *data, size_t length)
{
	json_put_base64(out, "b64", data, length);
	json_put_uint(out, "pos", pos);
}

static void end_stream(struct request *request)
{
	struct json_out *out = request_reply(request);

	if (out != NULL) {
		put_output(out, request->pos, NULL, 0);
		json_put_string(out, "state", lifecycle_state_name(request->stream->state));
		request_reply_end(request, false);
	}
	request_done(request);
}

void console_pump(struct request *request)
{
	struct connection *connection = request->connection;
	struct zone *zone = request->stream;
	char piece[PIECE];

	while (!connection->closing && connection_queued(connection) < CONNECTION_HIGH_WATER) {
		size_t length = zone_console_read(zone, request->port, &request->pos, piece, sizeof(piece));
		struct json_out *out;

		if (length == 0) {
			if (!lifecycle_is_active(zone->state))
				end_stream(request);
			return;
		}
		out = request_reply(request);
		if (out == NULL)
			return;
		put_output(out, request->pos, piece, length);
		request_reply_end(request, true);
		request->pos += length;
	}
}

static void raw_pump(struct connection *connection)
{
	char piece[PIECE];
	size_t length;

	while (!connection->closing && connection_queued(connection) < CONNECTION_HIGH_WATER) {
		length = zone_console_read(connection->raw, connection->raw_port, &connection->raw_pos, piece,
					   sizeof(piece));
		if (length == 0) {
			/* closed as soon as all is out */
			if (!lifecycle_is_active(connection->raw->state))
				connection->at_end = true;
			return;
		}
		json_append(&connection->out, piece, length);
		connection->raw_pos += length;
	}
}

static void on_raw_typed(void *user, const struct zone *zone, const struct zone_failure *failure)
{
	struct connection *connection = user;

	(void)zone;
	connection->raw_input = NULL;
	if (failure->error != SCHEMA_OK)
		connection->at_end = true;
	connection_flush(connection);
}

void console_raw_input(struct connection *connection, const char *data, size_t length)
{
	if (length != 0 && zone_type(connection->raw, connection->raw_port, data, length, on_raw_typed,
				     connection, &connection->raw_input) != 0)
		connection_close(connection);
}

void console_pump_all(struct connection *connection)
{
	struct request *request, *next;

	for (request = TAILQ_FIRST(&connection->requests); request != NULL; request = next) {
		next = TAILQ_NEXT(request, entry);
		if (request->stream != NULL)
			console_pump(request);
	}
	if (connection->raw != NULL)
		raw_pump(connection);
}

void console_end(struct api *api, const struct zone *zone)
{
	struct connection *connection, *next_connection;
	struct request *request, *next;

	for (connection = TAILQ_FIRST(&api->connections); connection != NULL; connection = next_connection) {
		next_connection = TAILQ_NEXT(connection, entry);
		for (request = TAILQ_FIRST(&connection->requests); request != NULL; request = next) {
			next = TAILQ_NEXT(request, entry);
			if (request->stream == zone)
				end_stream(request);
		}
		if (connection->raw == zone)
			connection_close(connection);
		else
			connection_flush(connection);
	}
}

/* Up to size bytes from *pos on without a hole; *pos moves as in zone_console_read(). */
static size_t read_span(const struct target *target, uint64_t *pos, char *buffer, size_t size)
{
	size_t length = zone_console_read(target->zone, target->port, pos, buffer, size), n;
	uint64_t next = *pos + length;

	while (length != 0 && length < size) {
		n = zone_console_read(target->zone, target->port, &next, buffer + length, size - length);
		if (n == 0 || next != *pos + length)
			break;
		length += n;
		next += n;
	}
	return length;
}

/* Kept output from pos on, in one answer; the caller adds members and ends it. NULL: answered, or nobody listens. */
static struct json_out *reply_kept(struct request *request, const struct target *target, uint64_t pos,
				   uint64_t limit)
{
	char *buffer = malloc(limit + 1);
	struct json_out *out;
	size_t length;

	if (buffer == NULL) {
		request_error(request, SCHEMA_ERROR_INTERNAL, "out of memory");
		return NULL;
	}
	length = read_span(target, &pos, buffer, limit);
	out = request_reply(request);
	if (out != NULL)
		put_output(out, pos, buffer, length);
	free(buffer);
	return out;
}

/* That many bytes before the end, as far as they are kept. */
static uint64_t before_end(const struct target *target, uint64_t bytes)
{
	uint64_t start = zone_console_start(target->zone, target->port);
	uint64_t end = zone_console_end(target->zone, target->port);

	return end - start > bytes ? end - bytes : start;
}

void method_console_log(struct request *request, const cJSON *params)
{
	uint64_t limit = params_integer(request->method, params, "limit");
	const struct target target = find_console(request, params, false);
	struct json_out *out;
	uint64_t pos;

	if (target.zone == NULL)
		return;
	pos = cJSON_HasObjectItem(params, "pos") ? params_integer(request->method, params, "pos")
						 : before_end(&target, limit);
	out = reply_kept(request, &target, pos, limit);
	if (out == NULL)
		return;
	json_put_uint(out, "start", zone_console_start(target.zone, target.port));
	json_put_uint(out, "end", zone_console_end(target.zone, target.port));
	request_reply_end(request, false);
}

/* From the answer on the connection is the console's, both ways, until either end closes it. */
static void attach_raw(struct request *request, const struct target *target, uint64_t pos)
{
	struct connection *connection = request->connection;
	struct json_out *out;

	if (!connection->may_change) {
		audit_refused(connection, "console.attach raw", "not allowed for this user");
		return request_error(request, SCHEMA_ERROR_PERMISSION, "raw is for those who may type");
	}
	if (request->id == NULL || connection->num_requests != 0 || connection->subscription.active)
		return request_error(request, SCHEMA_ERROR_REQUEST,
				     "raw wants a connection without other requests and events");
	out = request_reply(request);
	if (out == NULL)
		return;
	log_notice("audit: console.attach raw %s by uid %u, pid %d, console %u", target->zone->name,
		   (unsigned)connection->uid, (int)connection->pid, target->port);
	put_output(out, pos, NULL, 0);
	request_reply_end(request, false);
	connection->raw = target->zone;
	connection->raw_port = target->port;
	connection->raw_pos = pos;
}

void method_console_attach(struct request *request, const cJSON *params)
{
	uint64_t replay = params_integer(request->method, params, "replay");
	bool more = params_boolean(params, "more"), raw = params_boolean(params, "raw");
	const struct target target = find_console(request, params, more || raw);
	struct request *kept;
	struct json_out *out;
	uint64_t pos;

	if (target.zone == NULL)
		return;
	pos = before_end(&target, replay);
	if (raw)
		return attach_raw(request, &target, pos);
	if (!more) {
		out = reply_kept(request, &target, pos, zone_console_end(target.zone, target.port) - pos);
		if (out == NULL)
			return;
		json_put_string(out, "state", lifecycle_state_name(target.zone->state));
		return request_reply_end(request, false);
	}
	kept = request->id != NULL ? request_keep(request) : NULL;
	if (kept == NULL)
		return;
	kept->stream = target.zone;
	kept->port = target.port;
	kept->pos = pos;
	console_pump(kept);
}

static void on_typed(void *user, const struct zone *zone, const struct zone_failure *failure)
{
	struct request *request = user;
	struct connection *connection = request->connection;
	struct json_out *out;

	request->input = NULL;
	if (failure->error != SCHEMA_OK) {
		request_fail(request, failure, zone);
	} else if ((out = request_reply(request)) != NULL) {
		json_put_uint(out, "written", request->input_length);
		request_reply_end(request, false);
	}
	request_done(request);
	connection_flush(connection);
}

void method_console_write(struct request *request, const cJSON *params)
{
	const char *text = params_string(params, "b64");
	const struct target target = find_console(request, params, true);
	struct request *kept;
	ssize_t length;
	char *data;

	if (target.zone == NULL)
		return;
	data = malloc(strlen(text) / 4 * 3 + 1);
	length = data != NULL ? base64_decode(text, strlen(text), data) : 0;
	if (data == NULL) {
		request_error(request, SCHEMA_ERROR_INTERNAL, "out of memory");
	} else if (length < 0) {
		request_error(request, SCHEMA_ERROR_PARAMS, "b64 is not base64 with padding");
	} else if ((kept = request_keep(request)) != NULL) {
		kept->input_length = (size_t)length;
		if (zone_type(target.zone, target.port, data, (size_t)length, on_typed, kept, &kept->input) !=
		    0) {
			request_error(kept, SCHEMA_ERROR_INTERNAL, "out of memory");
			request_done(kept);
		}
	}
	free(data);
}

void method_console_resize(struct request *request, const cJSON *params)
{
	unsigned columns = (unsigned)params_integer(request->method, params, "columns");
	unsigned rows = (unsigned)params_integer(request->method, params, "rows");
	const struct target target = find_console(request, params, true);

	if (target.zone == NULL)
		return;
	if (!zone_resize(target.zone, target.port, columns, rows))
		request_error(request, SCHEMA_ERROR_DEVICE, "the zone's device process is gone");
	else if (request_reply(request) != NULL)
		request_reply_end(request, false);
}
