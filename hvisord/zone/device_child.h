/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starting the device program, and telling one process from another with the same id. */
#ifndef DEVICE_CHILD_H
#define DEVICE_CHILD_H

#include <sys/types.h>
#include <uv.h>

#include "device_files.h"

/* What the process is given. */
struct device_child {
	const char *program;
	const struct zone_plan *plan;
	const struct device_files *files; /* opened for that plan */
	int bound_fd;
	int listen_fd;
};

/*
 * Starts the program in a session of its own, with the descriptors that
 * device_link.h names; the caller's stay open. The loop reaps it. 0, or a
 * negative errno.
 */
int device_child_spawn(uv_loop_t *loop, const struct device_child *child, pid_t *ret_pid);

/* Clock ticks after boot at which the process began (proc(5) stat, field 22). 0, -ESRCH, -EIO. */
int device_child_start_time(pid_t pid, uint64_t *ret_start_time);

#endif
