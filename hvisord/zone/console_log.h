/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The output of one console of a zone on disk, beside what console.h keeps in
 * memory: plain bytes in DIR/NAME.ID.POS.log (there may be two of one name),
 * POS (decimal) being the position of the file's first byte; of console N that
 * is not 0 in DIR/NAME.ID.N.POS.log.
 *
 * A hole in the output, a file of CONSOLE_LOG_FILE bytes, and one that somebody
 * removed or changed end a file and begin another; the oldest go when all older
 * than the newest hold more than CONSOLE_LOG_FILE bytes, or are too many. Nothing is renamed or written twice, so that a daemon that is
 * killed leaves whole bytes in the right place.
 *
 * Written by a worker, so that a slow disk holds nobody up. Where writing
 * fails, that is logged once and tried again with the output of some seconds
 * later: a hole, which readers see by its positions. Not forced to disk: a
 * machine that loses power loses the last seconds.
 */
#ifndef CONSOLE_LOG_H
#define CONSOLE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#define CONSOLE_LOG_FILE (1024u * 1024u)
/* Files of one console */
#define CONSOLE_LOG_FILES 16u
/* Bytes waiting for the worker above which the source should be held, and at which new ones are lost */
#define CONSOLE_LOG_BUSY (1024u * 1024u)
#define CONSOLE_LOG_FULL (4096u * 1024u)

struct console_log;

/* What it is the output of. */
struct console_log_name {
	const char *zone;
	int id;
	unsigned port;
};

/* Called in the loop when so much was written that the source need not be held any more. */
typedef void (*console_log_room_fn)(void *user);

/*
 * Looks what there is of the console in dir, which is made (mode 0700) where it
 * is not there. Bytes of name that a file name may not have are escaped.
 * 0 and *ret_log, or -ENOMEM.
 */
int console_log_open(uv_loop_t *loop, const char *dir, const struct console_log_name *name,
		     console_log_room_fn room, void *user, struct console_log **ret_log);

/* Position behind the last byte on disk, and of the oldest; both 0 if there is none. */
uint64_t console_log_end(const struct console_log *log);
uint64_t console_log_start(const struct console_log *log);

/* Output that begins at pos. True: the source should be held until there is room. */
bool console_log_append(struct console_log *log, uint64_t pos, const char *data, size_t length);

/*
 * Reads up to size bytes from pos on. *pos moves to the next byte on disk
 * where its own is not. Returns how many; 0: none at or behind it.
 */
size_t console_log_read(const struct console_log *log, uint64_t *pos, char *buffer, size_t size);

/* Writes what waits, then frees; the loop must run until it is empty. Takes NULL. */
void console_log_close(struct console_log *log);

#endif
