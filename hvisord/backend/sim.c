/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim.h"

#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "sim_link.h"
#include "sim_send.h"

/* While a simulator that was just started comes up. */
#define CONNECT_TRIES 200
#define TRY_MS 10

struct sim {
	struct backend backend;
	int fd;
	int event_fd;
	uint32_t seq; /* of the last request */
};

/* The packet goes out whole or not at all: a signal in between is no failure. */
static int send_request(const struct sim *sim, const struct sim_request *request)
{
	size_t size = request->op == SIM_CREATE ? sizeof(*request) : SIM_REQUEST_SHORT;
	ssize_t n;

	do {
		n = send(sim->fd, request, size, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

/* Takes a descriptor that comes with the answer only where one is wanted. */
static void keep_fd(int fd, int *ret_fd)
{
	if (ret_fd != NULL)
		*ret_fd = fd;
	else if (fd >= 0)
		close(fd);
}

/* An answer to an earlier request may stand before ours, if that one's could not be read. */
static int call(struct backend *backend, struct sim_request *request, struct sim_reply *reply, int *ret_fd)
{
	struct sim *sim = (struct sim *)backend;
	int fd, r;

	request->seq = ++sim->seq;
	r = send_request(sim, request);
	while (r == 0) {
		r = sim_receive(sim->fd, reply, sizeof(*reply), &fd);
		if (r != 0)
			return r;
		keep_fd(fd, reply->seq == request->seq ? ret_fd : NULL);
		if (reply->seq == request->seq)
			return (int)reply->result;
	}
	return r;
}

static int call_zone(struct backend *backend, enum sim_op op, uint32_t zone, struct sim_reply *reply)
{
	struct sim_request request = { .op = op, .zone = zone };

	return call(backend, &request, reply, NULL);
}

static int sim_platform(struct backend *backend, HvPlatform *ret_platform)
{
	struct sim_reply reply;
	int r = call_zone(backend, SIM_PLATFORM, 0, &reply);

	if (r == 0)
		*ret_platform = reply.platform;
	return r;
}

static int sim_root_config(struct backend *backend, HvZoneConfig *ret_config)
{
	struct sim_reply reply;
	int r = call_zone(backend, SIM_ROOT_CONFIG, 0, &reply);

	if (r == 0)
		*ret_config = reply.config;
	return r;
}

static int sim_stats(struct backend *backend, struct hv_stats *ret_stats)
{
	struct sim_reply reply;
	int r = call_zone(backend, SIM_STATS, 0, &reply);

	if (r == 0)
		*ret_stats = reply.stats;
	return r;
}

static int sim_create(struct backend *backend, const HvZoneConfig *config, struct hv_violation *ret_violation)
{
	struct sim_request request = { .op = SIM_CREATE, .config = *config };
	struct sim_reply reply;
	int r = call(backend, &request, &reply, NULL);

	if (r == -EDOM || r == -EADDRINUSE)
		*ret_violation = hv_violation_unpack(reply.word);
	return r;
}

static int sim_start(struct backend *backend, uint32_t zone)
{
	struct sim_reply reply;

	return call_zone(backend, SIM_START, zone, &reply);
}

static int sim_stop(struct backend *backend, uint32_t zone)
{
	struct sim_reply reply;

	return call_zone(backend, SIM_STOP, zone, &reply);
}

static int sim_destroy(struct backend *backend, uint32_t zone)
{
	struct sim_reply reply;

	return call_zone(backend, SIM_DESTROY, zone, &reply);
}

static int sim_pause(struct backend *backend, uint32_t zone)
{
	struct sim_reply reply;

	return call_zone(backend, SIM_PAUSE, zone, &reply);
}

static int sim_resume(struct backend *backend, uint32_t zone)
{
	struct sim_reply reply;

	return call_zone(backend, SIM_RESUME, zone, &reply);
}

static int sim_status(struct backend *backend, uint32_t zone, struct hv_zone_status *ret_status)
{
	struct sim_reply reply;
	int r = call_zone(backend, SIM_STATUS, zone, &reply);

	if (r == 0)
		*ret_status = reply.status;
	return r;
}

static int sim_config(struct backend *backend, uint32_t zone, HvZoneConfig *ret_config)
{
	struct sim_reply reply;
	int r = call_zone(backend, SIM_CONFIG, zone, &reply);

	if (r == 0)
		*ret_config = reply.config;
	return r;
}

static int sim_list(struct backend *backend, uint64_t *ret_zones)
{
	struct sim_reply reply;
	int r = call_zone(backend, SIM_LIST, 0, &reply);

	if (r == 0)
		*ret_zones = reply.word;
	return r;
}

static int sim_bind(struct backend *backend, uint32_t zone)
{
	struct sim_request request = { .op = SIM_BIND, .zone = zone };
	struct sim_reply reply;
	int fd = -1, r = call(backend, &request, &reply, &fd);

	return r != 0 ? r : fd;
}

static int sim_event_fd(struct backend *backend)
{
	return ((const struct sim *)backend)->event_fd;
}

static void sim_free(struct backend *backend)
{
	struct sim *sim = (struct sim *)backend;

	close(sim->fd);
	if (sim->event_fd >= 0)
		close(sim->event_fd);
	free(sim);
}

static const struct backend_ops sim_ops = {
	.platform = sim_platform,
	.root_config = sim_root_config,
	.stats = sim_stats,
	.create = sim_create,
	.start = sim_start,
	.stop = sim_stop,
	.destroy = sim_destroy,
	.pause = sim_pause,
	.resume = sim_resume,
	.status = sim_status,
	.config = sim_config,
	.list = sim_list,
	.bind = sim_bind,
	.event_fd = sim_event_fd,
	.free = sim_free,
};

static int connect_once(const char *path, int *ret_fd)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, r;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		r = -errno;
		close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}

/* In a session of its own: it is the machine, not a part of the daemon. */
static int start(const char *program, const char *path)
{
	char *argv[] = { (char *)(uintptr_t)program, (char *)(uintptr_t)path, NULL };
	posix_spawnattr_t attributes;
	pid_t pid;
	int r;

	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
	r = posix_spawn(&pid, program, NULL, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	return -r;
}

static int connect_or_start(const char *path, const char *program, int *ret_fd)
{
	const struct timespec pause = { .tv_nsec = TRY_MS * 1000000l };
	int r = connect_once(path, ret_fd);

	if (r != -ENOENT && r != -ECONNREFUSED)
		return r;
	r = start(program, path);
	for (unsigned i = 0; r == 0 && i < CONNECT_TRIES; i++) {
		int now = connect_once(path, ret_fd);

		if (now != -ENOENT && now != -ECONNREFUSED)
			return now;
		nanosleep(&pause, NULL);
	}
	return r != 0 ? r : -ETIMEDOUT;
}

/* The eventfd, and whether it is the board that is meant. */
static int greet(struct sim *sim, const char *platform)
{
	struct sim_request request = { .op = SIM_EVENT };
	struct sim_reply reply;
	HvPlatform board;
	int r = call(&sim->backend, &request, &reply, &sim->event_fd);

	if (r == 0)
		r = sim_platform(&sim->backend, &board);
	if (r == 0 && platform != NULL && strcmp(board.name, platform) != 0)
		r = -ENODEV;
	return r;
}

int backend_sim_new(const char *socket_path, const char *program, const char *platform,
		    struct backend **ret_backend)
{
	struct sim *sim = calloc(1, sizeof(*sim));
	int r;

	if (sim == NULL)
		return -ENOMEM;
	sim->backend.ops = &sim_ops;
	sim->event_fd = -1;
	r = connect_or_start(socket_path, program, &sim->fd);
	if (r != 0) {
		free(sim);
		return r;
	}
	r = greet(sim, platform);
	if (r != 0) {
		sim_free(&sim->backend);
		return r;
	}
	*ret_backend = &sim->backend;
	return 0;
}
