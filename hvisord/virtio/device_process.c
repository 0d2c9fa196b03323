/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "device_process.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "device_kinds.h"
#include "request_ring.h"

/* From a member to the process it is part of. */
#define PROCESS_OF(pointer, member)                                                                          \
	((struct device_process *)(void *)((char *)(pointer)-offsetof(struct device_process, member)))

/* EBUSY: the zone does not run (any more); EINVAL: nobody waits (any more). All else: no zone. */
static void check(struct device_process *process, int err)
{
	if (err != 0 && err != -EBUSY && err != -EINVAL && process->end == DEVICE_PROCESS_RUNNING)
		process->end = DEVICE_PROCESS_GONE;
}

static void host_interrupt(struct virtio_host *host, uint32_t intid)
{
	struct device_process *process = PROCESS_OF(host, host);

	check(process, process->handle->inject(process->handle, intid));
}

static void gpio_interrupt(struct gpio_host *host, uint32_t intid)
{
	struct device_process *process = PROCESS_OF(host, gpio_host);

	check(process, process->handle->inject(process->handle, intid));
}

static void pl011_interrupt(struct pl011_host *host, uint32_t intid)
{
	struct device_process *process = PROCESS_OF(host, pl011_host);

	check(process, process->handle->inject(process->handle, intid));
}

static size_t owner_input_space(struct link_owner *owner, unsigned index)
{
	const struct device_console *console = PROCESS_OF(owner, owner)->console[index];

	return console->ops->input_space(console->device, console->port);
}

static void owner_input(struct link_owner *owner, unsigned index, const void *data, size_t size)
{
	const struct device_console *console = PROCESS_OF(owner, owner)->console[index];

	(void)console->ops->input(console->device, console->port, data,
				  size); /* link_server.h: the rest is lost */
}

static void owner_resize(struct link_owner *owner, unsigned index, uint16_t cols, uint16_t rows)
{
	const struct device_console *console = PROCESS_OF(owner, owner)->console[index];

	if (console->ops->resize)
		console->ops->resize(console->device, console->port, cols, rows);
}

static void owner_quit(struct link_owner *owner)
{
	PROCESS_OF(owner, owner)->end = DEVICE_PROCESS_QUIT;
}

static void owner_power_key(struct link_owner *owner)
{
	struct device_process *process = PROCESS_OF(owner, owner);

	if (process->has_power_key)
		power_key_press(&process->power_key);
}

static void owner_net_link(struct link_owner *owner, uint64_t ipa, bool up)
{
	struct device_process *process = PROCESS_OF(owner, owner);

	for (unsigned i = 0; i < process->num_nets; i++) {
		if (process->nets[i].ipa == ipa)
			virtio_net_set_link(process->nets[i].net, up);
	}
}

/*
 * The eventfd only wakes us: every turn looks at the ring. Watched for edges,
 * its count need never be read.
 */
static void requests_ready(struct event_source *source, uint32_t events)
{
	(void)source;
	(void)events;
}

/* Watched for its end alone. */
static void simulator_ready(struct event_source *source, uint32_t events)
{
	struct device_process *process = PROCESS_OF(source, simulator);

	(void)events;
	if (process->end == DEVICE_PROCESS_RUNNING)
		process->end = DEVICE_PROCESS_GONE;
}

int device_process_init(struct device_process *process, struct device_handle *handle, int listen_fd,
			const struct device_spec *specs, unsigned count)
{
	int err;

	memset(process, 0, sizeof(*process)); /* too large for a literal on the stack */
	process->handle = handle;
	process->requests.ready = requests_ready;
	process->simulator.ready = simulator_ready;
	process->host = (struct virtio_host){ .memory = &handle->memory, .interrupt = host_interrupt };
	process->gpio_host.interrupt = gpio_interrupt;
	process->pl011_host.interrupt = pl011_interrupt;
	process->owner = (struct link_owner){ owner_input_space, owner_input,     owner_resize,
					      owner_quit,        owner_power_key, owner_net_link };
	process->end = DEVICE_PROCESS_RUNNING;
	err = event_loop_init(&process->loop);
	if (err)
		return err;
	request_ring_clear_windows(handle->ring);
	err = link_server_init(&process->links, &process->loop, &process->owner, handle->zone_id, listen_fd);
	for (unsigned i = 0; !err && i < count; i++)
		err = device_kinds_add(process, &specs[i]);
	if (!err)
		err = event_loop_add(&process->loop, handle->request_fd, EPOLLIN | EPOLLET,
				     &process->requests);
	if (!err && handle->link > 0)
		err = event_loop_add(&process->loop, handle->link, EPOLLRDHUP, &process->simulator);
	if (!err && request_ring_is_used(handle->ring))
		device_bus_lost(&process->bus);
	return err;
}

void device_process_fini(struct device_process *process)
{
	if (process->loop.fd < 0)
		return;
	link_server_fini(&process->links);
	if (process->has_power_key)
		power_key_fini(&process->power_key);
	device_bus_fini(&process->bus);
	for (unsigned i = 0; i < DEVICE_LINK_CONSOLES; i++)
		free(process->console[i]);
	event_loop_fini(&process->loop);
}

/*
 * One request. What was notified before a register is written is done before,
 * as the driver sees it: output, then reset.
 */
static void serve(struct device_process *process, const struct hv_request *request)
{
	uint64_t value;

	if (request->seq != 0 && request->kind == HV_REQUEST_WRITE)
		(void)device_bus_service(&process->bus); /* a rest is seen again in work() */
	value = device_bus_access(&process->bus, request);
	if (request->seq != 0)
		check(process,
		      process->handle->complete(process->handle, request->vcpu, request->seq, value));
}

/* Returns true if there may be more. */
static bool drain_ring(struct device_process *process)
{
	struct hv_ring *ring = process->handle->ring;

	for (unsigned i = 0; i < HV_RING_SLOTS; i++) {
		struct hv_request request;
		const int got = request_ring_peek(ring, &request);

		if (got < 0)
			process->end = DEVICE_PROCESS_RING;
		if (got <= 0)
			return false;
		serve(process, &request);
		request_ring_release(ring);
	}
	return true;
}

/* Returns true if it should be called again before waiting. */
static bool work(struct device_process *process)
{
	bool more = drain_ring(process);

	if (request_ring_take_overflow(process->handle->ring))
		device_bus_notify_all(&process->bus);
	more |= device_bus_service(&process->bus);
	link_server_update(&process->links);
	return more;
}

void device_process_turn(struct device_process *process, int timeout_ms)
{
	const bool more = work(process);

	if (process->end == DEVICE_PROCESS_RUNNING &&
	    event_loop_turn(&process->loop, more ? 0 : timeout_ms) < 0)
		process->end = DEVICE_PROCESS_FAILED;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void device_process_linger(struct device_process *process, int timeout_ms)
{
	const int64_t deadline = now_ms() + timeout_ms;

	for (;;) {
		const bool more = work(process);
		const int64_t left = deadline - now_ms();

		if ((!more && !link_server_is_behind(&process->links)) || left <= 0 ||
		    event_loop_turn(&process->loop, more ? 0 : (int)left) < 0)
			return;
	}
}
