/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The device process of one zone: its windows, its console, its links, one loop. */
#ifndef DEVICE_PROCESS_H
#define DEVICE_PROCESS_H

#include "device_bus.h"
#include "device_handle.h"
#include "device_spec.h"
#include "link_server.h"
#include "power_key.h"
#include "virtio_console.h"

/* Why it ends. The numbers are exit codes; 2 is a usage error. */
enum device_process_end {
	DEVICE_PROCESS_QUIT = 0,   /* told so */
	DEVICE_PROCESS_FAILED = 1, /* set-up or the system failed */
	DEVICE_PROCESS_GONE = 3,   /* the zone does not exist any more */
	DEVICE_PROCESS_RING = 4,   /* the request ring is not in order */
	DEVICE_PROCESS_RUNNING = -1,
};

struct device_process {
	struct device_handle *handle;
	struct event_loop loop;
	struct event_source requests;
	struct event_source simulator;
	struct virtio_host host;
	struct gpio_host gpio_host;
	struct virtio_console_sink sink;
	struct link_owner owner;
	struct link_server links;
	struct device_bus bus;
	struct virtio_console *console; /* owned by the bus; NULL: the zone has none */
	struct power_key power_key;
	bool has_power_key;
	struct scrollback scrollback;
	enum device_process_end end;
};

/*
 * Makes the devices; handle outlives them. listen_fd as in link_server_init().
 * If the ring was served before, devices start as lost. 0 or a negative errno
 * (-EINVAL: an interrupt that the zone's config does not give to virtio, a
 * window that cannot be; -EEXIST: windows meet, a second console or key); fini either way.
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
