/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every case stands on: a driver that can do it right. */
#include "hostile.h"

#define DEVICE(number, text, place, interrupt, type, count, bits, at_once, is_writable)                      \
	[number] = { .name = text,                                                                           \
		     .kind = number,                                                                         \
		     .ipa = HOSTILE_REGION + (place),                                                        \
		     .intid = interrupt,                                                                     \
		     .id = type,                                                                             \
		     .queues = count,                                                                        \
		     .features = bits,                                                                       \
		     .queue = at_once,                                                                       \
		     .writable = is_writable }

struct hostile_device hostile_device[H_KINDS] = {
	DEVICE(H_CONSOLE, "console", 0, 64, 3, 6, 0x3, 1, false),
	DEVICE(H_BLK, "blk", 0x200, 65, 2, 2, 0x7204, 0, false),
	DEVICE(H_BLK_RO, "blk-ro", 0x400, 66, 2, 1, 0x224, 0, false),
	DEVICE(H_NET, "net", 0x600, 67, 1, 3, 0x870000, 1, false),
	DEVICE(H_RNG, "rng", 0x800, 68, 4, 1, 0, 0, true),
	DEVICE(H_PL011, "pl011", 0x1000, 69, 0, 0, 0, 0, false),
	DEVICE(H_KEY, "power_key", 0x2000, 70, 0, 0, 0, 0, false),
};

uint32_t h_get(const struct hostile_device *device, uint32_t offset)
{
	return (uint32_t)hostile_load(device->ipa + offset, 4);
}

void h_set(const struct hostile_device *device, uint32_t offset, uint32_t value)
{
	hostile_store(device->ipa + offset, 4, value);
}

void h_set64(const struct hostile_device *device, uint32_t offset, uint64_t value)
{
	h_set(device, offset, (uint32_t)value);
	h_set(device, offset + 4, (uint32_t)(value >> 32));
}

void h_fill(uint64_t ipa, uint8_t byte, size_t size)
{
	volatile uint8_t *to = hostile_at(ipa);

	for (size_t i = 0; i < size; i++)
		to[i] = byte;
}

void h_put(uint64_t ipa, const void *from, size_t size)
{
	volatile uint8_t *to = hostile_at(ipa);

	for (size_t i = 0; i < size; i++)
		to[i] = ((const uint8_t *)from)[i];
}

static void store16(uint64_t ipa, uint16_t value)
{
	__atomic_store_n((uint16_t *)hostile_at(ipa), value, __ATOMIC_RELEASE);
}

static uint16_t load16(uint64_t ipa)
{
	return __atomic_load_n((const uint16_t *)hostile_at(ipa), __ATOMIC_ACQUIRE);
}

bool h_negotiate(struct hostile_device *device, uint64_t features)
{
	h_set(device, H_STATUS, 0);
	h_set(device, H_STATUS, 1);
	h_set(device, H_STATUS, 3);
	for (uint32_t sel = 0; sel < 2; sel++) {
		h_set(device, H_DRIVER_FEATURES_SEL, sel);
		h_set(device, H_DRIVER_FEATURES, (uint32_t)(features >> (32 * sel)));
	}
	h_set(device, H_STATUS, 3 | H_FEATURES_OK);
	return (h_get(device, H_STATUS) & H_FEATURES_OK) != 0;
}

void h_place(struct hostile_device *device, uint32_t q, uint32_t size)
{
	h_fill(h_desc(device, q), 0, HOSTILE_SIZE * 16);
	h_fill(h_avail(device, q), 0, 4 + HOSTILE_SIZE * 2 + 2);
	h_fill(h_used(device, q), 0, 4 + HOSTILE_SIZE * 8 + 2);
	device->offered[q] = device->used[q] = 0;
	h_set(device, H_QUEUE_SEL, q);
	h_set(device, H_QUEUE_NUM, size);
	h_set64(device, H_QUEUE_DESC, h_desc(device, q));
	h_set64(device, H_QUEUE_DRIVER, h_avail(device, q));
	h_set64(device, H_QUEUE_DEVICE, h_used(device, q));
}

void h_live(struct hostile_device *device)
{
	for (uint32_t q = 0; q < device->queues; q++) {
		h_place(device, q, HOSTILE_SIZE);
		h_set(device, H_QUEUE_READY, 1);
	}
	h_set(device, H_STATUS, 3 | H_FEATURES_OK | H_DRIVER_OK);
}

void h_start(struct hostile_device *device, uint64_t features)
{
	if (device->id == 0)
		return;
	H_CHECK(h_negotiate(device, H_F_VERSION_1 | features), "features are not agreed on");
	h_live(device);
	H_CHECK(h_get(device, H_STATUS) == 0xf, "it does not start");
}

void h_describe_at(uint64_t table, uint32_t index, uint64_t addr, uint32_t len, unsigned flags, unsigned next)
{
	const struct {
		uint64_t addr;
		uint32_t len;
		uint16_t flags, next;
	} desc = { addr, len, (uint16_t)flags, (uint16_t)next };

	h_put(table + index * 16ull, &desc, sizeof(desc));
}

void h_describe(struct hostile_device *device, uint32_t q, uint32_t index, uint64_t addr, uint32_t len,
		unsigned flags, unsigned next)
{
	h_describe_at(h_desc(device, q), index, addr, len, flags, next);
}

void h_offer(struct hostile_device *device, uint32_t q, unsigned head)
{
	store16(h_avail(device, q) + 4 + 2ull * (device->offered[q] % HOSTILE_SIZE), (uint16_t)head);
	store16(h_avail(device, q) + 2, ++device->offered[q]);
}

void h_notify(const struct hostile_device *device, uint32_t q)
{
	h_set(device, H_QUEUE_NOTIFY, q);
}

void h_send(struct hostile_device *device, uint64_t addr, uint32_t len, unsigned flags, unsigned next)
{
	h_describe(device, device->queue, 0, addr, len, flags, next);
	h_offer(device, device->queue, 0);
	h_notify(device, device->queue);
}

/* Stores are answered, and what was notified before is looked at first. */
void h_settle(const struct hostile_device *device)
{
	for (unsigned i = 0; i < 4; i++)
		h_set(device, H_QUEUE_SEL, 0);
}

bool h_is_broken(const struct hostile_device *device)
{
	return device->id != 0 && (h_get(device, H_STATUS) & H_NEEDS_RESET) != 0;
}

struct awaited {
	const struct hostile_device *device;
	uint32_t q;
	bool broken;
};

static bool has_used(void *arg)
{
	struct awaited *awaited = arg;

	if (load16(h_used(awaited->device, awaited->q) + 2) != awaited->device->used[awaited->q])
		return true;
	awaited->broken = h_is_broken(awaited->device);
	return awaited->broken;
}

bool h_await(struct hostile_device *device, uint32_t q, uint32_t *ret_id, uint32_t *ret_len)
{
	struct awaited awaited = { device, q, false };
	const uint64_t ring = h_used(device, q) + 4;
	const uint32_t *elem;

	if (!hostile_until(has_used, &awaited) || awaited.broken)
		return false;
	elem = hostile_at(ring + 8ull * (device->used[q]++ % HOSTILE_SIZE));
	*ret_id = elem[0];
	*ret_len = elem[1];
	return true;
}

uint8_t h_request(struct hostile_device *device, uint32_t type, uint64_t sector, uint32_t bytes)
{
	const bool out = type == 1 || type == 11 || type == 13;
	const uint64_t place = h_buffer(device);
	const struct {
		uint32_t type, reserved;
		uint64_t sector;
	} header = { type, 0, sector };
	volatile uint8_t *answer = hostile_at(place + 0x100);
	uint32_t id, len;

	*answer = 0xff;
	h_put(place, &header, sizeof(header));
	h_describe(device, 0, 0, place, sizeof(header), H_NEXT, bytes > 0 ? 1 : 2);
	h_describe(device, 0, 1, place + 0x1000, bytes, H_NEXT | (out ? 0 : H_WRITE), 2);
	h_describe(device, 0, 2, place + 0x100, 1, H_WRITE, 0);
	h_offer(device, 0, 0);
	h_notify(device, 0);
	return h_await(device, 0, &id, &len) && id == 0 ? *answer : 0xff;
}

static void check_disk(struct hostile_device *device)
{
	const uint64_t data = h_buffer(device) + 0x1000;
	static uint8_t seed;

	H_CHECK(h_request(device, 0, 0, 512) == 0, "the disk does not read");
	if (device->kind == H_BLK_RO)
		return;
	h_fill(data, ++seed, 1024);
	H_CHECK(h_request(device, 1, 7, 1024) == 0, "the disk does not write");
	h_fill(data, 0, 1024);
	H_CHECK(h_request(device, 0, 8, 512) == 0, "the disk does not read");
	H_CHECK(*(volatile uint8_t *)hostile_at(data + 511) == seed, "the disk forgets");
}

/* The queue that takes at once: a character, a frame, or bytes to be random. */
static void check_queue(struct hostile_device *device)
{
	const uint32_t length = device->kind == H_CONSOLE ? 1 : 72;
	uint32_t id = 9, len = 0, sum = 0;

	h_fill(h_buffer(device), device->kind == H_CONSOLE ? '.' : 0, length);
	h_send(device, h_buffer(device), length, h_way(device), 0);
	H_CHECK(h_await(device, device->queue, &id, &len) && id == 0, "it does not serve its queue");
	for (uint32_t i = 0; i < length; i++)
		sum += ((volatile uint8_t *)hostile_at(h_buffer(device)))[i];
	H_CHECK(device->kind != H_RNG || (len == length && sum != 0), "nothing is random");
}

void h_check_works(struct hostile_device *device)
{
	if (device->kind == H_PL011) {
		h_set(device, 0, '.');
		H_CHECK((h_get(device, 0x18) & 0xa0) == 0x80, "the serial port does not send");
		H_CHECK(h_get(device, 0xfe0) == 0x11, "no serial port");
	} else if (device->kind == H_KEY) {
		H_CHECK(h_get(device, 0xfe0) == 0x61, "no key");
	} else if (device->kind == H_BLK || device->kind == H_BLK_RO) {
		check_disk(device);
	} else {
		check_queue(device);
	}
}
