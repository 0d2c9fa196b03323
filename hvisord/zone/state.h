/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small files that outlive the daemon: always whole, whenever it or the machine
 * dies. Written beside the real one, to disk, and renamed over it.
 */
#ifndef STATE_H
#define STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cJSON.h>
#include <uv.h>

#include "json_write.h"

/* Makes the directory (mode 0700, the last part of the path only) unless it is there. 0, or a negative errno. */
int state_make_dir(const char *dir);

/* DIR/NAME is these bytes and on disk, or as it was. Blocks. 0, or a negative errno. */
int state_write_file(const char *dir, const char *name, const char *data, size_t length);

/*
 * The whole of a regular file of fewer than max bytes; the caller frees. 0;
 * -ENOENT; -EFBIG; -EBADMSG: no regular file, or a link; or another negative errno.
 */
int state_read_file(const char *dir, const char *name, size_t max, char **ret_text, size_t *ret_length);

/*
 * The same for strict JSON with an object at the top; depth as in
 * json_strict_parse(). -EBADMSG: it is none, or torn.
 */
int state_read_json(const char *dir, const char *name, size_t max, unsigned depth, cJSON **ret_root);

/* Renames a file that cannot be read to NAME.bad, over an older one, and logs why (a negative errno). */
void state_set_aside(const char *dir, const char *name, int why);

/*
 * A file that follows what is in memory: after each touch it is written anew,
 * in a worker. A failure is logged once, and tried again every few seconds.
 */
struct state_file;

struct state_file_ops {
	/* The whole text, for now. Called in the loop. */
	void (*make)(void *user, struct json_out *out);
	/*
	 * All touches up to this one are on disk, or (error, a negative errno) could
	 * not be written yet. Called in the loop, never from within a call into this
	 * file; not after state_file_close(). May be NULL.
	 */
	void (*written)(void *user, uint64_t touch, int error);
};

/* dir and name are copied. 0, or -ENOMEM. */
int state_file_new(uv_loop_t *loop, const char *dir, const char *name, const struct state_file_ops *ops,
		   void *user, struct state_file **ret_file);

/* What make() gives has changed; it is called in the loop's next turn. Returns the number of this touch, from 1 on. */
uint64_t state_file_touch(struct state_file *file);

/* Something is being written, or just about to be. */
bool state_file_is_busy(const struct state_file *file);

/*
 * Writes what is not written yet, at once or when the worker has ended: until
 * the loop is empty make() may be called. Frees. Takes NULL.
 */
void state_file_close(struct state_file *file);

#endif
