/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include "disk_op.h"
#include "virtio_blk_private.h"

#define PHYSICAL_BLOCK 4096u /* what host storage writes at once, as a hint */

static struct virtio_blk *from_device(struct virtio_device *device)
{
	return (struct virtio_blk *)device;
}

void virtio_blk_complete(struct blk_request *request, uint8_t status)
{
	struct virtio_blk *blk = request->blk;
	struct virtio_device *device = &blk->device;

	if (!request->disk.cancelled && virtio_device_is_live(device) &&
	    device->queue[request->queue].ready) {
		*(volatile uint8_t *)request->status = status;
		virtio_device_push(device, request->queue, request->head,
				   status == VIRTIO_BLK_S_OK ? request->used : 1);
		blk->touched |= 1u << request->queue;
	}
	request->under_way = false;
	SLIST_INSERT_HEAD(&blk->free, request, entry);
}

/* Where EFAULT means that the zone and its memory are gone, writing the status is the end of this process. */
static void on_done(struct disk_request *disk, int result)
{
	struct blk_request *request = (struct blk_request *)disk;
	uint8_t status = VIRTIO_BLK_S_OK;

	if (result == -EOPNOTSUPP && disk->op == DISK_DISCARD)
		status = VIRTIO_BLK_S_UNSUPP;
	else if (result != 0)
		status = VIRTIO_BLK_S_IOERR;
	virtio_blk_complete(request, status);
}

static void show(struct virtio_blk *blk)
{
	for (uint32_t i = 0; blk->touched != 0; i++, blk->touched >>= 1) {
		if (blk->touched & 1u)
			virtio_device_flush(&blk->device, i);
	}
}

static void on_event(struct event_source *source, uint32_t events)
{
	struct virtio_blk *blk =
		(struct virtio_blk *)(void *)((char *)source - offsetof(struct virtio_blk, source));
	uint32_t stalled;

	(void)events;
	disk_io_reap(blk->disk);
	show(blk);
	stalled = blk->stalled;
	blk->stalled = 0;
	for (uint32_t i = 0; stalled != 0; i++, stalled >>= 1) {
		if (stalled & 1u)
			virtio_device_notify(&blk->device, i);
	}
}

/* As many chains as there are requests free and turns left; returns the turns then left. */
static unsigned begin_all(struct virtio_blk *blk, uint32_t queue, unsigned turns)
{
	while (turns > 0 && !SLIST_EMPTY(&blk->free) && virtio_device_pop(&blk->device, queue, &blk->chain)) {
		const enum virtio_fault fault = virtio_blk_begin(blk, queue);

		if (fault != VIRTIO_FAULT_NONE)
			virtio_device_break(&blk->device, fault);
		turns--;
	}
	return turns;
}

/* Looking costs a turn too: a driver on another CPU can make the queue look full and empty by turns. */
static bool blk_service(struct virtio_device *device, uint32_t index)
{
	struct virtio_blk *blk = from_device(device);
	struct virtqueue *queue = &device->queue[index];
	unsigned turns = VIRTIO_BLK_IN_FLIGHT;
	bool full;

	virtqueue_notify_off(queue);
	do {
		turns = begin_all(blk, index, turns);
	} while (turns > 0 && --turns > 0 && !SLIST_EMPTY(&blk->free) && virtio_device_is_live(device) &&
		 virtqueue_notify_on(queue));
	full = SLIST_EMPTY(&blk->free);
	disk_io_kick(blk->disk);
	show(blk);
	if (!full)
		return turns == 0;
	if (!SLIST_EMPTY(&blk->free)) /* done at once */
		return true;
	/* goes on when a request is done */
	blk->stalled |= 1u << index;
	return false;
}

static bool is_of(const struct blk_request *request, uint32_t queues)
{
	return request->under_way && (queues >> request->queue & 1u);
}

static void cancel(struct virtio_blk *blk, uint32_t queues)
{
	for (unsigned i = 0; i < VIRTIO_BLK_IN_FLIGHT; i++) {
		if (is_of(&blk->request[i], queues))
			disk_io_cancel(&blk->request[i].disk);
	}
}

static void blk_quiesce(struct virtio_device *device, uint32_t queues)
{
	struct virtio_blk *blk = from_device(device);

	cancel(blk, queues);
	disk_io_kick(blk->disk);
	for (unsigned i = 0; i < VIRTIO_BLK_IN_FLIGHT; i++) {
		while (is_of(&blk->request[i], queues))
			(void)disk_io_wait(blk->disk);
	}
	disk_io_kick(blk->disk); /* others, which go on */
	show(blk);
}

static void blk_free(struct virtio_device *device)
{
	struct virtio_blk *blk = from_device(device);

	if (blk->disk) {
		cancel(blk, UINT32_MAX);
		disk_io_drain(blk->disk);
		event_loop_remove(blk->loop, blk->event);
	}
	disk_io_free(blk->disk);
	free(blk);
}

static const struct virtio_class blk_class = {
	.name = "block device",
	.device_id = VIRTIO_BLK_ID,
	.service = blk_service,
	.quiesce = blk_quiesce,
	.free = blk_free,
};

static uint64_t features_for(const struct virtio_blk_options *options)
{
	uint64_t features =
		VIRTIO_BLK_F_SEG_MAX | VIRTIO_BLK_F_BLK_SIZE | VIRTIO_BLK_F_FLUSH | VIRTIO_BLK_F_TOPOLOGY;

	if (options->num_queues > 1)
		features |= VIRTIO_BLK_F_MQ;
	if (options->readonly)
		return features | VIRTIO_BLK_F_RO;
	if (disk_op_can_discard(options->fd))
		features |= VIRTIO_BLK_F_DISCARD;
	return features | VIRTIO_BLK_F_WRITE_ZEROES;
}

static void fill_config(struct blk_config *config, const struct virtio_blk_options *options)
{
	*config = (struct blk_config){
		.capacity = options->size / VIRTIO_BLK_SECTOR,
		.seg_max = VIRTIO_BLK_SEG_MAX,
		.blk_size = options->block_size,
		.min_io_size = 1,
		.num_queues = (uint16_t)options->num_queues,
		.max_discard_sectors = VIRTIO_BLK_MAX_RANGE,
		.max_discard_seg = 1,
		.discard_sector_alignment = PHYSICAL_BLOCK / VIRTIO_BLK_SECTOR,
		.max_write_zeroes_sectors = VIRTIO_BLK_MAX_RANGE,
		.max_write_zeroes_seg = 1,
		.write_zeroes_may_unmap = 1,
	};
	for (uint32_t size = options->block_size; size < PHYSICAL_BLOCK; size *= 2)
		config->physical_block_exp++;
}

int virtio_blk_new(struct virtio_host *host, uint32_t intid, struct event_loop *loop,
		   const struct virtio_blk_options *options, struct virtio_blk **ret_blk)
{
	struct virtio_blk *blk = calloc(1, sizeof(*blk));
	int err;

	if (!blk)
		return -ENOMEM;
	blk->loop = loop;
	blk->source.ready = on_event;
	blk->readonly = options->readonly;
	blk->sectors = options->size / VIRTIO_BLK_SECTOR;
	memcpy(blk->serial, options->serial, strnlen(options->serial, sizeof(blk->serial)));
	SLIST_INIT(&blk->free);
	for (unsigned i = 0; i < VIRTIO_BLK_IN_FLIGHT; i++) {
		blk->request[i].blk = blk;
		blk->request[i].disk.done = on_done;
		SLIST_INSERT_HEAD(&blk->free, &blk->request[i], entry);
	}
	fill_config(&blk->config, options);
	virtio_device_init(&blk->device, &blk_class, host, intid, features_for(options), &blk->config,
			   sizeof(blk->config), options->num_queues, VIRTIO_BLK_QUEUE_SIZE);
	err = disk_io_new(options->fd, options->engine, &blk->disk, &blk->event);
	if (!err)
		err = event_loop_add(loop, blk->event, EPOLLIN, &blk->source);
	if (err) {
		disk_io_free(blk->disk);
		free(blk);
		return err;
	}
	*ret_blk = blk;
	return 0;
}

struct virtio_device *virtio_blk_device(struct virtio_blk *blk)
{
	return &blk->device;
}
