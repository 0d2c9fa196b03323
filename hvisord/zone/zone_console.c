/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a zone prints: from its device process to memory and disk, and from there to readers. */
#include <stdio.h>
#include <string.h>

#include "zone_private.h"

static void on_room(void *user)
{
	struct zone *zone = user;

	if (zone->private->device != NULL)
		device_hold(zone->private->device, false);
}

/* Not before somebody wants it: there may be a thousand zones that never ran. */
void zone_console_open(struct zone *zone)
{
	struct zone_private *private = zone->private;
	const char *state_dir = private->zones->options.state_dir;
	char dir[512];
	int n;

	if (private->log != NULL || state_dir == NULL)
		return;
	n = snprintf(dir, sizeof(dir), "%s/console", state_dir);
	if (n >= (int)sizeof(dir) || console_log_open(private->zones->loop, dir, zone->name, zone->id,
						      on_room, zone, &private->log) != 0)
		return;
	console_skip_to(&zone->console, console_log_end(private->log));
}

void zone_console_output(struct zone *zone, uint64_t pos, const char *data, size_t length)
{
	struct zone_private *private = zone->private;
	struct zones *zones = private->zones;
	uint64_t end = zone->console.end;

	/* no process prints that much: it lies */
	if (pos > CONSOLE_POS_MAX - private->device_base - length)
		return;
	pos += private->device_base;
	/* what an earlier daemon has kept is not kept again */
	if (pos < end) {
		size_t known = end - pos < length ? (size_t)(end - pos) : length;

		pos += known;
		data += known;
		length -= known;
	}
	if (length == 0)
		return;
	console_skip_to(&zone->console, pos);
	console_append(&zone->console, data, length);
	if (private->log != NULL && console_log_append(private->log, pos, data, length))
		device_hold(private->device, true);
	zones->hooks->console(zones->user, zone);
}

size_t zone_console_read(struct zone *zone, uint64_t *pos, char *buffer, size_t size)
{
	const struct console *console = &zone->console;
	uint64_t at = *pos;
	const char *data;
	size_t n;

	zone_console_open(zone);
	if (at < console->start && zone->private->log != NULL) {
		n = console_log_read(zone->private->log, &at, buffer, size);
		if (n != 0 && at < console->start) {
			*pos = at;
			return n;
		}
	}
	n = console_read(console, pos, &data);
	if (n > size)
		n = size;
	if (n != 0)
		memcpy(buffer, data, n);
	return n;
}

uint64_t zone_console_start(struct zone *zone)
{
	uint64_t oldest = zone->console.start;

	zone_console_open(zone);
	if (zone->private->log == NULL || console_log_end(zone->private->log) == 0)
		return oldest;
	oldest = console_log_start(zone->private->log);
	return oldest < zone->console.start ? oldest : zone->console.start;
}

uint64_t zone_console_end(struct zone *zone)
{
	zone_console_open(zone);
	return zone->console.end;
}

void zone_console_renamed(struct zone *zone)
{
	console_log_close(zone->private->log);
	zone->private->log = NULL;
}

void zone_console_close(struct zone *zone)
{
	console_log_close(zone->private->log);
	console_fini(&zone->console);
}
