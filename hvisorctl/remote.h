/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon of another machine: ssh runs `hvisorctl proxy` there. */
#ifndef REMOTE_H
#define REMOTE_H

/*
 * Starts ssh for ssh://[USER@]BOARD[:PORT]; socket is the far daemon's, or
 * NULL for its default. 0 with *ret_fd (to be closed by the caller) and
 * *ret_pid, to be given to remote_status(); -EINVAL after saying what is wrong
 * with host; or another negative errno.
 */
int remote_open(const char *host, const char *socket, int *ret_fd, int *ret_pid);

/* Waits for ssh, whose descriptor is closed, and gives its exit status. 0 if *pid is 0, which it becomes. */
int remote_status(int *pid);

#endif
