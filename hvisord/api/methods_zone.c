/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is told of zones. */
#include "connection.h"

void method_zone_list(struct request *request, const cJSON *params)
{
	struct zones *zones = request->connection->api->zones;
	const cJSON *match = cJSON_GetObjectItemCaseSensitive(params, "match");
	struct json_out *out = request_reply(request);

	if (out == NULL)
		return;
	method_put_seq(request, out);
	json_open_array(out, "zones");
	for (struct zone *zone = zones_next(zones, NULL); zone != NULL; zone = zones_next(zones, zone)) {
		if (!method_matches(match, zone->name))
			continue;
		json_open_object(out, NULL);
		zone_json_summary(zone, out);
		json_close_object(out);
	}
	json_close_array(out);
	request_reply_end(request, false);
}

void method_zone_get(struct request *request, const cJSON *params)
{
	struct zone *zone = method_zone(request, params);
	struct json_out *out;

	if (zone == NULL)
		return;
	zone_update_status(zone);
	out = request_reply(request);
	if (out == NULL)
		return;
	method_put_seq(request, out);
	json_open_object(out, "zone");
	zone_json_full(zone, out);
	json_close_object(out);
	request_reply_end(request, false);
}
