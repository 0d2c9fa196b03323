/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "disk_op.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <sys/stat.h>
#include <unistd.h>

#define ZEROES 65536u
#define PUNCH (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)

enum stage {
	STAGE_TRANSFER,
	STAGE_SYNC,
	STAGE_PUNCH,
	STAGE_ZERO_RANGE,
	STAGE_WRITE_ZEROES,
	STAGE_END,
};

static char zeroes[ZEROES]; /* only ever written from */

static bool begin(struct disk_request *request, enum stage stage);

static bool end(struct disk_request *request, int result)
{
	request->stage = STAGE_END;
	request->result = result;
	return false;
}

/* A hole or zeroes are no data that RWF_DSYNC could be said of. */
static bool end_of_range(struct disk_request *request)
{
	return request->op == DISK_ZERO && request->sync ? begin(request, STAGE_SYNC) : end(request, 0);
}

static bool is_cancelled(const struct disk_request *request)
{
	return __atomic_load_n(&request->cancelled, __ATOMIC_RELAXED);
}

/* The call's buffers: as many as make a slice, the last of them cut. */
static void cut_slice(struct disk_request *request)
{
	struct disk_call *call = &request->call;
	uint64_t size = 0;

	call->iov = &request->iov[request->first];
	call->num = 0;
	while (request->first + call->num < request->num && size < DISK_IO_SLICE)
		size += call->iov[call->num++].iov_len;
	request->held = size > DISK_IO_SLICE ? (size_t)(size - DISK_IO_SLICE) : 0;
	if (request->held > 0)
		call->iov[call->num - 1].iov_len -= request->held;
}

static void begin_transfer(struct disk_request *request)
{
	request->left = request->length;
	request->first = 0;
	request->call = (struct disk_call){
		.kind = request->op == DISK_READ ? DISK_CALL_READV : DISK_CALL_WRITEV,
		.flags = request->op == DISK_WRITE && request->sync ? RWF_DSYNC : 0,
		.offset = request->offset,
	};
	cut_slice(request);
}

/* Leaves out the first bytes of the buffers, which are done. */
static void advance(struct disk_request *request, uint64_t done)
{
	struct iovec *iov = &request->iov[request->first];

	if (request->held > 0)
		request->call.iov[request->call.num - 1].iov_len += request->held;
	while (request->first < request->num && done >= iov->iov_len) {
		done -= iov->iov_len;
		iov++;
		request->first++;
	}
	if (done > 0) {
		iov->iov_base = (char *)iov->iov_base + done;
		iov->iov_len -= (size_t)done;
	}
}

static bool next_transfer(struct disk_request *request, int64_t result)
{
	if (result <= 0 || (uint64_t)result > request->left)
		return end(request, result < 0 ? (int)result : -EIO);
	request->left -= (uint64_t)result;
	request->call.offset += (uint64_t)result;
	if (request->left == 0)
		return end(request, 0);
	advance(request, (uint64_t)result);
	cut_slice(request);
	return true;
}

static void begin_sync(struct disk_request *request)
{
	request->call = (struct disk_call){ .kind = DISK_CALL_FDATASYNC };
}

static bool next_sync(struct disk_request *request, int64_t result)
{
	return end(request, (int)result);
}

static void begin_fallocate(struct disk_request *request, int mode)
{
	request->call = (struct disk_call){
		.kind = DISK_CALL_FALLOCATE,
		.flags = mode,
		.offset = request->offset,
		.length = request->length,
	};
}

/* EINVAL: a block device wants whole blocks of its own, which may be larger than those the guest knows. */
static bool is_refusal(int64_t result)
{
	return result == -EOPNOTSUPP || result == -EINVAL || result == -ENOSYS;
}

static void begin_punch(struct disk_request *request)
{
	begin_fallocate(request, PUNCH);
}

static bool next_punch(struct disk_request *request, int64_t result)
{
	if (result == 0)
		return end_of_range(request);
	if (request->op == DISK_ZERO && is_refusal(result))
		return begin(request, STAGE_ZERO_RANGE);
	return end(request, is_refusal(result) ? -EOPNOTSUPP : (int)result);
}

static void begin_zero_range(struct disk_request *request)
{
	begin_fallocate(request, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE);
}

static bool next_zero_range(struct disk_request *request, int64_t result)
{
	if (is_refusal(result))
		return begin(request, STAGE_WRITE_ZEROES);
	return result == 0 ? end_of_range(request) : end(request, (int)result);
}

/* As many of the same zeroes as are left and fit into one call. */
static void fill_zeroes(struct disk_request *request)
{
	struct disk_call *call = &request->call;
	uint64_t left = request->left < DISK_IO_SLICE ? request->left : DISK_IO_SLICE;

	call->iov = request->iov;
	for (call->num = 0; left > 0 && call->num < DISK_IO_SEGMENTS; call->num++) {
		const uint64_t part = left < ZEROES ? left : ZEROES;

		request->iov[call->num] = (struct iovec){ zeroes, (size_t)part };
		left -= part;
	}
}

static void begin_write_zeroes(struct disk_request *request)
{
	request->left = request->length;
	request->call = (struct disk_call){ .kind = DISK_CALL_WRITEV, .offset = request->offset };
	fill_zeroes(request);
}

static bool next_write_zeroes(struct disk_request *request, int64_t result)
{
	if (result <= 0 || (uint64_t)result > request->left)
		return end(request, result < 0 ? (int)result : -EIO);
	request->left -= (uint64_t)result;
	request->call.offset += (uint64_t)result;
	if (request->left == 0)
		return end_of_range(request);
	fill_zeroes(request);
	return true;
}

static const struct {
	void (*begin)(struct disk_request *request);
	bool (*next)(struct disk_request *request, int64_t result);
} stages[STAGE_END] = {
	[STAGE_TRANSFER] = { begin_transfer, next_transfer },
	[STAGE_SYNC] = { begin_sync, next_sync },
	[STAGE_PUNCH] = { begin_punch, next_punch },
	[STAGE_ZERO_RANGE] = { begin_zero_range, next_zero_range },
	[STAGE_WRITE_ZEROES] = { begin_write_zeroes, next_write_zeroes },
};

static bool begin(struct disk_request *request, enum stage stage)
{
	request->stage = stage;
	stages[stage].begin(request);
	return true;
}

void disk_op_begin(struct disk_request *request)
{
	static const enum stage first[DISK_OPS] = {
		[DISK_READ] = STAGE_TRANSFER, [DISK_WRITE] = STAGE_TRANSFER,  [DISK_FLUSH] = STAGE_SYNC,
		[DISK_DISCARD] = STAGE_PUNCH, [DISK_ZERO] = STAGE_ZERO_RANGE,
	};

	begin(request, request->op == DISK_ZERO && request->unmap ? STAGE_PUNCH : first[request->op]);
}

bool disk_op_next(struct disk_request *request, int64_t result)
{
	/* after EINTR the same call once more */
	const bool more = result == -EINTR || stages[request->stage].next(request, result);

	return more && is_cancelled(request) ? end(request, -ECANCELED) : more;
}

int64_t disk_op_call(int fd, const struct disk_request *request)
{
	const struct disk_call *call = &request->call;
	int64_t result = -1;

	if (is_cancelled(request))
		return -ECANCELED;
	switch (call->kind) {
	case DISK_CALL_READV:
		result = preadv2(fd, call->iov, (int)call->num, (off_t)call->offset, call->flags);
		break;
	case DISK_CALL_WRITEV:
		result = pwritev2(fd, call->iov, (int)call->num, (off_t)call->offset, call->flags);
		break;
	case DISK_CALL_FDATASYNC:
		result = fdatasync(fd);
		break;
	case DISK_CALL_FALLOCATE:
		result = fallocate(fd, call->flags, (off_t)call->offset, (off_t)call->length);
		break;
	case DISK_CALLS:
		errno = ENOSYS;
	}
	return result < 0 ? -errno : result;
}

/*
 * A hole behind a file's end is none, but shows whether there can be any. A
 * block device cannot be asked: it has no such place, and says when it is told.
 */
bool disk_op_can_discard(int fd)
{
	const off_t size = lseek(fd, 0, SEEK_END);
	struct stat st;

	if (size < 0 || fstat(fd, &st) < 0)
		return false;
	return S_ISBLK(st.st_mode) || fallocate(fd, PUNCH, size, 4096) == 0;
}
