/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scrollback.h"

#include <assert.h>
#include <string.h>

static_assert((DEVICE_SCROLLBACK & (DEVICE_SCROLLBACK - 1)) == 0, "positions are masked");

static void append(struct scrollback *scrollback, const uint8_t *from, size_t size)
{
	const size_t at = scrollback->head & (DEVICE_SCROLLBACK - 1);
	const size_t room = DEVICE_SCROLLBACK - at;
	const size_t first = size < room ? size : room;

	memcpy(scrollback->data + at, from, first);
	memcpy(scrollback->data, from + first, size - first);
	scrollback->head += size;
}

void scrollback_write(struct scrollback *scrollback, const struct iovec *iov, unsigned count)
{
	uint64_t skip, size = 0;

	for (unsigned i = 0; i < count; i++)
		size += iov[i].iov_len;
	skip = size > DEVICE_SCROLLBACK ? size - DEVICE_SCROLLBACK : 0;
	scrollback->head += skip;
	for (unsigned i = 0; i < count; i++) {
		const size_t past = skip < iov[i].iov_len ? (size_t)skip : iov[i].iov_len;

		skip -= past;
		append(scrollback, (const uint8_t *)iov[i].iov_base + past, iov[i].iov_len - past);
	}
}

uint64_t scrollback_oldest(const struct scrollback *scrollback)
{
	return scrollback->head > DEVICE_SCROLLBACK ? scrollback->head - DEVICE_SCROLLBACK : 0;
}

size_t scrollback_peek(const struct scrollback *scrollback, uint64_t pos, size_t max, struct iovec iov[2])
{
	const uint64_t kept = scrollback->head - pos;
	const size_t size = kept < max ? (size_t)kept : max;
	const size_t at = pos & (DEVICE_SCROLLBACK - 1);
	const size_t room = DEVICE_SCROLLBACK - at;
	const size_t first = size < room ? size : room;

	/* sendmsg() reads through these */
	iov[0] = (struct iovec){ .iov_base = (void *)(uintptr_t)(scrollback->data + at), .iov_len = first };
	iov[1] = (struct iovec){ .iov_base = (void *)(uintptr_t)scrollback->data, .iov_len = size - first };
	return size;
}
