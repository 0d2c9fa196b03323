/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Figures of the daemon, the hypervisor and the zones. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "connection.h"
#include "metrics.h"
#include "process.h"

static void put_one(struct metric_writer *writer, const struct metric_family *family, uint64_t value)
{
	metric_begin(writer, family);
	metric_put(writer, value);
	metric_end(writer);
}

static void put_info(struct metric_writer *writer, const struct api *api)
{
	static const struct metric_family family = { "hvisord", METRIC_INFO, NULL, "The daemon." };

	writer->labels[0] = (struct metric_label){ "version", api->options.version };
	writer->labels[1] = (struct metric_label){ "backend", api->options.backend };
	writer->labels[2] = (struct metric_label){ "boot_id", api->boot_id };
	put_one(writer, &family, 1);
	memset(writer->labels, 0, sizeof(writer->labels));
}

static void put_daemon(struct metric_writer *writer, const struct api *api)
{
	static const struct metric_family uptime = { "hvisord_uptime_seconds", METRIC_GAUGE, "seconds",
						     "Time since the daemon's start." };
	static const struct metric_family cpu = { "hvisord_cpu_seconds", METRIC_COUNTER, "seconds",
						  "Processor time of the daemon." };
	static const struct metric_family rss = { "hvisord_resident_bytes", METRIC_GAUGE, "bytes",
						  "Resident memory of the daemon." };
	static const struct metric_family fds = { "hvisord_descriptors", METRIC_GAUGE, NULL,
						  "Open file descriptors of the daemon." };
	static const struct metric_family clients = { "hvisord_connections", METRIC_GAUGE, NULL,
						      "Connected clients." };
	static const struct metric_family events = { "hvisord_events", METRIC_COUNTER, NULL,
						     "Events that happened." };
	static const struct metric_family dropped = { "hvisord_events_dropped", METRIC_COUNTER, NULL,
						      "Events not sent to subscribers that did not read." };
	struct process_usage usage = { 0 };

	put_info(writer, api);
	metric_begin(writer, &uptime);
	metric_put_micro(writer, (uv_now(api->loop) - api->started_ms) * 1000);
	metric_end(writer);
	if (process_usage(getpid(), &usage)) {
		metric_begin(writer, &cpu);
		metric_put_micro(writer, usage.cpu_ms * 1000);
		metric_end(writer);
		put_one(writer, &rss, usage.rss);
	}
	put_one(writer, &fds, process_descriptors());
	put_one(writer, &clients, api->num_connections);
	put_one(writer, &events, api->events.seq);
	put_one(writer, &dropped, api->metrics.events_dropped);
}

/* Methods and errors that did not occur yet stand there with 0: a rate needs a first value. */
static void put_requests(struct metric_writer *writer, const struct metrics *metrics)
{
	static const struct metric_family requests = { "hvisord_requests", METRIC_COUNTER, NULL,
						       "Requests by method." };
	static const struct metric_family seconds = { "hvisord_request_seconds", METRIC_SUMMARY, "seconds",
						      "From a request to its last answer." };
	static const struct metric_family errors = { "hvisord_request_errors", METRIC_COUNTER, NULL,
						     "Errors answered, by reason." };

	metric_begin(writer, &requests);
	for (unsigned i = 0; i < SCHEMA_METHOD_COUNT; i++) {
		writer->labels[0] = (struct metric_label){ "method", schema_methods[i].name };
		metric_put(writer, metrics->requests[i]);
	}
	metric_end(writer);
	metric_begin(writer, &seconds);
	for (unsigned i = 0; i < SCHEMA_METHOD_COUNT; i++) {
		writer->labels[0] = (struct metric_label){ "method", schema_methods[i].name };
		metric_put_summary(writer, metrics->answered[i], metrics->answered_ns[i]);
	}
	metric_end(writer);
	metric_begin(writer, &errors);
	for (unsigned i = SCHEMA_OK + 1; i < SCHEMA_ERROR_COUNT; i++) {
		writer->labels[0] = (struct metric_label){ "reason", schema_errors[i].reason };
		metric_put(writer, metrics->errors[i]);
	}
	metric_end(writer);
	writer->labels[0] = (struct metric_label){ 0 };
}

static void put_hypervisor(struct metric_writer *writer, struct backend *backend)
{
	static const struct metric_family all = { "hvisor_pool_pages", METRIC_GAUGE, NULL,
						  "Pages of the hypervisor's pool." };
	static const struct metric_family used = { "hvisor_pool_used_pages", METRIC_GAUGE, NULL,
						   "Pages of the pool in use." };
	static const struct metric_family peak = { "hvisor_pool_peak_pages", METRIC_GAUGE, NULL,
						   "The most pages that were in use at once." };
	struct hv_stats stats;

	if (backend->ops->stats(backend, &stats) != 0)
		return;
	put_one(writer, &all, stats.pool_pages);
	put_one(writer, &used, stats.pool_used);
	put_one(writer, &peak, stats.pool_peak);
}

/* A figure of each zone; false: this one has none. */
typedef bool (*zone_figure_fn)(const struct zone *zone, uint64_t *ret_value);

static bool uptime(const struct zone *zone, uint64_t *ret_micros)
{
	*ret_micros = zone->started_ms != 0 ? (zone_now_ms() - zone->started_ms) * 1000 : 0;
	return lifecycle_is_active(zone->state) && zone->started_ms != 0;
}

static bool exits(const struct zone *zone, uint64_t *ret_value)
{
	*ret_value = zone->status.exits;
	return true;
}

static bool cpus_on(const struct zone *zone, uint64_t *ret_value)
{
	*ret_value = lifecycle_is_active(zone->state) ? zone->status.cpus_on : 0;
	return true;
}

static bool console(const struct zone *zone, uint64_t *ret_value)
{
	*ret_value = zone_console_printed(zone);
	return zone_num_consoles(zone) > 0;
}

static bool device_cpu(const struct zone *zone, uint64_t *ret_micros)
{
	struct process_usage usage;

	if (zone->device_state != ZONE_DEVICE_READY || !process_usage(zone->device_pid, &usage))
		return false;
	*ret_micros = usage.cpu_ms * 1000;
	return true;
}

static bool device_rss(const struct zone *zone, uint64_t *ret_value)
{
	struct process_usage usage;

	if (zone->device_state != ZONE_DEVICE_READY || !process_usage(zone->device_pid, &usage))
		return false;
	*ret_value = usage.rss;
	return true;
}

static const struct {
	struct metric_family family;
	size_t offset; /* in struct zone_counters */
} zone_counters[] = {
	{ { "hvisor_zone_starts", METRIC_COUNTER, NULL,
	    "Times it came to run, resets and restarts included." },
	  offsetof(struct zone_counters, starts) },
	{ { "hvisor_zone_restarts", METRIC_COUNTER, NULL, "Times its restart policy started it again." },
	  offsetof(struct zone_counters, restarts) },
	{ { "hvisor_zone_resets", METRIC_COUNTER, NULL, "Times its guest had it started again." },
	  offsetof(struct zone_counters, resets) },
	{ { "hvisor_zone_crashes", METRIC_COUNTER, NULL, "Runs that ended by a fault." },
	  offsetof(struct zone_counters, crashes) },
	{ { "hvisor_zone_start_failures", METRIC_COUNTER, NULL, "Starts that were undone." },
	  offsetof(struct zone_counters, failures) },
};

static const struct {
	struct metric_family family;
	zone_figure_fn figure;
	void (*put)(struct metric_writer *writer, uint64_t value);
} zone_figures[] = {
	{ { "hvisor_zone_uptime_seconds", METRIC_GAUGE, "seconds", "Age of the present run." },
	  uptime,
	  metric_put_micro },
	{ { "hvisor_zone_exits", METRIC_COUNTER, NULL,
	    "Traps of its CPUs to the hypervisor, of its last run." },
	  exits,
	  metric_put },
	{ { "hvisor_zone_cpus_on", METRIC_GAUGE, NULL, "CPUs that its guest has on." }, cpus_on, metric_put },
	{ { "hvisor_zone_console_bytes", METRIC_COUNTER, "bytes",
	    "Bytes that it printed, on all its consoles, over all runs." },
	  console,
	  metric_put },
	{ { "hvisor_zone_device_cpu_seconds", METRIC_COUNTER, "seconds",
	    "Processor time of its device process." },
	  device_cpu,
	  metric_put_micro },
	{ { "hvisor_zone_device_resident_bytes", METRIC_GAUGE, "bytes",
	    "Resident memory of its device process." },
	  device_rss,
	  metric_put },
};

/* Every id once; files without one are no zones. */
static struct zone *next_zone(struct zones *zones, struct zone *zone)
{
	do {
		zone = zones_next(zones, zone);
	} while (zone != NULL && (zone->id < 0 || zones_find_id(zones, (uint64_t)zone->id) != zone));
	return zone;
}

static void put_zone_labels(struct metric_writer *writer, const struct zone *zone, char id[12])
{
	snprintf(id, 12, "%d", zone->id);
	writer->labels[0] = (struct metric_label){ "zone", zone->name };
	writer->labels[1] = (struct metric_label){ "id", id };
}

static void put_states(struct metric_writer *writer, struct zones *zones)
{
	static const struct metric_family family = { "hvisor_zone_state", METRIC_STATESET, NULL,
						     "The state that it is in." };
	char id[12];

	metric_begin(writer, &family);
	for (struct zone *zone = next_zone(zones, NULL); zone != NULL; zone = next_zone(zones, zone)) {
		put_zone_labels(writer, zone, id);
		for (unsigned state = 0; state < ZONE_STATE_COUNT; state++) {
			writer->labels[2] =
				(struct metric_label){ family.name,
						       lifecycle_state_name((enum zone_state)state) };
			metric_put(writer, zone->state == state);
		}
	}
	metric_end(writer);
	writer->labels[2] = (struct metric_label){ 0 };
}

/* The root zone is not this daemon's to start. */
static void put_counters(struct metric_writer *writer, struct zones *zones)
{
	char id[12];

	for (unsigned i = 0; i < sizeof(zone_counters) / sizeof(zone_counters[0]); i++) {
		metric_begin(writer, &zone_counters[i].family);
		for (struct zone *zone = next_zone(zones, NULL); zone != NULL;
		     zone = next_zone(zones, zone)) {
			const char *counters = (const char *)&zone->counters;

			put_zone_labels(writer, zone, id);
			if (zone->id != 0)
				metric_put(writer, *(const uint64_t *)(counters + zone_counters[i].offset));
		}
		metric_end(writer);
	}
}

static void put_zones(struct metric_writer *writer, struct zones *zones)
{
	char id[12];

	for (struct zone *zone = next_zone(zones, NULL); zone != NULL; zone = next_zone(zones, zone))
		zone_update_status(zone);
	put_states(writer, zones);
	put_counters(writer, zones);
	for (unsigned i = 0; i < sizeof(zone_figures) / sizeof(zone_figures[0]); i++) {
		metric_begin(writer, &zone_figures[i].family);
		for (struct zone *zone = next_zone(zones, NULL); zone != NULL;
		     zone = next_zone(zones, zone)) {
			uint64_t value;

			put_zone_labels(writer, zone, id);
			if (zone_figures[i].figure(zone, &value))
				zone_figures[i].put(writer, value);
		}
		metric_end(writer);
	}
}

static void put_all(struct metric_writer *writer, struct api *api)
{
	put_daemon(writer, api);
	put_requests(writer, &api->metrics);
	put_hypervisor(writer, zones_backend(api->zones));
	put_zones(writer, api->zones);
}

static void answer_text(struct request *request, struct api *api)
{
	struct json_out text = { 0 };
	struct metric_writer writer = { .out = &text, .text = true };
	struct json_out *out;

	put_all(&writer, api);
	/* and the end of a C string */
	json_append(&text, "# EOF\n", 7);
	if (text.failed) {
		request_error(request, SCHEMA_ERROR_INTERNAL, "out of memory");
	} else if ((out = request_reply(request)) != NULL) {
		json_put_string(out, "openmetrics", text.text);
		request_reply_end(request, false);
	}
	json_out_fini(&text);
}

void method_metrics_get(struct request *request, const cJSON *params)
{
	const char *format = params_string(params, "format");
	struct api *api = request->connection->api;
	struct metric_writer writer = { 0 };

	if (format != NULL && strcmp(format, "openmetrics") == 0)
		return answer_text(request, api);
	writer.out = request_reply(request);
	if (writer.out == NULL)
		return;
	json_open_array(writer.out, "metrics");
	put_all(&writer, api);
	json_close_array(writer.out);
	request_reply_end(request, false);
}
