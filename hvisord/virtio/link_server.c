/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "link_server.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PACKETS_A_TURN 16u
#define SHORTAGE_US 1000u

struct packet {
	struct device_link_header header;
	uint8_t data[DEVICE_LINK_DATA];
};
_Static_assert(sizeof(struct packet) == DEVICE_LINK_MAX, "a packet is header and data");

static void drop(struct link_connection *link)
{
	event_loop_remove(link->server->loop, link->fd);
	close(link->fd);
	link->fd = -1;
}

static void choose_events(struct link_connection *link)
{
	const uint32_t events = link->blocked ? EPOLLIN | EPOLLOUT : EPOLLIN;

	if (events == link->events)
		return;
	link->events = events;
	if (event_loop_change(link->server->loop, link->fd, events, &link->source) < 0)
		drop(link);
}

static struct device_link_header make_header(enum device_link_type type, unsigned console)
{
	return (struct device_link_header){ .magic = DEVICE_LINK_MAGIC,
					    .version = DEVICE_LINK_VERSION,
					    .console = (uint8_t)console,
					    .type = (uint16_t)type };
}

/* Returns false if the connection is gone or full. */
static bool send_packet(struct link_connection *link, const struct device_link_header *header,
			const struct iovec data[2])
{
	struct iovec iov[3] = { { .iov_base = (void *)(uintptr_t)header, .iov_len = sizeof(*header) } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 1 };

	if (data) {
		iov[1] = data[0];
		iov[2] = data[1];
		msg.msg_iovlen = data[1].iov_len > 0 ? 3 : 2;
	}
	if (sendmsg(link->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		return true;
	if (errno == EAGAIN || errno == EINTR || errno == ENOBUFS)
		link->blocked = true;
	else
		drop(link);
	return false;
}

static bool send_welcome(struct link_connection *link)
{
	const struct link_server *server = link->server;
	struct device_link_header header = make_header(DEVICE_LINK_WELCOME, server->num_consoles);

	if (link->welcomed)
		return true;
	header.arg = server->zone_id;
	header.pos = server->num_consoles > 0 ? scrollback_oldest(server->scrollback[0]) : 0;
	link->welcomed = send_packet(link, &header, NULL);
	return link->welcomed;
}

/*
 * Not for every byte: when little is left of what was allowed, and there is
 * room for a packet more, or all there ever is.
 */
static bool send_room(struct link_connection *link, unsigned index)
{
	struct link_owner *owner = link->server->owner;
	struct link_console *console = &link->console[index];
	struct device_link_header header = make_header(DEVICE_LINK_ROOM, index);
	const size_t space = owner->input_space(owner, index);

	header.pos = console->received + space;
	if (header.pos <= console->allowed || console->allowed - console->received >= CONSOLE_INPUT / 2 ||
	    (header.pos - console->allowed < DEVICE_LINK_DATA && space < CONSOLE_INPUT))
		return true;
	if (!send_packet(link, &header, NULL))
		return false;
	console->allowed = header.pos;
	return true;
}

static bool is_behind(const struct link_connection *link, unsigned index)
{
	return link->console[index].pos < link->server->scrollback[index]->head;
}

/* One packet. */
static bool send_output(struct link_connection *link, unsigned index)
{
	const struct scrollback *scrollback = link->server->scrollback[index];
	struct link_console *console = &link->console[index];
	struct device_link_header header = make_header(DEVICE_LINK_OUTPUT, index);
	struct iovec data[2];

	if (console->pos < scrollback_oldest(scrollback))
		console->pos = scrollback_oldest(scrollback);
	header.pos = console->pos;
	header.length = (uint32_t)scrollback_peek(scrollback, console->pos, DEVICE_LINK_DATA, data);
	if (!send_packet(link, &header, data))
		return false;
	console->pos += header.length;
	return true;
}

/* A packet of each console that has one, from the one whose turn it is; false: the connection is gone or full. */
static bool send_round(struct link_connection *link, bool *ret_more)
{
	const unsigned count = link->server->num_consoles, first = link->turn;

	*ret_more = false;
	for (unsigned i = 0; i < count; i++) {
		const unsigned index = (first + i) % count;

		if (!send_room(link, index))
			return false;
		if (!is_behind(link, index))
			continue;
		link->turn = index;
		if (!send_output(link, index))
			return false;
		link->turn = (index + 1) % count;
		*ret_more = true;
	}
	return true;
}

static void send_all(struct link_connection *link)
{
	bool more = true;

	if (!send_welcome(link))
		return;
	while (more && send_round(link, &more))
		;
}

static bool on_hello(struct link_connection *link, const struct packet *packet)
{
	const struct link_server *server = link->server;

	if (packet->header.arg < DEVICE_LINK_VERSION)
		return false;
	link->greeted = true;
	for (unsigned i = 0; i < server->num_consoles; i++) {
		const uint64_t head = server->scrollback[i]->head;

		link->console[i].pos = packet->header.pos < head ? packet->header.pos : head;
	}
	return true;
}

static bool on_input(struct link_connection *link, const struct packet *packet)
{
	struct link_owner *owner = link->server->owner;
	struct link_console *console = &link->console[packet->header.console];

	if (packet->header.length > console->allowed - console->received)
		return false;
	console->received += packet->header.length;
	owner->input(owner, packet->header.console, packet->data, packet->header.length);
	return true;
}

static bool on_size(struct link_connection *link, const struct packet *packet)
{
	struct link_owner *owner = link->server->owner;

	owner->resize(owner, packet->header.console, (uint16_t)(packet->header.arg >> 16),
		      (uint16_t)packet->header.arg);
	return true;
}

static bool on_quit(struct link_connection *link, const struct packet *packet)
{
	(void)packet;
	link->server->owner->quit(link->server->owner);
	return true;
}

static bool on_power_key(struct link_connection *link, const struct packet *packet)
{
	(void)packet;
	link->server->owner->power_key(link->server->owner);
	return true;
}

static bool on_net(struct link_connection *link, const struct packet *packet)
{
	link->server->owner->net_link(link->server->owner, packet->header.pos, packet->header.arg != 0);
	return true;
}

#define BEFORE_HELLO 1u
#define AFTER_HELLO 2u

/*
 * What a peer may send, by type. A handler returns false when the connection
 * must not go on. QUIT or a key may be all that a connection is made for.
 */
static const struct packet_type {
	bool (*handle)(struct link_connection *link, const struct packet *packet);
	uint32_t max_length;
	uint32_t when;
	bool of_console;
} packet_types[] = {
	[DEVICE_LINK_HELLO] = { on_hello, 0, BEFORE_HELLO, false },
	[DEVICE_LINK_INPUT] = { on_input, DEVICE_LINK_DATA, AFTER_HELLO, true },
	[DEVICE_LINK_SIZE] = { on_size, 0, AFTER_HELLO, true },
	[DEVICE_LINK_QUIT] = { on_quit, 0, BEFORE_HELLO | AFTER_HELLO, false },
	[DEVICE_LINK_POWER_KEY] = { on_power_key, 0, BEFORE_HELLO | AFTER_HELLO, false },
	[DEVICE_LINK_NET] = { on_net, 0, BEFORE_HELLO | AFTER_HELLO, false },
};
#define PACKET_TYPES (sizeof(packet_types) / sizeof(packet_types[0]))

static bool dispatch(struct link_connection *link, const struct packet *packet, size_t size)
{
	const struct device_link_header *header = &packet->header;
	const struct packet_type *type;

	if (size < sizeof(*header) || header->magic != DEVICE_LINK_MAGIC ||
	    header->version != (link->greeted ? DEVICE_LINK_VERSION : DEVICE_LINK_FIRST) ||
	    header->length != size - sizeof(*header) || header->type >= PACKET_TYPES)
		return false;
	type = &packet_types[header->type];
	if (!type->handle || header->length > type->max_length ||
	    header->console >= (type->of_console ? link->server->num_consoles : 1) ||
	    (type->when & (link->greeted ? AFTER_HELLO : BEFORE_HELLO)) == 0)
		return false;
	return type->handle(link, packet);
}

/* Takes one packet. Returns false if there is none, or no connection any more. */
static bool receive(struct link_connection *link)
{
	struct packet packet;
	struct iovec iov = { .iov_base = &packet, .iov_len = sizeof(packet) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	const ssize_t size = recvmsg(link->fd, &msg, MSG_DONTWAIT);

	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (size > 0 && !(msg.msg_flags & MSG_TRUNC) && dispatch(link, &packet, (size_t)size))
		return true;
	if (link->fd >= 0)
		drop(link);
	return false;
}

/* What is left after a turn's packets wakes the loop again. */
static void connection_ready(struct event_source *source, uint32_t events)
{
	struct link_connection *link = (struct link_connection *)source;

	if (link->fd < 0)
		return;
	for (unsigned i = 0; i < PACKETS_A_TURN; i++)
		if (!receive(link))
			break;
	if (link->fd < 0)
		return;
	if (events & EPOLLOUT)
		link->blocked = false;
	if (link->greeted && !link->blocked)
		send_all(link);
	if (link->fd >= 0)
		choose_events(link);
}

int link_server_add(struct link_server *server, int fd)
{
	int err = -ENOSPC;

	for (unsigned i = 0; i < LINK_SERVER_MAX; i++) {
		struct link_connection *link = &server->connection[i];

		if (link->fd >= 0)
			continue;
		*link = (struct link_connection){
			.source.ready = connection_ready, .server = server, .fd = fd, .events = EPOLLIN
		};
		err = event_loop_add(server->loop, fd, EPOLLIN, &link->source);
		if (err == 0)
			return 0;
		link->fd = -1;
		break;
	}
	close(fd);
	return err;
}

static void listener_ready(struct event_source *source, uint32_t events)
{
	struct link_server *server = (struct link_server *)source;
	const int fd = accept4(server->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (fd >= 0)
		(void)link_server_add(server, fd); /* too many: it sees its connection closed */
	else if (errno == ENFILE || errno == EMFILE || errno == ENOMEM || errno == ENOBUFS)
		usleep(SHORTAGE_US); /* it stays in the queue and would wake us at once, again and again */
}

int link_server_init(struct link_server *server, struct event_loop *loop, struct link_owner *owner,
		     uint32_t zone_id, int listen_fd)
{
	int flags;

	*server = (struct link_server){ .listener.ready = listener_ready,
					.loop = loop,
					.owner = owner,
					.zone_id = zone_id,
					.listen_fd = listen_fd };
	for (unsigned i = 0; i < LINK_SERVER_MAX; i++)
		server->connection[i].fd = -1;
	if (listen_fd < 0)
		return 0;
	flags = fcntl(listen_fd, F_GETFL);
	if (flags < 0 || fcntl(listen_fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	return event_loop_add(loop, listen_fd, EPOLLIN, &server->listener);
}

void link_server_fini(struct link_server *server)
{
	for (unsigned i = 0; i < LINK_SERVER_MAX; i++) {
		if (server->connection[i].fd >= 0)
			drop(&server->connection[i]);
	}
	if (server->listen_fd >= 0)
		event_loop_remove(server->loop, server->listen_fd);
}

void link_server_add_console(struct link_server *server, const struct scrollback *scrollback)
{
	server->scrollback[server->num_consoles++] = scrollback;
}

void link_server_update(struct link_server *server)
{
	for (unsigned i = 0; i < LINK_SERVER_MAX; i++) {
		struct link_connection *link = &server->connection[i];

		if (link->fd >= 0 && link->greeted && !link->blocked)
			send_all(link);
		if (link->fd >= 0)
			choose_events(link);
	}
}

bool link_server_say(struct link_server *server, const char *line)
{
	struct device_link_header header = make_header(DEVICE_LINK_LINE, 0);
	const struct iovec data[2] = { { .iov_base = (void *)(uintptr_t)line, .iov_len = strlen(line) } };
	bool said = false;

	header.length = (uint32_t)data[0].iov_len;
	for (unsigned i = 0; i < LINK_SERVER_MAX; i++) {
		struct link_connection *link = &server->connection[i];

		if (link->fd < 0 || !link->greeted || link->blocked)
			continue;
		said |= send_welcome(link) && send_packet(link, &header, data);
		if (link->fd >= 0)
			choose_events(link);
	}
	return said;
}

bool link_server_is_behind(const struct link_server *server)
{
	for (unsigned i = 0; i < LINK_SERVER_MAX; i++) {
		const struct link_connection *link = &server->connection[i];

		for (unsigned n = 0; link->fd >= 0 && link->greeted && n < server->num_consoles; n++)
			if (is_behind(link, n))
				return true;
	}
	return false;
}
