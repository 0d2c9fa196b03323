/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A listening socket in the loop. */
#ifndef LISTENER_H
#define LISTENER_H

#include <stdbool.h>
#include <uv.h>

/* A client connected; fd (close-on-exec, not blocking) is the callee's. */
typedef void (*listener_fn)(void *user, int fd);

struct listener {
	uv_poll_t poll;
	uv_timer_t timer;
	int fd;
	unsigned handles; /* not closed yet */
	bool short_of;    /* descriptors or memory; said so */
	listener_fn accepted;
	void *user;
};

/* Listens on a bound socket. 0: fd is the listener's until it is closed; or a negative errno, and fd is the caller's. */
int listener_open(struct listener *listener, uv_loop_t *loop, int fd, listener_fn accepted, void *user);

/* The loop must run on until the handles are closed. */
void listener_close(struct listener *listener);

#endif
