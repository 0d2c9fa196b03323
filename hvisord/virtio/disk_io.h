/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads, writes and the rest of what a disk does, on a file or block device,
 * without waiting. Requests are done in any order. All calls come from the
 * thread of the event loop, and so does done().
 *
 * Buffers lie in guest memory, which the kernel copies to and from: they are
 * never looked at here. That memory is mapped without pages of its own, so it
 * can be neither registered with the kernel nor be the end of direct I/O. Where
 * it was taken away, a request fails with EFAULT.
 */
#ifndef DISK_IO_H
#define DISK_IO_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/uio.h>

#define DISK_IO_SEGMENTS 256u  /* buffers of one request */
#define DISK_IO_REQUESTS 128u  /* of a disk, under way at once */
#define DISK_IO_SLICE 2097152u /* bytes that one system call transfers at most */

enum disk_op {
	DISK_READ,
	DISK_WRITE,
	DISK_FLUSH,   /* what was done before is on stable storage: fdatasync() */
	DISK_DISCARD, /* the range's content is of no interest any more; EOPNOTSUPP: it stays as it is */
	DISK_ZERO,    /* the range reads as zeroes */
	DISK_OPS
};

/* One system call of those that a request takes; see disk_op.h. */
enum disk_call_kind {
	DISK_CALL_READV,
	DISK_CALL_WRITEV,
	DISK_CALL_FDATASYNC,
	DISK_CALL_FALLOCATE,
	DISK_CALLS
};

struct disk_call {
	enum disk_call_kind kind;
	int flags; /* READV, WRITEV: RWF_*; FALLOCATE: its mode */
	uint64_t offset;
	uint64_t length;
	struct iovec *iov;
	unsigned num;
};

struct disk_request {
	enum disk_op op;
	bool sync;       /* WRITE, ZERO: as if a FLUSH of it followed */
	bool unmap;      /* ZERO: the range may become a hole */
	uint64_t offset; /* in bytes, within the disk */
	uint64_t length; /* in bytes, of all buffers together or of the range; not 0 but for FLUSH */
	unsigned num;    /* READ, WRITE: buffers */
	struct iovec iov[DISK_IO_SEGMENTS]; /* the engine uses them up */
	/* The request is the caller's again. result: 0, or a negative errno; part of it may have been done. */
	void (*done)(struct disk_request *request, int result);

	/* The engine's. */
	STAILQ_ENTRY(disk_request) entry;
	struct disk_call call;
	uint64_t left;  /* bytes, of a transfer */
	unsigned first; /* buffer that is not used up */
	size_t held;    /* bytes at the end of the last buffer of this call that are for later calls */
	bool cancelled;
	unsigned stage;
	int result;
};

STAILQ_HEAD(disk_request_list, disk_request);

enum disk_engine {
	DISK_ENGINE_BEST, /* io_uring, or threads where the kernel has or allows none */
	DISK_ENGINE_URING,
	DISK_ENGINE_THREADS,
};

struct disk_io;

/*
 * fd, a regular file or block device, stays the caller's, and open for as
 * long; it is made one that waits. *ret_event becomes readable when there is
 * something for disk_io_reap(). 0 or a negative errno; -ENOSYS: not built with
 * that engine.
 */
int disk_io_new(int fd, enum disk_engine engine, struct disk_io **ret_disk, int *ret_event);

/* Nothing may be under way. Accepts NULL. */
void disk_io_free(struct disk_io *disk);

/* "io_uring" or "threads". */
const char *disk_io_name(const struct disk_io *disk);

/*
 * Takes the request, one of DISK_IO_REQUESTS at most; nothing need happen
 * before disk_io_kick(), which calls done() for what could be done at once.
 */
void disk_io_submit(struct disk_io *disk, struct disk_request *request);
void disk_io_kick(struct disk_io *disk);

/* Calls done() for all that is done. Never waits. */
void disk_io_reap(struct disk_io *disk);

/*
 * No further system call is made for a request that is under way, and it is
 * done with -ECANCELED if one would have been wanted: part of it may have been
 * done. What the kernel is at goes on, a slice or a range at most, or a FLUSH.
 */
void disk_io_cancel(struct disk_request *request);

/*
 * Waits until a request that was shown to the engine by disk_io_kick() is done
 * or goes on, and calls done(). What goes on wants another disk_io_kick() or
 * disk_io_wait(). False, at once: nothing is under way.
 */
bool disk_io_wait(struct disk_io *disk);

/* Waits until nothing is under way, and reaps. */
void disk_io_drain(struct disk_io *disk);

#endif
