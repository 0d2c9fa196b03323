/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "blk_rig.h"

#include <fcntl.h>

#include "test.h"

uint8_t blk_byte(uint64_t offset)
{
	return (uint8_t)(1 + (offset / 512 * 7 + offset) % 255);
}

int blk_rig_file(uint64_t size)
{
	char path[] = "/tmp/hvisor-disk.XXXXXX";
	const int fd = mkstemp(path);
	uint8_t *bytes = malloc(size);

	CHECK(fd >= 0 && bytes != NULL);
	CHECK_EQ(unlink(path), 0);
	for (uint64_t i = 0; i < size; i++)
		bytes[i] = blk_byte(i);
	CHECK_EQ(write(fd, bytes, size), (ssize_t)size);
	free(bytes);
	return fd;
}

void blk_rig_new(struct blk_rig *blk, const struct virtio_blk_options *options)
{
	struct virtio_blk_options all = *options;
	struct virtio_blk *device;

	if (all.size == 0)
		all.size = BLK_SIZE;
	if (all.block_size == 0)
		all.block_size = 512;
	if (all.num_queues == 0)
		all.num_queues = 2;
	if (!all.serial)
		all.serial = "";
	if (all.engine == DISK_ENGINE_BEST)
		all.engine = BLK_ENGINE;
	if (all.fd == 0)
		all.fd = blk_rig_file(all.size);
	blk->fd = all.fd;
	blk->rig = rig_new_bare(all.num_queues);
	CHECK_EQ(event_loop_init(&blk->loop), 0);
	CHECK_EQ(virtio_blk_new(&blk->rig->host, RIG_INTID, &blk->loop, &all, &device), 0);
	blk->rig->device = virtio_blk_device(device);
}

void blk_rig_free(struct blk_rig *blk)
{
	rig_free(blk->rig);
	event_loop_fini(&blk->loop);
	close(blk->fd);
}

void blk_put(struct blk_rig *blk, unsigned q, unsigned slot, uint32_t type, uint64_t sector, uint32_t bytes)
{
	const struct {
		uint32_t type, reserved;
		uint64_t sector;
	} header = { type, 0, sector };
	const unsigned write =
		type == VIRTIO_BLK_T_IN || type == VIRTIO_BLK_T_GET_ID ? VIRTQUEUE_DESC_WRITE : 0;
	const uint64_t at = 64 * (uint64_t)(slot + 4 * q);
	const unsigned first = 3 * slot;

	memcpy(rig_at(blk->rig, BLK_HEADER + at), &header, sizeof(header));
	*(uint8_t *)rig_at(blk->rig, BLK_STATUS + at) = BLK_NO_STATUS;
	rig_desc(blk->rig, q, first, BLK_HEADER + at, 16, VIRTQUEUE_DESC_NEXT,
		 bytes > 0 ? first + 1 : first + 2);
	rig_desc(blk->rig, q, first + 1, BLK_DATA, bytes, VIRTQUEUE_DESC_NEXT | write, first + 2);
	rig_desc(blk->rig, q, first + 2, BLK_STATUS + at, 1, VIRTQUEUE_DESC_WRITE, 0);
}

struct virtqueue_used_elem blk_await(struct blk_rig *blk, unsigned q, unsigned count)
{
	struct virtqueue_used_elem elem = { 0 };

	while (count > 0) {
		bool more = virtio_device_service(blk->rig->device);

		while (count > 0 && rig_take(blk->rig, q, &elem))
			count--;
		if (count > 0)
			CHECK_EQ(event_loop_turn(&blk->loop, more ? 0 : -1), 0);
	}
	return elem;
}

uint8_t blk_do(struct blk_rig *blk, unsigned q, uint32_t type, uint64_t sector, uint32_t bytes)
{
	blk_put(blk, q, 0, type, sector, bytes);
	rig_offer(blk->rig, q, 0);
	rig_write(blk->rig, R_QUEUE_NOTIFY, q);
	CHECK_EQ(blk_await(blk, q, 1).id, 0);
	return *(uint8_t *)rig_at(blk->rig, BLK_STATUS + 256 * (uint64_t)q);
}
