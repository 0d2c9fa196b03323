/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the two files of the block device only. */
#ifndef VIRTIO_BLK_PRIVATE_H
#define VIRTIO_BLK_PRIVATE_H

#include "virtio_blk.h"

/* Section 5.2.4. */
struct blk_config {
	uint64_t capacity; /* in sectors */
	uint32_t size_max;
	uint32_t seg_max;
	uint16_t cylinders;
	uint8_t heads;
	uint8_t sectors;
	uint32_t blk_size;
	uint8_t physical_block_exp;
	uint8_t alignment_offset;
	uint16_t min_io_size;
	uint32_t opt_io_size;
	uint8_t writeback;
	uint8_t unused0;
	uint16_t num_queues;
	uint32_t max_discard_sectors;
	uint32_t max_discard_seg;
	uint32_t discard_sector_alignment;
	uint32_t max_write_zeroes_sectors;
	uint32_t max_write_zeroes_seg;
	uint8_t write_zeroes_may_unmap;
	uint8_t unused1[3];
	uint32_t max_secure_erase_sectors;
	uint32_t max_secure_erase_seg;
	uint32_t secure_erase_sector_alignment;
};
HV_ASSERT_OFFSET(struct blk_config, blk_size, 20);
HV_ASSERT_OFFSET(struct blk_config, num_queues, 34);
HV_ASSERT_OFFSET(struct blk_config, max_secure_erase_sectors, 60);
HV_ASSERT_SIZE(struct blk_config, 72);

struct blk_request {
	struct disk_request disk; /* first */
	struct virtio_blk *blk;
	SLIST_ENTRY(blk_request) entry; /* while free */
	bool under_way;                 /* the disk has it */
	uint8_t *status;
	uint32_t queue;
	uint32_t used; /* bytes written to the driver's buffers if all goes well */
	uint16_t head;
};

struct virtio_blk {
	struct virtio_device device; /* first */
	struct event_source source;
	struct event_loop *loop;
	struct disk_io *disk;
	int event;
	bool readonly;
	uint64_t sectors;
	struct blk_config config;
	char serial[VIRTIO_BLK_ID_SIZE];
	uint32_t touched; /* bit n: queue n has chains pushed and not shown yet */
	uint32_t stalled; /* bit n: queue n may hold chains that no request was free for */
	SLIST_HEAD(, blk_request) free;
	struct virtqueue_chain chain; /* the one being looked at */
	struct blk_request request[VIRTIO_BLK_IN_FLIGHT];
};

static_assert(DISK_IO_SEGMENTS >= VIRTIO_BLK_SEG_MAX, "a request's buffers fit");

/*
 * Starts what blk->chain, of that queue, asks for; there is a free request.
 * NONE, or how the chain is malformed: then nothing was started.
 */
enum virtio_fault virtio_blk_begin(struct virtio_blk *blk, uint32_t queue);

/* Gives the chain back to the driver, if it still waits for it, and frees the request. */
void virtio_blk_complete(struct blk_request *request, uint8_t status);

#endif
