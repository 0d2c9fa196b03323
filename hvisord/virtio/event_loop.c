/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "event_loop.h"

#include <errno.h>
#include <unistd.h>

#define EVENTS_A_TURN 32

int event_loop_init(struct event_loop *loop)
{
	loop->fd = epoll_create1(EPOLL_CLOEXEC);
	return loop->fd < 0 ? -errno : 0;
}

void event_loop_fini(struct event_loop *loop)
{
	if (loop->fd >= 0)
		close(loop->fd);
	loop->fd = -1;
}

static int control(struct event_loop *loop, int op, int fd, uint32_t events, struct event_source *source)
{
	struct epoll_event event = { .events = events, .data.ptr = source };

	return epoll_ctl(loop->fd, op, fd, &event) < 0 ? -errno : 0;
}

int event_loop_add(struct event_loop *loop, int fd, uint32_t events, struct event_source *source)
{
	return control(loop, EPOLL_CTL_ADD, fd, events, source);
}

int event_loop_change(struct event_loop *loop, int fd, uint32_t events, struct event_source *source)
{
	return control(loop, EPOLL_CTL_MOD, fd, events, source);
}

void event_loop_remove(struct event_loop *loop, int fd)
{
	(void)control(loop, EPOLL_CTL_DEL, fd, 0, NULL);
}

int event_loop_turn(struct event_loop *loop, int timeout_ms)
{
	struct epoll_event events[EVENTS_A_TURN];
	const int count = epoll_wait(loop->fd, events, EVENTS_A_TURN, timeout_ms);

	if (count < 0)
		return errno == EINTR ? 0 : -errno;
	for (int i = 0; i < count; i++) {
		struct event_source *source = events[i].data.ptr;

		source->ready(source, events[i].events);
	}
	return 0;
}
