/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_bound.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "mmio.h"
#include "sim_machine.h"
#include "sim_memory.h"
#include "sim_send.h"

static struct link {
	int fd;        /* -1: free */
	int event_fd;  /* -1: not open yet */
	uint32_t zone; /* 0: gone */
} links[SIM_BOUND_MAX];

static int listener;

int sim_bound_init(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t size = sizeof(sa_family_t); /* a name of the kernel's choice */

	for (unsigned i = 0; i < SIM_BOUND_MAX; i++)
		links[i].fd = -1;
	listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (listener < 0 || bind(listener, (struct sockaddr *)&address, size) != 0 ||
	    listen(listener, 16) != 0)
		return -errno;
	size = sizeof(address);
	if (getsockname(listener, (struct sockaddr *)&address, &size) != 0)
		return -errno;
	sim_memory_init(address.sun_path, (uint32_t)(size - offsetof(struct sockaddr_un, sun_path)));
	return 0;
}

void sim_bound_watch(struct pollfd fds[SIM_BOUND_FDS])
{
	for (unsigned i = 0; i < SIM_BOUND_MAX; i++)
		fds[i] = (struct pollfd){ .fd = links[i].fd, .events = POLLIN };
	fds[SIM_BOUND_MAX] = (struct pollfd){ .fd = listener, .events = POLLIN };
}

static void drop(struct link *link)
{
	close(link->fd);
	if (link->event_fd >= 0)
		close(link->event_fd);
	*link = (struct link){ .fd = -1, .event_fd = -1 };
}

static void admit(void)
{
	const int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	for (unsigned i = 0; fd >= 0 && i < SIM_BOUND_MAX; i++) {
		if (links[i].fd < 0) {
			links[i] = (struct link){ .fd = fd, .event_fd = -1 };
			return;
		}
	}
	if (fd >= 0)
		close(fd);
}

/* The first signal is already in it: whatever was asked before is to be looked at. */
static int64_t op_open(struct link *link, const struct sim_bound_request *request)
{
	if (link->event_fd >= 0)
		return -EBUSY;
	if (!sim_memory_is_token(request->zone, request->token))
		return -ENOENT;
	link->event_fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
	link->zone = request->zone;
	return link->event_fd < 0 ? -errno : 0;
}

static int64_t op_complete(struct link *link, const struct sim_bound_request *request)
{
	const struct hv_ioc_complete *complete = &request->complete;

	if (link->zone == 0)
		return -ENOENT;
	return sim_machine_errno(mmio_complete(link->zone, complete->vcpu, complete->seq, complete->value));
}

static int64_t op_inject(struct link *link, const struct sim_bound_request *request)
{
	if (link->zone == 0)
		return -ENOENT;
	return sim_machine_errno(zone_inject(link->zone, request->intid));
}

static int64_t (*const ops[SIM_BOUND_COUNT])(struct link *, const struct sim_bound_request *) = {
	[SIM_BOUND_OPEN] = op_open,
	[SIM_BOUND_COMPLETE] = op_complete,
	[SIM_BOUND_INJECT] = op_inject,
};

static void serve(struct link *link)
{
	struct sim_bound_request request;
	struct sim_bound_reply reply;
	const ssize_t n = recv(link->fd, &request, sizeof(request), MSG_DONTWAIT);
	int fd = -1;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n != (ssize_t)sizeof(request) || request.op >= SIM_BOUND_COUNT)
		return drop(link);
	reply.result = ops[request.op](link, &request);
	if (request.op == SIM_BOUND_OPEN && reply.result == 0)
		fd = link->event_fd;
	/* one that does not read its answers is not served any more */
	if (!sim_send(link->fd, &reply, sizeof(reply), fd))
		drop(link);
}

void sim_bound_serve(const struct pollfd fds[SIM_BOUND_FDS])
{
	for (unsigned i = 0; i < SIM_BOUND_MAX; i++) {
		if (fds[i].revents != 0 && links[i].fd >= 0)
			serve(&links[i]);
	}
	if (fds[SIM_BOUND_MAX].revents != 0)
		admit();
}

void sim_bound_tell(uint64_t requests, uint64_t gone)
{
	const uint64_t one = 1;

	for (unsigned i = 0; i < SIM_BOUND_MAX; i++) {
		struct link *link = &links[i];

		if (link->event_fd < 0 || link->zone == 0 || ((requests | gone) >> link->zone & 1) == 0)
			continue;
		if ((gone >> link->zone & 1) != 0)
			link->zone = 0;
		/* EAGAIN: it is signalled as much as can be */
		if (write(link->event_fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
			drop(link);
	}
}
