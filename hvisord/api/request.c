/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a line to a method, and from its outcome to a line. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "connection.h"
#include "json_strict.h"
#include "keys.h"
#include "log.h"

struct json_out *request_reply(struct request *request)
{
	struct json_out *out = &request->connection->out;

	if (request->id == NULL || request->connection->closing)
		return NULL;
	json_open_object(out, NULL);
	json_put_string(out, "jsonrpc", "2.0");
	json_put_raw(out, "id", request->id, strlen(request->id));
	json_open_object(out, "result");
	return out;
}

static void end_line(struct request *request, bool more)
{
	struct connection *connection = request->connection;
	struct metrics *metrics = &connection->api->metrics;

	json_close_object(&connection->out);
	json_append(&connection->out, "\n", 1);
	if (connection->keyed != NULL)
		return keys_answered(connection, more);
	if (more || request->began_ns == 0)
		return;
	metrics->answered[request->method]++;
	metrics->answered_ns[request->method] += uv_hrtime() - request->began_ns;
}

void request_forward(struct request *request, const char *members, size_t length, bool more)
{
	struct json_out *out = &request->connection->out;

	if (request->id == NULL || request->connection->closing)
		return;
	json_open_object(out, NULL);
	json_put_string(out, "jsonrpc", "2.0");
	json_put_raw(out, "id", request->id, strlen(request->id));
	json_append(out, ",", 1);
	json_append(out, members, length);
	end_line(request, more);
}

void request_reply_end(struct request *request, bool more)
{
	struct json_out *out = &request->connection->out;

	json_close_object(out);
	if (more)
		json_put_bool(out, "continues", true);
	end_line(request, more);
}

/* Opens an answer up to and with error.data.reason; false: nobody listens. */
static bool open_error(struct request *request, enum schema_error_id error, const char *reason,
		       const char *message)
{
	struct json_out *out = &request->connection->out;

	request->connection->api->metrics.errors[error]++;
	if (request->id == NULL || request->connection->closing)
		return false;
	json_open_object(out, NULL);
	json_put_string(out, "jsonrpc", "2.0");
	json_put_raw(out, "id", request->id, strlen(request->id));
	json_open_object(out, "error");
	json_put_int(out, "code", schema_errors[error].code);
	json_put_string(out, "message", message);
	json_open_object(out, "data");
	json_put_string(out, "reason", reason);
	return true;
}

static void close_error(struct request *request)
{
	struct json_out *out = &request->connection->out;

	json_close_object(out);
	json_close_object(out);
	end_line(request, false);
}

void request_error(struct request *request, enum schema_error_id error, const char *format, ...)
{
	char message[256];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	if (open_error(request, error, schema_errors[error].reason, message))
		close_error(request);
}

/* The first error in the zone's file, or in a file that serves it. */
static const struct config_finding *first_error(const struct config_findings *findings, const char *file)
{
	const struct config_finding *any = NULL;

	for (unsigned i = 0; i < findings->count; i++) {
		const struct config_finding *finding = &findings->list[i];

		if (finding->severity != CONFIG_ERROR)
			continue;
		if (file != NULL && strcmp(finding->file, file) == 0)
			return finding;
		if (any == NULL)
			any = finding;
	}
	return any;
}

static void put_place(struct json_out *out, const struct config_finding *finding)
{
	json_put_string(out, "file", finding->file);
	json_put_uint(out, "line", finding->line);
	json_put_string(out, "pointer", finding->pointer);
	if (finding->other != NULL)
		json_put_string(out, "other", finding->other);
}

/* The zone's file is not good: its findings say why. */
static void fail_findings(struct request *request, const struct zone *zone)
{
	const struct config_findings *findings = zones_findings(request->connection->api->zones);
	const struct config_finding *first = first_error(findings, zone->file);
	struct json_out *out = &request->connection->out;
	const char *reason = first != NULL ? first->reason : schema_errors[SCHEMA_ERROR_CONFIG].reason;
	const char *message = first != NULL ? first->message : "the zone's file is not good";

	if (!open_error(request, SCHEMA_ERROR_CONFIG, reason, message))
		return;
	if (first != NULL)
		put_place(out, first);
	json_open_array(out, "findings");
	zone_json_findings(findings, zone->file, out);
	json_close_array(out);
	close_error(request);
}

void request_fail(struct request *request, const struct zone_failure *failure, const struct zone *zone)
{
	struct json_out *out = &request->connection->out;
	const char *reason =
		failure->reason[0] != '\0' ? failure->reason : schema_errors[failure->error].reason;

	if (failure->error == SCHEMA_ERROR_CONFIG && failure->reason[0] == '\0')
		return fail_findings(request, zone);
	if (!open_error(request, failure->error, reason, failure->message))
		return;
	json_put_string(out, "zone", zone->name);
	json_put_string(out, "state", lifecycle_state_name(zone->state));
	if (failure->error == SCHEMA_ERROR_CONFIG)
		json_put_string(out, "file", zone->file);
	if (failure->other[0] != '\0')
		json_put_string(out, "other", failure->other);
	if (failure->number != 0)
		json_put_int(out, "errno", -failure->number);
	close_error(request);
}

struct request *request_keep(struct request *request)
{
	struct connection *connection = request->connection;
	struct request *kept = calloc(1, sizeof(*kept));

	if (kept == NULL) {
		request_error(request, SCHEMA_ERROR_INTERNAL, "out of memory");
		return NULL;
	}
	*kept = *request;
	if (request->id != NULL)
		kept->id = strdup(request->id);
	if (request->id != NULL && kept->id == NULL) {
		free(kept);
		request_error(request, SCHEMA_ERROR_INTERNAL, "out of memory");
		return NULL;
	}
	TAILQ_INSERT_TAIL(&connection->requests, kept, entry);
	connection->num_requests++;
	return kept;
}

void request_done(struct request *request)
{
	struct connection *connection = request->connection;

	TAILQ_REMOVE(&connection->requests, request, entry);
	connection->num_requests--;
	free(request->id);
	free(request);
}

void request_drop(struct request *request)
{
	if (request->op != NULL)
		zone_op_detach(request->op);
	if (request->input != NULL)
		zone_input_detach(request->input);
	if (request->detach != NULL)
		request->detach(request);
	request_done(request);
}

void request_cancel(struct request *request)
{
	if (request->op != NULL)
		return zone_op_cancel(request->op);
	if (request->cancel != NULL)
		return request->cancel(request);
	request_error(request, SCHEMA_ERROR_CANCELLED, "cancelled");
	request_drop(request);
}

static bool id_in_use(const struct connection *connection, const char *id)
{
	const struct request *request;

	TAILQ_FOREACH(request, &connection->requests, entry)
	{
		if (id != NULL && request->id != NULL && strcmp(request->id, id) == 0)
			return true;
	}
	return false;
}

void request_fail_params(struct request *request, const struct params_error *error)
{
	if (!open_error(request, SCHEMA_ERROR_PARAMS, schema_errors[SCHEMA_ERROR_PARAMS].reason,
			error->message))
		return;
	json_put_string(&request->connection->out, "pointer", error->pointer);
	close_error(request);
}

static void call(struct request *request, const cJSON *params)
{
	struct connection *connection = request->connection;
	const struct schema_method *method = &schema_methods[request->method];
	struct params_error error;

	if (method->access == SCHEMA_CHANGE && !connection->may_change) {
		audit_refused(connection, method->name, "not allowed for this user");
		return request_error(request, SCHEMA_ERROR_PERMISSION, "%s is not allowed for this user",
				     method->name);
	}
	if (!params_check(request->method, params, &error))
		return request_fail_params(request, &error);
	if (id_in_use(connection, request->id))
		return request_error(request, SCHEMA_ERROR_REQUEST, "a request with this id is unanswered");
	if (method->access == SCHEMA_CHANGE)
		audit_change(request, params);
	if (method->access == SCHEMA_CHANGE && cJSON_HasObjectItem(params, "request_key") &&
	    !params_boolean(params, "dry_run"))
		return keys_take(connection->api->keys, request, params);
	methods[request->method](request, params);
}

/* The id as JSON text. False if it is of a type that no id may have. */
static bool take_id(const cJSON *root, struct json_out *ret_id)
{
	const cJSON *id = cJSON_GetObjectItemCaseSensitive(root, "id");

	if (id == NULL)
		return true;
	if (cJSON_IsString(id))
		json_put_string(ret_id, NULL, id->valuestring);
	else if (cJSON_IsNumber(id))
		json_append(ret_id, id->valuestring, strlen(id->valuestring));
	else if (cJSON_IsNull(id))
		json_append(ret_id, "null", 4);
	else
		return false;
	json_append(ret_id, "", 1);
	return !ret_id->failed;
}

static void handle(struct connection *connection, const cJSON *root)
{
	struct request request = { .connection = connection };
	const cJSON *version = cJSON_GetObjectItemCaseSensitive(root, "jsonrpc");
	const cJSON *method = cJSON_GetObjectItemCaseSensitive(root, "method");
	struct json_out id = { 0 };
	char null_id[] = "null";

	if (!cJSON_IsObject(root) || !cJSON_IsString(version) || strcmp(version->valuestring, "2.0") != 0 ||
	    !cJSON_IsString(method) || !take_id(root, &id)) {
		request.id = null_id;
		request_error(&request, SCHEMA_ERROR_REQUEST,
			      "not a request: \"jsonrpc\":\"2.0\", \"method\", \"id\" are wanted");
		json_out_fini(&id);
		return;
	}
	request.id = id.text;
	request.method = schema_find_method(method->valuestring, strlen(method->valuestring));
	if (request.method == SCHEMA_METHOD_COUNT) {
		request_error(&request, SCHEMA_ERROR_METHOD, "no method %.64s", method->valuestring);
	} else {
		request.began_ns = uv_hrtime();
		connection->api->metrics.requests[request.method]++;
		call(&request, cJSON_GetObjectItemCaseSensitive(root, "params"));
	}
	json_out_fini(&id);
}

static void fail_parse(struct connection *connection, const struct json_error *error)
{
	char null_id[] = "null";
	struct request request = { .connection = connection, .id = null_id };
	struct json_out *out = &connection->out;

	if (!open_error(&request, SCHEMA_ERROR_PARSE, error->reason, error->message))
		return;
	json_put_uint(out, "column", error->column);
	json_put_string(out, "pointer", error->pointer);
	close_error(&request);
}

static int verdict(struct connection *connection)
{
	if (connection->closing)
		return -ECANCELED;
	if (connection->num_requests > SCHEMA_LIMIT_IN_FLIGHT) {
		connection_break(connection, SCHEMA_ERROR_LIMIT, "too many unanswered requests");
		return -ECANCELED;
	}
	if (connection->out.length >= CONNECTION_HIGH_WATER)
		connection_flush(connection);
	if (connection->closing)
		return -ECANCELED;
	if (connection->raw != NULL)
		return CODEC_PAUSE; /* what follows is no line */
	if (connection_queued(connection) >= CONNECTION_HIGH_WATER || connection_yield(connection))
		return CODEC_PAUSE;
	return 0;
}

int request_line(const char *line, size_t length, void *user)
{
	struct connection *connection = user;
	struct json_error error;
	cJSON *root = NULL;
	int r;

	if (connection->closing)
		return -ECANCELED;
	r = json_strict_parse(line, length, SCHEMA_LIMIT_DEPTH, &root, &error);
	if (r == -ENOMEM) {
		connection_break(connection, SCHEMA_ERROR_INTERNAL, "out of memory for a request");
	} else if (r != 0 && strcmp(error.reason, "json.depth") == 0) {
		connection_break(connection, SCHEMA_ERROR_LIMIT, "a request is nested deeper than the limit");
	} else if (r != 0) {
		fail_parse(connection, &error);
	} else {
		handle(connection, root);
		cJSON_Delete(root);
	}
	return verdict(connection);
}
