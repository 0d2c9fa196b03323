/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "console_io.h"

#include <assert.h>
#include <string.h>

static_assert((CONSOLE_INPUT & (CONSOLE_INPUT - 1)) == 0, "positions are masked");

size_t console_input_put(struct console_input *input, const void *data, size_t size)
{
	const uint8_t *from = data;

	if (size > console_input_space(input))
		size = console_input_space(input);
	for (size_t i = 0; i < size; i++)
		input->data[input->head++ & (CONSOLE_INPUT - 1)] = from[i];
	return size;
}

uint32_t console_input_take(struct console_input *input, void *to, size_t room)
{
	uint32_t moved = 0;

	while (moved < room && console_input_waiting(input) > 0) {
		const uint32_t at = input->tail & (CONSOLE_INPUT - 1);
		uint32_t part = CONSOLE_INPUT - at;

		if (part > console_input_waiting(input))
			part = console_input_waiting(input);
		if (part > room - moved)
			part = (uint32_t)(room - moved);
		memcpy((uint8_t *)to + moved, input->data + at, part);
		input->tail += part;
		moved += part;
	}
	return moved;
}
