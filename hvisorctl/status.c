/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "ctl.h"

static void row(const char *label, const char *text)
{
	if (text == NULL)
		return;
	printf("  %-10s ", label);
	ctl_put_text(stdout, text);
	putchar('\n');
}

static void print_uptime(const cJSON *zone)
{
	const cJSON *uptime = cJSON_GetObjectItemCaseSensitive(zone, "uptime_ms");
	long seconds;

	if (!cJSON_IsNumber(uptime))
		return;
	seconds = (long)(uptime->valuedouble / 1000);
	printf("  %-10s %ld:%02ld:%02ld\n", "uptime", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

/* As the hypervisor recorded it. */
static void print_fault(const cJSON *fault)
{
	static const char *const keys[] = { "esr", "ipa", "far", "pc" };

	if (fault == NULL)
		return;
	row("fault", ctl_string(fault, "reason"));
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const char *value = ctl_string(fault, keys[i]);

		if (value != NULL)
			printf("    %-8s %s\n", keys[i], value);
	}
	printf("    %-8s %.0f\n", "vcpu", ctl_number(fault, "vcpu"));
}

static void print_device(const cJSON *device)
{
	const char *state = ctl_string(device, "state");

	if (state == NULL || strcmp(state, "none") == 0)
		return;
	printf("  %-10s pid %.0f, %s\n", "device", ctl_number(device, "pid"), state);
}

static void print_regions(const cJSON *regions)
{
	const cJSON *region;

	cJSON_ArrayForEach(region, regions) {
		const char *type = ctl_string(region, "type"), *size = ctl_string(region, "size");
		const char *physical = ctl_string(region, "physical_start");
		const char *virtual = ctl_string(region, "virtual_start");

		if (type == NULL || size == NULL || physical == NULL || virtual == NULL)
			continue;
		printf("  %-10s %-6s %12s at %s", "region", type, size, virtual);
		/* a virtio window has no physical side */
		if (strcmp(type, "virtio") != 0 && strcmp(physical, virtual) != 0)
			printf(" from %s", physical);
		putchar('\n');
	}
}

static void print_zone(const cJSON *zone)
{
	const cJSON *failure = cJSON_GetObjectItemCaseSensitive(zone, "failure"), *finding;
	const char *name = ctl_string(zone, "name");
	char cpus[64], ram[32];

	printf("zone %.0f ", ctl_number(zone, "id"));
	ctl_put_text(stdout, name != NULL ? name : "?");
	putchar('\n');
	row("state", ctl_string(zone, "state"));
	row("reason", ctl_string(zone, "reason"));
	print_fault(cJSON_GetObjectItemCaseSensitive(zone, "fault"));
	if (failure != NULL) {
		row("failure", ctl_string(failure, "message"));
		row("", ctl_string(failure, "reason"));
	}
	row("cpus", ctl_cpus(cJSON_GetObjectItemCaseSensitive(zone, "cpus"), cpus, sizeof(cpus)));
	row("ram", ctl_bytes(ctl_number(zone, "ram"), ram, sizeof(ram)));
	print_uptime(zone);
	printf("  %-10s %.0f\n", "runs", ctl_number(zone, "runs"));
	print_device(cJSON_GetObjectItemCaseSensitive(zone, "device"));
	print_regions(cJSON_GetObjectItemCaseSensitive(zone, "regions"));
	row("file", ctl_string(zone, "file"));
	if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(zone, "file_differs")))
		row("", "the file differs from what runs");
	cJSON_ArrayForEach(finding, cJSON_GetObjectItemCaseSensitive(zone, "findings")) {
		fputs("  ", stdout);
		ctl_print_finding(stdout, finding);
	}
}

static int status_one(struct ctl *ctl, const char *zone)
{
	struct json_out out = { 0 };
	struct hvisor_message message;
	const char *params;
	int status = CTL_FAILED;

	json_open_object(&out, NULL);
	ctl_put_zone(&out, zone);
	params = ctl_params(&out);
	if (params != NULL)
		status = ctl_call(ctl, "zone.get", params, 0, &message);
	json_out_fini(&out);
	if (status != CTL_OK)
		return status;
	if (ctl->json)
		status = ctl_print_json(cJSON_GetObjectItemCaseSensitive(message.result, "zone"));
	else
		print_zone(cJSON_GetObjectItemCaseSensitive(message.result, "zone"));
	hvisor_message_fini(&message);
	return status;
}

static void print_system(const cJSON *info)
{
	const cJSON *hypervisor = cJSON_GetObjectItemCaseSensitive(info, "hypervisor");
	const cJSON *platform = cJSON_GetObjectItemCaseSensitive(info, "platform");
	const char *board = ctl_string(platform, "name"), *version = ctl_string(info, "version");
	char reserved[32], ram[32];

	fputs("board      ", stdout);
	ctl_put_text(stdout, board != NULL ? board : "?");
	printf(", %.0f CPUs, %s RAM\n", ctl_number(platform, "cpus"),
	       ctl_bytes(ctl_number(platform, "ram"), ram, sizeof(ram)));
	printf("hypervisor %s reserved; pool %.0f of %.0f pages used, %.0f at most so far\n",
	       ctl_bytes(ctl_number(hypervisor, "reserved_bytes"), reserved, sizeof(reserved)),
	       ctl_number(hypervisor, "pool_used"), ctl_number(hypervisor, "pool_pages"),
	       ctl_number(hypervisor, "pool_peak"));
	fputs("hvisord    ", stdout);
	ctl_put_text(stdout, version != NULL ? version : "?");
	printf(", pid %.0f\n\n", ctl_number(info, "pid"));
}

static int status_all(struct ctl *ctl)
{
	struct hvisor_message info, list;
	int status = ctl_call(ctl, "system.info", NULL, 0, &info);

	if (status != CTL_OK)
		return status;
	status = ctl_call(ctl, "zone.list", NULL, 0, &list);
	if (status == CTL_OK && ctl->json) {
		cJSON *zones =
			cJSON_DetachItemFromObjectCaseSensitive((cJSON *)(uintptr_t)list.result, "zones");

		cJSON_AddItemToObject((cJSON *)(uintptr_t)info.result, "zones", zones);
		status = ctl_print_json(info.result);
		hvisor_message_fini(&list);
	} else if (status == CTL_OK) {
		print_system(info.result);
		ctl_print_zones(cJSON_GetObjectItemCaseSensitive(list.result, "zones"));
		hvisor_message_fini(&list);
	}
	hvisor_message_fini(&info);
	return status;
}

int ctl_status(struct ctl *ctl, int argc, char **argv)
{
	int status = CTL_OK;

	if (argc == 0)
		return status_all(ctl);
	for (int i = 0; i < argc; i++) {
		int one = status_one(ctl, argv[i]);

		if (status == CTL_OK)
			status = one;
	}
	return status;
}
