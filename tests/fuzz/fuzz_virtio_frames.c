/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What passes through a network device: two pairs of queues, and a driver that
 * may do anything, as in fuzz_virtio.c. Sockets that keep packets apart do for the tap, whose
 * settings are taken, or refused, here. Whatever the driver does, what reaches
 * the tap has a header that is right for what was agreed, and nothing is lost
 * of the buffers that the device holds.
 */
#include <errno.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz.h"
#include "virtio_mmio.h"
#include "virtio_net_private.h"

#define PAGE 4096u
#define RAM 0x50000000ull
#define RAM_SIZE (48u * PAGE)
#define PAIRS 2u
#define QUEUES (2 * PAIRS + 1)
#define TABLE(q) (RAM + 0x3000u * (q)) /* descriptors, then each a page on: available, used */
#define INDIRECT (RAM + 0x10000u)
#define BUFFERS (RAM + 0x12000u)
#define TAP 60 /* and as many as there are pairs */

static struct fuzz_input input;
static struct guest_memory memory;
static uint8_t *ram;
static struct event_loop loop;
static struct virtio_net *net;
static struct virtio_device *device;
static int wire[PAIRS]; /* the other ends of the taps */
static bool attached[PAIRS];
static bool tap_fails; /* to take settings */

static void interrupt(struct virtio_host *host, uint32_t intid)
{
	(void)host;
	ALWAYS(intid == 78);
}

static struct virtio_host host = { .memory = &memory, .interrupt = interrupt };

static void set_queue(int fd, const struct ifreq *request)
{
	const unsigned pair = (unsigned)(fd - TAP);

	ALWAYS(pair < PAIRS);
	ALWAYS(request->ifr_flags == (attached[pair] ? IFF_DETACH_QUEUE : IFF_ATTACH_QUEUE));
	attached[pair] = !attached[pair];
}

static void set_filter(const struct tun_filter *filter)
{
	static volatile uint8_t seen;

	ALWAYS((filter->flags & ~TUN_FLT_ALLMULTI) == 0);
	for (unsigned i = 0; i < filter->count; i++)
		seen = (uint8_t)(seen ^ filter->addr[i][5]);
}

/* The linker puts it in the place of ioctl(). */
int __wrap_ioctl(int fd, unsigned long request, ...);

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	ALWAYS(request == TUNSETOFFLOAD || request == TUNSETQUEUE || request == TUNSETTXFILTER);
	if (tap_fails) {
		errno = EBADFD;
		return -1;
	}
	if (request == TUNSETQUEUE)
		set_queue(fd, arg);
	else if (request == TUNSETTXFILTER)
		set_filter(arg);
	return 0;
}

static void init(void)
{
	uint8_t *base;

	if (ram != NULL)
		return;
	base = mmap(NULL, RAM_SIZE + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ALWAYS(base != MAP_FAILED);
	ram = base + PAGE;
	ALWAYS(mprotect(ram, RAM_SIZE, PROT_READ | PROT_WRITE) == 0);
	ALWAYS(guest_memory_add(&memory, RAM, RAM_SIZE, ram) == 0);
	ALWAYS(event_loop_init(&loop) == 0);
	for (int i = 0; i < (int)PAIRS; i++) {
		int pair[2];

		ALWAYS(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair) == 0);
		ALWAYS(dup2(pair[0], TAP + i) == TAP + i);
		close(pair[0]);
		wire[i] = pair[1];
	}
}

static void store(uint32_t offset, uint32_t value)
{
	virtio_mmio_write(device, offset, 4, value);
}

static void negotiate(uint64_t features)
{
	store(0x070, 0);
	store(0x070, 3);
	for (uint32_t sel = 0; sel < 2; sel++) {
		store(0x024, sel);
		store(0x020, (uint32_t)(features >> (32 * sel)));
	}
	store(0x070, 0xb);
}

static void place_queue(uint32_t q, uint32_t size)
{
	store(0x030, q);
	store(0x038, size);
	store(0x080, (uint32_t)TABLE(q));
	store(0x090, (uint32_t)TABLE(q) + PAGE);
	store(0x0a0, (uint32_t)TABLE(q) + 2 * PAGE);
	store(0x044, 1);
}

/* Any features that go together, so that most inputs get that far. */
static void do_start(void)
{
	const uint64_t how = fuzz_take(&input, 2);
	uint64_t features = fuzz_take(&input, 3) & device->features_offered;

	if (how & 0x8000)
		features = device->features_offered & 0xffffff;
	if (!(features & VIRTIO_NET_F_CSUM))
		features &= ~(VIRTIO_NET_F_HOST_TSO4 | VIRTIO_NET_F_HOST_TSO6 | VIRTIO_NET_F_HOST_ECN);
	if (!(features & VIRTIO_NET_F_GUEST_CSUM))
		features &= ~(VIRTIO_NET_F_GUEST_TSO4 | VIRTIO_NET_F_GUEST_TSO6 | VIRTIO_NET_F_GUEST_ECN);
	if (!(features & VIRTIO_NET_F_CTRL_VQ))
		features &= ~(VIRTIO_NET_F_CTRL_RX | VIRTIO_NET_F_MQ | VIRTIO_NET_F_CTRL_MAC_ADDR);
	negotiate(VIRTIO_F_VERSION_1 | features | (how & 1 ? VIRTIO_F_INDIRECT_DESC : 0) |
		  (how & 2 ? VIRTIO_F_EVENT_IDX : 0) | (how & 4 ? VIRTIO_F_RING_RESET : 0));
	for (uint32_t q = 0; q < QUEUES; q++)
		place_queue(q, 1u << (how >> 4) % 8);
	store(0x070, 0xf);
}

static void do_access(void)
{
	const uint64_t how = fuzz_take(&input, 1);
	const uint32_t size = how & 0x80 ? (uint32_t)fuzz_take(&input, 1) : 4;
	const uint64_t offset = how & 0x40 ? fuzz_number(&input) : fuzz_take(&input, 1) * 4 % 0x110;

	if (how & 1)
		virtio_mmio_write(device, offset, size, fuzz_number(&input));
	else
		(void)virtio_mmio_read(device, offset, size);
}

static uint64_t take_address(void)
{
	const uint64_t how = fuzz_take(&input, 1);

	if (how % 16 == 0)
		return fuzz_number(&input);
	if (how % 4 == 0)
		return RAM + fuzz_take(&input, 3) % (RAM_SIZE + 16);
	return BUFFERS + fuzz_take(&input, 2);
}

static void write_guest(uint64_t ipa, const void *from, size_t size)
{
	void *to = guest_memory_at(&memory, ipa, size);

	if (to != NULL)
		memcpy(to, from, size);
}

static void do_descriptor(void)
{
	const uint64_t how = fuzz_take(&input, 2);
	const uint64_t index = fuzz_take(&input, 1);
	struct virtqueue_desc desc = {
		.addr = how & 0x40 ? INDIRECT : take_address(),
		.len = how & 0x40 ? 16 * (uint32_t)(1 + how % 32) : (uint32_t)fuzz_number(&input) & 0xffff,
		.flags = (uint16_t)(fuzz_take(&input, 1) % 4 | (how & 0x40 ? 4 : 0)),
		.next = (uint16_t)(fuzz_take(&input, 1) % 16),
	};

	if (how % 16 == 0)
		desc.len = (uint32_t)fuzz_number(&input);
	write_guest((how & 0x20 ? INDIRECT : TABLE((how >> 7) % QUEUES)) + index % 256 * 16, &desc,
		    sizeof(desc));
}

static void do_scribble(void)
{
	const uint64_t ipa = take_address(), value = fuzz_number(&input);

	write_guest(ipa, &value, 8);
}

/* A frame's header that may well be right. */
static struct net_header take_header(void)
{
	static const uint8_t types[] = { NET_GSO_NONE, NET_GSO_NONE, NET_GSO_TCPV4, NET_GSO_TCPV6 };
	const uint64_t how = fuzz_take(&input, 1);

	return (struct net_header){
		.flags = (uint8_t)(how & 1 ? NET_HEADER_NEEDS_CSUM : fuzz_take(&input, 1)),
		.gso_type = (uint8_t)(how & 2 ? types[how >> 2 & 3] | (how & 0x10 ? NET_GSO_ECN : 0)
					      : fuzz_take(&input, 1)),
		.hdr_len = (uint16_t)(how & 0x20 ? 54 : fuzz_number(&input)),
		.gso_size = (uint16_t)(how & 0x20 ? 1448 : fuzz_number(&input)),
		.csum_start = (uint16_t)(how & 0x40 ? 34 : fuzz_number(&input)),
		.csum_offset = (uint16_t)(how & 0x80 ? 16 : fuzz_number(&input)),
	};
}

/* A command that may well be one. */
static uint32_t put_command(uint64_t ipa)
{
	static const uint8_t heads[][2] = { { 0, 0 }, { 0, 1 }, { 1, 0 }, { 1, 1 }, { 4, 0 } };
	static const uint8_t sizes[] = { 3, 3, 2 + 4 + 12 + 4 + 6, 8, 4 };
	const uint64_t how = fuzz_take(&input, 1) % 5, data = fuzz_take(&input, 4);
	uint8_t bytes[32] = { heads[how][0], heads[how][1], (uint8_t)(data % 4), (uint8_t)(data >> 8 & 1) };

	if (how == 2) {
		bytes[3] = 0;
		bytes[6 + 6 * bytes[2] % 24] = (uint8_t)(data >> 16 & 3);
	}
	write_guest(ipa, bytes, sizeof(bytes));
	return data >> 24 == 0 ? (uint32_t)fuzz_take(&input, 1) : sizes[how];
}

static void make_available(uint32_t q, uint16_t head)
{
	const uint32_t size = device->queue[q].size ? device->queue[q].size : 1;
	struct virtqueue_avail *avail = guest_memory_at(&memory, TABLE(q) + PAGE, PAGE);

	avail->ring[avail->idx++ % size % 256] = head;
}

/* A whole chain as the queue wants it, more or less. */
static void do_chain(void)
{
	static const uint32_t lengths[] = { 12, 60, 200, 1526, 2048, 4096, 0x4000, 0xffff };
	const uint64_t how = fuzz_take(&input, 2);
	const uint32_t q = (uint32_t)(how % QUEUES), parts = 1 + (uint32_t)(how >> 3 & 3);
	const bool control = q == (virtio_device_has(device, VIRTIO_NET_F_MQ) ? 2 * PAIRS : 2u);
	const uint32_t first = (uint32_t)fuzz_take(&input, 1) % 124;

	for (uint32_t i = 0; i < parts; i++) {
		const uint64_t ipa = BUFFERS + fuzz_take(&input, 2);
		const bool writable = control ? i > 0 && i + 1 == parts : q % 2 == 0;
		struct virtqueue_desc desc = {
			.addr = ipa,
			.len = control ? 1 : lengths[fuzz_take(&input, 1) % 8],
			.flags = (uint16_t)((writable ? VIRTQUEUE_DESC_WRITE : 0) | (i + 1 < parts)),
			.next = (uint16_t)(first + i + 1),
		};

		if (i == 0 && control)
			desc.len = put_command(ipa);
		if (i == 0 && !control && q % 2 == 1) {
			const struct net_header header = take_header();

			write_guest(ipa, &header, sizeof(header));
		}
		write_guest(TABLE(q) + 16 * (first + i), &desc, sizeof(desc));
	}
	make_available(q, (uint16_t)first);
	store(VIRTIO_MMIO_QUEUE_NOTIFY, q);
}

static void do_offer(void)
{
	const uint64_t how = fuzz_take(&input, 1);
	const uint32_t q = (how & 7) % QUEUES;
	struct virtqueue_avail *avail = guest_memory_at(&memory, TABLE(q) + PAGE, PAGE);

	for (unsigned i = 0; i <= (how >> 3) % 8; i++)
		make_available(q, (uint16_t)(fuzz_take(&input, 1) % 130));
	if (how >= 0xfc)
		avail->idx = (uint16_t)(avail->idx + fuzz_number(&input));
	store(VIRTIO_MMIO_QUEUE_NOTIFY, how & 0x40 ? (uint32_t)fuzz_number(&input) : q);
}

static void do_service(void)
{
	(void)virtio_device_service(device);
	ALWAYS(event_loop_turn(&loop, 0) == 0);
}

/* What a kernel hands over, and worse. */
static void do_receive(void)
{
	static uint8_t frame[sizeof(struct net_header) + NET_MAX_FRAME];
	const uint64_t how = fuzz_take(&input, 1);
	const size_t size = how & 0x20 ? fuzz_take(&input, 2) : fuzz_take(&input, 1) * 8;

	const struct net_header header = how & 0x40 ? take_header() : (struct net_header){ .flags = 0 };

	memcpy(frame, &header, sizeof(header));
	for (unsigned i = 0; i <= how % 8; i++)
		(void)send(wire[how >> 3 & 1], frame, size, 0);
}

static void do_link(void)
{
	virtio_net_set_link(net, (fuzz_take(&input, 1) & 1) != 0);
}

/* It is deleted, for good. */
static void do_tap(void)
{
	tap_fails = tap_fails || fuzz_take(&input, 1) % 16 == 0;
}

static void (*const acts[])(void) = {
	do_start, do_access,  do_descriptor, do_descriptor, do_offer,   do_offer, do_scribble, do_chain,
	do_chain, do_chain,   do_chain,      do_chain,      do_chain,   do_chain, do_chain,    do_chain,
	do_chain, do_service, do_service,    do_receive,    do_receive, do_link,  do_tap,
};

/* What the driver agreed to when it sent is what it agrees to now: all is looked at after each step. */
static void judge_frame(const uint8_t *frame, size_t size)
{
	const uint64_t features = device->features;
	struct net_header header;

	ALWAYS(size >= sizeof(header) + NET_ETHERNET && size <= sizeof(header) + NET_MAX_FRAME);
	memcpy(&header, frame, sizeof(header));
	size -= sizeof(header);
	ALWAYS((header.flags & ~NET_HEADER_NEEDS_CSUM) == 0 && header.num_buffers == 0);
	ALWAYS(header.hdr_len <= size);
	if (header.flags)
		ALWAYS((features & VIRTIO_NET_F_CSUM) &&
		       (size_t)header.csum_start + header.csum_offset + 2 <= size);
	if (header.gso_type == NET_GSO_NONE)
		return;
	ALWAYS(header.flags && header.gso_size >= NET_MIN_GSO_SIZE);
	ALWAYS((header.gso_type & NET_GSO_ECN) == 0 || (features & VIRTIO_NET_F_HOST_ECN));
	header.gso_type &= (uint8_t)~NET_GSO_ECN;
	ALWAYS((header.gso_type == NET_GSO_TCPV4 && (features & VIRTIO_NET_F_HOST_TSO4)) ||
	       (header.gso_type == NET_GSO_TCPV6 && (features & VIRTIO_NET_F_HOST_TSO6)));
}

static void judge_wire(void)
{
	static uint8_t frame[2 * NET_MAX_FRAME];
	ssize_t size;

	for (unsigned i = 0; i < PAIRS; i++) {
		while ((size = recv(wire[i], frame, sizeof(frame), 0)) >= 0)
			judge_frame(frame, (size_t)size);
	}
}

/* What the device holds of a receive queue is what it took and did not give back, but the chain that broke it. */
static void judge_held(const struct net_rx *rx)
{
	const struct virtqueue *queue = &device->queue[net_rx_queue(rx->pair)];
	unsigned buffers = 0;
	uint64_t bytes = 0;

	for (unsigned i = 0; i < rx->num_held; i++) {
		buffers += rx->held[i].buffers;
		bytes += rx->held[i].bytes;
	}
	ALWAYS(buffers == rx->num_buffers && buffers <= NET_MAX_HELD && bytes == rx->bytes);
	if (rx->pair > 0 && !virtio_device_has(device, VIRTIO_NET_F_MQ))
		return; /* then that is the control queue */
	ALWAYS(queue->ready || rx->num_held == 0);
	ALWAYS(!queue->ready || (uint16_t)(queue->avail_next - queue->used_next) - rx->num_held <=
					(device->status & VIRTIO_STATUS_NEEDS_RESET ? 1u : 0u));
}

static void check(void)
{
	ALWAYS((virtio_device_interrupt_status(device) & ~3u) == 0);
	ALWAYS((device->status & ~0xcfu) == 0);
	ALWAYS(virtio_device_is_live(device) || device->pending == 0);
	ALWAYS((device->pending >> QUEUES) == 0);
	ALWAYS(net->active >= 1 && net->active <= PAIRS);
	for (unsigned i = 0; i < PAIRS; i++) {
		judge_held(&net->rx[i]);
		ALWAYS(net->rx[i].watched ? i < net->active : true);
	}
	judge_wire();
}

/* One frame passes each way, whatever was before. */
static void check_works(void)
{
	static const struct virtqueue_desc in = { BUFFERS, 2048, VIRTQUEUE_DESC_WRITE, 0 },
					   out = { BUFFERS, 112, 0, 0 };
	const struct virtqueue_used *used = guest_memory_at(&memory, TABLE(0) + 2 * PAGE, PAGE);
	static const uint16_t offer[] = { 0, 1, 0 }; /* flags, idx, ring[0] */
	static uint8_t frame[112], got[NET_MAX_FRAME];

	memset(ram, 0, RAM_SIZE);
	negotiate(VIRTIO_F_VERSION_1);
	while (recv(TAP, got, sizeof(got), 0) >= 0)
		;
	place_queue(0, 4);
	place_queue(1, 4);
	store(0x070, 0xf);
	ALWAYS(virtio_mmio_read(device, 0x070, 4) == 0xf);
	write_guest(TABLE(1), &out, sizeof(out));
	write_guest(TABLE(1) + PAGE, offer, sizeof(offer));
	store(VIRTIO_MMIO_QUEUE_NOTIFY, 1);
	do_service();
	ALWAYS(recv(wire[0], got, sizeof(got), 0) == sizeof(frame));
	write_guest(TABLE(0), &in, sizeof(in));
	write_guest(TABLE(0) + PAGE, offer, sizeof(offer));
	ALWAYS(send(wire[0], frame, sizeof(frame), 0) == sizeof(frame));
	store(VIRTIO_MMIO_QUEUE_NOTIFY, 0);
	do_service();
	ALWAYS(used->idx == 1 && used->ring[0].len == sizeof(frame));
}

static void drain(void)
{
	static uint8_t frame[2 * NET_MAX_FRAME];

	for (int i = 0; i < (int)PAIRS; i++) {
		while (recv(TAP + i, frame, sizeof(frame), 0) >= 0)
			;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t mac[VIRTIO_NET_MAC_SIZE] = { 2, 1, 2, 3, 4, 5 };
	const struct virtio_net_options options = { .fd = TAP, .num_pairs = PAIRS, .mac = mac };

	input = (struct fuzz_input){ data, size };
	init();
	memset(ram, 0, RAM_SIZE);
	attached[0] = attached[1] = true;
	tap_fails = false;
	ALWAYS(virtio_net_new(&host, 78, &loop, &options, &net) == 0);
	device = virtio_net_device(net);
	do_start();
	while (input.left > 0) {
		acts[fuzz_take(&input, 1) % (sizeof(acts) / sizeof(acts[0]))]();
		check();
	}
	check_works();
	virtio_device_free(device);
	drain();
	return 0;
}
