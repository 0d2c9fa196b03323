/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a zone printed last. Bytes have positions that grow over all runs of
 * the zone; the newest CONSOLE_KEEP bytes are kept, also after the zone ended.
 * Memory grows with the output.
 */
#ifndef CONSOLE_H
#define CONSOLE_H

#include <stddef.h>
#include <stdint.h>

#define CONSOLE_KEEP (256u * 1024u)
/* No position is beyond it: the protocol's numbers are exact up to there. */
#define CONSOLE_POS_MAX (1ull << 53)

struct console {
	char *data;
	size_t capacity; /* power of two, CONSOLE_KEEP at most; 0 at first */
	uint64_t start;  /* position of the oldest byte kept */
	uint64_t end;    /* position behind the newest */
};

void console_fini(struct console *console);

/* Without memory the oldest bytes go sooner; the newest are never refused but if there is none at all. */
void console_append(struct console *console, const char *data, size_t length);

/* Says that bytes were lost here: the next byte's position is at least pos. */
void console_skip_to(struct console *console, uint64_t pos);

/*
 * A piece of kept output from pos on (moved to the oldest byte if that is
 * newer). Returns its length, 0 at the end; *ret_data is valid until the next
 * append.
 */
size_t console_read(const struct console *console, uint64_t *pos, const char **ret_data);

#endif
