/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The block device (virtio 1.2 section 5.2) on a file or a host's block device.
 *
 * - Features (5.2.3): SEG_MAX, RO, BLK_SIZE, FLUSH, TOPOLOGY, MQ, DISCARD,
 *   WRITE_ZEROES; DISCARD where the file can have holes; none that change
 *   something for a disk that is read only.
 * - A driver that does not agree on FLUSH gets writes that are on stable
 *   storage when they complete (5.2.6.2); one that does, has FLUSH for that.
 * - No SIZE_MAX: nothing is copied here, so buffers may be as large as they come;
 *   large requests are done in slices.
 * - A request's header, data and status are found by their place in the bytes
 *   of the chain, however the driver cut it (2.7.4.1).
 * - Requests complete in any order (5.2.6). What fails does so with IOERR, what
 *   is not known with UNSUPP (5.2.6.2).
 * - A chain without a whole header, without a status byte, or with more
 *   buffers than SEG_MAX allows breaks the device.
 * - When the driver resets the device or one of its queues, what is under way
 *   there is given up after the system call that the kernel is at, a slice of
 *   DISK_IO_SLICE bytes, a range or a FLUSH, and that is awaited: nothing is
 *   written to guest memory afterwards (2.4.2, 2.6.1.2). What requests of
 *   any size still have to do does not hold a reset up.
 */
#ifndef VIRTIO_BLK_H
#define VIRTIO_BLK_H

#include "disk_io.h"
#include "event_loop.h"
#include "virtio_device.h"

#define VIRTIO_BLK_ID 2u                 /* chapter 5 */
#define VIRTIO_BLK_F_SEG_MAX (1ull << 2) /* section 5.2.3 */
#define VIRTIO_BLK_F_RO (1ull << 5)
#define VIRTIO_BLK_F_BLK_SIZE (1ull << 6)
#define VIRTIO_BLK_F_FLUSH (1ull << 9)
#define VIRTIO_BLK_F_TOPOLOGY (1ull << 10)
#define VIRTIO_BLK_F_MQ (1ull << 12)
#define VIRTIO_BLK_F_DISCARD (1ull << 13)
#define VIRTIO_BLK_F_WRITE_ZEROES (1ull << 14)

/* Section 5.2.6. */
#define VIRTIO_BLK_T_IN 0u
#define VIRTIO_BLK_T_OUT 1u
#define VIRTIO_BLK_T_FLUSH 4u
#define VIRTIO_BLK_T_GET_ID 8u
#define VIRTIO_BLK_T_DISCARD 11u
#define VIRTIO_BLK_T_WRITE_ZEROES 13u
#define VIRTIO_BLK_S_OK 0u
#define VIRTIO_BLK_S_IOERR 1u
#define VIRTIO_BLK_S_UNSUPP 2u
#define VIRTIO_BLK_UNMAP 0x1u /* flag of a WRITE_ZEROES segment */

#define VIRTIO_BLK_SECTOR 512u /* bytes; the unit of all sectors, whatever BLK_SIZE says (5.2.4) */
#define VIRTIO_BLK_ID_SIZE 20u /* bytes of the answer to GET_ID */
#define VIRTIO_BLK_SEG_MAX 254u
#define VIRTIO_BLK_QUEUE_SIZE 256u
#define VIRTIO_BLK_IN_FLIGHT DISK_IO_REQUESTS /* requests; more wait in their queues */
#define VIRTIO_BLK_MAX_RANGE 65536u           /* sectors of a DISCARD or WRITE_ZEROES */

struct virtio_blk;

struct virtio_blk_options {
	int fd;              /* stays the caller's, and open */
	uint64_t size;       /* of the disk, in bytes; whole blocks */
	uint32_t block_size; /* in bytes, a power of two from 512 on */
	uint32_t num_queues;
	bool readonly;
	const char *serial; /* at most VIRTIO_BLK_ID_SIZE bytes */
	enum disk_engine engine;
};

/* 0, -ENOMEM or another negative errno. The device is freed with virtio_device_free(). */
int virtio_blk_new(struct virtio_host *host, uint32_t intid, struct event_loop *loop,
		   const struct virtio_blk_options *options, struct virtio_blk **ret_blk);

struct virtio_device *virtio_blk_device(struct virtio_blk *blk);

#endif
