/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest with two CPUs: one notifies and resets, the other rewrites tables,
 * rings and buffers in the very moment the device walks them. Whatever it
 * catches, the device stays within RAM (virtio_rig.c checks each buffer, a
 * sanitizer each byte), comes to an end, and works after a reset.
 */
#include <pthread.h>

#include "test.h"
#include "virtio_rig.h"

#define ROUNDS 100000u

struct vandal {
	struct rig *rig;
	void (*spoil)(struct rig *rig, uint32_t random);
	bool stop; /* atomic */
};

static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static void *run_vandal(void *arg)
{
	struct vandal *vandal = arg;
	uint32_t state = 0x12345678;

	while (!__atomic_load_n(&vandal->stop, __ATOMIC_ACQUIRE))
		vandal->spoil(vandal->rig, next_random(&state));
	return NULL;
}

static void store64(void *at, uint64_t value)
{
	__atomic_store_n((uint64_t *)at, value, __ATOMIC_RELAXED);
}

/* Addresses of descriptors go in and out of RAM; the other half of each changes on its own. */
static void spoil_tables(struct rig *rig, uint32_t random)
{
	static const uint64_t addresses[] = { RIG_BUFFER,     RIG_RAM + RIG_RAM_SIZE - 1,
					      UINT64_MAX - 7, 0,
					      RIG_HIGH,       RIG_INDIRECT };
	uint8_t *desc = rig_at(rig, RIG_QUEUE(random >> 31) + random % 8 * 16);
	const uint64_t len = (random & 0x100) ? 16 : (random & 0x200) ? UINT32_MAX : random % 64;
	const uint64_t flags = random >> 12 & 7;
	const uint64_t next = random >> 16 & 15;

	if (random & 0x400)
		store64(desc, addresses[random % COUNT(addresses)]);
	else
		store64(desc + 8, len | flags << 32 | next << 48);
}

static void spoil_indirect(struct rig *rig, uint32_t random)
{
	uint8_t *desc = rig_at(rig, RIG_INDIRECT + random % 16 * 16);

	store64(desc, (random & 0x100) ? RIG_BUFFER : UINT64_MAX);
	store64(desc + 8,
		(random & 0x200 ? 5ull : random) | 1ull << 32 | (uint64_t)(random >> 20 & 31) << 48);
}

static void spoil_indices(struct rig *rig, uint32_t random)
{
	struct virtqueue_avail *avail = rig_avail(rig, random & 1);

	if (random & 2)
		__atomic_store_n(&avail->idx, (uint16_t)(random >> 16), __ATOMIC_RELAXED);
	else
		__atomic_store_n(&avail->ring[random >> 4 & 7], (uint16_t)(random >> 16 & 15),
				 __ATOMIC_RELAXED);
}

/* Between "one more" and "none": the look before going to sleep never sees what the next one does. */
static void spoil_flicker(struct rig *rig, uint32_t random)
{
	struct virtqueue_avail *avail = rig_avail(rig, RIG_TX);

	(void)random;
	__atomic_fetch_xor(&avail->idx, 1, __ATOMIC_RELAXED);
}

static void spoil_all(struct rig *rig, uint32_t random)
{
	store64(rig_at(rig, RIG_RAM + (random & 0x3fff8)), (uint64_t)random << 32 | random * 2654435761u);
}

static void prepare(struct rig *rig, unsigned round)
{
	rig_write(rig, R_STATUS, 0);
	CHECK(rig_negotiate(rig, RIG_FEATURES | (round & 1 ? VIRTIO_F_EVENT_IDX : 0)));
	for (unsigned i = 0; i < 16; i++)
		rig_indirect(rig, i, RIG_BUFFER, 5, i < 15 ? VIRTQUEUE_DESC_NEXT : 0, i + 1);
	for (unsigned q = 0; q < 2; q++) {
		rig_place_queue(rig, q, 8);
		for (unsigned i = 0; i < 8; i++) {
			if (q == RIG_TX && i % 2 != 0)
				rig_desc(rig, q, i, RIG_INDIRECT, 256, VIRTQUEUE_DESC_INDIRECT, 0);
			else
				rig_desc(rig, q, i, RIG_BUFFER, 7, q == RIG_RX ? VIRTQUEUE_DESC_WRITE : 0, 0);
		}
		rig_write(rig, R_QUEUE_READY, 1);
	}
	rig_write(rig, R_STATUS, rig_read(rig, R_STATUS) | VIRTIO_STATUS_DRIVER_OK);
}

static void race(void (*spoil)(struct rig *rig, uint32_t random))
{
	struct rig *rig = rig_new();
	struct vandal vandal = { .rig = rig, .spoil = spoil };
	unsigned broken = 0;
	pthread_t thread;

	CHECK_EQ(pthread_create(&thread, NULL, run_vandal, &vandal), 0);
	for (unsigned round = 0; round < ROUNDS; round++) {
		if (round % 64 == 0 || (rig_read(rig, R_STATUS) & VIRTIO_STATUS_NEEDS_RESET))
			prepare(rig, round);
		(void)virtio_console_input(rig->console, 0, "some input", 10);
		for (unsigned q = 0; q < 2; q++) {
			rig_offer(rig, q, round % 8);
			rig_write(rig, R_QUEUE_NOTIFY, q);
		}
		(void)virtio_device_service(rig->device);
		broken += (rig_read(rig, R_STATUS) & VIRTIO_STATUS_NEEDS_RESET) != 0;
		rig->out_size = 0;
	}
	__atomic_store_n(&vandal.stop, true, __ATOMIC_RELEASE);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	printf("# broken %u times of %u\n", broken, ROUNDS);
	rig_check_works(rig);
	rig_free(rig);
}

static void tables(void)
{
	race(spoil_tables);
}

static void indirect_tables(void)
{
	race(spoil_indirect);
}

static void indices(void)
{
	race(spoil_indices);
}

static void flicker(void)
{
	race(spoil_flicker);
}

static void everything(void)
{
	race(spoil_all);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		TEST(tables), TEST(indirect_tables), TEST(indices), TEST(flicker), TEST(everything),
	};

	return test_main(tests, COUNT(tests), argc, argv);
}
