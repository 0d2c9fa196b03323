/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device process without its main(): a make-believe handle plays EL2 (its
 * request ring, completions, interrupts), socket pairs play hvisord.
 */
#include <errno.h>
#include <stdbool.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "device_process.h"
#include "request_ring.h"
#include "test.h"
#include "virtio_mmio.h"

#define RAM 0x50000000ull
#define RAM_SIZE 0x40000ull
#define WINDOW 0x0a003c00ull
#define REGION 0x0a000000ull
#define INTID 78u
#define ZONE 5u
#define TABLE(q) (RAM + 0x4000ull * (q))
#define BUFFER (RAM + 0x10000ull)

struct world {
	struct device_handle handle; /* first */
	struct hv_ring ring __attribute__((aligned(4096)));
	struct device_process process;
	uint32_t head;
	unsigned completions;
	struct {
		uint32_t vcpu, seq;
		uint64_t value;
	} last;
	unsigned injections;
	int complete_result, inject_result;
	uint8_t ram[RAM_SIZE] __attribute__((aligned(4096)));
};

static int fake_complete(struct device_handle *handle, uint32_t vcpu, uint32_t seq, uint64_t value)
{
	struct world *world = (struct world *)handle;

	world->completions++;
	world->last.vcpu = vcpu;
	world->last.seq = seq;
	world->last.value = value;
	return world->complete_result;
}

static int fake_inject(struct device_handle *handle, uint32_t intid)
{
	struct world *world = (struct world *)handle;

	CHECK_EQ(intid, INTID);
	world->injections++;
	return world->inject_result;
}

static size_t console_space(const struct device_process *process)
{
	const struct device_console *console = process->console[0];

	return console->ops->input_space(console->device, console->port);
}

/* EL2's and the driver's side; the process is not started yet. */
static struct world *world_new(void)
{
	struct world *world = aligned_alloc(4096, (sizeof(*world) + 4095) & ~4095ul);

	CHECK(world != NULL);
	memset(world, 0, sizeof(*world));
	world->handle.complete = fake_complete;
	world->handle.inject = fake_inject;
	world->handle.ring = &world->ring;
	world->handle.zone_id = ZONE;
	world->handle.request_fd = eventfd(0, EFD_NONBLOCK);
	hv_intid_add(&world->handle.interrupts, INTID);
	CHECK_EQ(guest_memory_add(&world->handle.memory, RAM, RAM_SIZE, world->ram), 0);
	world->ring.magic = HV_RING_MAGIC;
	world->ring.version = HV_RING_VERSION;
	world->ring.slots = HV_RING_SLOTS;
	return world;
}

static void start_at(struct world *world, int listen_fd)
{
	struct device_spec specs[2];

	CHECK_EQ(device_spec_parse("region,0xa000000,0x4000,0", &specs[0]), 0);
	CHECK_EQ(device_spec_parse("console,0xa003c00,0x200,78", &specs[1]), 0);
	CHECK_EQ(device_process_init(&world->process, &world->handle, listen_fd, specs, 2), 0);
}

static struct world *start(void)
{
	struct world *world = world_new();

	start_at(world, -1);
	return world;
}

static void stop(struct world *world)
{
	device_process_fini(&world->process);
	close(world->handle.request_fd);
	free(world);
}

static void post(struct world *world, uint32_t kind, uint64_t ipa, uint32_t size, uint64_t value,
		 uint32_t seq, uint32_t vcpu)
{
	world->ring.request[world->head % HV_RING_SLOTS] = (struct hv_request){
		.ipa = ipa,
		.value = value,
		.seq = seq,
		.vcpu = (uint16_t)vcpu,
		.size = (uint8_t)size,
		.kind = (uint8_t)kind,
	};
	world->head = hv_ring_next(world->head);
	__atomic_store_n(&world->ring.head, world->head, __ATOMIC_RELEASE);
	CHECK_EQ(eventfd_write(world->handle.request_fd, 1), 0);
}

static void turn(struct world *world)
{
	for (unsigned i = 0; i < 4; i++)
		device_process_turn(&world->process, 0);
}

/* A waiting access, served at once. */
static uint64_t ask(struct world *world, uint32_t kind, uint64_t ipa, uint32_t size, uint64_t value)
{
	const unsigned before = world->completions;
	const uint32_t seq = before + 1000;

	post(world, kind, ipa, size, value, seq, before % 7);
	device_process_turn(&world->process, 0);
	CHECK_EQ(world->completions, before + 1);
	CHECK_EQ(world->last.seq, seq);
	CHECK_EQ(world->last.vcpu, before % 7);
	CHECK_EQ(world->ring.tail, world->head);
	return world->last.value;
}

static uint64_t load(struct world *world, uint64_t ipa)
{
	return ask(world, HV_REQUEST_READ, ipa, 4, 0);
}

static void store(struct world *world, uint32_t offset, uint64_t value)
{
	CHECK_EQ(ask(world, HV_REQUEST_WRITE, WINDOW + offset, 4, value), 0);
}

static void notify(struct world *world, uint32_t queue)
{
	post(world, HV_REQUEST_WRITE, WINDOW + VIRTIO_MMIO_QUEUE_NOTIFY, 4, queue, 0, 0);
}

/* Two queues of eight, without interrupts. */
static void drive(struct world *world)
{
	store(world, 0x070, 3);
	store(world, 0x024, 1);
	store(world, 0x020, 1);
	store(world, 0x070, 0xb);
	for (uint32_t q = 0; q < 2; q++) {
		store(world, 0x030, q);
		store(world, 0x038, 8);
		store(world, 0x080, TABLE(q));
		store(world, 0x090, TABLE(q) + 0x1000);
		store(world, 0x0a0, TABLE(q) + 0x2000);
		store(world, 0x044, 1);
		*(uint16_t *)(void *)(world->ram + 0x4000 * q + 0x1000) = VIRTQUEUE_AVAIL_NO_INTERRUPT;
	}
	store(world, 0x070, 0xf);
	CHECK_EQ(load(world, WINDOW + 0x070), 0xf);
}

static void *guest(struct world *world, uint64_t ipa)
{
	return world->ram + (ipa - RAM);
}

/* One buffer made available in entry 0 of the queue's table. */
static void offer(struct world *world, uint32_t q, uint64_t addr, uint32_t len)
{
	struct virtqueue_desc *desc = guest(world, TABLE(q));
	struct virtqueue_avail *avail = guest(world, TABLE(q) + 0x1000);

	*desc = (struct virtqueue_desc){ addr, len, q == 0 ? VIRTQUEUE_DESC_WRITE : 0, 0 };
	avail->ring[avail->idx % 8] = 0;
	avail->idx++;
}

static void print(struct world *world, const void *text, uint32_t size)
{
	memcpy(guest(world, BUFFER), text, size);
	offer(world, VIRTIO_CONSOLE_TX, BUFFER, size);
	notify(world, VIRTIO_CONSOLE_TX);
	turn(world);
}

/* The other end of a link. */

struct message {
	struct device_link_header header;
	uint8_t data[DEVICE_LINK_DATA + 1];
};

static int link_new(struct world *world)
{
	int fds[2];

	CHECK_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fds), 0);
	CHECK_EQ(link_server_add(&world->process.links, fds[0]), 0);
	return fds[1];
}

static uint64_t room[DEVICE_LINK_CONSOLES]; /* as told last, on any connection */

static bool link_send_as(unsigned version, int fd, uint32_t type, uint32_t arg, uint64_t pos,
			 const void *data, uint32_t length)
{
	struct message message = { .header = { DEVICE_LINK_MAGIC, (uint8_t)version, (uint8_t)(type >> 16),
					       (uint16_t)type, length, arg, pos } };

	if (length > 0)
		memcpy(message.data, data, length);
	return send(fd, &message, sizeof(message.header) + length, MSG_NOSIGNAL) >= 0;
}

/* After the greeting. type: and the console's number in its upper half. */
static bool link_send(int fd, uint32_t type, uint32_t arg, uint64_t pos, const void *data, uint32_t length)
{
	return link_send_as(DEVICE_LINK_VERSION, fd, type, arg, pos, data, length);
}

/* Returns the type; 0: nothing came; -1: the connection is closed. ROOM is noted, and that is all. */
static int link_receive(int fd, struct message *message)
{
	const ssize_t size = recv(fd, message, sizeof(*message), 0);

	if (size < 0 && errno == EAGAIN)
		return 0;
	if (size <= 0)
		return -1;
	CHECK(size >= (ssize_t)sizeof(message->header));
	CHECK_EQ(message->header.magic, DEVICE_LINK_MAGIC);
	CHECK_EQ(message->header.version, DEVICE_LINK_VERSION);
	CHECK_EQ(message->header.length, size - (ssize_t)sizeof(message->header));
	if (message->header.type != DEVICE_LINK_ROOM)
		return message->header.type;
	CHECK(message->header.console < DEVICE_LINK_CONSOLES && message->header.length == 0);
	room[message->header.console] = message->header.pos;
	return link_receive(fd, message);
}

/* Greets, and expects the welcome; returns its position. */
static uint64_t link_greet(struct world *world, int fd, uint64_t pos)
{
	struct message message;

	CHECK(link_send_as(DEVICE_LINK_FIRST, fd, DEVICE_LINK_HELLO, DEVICE_LINK_VERSION, pos, NULL, 0));
	turn(world);
	CHECK_EQ(link_receive(fd, &message), DEVICE_LINK_WELCOME);
	CHECK_EQ(message.header.arg, ZONE);
	CHECK_EQ(message.header.console, world->process.num_consoles);
	return message.header.pos;
}

static void link_expect(int fd, uint64_t pos, const void *data, uint32_t length)
{
	struct message message;

	CHECK_EQ(link_receive(fd, &message), DEVICE_LINK_OUTPUT);
	CHECK_EQ(message.header.pos, pos);
	CHECK_EQ(message.header.length, length);
	CHECK(memcmp(message.data, data, length) == 0);
}

static void link_expect_nothing(int fd)
{
	struct message message;

	CHECK_EQ(link_receive(fd, &message), 0);
}

static void link_expect_closed(int fd)
{
	struct message message;

	CHECK_EQ(link_receive(fd, &message), -1);
	close(fd);
}

static void windows(void)
{
	struct world *world = start();

	CHECK_EQ(load(world, WINDOW), VIRTIO_MMIO_MAGIC);
	CHECK_EQ(load(world, WINDOW + 8), VIRTIO_CONSOLE_ID);
	for (uint64_t ipa = REGION; ipa < REGION + 0x4000; ipa += VIRTIO_MMIO_WINDOW) {
		CHECK_EQ(load(world, ipa), VIRTIO_MMIO_MAGIC);
		CHECK_EQ(load(world, ipa + 4), VIRTIO_MMIO_VERSION);
		CHECK_EQ(load(world, ipa + 8), ipa == WINDOW ? VIRTIO_CONSOLE_ID : 0);
	}
	CHECK_EQ(load(world, REGION + 0x4000), 0);
	CHECK_EQ(load(world, REGION - 4), 0);
	CHECK_EQ(load(world, UINT64_MAX - 3), 0);
	CHECK_EQ(ask(world, HV_REQUEST_READ, WINDOW, 8, 0), 0);
	CHECK_EQ(ask(world, HV_REQUEST_READ, WINDOW + 1, 4, 0), 0);
	CHECK_EQ(ask(world, HV_REQUEST_READ, WINDOW, 0, 0), 0);
	CHECK_EQ(ask(world, 7, WINDOW, 4, 0), 0); /* no such kind */
	stop(world);
}

static void output_to_link(void)
{
	struct world *world = start();
	const int fd = link_new(world);

	drive(world);
	CHECK_EQ(link_greet(world, fd, 0), 0);
	print(world, "hello", 5);
	link_expect(fd, 0, "hello", 5);
	print(world, "again", 5);
	link_expect(fd, 5, "again", 5);
	link_expect_nothing(fd);
	close(fd);
	turn(world);
	print(world, "nobody", 6); /* and nothing happens */
	stop(world);
}

static void positions(void)
{
	struct world *world = start();
	int fd;

	drive(world);
	print(world, "0123456789", 10);
	fd = link_new(world);
	link_greet(world, fd, 4);
	link_expect(fd, 4, "456789", 6);
	close(fd);
	fd = link_new(world);
	link_greet(world, fd, UINT64_MAX);
	link_expect_nothing(fd);
	print(world, "x", 1);
	link_expect(fd, 10, "x", 1);
	close(fd);
	fd = link_new(world);
	link_greet(world, fd, 12); /* of a process before this one */
	link_expect_nothing(fd);
	close(fd);
	stop(world);
}

/* Fills the scrollback n times over with letters that tell their position. */
static void flood(struct world *world, unsigned kib)
{
	static uint8_t chunk[8192];

	for (unsigned i = 0; i < kib / 8; i++) {
		const uint64_t head = world->process.console[0]->scrollback.head;

		for (unsigned j = 0; j < sizeof(chunk); j++)
			chunk[j] = (uint8_t)((head + j) % 251);
		print(world, chunk, sizeof(chunk));
	}
}

/* Reads all there is, checking every byte; returns the bytes that were skipped. */
static uint64_t read_all(struct world *world, int fd, uint64_t pos)
{
	struct message message;
	uint64_t lost = 0;

	for (;;) {
		turn(world);
		if (link_receive(fd, &message) == 0)
			break;
		CHECK_EQ(message.header.type, DEVICE_LINK_OUTPUT);
		CHECK(message.header.pos >= pos);
		lost += message.header.pos - pos;
		pos = message.header.pos;
		for (uint32_t i = 0; i < message.header.length; i++)
			CHECK_EQ(message.data[i], (pos + i) % 251);
		pos += message.header.length;
	}
	CHECK_EQ(pos, world->process.console[0]->scrollback.head);
	return lost;
}

static void late_reader(void)
{
	struct world *world = start();
	const int fd = link_new(world);

	drive(world);
	flood(world, 1024);
	CHECK_EQ(link_greet(world, fd, 0), 1024 * 1024 - DEVICE_SCROLLBACK);
	CHECK_EQ(read_all(world, fd, 0), 1024 * 1024 - DEVICE_SCROLLBACK);
	close(fd);
	stop(world);
}

/* A line for the log is heard by whoever has greeted and reads. */
static void lines(void)
{
	struct world *world = start();
	struct link_server *links = &world->process.links;
	struct message message;
	unsigned said = 0;
	int fd, full;

	CHECK(!link_server_say(links, "nobody is there"));
	fd = link_new(world);
	CHECK(!link_server_say(links, "nobody has greeted"));
	link_greet(world, fd, 0);
	CHECK(link_server_say(links, "heard"));
	CHECK_EQ(link_receive(fd, &message), DEVICE_LINK_LINE);
	CHECK_EQ(message.header.length, 5);
	CHECK(memcmp(message.data, "heard", 5) == 0);
	full = fd;
	while (link_server_say(links, "not read"))
		CHECK(said++ < 100000);
	fd = link_new(world);
	link_greet(world, fd, 0);
	CHECK(link_server_say(links, "by another"));
	CHECK_EQ(link_receive(fd, &message), DEVICE_LINK_LINE);
	CHECK_EQ(message.header.length, 10);
	close(fd);
	for (; said > 0; said--)
		CHECK_EQ(link_receive(full, &message), DEVICE_LINK_LINE);
	turn(world);
	CHECK(link_server_say(links, "room again"));
	close(full);
	turn(world);
	CHECK(!link_server_say(links, "all have left"));
	stop(world);
}

/* One does not read, another does: the guest goes on, the second loses nothing. */
static void slow_reader(void)
{
	struct world *world = start();
	const int slow = link_new(world), fast = link_new(world);
	uint64_t pos = 0, lost;

	drive(world);
	link_greet(world, slow, 0);
	link_greet(world, fast, 0);
	for (unsigned i = 0; i < 40; i++) {
		flood(world, 64);
		CHECK_EQ(read_all(world, fast, pos), 0);
		pos = world->process.console[0]->scrollback.head;
	}
	CHECK(link_server_is_behind(&world->process.links));
	lost = read_all(world, slow, 0);
	CHECK(lost > 0);
	CHECK(!link_server_is_behind(&world->process.links));
	flood(world, 8);
	CHECK_EQ(read_all(world, slow, pos), 0);
	close(slow);
	close(fast);
	stop(world);
}

static void input_from_links(void)
{
	struct world *world = start();
	const int a = link_new(world), b = link_new(world);

	drive(world);
	link_greet(world, a, UINT64_MAX);
	link_greet(world, b, UINT64_MAX);
	offer(world, VIRTIO_CONSOLE_RX, BUFFER, 100);
	notify(world, VIRTIO_CONSOLE_RX);
	turn(world);
	CHECK(link_send(a, DEVICE_LINK_INPUT, 0, 0, "abc", 3));
	turn(world);
	CHECK(memcmp(guest(world, BUFFER), "abc", 3) == 0);
	CHECK(link_send(b, DEVICE_LINK_INPUT, 0, 0, NULL, 0));
	CHECK(link_send(b, DEVICE_LINK_INPUT, 0, 0, "de", 2));
	offer(world, VIRTIO_CONSOLE_RX, BUFFER, 100);
	notify(world, VIRTIO_CONSOLE_RX);
	turn(world);
	CHECK(memcmp(guest(world, BUFFER), "dec", 3) == 0);
	close(a);
	close(b);
	stop(world);
}

/* Nobody takes the input: no more of it may come than there was room for, until some is taken. */
static void input_backpressure(void)
{
	struct world *world = start();
	const int fd = link_new(world), other = link_new(world);
	static uint8_t data[DEVICE_LINK_DATA];
	unsigned sent = 0, taken = 0;
	uint64_t left;

	drive(world);
	link_greet(world, fd, UINT64_MAX);
	link_expect_nothing(fd);
	CHECK_EQ(room[0], CONSOLE_INPUT);
	for (; sent < CONSOLE_INPUT / DEVICE_LINK_DATA; sent++) {
		memset(data, (int)(sent % 256), sizeof(data));
		CHECK(link_send(fd, DEVICE_LINK_INPUT, 0, 0, data, sizeof(data)));
	}
	turn(world);
	turn(world);
	CHECK_EQ(console_space(&world->process), 0);
	link_expect_nothing(fd);
	CHECK_EQ(room[0], CONSOLE_INPUT);
	while (taken < sent) {
		offer(world, VIRTIO_CONSOLE_RX, BUFFER, DEVICE_LINK_DATA);
		notify(world, VIRTIO_CONSOLE_RX);
		turn(world);
		memset(data, (int)(taken % 256), sizeof(data));
		CHECK(memcmp(guest(world, BUFFER), data, sizeof(data)) == 0);
		taken++;
		if (taken == 1) {
			link_expect_nothing(fd);
			CHECK_EQ(room[0], CONSOLE_INPUT + DEVICE_LINK_DATA);
		}
	}
	CHECK_EQ(console_space(&world->process), CONSOLE_INPUT);
	/* two that share the room, and type more than it: the rest is lost */
	link_expect_nothing(fd);
	left = room[0] - sent * DEVICE_LINK_DATA;
	CHECK(left >= CONSOLE_INPUT / 2);
	link_greet(world, other, UINT64_MAX);
	for (unsigned i = 0; i < CONSOLE_INPUT / DEVICE_LINK_DATA; i++) {
		CHECK(link_send(other, DEVICE_LINK_INPUT, 0, 0, data, sizeof(data)));
		turn(world);
	}
	for (; left > 0; left -= DEVICE_LINK_DATA) {
		CHECK(link_send(fd, DEVICE_LINK_INPUT, 0, 0, data, sizeof(data)));
		turn(world);
	}
	CHECK_EQ(console_space(&world->process), 0);
	link_expect_nothing(fd);
	link_expect_nothing(other);
	/* and one that does not keep to it */
	CHECK(link_send(fd, DEVICE_LINK_INPUT, 0, 0, data, 1));
	turn(world);
	link_expect_closed(fd);
	close(other);
	stop(world);
}

/* Input stands before QUIT, and nobody takes it. */
static void quit_behind_input(void)
{
	struct world *world = start();
	const int fd = link_new(world);
	static uint8_t data[DEVICE_LINK_DATA];

	link_greet(world, fd, UINT64_MAX);
	for (unsigned i = 0; i < CONSOLE_INPUT / DEVICE_LINK_DATA; i++)
		CHECK(link_send(fd, DEVICE_LINK_INPUT, 0, 0, data, sizeof(data)));
	CHECK(link_send(fd, DEVICE_LINK_QUIT, 0, 0, NULL, 0));
	turn(world);
	turn(world);
	CHECK_EQ(world->process.end, DEVICE_PROCESS_QUIT);
	close(fd);
	stop(world);
}

static void size_from_link(void)
{
	struct world *world = start();
	const int fd = link_new(world);

	link_greet(world, fd, 0);
	CHECK(link_send(fd, DEVICE_LINK_SIZE, 132 << 16 | 50, 0, NULL, 0));
	turn(world);
	CHECK_EQ(load(world, WINDOW + 0x100), 50 << 16 | 132);
	close(fd);
	stop(world);
}

/* What the zone said last is read by whoever is there, then the links are closed. */
static void quit_delivers(void)
{
	struct world *world = start();
	const int fd = link_new(world);
	struct message message;

	drive(world);
	link_greet(world, fd, 0);
	memcpy(guest(world, BUFFER), "Power down", 10);
	offer(world, VIRTIO_CONSOLE_TX, BUFFER, 10);
	CHECK(link_send(fd, DEVICE_LINK_QUIT, 0, 0, NULL, 0));
	turn(world);
	CHECK_EQ(world->process.end, DEVICE_PROCESS_QUIT);
	notify(world, VIRTIO_CONSOLE_TX); /* the notification comes last of all */
	device_process_linger(&world->process, 10000);
	link_expect(fd, 0, "Power down", 10);
	device_process_fini(&world->process);
	CHECK_EQ(link_receive(fd, &message), -1);
	close(fd);
	close(world->handle.request_fd);
	free(world);
}

/* Also what is more than one turn's worth, and nothing wakes us for the rest. */
static void quit_takes_all(void)
{
	const unsigned chains = 6;
	const uint32_t size = 2 * VIRTIO_CONSOLE_BURST;
	struct world *world = start();

	drive(world);
	for (unsigned i = 0; i < chains; i++)
		offer(world, VIRTIO_CONSOLE_TX, BUFFER, size);
	notify(world, VIRTIO_CONSOLE_TX);
	device_process_linger(&world->process, 2000);
	CHECK_EQ(world->process.console[0]->scrollback.head, (uint64_t)chains * size);
	stop(world);
}

/* A connection that says QUIT, nothing else, and is closed before it is looked at. */
static void quit_alone(void)
{
	struct world *world = start();
	const int fd = link_new(world);

	CHECK(link_send_as(DEVICE_LINK_FIRST, fd, DEVICE_LINK_QUIT, 0, 0, NULL, 0));
	close(fd);
	turn(world);
	CHECK_EQ(world->process.end, DEVICE_PROCESS_QUIT);
	stop(world);
}

/* Every way to break the link's protocol, before and after the greeting. */
static void bad_packets(void)
{
	static const struct {
		struct device_link_header header;
		uint32_t size; /* bytes sent in all */
		bool greeted;
	} cases[] = {
#define H(magic, version, type, length) { magic, version, 0, type, length, DEVICE_LINK_VERSION, 0 }
#define EARLY(type, length) H(DEVICE_LINK_MAGIC, 1, type, length)
#define GOOD(type, length) H(DEVICE_LINK_MAGIC, 2, type, length)
#define TO(console, type, length)                                                                            \
	{                                                                                                    \
		DEVICE_LINK_MAGIC, 2, console, type, length, 0, 0                                            \
	}
		{ H(0, 1, DEVICE_LINK_HELLO, 0), 24, false },
		{ H(DEVICE_LINK_MAGIC, 0, DEVICE_LINK_HELLO, 0), 24, false },
		{ H(DEVICE_LINK_MAGIC, 2, DEVICE_LINK_HELLO, 0), 24, false },
		/* of a daemon that speaks version 1 only */
		{ { DEVICE_LINK_MAGIC, 1, 0, DEVICE_LINK_HELLO, 0, 0, 0 }, 24, false },
		{ { DEVICE_LINK_MAGIC, 1, 1, DEVICE_LINK_HELLO, 0, 2, 0 }, 24, false },
		{ EARLY(DEVICE_LINK_INPUT, 0), 24, true },
		{ TO(1, DEVICE_LINK_INPUT, 0), 24, true },
		{ TO(255, DEVICE_LINK_SIZE, 0), 24, true },
		{ TO(1, DEVICE_LINK_QUIT, 0), 24, true },
		{ EARLY(0, 0), 24, false },
		{ EARLY(DEVICE_LINK_HELLO, 1), 24, false },
		{ EARLY(DEVICE_LINK_HELLO, 0), 25, false },
		{ EARLY(DEVICE_LINK_HELLO, 1), 25, false },
		{ EARLY(DEVICE_LINK_HELLO, 0), 23, false },
		{ EARLY(DEVICE_LINK_HELLO, 0), 1, false },
		{ EARLY(DEVICE_LINK_HELLO, 0), 0, false },
		{ EARLY(DEVICE_LINK_INPUT, 0), 24, false },
		{ EARLY(DEVICE_LINK_SIZE, 0), 24, false },
		{ EARLY(DEVICE_LINK_QUIT, 1), 25, false },
		{ GOOD(DEVICE_LINK_HELLO, 0), 24, true },
		{ GOOD(DEVICE_LINK_WELCOME, 0), 24, true },
		{ GOOD(DEVICE_LINK_OUTPUT, 4), 28, true },
		{ GOOD(0, 0), 24, true },
		{ GOOD(DEVICE_LINK_POWER_KEY, 1), 25, true },
		{ EARLY(DEVICE_LINK_POWER_KEY, 1), 25, false },
		{ GOOD(DEVICE_LINK_ROOM, 0), 24, true },
		{ GOOD(10, 0), 24, true },
		{ GOOD(0xffff, 0), 24, true },
		{ GOOD(DEVICE_LINK_INPUT, UINT32_MAX), 24, true },
		{ GOOD(DEVICE_LINK_INPUT, 4), 24, true },
		{ GOOD(DEVICE_LINK_INPUT, 4), 27, true },
		{ GOOD(DEVICE_LINK_INPUT, DEVICE_LINK_DATA + 1), 24 + DEVICE_LINK_DATA + 1, true },
		{ GOOD(DEVICE_LINK_INPUT, DEVICE_LINK_DATA), 24 + DEVICE_LINK_DATA + 1, true },
		{ GOOD(DEVICE_LINK_SIZE, 1), 25, true },
		{ GOOD(DEVICE_LINK_QUIT, 1), 25, true },
		{ GOOD(DEVICE_LINK_QUIT, 0), 25, true },
	};
	struct world *world = start();
	const int witness = link_new(world);

	drive(world);
	link_greet(world, witness, UINT64_MAX);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct message message = { .header = cases[i].header };
		const int fd = link_new(world);

		if (cases[i].greeted)
			link_greet(world, fd, UINT64_MAX);
		CHECK_EQ(send(fd, &message, cases[i].size, 0), cases[i].size);
		turn(world);
		link_expect_closed(fd);
		CHECK_EQ(world->process.end, DEVICE_PROCESS_RUNNING);
		CHECK_EQ(console_space(&world->process), CONSOLE_INPUT);
	}
	print(world, "still", 5);
	link_expect(witness, 0, "still", 5);
	close(witness);
	stop(world);
}

static void many_links(void)
{
	struct world *world = start();
	int fds[LINK_SERVER_MAX], pair[2];

	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < LINK_SERVER_MAX; i++)
			fds[i] = link_new(world);
		CHECK_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair), 0);
		CHECK_EQ(link_server_add(&world->process.links, pair[0]), -ENOSPC);
		link_expect_closed(pair[1]);
		for (unsigned i = 0; i < LINK_SERVER_MAX; i++) {
			if (i % 2)
				link_greet(world, fds[i], 0);
			close(fds[i]);
		}
		for (unsigned i = 0; i < LINK_SERVER_MAX; i++)
			turn(world);
	}
	stop(world);
}

/* Over a real listening socket. */
static void listening(void)
{
	const int listen_fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t length = sizeof(sa_family_t); /* a name of the kernel's choice */
	struct world *world = world_new();
	int fd;

	CHECK(listen_fd >= 0);
	CHECK_EQ(bind(listen_fd, (struct sockaddr *)&address, length), 0);
	length = sizeof(address);
	CHECK_EQ(getsockname(listen_fd, (struct sockaddr *)&address, &length), 0);
	CHECK_EQ(listen(listen_fd, 8), 0);
	start_at(world, listen_fd);
	turn(world); /* nobody there yet */
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);
	CHECK_EQ(connect(fd, (struct sockaddr *)&address, length), 0);
	link_greet(world, fd, 0);
	close(fd);
	stop(world);
	close(listen_fd);
}

/* Requests that were there before the process, as when it took a dead one's place. */
static void takes_over(void)
{
	struct world *world = world_new();

	post(world, HV_REQUEST_READ, WINDOW, 4, 0, 9, 1);
	start_at(world, -1);
	turn(world);
	CHECK_EQ(world->completions, 1);
	CHECK_EQ(world->last.value, VIRTIO_MMIO_MAGIC);
	CHECK_EQ(load(world, WINDOW + 0x070), 0); /* nobody served it before: a fresh device */
	CHECK_EQ(world->injections, 0);
	drive(world);
	device_process_fini(&world->process);

	post(world, HV_REQUEST_READ, WINDOW + 4, 4, 0, 10, 1);
	start_at(world, -1);
	turn(world);
	CHECK_EQ(world->last.value, VIRTIO_MMIO_VERSION);
	CHECK_EQ(load(world, WINDOW + 0x070), VIRTIO_STATUS_NEEDS_RESET);
	CHECK_EQ(load(world, WINDOW + 0x060), VIRTIO_INTERRUPT_CONFIG);
	CHECK_EQ(world->injections, 1);
	CHECK_EQ(world->process.num_consoles, 1);
	store(world, 0x070, 0);
	CHECK_EQ(load(world, WINDOW + 0x070), 0);
	drive(world);
	print(world, "new", 3);
	CHECK_EQ(world->process.console[0]->scrollback.head, 3);
	stop(world);
}

/* EL2 answers for InterruptStatus and clears what is acknowledged; the device sees that. */
static void shared_interrupts(void)
{
	struct world *world = start();
	struct hv_ring_window *window = &world->ring.window[WINDOW / HV_RING_WINDOW_SIZE % HV_RING_WINDOWS];

	CHECK_EQ(window->number, WINDOW / HV_RING_WINDOW_SIZE);
	drive(world);
	*(uint16_t *)guest(world, TABLE(VIRTIO_CONSOLE_TX) + 0x1000) = 0; /* interrupts are welcome */
	print(world, "a", 1);
	CHECK_EQ(window->interrupt_status, VIRTIO_INTERRUPT_QUEUE);
	CHECK_EQ(load(world, WINDOW + 0x060), VIRTIO_INTERRUPT_QUEUE);
	CHECK_EQ(world->injections, 1);
	print(world, "b", 1); /* not acknowledged: another interrupt would tell nothing */
	CHECK_EQ(world->injections, 1);
	window->interrupt_status = 0;
	print(world, "c", 1);
	CHECK_EQ(window->interrupt_status, VIRTIO_INTERRUPT_QUEUE);
	CHECK_EQ(world->injections, 2);
	/* what an acknowledgement leaves interrupts again */
	window->interrupt_status |= VIRTIO_INTERRUPT_CONFIG;
	store(world, 0x064, VIRTIO_INTERRUPT_QUEUE);
	CHECK_EQ(window->interrupt_status, VIRTIO_INTERRUPT_CONFIG);
	CHECK_EQ(world->injections, 3);
	store(world, 0x070, 0);
	CHECK_EQ(window->interrupt_status, 0);
	stop(world);
}

/* Windows that meet in one place, or that have no number: their registers come as requests. */
static void places_of_windows(void)
{
	static struct hv_ring ring;
	uint32_t *first = request_ring_list_window(&ring, 0xa000000);

	CHECK(first == &ring.window[0xa000000 / HV_RING_WINDOW_SIZE % HV_RING_WINDOWS].interrupt_status);
	CHECK(request_ring_list_window(&ring, 0xa000000 + HV_RING_WINDOWS * HV_RING_WINDOW_SIZE) == NULL);
	CHECK(request_ring_list_window(&ring, 0xa000200) != NULL);
	CHECK(request_ring_list_window(&ring, 0) == NULL);
	CHECK(request_ring_list_window(&ring, 1ull << 42) == NULL);
	request_ring_clear_windows(&ring);
	CHECK(request_ring_list_window(&ring, 0xa000000) == first);
}

static void ring_starts_over(void)
{
	struct world *world = world_new();

	world->head = world->ring.head = world->ring.tail = HV_RING_MODULUS - 50;
	start_at(world, -1);
	for (unsigned i = 0; i < 300; i++)
		CHECK_EQ(load(world, WINDOW + 8), VIRTIO_CONSOLE_ID);
	CHECK(world->ring.tail < HV_RING_MODULUS - 50);
	/* A full ring at once. */
	for (unsigned i = 0; i < HV_RING_SLOTS; i++)
		post(world, HV_REQUEST_READ, WINDOW, 4, 0, i + 1, 0);
	turn(world);
	CHECK_EQ(world->completions, 300 + HV_RING_SLOTS);
	stop(world);
}

static void ring_broken(void)
{
	static const uint32_t heads[] = { HV_RING_SLOTS + 1, HV_RING_MODULUS - 1, HV_RING_MODULUS,
					  UINT32_MAX };

	for (size_t i = 0; i < COUNT(heads); i++) {
		struct world *world = start();

		world->ring.head = heads[i];
		turn(world);
		CHECK_EQ(world->process.end, DEVICE_PROCESS_RING);
		stop(world);
	}
}

static void ring_header(void)
{
	struct world *world = world_new();

	CHECK_EQ(request_ring_check(&world->ring), 0);
	world->ring.version++;
	CHECK_EQ(request_ring_check(&world->ring), -EPROTO);
	world->ring.version--;
	world->ring.magic = 0;
	CHECK_EQ(request_ring_check(&world->ring), -EPROTO);
	close(world->handle.request_fd);
	free(world);
}

static void notifications_lost(void)
{
	struct world *world = start();

	drive(world);
	memcpy(guest(world, BUFFER), "lost", 4);
	offer(world, VIRTIO_CONSOLE_TX, BUFFER, 4);
	turn(world);
	CHECK_EQ(world->process.console[0]->scrollback.head, 0);
	world->ring.overflow = 1;
	turn(world);
	CHECK_EQ(world->process.console[0]->scrollback.head, 4);
	CHECK_EQ(world->ring.overflow, 0);
	stop(world);
}

/* What was notified before a register is written is done before it. */
static void order(void)
{
	struct world *world = start();

	drive(world);
	memcpy(guest(world, BUFFER), "before", 6);
	offer(world, VIRTIO_CONSOLE_TX, BUFFER, 6);
	notify(world, VIRTIO_CONSOLE_TX);
	post(world, HV_REQUEST_WRITE, WINDOW + 0x070, 4, 0, 77, 0);
	turn(world);
	CHECK_EQ(world->last.seq, 77);
	CHECK_EQ(world->process.console[0]->scrollback.head, 6);
	stop(world);
}

static void handle_errors(void)
{
	static const struct {
		int result;
		enum device_process_end end;
	} cases[] = {
		{ -EBUSY, DEVICE_PROCESS_RUNNING },
		{ -EINVAL, DEVICE_PROCESS_RUNNING },
		{ -ENOENT, DEVICE_PROCESS_GONE },
		{ -EBADF, DEVICE_PROCESS_GONE },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct world *world = start();

		world->complete_result = cases[i].result;
		post(world, HV_REQUEST_READ, WINDOW, 4, 0, 1, 0);
		turn(world);
		CHECK_EQ(world->process.end, cases[i].end);
		stop(world);

		world = start();
		world->inject_result = cases[i].result;
		drive(world);
		((struct virtqueue_avail *)guest(world, TABLE(1) + 0x1000))->flags = 0;
		print(world, "x", 1);
		CHECK_EQ(world->injections, 1);
		CHECK_EQ(world->process.end, cases[i].end);
		stop(world);
	}
}

static void specs(void)
{
	static const char *const good[] = { "console,0xa003c00,0x200,78",
					    "console,167788544,512,1019",
					    "region,0x0,0x4000,0",
					    "region,0xffffffffffff0000,0xffff,0",
					    "blk,0,0x200,78,fd=5",
					    "blk,0,0x200,78,serial=,fd=5,ro=1,queues=8,block=4096",
					    "net,0,0x200,78,fd=5,queues=2,mac=525400123456",
					    "console,0,0x200,78,ports=8",
					    "rng,0,0x200,78",
					    "pl011,0,0x1000,78" };
	static const char *const bad[] = {
		"",
		"console",
		"console,",
		"console,0,0",
		"console,0,0,",
		"consol,0,0,0",
		"consolex,0,0,0",
		",0,0,0",
		"console,-1,0,0",
		"console, 1,0,0",
		"console,+1,0,0",
		"console,1,0,1020",
		"console,1,0,78,",
		"console,1,0,78x",
		"console,1,0,78,9",
		"console,0x10000000000000000,0,0",
		"console,1,18446744073709551616,0",
		"console,,0,0",
		"console,1;0;0",
		"blk,1,0,78",
		"net,1,0,78,queues=1",
		"blk,1,0,78,fd=5,",
		"blk,1,0,78,,fd=5",
		"blk,1,0,78,fd=-1",
		"blk,1,0,78,fd=5,fd=6",
		"blk,1,0,78,fd=5,ro=2",
		"blk,1,0,78,fd=5,queues=0",
		"blk,1,0,78,fd=5,queues=9",
		"blk,1,0,78,fd=5,block=1024",
		"blk,1,0,78,fd=5,serial=4",
		"blk,1,0,78,fd=5,serial=4G",
		"blk,1,0,78,fd=5,serial=000000000000000000000000000000000000000000",
		"blk,1,0,78,fd=5,mac=525400123456",
		"net,1,0,78,fd=5,mac=5254001234",
		"net,1,0,78,fd=5,mac=52540012345678",
		"console,1,0,78,ports=9",
		"console,1,0,78,fd=5",
		"region,1,0,0,ports=1",
		"blk,1,0,78,fd=5 ,ro=1",
		"console,0xg,0,0",
		"Console,0,0,0",
		"console,1,0,4294967374",
	};
	struct device_spec spec;

	for (size_t i = 0; i < COUNT(good); i++)
		CHECK_EQ(device_spec_parse(good[i], &spec), 0);
	for (size_t i = 0; i < COUNT(bad); i++)
		CHECK_EQ(device_spec_parse(bad[i], &spec), -EINVAL);
}

static void bad_devices(void)
{
	static const struct {
		const char *first, *second;
		int err;
	} cases[] = {
		{ "console,0xa003c00,0x200,77", NULL, -EINVAL }, /* not the zone's interrupt */
		{ "console,0xa003c10,0x200,78", NULL, -EINVAL },
		{ "console,0xa003c00,0x100,78", NULL, -EINVAL },
		{ "console,0xa003c00,0,78", NULL, -EINVAL },
		{ "region,0xfffffffffffffe00,0x400,0", NULL, -EINVAL },
		{ "console,0xa003c00,0x200,78", "console,0xa003c00,0x200,78", -EEXIST },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct world *world = world_new();
		struct device_spec spec[2];

		CHECK_EQ(device_spec_parse(cases[i].first, &spec[0]), 0);
		if (cases[i].second)
			CHECK_EQ(device_spec_parse(cases[i].second, &spec[1]), 0);
		CHECK_EQ(device_process_init(&world->process, &world->handle, -1, spec,
					     cases[i].second ? 2 : 1),
			 cases[i].err);
		stop(world);
	}
}

static void zone_without_console(void)
{
	struct world *world = world_new();
	struct device_spec spec;
	int fd;

	CHECK_EQ(device_spec_parse("region,0xa000000,0x4000,0", &spec), 0);
	CHECK_EQ(device_process_init(&world->process, &world->handle, -1, &spec, 1), 0);
	CHECK_EQ(load(world, WINDOW + 8), 0);
	fd = link_new(world);
	CHECK_EQ(link_greet(world, fd, 0), 0);
	CHECK(link_send(fd, DEVICE_LINK_QUIT, 0, 0, NULL, 0));
	turn(world);
	CHECK_EQ(world->process.end, DEVICE_PROCESS_QUIT);
	close(fd);
	stop(world);
}

/* Said without a greeting, of the device at that address alone; pipes of packets do for taps. */
static void link_of_networks(void)
{
	static const char *const lines[] = { "net,0xa003c00,0x200,78,fd=60,mac=020000000001",
					     "net,0xa003e00,0x200,78,fd=60,mac=020000000002" };
	struct world *world = world_new();
	struct device_spec specs[2];
	int pair[2], fd;

	CHECK_EQ(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair), 0);
	CHECK_EQ(dup2(pair[0], 60), 60);
	for (unsigned i = 0; i < 2; i++)
		CHECK_EQ(device_spec_parse(lines[i], &specs[i]), 0);
	CHECK_EQ(device_process_init(&world->process, &world->handle, -1, specs, 2), 0);
	CHECK_EQ(load(world, WINDOW + 0x104) >> 16, 1);
	fd = link_new(world);
	CHECK(link_send_as(DEVICE_LINK_FIRST, fd, DEVICE_LINK_NET, 0, WINDOW, NULL, 0));
	CHECK(link_send_as(DEVICE_LINK_FIRST, fd, DEVICE_LINK_NET, 0, WINDOW + 1, NULL, 0)); /* nobody's */
	turn(world);
	CHECK_EQ(load(world, WINDOW + 0x104) >> 16, 0);
	CHECK_EQ(load(world, WINDOW + 0x304) >> 16, 1);
	CHECK(link_send_as(DEVICE_LINK_FIRST, fd, DEVICE_LINK_NET, 1, WINDOW, NULL, 0));
	turn(world);
	CHECK_EQ(load(world, WINDOW + 0x104) >> 16, 1);
	close(fd);
	stop(world);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		TEST(windows),
		TEST(output_to_link),
		TEST(positions),
		TEST(late_reader),
		TEST(lines),
		TEST(slow_reader),
		TEST(input_from_links),
		TEST(input_backpressure),
		TEST(quit_behind_input),
		TEST(size_from_link),
		TEST(quit_delivers),
		TEST(quit_takes_all),
		TEST(quit_alone),
		TEST(bad_packets),
		TEST(many_links),
		TEST(listening),
		TEST(takes_over),
		TEST(shared_interrupts),
		TEST(places_of_windows),
		TEST(ring_starts_over),
		TEST(ring_broken),
		TEST(ring_header),
		TEST(notifications_lost),
		TEST(order),
		TEST(handle_errors),
		TEST(specs),
		TEST(bad_devices),
		TEST(zone_without_console),
		TEST(link_of_networks),
	};

	return test_main(tests, COUNT(tests), argc, argv);
}
