/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events for a connection, and giving up what it asked for. */
#include <inttypes.h>
#include <string.h>

#include "connection.h"

void method_events_subscribe(struct request *request, const cJSON *params)
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
	if (subscription_set(&connection->subscription, cJSON_GetObjectItemCaseSensitive(params, "match"),
			     cJSON_GetObjectItemCaseSensitive(params, "zones")) != 0)
		return request_error(request, SCHEMA_ERROR_INTERNAL, "out of memory");
	out = request_reply(request);
	if (out != NULL) {
		method_put_seq(request, out);
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

void method_cancel(struct request *request, const cJSON *params)
{
	struct request *target = find_id(request->connection, cJSON_GetObjectItemCaseSensitive(params, "id"));
	struct json_out *out;

	if (target != NULL)
		request_cancel(target);
	out = request_reply(request);
	if (out == NULL)
		return;
	json_put_bool(out, "cancelled", target != NULL);
	request_reply_end(request, false);
}
