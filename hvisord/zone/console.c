/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "console.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 4096u

void console_fini(struct console *console)
{
	free(console->data);
	*console = (struct console){ 0 };
}

/* Doubles the room; the ring is laid out anew, as an index is pos % capacity. */
static void grow(struct console *console)
{
	size_t capacity = console->capacity != 0 ? console->capacity * 2 : FIRST_CAPACITY;
	char *data = malloc(capacity);

	if (data == NULL)
		return;
	for (uint64_t pos = console->start; pos < console->end; pos++)
		data[pos % capacity] = console->data[pos % console->capacity];
	free(console->data);
	console->data = data;
	console->capacity = capacity;
}

void console_append(struct console *console, const char *data, size_t length)
{
	while (console->capacity < CONSOLE_KEEP &&
	       console->end - console->start + length > console->capacity) {
		size_t before = console->capacity;

		grow(console);
		if (console->capacity == before)
			break;
	}
	if (console->capacity == 0)
		return;
	while (length != 0) {
		size_t at = console->end % console->capacity;
		size_t part = console->capacity - at;

		if (part > length)
			part = length;
		memcpy(console->data + at, data, part);
		console->end += part;
		data += part;
		length -= part;
	}
	if (console->end - console->start > console->capacity)
		console->start = console->end - console->capacity;
}

void console_skip_to(struct console *console, uint64_t pos)
{
	if (pos <= console->end)
		return;
	console->start = pos;
	console->end = pos;
}

size_t console_read(const struct console *console, uint64_t *pos, const char **ret_data)
{
	size_t at, part;

	if (*pos < console->start)
		*pos = console->start;
	if (*pos >= console->end)
		return 0;
	at = *pos % console->capacity;
	part = console->capacity - at;
	if (part > console->end - *pos)
		part = (size_t)(console->end - *pos);
	*ret_data = console->data + at;
	return part;
}
