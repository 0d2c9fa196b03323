/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is told of a zone. */
#include <string.h>

#include "connection.h"
#include "process.h"

/* What it runs with, or would. NULL: not known. */
static const HvZoneConfig *config_of(const struct zone *zone)
{
	if (zone->plan != NULL && (lifecycle_is_active(zone->state) || zone->config == NULL))
		return &zone->plan->hv;
	return zone->config != NULL ? &zone->config->hv : NULL;
}

static void put_cpus(uint64_t cpus, struct json_out *out)
{
	json_open_array(out, "cpus");
	for (unsigned cpu = 0; cpu < HV_MAX_CPUS; cpu++) {
		if ((cpus >> cpu & 1) != 0)
			json_put_uint(out, NULL, cpu);
	}
	json_close_array(out);
}

static uint64_t ram_bytes(const HvZoneConfig *hv)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < hv->num_regions && i < HV_MAX_REGIONS; i++) {
		if (hv->regions[i].type == HV_REGION_RAM)
			bytes += hv->regions[i].size;
	}
	return bytes;
}

/* It runs with something else than its file would make of it now. */
static bool differs(const struct zone *zone)
{
	return zone->id != 0 && lifecycle_is_active(zone->state) && zone->plan != NULL &&
	       (zone->config == NULL || !plan_same(zone->plan, zone->config));
}

void zone_json_cause(const struct zone *zone, struct json_out *out)
{
	const struct zone_cause *cause = &zone->cause;

	if (cause->kind == NULL)
		return;
	json_open_object(out, "cause");
	json_put_string(out, "kind", cause->kind);
	if (cause->pid != 0) {
		json_put_uint(out, "uid", cause->uid);
		json_put_int(out, "pid", cause->pid);
	}
	json_close_object(out);
}

void zone_json_delay(const struct zone *zone, struct json_out *out)
{
	uint64_t now = zone_now_ms();

	if (zone->pending != NULL && zone->until_ms != 0)
		json_put_uint(out, "delay_ms", zone->until_ms > now ? zone->until_ms - now : 0);
}

void zone_json_summary(const struct zone *zone, struct json_out *out)
{
	const HvZoneConfig *hv = config_of(zone);

	if (zone->id >= 0)
		json_put_int(out, "id", zone->id);
	else
		json_put_raw(out, "id", "null", 4);
	json_put_string(out, "name", zone->name);
	json_put_string(out, "state", lifecycle_state_name(zone->state));
	put_cpus(hv != NULL ? hv->cpus : 0, out);
	if (zone->reason != NULL)
		json_put_string(out, "reason", zone->reason);
	if (hv != NULL)
		json_put_uint(out, "ram", ram_bytes(hv));
	if (zone->file != NULL)
		json_put_string(out, "file", zone->file);
	if (zone->pending != NULL) {
		json_put_string(out, "pending", zone->pending);
		zone_json_delay(zone, out);
	}
	if (differs(zone))
		json_put_bool(out, "differs", true);
}

static void put_intids(const char *key, const struct hv_intid_set *set, struct json_out *out)
{
	json_open_array(out, key);
	for (uint32_t intid = 0; intid < HV_MAX_INTIDS; intid++) {
		if (hv_intid_test(set, intid))
			json_put_uint(out, NULL, intid);
	}
	json_close_array(out);
}

static void put_regions(const HvZoneConfig *hv, struct json_out *out)
{
	static const char *const types[] = {
		[HV_REGION_RAM] = "ram", [HV_REGION_IO] = "io", [HV_REGION_VIRTIO] = "virtio"
	};

	json_open_array(out, "regions");
	for (uint32_t i = 0; i < hv->num_regions && i < HV_MAX_REGIONS; i++) {
		const struct hv_memory_region *region = &hv->regions[i];

		if (region->type < HV_REGION_RAM || region->type > HV_REGION_VIRTIO)
			continue;
		json_open_object(out, NULL);
		json_put_string(out, "type", types[region->type]);
		json_put_hex(out, "physical_start", region->physical_start);
		json_put_hex(out, "virtual_start", region->virtual_start);
		json_put_hex(out, "size", region->size);
		json_close_object(out);
	}
	json_close_array(out);
}

static void put_config(const HvZoneConfig *hv, struct json_out *out)
{
	json_put_hex(out, "entry_point", hv->entry_point);
	put_regions(hv, out);
	put_intids("interrupts", &hv->interrupts, out);
	put_intids("virtual_interrupts", &hv->virtual_interrupts, out);
}

static void put_device(const struct zone *zone, struct json_out *out)
{
	static const char *const states[] = {
		[ZONE_DEVICE_NONE] = "none",         [ZONE_DEVICE_CONNECTING] = "connecting",
		[ZONE_DEVICE_READY] = "ready",       [ZONE_DEVICE_DIED] = "died",
		[ZONE_DEVICE_UNSERVED] = "unserved",
	};

	struct process_usage usage;

	json_open_object(out, "device");
	json_put_string(out, "state", states[zone->device_state]);
	if (zone->device_state != ZONE_DEVICE_NONE)
		json_put_int(out, "pid", zone->device_pid);
	if (zone->device_state == ZONE_DEVICE_READY && process_usage(zone->device_pid, &usage)) {
		json_put_uint(out, "cpu_ms", usage.cpu_ms);
		json_put_uint(out, "rss", usage.rss);
	}
	json_close_object(out);
}

static bool is_fault(const struct hv_zone_status *status)
{
	return status->reason == HV_REASON_BAD_ACCESS || status->reason == HV_REASON_BAD_MMIO ||
	       status->reason == HV_REASON_BAD_TRAP || status->reason == HV_REASON_DEVICE;
}

/* Of the present run, or of the last. */
static void put_run(const struct zone *zone, struct json_out *out)
{
	const struct hv_zone_status *status = &zone->status;

	json_put_uint(out, "runs", status->runs);
	json_put_uint(out, "cpus_on", status->cpus_on);
	json_put_uint(out, "exits", status->exits);
	json_put_uint(out, "pages", status->pages);
	if (zone->started_ms != 0)
		json_put_uint(out, "uptime_ms", zone_now_ms() - zone->started_ms);
	if (lifecycle_is_active(zone->state) || !is_fault(status))
		return;
	json_open_object(out, "fault");
	json_put_string(out, "reason", zone_reason_name(status->reason));
	json_put_hex(out, "esr", status->esr);
	json_put_hex(out, "ipa", status->ipa);
	json_put_hex(out, "far", status->far);
	json_put_hex(out, "pc", status->pc);
	json_put_uint(out, "vcpu", status->vcpu);
	json_close_object(out);
}

/* Positions of the bytes that are kept. */
static void put_positions(struct zone *zone, unsigned port, struct json_out *out)
{
	json_put_uint(out, "start", zone_console_start(zone, port));
	json_put_uint(out, "end", zone_console_end(zone, port));
	json_close_object(out);
}

/* What carries them: devices of the present or last run, else of its file. */
static void put_consoles(struct zone *zone, struct json_out *out)
{
	const unsigned then = zone->plan != NULL ? plan_num_consoles(zone->plan) : 0;
	const unsigned count = zone_num_consoles(zone);
	const struct config_device *devices = then == count && then > 0 ? zone->plan->devices : NULL;
	unsigned port = 0;

	if (count == 0)
		return;
	if (devices == NULL)
		devices = zone->config->devices;
	json_open_object(out, "console");
	put_positions(zone, 0, out);
	json_open_array(out, "consoles");
	for (const struct config_device *device = devices; port < count; device++) {
		for (unsigned i = 0; i < config_device_consoles(device) && port < count; i++, port++) {
			json_open_object(out, NULL);
			json_put_uint(out, "port", port);
			json_put_string(out, "type", config_device_name(device->type));
			put_positions(zone, port, out);
		}
	}
	json_close_array(out);
}

static void put_policy(const struct zone *zone, struct json_out *out)
{
	const struct config_policy *policy = zone->config != NULL ? &zone->config->policy : NULL;
	const char *override = zone_override(zone);

	json_open_object(out, "policy");
	json_put_bool(out, "autostart", zone_autostart(zone));
	if (override != NULL)
		json_put_string(out, "override", override);
	if (policy != NULL) {
		json_put_string(out, "restart", config_restart_name(policy->restart));
		json_put_uint(out, "restart_limit", policy->restart_limit);
		json_put_uint(out, "restart_delay_ms", policy->restart_delay_ms);
		json_put_uint(out, "stop_timeout_ms", policy->stop_timeout_ms);
		json_put_string(out, "device_failure", config_device_failure_name(policy->device_failure));
		json_open_array(out, "after");
		for (unsigned i = 0; i < policy->num_after; i++)
			json_put_string(out, NULL, policy->after[i]);
		json_close_array(out);
	}
	json_close_object(out);
}

static void put_counters(const struct zone_counters *counters, struct json_out *out)
{
	json_open_object(out, "counters");
	json_put_uint(out, "starts", counters->starts);
	json_put_uint(out, "restarts", counters->restarts);
	json_put_uint(out, "resets", counters->resets);
	json_put_uint(out, "crashes", counters->crashes);
	json_put_uint(out, "failures", counters->failures);
	json_close_object(out);
}

static void put_failure(const struct zone_failure *failure, struct json_out *out)
{
	const char *reason =
		failure->reason[0] != '\0' ? failure->reason : schema_errors[failure->error].reason;

	if (failure->error == SCHEMA_OK)
		return;
	json_open_object(out, "failure");
	json_put_string(out, "reason", reason);
	json_put_string(out, "message", failure->message);
	json_close_object(out);
}

void zone_json_full(struct zone *zone, struct json_out *out)
{
	const HvZoneConfig *hv = config_of(zone);

	zone_json_summary(zone, out);
	zone_json_cause(zone, out);
	put_run(zone, out);
	if (hv != NULL)
		put_config(hv, out);
	if (zone->id == 0)
		return;
	put_device(zone, out);
	put_consoles(zone, out);
	put_policy(zone, out);
	put_counters(&zone->counters, out);
	put_failure(&zone->failure, out);
	json_put_bool(out, "file_differs", differs(zone));
	if (zone->file == NULL)
		return;
	json_open_array(out, "findings");
	zone_json_findings(zones_findings_of(zone), zone->file, out);
	json_close_array(out);
}

unsigned zone_json_findings(const struct config_findings *findings, const char *file, struct json_out *out)
{
	unsigned errors = 0;

	for (unsigned i = 0; i < findings->count; i++) {
		const struct config_finding *finding = &findings->list[i];

		if (file != NULL && strcmp(finding->file, file) != 0)
			continue;
		errors += finding->severity == CONFIG_ERROR;
		json_open_object(out, NULL);
		json_put_string(out, "severity", finding->severity == CONFIG_ERROR ? "error" : "warning");
		json_put_string(out, "file", finding->file);
		json_put_uint(out, "line", finding->line);
		json_put_string(out, "pointer", finding->pointer);
		json_put_string(out, "reason", finding->reason);
		json_put_string(out, "message", finding->message);
		json_put_string(out, "other", finding->other);
		json_close_object(out);
	}
	return errors;
}
