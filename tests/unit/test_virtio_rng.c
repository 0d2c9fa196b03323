/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The entropy device. */
#include "test.h"
#include "virtio_rig.h"
#include "virtio_rng.h"

static struct rig *new_rng(void)
{
	struct rig *rig = rig_new_bare(1);
	struct virtio_rng *rng;

	CHECK_EQ(virtio_rng_new(&rig->host, RIG_INTID, &rng), 0);
	rig->device = virtio_rng_device(rng);
	return rig;
}

/* Bytes that are not zero among those of a buffer. */
static unsigned count_set(struct rig *rig, uint64_t ipa, unsigned size)
{
	const uint8_t *bytes = rig_at(rig, ipa);
	unsigned count = 0;

	for (unsigned i = 0; i < size; i++)
		count += bytes[i] != 0;
	return count;
}

static void identity(void)
{
	struct rig *rig = new_rng();

	CHECK_EQ(rig_read(rig, R_DEVICE_ID), 4);
	rig_write(rig, R_QUEUE_SEL, 0);
	CHECK_EQ(rig_read(rig, R_QUEUE_NUM_MAX), VIRTIO_RNG_QUEUE_SIZE);
	rig_write(rig, R_QUEUE_SEL, 1);
	CHECK_EQ(rig_read(rig, R_QUEUE_NUM_MAX), 0);
	CHECK_EQ(rig_read(rig, R_CONFIG), 0);
	rig_free(rig);
}

/* All of small buffers, in several pieces; nothing beside them. */
static void fills(void)
{
	struct rig *rig = new_rng();
	struct virtqueue_used_elem elem;

	rig_start(rig, VIRTIO_F_VERSION_1);
	rig_desc(rig, 0, 0, RIG_BUFFER + 1, 1, VIRTQUEUE_DESC_WRITE | VIRTQUEUE_DESC_NEXT, 1);
	rig_desc(rig, 0, 1, RIG_BUFFER + 0x1000, 600, VIRTQUEUE_DESC_WRITE | VIRTQUEUE_DESC_NEXT, 2);
	rig_desc(rig, 0, 2, RIG_BUFFER + 0x2000, 64, VIRTQUEUE_DESC_WRITE, 0);
	rig_offer(rig, 0, 0);
	rig_kick(rig, 0);
	CHECK(rig_take(rig, 0, &elem));
	CHECK_EQ(elem.id, 0);
	CHECK_EQ(elem.len, 665);
	/* 600 random bytes with less than 500 that are not zero: less likely than a broken machine */
	CHECK(count_set(rig, RIG_BUFFER + 0x1000, 600) > 500);
	CHECK(count_set(rig, RIG_BUFFER + 0x2000, 64) > 32);
	CHECK_EQ(count_set(rig, RIG_BUFFER + 2, 0x1000 - 2), 0);
	CHECK_EQ(count_set(rig, RIG_BUFFER + 0x1000 + 600, 0x1000 - 600), 0);
	CHECK_EQ(count_set(rig, RIG_BUFFER + 0x2000 + 64, 0x1000), 0);
	CHECK_EQ(rig->interrupts, 1);
	rig_free(rig);
}

/* Twice the same buffer has other content, and a greedy one is filled to the limit. */
static void bounded(void)
{
	struct rig *rig = new_rng();
	struct virtqueue_used_elem elem;
	uint8_t first[64];

	rig_start(rig, VIRTIO_F_VERSION_1);
	for (unsigned i = 0; i < 2; i++) {
		rig_desc(rig, 0, 0, RIG_BUFFER, 0x40000, VIRTQUEUE_DESC_WRITE, 0);
		rig_offer(rig, 0, 0);
		rig_kick(rig, 0);
		CHECK(rig_take(rig, 0, &elem));
		CHECK_EQ(elem.len, VIRTIO_RNG_CHAIN);
		CHECK_EQ(count_set(rig, RIG_BUFFER + VIRTIO_RNG_CHAIN, 0x1000), 0);
		if (i == 0)
			memcpy(first, rig_at(rig, RIG_BUFFER), sizeof(first));
	}
	CHECK(memcmp(first, rig_at(rig, RIG_BUFFER), sizeof(first)) != 0);
	rig_free(rig);
}

/* A full queue of large buffers is served over several turns. */
static void turns(void)
{
	struct rig *rig = new_rng();
	struct virtqueue_used_elem elem;
	unsigned count = 0, turn = 1;

	CHECK(rig_negotiate(rig, VIRTIO_F_VERSION_1));
	rig_place_queue(rig, 0, 64);
	rig_write(rig, R_QUEUE_READY, 1);
	rig_write(rig, R_STATUS, 0xf);
	for (unsigned i = 0; i < 64; i++) {
		rig_desc(rig, 0, i, RIG_BUFFER, 0x2000, VIRTQUEUE_DESC_WRITE, 0);
		rig_offer(rig, 0, i);
	}
	rig_write(rig, R_QUEUE_NOTIFY, 0);
	while (virtio_device_service(rig->device))
		turn++;
	while (rig_take(rig, 0, &elem))
		CHECK_EQ(elem.id, count++);
	CHECK_EQ(count, 64);
	CHECK(turn >= 64 * VIRTIO_RNG_CHAIN / VIRTIO_RNG_BURST);
	rig_free(rig);
}

static void readable_buffer(void)
{
	struct rig *rig = new_rng();
	struct virtqueue_used_elem elem;

	rig_start(rig, VIRTIO_F_VERSION_1);
	rig_desc(rig, 0, 0, RIG_BUFFER, 16, VIRTQUEUE_DESC_NEXT, 1);
	rig_desc(rig, 0, 1, RIG_BUFFER + 16, 16, VIRTQUEUE_DESC_WRITE, 0);
	rig_offer(rig, 0, 0);
	rig_kick(rig, 0);
	CHECK(!rig_take(rig, 0, &elem));
	CHECK(rig_read(rig, R_STATUS) & VIRTIO_STATUS_NEEDS_RESET);
	CHECK_EQ(rig->device->fault, VIRTIO_FAULT_DIRECTION);
	CHECK_EQ(count_set(rig, RIG_BUFFER, 32), 0);
	rig_write(rig, R_STATUS, 0);
	rig_start(rig, VIRTIO_F_VERSION_1);
	rig_desc(rig, 0, 0, RIG_BUFFER, 16, VIRTQUEUE_DESC_WRITE, 0);
	rig_offer(rig, 0, 0);
	rig_kick(rig, 0);
	CHECK(rig_take(rig, 0, &elem));
	CHECK_EQ(elem.len, 16);
	rig_free(rig);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		TEST(identity), TEST(fills), TEST(bounded), TEST(turns), TEST(readable_buffer),
	};

	return test_main(tests, COUNT(tests), argc, argv);
}
