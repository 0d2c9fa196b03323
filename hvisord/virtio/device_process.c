/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "device_process.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "request_ring.h"
#include "virtio_blk.h"
#include "virtio_mmio.h"
#include "virtio_net.h"
#include "virtio_rng.h"

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

static void sink_output(struct console_sink *sink, const struct iovec *iov, unsigned count)
{
	struct device_console *console = (struct device_console *)sink;

	scrollback_write(&console->scrollback, iov, count);
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

/* The bus has the device then, or it is freed. */
static int add_virtio(struct device_process *process, const struct device_spec *spec,
		      struct virtio_device *device)
{
	const int err = device_bus_add(&process->bus, spec->ipa, spec->size, &virtio_mmio_ops, device);

	if (err)
		virtio_device_free(device);
	return err;
}

/* The next consoles, of one device that is not there yet. -ENOSPC, -ENOMEM. */
static int new_consoles(struct device_process *process, unsigned count)
{
	if (count > DEVICE_LINK_CONSOLES - process->num_consoles)
		return -ENOSPC;
	for (unsigned i = 0; i < count; i++) {
		struct device_console *console = calloc(1, sizeof(*console));

		if (!console)
			return -ENOMEM;
		console->sink.output = sink_output;
		console->port = i;
		process->console[process->num_consoles + i] = console;
	}
	return 0;
}

/* From here on they are there. */
static void connect_consoles(struct device_process *process, unsigned count, const struct console_ops *ops,
			     void *device)
{
	for (unsigned i = 0; i < count; i++) {
		struct device_console *console = process->console[process->num_consoles++];

		console->ops = ops;
		console->device = device;
		link_server_add_console(&process->links, &console->scrollback);
	}
}

static int add_console(struct device_process *process, const struct device_spec *spec)
{
	struct virtio_console_options options = { .ports = spec->ports, .first = process->num_consoles };
	struct virtio_console *device;
	int err = new_consoles(process, spec->ports);

	if (err)
		return err;
	for (unsigned i = 0; i < spec->ports; i++)
		options.sinks[i] = &process->console[process->num_consoles + i]->sink;
	err = virtio_console_new(&process->host, spec->intid, &options, &device);
	if (err)
		return err;
	err = add_virtio(process, spec, virtio_console_device(device));
	if (!err)
		connect_consoles(process, spec->ports, &virtio_console_ops, device);
	return err;
}

static int add_pl011(struct device_process *process, const struct device_spec *spec)
{
	struct pl011 *pl011;
	int err = spec->size == PL011_WINDOW ? new_consoles(process, 1) : -EINVAL;

	if (err)
		return err;
	err = pl011_new(&process->pl011_host, spec->intid, &process->console[process->num_consoles]->sink,
			&pl011);
	if (err)
		return err;
	err = device_bus_add(&process->bus, spec->ipa, spec->size, &pl011_ops, pl011);
	if (err)
		pl011_ops.free(pl011);
	else
		connect_consoles(process, 1, &pl011_console_ops, pl011);
	return err;
}

static int add_power_key(struct device_process *process, const struct device_spec *spec)
{
	struct gpio_pl061 *gpio;
	int err;

	if (process->has_power_key)
		return -EEXIST;
	if (spec->size != PL061_WINDOW)
		return -EINVAL;
	err = gpio_pl061_new(&process->gpio_host, spec->intid, &gpio);
	if (err)
		return err;
	err = device_bus_add(&process->bus, spec->ipa, spec->size, &gpio_pl061_ops, gpio);
	if (err) {
		gpio_pl061_ops.free(gpio);
		return err;
	}
	err = power_key_init(&process->power_key, &process->loop, gpio); /* the gpio is the bus's now */
	process->has_power_key = !err;
	return err;
}

static int add_region(struct device_process *process, const struct device_spec *spec)
{
	return device_bus_add(&process->bus, spec->ipa, spec->size, NULL, NULL);
}

/* A regular file or a block device, as hvisord checked. */
static int add_blk(struct device_process *process, const struct device_spec *spec)
{
	const off_t size = lseek(spec->fd, 0, SEEK_END);
	const struct virtio_blk_options options = {
		.fd = spec->fd,
		.size = size < 0 ? 0 : (uint64_t)size / spec->block * spec->block,
		.block_size = spec->block,
		.num_queues = spec->queues,
		.readonly = spec->readonly,
		.serial = spec->serial,
	};
	struct virtio_blk *blk;
	int err;

	if (size < 0)
		return -errno;
	err = virtio_blk_new(&process->host, spec->intid, &process->loop, &options, &blk);
	return err ? err : add_virtio(process, spec, virtio_blk_device(blk));
}

static int add_rng(struct device_process *process, const struct device_spec *spec)
{
	struct virtio_rng *rng;
	const int err = virtio_rng_new(&process->host, spec->intid, &rng);

	return err ? err : add_virtio(process, spec, virtio_rng_device(rng));
}

static int add_net(struct device_process *process, const struct device_spec *spec)
{
	const struct virtio_net_options options = {
		.fd = spec->fd,
		.num_pairs = spec->queues,
		.mac = spec->mac,
	};
	struct virtio_net *net;
	int err = virtio_net_new(&process->host, spec->intid, &process->loop, &options, &net);

	if (!err)
		err = add_virtio(process, spec, virtio_net_device(net));
	if (!err) {
		process->nets[process->num_nets].ipa = spec->ipa;
		process->nets[process->num_nets++].net = net;
	}
	return err;
}

static const struct {
	bool interrupts; /* has an interrupt, which must be one of the zone's */
	int (*add)(struct device_process *process, const struct device_spec *spec);
} kinds[DEVICE_KINDS] = {
	[DEVICE_KIND_CONSOLE] = { true, add_console }, [DEVICE_KIND_BLK] = { true, add_blk },
	[DEVICE_KIND_PL011] = { true, add_pl011 },     [DEVICE_KIND_POWER_KEY] = { true, add_power_key },
	[DEVICE_KIND_RNG] = { true, add_rng },         [DEVICE_KIND_NET] = { true, add_net },
	[DEVICE_KIND_REGION] = { false, add_region },
};

static int add_device(struct device_process *process, const struct device_spec *spec)
{
	if (!kinds[spec->kind].add ||
	    (kinds[spec->kind].interrupts && !hv_intid_test(&process->handle->interrupts, spec->intid)))
		return -EINVAL;
	return kinds[spec->kind].add(process, spec);
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
	err = link_server_init(&process->links, &process->loop, &process->owner, handle->zone_id, listen_fd);
	for (unsigned i = 0; !err && i < count; i++)
		err = add_device(process, &specs[i]);
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

	while (work(process) || link_server_is_behind(&process->links)) {
		const int64_t left = deadline - now_ms();

		if (left <= 0 || event_loop_turn(&process->loop, (int)left) < 0)
			return;
	}
}
