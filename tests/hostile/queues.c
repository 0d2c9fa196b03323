/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rings and descriptors (section 2.7). */
#include "hostile.h"

typedef struct hostile_device *device_t;

/* The device's queue is taken out and put back with one address changed. */
static void replace(device_t d, uint32_t reg, uint64_t value)
{
	h_set(d, H_QUEUE_SEL, d->queue);
	h_set(d, H_QUEUE_READY, 0);
	h_set64(d, reg, value);
	h_set(d, H_QUEUE_READY, 1);
}

#define CASE(name, ...)                                                                                      \
	static void name(device_t d)                                                                         \
	{                                                                                                    \
		__VA_ARGS__;                                                                                 \
	}

CASE(table_at_0, replace(d, H_QUEUE_DESC, 0))
CASE(table_below, replace(d, H_QUEUE_DESC, HOSTILE_RAM - 16))
CASE(table_past_end, replace(d, H_QUEUE_DESC, HOSTILE_RAM_END - 112))
CASE(table_wraps, replace(d, H_QUEUE_DESC, UINT64_MAX - 15))
CASE(table_misaligned, replace(d, H_QUEUE_DESC, h_desc(d, 0) + 8))
CASE(table_foreign, replace(d, H_QUEUE_DESC, HOSTILE_FOREIGN))
CASE(table_on_device, replace(d, H_QUEUE_DESC, HOSTILE_REGION))
CASE(avail_at_0, replace(d, H_QUEUE_DRIVER, 0))
CASE(avail_past_end, replace(d, H_QUEUE_DRIVER, HOSTILE_RAM_END - 18))
CASE(avail_wraps, replace(d, H_QUEUE_DRIVER, UINT64_MAX - 1))
CASE(avail_misaligned, replace(d, H_QUEUE_DRIVER, h_avail(d, 0) + 1))
CASE(avail_on_device, replace(d, H_QUEUE_DRIVER, d->ipa))
CASE(used_at_0, replace(d, H_QUEUE_DEVICE, 0))
CASE(used_past_end, replace(d, H_QUEUE_DEVICE, HOSTILE_RAM_END - 64))
CASE(used_wraps, replace(d, H_QUEUE_DEVICE, UINT64_MAX - 3))
CASE(used_misaligned, replace(d, H_QUEUE_DEVICE, h_used(d, 0) + 2))
CASE(used_foreign, replace(d, H_QUEUE_DEVICE, HOSTILE_FOREIGN + 0x1000))
CASE(used_on_device, replace(d, H_QUEUE_DEVICE, d->ipa + H_CONFIG))

static void event_past_end(device_t d)
{
	h_start(d, H_F_EVENT_IDX | d->features);
	replace(d, H_QUEUE_DEVICE, HOSTILE_RAM_END - 68); /* all but avail_event */
}

/* To the last byte: allowed. */
static void used_at_end(device_t d)
{
	h_fill(HOSTILE_RAM_END - 68, 0, 68);
	replace(d, H_QUEUE_DEVICE, HOSTILE_RAM_END - 68);
	h_send(d, h_buffer(d), 72, h_way(d), 0);
	h_settle(d);
}

static void rings_overlap(device_t d)
{
	h_set(d, H_QUEUE_SEL, d->queue);
	h_set(d, H_QUEUE_READY, 0);
	h_set64(d, H_QUEUE_DRIVER, h_desc(d, d->queue));
	h_set64(d, H_QUEUE_DEVICE, h_desc(d, d->queue));
	h_set(d, H_QUEUE_READY, 1);
	for (unsigned i = 0; i < 20; i++) {
		h_describe(d, d->queue, i % HOSTILE_SIZE, h_buffer(d), 1 + i, h_way(d), 0);
		h_notify(d, d->queue);
		h_settle(d);
	}
}

static void jump(device_t d, unsigned by)
{
	volatile uint16_t *avail = hostile_at(h_avail(d, d->queue));

	avail[1] = (uint16_t)(avail[1] + by);
	h_notify(d, d->queue);
}

CASE(jump_by_size, jump(d, HOSTILE_SIZE + 1))
CASE(jump_far, jump(d, 0x8000))
CASE(jump_back, jump(d, 0xffff))
CASE(head_beyond, h_offer(d, d->queue, HOSTILE_SIZE); h_notify(d, d->queue))
CASE(head_ffff, h_offer(d, d->queue, 0xffff); h_notify(d, d->queue))

/* A descriptor is the driver's to give away once: what happens twice is its own affair. */
static void head_twice(device_t d)
{
	h_describe(d, d->queue, 0, h_buffer(d), 64, h_way(d), 0);
	for (unsigned i = 0; i < HOSTILE_SIZE; i++)
		h_offer(d, d->queue, 0);
	h_notify(d, d->queue);
}

CASE(loop_1, h_send(d, h_buffer(d), 1, h_way(d) | H_NEXT, 0))

static void loop_2(device_t d)
{
	h_describe(d, d->queue, 5, h_buffer(d), 1, h_way(d) | H_NEXT, 0);
	h_send(d, h_buffer(d), 1, h_way(d) | H_NEXT, 5);
}

static void loop_at_end(device_t d)
{
	for (unsigned i = 1; i < HOSTILE_SIZE; i++)
		h_describe(d, d->queue, i, h_buffer(d), 1, h_way(d) | H_NEXT,
			   i + 1 < HOSTILE_SIZE ? i + 1 : i);
	h_send(d, h_buffer(d), 1, h_way(d) | H_NEXT, 1);
}

CASE(next_beyond, h_send(d, h_buffer(d), 1, h_way(d) | H_NEXT, HOSTILE_SIZE))
CASE(next_ffff, h_send(d, h_buffer(d), 1, h_way(d) | H_NEXT, 0xffff))
CASE(length_0, h_send(d, h_buffer(d), 0, h_way(d), 0))
CASE(length_4g, h_send(d, h_buffer(d), UINT32_MAX, h_way(d), 0))
CASE(length_2g, h_send(d, HOSTILE_RAM, 0x80000000, h_way(d), 0))
CASE(address_wraps, h_send(d, UINT64_MAX - 0xfff, 0x2000, h_way(d), 0))
CASE(address_wraps_to_ram, h_send(d, UINT64_MAX - 0xfff, UINT32_MAX, h_way(d), 0))
CASE(address_0, h_send(d, 0, 64, h_way(d), 0))
CASE(address_high_bits, h_send(d, h_buffer(d) | 1ull << 40, 64, h_way(d), 0))
CASE(address_foreign, h_send(d, HOSTILE_FOREIGN, 64, h_way(d), 0))
CASE(address_on_device, h_send(d, d->ipa, 64, h_way(d), 0))
CASE(address_of_gic, h_send(d, 0x08000000, 64, h_way(d), 0))
CASE(address_below, h_send(d, HOSTILE_RAM - 1, 2, h_way(d), 0))
CASE(address_past_end, h_send(d, HOSTILE_RAM_END - 63, 64, h_way(d), 0))

static void read_after_write(device_t d)
{
	h_describe(d, d->queue, 1, h_buffer(d), 16, 0, 0);
	h_send(d, h_buffer(d), 16, H_WRITE | H_NEXT, 1);
}

CASE(unknown_flags, h_send(d, h_buffer(d), 72, 0xfff8u | h_way(d), 0xffff))

/* An indirect table of one descriptor. */
static void through(device_t d, uint64_t addr, uint32_t len, unsigned flags, unsigned next)
{
	h_describe_at(h_table(d), 0, addr, len, flags, next);
	h_send(d, h_table(d), 16, H_INDIRECT, 0);
}

static void indirect_not_agreed(device_t d)
{
	h_start(d, 0);
	through(d, h_buffer(d), 64, h_way(d), 0);
}

CASE(indirect_with_next, h_send(d, h_table(d), 16, H_INDIRECT | H_NEXT, 1))
CASE(indirect_empty, h_send(d, h_table(d), 0, H_INDIRECT, 0))
CASE(indirect_17, h_send(d, h_table(d), 17, H_INDIRECT, 0))
CASE(indirect_huge, h_send(d, h_table(d), 0xfffffff0, H_INDIRECT, 0))
CASE(indirect_at_0, h_send(d, 0, 16, H_INDIRECT, 0))
CASE(indirect_past_end, h_send(d, HOSTILE_RAM_END - 16, 32, H_INDIRECT, 0))
CASE(indirect_wraps, h_send(d, UINT64_MAX - 15, 32, H_INDIRECT, 0))
CASE(indirect_on_device, h_send(d, d->ipa, 64, H_INDIRECT, 0))
CASE(indirect_nested, through(d, h_table(d), 16, H_INDIRECT, 0))
CASE(indirect_loop, through(d, h_buffer(d), 1, h_way(d) | H_NEXT, 0))
CASE(indirect_next_beyond, through(d, h_buffer(d), 1, h_way(d) | H_NEXT, 1))
CASE(indirect_buffer_foreign, through(d, HOSTILE_FOREIGN, 64, h_way(d), 0))

static void indirect_1025(device_t d)
{
	for (unsigned i = 0; i < 1025; i++)
		h_describe_at(h_table(d), i, h_buffer(d), 1, h_way(d) | H_NEXT, i + 1);
	h_send(d, h_table(d), 1025 * 16, H_INDIRECT, 0);
}

/* The driver's wish for interrupts at every distance: none is an error. */
static void event_extremes(device_t d)
{
	static const uint16_t events[] = { 0, 1, 7, 8, 0x7fff, 0x8000, 0x8001, 0xfffe, 0xffff };
	volatile uint16_t *avail = hostile_at(h_avail(d, d->queue));

	h_start(d, H_F_EVENT_IDX | d->features);
	for (unsigned i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		uint32_t id, len;

		avail[2 + HOSTILE_SIZE] = events[i];
		if (d->kind == H_BLK) {
			H_CHECK(h_request(d, 0, 0, 512) == 0, "the disk does not read");
			continue;
		}
		h_send(d, h_buffer(d), d->kind == H_CONSOLE ? 1 : 72, h_way(d), 0);
		H_CHECK(h_await(d, d->queue, &id, &len), "it does not serve");
	}
}

/* What the device writes is not what it believes. */
static void used_scribbled(device_t d)
{
	volatile uint8_t *used = hostile_at(h_used(d, d->queue));

	for (unsigned i = 0; i < 4 + HOSTILE_SIZE * 8 + 2; i++)
		used[i] = 0xff;
	h_describe(d, d->queue, 0, h_buffer(d), 72, h_way(d), 0);
	if (d->kind == H_BLK)
		return;
	h_offer(d, d->queue, 0);
	h_notify(d, d->queue);
	h_settle(d);
	H_CHECK(((volatile uint16_t *)(volatile void *)used)[1] == 1, "the device believes its used ring");
}

static void all_ones(device_t d)
{
	h_fill(h_desc(d, d->queue), 0xff, 0x3000);
	h_notify(d, d->queue);
}

/* Anything, a hundred times. */
static void noise(device_t d)
{
	static uint32_t state = 0x2545f491;

	for (unsigned round = 0; round < 100; round++) {
		volatile uint16_t *words = hostile_at(h_desc(d, d->queue));

		for (unsigned i = 0; i < HOSTILE_SIZE * 8; i++) {
			state = state * 1664525u + 1013904223u;
			words[i] = (uint16_t)(state >> 16 & (i % 8 == 6 ? 7 : i % 8 == 7 ? 7 : 0xffff));
			if (i % 8 == 2 || i % 8 == 3) /* somewhere in RAM, or not */
				words[i] = i % 8 == 2 ? 0x5080 : 0;
		}
		h_offer(d, d->queue, state >> 24 & 7);
		h_notify(d, d->queue);
		h_settle(d);
		if (h_is_broken(d))
			h_start(d, H_F_INDIRECT | d->features);
	}
}

#define ALL(text, want, run)                                                                                 \
	{                                                                                                    \
		text, H_VIRTIO, want, run                                                                    \
	}
/* Chains that are right, but no request of a disk. */
#define STREAMS(text, want, run)                                                                             \
	{                                                                                                    \
		text, H_VIRTIO & ~H_ON(H_BLK), want, run                                                     \
	}

const struct hostile_case hostile_queues[] = {
	ALL("descriptor table at 0", H_BREAKS, table_at_0),
	ALL("descriptor table below RAM", H_BREAKS, table_below),
	ALL("descriptor table beyond the end of RAM", H_BREAKS, table_past_end),
	ALL("descriptor table that wraps", H_BREAKS, table_wraps),
	ALL("descriptor table not aligned", H_BREAKS, table_misaligned),
	ALL("descriptor table in another zone", H_BREAKS, table_foreign),
	ALL("descriptor table on a device", H_BREAKS, table_on_device),
	ALL("available ring at 0", H_BREAKS, avail_at_0),
	ALL("available ring beyond the end of RAM", H_BREAKS, avail_past_end),
	ALL("available ring that wraps", H_BREAKS, avail_wraps),
	ALL("available ring not aligned", H_BREAKS, avail_misaligned),
	ALL("available ring on its device", H_BREAKS, avail_on_device),
	ALL("used ring at 0", H_BREAKS, used_at_0),
	ALL("used ring beyond the end of RAM", H_BREAKS, used_past_end),
	ALL("used ring that wraps", H_BREAKS, used_wraps),
	ALL("used ring not aligned", H_BREAKS, used_misaligned),
	ALL("used ring in another zone", H_BREAKS, used_foreign),
	ALL("used ring on its device", H_BREAKS, used_on_device),
	ALL("event index beyond the end of RAM", H_BREAKS, event_past_end),
	STREAMS("used ring up to the last byte of RAM", H_SURVIVES, used_at_end),
	ALL("rings upon each other", H_EITHER, rings_overlap),
	ALL("available index by one too many", H_BREAKS, jump_by_size),
	ALL("available index far ahead", H_BREAKS, jump_far),
	ALL("available index backwards", H_BREAKS, jump_back),
	ALL("head beyond the table", H_BREAKS, head_beyond),
	ALL("head 0xffff", H_BREAKS, head_ffff),
	STREAMS("one head, eight times", H_SURVIVES, head_twice),
	ALL("loop of one descriptor", H_BREAKS, loop_1),
	ALL("loop of two descriptors", H_BREAKS, loop_2),
	ALL("loop at the end of a chain", H_BREAKS, loop_at_end),
	ALL("next beyond the table", H_BREAKS, next_beyond),
	ALL("next 0xffff", H_BREAKS, next_ffff),
	ALL("buffer of length 0", H_BREAKS, length_0),
	ALL("buffer of length 2^32 - 1", H_BREAKS, length_4g),
	ALL("buffer of length 2^31", H_BREAKS, length_2g),
	ALL("buffer that wraps", H_BREAKS, address_wraps),
	ALL("buffer that wraps into RAM", H_BREAKS, address_wraps_to_ram),
	ALL("buffer at 0", H_BREAKS, address_0),
	ALL("buffer with a high bit", H_BREAKS, address_high_bits),
	ALL("buffer in another zone", H_BREAKS, address_foreign),
	ALL("buffer on its device", H_BREAKS, address_on_device),
	ALL("buffer on the interrupt controller", H_BREAKS, address_of_gic),
	ALL("buffer that begins below RAM", H_BREAKS, address_below),
	ALL("buffer that ends beyond RAM", H_BREAKS, address_past_end),
	ALL("readable after writable", H_BREAKS, read_after_write),
	STREAMS("unknown flags of a descriptor", H_SURVIVES, unknown_flags),
	ALL("indirect, not agreed on", H_BREAKS, indirect_not_agreed),
	ALL("indirect with NEXT", H_BREAKS, indirect_with_next),
	ALL("indirect of length 0", H_BREAKS, indirect_empty),
	ALL("indirect of length 17", H_BREAKS, indirect_17),
	ALL("indirect of length 2^32 - 16", H_BREAKS, indirect_huge),
	ALL("indirect at 0", H_BREAKS, indirect_at_0),
	ALL("indirect beyond the end of RAM", H_BREAKS, indirect_past_end),
	ALL("indirect that wraps", H_BREAKS, indirect_wraps),
	ALL("indirect on its device", H_BREAKS, indirect_on_device),
	ALL("indirect in indirect", H_BREAKS, indirect_nested),
	ALL("indirect with a loop", H_BREAKS, indirect_loop),
	ALL("indirect with next beyond its table", H_BREAKS, indirect_next_beyond),
	ALL("indirect with a buffer in another zone", H_BREAKS, indirect_buffer_foreign),
	ALL("indirect with 1025 buffers", H_BREAKS, indirect_1025),
	ALL("event index at every distance", H_SURVIVES, event_extremes),
	ALL("used ring scribbled over", H_SURVIVES, used_scribbled),
	ALL("all rings full of ones", H_BREAKS, all_ones),
	ALL("noise in the table", H_EITHER, noise),
};
const unsigned hostile_num_queues = sizeof(hostile_queues) / sizeof(hostile_queues[0]);
