/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "virtio_console.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define NAME_SIZE 16u

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

/* A message to the driver, the longest there is. */
struct message {
	struct virtio_console_control head;
	uint8_t data[NAME_SIZE];
};
HV_ASSERT_OFFSET(struct message, data, 8);

struct port {
	struct console_sink *sink;
	uint32_t to_tell; /* bit n: the driver is to be told event n */
	bool ready;       /* the driver has added it */
	bool open;        /* by the driver */
	struct console_input input;
};

struct virtio_console {
	struct virtio_device device; /* first */
	struct console_config config;
	struct virtqueue_chain chain; /* the one being worked on */
	unsigned first;
	unsigned num_ports;
	struct port port[];
};

static_assert(2 * VIRTIO_CONSOLE_MAX_PORTS + 2 <= VIRTIO_MAX_QUEUES,
	      "two queues a port, and two to control them");

static struct virtio_console *from_device(struct virtio_device *device)
{
	return (struct virtio_console *)device;
}

static bool is_multiport(const struct virtio_console *console)
{
	return virtio_device_has(&console->device, VIRTIO_CONSOLE_F_MULTIPORT);
}

/* Port 0's queues have the control queues behind them. */
static unsigned port_of(uint32_t queue)
{
	return queue <= VIRTIO_CONSOLE_TX ? 0 : queue / 2 - 1;
}

static uint32_t rx_of(unsigned port)
{
	return port == 0 ? VIRTIO_CONSOLE_RX : 2 * port + 2;
}

/* A driver does not open a port that is a console: it is told to use it as one. */
static bool has_input(const struct virtio_console *console, unsigned index)
{
	const struct port *port = &console->port[index];

	return console_input_waiting(&port->input) > 0 && (index == 0 || port->open);
}

static enum virtio_fault serve_rx(struct virtio_console *console, unsigned index, uint32_t *ret_filled)
{
	const struct virtqueue_chain *chain = &console->chain;
	struct port *port = &console->port[index];

	if (chain->num_out > 0) /* 5.3.6.1: writable ones only */
		return VIRTIO_FAULT_DIRECTION;
	for (unsigned i = 0; i < chain->num && console_input_waiting(&port->input) > 0; i++)
		*ret_filled +=
			console_input_take(&port->input, chain->iov[i].iov_base, chain->iov[i].iov_len);
	return VIRTIO_FAULT_NONE;
}

static enum virtio_fault serve_tx(struct virtio_console *console, unsigned index, uint32_t *ret_filled)
{
	const struct virtqueue_chain *chain = &console->chain;
	struct console_sink *sink = console->port[index].sink;

	(void)ret_filled;
	if (chain->num > chain->num_out) /* 5.3.6.1: readable ones only */
		return VIRTIO_FAULT_DIRECTION;
	if (chain->out_bytes > VIRTIO_CONSOLE_CHAIN)
		return VIRTIO_FAULT_OUTPUT_LENGTH;
	sink->output(sink, chain->iov, chain->num_out);
	return VIRTIO_FAULT_NONE;
}

static bool has_message(const struct virtio_console *console, unsigned index)
{
	(void)index;
	for (unsigned i = 0; i < console->num_ports; i++)
		if (console->port[i].to_tell != 0)
			return true;
	return false;
}

/* The next message to the driver; returns its length. A port's are told by number of the event: ADD is the first. */
static size_t take_message(struct virtio_console *console, struct message *message)
{
	const uint16_t size[] = { console->config.cols, console->config.rows };
	unsigned i = 0, event;

	while (console->port[i].to_tell == 0)
		i++;
	event = (unsigned)__builtin_ctz(console->port[i].to_tell);
	console->port[i].to_tell &= ~(1u << event);
	message->head = (struct virtio_console_control){ .id = i, .event = (uint16_t)event, .value = 1 };
	if (event == VIRTIO_CONSOLE_RESIZE) {
		memcpy(message->data, size, sizeof(size));
		return sizeof(message->head) + sizeof(size);
	}
	if (event == VIRTIO_CONSOLE_PORT_NAME)
		return sizeof(message->head) + (size_t)snprintf((char *)message->data, sizeof(message->data),
								"console.%u", console->first + i);
	return sizeof(message->head);
}

static enum virtio_fault serve_control_rx(struct virtio_console *console, unsigned index,
					  uint32_t *ret_filled)
{
	const struct virtqueue_chain *chain = &console->chain;
	struct message message;
	size_t length, done = 0;

	(void)index;
	if (chain->num_out > 0)
		return VIRTIO_FAULT_DIRECTION;
	length = take_message(console, &message);
	if (chain->in_bytes < length)
		return VIRTIO_FAULT_CONTROL;
	for (unsigned i = 0; done < length; i++) {
		const size_t left = length - done, room = chain->iov[i].iov_len;

		memcpy(chain->iov[i].iov_base, (const uint8_t *)&message + done, room < left ? room : left);
		done += room < left ? room : left;
	}
	*ret_filled = (uint32_t)length;
	return VIRTIO_FAULT_NONE;
}

static void tell(struct virtio_console *console, unsigned index, unsigned event)
{
	console->port[index].to_tell |= 1u << event;
	virtio_device_notify(&console->device, VIRTIO_CONSOLE_CONTROL_RX);
}

/* The driver handles control messages; value 0: it cannot, and is left alone. */
static void on_device_ready(struct virtio_console *console, const struct virtio_console_control *control)
{
	for (unsigned i = 0; control->value != 0 && i < console->num_ports; i++)
		tell(console, i, VIRTIO_CONSOLE_DEVICE_ADD);
}

static void on_port_ready(struct virtio_console *console, const struct virtio_console_control *control)
{
	console->port[control->id].ready = control->value != 0;
	if (control->value == 0)
		return;
	if (control->id == 0)
		tell(console, 0, VIRTIO_CONSOLE_CONSOLE_PORT);
	if (control->id == 0 && virtio_device_has(&console->device, VIRTIO_CONSOLE_F_SIZE))
		tell(console, 0, VIRTIO_CONSOLE_RESIZE);
	tell(console, control->id, VIRTIO_CONSOLE_PORT_NAME);
	tell(console, control->id, VIRTIO_CONSOLE_PORT_OPEN);
}

static void on_port_open(struct virtio_console *console, const struct virtio_console_control *control)
{
	console->port[control->id].open = control->value != 0;
	if (control->value != 0)
		virtio_device_notify(&console->device, rx_of(control->id));
}

/* What drivers may say. */
static const struct {
	bool of_device; /* id means nothing */
	void (*handle)(struct virtio_console *console, const struct virtio_console_control *control);
} events[] = {
	[VIRTIO_CONSOLE_DEVICE_READY] = { true, on_device_ready },
	[VIRTIO_CONSOLE_PORT_READY] = { false, on_port_ready },
	[VIRTIO_CONSOLE_PORT_OPEN] = { false, on_port_open },
};
#define EVENTS (sizeof(events) / sizeof(events[0]))

static enum virtio_fault serve_control_tx(struct virtio_console *console, unsigned index,
					  uint32_t *ret_filled)
{
	const struct virtqueue_chain *chain = &console->chain;
	struct virtio_console_control control;
	size_t done = 0;

	(void)index;
	(void)ret_filled;
	if (chain->num > chain->num_out)
		return VIRTIO_FAULT_DIRECTION;
	if (chain->out_bytes < sizeof(control))
		return VIRTIO_FAULT_CONTROL;
	for (unsigned i = 0; done < sizeof(control); i++) {
		const size_t left = sizeof(control) - done, room = chain->iov[i].iov_len;

		guest_snapshot((uint8_t *)&control + done, chain->iov[i].iov_base, room < left ? room : left);
		done += room < left ? room : left;
	}
	if (control.event >= EVENTS || !events[control.event].handle ||
	    (!events[control.event].of_device && control.id >= console->num_ports))
		return VIRTIO_FAULT_CONTROL;
	events[control.event].handle(console, &control);
	return VIRTIO_FAULT_NONE;
}

/* What is done with a queue's chains, one at a time. */
struct work {
	/* The device has something for the queue. NULL: always. */
	bool (*wants)(const struct virtio_console *console, unsigned port);
	/* Serves console->chain; *ret_filled becomes the bytes written to it. */
	enum virtio_fault (*serve)(struct virtio_console *console, unsigned port, uint32_t *ret_filled);
};

static const struct work port_work[2] = { { has_input, serve_rx }, { NULL, serve_tx } };
static const struct work control_work[2] = { { has_message, serve_control_rx }, { NULL, serve_control_tx } };

static bool serve_chain(struct virtio_console *console, const struct work *work, uint32_t queue)
{
	uint32_t filled = 0;
	const enum virtio_fault fault = work->serve(console, port_of(queue), &filled);

	if (fault != VIRTIO_FAULT_NONE)
		virtio_device_break(&console->device, fault);
	else
		virtio_device_push(&console->device, queue, console->chain.head, filled);
	return fault == VIRTIO_FAULT_NONE;
}

/*
 * Buffers for the driver stay in their queue until there is something for
 * them, and it is asked to notify only when something waits for buffers.
 */
static bool console_service(struct virtio_device *device, uint32_t index)
{
	struct virtio_console *console = from_device(device);
	const bool control = index == VIRTIO_CONSOLE_CONTROL_RX || index == VIRTIO_CONSOLE_CONTROL_TX;
	const struct work *work = control ? &control_work[index % 2] : &port_work[index % 2];
	struct virtqueue *queue = &device->queue[index];
	const unsigned port = port_of(index);
	uint64_t cost = 0;

	if (index > VIRTIO_CONSOLE_TX && !is_multiport(console))
		return false;
	virtqueue_notify_off(queue);
	do {
		while (cost < VIRTIO_CONSOLE_BURST && (!work->wants || work->wants(console, port)) &&
		       virtio_device_pop(device, index, &console->chain)) {
			if (!serve_chain(console, work, index))
				break;
			cost += console->chain.out_bytes + CHAIN_COST;
		}
		cost += CHAIN_COST;
	} while (cost < VIRTIO_CONSOLE_BURST && (!work->wants || work->wants(console, port)) &&
		 virtio_device_is_live(device) && virtqueue_notify_on(queue));
	virtio_device_flush(device, index);
	return cost >= VIRTIO_CONSOLE_BURST;
}

/* Emergency write (5.3.4): one character, at any time, also before the driver is ready. */
static void console_config_write(struct virtio_device *device, uint32_t offset, uint32_t size, uint64_t value)
{
	struct console_sink *sink = from_device(device)->port[0].sink;
	uint8_t byte = (uint8_t)value;
	const struct iovec iov = { .iov_base = &byte, .iov_len = 1 };

	(void)size;
	if (offset == offsetof(struct console_config, emerg_wr))
		sink->output(sink, &iov, 1);
}

static void console_reset(struct virtio_device *device)
{
	struct virtio_console *console = from_device(device);

	for (unsigned i = 0; i < console->num_ports; i++) {
		console->port[i].to_tell = 0;
		console->port[i].ready = console->port[i].open = false;
	}
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
	.reset = console_reset,
	.free = console_free,
};

int virtio_console_new(struct virtio_host *host, uint32_t intid, const struct virtio_console_options *options,
		       struct virtio_console **ret_console)
{
	const unsigned ports = options->ports;
	struct virtio_console *console = calloc(1, sizeof(*console) + ports * sizeof(console->port[0]));
	uint64_t features = VIRTIO_CONSOLE_F_SIZE | VIRTIO_CONSOLE_F_EMERG_WRITE;

	assert(ports > 0 && ports <= VIRTIO_CONSOLE_MAX_PORTS);
	if (!console)
		return -ENOMEM;
	for (unsigned i = 0; i < ports; i++)
		console->port[i].sink = options->sinks[i];
	console->first = options->first;
	console->num_ports = ports;
	console->config = (struct console_config){ .cols = 80, .rows = 24, .max_nr_ports = ports };
	if (ports > 1)
		features |= VIRTIO_CONSOLE_F_MULTIPORT;
	virtio_device_init(&console->device, &console_class, host, intid, features, &console->config,
			   sizeof(console->config), ports > 1 ? 2 * ports + 2 : 2, VIRTIO_CONSOLE_QUEUE_SIZE);
	*ret_console = console;
	return 0;
}

struct virtio_device *virtio_console_device(struct virtio_console *console)
{
	return &console->device;
}

size_t virtio_console_input_space(const struct virtio_console *console, unsigned port)
{
	return port < console->num_ports ? console_input_space(&console->port[port].input) : 0;
}

size_t virtio_console_input(struct virtio_console *console, unsigned port, const void *data, size_t size)
{
	size_t taken;

	if (port >= console->num_ports)
		return 0;
	taken = console_input_put(&console->port[port].input, data, size);
	if (taken > 0)
		virtio_device_notify(&console->device, rx_of(port));
	return taken;
}

void virtio_console_resize(struct virtio_console *console, unsigned port, uint16_t cols, uint16_t rows)
{
	if (port != 0 || (console->config.cols == cols && console->config.rows == rows))
		return;
	console->config.cols = cols;
	console->config.rows = rows;
	/* A driver that did not ask for SIZE is not told (5.3.5). */
	if (!virtio_device_has(&console->device, VIRTIO_CONSOLE_F_SIZE))
		return;
	virtio_device_config_changed(&console->device);
	if (console->port[0].ready)
		tell(console, 0, VIRTIO_CONSOLE_RESIZE);
}

static size_t port_input_space(const void *device, unsigned port)
{
	return virtio_console_input_space(device, port);
}

static size_t port_input(void *device, unsigned port, const void *data, size_t size)
{
	return virtio_console_input(device, port, data, size);
}

static void port_resize(void *device, unsigned port, uint16_t cols, uint16_t rows)
{
	virtio_console_resize(device, port, cols, rows);
}

const struct console_ops virtio_console_ops = {
	.input_space = port_input_space,
	.input = port_input,
	.resize = port_resize,
};
