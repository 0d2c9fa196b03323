/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last DEVICE_SCROLLBACK bytes of an endless stream. Each byte has a
 * position, counted from 0; readers keep their own and can be overtaken.
 */
#ifndef SCROLLBACK_H
#define SCROLLBACK_H

#include <stddef.h>
#include <sys/uio.h>

#include "device_link.h"

/* Zeroed: empty. */
struct scrollback {
	uint64_t head; /* position of the next byte to come */
	uint8_t data[DEVICE_SCROLLBACK];
};

/*
 * Appends the buffers one after the other. If they hold more than is kept
 * only their end is copied, but all of it counts.
 */
void scrollback_write(struct scrollback *scrollback, const struct iovec *iov, unsigned count);

/* Position of the oldest byte kept; head if none is. */
uint64_t scrollback_oldest(const struct scrollback *scrollback);

/*
 * Points iov[0..1] at up to max bytes from position pos, which lies between
 * oldest and head. Returns how many; good until the next write.
 */
size_t scrollback_peek(const struct scrollback *scrollback, uint64_t pos, size_t max, struct iovec iov[2]);

#endif
