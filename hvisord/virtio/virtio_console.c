/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "virtio_console.h"

#include <errno.h>
#include <stdlib.h>

/* Section 5.3.4. */
struct console_config {
	uint16_t cols;
	uint16_t rows;
	uint32_t max_nr_ports;
	uint32_t emerg_wr;
};
HV_ASSERT_OFFSET(struct console_config, emerg_wr, 8);
HV_ASSERT_SIZE(struct console_config, 12);

/*
 * Counted against a burst beside the bytes: for each chain, since tiny ones
 * cost too, and for each look at the queue, since a driver on another CPU can
 * make it look full and empty by turns for as long as it likes.
 */
#define CHAIN_COST 64u

struct virtio_console {
	struct virtio_device device; /* first */
	struct console_sink *sink;
	struct console_config config;
	struct virtqueue_chain chain; /* the one being worked on */
	struct console_input input;
};

static struct virtio_console *from_device(struct virtio_device *device)
{
	return (struct virtio_console *)device;
}

static uint32_t input_waiting(const struct virtio_console *console)
{
	return console_input_waiting(&console->input);
}

static void fill_chain(struct virtio_console *console)
{
	const struct virtqueue_chain *chain = &console->chain;
	uint32_t filled = 0;

	for (unsigned i = 0; i < chain->num && input_waiting(console) > 0; i++)
		filled += console_input_take(&console->input, chain->iov[i].iov_base, chain->iov[i].iov_len);
	virtio_device_push(&console->device, VIRTIO_CONSOLE_RX, chain->head, filled);
}

/*
 * Input to the driver. Its buffers stay in the queue until there is input, and
 * it is asked to notify only when input waits for buffers.
 */
static bool service_rx(struct virtio_console *console)
{
	struct virtio_device *device = &console->device;
	struct virtqueue *queue = &device->queue[VIRTIO_CONSOLE_RX];
	uint64_t cost = 0;

	virtqueue_notify_off(queue);
	do {
		while (input_waiting(console) > 0 &&
		       virtio_device_pop(device, VIRTIO_CONSOLE_RX, &console->chain)) {
			if (console->chain.num_out > 0) { /* 5.3.6.1: writable ones only */
				virtio_device_break(device, VIRTIO_FAULT_DIRECTION);
				break;
			}
			fill_chain(console);
		}
		cost += CHAIN_COST;
	} while (cost < VIRTIO_CONSOLE_BURST && input_waiting(console) > 0 && virtio_device_is_live(device) &&
		 virtqueue_notify_on(queue));
	virtio_device_flush(device, VIRTIO_CONSOLE_RX);
	return cost >= VIRTIO_CONSOLE_BURST;
}

/* Output from the driver. */
static bool service_tx(struct virtio_console *console)
{
	struct virtio_device *device = &console->device;
	struct virtqueue *queue = &device->queue[VIRTIO_CONSOLE_TX];
	const struct virtqueue_chain *chain = &console->chain;
	uint64_t cost = 0;

	virtqueue_notify_off(queue);
	do {
		while (cost < VIRTIO_CONSOLE_BURST &&
		       virtio_device_pop(device, VIRTIO_CONSOLE_TX, &console->chain)) {
			if (chain->num > chain->num_out) { /* 5.3.6.1: readable ones only */
				virtio_device_break(device, VIRTIO_FAULT_DIRECTION);
				break;
			}
			if (chain->out_bytes > VIRTIO_CONSOLE_CHAIN) {
				virtio_device_break(device, VIRTIO_FAULT_OUTPUT_LENGTH);
				break;
			}
			console->sink->output(console->sink, chain->iov, chain->num_out);
			virtio_device_push(device, VIRTIO_CONSOLE_TX, chain->head, 0);
			cost += chain->out_bytes + CHAIN_COST;
		}
		cost += CHAIN_COST;
	} while (cost < VIRTIO_CONSOLE_BURST && virtio_device_is_live(device) && virtqueue_notify_on(queue));
	virtio_device_flush(device, VIRTIO_CONSOLE_TX);
	return cost >= VIRTIO_CONSOLE_BURST;
}

static bool console_service(struct virtio_device *device, uint32_t queue)
{
	struct virtio_console *console = from_device(device);

	return queue == VIRTIO_CONSOLE_RX ? service_rx(console) : service_tx(console);
}

/* Emergency write (5.3.4): one character, at any time, also before the driver is ready. */
static void console_config_write(struct virtio_device *device, uint32_t offset, uint32_t size, uint64_t value)
{
	struct virtio_console *console = from_device(device);
	uint8_t byte = (uint8_t)value;
	const struct iovec iov = { .iov_base = &byte, .iov_len = 1 };

	(void)size;
	if (offset == offsetof(struct console_config, emerg_wr))
		console->sink->output(console->sink, &iov, 1);
}

static void console_free(struct virtio_device *device)
{
	free(from_device(device));
}

static const struct virtio_class console_class = {
	.name = "console",
	.device_id = VIRTIO_CONSOLE_ID,
	.service = console_service,
	.config_write = console_config_write,
	.free = console_free,
};

int virtio_console_new(struct virtio_host *host, uint32_t intid, struct console_sink *sink,
		       struct virtio_console **ret_console)
{
	struct virtio_console *console = calloc(1, sizeof(*console));

	if (!console)
		return -ENOMEM;
	console->sink = sink;
	console->config = (struct console_config){ .cols = 80, .rows = 24, .max_nr_ports = 1 };
	virtio_device_init(&console->device, &console_class, host, intid,
			   VIRTIO_CONSOLE_F_SIZE | VIRTIO_CONSOLE_F_EMERG_WRITE, &console->config,
			   sizeof(console->config), 2, VIRTIO_CONSOLE_QUEUE_SIZE);
	*ret_console = console;
	return 0;
}

struct virtio_device *virtio_console_device(struct virtio_console *console)
{
	return &console->device;
}

size_t virtio_console_input_space(const struct virtio_console *console)
{
	return console_input_space(&console->input);
}

size_t virtio_console_input(struct virtio_console *console, const void *data, size_t size)
{
	const size_t taken = console_input_put(&console->input, data, size);

	if (taken > 0)
		virtio_device_notify(&console->device, VIRTIO_CONSOLE_RX);
	return taken;
}

void virtio_console_resize(struct virtio_console *console, uint16_t cols, uint16_t rows)
{
	if (console->config.cols == cols && console->config.rows == rows)
		return;
	console->config.cols = cols;
	console->config.rows = rows;
	/* A driver that did not ask for SIZE is not told (5.3.5). */
	if (virtio_device_has(&console->device, VIRTIO_CONSOLE_F_SIZE))
		virtio_device_config_changed(&console->device);
}

static size_t port_input_space(const void *device, unsigned port)
{
	(void)port;
	return virtio_console_input_space(device);
}

static size_t port_input(void *device, unsigned port, const void *data, size_t size)
{
	(void)port;
	return virtio_console_input(device, data, size);
}

static void port_resize(void *device, unsigned port, uint16_t cols, uint16_t rows)
{
	(void)port;
	virtio_console_resize(device, cols, rows);
}

const struct console_ops virtio_console_ops = {
	.input_space = port_input_space,
	.input = port_input,
	.resize = port_resize,
};
