/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The device process of one zone: its windows, its console, its links, one loop. */
#ifndef DEVICE_PROCESS_H
#define DEVICE_PROCESS_H

#include "device_bus.h"
#include "device_handle.h"
#include "device_spec.h"
#include "link_server.h"
#include "pl011.h"
#include "power_key.h"
#include "virtio_console.h"
#include "virtio_net.h"

/* Why it ends. The numbers are exit codes; 2 is a usage error. */
enum device_process_end {
	DEVICE_PROCESS_QUIT = 0,   /* told so */
	DEVICE_PROCESS_FAILED = 1, /* set-up or the system failed */
	DEVICE_PROCESS_GONE = 3,   /* the zone does not exist any more */
	DEVICE_PROCESS_RING = 4,   /* the request ring is not in order */
	DEVICE_PROCESS_RUNNING = -1,
};

/*
 * One console of the zone: what it printed, and the device that carries it. They
 * are numbered in the order of the devices and of their ports.
 */
struct device_console {
	struct console_sink sink;
	const struct console_ops *ops;
	void *device; /* owned by the bus */
	unsigned port;
	struct scrollback scrollback;
};

struct device_process {
	struct device_handle *handle;
	struct event_loop loop;
	struct event_source requests;
	struct event_source simulator;
	struct virtio_host host;
	struct gpio_host gpio_host;
	struct pl011_host pl011_host;
	struct link_owner owner;
	struct link_server links;
	struct device_bus bus;
	unsigned num_consoles;
	struct device_console *console[DEVICE_LINK_CONSOLES]; /* owned; by number */
	struct {
		uint64_t ipa;
		struct virtio_net *net; /* owned by the bus */
	} nets[DEVICE_BUS_MAX];
	unsigned num_nets;
	struct power_key power_key;
	bool has_power_key;
	enum device_process_end end;
};

/*
 * Makes the devices; handle outlives them. listen_fd as in link_server_init().
 * If the ring was served before, devices start as lost. 0 or a negative errno
 * (-EINVAL: an interrupt that the zone's config does not give to virtio, a
 * window that cannot be; -EEXIST: windows meet, a second key; -ENOSPC: too many
 * windows or consoles); fini either way.
 */
int device_process_init(struct device_process *process, struct device_handle *handle, int listen_fd,
			const struct device_spec *specs, unsigned count);
void device_process_fini(struct device_process *process);

/* Does what there is to do, then waits at most timeout_ms (-1: for ever) for more. */
void device_process_turn(struct device_process *process, int timeout_ms);

/*
 * After the end by QUIT: fetches the last output from the zone and sends it to
 * the links, as far as they read it within timeout_ms.
 */
void device_process_linger(struct device_process *process, int timeout_ms);

#endif
