/* SPDX-License-Identifier: GPL-2.0-or-later */
/* proxy: the far end of -H. Bytes both ways, whatever they mean. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ctl.h"

#define BUFFER_SIZE 65536u
/* What poll() lets through is this much at least, so no write waits while the other direction has work. */
#define WRITE_SIZE 4096u

/* One direction. What was read is written before more is read, so a slow side slows the other. */
struct pipe {
	int from, to;
	bool ended;
	size_t start, end;
	char buffer[BUFFER_SIZE];
};

static int move(struct pipe *pipe, bool readable, bool writable)
{
	ssize_t n;

	if (readable && pipe->start == pipe->end) {
		n = read(pipe->from, pipe->buffer, sizeof(pipe->buffer));
		if (n < 0)
			return errno == EINTR || errno == EAGAIN ? 0 : -errno;
		pipe->ended = n == 0;
		pipe->start = 0;
		pipe->end = (size_t)n;
	}
	if (writable && pipe->start < pipe->end) {
		size_t length = pipe->end - pipe->start;

		n = write(pipe->to, pipe->buffer + pipe->start, length < WRITE_SIZE ? length : WRITE_SIZE);
		if (n < 0)
			return errno == EINTR || errno == EAGAIN ? 0 : -errno;
		pipe->start += (size_t)n;
	}
	return 0;
}

static int step(struct pipe *in, struct pipe *out)
{
	struct pollfd fds[] = {
		{ .fd = !in->ended && in->start == in->end ? in->from : -1, .events = POLLIN },
		{ .fd = in->start < in->end ? in->to : -1, .events = POLLOUT },
		{ .fd = out->start == out->end ? out->from : -1, .events = POLLIN },
		{ .fd = out->start < out->end ? out->to : -1, .events = POLLOUT },
	};
	int r;

	if (poll(fds, 4, -1) < 0)
		return errno == EINTR ? 0 : -errno;
	r = move(in, fds[0].revents != 0, fds[1].revents != 0);
	if (r == 0)
		r = move(out, fds[2].revents != 0, fds[3].revents != 0);
	if (r == 0 && in->ended && in->start == in->end && in->to >= 0) {
		shutdown(in->to, SHUT_WR);
		in->to = -1;
	}
	return r;
}

/* Until the daemon closes. */
static int copy(int fd)
{
	static struct pipe in, out;
	int r = 0;

	in.from = STDIN_FILENO;
	in.to = out.from = fd;
	out.to = STDOUT_FILENO;
	while (r == 0 && !out.ended)
		r = step(&in, &out);
	return r;
}

int ctl_proxy(struct ctl *ctl, int argc, char **argv)
{
	const char *path = ctl->socket != NULL ? ctl->socket : HVISOR_CLIENT_SOCKET;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, r;

	(void)argc;
	(void)argv;
	if (strlen(path) >= sizeof(address.sun_path))
		return ctl_transport_error(ctl, -ENAMETOOLONG);
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		return ctl_transport_error(ctl, -errno);
	r = copy(fd);
	close(fd);
	/* nobody reads any more: that is how it ends when our user has what he wanted */
	return r == 0 || r == -EPIPE || r == -ECONNRESET ? CTL_OK : ctl_transport_error(ctl, r);
}
