/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A block device and a driver that may do anything, over an engine of our own
 * in place of the disk: it looks at all that it is told to do, does it to
 * memory, and completes requests when and in which order the input says. RAM
 * ends in pages that nobody may touch. After each input a reset must give back
 * a device that works.
 */
#include <errno.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "virtio_blk.h"
#include "virtio_mmio.h"

#define PAGE 4096u
#define RAM 0x50000000ull
#define RAM_SIZE (16u * PAGE)
#define HIGH 0x58000000ull
#define HIGH_SIZE PAGE
#define TABLE(q) (RAM + 0x3000u * (q)) /* descriptors, then each a page on: available, used */
#define INDIRECT (RAM + 0x6000u)
#define HEADERS (RAM + 0x8000u) /* of requests, 16 bytes each */
#define QUEUES 2u
#define DISK_SIZE (64u * 512u)

static struct fuzz_input input;
static struct guest_memory memory;
static uint8_t *ram;
static struct event_loop loop;
static struct virtio_device *device;
static bool readonly;
static int file; /* without content; asked whether it could have holes */

/* The engine. */
struct disk_io {
	int event;
	unsigned count; /* of requests under way */
	struct disk_request *request[DISK_IO_REQUESTS];
	uint8_t bytes[DISK_SIZE];
};

static struct disk_io engine;

int disk_io_new(int fd, enum disk_engine kind, struct disk_io **ret_disk, int *ret_event)
{
	(void)fd;
	(void)kind;
	engine.count = 0;
	engine.event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	ALWAYS(engine.event >= 0);
	*ret_disk = &engine;
	*ret_event = engine.event;
	return 0;
}

void disk_io_free(struct disk_io *disk)
{
	ALWAYS(disk->count == 0);
	close(disk->event);
}

void disk_io_submit(struct disk_io *disk, struct disk_request *request)
{
	ALWAYS(disk->count < DISK_IO_REQUESTS);
	for (unsigned i = 0; i < disk->count; i++)
		ALWAYS(disk->request[i] != request);
	disk->request[disk->count++] = request;
}

static bool in_guest(const struct iovec *iov)
{
	for (unsigned i = 0; i < memory.count; i++) {
		const struct guest_range *range = &memory.range[i];
		const uint8_t *at = iov->iov_base;

		if (at >= range->host && at + iov->iov_len <= range->host + range->size)
			return iov->iov_len > 0;
	}
	return false;
}

/* The buffers of a transfer: all in RAM, as long together as it says, and now read or written. */
static void transfer(struct disk_io *disk, const struct disk_request *request)
{
	uint8_t *at = disk->bytes + request->offset;

	ALWAYS(request->num > 0 && request->num <= VIRTIO_BLK_SEG_MAX);
	for (unsigned i = 0; i < request->num; i++) {
		const struct iovec *iov = &request->iov[i];

		ALWAYS(in_guest(iov) && iov->iov_len <= (size_t)(disk->bytes + DISK_SIZE - at));
		if (request->op == DISK_READ)
			memcpy(iov->iov_base, at, iov->iov_len);
		else
			memcpy(at, iov->iov_base, iov->iov_len);
		at += iov->iov_len;
	}
	ALWAYS(at == disk->bytes + request->offset + request->length);
}

static void complete(struct disk_io *disk, unsigned index, int result)
{
	struct disk_request *request = disk->request[index];

	ALWAYS(request->op == DISK_READ || request->op == DISK_FLUSH || !readonly);
	if (request->op != DISK_FLUSH) {
		ALWAYS(request->length > 0 && request->offset % 512 == 0 && request->length % 512 == 0);
		ALWAYS(request->offset < DISK_SIZE && request->length <= DISK_SIZE - request->offset);
	}
	if (request->op == DISK_READ || request->op == DISK_WRITE)
		transfer(disk, request);
	if (request->op == DISK_ZERO)
		memset(disk->bytes + request->offset, 0, request->length);
	disk->request[index] = disk->request[--disk->count];
	request->done(request, result);
}

/* Some are done at once. */
void disk_io_kick(struct disk_io *disk)
{
	uint64_t how = fuzz_take(&input, 1);

	for (; how % 4 == 1 && disk->count > 0; how /= 4)
		complete(disk, disk->count - 1, 0);
}

void disk_io_reap(struct disk_io *disk)
{
	static const int results[] = { 0, 0, 0, -EIO, -EOPNOTSUPP, -EFAULT, -ENOSPC, 0 };
	uint64_t how = fuzz_take(&input, 1);
	eventfd_t count;

	(void)eventfd_read(disk->event, &count);
	for (uint64_t i = 0; i <= how % 8 && disk->count > 0; i++)
		complete(disk, (unsigned)(how / 8 % disk->count), results[how / 8 % 8]);
}

void disk_io_cancel(struct disk_request *request)
{
	request->cancelled = true;
}

/* One that is cancelled may have been done all the same. */
bool disk_io_wait(struct disk_io *disk)
{
	if (disk->count == 0)
		return false;
	complete(disk, 0, disk->request[0]->cancelled && disk->count % 2 ? -ECANCELED : 0);
	return true;
}

void disk_io_drain(struct disk_io *disk)
{
	while (disk_io_wait(disk))
		;
}

static void interrupt(struct virtio_host *host, uint32_t intid)
{
	(void)host;
	ALWAYS(intid == 78);
	ALWAYS(virtio_device_interrupt_status(device) != 0);
}

static struct virtio_host host = { .memory = &memory, .interrupt = interrupt };

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
	ALWAYS(event_loop_init(&loop) == 0);
	file = memfd_create("disk", MFD_CLOEXEC);
	ALWAYS(file >= 0);
}

static void store(uint32_t offset, uint32_t value)
{
	virtio_mmio_write(device, offset, 4, value);
	if (offset == 0x070 && value == 0)
		ALWAYS(engine.count == 0);
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
	uint64_t all = device->features_offered;

	negotiate(how & 8 ? all : all & ~(how & 1 ? VIRTIO_F_EVENT_IDX : VIRTIO_BLK_F_FLUSH));
	for (uint32_t q = 0; q < QUEUES; q++)
		place_queue(q, 1u << (how >> 4) % 8);
	store(0x070, 0xf);
}

static void do_access(void)
{
	uint64_t how = fuzz_take(&input, 1);
	uint64_t offset = how & 0x40 ? fuzz_number(&input) : fuzz_take(&input, 1) * 4 % 0x150;

	if (how & 1)
		virtio_mmio_write(device, offset, how & 2 ? 1 : 4, fuzz_number(&input));
	else
		(void)virtio_mmio_read(device, offset, how & 2 ? 8 : 4);
}

static uint64_t take_address(void)
{
	uint64_t how = fuzz_take(&input, 1);

	if (how % 16 == 0)
		return fuzz_number(&input);
	if (how % 8 == 1)
		return HIGH + fuzz_take(&input, 2) % (HIGH_SIZE + 16);
	if (how % 2 == 0)
		return HEADERS + how / 2 % 16 * 16;
	return RAM + fuzz_take(&input, 2) % (RAM_SIZE + 16);
}

static void write_guest(uint64_t ipa, const void *from, size_t size)
{
	void *to = guest_memory_at(&memory, ipa, size);

	if (to != NULL)
		memcpy(to, from, size);
}

/* Of a request, or of a range. */
static void do_header(void)
{
	static const uint32_t types[] = { 0, 1, 4, 8, 11, 13 };
	uint64_t how = fuzz_take(&input, 1);
	const struct {
		uint32_t type, reserved;
		uint64_t sector;
	} header = { how & 0x80 ? (uint32_t)fuzz_number(&input) : types[how / 16 % 6],
		     how & 0x80 ? (uint32_t)fuzz_number(&input) : 0, fuzz_number(&input) };
	const struct {
		uint64_t sector;
		uint32_t num, flags;
	} range = { header.sector, (uint32_t)fuzz_take(&input, 1) % 66, how & 0x40 ? header.type : 0 };

	if (how & 0x20)
		write_guest(HEADERS + how % 16 * 16, &range, sizeof(range));
	else
		write_guest(HEADERS + how % 16 * 16, &header, sizeof(header));
}

/* Lengths that make sense are likely. */
static uint32_t take_length(uint64_t how)
{
	static const uint32_t lengths[] = { 16, 16, 512, 1, 1024, 513, 17, 4096 };

	return how % 16 == 0 ? (uint32_t)fuzz_number(&input) : lengths[how % 8];
}

static void do_descriptor(void)
{
	uint64_t how = fuzz_take(&input, 1);
	uint64_t index = fuzz_take(&input, 1);
	struct virtqueue_desc desc = {
		.addr = how & 0x40 ? INDIRECT : take_address(),
		.len = how & 0x40 ? 16 * (uint32_t)(1 + how % 32) : take_length(how),
		.flags = (uint16_t)(fuzz_take(&input, 1) % 4 | (how & 0x40 ? 4 : 0)),
		.next = (uint16_t)((index + 1) % 16),
	};

	write_guest((how & 0x20 ? INDIRECT : TABLE(how >> 7)) + index % 128 * 16, &desc, sizeof(desc));
}

/* A whole request: header, data, status. */
static void do_request(void)
{
	uint64_t how = fuzz_take(&input, 1);
	const uint16_t written = how & 1 ? VIRTQUEUE_DESC_WRITE : 0;
	const uint64_t first = how / 16 * 3;
	const struct virtqueue_desc descs[] = {
		{ HEADERS + how % 16 * 16, 16, VIRTQUEUE_DESC_NEXT, (uint16_t)(first + 1) },
		{ take_address(), how & 2 ? 16 : 512 * (uint32_t)(1 + how % 4),
		  (uint16_t)(VIRTQUEUE_DESC_NEXT | written), (uint16_t)(first + 2) },
		{ RAM + RAM_SIZE - 16 + how % 16, 1, VIRTQUEUE_DESC_WRITE, 0 },
	};

	do_header();
	write_guest(TABLE(how & 1) + first * 16, descs, sizeof(descs));
}

static void do_offer(void)
{
	uint64_t how = fuzz_take(&input, 1);
	uint32_t q = how & 1;
	struct virtqueue_avail *avail = guest_memory_at(&memory, TABLE(q) + PAGE, PAGE);
	uint32_t size = device->queue[q].size ? device->queue[q].size : 1;

	for (unsigned i = 0; i <= (how >> 1) % 4; i++)
		avail->ring[avail->idx++ % size % 128] = (uint16_t)(fuzz_take(&input, 1) % 50);
	if (how >= 0xf0)
		avail->idx = (uint16_t)(avail->idx + fuzz_number(&input));
	store(VIRTIO_MMIO_QUEUE_NOTIFY, how & 0x40 ? (uint32_t)fuzz_number(&input) : q);
}

static void do_scribble(void)
{
	uint64_t ipa = take_address(), value = fuzz_number(&input);

	write_guest(ipa, &value, 8);
}

static void do_service(void)
{
	(void)virtio_device_service(device);
}

static void do_complete(void)
{
	ALWAYS(eventfd_write(engine.event, 1) == 0);
	ALWAYS(event_loop_turn(&loop, 0) == 0);
}

static void (*const acts[])(void) = {
	do_start,    do_access,  do_access,  do_descriptor, do_descriptor, do_header,   do_header,
	do_request,  do_request, do_request, do_request,    do_offer,      do_offer,    do_offer,
	do_scribble, do_service, do_service, do_service,    do_complete,   do_complete,
};

static void check(void)
{
	ALWAYS((virtio_device_interrupt_status(device) & ~3u) == 0);
	ALWAYS((device->status & ~0xcfu) == 0);
	ALWAYS(virtio_device_is_live(device) || device->pending == 0);
	ALWAYS((device->pending >> QUEUES) == 0);
	for (uint32_t q = 0; q < QUEUES; q++)
		ALWAYS(!device->queue[q].ready || device->queue[q].used_shown == device->queue[q].used_next);
}

/* The first sector can be read, whatever was before. */
static void check_works(void)
{
	const struct virtqueue_desc descs[] = {
		{ HEADERS, 16, VIRTQUEUE_DESC_NEXT, 1 },
		{ HIGH + HIGH_SIZE - 512, 512, VIRTQUEUE_DESC_NEXT | VIRTQUEUE_DESC_WRITE, 2 },
		{ HEADERS + 16, 1, VIRTQUEUE_DESC_WRITE, 0 },
	};
	struct virtqueue_avail *avail = guest_memory_at(&memory, TABLE(1) + PAGE, PAGE);
	const struct virtqueue_used *used = guest_memory_at(&memory, TABLE(1) + 2 * PAGE, PAGE);

	negotiate(VIRTIO_F_VERSION_1);
	memset(ram, 0, RAM_SIZE);
	memset(engine.bytes, 0x5a, 512);
	place_queue(1, 4);
	store(0x070, 0xf);
	ALWAYS(virtio_mmio_read(device, 0x070, 4) == 0xf);
	write_guest(TABLE(1), descs, sizeof(descs));
	*(uint8_t *)guest_memory_at(&memory, HEADERS + 16, 1) = 0xee;
	avail->idx = 1;
	store(VIRTIO_MMIO_QUEUE_NOTIFY, 1);
	ALWAYS(!virtio_device_service(device));
	disk_io_drain(&engine);
	do_complete();
	ALWAYS(*(uint8_t *)guest_memory_at(&memory, HEADERS + 16, 1) == 0);
	ALWAYS(*(uint8_t *)guest_memory_at(&memory, HIGH + HIGH_SIZE - 1, 1) == 0x5a);
	ALWAYS(used->idx == 1 && used->ring[0].id == 0 && used->ring[0].len == 513);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct virtio_blk_options options = {
		.size = DISK_SIZE, .block_size = 512, .num_queues = QUEUES, .serial = "fuzz"
	};
	struct virtio_blk *blk;

	input = (struct fuzz_input){ data, size };
	init();
	memset(ram, 0, RAM_SIZE);
	options.fd = file;
	readonly = options.readonly = fuzz_take(&input, 1) % 8 == 0;
	ALWAYS(virtio_blk_new(&host, 78, &loop, &options, &blk) == 0);
	device = virtio_blk_device(blk);
	do_start();
	while (input.left > 0) {
		acts[fuzz_take(&input, 1) % (sizeof(acts) / sizeof(acts[0]))]();
		check();
	}
	check_works();
	virtio_device_free(device);
	return 0;
}
