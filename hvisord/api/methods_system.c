/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon, the hypervisor and the board. */
#include <unistd.h>

#include "connection.h"
#include "schema_json.h"

static void put_platform(const HvPlatform *platform, struct json_out *out)
{
	uint64_t ram = 0;

	for (uint32_t i = 0; i < platform->num_ram; i++)
		ram += platform->ram[i].size;
	json_open_object(out, "platform");
	json_put_string(out, "name", platform->name);
	json_put_string(out, "arch", platform->arch);
	json_put_uint(out, "cpus", platform->num_cpus);
	json_put_uint(out, "ram", ram);
	json_close_object(out);
}

static void put_hypervisor(struct backend *backend, struct json_out *out)
{
	struct hv_stats stats;

	json_open_object(out, "hypervisor");
	if (backend->ops->stats(backend, &stats) == 0) {
		json_put_uint(out, "pool_pages", stats.pool_pages);
		json_put_uint(out, "pool_used", stats.pool_used);
		json_put_uint(out, "pool_peak", stats.pool_peak);
		json_put_uint(out, "image_bytes", stats.image_bytes);
		json_put_uint(out, "reserved_bytes", stats.reserved_bytes);
		json_put_uint(out, "zone_bytes", stats.zone_bytes);
		json_put_uint(out, "boot_ticks", stats.boot_ticks);
	}
	json_close_object(out);
}

void method_system_info(struct request *request, const cJSON *params)
{
	struct api *api = request->connection->api;
	struct json_out *out = request_reply(request);

	(void)params;
	if (out == NULL)
		return;
	json_put_string(out, "version", api->options.version);
	json_put_int(out, "protocol", SCHEMA_PROTOCOL);
	json_put_int(out, "pid", getpid());
	json_put_uint(out, "uptime_ms", uv_now(api->loop) - api->started_ms);
	json_put_string(out, "backend", api->options.backend);
	json_put_string(out, "boot_id", api->boot_id);
	json_put_string(out, "config_dir", api->options.config_dir);
	json_put_string(out, "state_dir", api->options.state_dir);
	put_platform(zones_platform(api->zones), out);
	put_hypervisor(zones_backend(api->zones), out);
	json_put_uint(out, "connections", api->num_connections);
	request_reply_end(request, false);
}

void method_schema_get(struct request *request, const cJSON *params)
{
	struct json_out *out = request_reply(request);

	(void)params;
	if (out == NULL)
		return;
	json_open_object(out, "schema");
	schema_json(out);
	json_close_object(out);
	request_reply_end(request, false);
}
