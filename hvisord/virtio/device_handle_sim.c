/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The handle of a simulated zone: a memory file and a link to hvisor-sim (backend/sim_link.h). */
#include <errno.h>
#include <sys/un.h>

#include "device_handle.h"
#include "sim_link.h"
#include "sim_send.h"

static int call(int link, const struct sim_bound_request *request, int *ret_fd)
{
	struct sim_bound_reply reply;
	int err;

	if (!sim_send(link, request, sizeof(*request), -1))
		return -EPIPE;
	err = sim_receive(link, &reply, sizeof(reply), ret_fd);
	return err ? err : (int)reply.result;
}

static int call_plain(struct device_handle *handle, const struct sim_bound_request *request)
{
	int fd, err = call(handle->link, request, &fd);

	if (fd >= 0)
		close(fd); /* none was asked for */
	return err;
}

static int sim_complete(struct device_handle *handle, uint32_t vcpu, uint32_t seq, uint64_t value)
{
	const struct sim_bound_request request = {
		.op = SIM_BOUND_COMPLETE,
		.complete = { .vcpu = vcpu, .seq = seq, .value = value },
	};

	return call_plain(handle, &request);
}

static int sim_inject(struct device_handle *handle, uint32_t intid)
{
	const struct sim_bound_request request = { .op = SIM_BOUND_INJECT, .intid = intid };

	return call_plain(handle, &request);
}

static int connect_to(const struct sim_bound *bound)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const socklen_t size = (socklen_t)offsetof(struct sockaddr_un, sun_path) + bound->address_size;
	int fd, err;

	memcpy(address.sun_path, bound->address, bound->address_size);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&address, size) == 0)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

int device_handle_simulated(struct device_handle *handle, HvZoneConfig *ret_config)
{
	struct sim_bound_request request = { .op = SIM_BOUND_OPEN };
	struct sim_bound bound;
	const ssize_t size = pread(handle->fd, &bound, sizeof(bound), (off_t)SIM_BOUND_OFFSET);
	int err;

	if (size != (ssize_t)sizeof(bound) || bound.magic != SIM_BOUND_MAGIC ||
	    bound.address_size > sizeof(bound.address))
		return -ENOTTY;
	handle->link = connect_to(&bound);
	if (handle->link < 0)
		return handle->link;
	request.zone = bound.config.zone_id;
	memcpy(request.token, bound.token, sizeof(request.token));
	err = call(handle->link, &request, &handle->request_fd);
	if (!err && handle->request_fd < 0)
		err = -EPROTO;
	if (err) {
		close(handle->link);
		return err;
	}
	handle->complete = sim_complete;
	handle->inject = sim_inject;
	*ret_config = bound.config;
	return 0;
}
