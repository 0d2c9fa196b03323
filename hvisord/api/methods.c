/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One table of methods. Parameters have been checked when one is called. */
#include "methods.h"

#include "connection.h"
#include "json_strict.h"

struct zone *method_find_zone(const struct request *request, const cJSON *params)
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
	struct zone *zone = method_find_zone(request, params);

	if (zone == NULL)
		request_error(request, SCHEMA_ERROR_ZONE_UNKNOWN, "no zone %.64s",
			      cJSON_GetObjectItemCaseSensitive(params, "zone")->valuestring);
	return zone;
}

void method_put_seq(const struct request *request, struct json_out *out)
{
	json_put_uint(out, "seq", request->connection->api->events.seq);
}

bool method_matches(const cJSON *patterns, const char *name)
{
	const cJSON *pattern;

	cJSON_ArrayForEach(pattern, patterns) {
		if (events_match(pattern->valuestring, name))
			return true;
	}
	return patterns == NULL;
}

const method_fn methods[SCHEMA_METHOD_COUNT] = {
	[SCHEMA_METHOD_ZONE_LIST] = method_zone_list,
	[SCHEMA_METHOD_ZONE_GET] = method_zone_get,
	[SCHEMA_METHOD_ZONE_START] = method_zone_change,
	[SCHEMA_METHOD_ZONE_STOP] = method_zone_change,
	[SCHEMA_METHOD_ZONE_KILL] = method_zone_change,
	[SCHEMA_METHOD_ZONE_RESTART] = method_zone_change,
	[SCHEMA_METHOD_ZONE_PAUSE] = method_zone_change,
	[SCHEMA_METHOD_ZONE_RESUME] = method_zone_change,
	[SCHEMA_METHOD_ZONE_ENABLE] = method_zone_change,
	[SCHEMA_METHOD_ZONE_DISABLE] = method_zone_change,
	[SCHEMA_METHOD_ZONE_CHECK] = method_zone_check,
	[SCHEMA_METHOD_ZONE_DIFF] = method_zone_diff,
	[SCHEMA_METHOD_ZONE_WAIT] = method_zone_wait,
	[SCHEMA_METHOD_CONFIG_RELOAD] = method_config_reload,
	[SCHEMA_METHOD_EVENTS_SUBSCRIBE] = method_events_subscribe,
	[SCHEMA_METHOD_CONSOLE_ATTACH] = method_console_attach,
	[SCHEMA_METHOD_CONSOLE_LOG] = method_console_log,
	[SCHEMA_METHOD_CONSOLE_WRITE] = method_console_write,
	[SCHEMA_METHOD_CONSOLE_RESIZE] = method_console_resize,
	[SCHEMA_METHOD_RESOURCES_GET] = method_resources_get,
	[SCHEMA_METHOD_METRICS_GET] = method_metrics_get,
	[SCHEMA_METHOD_CANCEL] = method_cancel,
	[SCHEMA_METHOD_SYSTEM_INFO] = method_system_info,
	[SCHEMA_METHOD_SCHEMA_GET] = method_schema_get,
};
