/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "audit.h"

#include "connection.h"
#include "log.h"

static bool is_typing(enum schema_method_id method)
{
	return method == SCHEMA_METHOD_CONSOLE_WRITE || method == SCHEMA_METHOD_CONSOLE_RESIZE;
}

/* Each key is a request of its own. */
static bool is_told(struct connection *connection, enum schema_method_id method, const struct zone *zone)
{
	int id = zone != NULL ? zone->id : -1;

	if (!is_typing(method))
		return false;
	if (connection->types && connection->types_into == id)
		return true;
	connection->types = true;
	connection->types_into = id;
	return false;
}

void audit_change(const struct request *request, const cJSON *params)
{
	struct connection *connection = request->connection;
	const cJSON *named = cJSON_GetObjectItemCaseSensitive(params, "zone");
	const struct zone *zone = named != NULL ? method_find_zone(request, params) : NULL;
	/* what a client makes up stands behind who it is: it cannot pass for somebody else */
	const char *made_up = zone == NULL && named != NULL ? named->valuestring /* of numbers too */ : NULL;
	const char *key = params_string(params, "request_key");

	if (params_boolean(params, "dry_run") || is_told(connection, request->method, zone))
		return;
	log_about(LOG_LEVEL_NOTICE, zone != NULL ? zone->name : NULL,
		  "audit: %s%s%.64s by uid %u, pid %d%s%.64s%s%.64s", schema_methods[request->method].name,
		  zone != NULL ? " " : "", zone != NULL ? zone->name : "", (unsigned)connection->uid,
		  (int)connection->pid, key != NULL ? ", key " : "", key != NULL ? key : "",
		  made_up != NULL ? ", no zone " : "", made_up != NULL ? made_up : "");
}

void audit_refused(const struct connection *connection, const char *what, const char *why)
{
	log_warning("audit: refused: %s by uid %u, pid %d: %s", what, (unsigned)connection->uid,
		    (int)connection->pid, why);
}
