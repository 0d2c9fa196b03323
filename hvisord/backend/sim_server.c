/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hvisor-sim SOCKET: the hypervisor on this machine, without any hypervisor.
 * Runs until it is killed; hvisord --backend sim starts it when it is not
 * there.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "pool.h"
#include "sim_machine.h"
#include "zone.h"

#define MAX_CLIENTS 64

struct client {
	int fd; /* -1: free */
	int event_fd;
};

static struct client clients[MAX_CLIENTS];

/* As the driver translates them (hv_ioctl.h). */
static int64_t to_errno(int64_t result)
{
	static const int table[] = { 0,       -ENOTTY, -EPERM, -EINVAL,     -EFAULT, -ENOENT,
				     -EEXIST, -EBUSY,  -EDOM,  -EADDRINUSE, -ENOMEM, -EIO };

	return result > 0 || result < -11 ? -EIO : table[-result];
}

typedef int64_t (*op_fn)(const struct sim_request *request, struct sim_reply *reply);

static int64_t op_platform(const struct sim_request *request, struct sim_reply *reply)
{
	(void)request;
	reply->platform = platform_board;
	return 0;
}

static int64_t op_root_config(const struct sim_request *request, struct sim_reply *reply)
{
	(void)request;
	reply->config = platform_root_zone;
	return 0;
}

static int64_t op_stats(const struct sim_request *request, struct sim_reply *reply)
{
	(void)request;
	memset(&reply->stats, 0, sizeof(reply->stats));
	reply->stats.version = HV_ABI_VERSION;
	reply->stats.size = sizeof(reply->stats);
	pool_stats(&reply->stats);
	return 0;
}

static int64_t op_create(const struct sim_request *request, struct sim_reply *reply)
{
	struct hv_violation violation = { 0 };
	int64_t r = zone_create(&request->config, &violation);

	reply->word = hv_violation_pack(violation);
	return to_errno(r);
}

static int64_t op_start(const struct sim_request *request, struct sim_reply *reply)
{
	(void)reply;
	return to_errno(zone_start(request->zone));
}

static int64_t op_stop(const struct sim_request *request, struct sim_reply *reply)
{
	(void)reply;
	return to_errno(zone_stop(request->zone));
}

static int64_t op_destroy(const struct sim_request *request, struct sim_reply *reply)
{
	(void)reply;
	return to_errno(zone_destroy(request->zone));
}

static int64_t op_status(const struct sim_request *request, struct sim_reply *reply)
{
	return to_errno(zone_status(request->zone, &reply->status));
}

static int64_t op_config(const struct sim_request *request, struct sim_reply *reply)
{
	return to_errno(zone_config(request->zone, &reply->config));
}

static int64_t op_list(const struct sim_request *request, struct sim_reply *reply)
{
	(void)request;
	reply->word = zone_list();
	return 0;
}

static int64_t op_guest(const struct sim_request *request, struct sim_reply *reply)
{
	(void)reply;
	return sim_machine_guest(request->zone, (enum sim_guest)request->arg);
}

static const op_fn ops[SIM_OP_COUNT] = {
	[SIM_PLATFORM] = op_platform, [SIM_ROOT_CONFIG] = op_root_config,
	[SIM_STATS] = op_stats,       [SIM_CREATE] = op_create,
	[SIM_START] = op_start,       [SIM_STOP] = op_stop,
	[SIM_DESTROY] = op_destroy,   [SIM_STATUS] = op_status,
	[SIM_CONFIG] = op_config,     [SIM_LIST] = op_list,
	[SIM_GUEST] = op_guest,
};

static void send_reply(int to, const struct sim_reply *reply, int fd)
{
	union {
		char buffer[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec data = { (void *)(uintptr_t)reply, sizeof(*reply) };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1 };
	struct cmsghdr *header;

	if (fd >= 0) {
		message.msg_control = control.buffer;
		message.msg_controllen = sizeof(control.buffer);
		header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(header), &fd, sizeof(int));
	}
	/* a client that is gone needs no answer */
	sendmsg(to, &message, MSG_NOSIGNAL);
}

static void drop(struct client *client)
{
	close(client->fd);
	if (client->event_fd >= 0)
		close(client->event_fd);
	client->fd = -1;
}

static void tell_changes(void)
{
	uint64_t one = 1;

	if (zone_take_changes() == 0)
		return;
	for (unsigned i = 0; i < MAX_CLIENTS; i++) {
		if (clients[i].fd >= 0 && clients[i].event_fd >= 0 &&
		    write(clients[i].event_fd, &one, sizeof(one)) < 0)
			perror("hvisor-sim: eventfd");
	}
}

static void serve(struct client *client)
{
	static struct sim_request request;
	static struct sim_reply reply;
	ssize_t n = recv(client->fd, &request, sizeof(request), 0);
	int fd = -1;

	if (n < (ssize_t)SIM_REQUEST_SHORT || request.op >= SIM_OP_COUNT)
		return drop(client);
	memset(&reply, 0, sizeof(reply));
	if (request.op == SIM_EVENT) {
		if (client->event_fd < 0)
			client->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		fd = client->event_fd;
		reply.result = fd < 0 ? -errno : 0;
	} else if (request.op == SIM_BIND) {
		fd = sim_machine_ram(request.zone);
		reply.result = fd < 0 ? fd : 0;
	} else {
		reply.result = ops[request.op](&request, &reply);
	}
	send_reply(client->fd, &reply, fd);
	sim_machine_settle();
	tell_changes();
}

static void admit(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	for (unsigned i = 0; fd >= 0 && i < MAX_CLIENTS; i++) {
		if (clients[i].fd < 0) {
			clients[i] = (struct client){ fd, -1 };
			return;
		}
	}
	if (fd >= 0)
		close(fd);
}

static int run(int listener)
{
	struct pollfd fds[MAX_CLIENTS + 1];

	for (;;) {
		fds[MAX_CLIENTS] = (struct pollfd){ .fd = listener, .events = POLLIN };
		for (unsigned i = 0; i < MAX_CLIENTS; i++)
			fds[i] = (struct pollfd){ .fd = clients[i].fd, .events = POLLIN };
		if (poll(fds, MAX_CLIENTS + 1, -1) < 0 && errno != EINTR)
			return EXIT_FAILURE;
		for (unsigned i = 0; i < MAX_CLIENTS; i++) {
			if (fds[i].revents != 0 && clients[i].fd >= 0)
				serve(&clients[i]);
		}
		if (fds[MAX_CLIENTS].revents != 0)
			admit(listener);
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int listener;

	if (argc != 2 || strlen(argv[1]) >= sizeof(address.sun_path)) {
		fputs("usage: hvisor-sim SOCKET\n", stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	for (unsigned i = 0; i < MAX_CLIENTS; i++)
		clients[i].fd = -1;
	strcpy(address.sun_path, argv[1]);
	listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	unlink(argv[1]);
	if (sim_machine_init() != 0 || listener < 0 ||
	    bind(listener, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(listener, 16) != 0) {
		perror("hvisor-sim");
		return EXIT_FAILURE;
	}
	return run(listener);
}
