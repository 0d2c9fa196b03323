/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A thin epoll loop. Sources are embedded in their owners and outlive their registration. */
#ifndef EVENT_LOOP_H
#define EVENT_LOOP_H

#include <stdint.h>
#include <sys/epoll.h>

/*
 * ready() may be called once more for a source removed in the same turn, so
 * owners reuse the memory only for a source of the same kind.
 */
struct event_source {
	void (*ready)(struct event_source *source, uint32_t events);
};

struct event_loop {
	int fd;
};

/* Each returns 0 or a negative errno. */
int event_loop_init(struct event_loop *loop);
void event_loop_fini(struct event_loop *loop);
int event_loop_add(struct event_loop *loop, int fd, uint32_t events, struct event_source *source);
int event_loop_change(struct event_loop *loop, int fd, uint32_t events, struct event_source *source);
void event_loop_remove(struct event_loop *loop, int fd);

/* Waits for events, at most timeout_ms (-1: for ever), and calls their sources. */
int event_loop_turn(struct event_loop *loop, int timeout_ms);

#endif
