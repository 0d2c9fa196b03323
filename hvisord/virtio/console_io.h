/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every console device has on its host's side: where output goes, and where input waits. */
#ifndef CONSOLE_IO_H
#define CONSOLE_IO_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#define CONSOLE_INPUT 65536u /* bytes typed that the driver has not taken yet */

/* Takes what a driver prints. The buffers may be guest memory, and are gone when the call returns. */
struct console_sink {
	void (*output)(struct console_sink *sink, const struct iovec *iov, unsigned count);
};

/* Zeroed: empty. */
struct console_input {
	uint32_t head; /* free-running; head - tail bytes wait */
	uint32_t tail;
	uint8_t data[CONSOLE_INPUT];
};

static inline uint32_t console_input_waiting(const struct console_input *input)
{
	return input->head - input->tail;
}

static inline size_t console_input_space(const struct console_input *input)
{
	return CONSOLE_INPUT - console_input_waiting(input);
}

/* Adds what fits, and returns how much that was. */
size_t console_input_put(struct console_input *input, const void *data, size_t size);

/* Takes up to room bytes out of it, the oldest first, and returns how many. */
uint32_t console_input_take(struct console_input *input, void *to, size_t room);

/* What the device process can do to a console, whatever carries it. port: of a device that has several. */
struct console_ops {
	/* Bytes that input() would take. */
	size_t (*input_space)(const void *device, unsigned port);
	/* Takes what fits, and returns how much that was. */
	size_t (*input)(void *device, unsigned port, const void *data, size_t size);
	/* The terminal has another size. NULL: the device cannot tell its driver. */
	void (*resize)(void *device, unsigned port, uint16_t cols, uint16_t rows);
};

#endif
