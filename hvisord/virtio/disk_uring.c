/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests go to the kernel by one ring for each disk. What the page cache has
 * is there when the submission returns; the rest is done by threads of the
 * kernel. The ring is restricted before its first use: it can do what a disk
 * does, with this disk's file, and nothing else, whoever has taken over the
 * process.
 */
#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <stdlib.h>

#include "disk_engine.h"
#include "disk_op.h"

#define FILE_INDEX 0              /* of the one file that the ring knows */
#define INLINE_MAX (512u * 1024u) /* bytes that the loop may copy by itself; more is a thread's work */
#define WORKERS 8u /* threads of the kernel, of each of its two kinds, for all rings of a process */
#define PLAIN_FLAGS IORING_SETUP_R_DISABLED
#ifdef IORING_SETUP_COOP_TASKRUN
#define BEST_FLAGS                                                                                           \
	(PLAIN_FLAGS | IORING_SETUP_COOP_TASKRUN) /* no interrupt of the loop to tell it of completions */
#else
#define BEST_FLAGS PLAIN_FLAGS
#endif

struct uring {
	struct disk_io io; /* first */
	int fd;
	struct io_uring ring;
	unsigned under_way;
};

static struct uring *from_io(struct disk_io *io)
{
	return (struct uring *)io;
}

static int restrict_ring(struct io_uring *ring)
{
	static const uint8_t ops[] = { IORING_OP_READV, IORING_OP_WRITEV, IORING_OP_FSYNC,
				       IORING_OP_FALLOCATE };
	struct io_uring_restriction rules[sizeof(ops) + 2] = {
		{ .opcode = IORING_RESTRICTION_SQE_FLAGS_ALLOWED,
		  .sqe_flags = IOSQE_FIXED_FILE | IOSQE_ASYNC },
		{ .opcode = IORING_RESTRICTION_SQE_FLAGS_REQUIRED, .sqe_flags = IOSQE_FIXED_FILE },
	};

	for (size_t i = 0; i < sizeof(ops); i++) {
		rules[i + 2].opcode = IORING_RESTRICTION_SQE_OP;
		rules[i + 2].sqe_op = ops[i];
	}
	/* nothing can be registered afterwards either: no such call is among the rules */
	return io_uring_register_restrictions(ring, rules, sizeof(rules) / sizeof(rules[0]));
}

static int make_ring(struct io_uring *ring, int fd)
{
	unsigned workers[2] = { WORKERS, WORKERS };
	int err = io_uring_queue_init(DISK_IO_REQUESTS, ring, BEST_FLAGS);

	if (err == -EINVAL)
		err = io_uring_queue_init(DISK_IO_REQUESTS, ring, PLAIN_FLAGS);
	if (err)
		return err;
	err = io_uring_register_files(ring, &fd, 1);
	if (!err) {
		/* before Linux 5.15: as many as the process may have */
		(void)io_uring_register_iowq_max_workers(ring, workers);
		err = restrict_ring(ring);
	}
	if (!err)
		err = io_uring_enable_rings(ring);
	if (err)
		io_uring_queue_exit(ring);
	return err < 0 ? err : 0;
}

static int uring_new(int fd, struct disk_io **ret_disk, int *ret_event)
{
	struct uring *disk = calloc(1, sizeof(*disk));
	int err;

	if (!disk)
		return -ENOMEM;
	disk->io.ops = &disk_uring;
	disk->fd = fd;
	err = make_ring(&disk->ring, fd);
	if (err) {
		free(disk);
		return err;
	}
	*ret_disk = &disk->io;
	*ret_event = disk->ring.ring_fd; /* readable while there are completions */
	return 0;
}

static void uring_free(struct disk_io *io)
{
	struct uring *disk = from_io(io);

	io_uring_queue_exit(&disk->ring);
	free(disk);
}

static void prepare_call(struct io_uring_sqe *sqe, const struct disk_call *call)
{
	switch (call->kind) {
	case DISK_CALL_READV:
		io_uring_prep_readv2(sqe, FILE_INDEX, call->iov, call->num, call->offset, call->flags);
		break;
	case DISK_CALL_WRITEV:
		io_uring_prep_writev2(sqe, FILE_INDEX, call->iov, call->num, call->offset, call->flags);
		break;
	case DISK_CALL_FDATASYNC:
		io_uring_prep_fsync(sqe, FILE_INDEX, IORING_FSYNC_DATASYNC);
		break;
	case DISK_CALL_FALLOCATE:
		io_uring_prep_fallocate(sqe, FILE_INDEX, call->flags, (off_t)call->offset,
					(off_t)call->length);
		break;
	case DISK_CALLS:
		io_uring_prep_nop(sqe); /* refused */
	}
}

/* There is room: as many entries as requests, and each has one at a time. */
static void queue_call(struct uring *disk, struct disk_request *request)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&disk->ring);
	unsigned flags = IOSQE_FIXED_FILE;

	prepare_call(sqe, &request->call);
	if (request->length > INLINE_MAX)
		flags |= IOSQE_ASYNC;
	io_uring_sqe_set_flags(sqe, flags);
	io_uring_sqe_set_data(sqe, request);
}

static void uring_submit(struct disk_io *io, struct disk_request *request)
{
	struct uring *disk = from_io(io);

	disk_op_begin(request);
	queue_call(disk, request);
	disk->under_way++;
}

/*
 * Passes what was queued to the kernel. What that has no memory for stays
 * queued until something completes; only where nothing would is it awaited.
 */
static void pass(struct uring *disk)
{
	int r;

	do {
		r = io_uring_submit(&disk->ring);
		if (r == -EAGAIN || r == -ENOMEM)
			(void)poll(NULL, 0, 1);
	} while (r == -EINTR || (io_uring_sq_ready(&disk->ring) > 0 &&
				 (r > 0 || io_uring_sq_ready(&disk->ring) == disk->under_way)));
}

/*
 * What the call gave. Where the kernel could not make a thread for it, for a
 * limit on processes, it is made here and now: late is better than an error
 * that no disk had.
 */
static int64_t result_of(const struct uring *disk, const struct disk_request *request,
			 const struct io_uring_cqe *cqe)
{
	if (cqe->res == -ECANCELED || cqe->res == -EAGAIN)
		return disk_op_call(disk->fd, request);
	return cqe->res;
}

/* Returns true if a request wants another call. */
static bool take_completions(struct uring *disk)
{
	struct io_uring_cqe *cqe;
	bool more = false;

	while (io_uring_peek_cqe(&disk->ring, &cqe) == 0) {
		struct disk_request *request = io_uring_cqe_get_data(cqe);
		const int64_t result = result_of(disk, request, cqe);

		io_uring_cqe_seen(&disk->ring, cqe);
		if (disk_op_next(request, result)) {
			queue_call(disk, request);
			more = true;
			continue;
		}
		disk->under_way--;
		request->done(request, request->result);
	}
	return more;
}

static void uring_reap(struct disk_io *io)
{
	struct uring *disk = from_io(io);

	/* one pass for what goes on: the event comes again for the rest */
	if (take_completions(disk) || io_uring_sq_ready(&disk->ring) > 0)
		pass(disk);
}

static void uring_kick(struct disk_io *io)
{
	struct uring *disk = from_io(io);

	if (io_uring_sq_ready(&disk->ring) > 0) {
		pass(disk);
		uring_reap(io);
	}
}

static bool uring_wait(struct disk_io *io)
{
	struct uring *disk = from_io(io);

	if (disk->under_way == 0)
		return false;
	(void)io_uring_submit_and_wait(&disk->ring, 1); /* what it says is seen by what is there */
	take_completions(disk);
	return true;
}

const struct disk_engine_ops disk_uring = {
	.name = "io_uring",
	.new = uring_new,
	.free = uring_free,
	.submit = uring_submit,
	.kick = uring_kick,
	.reap = uring_reap,
	.wait = uring_wait,
};
