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

#include "mmio.h"
#include "pool.h"
#include "sim_bound.h"
#include "sim_guest.h"
#include "sim_machine.h"
#include "sim_memory.h"
#include "sim_send.h"
#include "zone.h"

#define MAX_CLIENTS 64

struct client {
	int fd; /* -1: free */
	int event_fd;
};

static struct client clients[MAX_CLIENTS];

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
	return sim_machine_errno(r);
}

static int64_t op_start(const struct sim_request *request, struct sim_reply *reply)
{
	(void)reply;
	return sim_machine_errno(zone_start(request->zone));
}

static int64_t op_stop(const struct sim_request *request, struct sim_reply *reply)
{
	(void)reply;
	return sim_machine_errno(zone_stop(request->zone));
}

static int64_t op_destroy(const struct sim_request *request, struct sim_reply *reply)
{
	(void)reply;
	return sim_machine_errno(zone_destroy(request->zone));
}

static int64_t op_pause(const struct sim_request *request, struct sim_reply *reply)
{
	(void)reply;
	return sim_machine_errno(zone_pause(request->zone));
}

static int64_t op_resume(const struct sim_request *request, struct sim_reply *reply)
{
	(void)reply;
	return sim_machine_errno(zone_resume(request->zone));
}

static int64_t op_status(const struct sim_request *request, struct sim_reply *reply)
{
	return sim_machine_errno(zone_status(request->zone, &reply->status));
}

static int64_t op_config(const struct sim_request *request, struct sim_reply *reply)
{
	return sim_machine_errno(zone_config(request->zone, &reply->config));
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
	return sim_machine_act(request->zone, (enum sim_guest_act)request->arg);
}

static const op_fn ops[SIM_OP_COUNT] = {
	[SIM_PLATFORM] = op_platform, [SIM_ROOT_CONFIG] = op_root_config,
	[SIM_STATS] = op_stats,       [SIM_CREATE] = op_create,
	[SIM_START] = op_start,       [SIM_STOP] = op_stop,
	[SIM_DESTROY] = op_destroy,   [SIM_STATUS] = op_status,
	[SIM_CONFIG] = op_config,     [SIM_LIST] = op_list,
	[SIM_GUEST] = op_guest,       [SIM_PAUSE] = op_pause,
	[SIM_RESUME] = op_resume,
};

static void drop(struct client *client)
{
	close(client->fd);
	if (client->event_fd >= 0)
		close(client->event_fd);
	client->fd = -1;
}

static void tell_changes(void)
{
	const uint64_t one = 1;

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
	const ssize_t n = recv(client->fd, &request, sizeof(request), MSG_DONTWAIT);
	int fd = -1;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < (ssize_t)SIM_REQUEST_SHORT || request.op >= SIM_OP_COUNT)
		return drop(client);
	memset(&reply, 0, sizeof(reply));
	if (request.op == SIM_EVENT) {
		if (client->event_fd < 0)
			client->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		fd = client->event_fd;
		reply.result = fd < 0 ? -errno : 0;
	} else if (request.op == SIM_BIND) {
		fd = sim_memory_fd(request.zone);
		reply.result = fd < 0 ? fd : 0;
	} else {
		reply.result = ops[request.op](&request, &reply);
	}
	reply.seq = request.seq;
	/* a client that is gone needs no answer, and one that does not read gets no other */
	if (!sim_send(client->fd, &reply, sizeof(reply), fd))
		drop(client);
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

/* After whatever happened: the machine runs until it waits, and its news are told. */
static void settle(void)
{
	const uint64_t gone = sim_machine_settle();

	sim_bound_tell(mmio_take_requests(), gone);
	tell_changes();
}

static int run(int listener)
{
	struct pollfd fds[MAX_CLIENTS + 1 + SIM_BOUND_FDS];

	for (;;) {
		fds[MAX_CLIENTS] = (struct pollfd){ .fd = listener, .events = POLLIN };
		for (unsigned i = 0; i < MAX_CLIENTS; i++)
			fds[i] = (struct pollfd){ .fd = clients[i].fd, .events = POLLIN };
		sim_bound_watch(fds + MAX_CLIENTS + 1);
		if (poll(fds, MAX_CLIENTS + 1 + SIM_BOUND_FDS, sim_guest_timeout_ms()) < 0) {
			if (errno != EINTR)
				return EXIT_FAILURE;
			continue;
		}
		for (unsigned i = 0; i < MAX_CLIENTS; i++) {
			if (fds[i].revents != 0 && clients[i].fd >= 0) {
				serve(&clients[i]);
				settle();
			}
		}
		if (fds[MAX_CLIENTS].revents != 0)
			admit(listener);
		sim_bound_serve(fds + MAX_CLIENTS + 1);
		settle();
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
	if (sim_machine_init() != 0 || sim_bound_init() != 0 || listener < 0 ||
	    bind(listener, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(listener, 16) != 0) {
		perror("hvisor-sim");
		return EXIT_FAILURE;
	}
	return run(listener);
}
