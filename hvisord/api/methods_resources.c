/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who owns what of the board. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connection.h"
#include "resources.h"

/* A zone that runs owns what it was started with; another what its file claims, if that is good. */
static bool claim_of(const struct zone *zone, bool running, struct config_claim *ret_claim)
{
	bool active = lifecycle_is_active(zone->state) && zone->plan != NULL;

	if (zone->id == 0)
		return false;
	if (active)
		*ret_claim = (struct config_claim){ &zone->plan->hv, zone->name };
	else if (!running && zone->good && zone->config != NULL)
		*ret_claim = (struct config_claim){ &zone->config->hv, zone->name };
	else
		return false;
	return true;
}

/* Of zones with one id the first counts, and those that run come first. */
static bool is_known(const struct config_claim *claims, unsigned count, uint32_t id)
{
	for (unsigned i = 0; i < count; i++) {
		if (claims[i].hv->zone_id == id)
			return true;
	}
	return false;
}

static unsigned collect(struct zones *zones, bool running, struct config_claim *claims)
{
	unsigned count = 0;

	for (unsigned round = 0; round < 2; round++) {
		for (struct zone *zone = zones_next(zones, NULL); zone != NULL;
		     zone = zones_next(zones, zone)) {
			struct config_claim claim;

			if (count < HV_MAX_ZONES && claim_of(zone, round == 0 || running, &claim) &&
			    !is_known(claims, count, claim.hv->zone_id))
				claims[count++] = claim;
		}
	}
	return count;
}

static int find(struct zones *zones, bool running, struct config_resources **ret_resources)
{
	const struct zone *root = zones_find_id(zones, 0);
	struct config_board board = { .platform = zones_platform(zones),
				      .root = root != NULL ? &root->plan->hv : NULL };
	struct config_claim claims[HV_MAX_ZONES];

	return config_resources_of(&board, claims, collect(zones, running, claims), ret_resources);
}

/* 0 with text to be freed, or a negative errno. */
static int draw(const struct config_resources *resources, char **ret_text)
{
	size_t length = 0;
	char *text = NULL;
	FILE *to = open_memstream(&text, &length);
	int r;

	if (to == NULL)
		return -ENOMEM;
	r = config_resources_svg(resources, to);
	if (fclose(to) != 0 && r == 0)
		r = -ENOMEM;
	if (r != 0)
		free(text);
	else
		*ret_text = text;
	return r;
}

void method_resources_get(struct request *request, const cJSON *params)
{
	const char *format = params_string(params, "format");
	bool svg = format != NULL && strcmp(format, "svg") == 0;
	struct config_resources *resources = NULL;
	struct json_out *out, json = { 0 };
	char *text = NULL;
	int r = find(request->connection->api->zones, params_boolean(params, "running"), &resources);

	if (r == 0 && svg)
		r = draw(resources, &text);
	if (r == 0 && !svg) {
		config_resources_json(resources, &json);
		r = json.failed ? -ENOMEM : 0;
	}
	if (r != 0) {
		request_error(request, SCHEMA_ERROR_INTERNAL, "%s", strerror(-r));
	} else if ((out = request_reply(request)) != NULL) {
		method_put_seq(request, out);
		if (svg)
			json_put_string(out, "svg", text);
		else
			json_put_raw(out, "resources", json.text, json.length);
		request_reply_end(request, false);
	}
	json_out_fini(&json);
	free(text);
	config_resources_free(resources);
}
