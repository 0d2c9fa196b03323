/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Consoles: streams that go at their clients' pace, input that goes at the guest's. */
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "connection.h"

/* Output in one result. */
#define PIECE 12288u

/* A zone with a console, that runs if it must; NULL: answered with an error. */
static struct zone *console_zone(struct request *request, const cJSON *params, bool must_run)
{
	struct zone *zone = method_zone(request, params);

	if (zone == NULL)
		return NULL;
	if (!zone_has_console(zone) && zone->console.end == 0) {
		request_error(request, SCHEMA_ERROR_NO_CONSOLE, "zone %.40s has no console", zone->name);
		return NULL;
	}
	if (must_run && !lifecycle_is_active(zone->state)) {
		request_error(request, SCHEMA_ERROR_ZONE_NOT_RUNNING, "zone %.40s does not run", zone->name);
		return NULL;
	}
	return zone;
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

	while (!connection->closing && connection_queued(connection) < CONNECTION_HIGH_WATER) {
		const char *data;
		size_t length = console_read(&zone->console, &request->pos, &data);
		struct json_out *out;

		if (length == 0) {
			if (!lifecycle_is_active(zone->state))
				end_stream(request);
			return;
		}
		if (length > PIECE)
			length = PIECE;
		out = request_reply(request);
		if (out == NULL)
			return;
		put_output(out, request->pos, data, length);
		request_reply_end(request, true);
		request->pos += length;
	}
}

void console_pump_all(struct connection *connection)
{
	struct request *request, *next;

	for (request = TAILQ_FIRST(&connection->requests); request != NULL; request = next) {
		next = TAILQ_NEXT(request, entry);
		if (request->stream != NULL)
			console_pump(request);
	}
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
		connection_flush(connection);
	}
}

/* Kept output from pos on, in one answer. */
static void reply_kept(struct request *request, const struct zone *zone, uint64_t pos)
{
	struct json_out *out = request_reply(request);
	const char *data, *more;
	size_t length, rest;
	uint64_t next;
	char *whole;

	if (out == NULL)
		return;
	/* two pieces where the ring wraps: base64 wants them as one */
	length = console_read(&zone->console, &pos, &data);
	next = pos + length;
	rest = length != 0 ? console_read(&zone->console, &next, &more) : 0;
	whole = rest != 0 ? malloc(length + rest) : NULL;
	if (whole != NULL) {
		memcpy(whole, data, length);
		memcpy(whole + length, more, rest);
		put_output(out, pos, whole, length + rest);
		free(whole);
	} else {
		put_output(out, pos, length != 0 ? data : "", length);
	}
	json_put_string(out, "state", lifecycle_state_name(zone->state));
	request_reply_end(request, false);
}

void method_console_attach(struct request *request, const cJSON *params)
{
	uint64_t replay = params_integer(request->method, params, "replay");
	bool more = params_boolean(params, "more");
	struct zone *zone = console_zone(request, params, more);
	struct request *kept;
	uint64_t pos;

	if (zone == NULL)
		return;
	pos = zone->console.end - zone->console.start > replay ? zone->console.end - replay
							       : zone->console.start;
	if (!more)
		return reply_kept(request, zone, pos);
	kept = request->id != NULL ? request_keep(request) : NULL;
	if (kept == NULL)
		return;
	kept->stream = zone;
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
	struct zone *zone = console_zone(request, params, true);
	struct request *kept;
	ssize_t length;
	char *data;

	if (zone == NULL)
		return;
	data = malloc(strlen(text) / 4 * 3 + 1);
	length = data != NULL ? base64_decode(text, strlen(text), data) : 0;
	if (data == NULL) {
		request_error(request, SCHEMA_ERROR_INTERNAL, "out of memory");
	} else if (length < 0) {
		request_error(request, SCHEMA_ERROR_PARAMS, "b64 is not base64 with padding");
	} else if ((kept = request_keep(request)) != NULL) {
		kept->input_length = (size_t)length;
		if (zone_type(zone, data, (size_t)length, on_typed, kept, &kept->input) != 0) {
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
	struct zone *zone = console_zone(request, params, true);

	if (zone == NULL)
		return;
	if (!zone_resize(zone, columns, rows))
		request_error(request, SCHEMA_ERROR_DEVICE, "the zone's device process is gone");
	else if (request_reply(request) != NULL)
		request_reply_end(request, false);
}
