/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is told of zones and of their files. */
#include "connection.h"
#include "look.h"

void method_zone_list(struct request *request, const cJSON *params)
{
	struct zones *zones = request->connection->api->zones;
	struct json_out *out = request_reply(request);

	(void)params;
	if (out == NULL)
		return;
	method_put_seq(request, out);
	json_open_array(out, "zones");
	for (struct zone *zone = zones_next(zones, NULL); zone != NULL; zone = zones_next(zones, zone)) {
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

void method_zone_check(struct request *request, const cJSON *params)
{
	look_first(request, params, check_after_look);
}
