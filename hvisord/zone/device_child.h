/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starting the device program, and telling one process from another with the same id. */
#ifndef DEVICE_CHILD_H
#define DEVICE_CHILD_H

#include <sys/types.h>
#include <uv.h>

#include "plan.h"

/*
 * Starts the program in a session of its own, with the descriptors that
 * device_link.h names. The loop reaps it. 0, or a negative errno.
 */
int device_child_spawn(uv_loop_t *loop, const char *program, const struct zone_plan *plan, int bound_fd,
		       int listen_fd, pid_t *ret_pid);

/* Clock ticks after boot at which the process began (proc(5) stat, field 22). 0, -ESRCH, -EIO. */
int device_child_start_time(pid_t pid, uint64_t *ret_start_time);

#endif
