/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "disk_op.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <sys/stat.h>
#include <unistd.h>

#define ZEROES 65536u

/* Leaves out the first bytes of the buffers, which are done. */
static void advance(struct iovec **iov, unsigned *num, size_t done)
{
	while (*num > 0 && done >= (*iov)->iov_len) {
		done -= (*iov)->iov_len;
		(*iov)++;
		(*num)--;
	}
	if (*num > 0) {
		(*iov)->iov_base = (char *)(*iov)->iov_base + done;
		(*iov)->iov_len -= done;
	}
}

static int transfer(int fd, struct disk_request *request)
{
	struct iovec *iov = request->iov;
	unsigned num = request->num;
	off_t at = (off_t)request->offset;

	while (num > 0) {
		const ssize_t n = request->op == DISK_READ
					  ? preadv(fd, iov, (int)num, at)
					  : pwritev2(fd, iov, (int)num, at, request->sync ? RWF_DSYNC : 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		at += n;
		advance(&iov, &num, (size_t)n);
	}
	return 0;
}

static int flush(int fd, struct disk_request *request)
{
	(void)request;
	return fdatasync(fd) < 0 ? -errno : 0;
}

static int punch(int fd, const struct disk_request *request)
{
	return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)request->offset,
			 (off_t)request->length) < 0
		       ? -errno
		       : 0;
}

static int discard(int fd, struct disk_request *request)
{
	return punch(fd, request);
}

/* For file systems that can do nothing better. */
static int write_zeroes(int fd, uint64_t at, uint64_t left)
{
	static const char zeroes[ZEROES];

	while (left > 0) {
		const ssize_t n = pwrite(fd, zeroes, left < ZEROES ? left : ZEROES, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		at += (uint64_t)n;
		left -= (uint64_t)n;
	}
	return 0;
}

static int zero_range(int fd, const struct disk_request *request)
{
	return fallocate(fd, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, (off_t)request->offset,
			 (off_t)request->length) < 0
		       ? -errno
		       : 0;
}

static int zero(int fd, struct disk_request *request)
{
	int err = request->unmap ? punch(fd, request) : -EOPNOTSUPP;

	if (err == -EOPNOTSUPP)
		err = zero_range(fd, request);
	return err == -EOPNOTSUPP ? write_zeroes(fd, request->offset, request->length) : err;
}

int disk_op_run(int fd, struct disk_request *request)
{
	static int (*const run[DISK_OPS])(int fd, struct disk_request *request) = {
		[DISK_READ] = transfer,   [DISK_WRITE] = transfer, [DISK_FLUSH] = flush,
		[DISK_DISCARD] = discard, [DISK_ZERO] = zero,
	};

	return run[request->op](fd, request);
}

/*
 * A hole behind a file's end is none, but shows whether there can be any. A
 * block device cannot be asked: it has no such place, and says when it is told.
 */
bool disk_op_can_discard(int fd)
{
	const off_t end = lseek(fd, 0, SEEK_END);
	struct stat st;

	if (end < 0 || fstat(fd, &st) < 0)
		return false;
	return S_ISBLK(st.st_mode) ||
	       fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, end, 4096) == 0;
}
