/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A block device in a virtio_rig: its disk, its engine, and a driver's requests. */
#ifndef BLK_RIG_H
#define BLK_RIG_H

#include "virtio_blk.h"
#include "virtio_rig.h"

#define BLK_SIZE (1024u * 1024u) /* bytes of the disk that blk_rig_new() makes */
#define BLK_HEADER (RIG_BUFFER + 0x100)
#define BLK_STATUS (RIG_BUFFER + 0x800)
#define BLK_DATA (RIG_BUFFER + 0x1000)
#define BLK_FEATURES                                                                                         \
	(VIRTIO_F_VERSION_1 | VIRTIO_F_INDIRECT_DESC | VIRTIO_BLK_F_FLUSH | VIRTIO_BLK_F_DISCARD |           \
	 VIRTIO_BLK_F_WRITE_ZEROES)
#define BLK_NO_STATUS 0xeeu /* what the driver puts there before */

struct blk_rig {
	struct rig *rig;
	struct event_loop loop;
	int fd;
};

/* What differs from: a file of BLK_SIZE bytes, in which byte n is blk_byte(n); 512, two queues, writable, BLK_ENGINE. */
void blk_rig_new(struct blk_rig *blk, const struct virtio_blk_options *options);
void blk_rig_free(struct blk_rig *blk);

uint8_t blk_byte(uint64_t offset);

/* A file without a name, with that content, and open for reading and writing. */
int blk_rig_file(uint64_t size);

/*
 * One request whose header, data and status are buffers of their own, in
 * descriptors from 3 * slot on of queue q; its data is at BLK_DATA. Not
 * offered yet.
 */
void blk_put(struct blk_rig *blk, unsigned q, unsigned slot, uint32_t type, uint64_t sector, uint32_t bytes);

/* Lets the device work until it used that many buffers of the queue; the last of them. */
struct virtqueue_used_elem blk_await(struct blk_rig *blk, unsigned q, unsigned count);

/* All of it with slot 0. Returns the status. */
uint8_t blk_do(struct blk_rig *blk, unsigned q, uint32_t type, uint64_t sector, uint32_t bytes);

#endif
