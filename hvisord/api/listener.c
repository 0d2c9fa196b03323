/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The listening socket. Clients wait in its backlog while the daemon has no descriptor or memory for them. */
#include "listener.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"

#define BACKLOG 64
#define PAUSE_MS 100

static void on_readable(uv_poll_t *poll, int status, int events);

static void on_pause_over(uv_timer_t *timer)
{
	struct listener *listener = timer->data;

	/* fails only for want of memory in the kernel: tried again */
	if (uv_poll_start(&listener->poll, UV_READABLE, on_readable) != 0)
		uv_timer_start(timer, on_pause_over, PAUSE_MS, 0);
}

static void pause_a_while(struct listener *listener, int error)
{
	if (!listener->short_of)
		log_error("cannot accept connections for now: %s", uv_strerror(error));
	listener->short_of = true;
	uv_poll_stop(&listener->poll);
	uv_timer_start(&listener->timer, on_pause_over, PAUSE_MS, 0);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct listener *listener = poll->data;
	int fd;

	(void)events;
	if (status < 0)
		return pause_a_while(listener, status);
	fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd >= 0) {
		listener->short_of = false;
		listener->accepted(listener->user, fd);
	} else if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR) {
		pause_a_while(listener, -errno);
	}
}

static void on_closed(uv_handle_t *handle)
{
	struct listener *listener = handle->data;

	if (--listener->handles == 0)
		close(listener->fd);
}

int listener_open(struct listener *listener, uv_loop_t *loop, int fd, listener_fn accepted, void *user)
{
	int r;

	*listener = (struct listener){ .fd = fd, .accepted = accepted, .user = user };
	if (listen(fd, BACKLOG) != 0)
		return -errno;
	r = uv_poll_init(loop, &listener->poll, fd);
	if (r != 0)
		return r;
	uv_timer_init(loop, &listener->timer);
	listener->poll.data = listener->timer.data = listener;
	listener->handles = 2;
	on_pause_over(&listener->timer);
	return 0;
}

void listener_close(struct listener *listener)
{
	uv_close((uv_handle_t *)&listener->timer, on_closed);
	uv_close((uv_handle_t *)&listener->poll, on_closed);
}
