/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What changes while the device reads it: another CPU of the zone writes. */
#include "hostile.h"

typedef struct hostile_device *device_t;

#define ROUNDS 60u

static uint32_t next(void)
{
	static uint32_t state = 1;

	state = state * 1664525u + 1013904223u;
	return state >> 8;
}

static void race(device_t d, void (*work)(device_t device))
{
	hostile_race(work, d);
	for (unsigned i = 0; i < ROUNDS; i++) {
		h_describe(d, d->queue, 0, h_buffer(d), 72, h_way(d), 0);
		h_offer(d, d->queue, 0);
		h_notify(d, d->queue);
		h_settle(d);
		if (h_is_broken(d) && h_negotiate(d, H_F_VERSION_1 | H_F_INDIRECT | d->features))
			h_live(d); /* and perhaps broken again at once */
	}
	hostile_race_end();
	h_start(d, H_F_INDIRECT | d->features); /* nothing of it is left */
}

static void change_index(device_t d)
{
	((volatile uint16_t *)hostile_at(h_avail(d, d->queue)))[1] = (uint16_t)next();
}

static void change_heads(device_t d)
{
	((volatile uint16_t *)hostile_at(h_avail(d, d->queue)))[2 + next() % HOSTILE_SIZE] =
		(uint16_t)(next() % 16);
}

/* Between what is right, and what is not in RAM or too long. */
static void change_descriptor(device_t d)
{
	volatile uint32_t *desc = hostile_at(h_desc(d, d->queue));
	const uint32_t how = next();

	desc[0] = how & 1 ? 0 : (uint32_t)h_buffer(d);
	desc[1] = how & 2 ? UINT32_MAX : 0;
	desc[2] = how & 4 ? UINT32_MAX : 72;
	desc[3] = how >> 4;
}

static void change_indirect(device_t d)
{
	volatile uint32_t *table = hostile_at(h_table(d));
	const uint32_t how = next();

	h_describe(d, d->queue, 0, h_table(d), 16 * (1 + how % 4), H_INDIRECT, 0);
	for (unsigned i = 0; i < 4; i++) {
		table[4 * i] = how & 1 ? 0x60000000 : (uint32_t)h_buffer(d);
		table[4 * i + 1] = how & 2;
		table[4 * i + 2] = how & 4 ? 0xfffffff0 : 64;
		table[4 * i + 3] = how >> 4 & 0x70007;
	}
}

static void change_event(device_t d)
{
	((volatile uint16_t *)hostile_at(h_avail(d, d->queue)))[2 + HOSTILE_SIZE] = (uint16_t)next();
	((volatile uint16_t *)hostile_at(h_used(d, d->queue)))[1] = (uint16_t)next();
}

static void change_data(device_t d)
{
	((volatile uint32_t *)hostile_at(h_buffer(d)))[next() % 18] = next();
}

static void racing_index(device_t d)
{
	race(d, change_index);
}

static void racing_heads(device_t d)
{
	race(d, change_heads);
}

static void racing_descriptor(device_t d)
{
	race(d, change_descriptor);
}

static void racing_indirect(device_t d)
{
	race(d, change_indirect);
}

static void racing_event(device_t d)
{
	race(d, change_event);
}

static void racing_data(device_t d)
{
	race(d, change_data);
}

const struct hostile_case hostile_races[] = {
	{ "available index changed meanwhile", H_VIRTIO, H_EITHER, racing_index },
	{ "heads changed meanwhile", H_VIRTIO, H_EITHER, racing_heads },
	{ "descriptor changed meanwhile", H_VIRTIO, H_EITHER, racing_descriptor },
	{ "indirect table changed meanwhile", H_VIRTIO, H_EITHER, racing_indirect },
	{ "event index and used ring changed meanwhile", H_VIRTIO, H_EITHER, racing_event },
	{ "header and data changed meanwhile", H_VIRTIO, H_EITHER, racing_data },
};
const unsigned hostile_num_races = sizeof(hostile_races) / sizeof(hostile_races[0]);
