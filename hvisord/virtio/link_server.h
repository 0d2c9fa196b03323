/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The process's end of the device link (device_link.h): accepts connections,
 * sends each the output from its own position on, and passes input, sizes and
 * the order to quit to its owner. A connection that breaks the protocol is
 * closed; one that reads slowly loses bytes (a gap in pos), never the others
 * or the guest.
 *
 * While the owner has no room for a whole packet of input, no connection is
 * read: what they type, and all else they say, waits in their sockets. A QUIT
 * that must be heard whatever the guest does is sent on a new connection,
 * which is always read up to its first INPUT.
 */
#ifndef LINK_SERVER_H
#define LINK_SERVER_H

#include <stdbool.h>

#include "event_loop.h"
#include "scrollback.h"

#define LINK_SERVER_MAX 16u /* connections; one more is closed at once */

struct link_owner {
	/* Bytes of input that can be taken now. */
	size_t (*input_space)(struct link_owner *owner);
	/* At most what input_space said, or what does not fit is lost. */
	void (*input)(struct link_owner *owner, const void *data, size_t size);
	void (*resize)(struct link_owner *owner, uint16_t cols, uint16_t rows);
	void (*quit)(struct link_owner *owner);
	void (*power_key)(struct link_owner *owner);
	/* Of the network device at that address, if there is one. */
	void (*net_link)(struct link_owner *owner, uint64_t ipa, bool up);
};

struct link_server;

struct link_connection {
	struct event_source source;
	struct link_server *server;
	int fd; /* -1: free */
	bool greeted;
	bool blocked;    /* its socket is full: wait for EPOLLOUT */
	uint32_t events; /* that epoll waits for */
	uint64_t pos;    /* of the next byte to send */
};

struct link_server {
	struct event_source listener;
	struct event_loop *loop;
	struct link_owner *owner;
	const struct scrollback *scrollback;
	uint32_t zone_id;
	int listen_fd;
	struct link_connection connection[LINK_SERVER_MAX];
};

/*
 * listen_fd: a listening SOCK_SEQPACKET socket, or -1; it stays the caller's
 * and is made non-blocking. 0 or a negative errno.
 */
int link_server_init(struct link_server *server, struct event_loop *loop, struct link_owner *owner,
		     const struct scrollback *scrollback, uint32_t zone_id, int listen_fd);
void link_server_fini(struct link_server *server);

/* Takes over a connected socket. -ENOSPC or another negative errno: it was closed. */
int link_server_add(struct link_server *server, int fd);

/*
 * Sends what every connection can take, and reads from them or stops doing so
 * as the owner has room. To be called when output or room has changed.
 */
void link_server_update(struct link_server *server);

/* True while a connection has not been sent everything. */
bool link_server_is_behind(const struct link_server *server);

#endif
