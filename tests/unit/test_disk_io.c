/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What requests become as system calls, and which engine makes them. */
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <sys/resource.h>

#include "disk_io.h"
#include "disk_op.h"
#include "refuse_rings.h"
#include "test.h"

#ifdef DISK_HAS_URING
#include <liburing.h>
#endif

#define PUNCH (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)
#define ZERO_RANGE (FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE)

static char memory[8192];

static struct disk_request *new_request(enum disk_op op)
{
	static struct disk_request request;

	request = (struct disk_request){ .op = op, .offset = 4096, .length = 8192, .num = 2 };
	request.iov[0] = (struct iovec){ memory, 4096 };
	request.iov[1] = (struct iovec){ memory + 4096, 4096 };
	return &request;
}

/* A transfer that stops half way goes on where it stopped. */
static void short_transfers(void)
{
	static const enum disk_op ops[] = { DISK_READ, DISK_WRITE };

	for (size_t i = 0; i < COUNT(ops); i++) {
		struct disk_request *request = new_request(ops[i]);
		const struct disk_call *call = &request->call;

		disk_op_begin(request);
		CHECK_EQ(call->kind, ops[i] == DISK_READ ? DISK_CALL_READV : DISK_CALL_WRITEV);
		CHECK_EQ(call->num, 2);
		CHECK_EQ(call->offset, 4096);
		CHECK(disk_op_next(request, 1000));
		CHECK_EQ(call->offset, 5096);
		CHECK(call->iov[0].iov_base == memory + 1000 && call->iov[0].iov_len == 3096);
		CHECK(disk_op_next(request, -EINTR));
		CHECK_EQ(call->offset, 5096);
		CHECK(disk_op_next(request, 3096));
		CHECK_EQ(call->num, 1);
		CHECK(call->iov[0].iov_base == memory + 4096 && call->iov[0].iov_len == 4096);
		CHECK(!disk_op_next(request, 4096));
		CHECK_EQ(request->result, 0);
	}
}

/* A transfer of any size is calls of a slice, and nothing is left out or done twice. */
static void slices(void)
{
	static char large[3 * DISK_IO_SLICE + 4096];
	struct disk_request *request = new_request(DISK_READ);
	uint64_t done = 0;
	bool more = true;

	request->iov[0] = (struct iovec){ large, 4096 };
	request->iov[1] = (struct iovec){ large + 4096, 2 * DISK_IO_SLICE + 777 };
	request->iov[2] = (struct iovec){ large + 4096 + 2 * DISK_IO_SLICE + 777, DISK_IO_SLICE - 777 };
	request->num = 3;
	request->length = sizeof(large);
	disk_op_begin(request);
	for (unsigned calls = 0; more; calls++) {
		const uint64_t left = sizeof(large) - done;
		uint64_t given = 0;

		CHECK(calls < 8);
		CHECK_EQ(request->call.offset, 4096 + done);
		for (unsigned i = 0; i < request->call.num; i++) {
			CHECK(request->call.iov[i].iov_base == large + done + given);
			given += request->call.iov[i].iov_len;
		}
		CHECK_EQ(given, left < DISK_IO_SLICE ? left : DISK_IO_SLICE);
		given = calls == 1 ? 4095 : given; /* short */
		more = disk_op_next(request, (int64_t)given);
		done += given;
	}
	CHECK_EQ(done, sizeof(large));
	CHECK_EQ(request->result, 0);
}

/* What is cancelled makes no further call; what was the last one has its result. */
static void cancelled(void)
{
	struct disk_request *request = new_request(DISK_WRITE);

	disk_op_begin(request);
	disk_io_cancel(request);
	CHECK_EQ(disk_op_call(-1, request), -ECANCELED);
	CHECK(!disk_op_next(request, 4096));
	CHECK_EQ(request->result, -ECANCELED);
	request = new_request(DISK_WRITE);
	disk_op_begin(request);
	disk_io_cancel(request);
	CHECK(!disk_op_next(request, -EINTR));
	CHECK_EQ(request->result, -ECANCELED);
	request = new_request(DISK_WRITE);
	disk_op_begin(request);
	disk_io_cancel(request);
	CHECK(!disk_op_next(request, 8192));
	CHECK_EQ(request->result, 0);
}

static void failed_transfers(void)
{
	static const struct {
		int64_t result;
		int expected;
	} cases[] = {
		{ 0, -EIO }, /* the file ends */
		{ -ENOSPC, -ENOSPC },
		{ -EFAULT, -EFAULT },
		{ 8193, -EIO }, /* no kernel does */
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct disk_request *request = new_request(DISK_WRITE);

		disk_op_begin(request);
		CHECK(!disk_op_next(request, cases[i].result));
		CHECK_EQ(request->result, cases[i].expected);
	}
}

static void write_through(void)
{
	struct disk_request *request = new_request(DISK_WRITE);

	request->sync = true;
	disk_op_begin(request);
	CHECK_EQ(request->call.flags, RWF_DSYNC);
	request = new_request(DISK_READ);
	disk_op_begin(request);
	CHECK_EQ(request->call.flags, 0);
	request = new_request(DISK_FLUSH);
	disk_op_begin(request);
	CHECK_EQ(request->call.kind, DISK_CALL_FDATASYNC);
	CHECK(!disk_op_next(request, -EIO));
	CHECK_EQ(request->result, -EIO);
}

static void check_fallocate(const struct disk_request *request, int mode)
{
	CHECK_EQ(request->call.kind, DISK_CALL_FALLOCATE);
	CHECK_EQ(request->call.flags, mode);
	CHECK_EQ(request->call.offset, 4096);
	CHECK_EQ(request->call.length, request->length);
}

static void discards(void)
{
	static const struct {
		int64_t result;
		int expected;
	} cases[] = { { 0, 0 }, { -EOPNOTSUPP, -EOPNOTSUPP }, { -EINVAL, -EOPNOTSUPP }, { -EIO, -EIO } };

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct disk_request *request = new_request(DISK_DISCARD);

		disk_op_begin(request);
		check_fallocate(request, PUNCH);
		CHECK(!disk_op_next(request, cases[i].result));
		CHECK_EQ(request->result, cases[i].expected);
	}
}

/* From the best way to the one that always is. */
static void zeroes(void)
{
	const uint64_t large = 32ull << 20;
	struct disk_request *request = new_request(DISK_ZERO);
	uint64_t written = 0, given;

	request->unmap = request->sync = true;
	request->length = large;
	disk_op_begin(request);
	check_fallocate(request, PUNCH);
	CHECK(disk_op_next(request, -EOPNOTSUPP));
	check_fallocate(request, ZERO_RANGE);
	CHECK(disk_op_next(request, -EOPNOTSUPP));
	while (written < large) {
		CHECK_EQ(request->call.kind, DISK_CALL_WRITEV);
		CHECK_EQ(request->call.offset, 4096 + written);
		given = 0;
		for (unsigned i = 0; i < request->call.num; i++) {
			const char *bytes = request->call.iov[i].iov_base;

			given += request->call.iov[i].iov_len;
			CHECK(bytes[0] == 0 && bytes[request->call.iov[i].iov_len - 1] == 0);
		}
		CHECK(given <= large - written);
		given = given > 1 << 20 ? given - 777 : given; /* short */
		CHECK(disk_op_next(request, (int64_t)given));
		written += given;
	}
	CHECK_EQ(request->call.kind, DISK_CALL_FDATASYNC);
	CHECK(!disk_op_next(request, 0));
	CHECK_EQ(request->result, 0);

	request = new_request(DISK_ZERO); /* not to become a hole */
	disk_op_begin(request);
	check_fallocate(request, ZERO_RANGE);
	CHECK(!disk_op_next(request, 0));
	CHECK_EQ(request->result, 0);
}

static struct disk_io *open_engine(enum disk_engine engine, int *ret_event)
{
	struct disk_io *disk = NULL;

	CHECK_EQ(disk_io_new(fileno(tmpfile()), engine, &disk, ret_event), 0);
	return disk;
}

static void check_falls_back(unsigned error)
{
	struct disk_io *disk;
	int event;

	CHECK_EQ(refuse_rings(error), 0);
	disk = open_engine(DISK_ENGINE_BEST, &event);
	CHECK_EQ(strcmp(disk_io_name(disk), "threads"), 0);
	disk_io_free(disk);
	CHECK(disk_io_new(fileno(tmpfile()), DISK_ENGINE_URING, &disk, &event) < 0);
}

static void kernel_without(void)
{
	check_falls_back(ENOSYS);
}

static void kernel_refuses(void)
{
	check_falls_back(EPERM);
}

static void waits(void)
{
	const int fd = open("/tmp", O_TMPFILE | O_RDWR | O_NONBLOCK | O_CLOEXEC, 0600);
	struct disk_io *disk;
	int event;

	CHECK(fd >= 0);
	CHECK_EQ(disk_io_new(fd, DISK_ENGINE_BEST, &disk, &event), 0);
	CHECK_EQ(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
	disk_io_free(disk);
}

static void keep_result(struct disk_request *request, int result)
{
	*(int *)request->iov[DISK_IO_SEGMENTS - 1].iov_base = result;
}

static int run_one(struct disk_io *disk, struct disk_request *request)
{
	int result = 1;

	request->done = keep_result;
	request->iov[DISK_IO_SEGMENTS - 1].iov_base = &result;
	disk_io_submit(disk, request);
	disk_io_drain(disk);
	return result;
}

/* Both engines stop between slices. */
static void cancelled_under_way(void)
{
	static const enum disk_engine engines[] = {
		DISK_ENGINE_THREADS,
#ifdef DISK_HAS_URING
		DISK_ENGINE_URING,
#endif
	};
	static char large[4 * DISK_IO_SLICE];

	for (size_t i = 0; i < COUNT(engines); i++) {
		struct disk_request *request = new_request(DISK_WRITE);
		const int fd = fileno(tmpfile());
		struct disk_io *disk;
		int event, result = 1;

		CHECK_EQ(disk_io_new(fd, engines[i], &disk, &event), 0);
		CHECK(!disk_io_wait(disk));
		request->iov[0] = (struct iovec){ large, sizeof(large) };
		request->num = 1;
		request->offset = 0;
		request->length = sizeof(large);
		request->done = keep_result;
		request->iov[DISK_IO_SEGMENTS - 1].iov_base = &result;
		disk_io_submit(disk, request);
		disk_io_cancel(request);
		disk_io_drain(disk);
		CHECK_EQ(result, -ECANCELED);
		CHECK(lseek(fd, 0, SEEK_END) <= (off_t)DISK_IO_SLICE);
		disk_io_free(disk);
	}
}

/* A limit on processes is one on the kernel's threads for a ring too. */
static void no_workers(void)
{
	const struct rlimit one = { 1, 1 };
	struct disk_request *request;
	struct disk_io *disk;
	int event;

	if (geteuid() == 0) { /* whom no limit stops */
		CHECK_EQ(setresgid(61199, 61199, 61199), 0);
		CHECK_EQ(setresuid(61199, 61199, 61199), 0);
	}
	disk = open_engine(DISK_ENGINE_BEST, &event);
	CHECK_EQ(setrlimit(RLIMIT_NPROC, &one), 0);
	for (unsigned i = 0; i < 3; i++) {
		memset(memory, (int)(i + 1), sizeof(memory));
		CHECK_EQ(run_one(disk, new_request(DISK_WRITE)), 0);
		CHECK_EQ(run_one(disk, new_request(DISK_FLUSH)), 0);
		memset(memory, 0, sizeof(memory));
		CHECK_EQ(run_one(disk, new_request(DISK_READ)), 0);
		CHECK_EQ(memory[8191], i + 1);
		request = new_request(DISK_ZERO);
		request->length = 1 << 20;
		CHECK_EQ(run_one(disk, request), 0);
	}
	disk_io_free(disk);
	_exit(0); /* what looks for leaks at a proper exit wants a process for it */
}

#ifdef DISK_HAS_URING
/* Somebody who has the process and with it the ring can use it for the disk alone. */
static void restricted(void)
{
	static const struct {
		uint8_t op, flags;
		int expected;
	} cases[] = {
		{ IORING_OP_NOP, IOSQE_FIXED_FILE, -EACCES },
		{ IORING_OP_OPENAT, 0, -EACCES },
		{ IORING_OP_OPENAT, IOSQE_FIXED_FILE, -EACCES },
		{ IORING_OP_SOCKET, IOSQE_FIXED_FILE, -EACCES },
		{ IORING_OP_FSYNC, 0, -EACCES }, /* of a file that is not registered */
		{ IORING_OP_FSYNC, IOSQE_FIXED_FILE | IOSQE_IO_LINK, -EACCES },
		{ IORING_OP_FSYNC, IOSQE_FIXED_FILE, 0 },
	};
	struct io_uring_params params = { 0 };
	struct io_uring ring, *model = calloc(1, sizeof(*model));
	struct io_uring_cqe *cqe;
	struct disk_io *disk;
	int event, other = fileno(tmpfile());

	disk = open_engine(DISK_ENGINE_URING, &event);
	CHECK_EQ(strcmp(disk_io_name(disk), "io_uring"), 0);
	CHECK(io_uring_register((unsigned)event, IORING_REGISTER_FILES, &other, 1) < 0);
	CHECK(io_uring_register((unsigned)event, IORING_UNREGISTER_FILES, NULL, 0) < 0);
	CHECK(io_uring_register((unsigned)event, IORING_REGISTER_PERSONALITY, NULL, 0) < 0);
	/* where things lie in a ring of this size is no secret */
	CHECK_EQ(io_uring_queue_init_params(DISK_IO_REQUESTS, model, &params), 0);
	params.flags = 0;
	CHECK_EQ(io_uring_queue_mmap(event, &params, &ring), 0);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);

		CHECK(sqe != NULL);
		memset(sqe, 0, sizeof(*sqe));
		sqe->opcode = cases[i].op;
		sqe->flags = cases[i].flags;
		CHECK_EQ(io_uring_submit(&ring), 1);
		CHECK_EQ(io_uring_wait_cqe(&ring, &cqe), 0);
		CHECK_EQ(cqe->res, cases[i].expected);
		io_uring_cqe_seen(&ring, cqe);
	}
	io_uring_queue_exit(model);
	free(model);
	disk_io_free(disk);
}
#endif

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		TEST(short_transfers), TEST(failed_transfers),
		TEST(write_through),   TEST(discards),
		TEST(zeroes),          TEST(kernel_without),
		TEST(kernel_refuses),  TEST(waits),
		TEST(no_workers),      TEST(slices),
		TEST(cancelled),       TEST(cancelled_under_way),
#ifdef DISK_HAS_URING
		TEST(restricted),
#endif
	};

	return test_main(tests, COUNT(tests), argc, argv);
}
