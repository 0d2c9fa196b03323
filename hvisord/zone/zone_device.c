/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A zone and its device process. */
#include <errno.h>
#include <string.h>

#include "log.h"
#include "net_link.h"
#include "zone_private.h"

static void tell(struct zone *zone, const char *state)
{
	struct zones *zones = zone->private->zones;

	zones->hooks->device(zones->user, zone, zone->device_pid, state);
}

static void on_ready(void *user)
{
	struct zone *zone = user;

	zone->device_state = ZONE_DEVICE_READY;
	tell(zone, "ready");
	net_link_begin(zone);
	zone_device_is_ready(zone);
}

static void on_output(void *user, unsigned port, uint64_t pos, const char *data, size_t length)
{
	zone_console_output(user, port, pos, data, length);
}

static void on_writable(void *user)
{
	zone_inputs_send(user);
}

static void on_said(void *user, const char *line, size_t length)
{
	const struct zone *zone = user;

	log_zone_warning(zone->name, "device process: %.*s", (int)length, line);
}

static void on_gone(void *user)
{
	struct zone *zone = user;
	struct zone_private *private = zone->private;
	bool expected = private->quit_called;

	device_free(private->device);
	private->device = NULL;
	zone->device_state = expected ? ZONE_DEVICE_NONE : ZONE_DEVICE_DIED;
	tell(zone, expected ? "ended" : "died");
	if (!expected)
		log_zone_error(zone->name, "its device process %d died", (int)zone->device_pid);
	zone_inputs_fail(zone);
	if (zone->state == ZONE_STARTING) {
		zone_fail(zone, SCHEMA_ERROR_DEVICE, "its device process ended before it was ready");
		zone_halt(zone, ZONE_EVENT_FAIL, "zone.device", zone->cause);
	} else if (!expected && zone->state != ZONE_STOPPING) {
		zone_device_failed(zone);
	} else {
		zone_progress(zone);
	}
}

static const struct device_hooks hooks = {
	.ready = on_ready,
	.output = on_output,
	.writable = on_writable,
	.said = on_said,
	.gone = on_gone,
};

static struct device_options options_for(struct zone *zone)
{
	const struct zones *zones = zone->private->zones;

	return (struct device_options){
		.loop = zones->loop,
		.program = zones->options.device_program,
		.run_dir = zones->options.run_dir,
		.hooks = &hooks,
		.user = zone,
	};
}

static void attached(struct zone *zone)
{
	struct zone_private *private = zone->private;

	private->quit_called = false;
	zone->device_pid = device_pid(private->device);
	zone->device_state = ZONE_DEVICE_CONNECTING;
}

int zone_device_spawn(struct zone *zone)
{
	struct device_options options = options_for(zone);
	struct zone_private *private = zone->private;
	int r = device_spawn(&options, zone->plan, private->bound_fd, &private->files, &private->device);

	device_files_close(&private->files);
	if (r != 0)
		return r;
	attached(zone);
	zone_consoles_begin(zone);
	/* its id on disk before it is of use: a new daemon must be able to end it */
	return zone_store(zone);
}

int zone_device_adopt(struct zone *zone, const struct store_record *record)
{
	struct device_options options = options_for(zone);
	int r = device_adopt(&options, (uint32_t)zone->id, record->device_pid, record->device_start,
			     &zone->private->device);

	if (r != 0)
		return r;
	attached(zone);
	zone_consoles_adopt(zone, record);
	return 0;
}

void zone_device_drop(struct zone *zone)
{
	device_free(zone->private->device);
	zone->private->device = NULL;
}

bool zone_resize(struct zone *zone, unsigned port, unsigned columns, unsigned rows)
{
	if (zone->private->device == NULL)
		return false;
	device_resize(zone->private->device, port, columns, rows);
	return true;
}
