/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Zone files: what is wrong with them, and what has changed in them. */
#include "connection.h"
#include "look.h"

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

static unsigned count_zones(struct zones *zones)
{
	unsigned count = 0;

	for (const struct zone *zone = zones_next(zones, NULL); zone != NULL; zone = zones_next(zones, zone))
		count += zone->id != 0;
	return count;
}

static void reload_after_look(struct request *kept, const cJSON *params)
{
	struct zones *zones = kept->connection->api->zones;
	struct json_out *out = request_reply(kept);
	unsigned errors;

	(void)params;
	if (out != NULL) {
		method_put_seq(kept, out);
		json_open_array(out, "findings");
		errors = zone_json_findings(zones_findings(zones), NULL, out);
		json_close_array(out);
		json_put_bool(out, "good", errors == 0);
		json_put_uint(out, "zones", count_zones(zones));
		request_reply_end(kept, false);
	}
	request_done(kept);
}

void method_config_reload(struct request *request, const cJSON *params)
{
	look_first(request, params, reload_after_look);
}

static void put_differences(const struct config_difference *list, unsigned count, struct json_out *out)
{
	json_open_array(out, "differences");
	for (unsigned i = 0; i < count; i++) {
		json_open_object(out, NULL);
		json_put_string(out, "pointer", list[i].pointer);
		if (list[i].then != NULL)
			json_put_string(out, "running", list[i].then);
		if (list[i].now != NULL)
			json_put_string(out, "file", list[i].now);
		json_close_object(out);
	}
	json_close_array(out);
}

static void answer_diff(struct request *request, const struct zone *zone,
			const struct config_difference *list, unsigned count)
{
	struct json_out *out = request_reply(request);

	if (out == NULL)
		return;
	json_put_bool(out, "differs", count != 0);
	json_put_bool(out, "good", zone->good);
	put_differences(list, count, out);
	request_reply_end(request, false);
}

/* The zone runs on without a file: that is the one difference. */
static void diff_removed(struct request *request, const struct zone *zone)
{
	static char whole[] = "", gone[] = "removed", there[] = "a zone file";
	struct config_difference difference = { .pointer = whole, .then = there, .now = gone };

	answer_diff(request, zone, &difference, 1);
}

static void diff(struct request *request, const struct zone *zone)
{
	const struct zone_plan *plan = zone->plan;
	const struct config_view then = { .hv = &plan->hv,
					  .name = plan->name,
					  .num_images = plan->num_images,
					  .images = plan->images,
					  .num_devices = plan->num_devices,
					  .devices = plan->devices };
	struct config_difference *list = NULL;
	unsigned count = 0;

	if (config_zone_diff(zone->config, &then, &list, &count) != 0)
		return request_error(request, SCHEMA_ERROR_INTERNAL, "out of memory");
	answer_diff(request, zone, list, count);
	config_differences_free(list, count);
}

static void diff_after_look(struct request *kept, const cJSON *params)
{
	const struct zone_failure broken = { .error = SCHEMA_ERROR_CONFIG };
	struct zone *zone = method_zone(kept, params);

	if (zone == NULL)
		; /* answered */
	else if (zone->id == 0)
		request_error(kept, SCHEMA_ERROR_ZONE_ROOT, "the root zone has no file");
	else if (!lifecycle_is_active(zone->state) || zone->plan == NULL)
		request_error(kept, SCHEMA_ERROR_ZONE_NOT_RUNNING, "zone %.64s does not run", zone->name);
	else if (zone->file == NULL)
		diff_removed(kept, zone);
	else if (zone->config == NULL)
		request_fail(kept, &broken, zone);
	else
		diff(kept, zone);
	request_done(kept);
}

void method_zone_diff(struct request *request, const cJSON *params)
{
	look_first(request, params, diff_after_look);
}
