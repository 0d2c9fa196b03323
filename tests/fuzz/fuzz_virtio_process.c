/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device process between a request ring that holds anything, peers that
 * send anything over its link, and a guest that rewrites its memory. It ends
 * only for a reason it was given, and never by a crash.
 */
#include <errno.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "device_process.h"
#include "fuzz.h"

#define RAM 0x50000000ull
#define RAM_SIZE 0x8000u
#define WINDOW 0x0a003c00ull
#define GPIO 0x0a001000ull
#define PEERS 3u

static struct fuzz_input input;
static struct hv_ring ring;
static uint8_t ram[RAM_SIZE] __attribute__((aligned(4096)));
static struct device_process process;
static unsigned asked, answered;
static int peers[PEERS];

static int complete(struct device_handle *handle, uint32_t vcpu, uint32_t seq, uint64_t value)
{
	(void)handle;
	(void)vcpu;
	(void)value;
	ALWAYS(seq != 0);
	answered++;
	return 0;
}

static int inject(struct device_handle *handle, uint32_t intid)
{
	(void)handle;
	ALWAYS(intid == 78 || intid == 79);
	return 0;
}

static struct device_handle handle = { .complete = complete, .inject = inject, .ring = &ring };

static void init(void)
{
	struct device_spec specs[3];

	ring = (struct hv_ring){ .magic = HV_RING_MAGIC, .version = HV_RING_VERSION, .slots = HV_RING_SLOTS };
	memset(ram, 0, sizeof(ram));
	asked = answered = 0;
	if (handle.memory.count == 0) {
		hv_intid_add(&handle.interrupts, 78);
		hv_intid_add(&handle.interrupts, 79);
		ALWAYS(guest_memory_add(&handle.memory, RAM, RAM_SIZE, ram) == 0);
		handle.request_fd = eventfd(0, EFD_NONBLOCK);
		ALWAYS(handle.request_fd >= 0);
	}
	ALWAYS(device_spec_parse("console,0xa003c00,0x200,78", &specs[0]) == 0);
	ALWAYS(device_spec_parse("region,0xa000000,0x4000,0", &specs[1]) == 0);
	ALWAYS(device_spec_parse("power_key,0xa001000,0x1000,79", &specs[2]) == 0);
	ALWAYS(device_process_init(&process, &handle, -1, specs, 3) == 0);
	for (unsigned i = 0; i < PEERS; i++)
		peers[i] = -1;
}

static void post(uint32_t kind, uint64_t ipa, uint32_t size, uint64_t value, uint32_t seq)
{
	if (hv_ring_used(ring.head, ring.tail) >= HV_RING_SLOTS)
		return;
	ring.request[ring.head % HV_RING_SLOTS] = (struct hv_request){
		.ipa = ipa, .value = value, .seq = seq, .size = (uint8_t)size, .kind = (uint8_t)kind
	};
	asked += seq != 0;
	ring.head = hv_ring_next(ring.head);
}

static void store(uint32_t offset, uint64_t value)
{
	post(HV_REQUEST_WRITE, WINDOW + offset, 4, value, 1);
}

static void do_start(void)
{
	static const uint32_t setup[][2] = { { 0x070, 0 }, { 0x070, 3 },   { 0x024, 1 },
					     { 0x020, 1 }, { 0x070, 0xb }, { 0x070, 0xf } };

	for (unsigned i = 0; i < 5; i++)
		store(setup[i][0], setup[i][1]);
	for (uint32_t q = 0; q < 2; q++) {
		store(0x030, q);
		store(0x038, 8);
		store(0x080, RAM + 0x3000 * q);
		store(0x090, RAM + 0x3000 * q + 0x1000);
		store(0x0a0, RAM + 0x3000 * q + 0x2000);
		store(0x044, 1);
	}
	store(setup[5][0], setup[5][1]);
}

static void do_request(void)
{
	uint64_t how = fuzz_take(&input, 1);
	uint64_t ipa = how & 0x40 ? fuzz_number(&input) : WINDOW + fuzz_take(&input, 1) * 4 % 0x110;
	uint32_t size = how & 0x20 ? (uint32_t)fuzz_take(&input, 1) : 4;

	post(how & 0x80 ? (uint32_t)fuzz_take(&input, 1) : how & 1, ipa, size, fuzz_number(&input),
	     how & 2 ? 1 : (uint32_t)fuzz_take(&input, 1));
}

/* The key's registers: data at any mask, control, what lies between, with any width. */
static void do_gpio(void)
{
	uint64_t how = fuzz_take(&input, 1);
	uint64_t offset = how & 0x40 ? fuzz_take(&input, 2) : 0x400 + fuzz_take(&input, 1) % 0x30;

	post(how & 1, GPIO + offset % 0x1000, how & 0x20 ? (uint32_t)fuzz_take(&input, 1) : 4,
	     fuzz_number(&input), 1);
}

/* A finger, without the wait: up as the timer would have it. */
static void do_key(void)
{
	if (fuzz_take(&input, 1) & 1)
		power_key_press(&process.power_key);
	else
		gpio_pl061_set_line(process.power_key.gpio, POWER_KEY_LINE, false);
}

static void do_print(void)
{
	uint32_t q = fuzz_take(&input, 1) & 1;
	struct virtqueue_desc desc = { RAM + fuzz_take(&input, 2) % RAM_SIZE, (uint32_t)fuzz_take(&input, 1),
				       (uint16_t)(q ? 0 : VIRTQUEUE_DESC_WRITE), 0 };
	struct virtqueue_avail *avail = (struct virtqueue_avail *)(void *)(ram + 0x3000 * q + 0x1000);

	memcpy(ram + 0x3000 * q, &desc, sizeof(desc));
	avail->ring[avail->idx++ % 8] = 0;
	post(HV_REQUEST_WRITE, WINDOW + 0x50, 4, q, 0);
}

static void do_scribble(void)
{
	uint64_t value = fuzz_number(&input);

	memcpy(ram + fuzz_take(&input, 2) % (RAM_SIZE - 8), &value, 8);
}

static void do_overflow(void)
{
	ring.overflow = (uint32_t)fuzz_take(&input, 1);
}

static void do_connect(void)
{
	int *peer = &peers[fuzz_take(&input, 1) % PEERS];
	int fds[2];

	if (*peer >= 0)
		close(*peer);
	ALWAYS(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fds) == 0);
	ALWAYS(link_server_add(&process.links, fds[0]) == 0 || process.end == DEVICE_PROCESS_RUNNING);
	*peer = fds[1];
}

static void do_packet(void)
{
	static uint8_t packet[sizeof(struct device_link_header) + DEVICE_LINK_DATA + 8];
	const uint64_t how = fuzz_take(&input, 1);
	const int peer = peers[how % PEERS];
	struct device_link_header header = { DEVICE_LINK_MAGIC,
					     DEVICE_LINK_VERSION,
					     (uint8_t)(how >> 2 & 1),
					     (uint16_t)(fuzz_take(&input, 1) % 9),
					     0,
					     (uint32_t)fuzz_take(&input, 4),
					     0 };
	size_t size = sizeof(header);

	if (header.type == DEVICE_LINK_INPUT)
		header.length = (uint32_t)fuzz_take(&input, 2) % (DEVICE_LINK_DATA + 1);
	if (header.type == DEVICE_LINK_HELLO) {
		header.version = DEVICE_LINK_FIRST;
		header.console = 0;
		header.arg = DEVICE_LINK_VERSION;
		header.pos = fuzz_number(&input);
	}
	size += header.length;
	memcpy(packet, &header, sizeof(header));
	if (how >= 0xc0)
		packet[fuzz_take(&input, 1) % sizeof(header)] ^= (uint8_t)fuzz_take(&input, 1);
	if (how >= 0xe0)
		size = fuzz_take(&input, 2) % sizeof(packet);
	if (peer >= 0)
		(void)send(peer, packet, size, MSG_NOSIGNAL); /* full or closed: so be it */
}

/* What comes is in order and whole, up to the end of what was printed. */
static void do_receive(void)
{
	const int peer = peers[fuzz_take(&input, 1) % PEERS];
	struct {
		struct device_link_header header;
		uint8_t data[DEVICE_LINK_DATA];
	} packet;
	const ssize_t size = peer < 0 ? 0 : recv(peer, &packet, sizeof(packet), 0);

	if (size <= 0)
		return;
	ALWAYS((size_t)size == sizeof(packet.header) + packet.header.length);
	ALWAYS(packet.header.magic == DEVICE_LINK_MAGIC);
	if (packet.header.type == DEVICE_LINK_WELCOME) {
		ALWAYS(packet.header.console == process.num_consoles);
		return;
	}
	ALWAYS(packet.header.console < process.num_consoles);
	ALWAYS(packet.header.type == DEVICE_LINK_ROOM || packet.header.type == DEVICE_LINK_OUTPUT);
	ALWAYS(packet.header.type == DEVICE_LINK_ROOM ||
	       packet.header.pos + packet.header.length <=
		       process.console[packet.header.console]->scrollback.head);
}

static void do_turn(void)
{
	device_process_turn(&process, 0);
}

static void (*const acts[])(void) = {
	do_start,    do_request,  do_request, do_print,  do_print,  do_print,   do_scribble,
	do_scribble, do_overflow, do_connect, do_packet, do_packet, do_receive, do_turn,
	do_turn,     do_turn,     do_gpio,    do_gpio,   do_key,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	input = (struct fuzz_input){ data, size };
	init();
	while (input.left > 0 && process.end == DEVICE_PROCESS_RUNNING)
		acts[fuzz_take(&input, 1) % (sizeof(acts) / sizeof(acts[0]))]();
	/* Only a QUIT ends it here, and all that was asked is answered. */
	ALWAYS(process.end == DEVICE_PROCESS_RUNNING || process.end == DEVICE_PROCESS_QUIT);
	device_process_linger(&process, 0);
	ALWAYS(answered == asked && ring.tail == ring.head);
	device_process_fini(&process);
	for (unsigned i = 0; i < PEERS; i++) {
		if (peers[i] >= 0)
			close(peers[i]);
	}
	return 0;
}
