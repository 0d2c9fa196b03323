/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The process's end of the device link (device_link.h): accepts connections,
 * sends each the output of every console from its own position on, and passes
 * input, sizes and the order to quit to its owner. A connection that breaks the
 * protocol is closed; one that reads slowly loses bytes (a gap in pos), never
 * the others or the guest. Consoles take turns, a packet each.
 *
 * Connections are always read: how much input may come is what ROOM says.
 * Several share one console's room: what they type beyond it together is lost.
 */
#ifndef LINK_SERVER_H
#define LINK_SERVER_H

#include <stdbool.h>

#include "console_io.h"
#include "event_loop.h"
#include "scrollback.h"

#define LINK_SERVER_MAX 16u /* connections; one more is closed at once */

struct link_owner {
	/* Bytes of input that a console can take now; CONSOLE_INPUT where none waits. */
	size_t (*input_space)(struct link_owner *owner, unsigned console);
	/* What does not fit is lost. */
	void (*input)(struct link_owner *owner, unsigned console, const void *data, size_t size);
	void (*resize)(struct link_owner *owner, unsigned console, uint16_t cols, uint16_t rows);
	void (*quit)(struct link_owner *owner);
	void (*power_key)(struct link_owner *owner);
	/* Of the network device at that address, if there is one. */
	void (*net_link)(struct link_owner *owner, uint64_t ipa, bool up);
};

struct link_server;

/* One console on one connection. */
struct link_console {
	uint64_t pos;      /* of the next byte to send */
	uint64_t received; /* bytes of input */
	uint64_t allowed;  /* bytes of input, as it was told last */
};

struct link_connection {
	struct event_source source;
	struct link_server *server;
	int fd; /* -1: free */
	bool greeted;
	bool welcomed;   /* as it was told */
	bool blocked;    /* its socket is full: wait for EPOLLOUT */
	uint32_t events; /* that epoll waits for */
	unsigned turn;   /* of the console that is sent first */
	struct link_console console[DEVICE_LINK_CONSOLES];
};

struct link_server {
	struct event_source listener;
	struct event_loop *loop;
	struct link_owner *owner;
	unsigned num_consoles;
	const struct scrollback *scrollback[DEVICE_LINK_CONSOLES];
	uint32_t zone_id;
	int listen_fd;
	struct link_connection connection[LINK_SERVER_MAX];
};

/*
 * listen_fd: a listening SOCK_SEQPACKET socket, or -1; it stays the caller's
 * and is made non-blocking. 0 or a negative errno.
 */
int link_server_init(struct link_server *server, struct event_loop *loop, struct link_owner *owner,
		     uint32_t zone_id, int listen_fd);
void link_server_fini(struct link_server *server);

/*
 * The next console and its output, which outlives the server. Before the first
 * turn of the loop; at most DEVICE_LINK_CONSOLES.
 */
void link_server_add_console(struct link_server *server, const struct scrollback *scrollback);

/* Takes over a connected socket. -ENOSPC or another negative errno: it was closed. */
int link_server_add(struct link_server *server, int fd);

/* Sends what every connection can take. To be called when output or room has changed. */
void link_server_update(struct link_server *server);

/* A line for hvisord's log, of DEVICE_LINK_DATA bytes at most. False: nobody takes it now. */
bool link_server_say(struct link_server *server, const char *line);

/* True while a connection has not been sent everything. */
bool link_server_is_behind(const struct link_server *server);

#endif
