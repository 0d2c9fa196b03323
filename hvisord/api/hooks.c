/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What happens to zones, as events and to those who wait for it. */
#include "connection.h"
#include "wait.h"

static void on_state(void *user, const struct zone *zone, enum zone_state from)
{
	struct json_out out = { 0 };
	struct api *api = user;

	events_begin(api, SCHEMA_EVENT_ZONE_STATE, zone, &out);
	json_put_string(&out, "from", lifecycle_state_name(from));
	json_put_string(&out, "to", lifecycle_state_name(zone->state));
	if (zone->reason != NULL)
		json_put_string(&out, "reason", zone->reason);
	zone_json_cause(zone, &out);
	events_end(api, SCHEMA_EVENT_ZONE_STATE, zone, &out);
	wait_check(api, zone);
}

static void on_pending(void *user, const struct zone *zone, const char *reason)
{
	struct json_out out = { 0 };
	struct api *api = user;

	events_begin(api, SCHEMA_EVENT_ZONE_PENDING, zone, &out);
	json_put_string(&out, "pending", zone->pending);
	zone_json_delay(zone, &out);
	if (reason != NULL)
		json_put_string(&out, "reason", reason);
	events_end(api, SCHEMA_EVENT_ZONE_PENDING, zone, &out);
}

static void on_config(void *user, const struct zone *zone, const char *change)
{
	struct json_out out = { 0 };
	struct api *api = user;

	events_begin(api, SCHEMA_EVENT_ZONE_CONFIG, zone, &out);
	json_put_string(&out, "file", zone->file);
	json_put_string(&out, "change", change);
	json_put_bool(&out, "good", zone->good);
	events_end(api, SCHEMA_EVENT_ZONE_CONFIG, zone, &out);
}

static void on_device(void *user, const struct zone *zone, pid_t pid, const char *state)
{
	struct json_out out = { 0 };
	struct api *api = user;

	events_begin(api, SCHEMA_EVENT_ZONE_DEVICE, zone, &out);
	json_put_int(&out, "pid", pid);
	json_put_string(&out, "state", state);
	events_end(api, SCHEMA_EVENT_ZONE_DEVICE, zone, &out);
}

static void on_console(void *user, const struct zone *zone)
{
	struct connection *connection, *next;
	struct api *api = user;

	(void)zone;
	for (connection = TAILQ_FIRST(&api->connections); connection != NULL; connection = next) {
		next = TAILQ_NEXT(connection, entry);
		if (TAILQ_EMPTY(&connection->requests) && connection->raw == NULL)
			continue;
		console_pump_all(connection);
		connection_flush(connection);
	}
}

static void on_removed(void *user, const struct zone *zone)
{
	console_end(user, zone);
	wait_end(user, zone);
}

const struct zones_hooks api_zones_hooks = {
	.state = on_state,
	.pending = on_pending,
	.config = on_config,
	.device = on_device,
	.console = on_console,
	.removed = on_removed,
};
