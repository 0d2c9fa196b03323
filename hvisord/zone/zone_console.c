/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a zone prints: from its device process to memory and disk, and from there to readers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zone_private.h"

#define PRINTED_MAX (1ull << 48) /* bytes, of one device process: years of it */

/* The source of all is held as long as one has no room. */
static void on_room(void *user)
{
	struct zone_console *console = user;
	const struct zone_private *private = console->zone->private;

	console->held = false;
	for (unsigned i = 0; i < CONFIG_MAX_CONSOLES; i++)
		if (private->consoles[i] != NULL && private->consoles[i]->held)
			return;
	if (private->device != NULL)
		device_hold(private->device, false);
}

/* Positions go on where the log ends. */
static void open_log(struct zone_console *console)
{
	const struct zones *zones = console->zone->private->zones;
	const struct console_log_name name = { console->zone->name, console->zone->id, console->port };
	const char *state_dir = zones->options.state_dir;
	char dir[512];
	int n;

	if (console->log != NULL || state_dir == NULL)
		return;
	n = snprintf(dir, sizeof(dir), "%s/console", state_dir);
	if (n >= (int)sizeof(dir) ||
	    console_log_open(zones->loop, dir, &name, on_room, console, &console->log) != 0)
		return;
	console_skip_to(&console->kept, console_log_end(console->log));
}

/* Made when somebody wants it: there may be a thousand zones that never ran. NULL without memory. */
static struct zone_console *console_at(struct zone *zone, unsigned port)
{
	struct zone_console **console = &zone->private->consoles[port];

	if (*console == NULL)
		*console = calloc(1, sizeof(**console));
	if (*console == NULL)
		return NULL;
	(*console)->zone = zone;
	(*console)->port = port;
	open_log(*console);
	return *console;
}

void zone_consoles_begin(struct zone *zone)
{
	for (unsigned i = 0; i < plan_num_consoles(zone->plan); i++) {
		struct zone_console *console = console_at(zone, i);

		if (console != NULL)
			console->base = console->kept.end;
	}
}

void zone_consoles_adopt(struct zone *zone, const struct store_record *record)
{
	for (unsigned i = 0; i < plan_num_consoles(zone->plan); i++) {
		struct zone_console *console = console_at(zone, i);

		if (console != NULL)
			console->base = record->console_base[i];
	}
}

void zone_consoles_store(const struct zone *zone, struct store_record *record)
{
	for (unsigned i = 0; i < CONFIG_MAX_CONSOLES; i++)
		if (zone->private->consoles[i] != NULL)
			record->console_base[i] = zone->private->consoles[i]->base;
}

void zone_console_output(struct zone *zone, unsigned port, uint64_t pos, const char *data, size_t length)
{
	struct zone_private *private = zone->private;
	struct zones *zones = private->zones;
	struct zone_console *console = console_at(zone, port);
	uint64_t end;

	/* no process prints that much: it lies, and would have all that follows taken for old */
	if (console == NULL || pos > PRINTED_MAX || length > CONSOLE_POS_MAX - console->base ||
	    pos > CONSOLE_POS_MAX - console->base - length)
		return;
	end = console->kept.end;
	pos += console->base;
	/* what an earlier daemon has kept is not kept again */
	if (pos < end) {
		size_t known = end - pos < length ? (size_t)(end - pos) : length;

		pos += known;
		data += known;
		length -= known;
	}
	if (length == 0)
		return;
	console_skip_to(&console->kept, pos);
	console_append(&console->kept, data, length);
	if (console->log != NULL && console_log_append(console->log, pos, data, length)) {
		console->held = true;
		device_hold(private->device, true);
	}
	zones->hooks->console(zones->user, zone);
}

size_t zone_console_read(struct zone *zone, unsigned port, uint64_t *pos, char *buffer, size_t size)
{
	const struct zone_console *console = console_at(zone, port);
	uint64_t at = *pos;
	const char *data;
	size_t n;

	if (console == NULL)
		return 0;
	if (at < console->kept.start && console->log != NULL) {
		n = console_log_read(console->log, &at, buffer, size);
		if (n != 0 && at < console->kept.start) {
			*pos = at;
			return n;
		}
	}
	n = console_read(&console->kept, pos, &data);
	if (n > size)
		n = size;
	if (n != 0)
		memcpy(buffer, data, n);
	return n;
}

uint64_t zone_console_start(struct zone *zone, unsigned port)
{
	const struct zone_console *console = console_at(zone, port);
	uint64_t oldest;

	if (console == NULL)
		return 0;
	if (console->log == NULL || console_log_end(console->log) == 0)
		return console->kept.start;
	oldest = console_log_start(console->log);
	return oldest < console->kept.start ? oldest : console->kept.start;
}

uint64_t zone_console_end(struct zone *zone, unsigned port)
{
	const struct zone_console *console = console_at(zone, port);

	return console != NULL ? console->kept.end : 0;
}

uint64_t zone_console_printed(const struct zone *zone)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < CONFIG_MAX_CONSOLES; i++)
		sum += zone->private->consoles[i] != NULL ? zone->private->consoles[i]->kept.end : 0;
	return sum;
}

void zone_consoles_renamed(struct zone *zone)
{
	for (unsigned i = 0; i < CONFIG_MAX_CONSOLES; i++) {
		struct zone_console *console = zone->private->consoles[i];

		if (console == NULL)
			continue;
		console_log_close(console->log);
		console->log = NULL;
		/* one that is closed tells of no room any more */
		if (console->held)
			on_room(console);
	}
}

void zone_consoles_close(struct zone *zone)
{
	for (unsigned i = 0; i < CONFIG_MAX_CONSOLES; i++) {
		struct zone_console *console = zone->private->consoles[i];

		if (console == NULL)
			continue;
		console_log_close(console->log);
		console_fini(&console->kept);
		free(console);
	}
}
