/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "batch.h"
#include "tables.h"

static void row(FILE *to, const char *label, const char *text)
{
	if (text == NULL)
		return;
	fprintf(to, "  %-10s ", label);
	ctl_put_text(to, text);
	fputc('\n', to);
}

static void print_state(FILE *to, const cJSON *zone)
{
	const char *state = ctl_string(zone, "state"), *reason = ctl_string(zone, "reason");
	const char *pending = ctl_string(zone, "pending");

	fprintf(to, "  %-10s ", "state");
	tone_begin(to, tone_of_state(state));
	ctl_put_text(to, state);
	tone_end(to, tone_of_state(state));
	fputc('\n', to);
	row(to, "reason", reason);
	/* what it waits for: another zone, or the time of its next restart */
	row(to, "pending", pending);
}

static void print_uptime(FILE *to, const cJSON *zone)
{
	char text[40];

	if (ctl_has_number(zone, "uptime_ms"))
		row(to, "uptime", ctl_duration(ctl_number(zone, "uptime_ms"), text, sizeof(text)));
}

/* As the hypervisor recorded it. */
static void print_fault(FILE *to, const cJSON *fault)
{
	static const char *const keys[] = { "esr", "ipa", "far", "pc" };

	if (fault == NULL)
		return;
	row(to, "fault", ctl_string(fault, "reason"));
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const char *value = ctl_string(fault, keys[i]);

		if (value == NULL)
			continue;
		fprintf(to, "    %-8s ", keys[i]);
		ctl_put_text(to, value);
		fputc('\n', to);
	}
	fprintf(to, "    %-8s %.0f\n", "vcpu", ctl_number(fault, "vcpu"));
}

static void print_device(FILE *to, const cJSON *device)
{
	const char *state = ctl_string(device, "state");

	if (state == NULL || strcmp(state, "none") == 0)
		return;
	fprintf(to, "  %-10s pid %.0f, ", "device", ctl_number(device, "pid"));
	ctl_put_text(to, state);
	fputc('\n', to);
}

static void print_region(FILE *to, const cJSON *region)
{
	const char *type = ctl_string(region, "type"), *size = ctl_string(region, "size");
	const char *physical = ctl_string(region, "physical_start");
	const char *virtual = ctl_string(region, "virtual_start");

	if (type == NULL || size == NULL || physical == NULL || virtual == NULL)
		return;
	fprintf(to, "  %-10s %-6s %12s at ", "region", type, size);
	ctl_put_text(to, virtual);
	/* a virtio window has no physical side */
	if (strcmp(type, "virtio") != 0 && strcmp(physical, virtual) != 0) {
		fputs(" from ", to);
		ctl_put_text(to, physical);
	}
	fputc('\n', to);
}

static void print_policy(FILE *to, const cJSON *policy)
{
	const cJSON *enabled = ctl_item(policy, "enabled");

	if (enabled == NULL)
		enabled = ctl_item(policy, "autostart");
	if (cJSON_IsBool(enabled))
		row(to, "autostart", cJSON_IsTrue(enabled) ? "yes" : "no");
	row(to, "restart", ctl_string(policy, "restart"));
}

static void print_file(FILE *to, const cJSON *zone)
{
	const cJSON *finding;

	row(to, "file", ctl_string(zone, "file"));
	if (cJSON_IsTrue(ctl_item(zone, "file_differs")))
		row(to, "", "the file differs from what runs; see hvisorctl diff");
	cJSON_ArrayForEach(finding, ctl_item(zone, "findings")) {
		fputs("  ", to);
		ctl_print_finding(to, finding);
	}
}

static void print_zone(FILE *to, const cJSON *zone)
{
	const cJSON *failure = ctl_item(zone, "failure"), *region;
	char text[64];

	tone_begin(to, TONE_HEAD);
	fprintf(to, "zone %.0f ", ctl_number(zone, "id"));
	ctl_put_text(to, ctl_string(zone, "name"));
	tone_end(to, TONE_HEAD);
	fputc('\n', to);
	print_state(to, zone);
	print_fault(to, ctl_item(zone, "fault"));
	row(to, "failure", ctl_string(failure, "message"));
	row(to, "", ctl_string(failure, "reason"));
	row(to, "cpus", ctl_cpus(ctl_item(zone, "cpus"), text, sizeof(text)));
	row(to, "ram", ctl_bytes(ctl_number(zone, "ram"), text, sizeof(text)));
	print_uptime(to, zone);
	fprintf(to, "  %-10s %.0f\n", "runs", ctl_number(zone, "runs"));
	print_policy(to, ctl_item(zone, "policy"));
	print_device(to, ctl_item(zone, "device"));
	cJSON_ArrayForEach(region, ctl_item(zone, "regions")) {
		print_region(to, region);
	}
	print_file(to, zone);
}

static int status_one(struct ctl *ctl, FILE *to, const struct zone_operand *zone)
{
	struct json_out out = { 0 };
	struct hvisor_message message;
	const char *params;
	int status = CTL_FAILED;

	json_open_object(&out, NULL);
	zones_put(&out, zone);
	params = ctl_params(&out);
	if (params != NULL)
		status = ctl_call(ctl, "zone.get", params, &message);
	json_out_fini(&out);
	if (status != CTL_OK)
		return status;
	if (ctl_is_json(ctl))
		status = ctl_print_json(to, ctl_item(message.result, "zone")) == 0 ? CTL_OK : CTL_FAILED;
	else
		print_zone(to, ctl_item(message.result, "zone"));
	hvisor_message_fini(&message);
	return status;
}

static void print_system(FILE *to, const cJSON *info)
{
	const cJSON *hypervisor = ctl_item(info, "hypervisor"), *platform = ctl_item(info, "platform");
	char text[32];

	fputs("board      ", to);
	ctl_put_text(to, ctl_string(platform, "name"));
	fprintf(to, ", %.0f CPUs, %s RAM\n", ctl_number(platform, "cpus"),
		ctl_bytes(ctl_number(platform, "ram"), text, sizeof(text)));
	fprintf(to, "hypervisor %s reserved; pool %.0f of %.0f pages used, %.0f at most so far\n",
		ctl_bytes(ctl_number(hypervisor, "reserved_bytes"), text, sizeof(text)),
		ctl_number(hypervisor, "pool_used"), ctl_number(hypervisor, "pool_pages"),
		ctl_number(hypervisor, "pool_peak"));
	fputs("hvisord    ", to);
	ctl_put_text(to, ctl_string(info, "version"));
	fprintf(to, ", pid %.0f\n\n", ctl_number(info, "pid"));
}

static int system_json(FILE *to, struct hvisor_message *info, struct hvisor_message *list)
{
	cJSON *result = cJSON_GetObjectItemCaseSensitive(info->root, "result");
	cJSON *zones = cJSON_DetachItemFromObjectCaseSensitive(
		cJSON_GetObjectItemCaseSensitive(list->root, "result"), "zones");

	if (!cJSON_AddItemToObject(result, "zones", zones))
		cJSON_Delete(zones);
	return ctl_print_json(to, result) == 0 ? CTL_OK : CTL_FAILED;
}

static int status_system(struct ctl *ctl, FILE *to)
{
	struct hvisor_message info, list;
	int status = ctl_call(ctl, "system.info", NULL, &info);

	if (status != CTL_OK)
		return status;
	status = ctl_call(ctl, "zone.list", NULL, &list);
	if (status != CTL_OK) {
		hvisor_message_fini(&info);
		return status;
	}
	if (ctl_is_json(ctl)) {
		status = system_json(to, &info, &list);
	} else {
		print_system(to, info.result);
		print_zones(ctl, to, ctl_item(list.result, "zones"));
	}
	hvisor_message_fini(&list);
	hvisor_message_fini(&info);
	return status;
}

static int render(struct ctl *ctl, FILE *to, int argc, char **argv)
{
	struct zones zones;
	int status;

	if (argc == 0 && !ctl->all)
		return status_system(ctl, to);
	status = zones_select(ctl, argc, argv, NULL, &zones);
	for (unsigned i = 0; i < zones.count; i++) {
		int one = status_one(ctl, to, &zones.list[i]);

		status = status == CTL_OK ? one : status;
	}
	zones_fini(&zones);
	return status;
}

int ctl_status(struct ctl *ctl, int argc, char **argv)
{
	return ctl_render(ctl, render, argc, argv);
}
