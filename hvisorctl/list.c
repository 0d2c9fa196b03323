/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "batch.h"
#include "tables.h"

static void put_number(struct table *table, const cJSON *zone, const char *key)
{
	if (ctl_has_number(zone, key))
		table_printf(table, "%.0f", ctl_number(zone, key));
	else
		table_put(table, TONE_PLAIN, NULL);
}

static void put_wide(struct table *table, const cJSON *zone)
{
	char uptime[32];

	table_put(table, TONE_PLAIN,
		  ctl_has_number(zone, "uptime_ms")
			  ? ctl_duration(ctl_number(zone, "uptime_ms"), uptime, sizeof(uptime))
			  : NULL);
	put_number(table, zone, "runs");
	table_put(table, TONE_PLAIN, ctl_string(zone, "pending"));
	table_put(table, TONE_PLAIN, ctl_string(zone, "file"));
}

void print_zones(const struct ctl *ctl, FILE *to, const cJSON *zones)
{
	static const char *const headers[] = { "ID",     "NAME",   "STATE", "CPUS",    "RAM",
					       "REASON", "UPTIME", "RUNS",  "PENDING", "FILE" };
	bool wide = ctl->output == CTL_OUTPUT_WIDE;
	struct table table;
	const cJSON *zone;

	table_init(&table, wide ? 10 : 6, headers);
	cJSON_ArrayForEach(zone, zones) {
		const char *state = ctl_string(zone, "state");
		char text[64];

		put_number(&table, zone, "id");
		table_put(&table, TONE_PLAIN, ctl_string(zone, "name"));
		table_put(&table, tone_of_state(state), state);
		table_put(&table, TONE_PLAIN, ctl_cpus(ctl_item(zone, "cpus"), text, sizeof(text)));
		table_put(&table, TONE_PLAIN, ctl_bytes(ctl_number(zone, "ram"), text, sizeof(text)));
		table_put(&table, TONE_PLAIN, ctl_string(zone, "reason"));
		if (wide)
			put_wide(&table, zone);
	}
	table_print(&table, to);
	table_fini(&table);
}

static void print_names(FILE *to, const cJSON *zones)
{
	const cJSON *zone;

	cJSON_ArrayForEach(zone, zones) {
		ctl_put_text(to, ctl_string(zone, "name"));
		fputc('\n', to);
	}
}

static int render(struct ctl *ctl, FILE *to, int argc, char **argv)
{
	struct hvisor_message message;
	int status = ctl_call(ctl, "zone.list", NULL, &message), kept;
	cJSON *zones;

	if (status != CTL_OK)
		return status;
	zones = cJSON_GetObjectItemCaseSensitive(message.root, "result");
	zones = cJSON_GetObjectItemCaseSensitive(zones, "zones");
	kept = zones_keep(zones, argc, argv);
	if (ctl_is_json(ctl))
		status = ctl_print_json(to, message.result) == 0 ? CTL_OK : CTL_FAILED;
	else if (ctl->output == CTL_OUTPUT_NAME)
		print_names(to, zones);
	else
		print_zones(ctl, to, zones);
	hvisor_message_fini(&message);
	return status == CTL_OK ? kept : status;
}

int ctl_list(struct ctl *ctl, int argc, char **argv)
{
	return ctl_render(ctl, render, argc, argv);
}
