/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "device_kinds.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "request_ring.h"
#include "virtio_blk.h"
#include "virtio_mmio.h"
#include "virtio_net.h"
#include "virtio_rng.h"

static void sink_output(struct console_sink *sink, const struct iovec *iov, unsigned count)
{
	struct device_console *console = (struct device_console *)sink;

	scrollback_write(&console->scrollback, iov, count);
}

/* The bus has the device then, or it is freed. */
static int add_virtio(struct device_process *process, const struct device_spec *spec,
		      struct virtio_device *device)
{
	const int err = device_bus_add(&process->bus, spec->ipa, spec->size, &virtio_mmio_ops, device);
	uint32_t *status;

	if (err) {
		virtio_device_free(device);
		return err;
	}
	status = request_ring_list_window(process->handle->ring, spec->ipa);
	if (status)
		virtio_device_share_status(device, status);
	return 0;
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

int device_kinds_add(struct device_process *process, const struct device_spec *spec)
{
	if (!kinds[spec->kind].add ||
	    (kinds[spec->kind].interrupts && !hv_intid_test(&process->handle->interrupts, spec->intid)))
		return -EINVAL;
	return kinds[spec->kind].add(process, spec);
}
