/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz_driver.h"

#include <sys/mman.h>

#define TABLE(q) (FUZZ_RAM + 0x3000u * (q)) /* descriptors, then each a page on: available, used */
#define MAX_QUEUES 6u                       /* that have a place */
#define INDIRECT (FUZZ_RAM + 18 * FUZZ_PAGE)
#define HEAD (FUZZ_RAM + 19 * FUZZ_PAGE)
#define DATA (FUZZ_RAM + 20 * FUZZ_PAGE)
#define PATIENCE 10000u

static void interrupt(struct virtio_host *host, uint32_t intid)
{
	struct fuzz_driver *driver =
		(struct fuzz_driver *)(void *)((char *)host - offsetof(struct fuzz_driver, host));

	ALWAYS(intid == FUZZ_INTID);
	ALWAYS(virtio_device_interrupt_status(driver->device) != 0);
	driver->interrupts++;
}

static uint8_t *map_guarded(uint32_t size)
{
	uint8_t *base = mmap(NULL, size + 2 * FUZZ_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ALWAYS(base != MAP_FAILED);
	ALWAYS(mprotect(base + FUZZ_PAGE, size, PROT_READ | PROT_WRITE) == 0);
	return base + FUZZ_PAGE;
}

void fuzz_driver_init(struct fuzz_driver *driver)
{
	driver->ram = map_guarded(FUZZ_RAM_SIZE);
	driver->host = (struct virtio_host){ .memory = &driver->memory, .interrupt = interrupt };
	ALWAYS(guest_memory_add(&driver->memory, FUZZ_RAM, FUZZ_RAM_SIZE, driver->ram) == 0);
	ALWAYS(guest_memory_add(&driver->memory, FUZZ_HIGH, FUZZ_PAGE, map_guarded(FUZZ_PAGE)) == 0);
}

static uint64_t take(struct fuzz_driver *driver, size_t bytes)
{
	return fuzz_take(&driver->input, bytes);
}

static uint32_t queues(const struct fuzz_driver *driver)
{
	return driver->device->num_queues < MAX_QUEUES ? driver->device->num_queues : MAX_QUEUES;
}

static void store(struct fuzz_driver *driver, uint32_t offset, uint32_t value)
{
	virtio_mmio_write(driver->device, offset, 4, value);
}

static void settle(struct fuzz_driver *driver, const struct fuzz_type *type)
{
	for (unsigned i = 0; i < PATIENCE; i++) {
		const bool more = virtio_device_service(driver->device);

		if (!(type->settle && type->settle(driver)) && !more)
			return;
	}
	ALWAYS(false); /* it comes to an end */
}

static void negotiate(struct fuzz_driver *driver, uint64_t features)
{
	store(driver, 0x070, 0);
	store(driver, 0x070, 3);
	for (uint32_t sel = 0; sel < 2; sel++) {
		store(driver, 0x024, sel);
		store(driver, 0x020, (uint32_t)(features >> (32 * sel)));
	}
	store(driver, 0x070, 0xb);
}

static void place_queue(struct fuzz_driver *driver, uint32_t q, uint32_t size)
{
	store(driver, 0x030, q);
	store(driver, 0x038, size);
	store(driver, 0x080, (uint32_t)TABLE(q));
	store(driver, 0x090, (uint32_t)TABLE(q) + FUZZ_PAGE);
	store(driver, 0x0a0, (uint32_t)TABLE(q) + 2 * FUZZ_PAGE);
	store(driver, 0x044, 1);
}

static void do_start(struct fuzz_driver *driver, const struct fuzz_type *type)
{
	const uint64_t how = take(driver, 1);
	const uint64_t mask = how & 8 ? take(driver, 3) : UINT64_MAX;

	negotiate(driver, VIRTIO_F_VERSION_1 | (how & 1 ? VIRTIO_F_INDIRECT_DESC : 0) |
				  (how & 2 ? VIRTIO_F_EVENT_IDX : 0) | (how & 4 ? VIRTIO_F_RING_RESET : 0) |
				  (type->features & driver->device->features_offered & mask));
	for (uint32_t q = 0; q < queues(driver); q++)
		place_queue(driver, q, 1u << (how >> 4) % 9);
	store(driver, 0x070, 0xf);
}

static void do_access(struct fuzz_driver *driver, const struct fuzz_type *type)
{
	const uint64_t how = take(driver, 1);
	const uint32_t size = how & 0x80 ? (uint32_t)take(driver, 1) : 4;
	const uint64_t offset = how & 0x40 ? fuzz_number(&driver->input) : take(driver, 1) * 4 % 0x150;

	(void)type;
	if (how & 1)
		virtio_mmio_write(driver->device, offset, size, fuzz_number(&driver->input));
	else
		(void)virtio_mmio_read(driver->device, offset, size);
}

/* An address that may well be one. */
static uint64_t take_address(struct fuzz_driver *driver)
{
	const uint64_t how = take(driver, 1);

	if (how % 8 == 0)
		return fuzz_number(&driver->input);
	if (how % 8 == 1)
		return FUZZ_HIGH + take(driver, 2) % (FUZZ_PAGE + 16);
	return FUZZ_RAM + take(driver, 3) % (FUZZ_RAM_SIZE + 16);
}

static void write_guest(struct fuzz_driver *driver, uint64_t ipa, const void *from, size_t size)
{
	void *to = guest_memory_at(&driver->memory, ipa, size);

	if (to)
		memcpy(to, from, size);
}

static void put_desc(struct fuzz_driver *driver, uint64_t table, uint64_t index, struct virtqueue_desc desc)
{
	write_guest(driver, table + index % 256 * sizeof(desc), &desc, sizeof(desc));
}

static void do_descriptor(struct fuzz_driver *driver, const struct fuzz_type *type)
{
	const uint64_t how = take(driver, 1);
	const uint64_t index = take(driver, 1) % 16;
	struct virtqueue_desc desc = {
		.addr = how & 0x40 ? INDIRECT : take_address(driver),
		.len = how & 0x40 ? 16 * (uint32_t)(1 + how % 32)
				  : (uint32_t)fuzz_number(&driver->input) & 0xffff,
		.flags = (uint16_t)(take(driver, 1) % 4 | (how & 0x40 ? 4 : 0)),
		.next = (uint16_t)(take(driver, 1) % 16),
	};

	(void)type;
	if (how % 16 == 0)
		desc.len = (uint32_t)fuzz_number(&driver->input);
	put_desc(driver, how & 0x20 ? INDIRECT : TABLE(how % queues(driver)), index, desc);
}

static void do_scribble(struct fuzz_driver *driver, const struct fuzz_type *type)
{
	const uint64_t ipa = take_address(driver), value = fuzz_number(&driver->input);

	(void)type;
	write_guest(driver, ipa, &value, 8);
}

static struct virtqueue_avail *avail_of(struct fuzz_driver *driver, uint32_t q)
{
	return guest_memory_at(&driver->memory, TABLE(q) + FUZZ_PAGE, FUZZ_PAGE);
}

static void offer(struct fuzz_driver *driver, uint32_t q, uint16_t head)
{
	struct virtqueue_avail *avail = avail_of(driver, q);
	const uint32_t size = driver->device->queue[q].size ? driver->device->queue[q].size : 1;

	avail->ring[avail->idx % size % 256] = head;
	avail->idx++;
}

static void do_offer(struct fuzz_driver *driver, const struct fuzz_type *type)
{
	const uint64_t how = take(driver, 1);
	const uint32_t q = (uint32_t)take(driver, 1) % queues(driver);
	struct virtqueue_avail *avail = avail_of(driver, q);

	(void)type;
	for (unsigned i = 0; i <= (how >> 1) % 4; i++)
		offer(driver, q, (uint16_t)(take(driver, 1) % 18));
	if (how >= 0xf0)
		avail->idx = (uint16_t)(avail->idx + fuzz_number(&driver->input));
	if (how & 0x20)
		avail->flags ^= 1;
	store(driver, VIRTIO_MMIO_QUEUE_NOTIFY, how & 0x40 ? (uint32_t)fuzz_number(&driver->input) : q);
}

/* Nearly a request: a head, data of one direction or the other, one byte for an answer. */
static void do_request(struct fuzz_driver *driver, const struct fuzz_type *type)
{
	const uint64_t how = take(driver, 1);
	const uint32_t q = (uint32_t)take(driver, 1) % queues(driver);
	const uint64_t first = take(driver, 1) % 4 * 4, place = HEAD + first * 64;
	const uint64_t table = how & 0x80 ? INDIRECT : TABLE(q);
	uint8_t head[64] = { 0 };
	uint32_t size = type->head ? type->head(driver, q, head) : 0;
	uint32_t length =
		how & 1 ? (uint32_t)fuzz_number(&driver->input) % 0x10000 : 512 * (1 + (uint32_t)how / 8 % 8);
	uint16_t flags = how & 2 ? VIRTQUEUE_DESC_WRITE : 0;
	uint64_t at = first;

	write_guest(driver, place, head, sizeof(head));
	if (how & 0x80) /* through an indirect table */
		put_desc(driver, TABLE(q), first, (struct virtqueue_desc){ INDIRECT + first * 16, 64, 4, 0 });
	if (size > 0) {
		const uint16_t next = (uint16_t)(how & 0x80 ? 1 : first + 1);

		put_desc(driver, table, at++, (struct virtqueue_desc){ place, size, 1, next });
	}
	if (how & 4)
		flags |= VIRTQUEUE_DESC_NEXT;
	put_desc(driver, table, at,
		 (struct virtqueue_desc){ DATA + take(driver, 2) % 0x8000, length, flags,
					  (uint16_t)((how & 0x80 ? at - first : at) + 1) });
	put_desc(driver, table, at + 1, (struct virtqueue_desc){ place + 63, 1, VIRTQUEUE_DESC_WRITE, 0 });
	offer(driver, q, (uint16_t)first);
	store(driver, VIRTIO_MMIO_QUEUE_NOTIFY, q);
}

static void do_service(struct fuzz_driver *driver, const struct fuzz_type *type)
{
	(void)type;
	(void)virtio_device_service(driver->device);
}

static void do_settle(struct fuzz_driver *driver, const struct fuzz_type *type)
{
	settle(driver, type);
}

static void do_outside(struct fuzz_driver *driver, const struct fuzz_type *type)
{
	if (type->outside)
		type->outside(driver);
}

static void (*const acts[])(struct fuzz_driver *driver, const struct fuzz_type *type) = {
	do_start,   do_access,  do_access,   do_descriptor, do_descriptor, do_offer,   do_offer,   do_request,
	do_request, do_request, do_scribble, do_service,    do_settle,     do_outside, do_outside,
};

static void check(const struct fuzz_driver *driver)
{
	const struct virtio_device *device = driver->device;

	ALWAYS((virtio_device_interrupt_status(device) & ~3u) == 0);
	ALWAYS((device->status & ~0xcfu) == 0);
	ALWAYS(virtio_device_is_live(device) || device->pending == 0);
	ALWAYS((device->pending >> device->num_queues) == 0);
	for (uint32_t q = 0; q < device->num_queues; q++) {
		const struct virtqueue *queue = &device->queue[q];

		ALWAYS(!queue->ready || (queue->desc && queue->avail && queue->used));
	}
}

/* One chain is served, whatever was before. */
static void check_works(struct fuzz_driver *driver, const struct fuzz_type *type)
{
	uint32_t q, data, size;
	struct virtqueue_used *used;
	bool writable;

	store(driver, 0x070, 0);
	memset(driver->ram, 0, FUZZ_RAM_SIZE);
	size = type->works(driver->ram + (HEAD - FUZZ_RAM), &q, &data, &writable);
	negotiate(driver, VIRTIO_F_VERSION_1);
	place_queue(driver, q, 8);
	store(driver, 0x070, 0xf);
	ALWAYS(virtio_mmio_read(driver->device, 0x070, 4) == 0xf);
	if (size > 0)
		put_desc(driver, TABLE(q), 0, (struct virtqueue_desc){ HEAD, size, 1, 1 });
	put_desc(driver, TABLE(q), size > 0,
		 (struct virtqueue_desc){ DATA, data, writable ? VIRTQUEUE_DESC_WRITE : 0, 0 });
	driver->interrupts = 0;
	offer(driver, q, 0);
	store(driver, VIRTIO_MMIO_QUEUE_NOTIFY, q);
	if (type->outside)
		type->outside(driver); /* for those that wait for something */
	driver->waiting = true;
	used = guest_memory_at(&driver->memory, TABLE(q) + 2 * FUZZ_PAGE, FUZZ_PAGE);
	for (unsigned i = 0; i < PATIENCE && __atomic_load_n(&used->idx, __ATOMIC_ACQUIRE) == 0; i++)
		settle(driver, type);
	driver->waiting = false;
	ALWAYS(used->idx == 1 && used->ring[0].id == 0 && driver->interrupts >= 1);
	store(driver, 0x070, 0);
}

void fuzz_driver_run(struct fuzz_driver *driver, const struct fuzz_type *type, const uint8_t *data,
		     size_t size)
{
	driver->input = (struct fuzz_input){ data, size };
	memset(driver->ram, 0, FUZZ_RAM_SIZE);
	do_start(driver, type);
	while (driver->input.left > 0) {
		acts[take(driver, 1) % (sizeof(acts) / sizeof(acts[0]))](driver, type);
		check(driver);
	}
	check_works(driver, type);
}
