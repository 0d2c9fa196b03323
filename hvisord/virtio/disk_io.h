/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads, writes and the rest of what a disk does, on a file or block device,
 * without waiting. Requests are done in any order. All calls come from the
 * thread of the event loop, and so does done().
 *
 * Buffers lie in guest memory, which the kernel copies to and from: they are
 * never looked at here.
 */
#ifndef DISK_IO_H
#define DISK_IO_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/uio.h>

#define DISK_IO_SEGMENTS 256u /* buffers of one request */

enum disk_op {
	DISK_READ,
	DISK_WRITE,
	DISK_FLUSH,   /* what was done before is on stable storage: fdatasync() */
	DISK_DISCARD, /* the range's content is of no interest any more */
	DISK_ZERO,    /* the range reads as zeroes */
	DISK_OPS
};

struct disk_request {
	enum disk_op op;
	bool sync;       /* WRITE: as if a FLUSH of it followed */
	bool unmap;      /* ZERO: the range may become a hole */
	uint64_t offset; /* in bytes, within the disk */
	uint64_t length; /* DISCARD, ZERO: in bytes */
	unsigned num;    /* READ, WRITE: buffers; the engine uses them up */
	struct iovec iov[DISK_IO_SEGMENTS];
	/* The request is the caller's again. result: 0, or a negative errno; part of it may have been done. */
	void (*done)(struct disk_request *request, int result);

	STAILQ_ENTRY(disk_request) entry; /* the engine's */
	int result;
};

STAILQ_HEAD(disk_request_list, disk_request);

struct disk_io;

/*
 * fd stays the caller's, and open for as long. *ret_event is an eventfd for
 * disk_io_reap(). 0 or a negative errno.
 */
int disk_io_new(int fd, struct disk_io **ret_disk, int *ret_event);

/* Nothing may be under way. Accepts NULL. */
void disk_io_free(struct disk_io *disk);

/* Takes the request; nothing need happen before disk_io_kick(). */
void disk_io_submit(struct disk_io *disk, struct disk_request *request);
void disk_io_kick(struct disk_io *disk);

/* Calls done() for all that is done. Never waits. */
void disk_io_reap(struct disk_io *disk);

/* Waits until nothing is under way, and reaps. */
void disk_io_drain(struct disk_io *disk);

#endif
