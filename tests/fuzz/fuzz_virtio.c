/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A console device and a driver that may do anything: any register access, any
 * bytes in guest memory, and now and then something sensible, so that queues
 * are walked deeply. RAM ends in pages that nobody may touch. After each input
 * a reset must give back a device that works.
 */
#include <sys/mman.h>

#include "fuzz.h"
#include "virtio_console.h"
#include "virtio_mmio.h"

#define PAGE 4096u
#define RAM 0x50000000ull
#define RAM_SIZE (16u * PAGE)
#define HIGH 0x58000000ull
#define HIGH_SIZE PAGE
#define TABLE(q) (RAM + 0x3000u * (q)) /* descriptors, then each a page on: available, used */
#define INDIRECT (RAM + 0x6000u)
#define QUEUES 2u

static struct fuzz_input input;
static struct guest_memory memory;
static uint8_t *ram;
static struct virtio_console *console;
static struct virtio_device *device;
static uint64_t out_bytes;
static unsigned interrupts;

static void interrupt(struct virtio_host *host, uint32_t intid)
{
	(void)host;
	ALWAYS(intid == 78);
	ALWAYS(virtio_device_interrupt_status(device) != 0);
	interrupts++;
}

/* Reads every 64th byte it is given: all must be readable. */
static void output(struct console_sink *sink, const struct iovec *iov, unsigned count)
{
	static volatile uint8_t seen;

	(void)sink;
	for (unsigned i = 0; i < count; i++) {
		const uint8_t *data = iov[i].iov_base;

		ALWAYS(iov[i].iov_len > 0);
		for (size_t at = 0; at < iov[i].iov_len; at += 64)
			seen = (uint8_t)(seen ^ data[at]);
		seen = (uint8_t)(seen ^ data[iov[i].iov_len - 1]);
		out_bytes += iov[i].iov_len;
	}
}

static struct virtio_host host = { .memory = &memory, .interrupt = interrupt };
static struct console_sink sink = { .output = output };
static const struct virtio_console_options options = { .ports = 1, .sinks = { &sink } };

static uint8_t *map_guarded(uint32_t size)
{
	uint8_t *base = mmap(NULL, size + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ALWAYS(base != MAP_FAILED);
	ALWAYS(mprotect(base + PAGE, size, PROT_READ | PROT_WRITE) == 0);
	return base + PAGE;
}

static void init(void)
{
	if (ram != NULL)
		return;
	ram = map_guarded(RAM_SIZE);
	ALWAYS(guest_memory_add(&memory, RAM, RAM_SIZE, ram) == 0);
	ALWAYS(guest_memory_add(&memory, HIGH, HIGH_SIZE, map_guarded(HIGH_SIZE)) == 0);
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

static void do_start(void)
{
	uint64_t how = fuzz_take(&input, 1);

	negotiate(VIRTIO_F_VERSION_1 | (how & 1 ? VIRTIO_F_INDIRECT_DESC : 0) |
		  (how & 2 ? VIRTIO_F_EVENT_IDX : 0) | (how & 4 ? VIRTIO_F_RING_RESET : 0) |
		  (how & 8 ? VIRTIO_CONSOLE_F_SIZE : 0));
	for (uint32_t q = 0; q < QUEUES; q++)
		place_queue(q, 1u << (how >> 4) % 8);
	store(0x070, 0xf);
}

static void do_access(void)
{
	uint64_t how = fuzz_take(&input, 1);
	uint32_t size = how & 0x80 ? (uint32_t)fuzz_take(&input, 1) : 4;
	uint64_t offset = how & 0x40 ? fuzz_number(&input) : fuzz_take(&input, 1) * 4 % 0x110;

	if (how & 1)
		virtio_mmio_write(device, offset, size, fuzz_number(&input));
	else
		(void)virtio_mmio_read(device, offset, size);
}

/* An address that may well be one. */
static uint64_t take_address(void)
{
	uint64_t how = fuzz_take(&input, 1);

	if (how % 8 == 0)
		return fuzz_number(&input);
	if (how % 8 == 1)
		return HIGH + fuzz_take(&input, 2) % (HIGH_SIZE + 16);
	return RAM + fuzz_take(&input, 2) % (RAM_SIZE + 16);
}

static void write_guest(uint64_t ipa, const void *from, size_t size)
{
	void *to = guest_memory_at(&memory, ipa, size);

	if (to != NULL)
		memcpy(to, from, size);
}

static void do_descriptor(void)
{
	uint64_t how = fuzz_take(&input, 1);
	uint64_t index = fuzz_take(&input, 1);
	struct virtqueue_desc desc = {
		.addr = how & 0x40 ? INDIRECT : take_address(),
		.len = how & 0x40 ? 16 * (uint32_t)(1 + how % 32) : (uint32_t)fuzz_number(&input) & 0xffff,
		.flags = (uint16_t)(fuzz_take(&input, 1) % 4 | (how & 0x40 ? 4 : 0)),
		.next = (uint16_t)(fuzz_take(&input, 1) % 16),
	};

	if (how % 16 == 0)
		desc.len = (uint32_t)fuzz_number(&input);
	write_guest((how & 0x20 ? INDIRECT : TABLE(how >> 7)) + index % 128 * 16, &desc, sizeof(desc));
}

static void do_scribble(void)
{
	uint64_t ipa = take_address(), value = fuzz_number(&input);

	write_guest(ipa, &value, 8);
}

static void do_offer(void)
{
	uint64_t how = fuzz_take(&input, 1);
	uint32_t q = how & 1;
	struct virtqueue_avail *avail = guest_memory_at(&memory, TABLE(q) + PAGE, PAGE);
	uint32_t size = device->queue[q].size ? device->queue[q].size : 1;

	for (unsigned i = 0; i <= (how >> 1) % 4; i++)
		avail->ring[avail->idx++ % size % 128] = (uint16_t)(fuzz_take(&input, 1) % 130);
	if (how >= 0xf0)
		avail->idx = (uint16_t)(avail->idx + fuzz_number(&input));
	if (how & 0x20)
		avail->flags ^= 1;
	store(VIRTIO_MMIO_QUEUE_NOTIFY, how & 0x40 ? (uint32_t)fuzz_number(&input) : q);
}

static void do_service(void)
{
	(void)virtio_device_service(device);
}

static void do_input(void)
{
	static const uint8_t text[512];

	(void)virtio_console_input(console, 0, text, fuzz_take(&input, 1) * 2);
}

static void do_resize(void)
{
	virtio_console_resize(console, 0, (uint16_t)fuzz_take(&input, 2), (uint16_t)fuzz_take(&input, 1));
}

static void (*const acts[])(void) = {
	do_start,      do_access,     do_access,     do_access, do_descriptor,
	do_descriptor, do_descriptor, do_descriptor, do_offer,  do_offer,
	do_offer,      do_scribble,   do_service,    do_input,  do_resize,
};

static void check(void)
{
	ALWAYS((virtio_device_interrupt_status(device) & ~3u) == 0);
	ALWAYS((device->status & ~0xcfu) == 0);
	ALWAYS(virtio_device_is_live(device) || device->pending == 0);
	ALWAYS((device->pending >> QUEUES) == 0);
	for (uint32_t q = 0; q < QUEUES; q++) {
		const struct virtqueue *queue = &device->queue[q];

		ALWAYS(!queue->ready || (queue->desc && queue->avail && queue->used));
		ALWAYS(queue->used_shown == queue->used_next);
		/* every chain taken was given back, but the one that broke the device */
		ALWAYS(!queue->ready || (uint16_t)(queue->avail_next - queue->used_next) <=
						(device->status & VIRTIO_STATUS_NEEDS_RESET ? 1 : 0));
	}
}

/* One chain of output passes, whatever was before. */
static void check_works(void)
{
	const struct virtqueue_desc desc = { .addr = HIGH + HIGH_SIZE - 100, .len = 100 };
	struct virtqueue_avail *avail = guest_memory_at(&memory, TABLE(1) + PAGE, PAGE);
	const struct virtqueue_used *used = guest_memory_at(&memory, TABLE(1) + 2 * PAGE, PAGE);

	memset(ram, 0, RAM_SIZE);
	negotiate(VIRTIO_F_VERSION_1);
	place_queue(1, 4);
	store(0x070, 0xf);
	ALWAYS(virtio_mmio_read(device, 0x070, 4) == 0xf);
	write_guest(TABLE(1) + 3 * 16, &desc, sizeof(desc));
	avail->ring[0] = 3;
	avail->idx = 1;
	out_bytes = 0;
	interrupts = 0;
	store(VIRTIO_MMIO_QUEUE_NOTIFY, 1);
	ALWAYS(!virtio_device_service(device));
	ALWAYS(out_bytes == 100 && used->idx == 1 && used->ring[0].id == 3 && interrupts == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	input = (struct fuzz_input){ data, size };
	init();
	memset(ram, 0, RAM_SIZE);
	ALWAYS(virtio_console_new(&host, 78, &options, &console) == 0);
	device = virtio_console_device(console);
	do_start();
	while (input.left > 0) {
		acts[fuzz_take(&input, 1) % (sizeof(acts) / sizeof(acts[0]))]();
		check();
	}
	check_works();
	virtio_device_free(device);
	return 0;
}
