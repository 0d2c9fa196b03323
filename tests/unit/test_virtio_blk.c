/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The block device on real files; built once for each engine. */
#include <fcntl.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "blk_rig.h"
#include "test.h"

#define SECTORS (BLK_SIZE / 512)

static const struct virtio_blk_options usual = { 0 };

static uint8_t *data(const struct blk_rig *blk)
{
	return rig_at(blk->rig, BLK_DATA);
}

static bool is_zero(const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (bytes[i] != 0)
			return false;
	}
	return true;
}

static void check_disk_bytes(const struct blk_rig *blk, uint64_t offset, const uint8_t *expected, size_t size)
{
	uint8_t *bytes = malloc(size);

	CHECK(bytes != NULL);
	CHECK_EQ(pread(blk->fd, bytes, size, (off_t)offset), (ssize_t)size);
	CHECK(memcmp(bytes, expected, size) == 0);
	free(bytes);
}

/* The disk still is as blk_rig_file() made it. */
static void check_untouched(const struct blk_rig *blk, uint64_t offset, size_t size)
{
	uint8_t *expected = malloc(size);

	CHECK(expected != NULL);
	for (size_t i = 0; i < size; i++)
		expected[i] = blk_byte(offset + i);
	check_disk_bytes(blk, offset, expected, size);
	free(expected);
}

static uint64_t offered(struct rig *rig)
{
	uint64_t features;

	rig_write(rig, R_DEVICE_FEATURES_SEL, 1);
	features = (uint64_t)rig_read(rig, R_DEVICE_FEATURES) << 32;
	rig_write(rig, R_DEVICE_FEATURES_SEL, 0);
	return features | rig_read(rig, R_DEVICE_FEATURES);
}

static uint64_t config(const struct blk_rig *blk, uint32_t offset, uint32_t size)
{
	return virtio_mmio_read(blk->rig->device, R_CONFIG + offset, size);
}

/* Offsets of section 5.2.4, spelled out once more. */
static void identity(void)
{
	const uint64_t changing = VIRTIO_BLK_F_DISCARD | VIRTIO_BLK_F_WRITE_ZEROES;
	struct blk_rig blk;

	blk_rig_new(&blk, &(struct virtio_blk_options){ .block_size = 4096 });
	CHECK_EQ(rig_read(blk.rig, R_DEVICE_ID), 2);
	CHECK((offered(blk.rig) & changing) == changing);
	CHECK((offered(blk.rig) & VIRTIO_BLK_F_RO) == 0);
	CHECK((offered(blk.rig) & VIRTIO_BLK_F_MQ) != 0);
	CHECK_EQ(config(&blk, 0, 8), SECTORS);
	CHECK_EQ(config(&blk, 12, 4), VIRTIO_BLK_SEG_MAX);
	CHECK_EQ(config(&blk, 20, 4), 4096);
	CHECK_EQ(config(&blk, 24, 1), 0);
	CHECK_EQ(config(&blk, 34, 2), 2);
	CHECK_EQ(config(&blk, 36, 4), VIRTIO_BLK_MAX_RANGE);
	CHECK_EQ(config(&blk, 40, 4), 1);
	CHECK_EQ(config(&blk, 48, 4), VIRTIO_BLK_MAX_RANGE);
	CHECK_EQ(config(&blk, 52, 4), 1);
	CHECK_EQ(config(&blk, 56, 1), 1);
	blk_rig_free(&blk);

	blk_rig_new(&blk, &(struct virtio_blk_options){ .readonly = true, .num_queues = 1 });
	CHECK((offered(blk.rig) & (changing | VIRTIO_BLK_F_MQ)) == 0);
	CHECK((offered(blk.rig) & VIRTIO_BLK_F_RO) != 0);
	CHECK_EQ(config(&blk, 20, 4), 512);
	CHECK_EQ(config(&blk, 24, 1), 3); /* 2^3 blocks are one of the host's */
	blk_rig_free(&blk);
}

static void reads(void)
{
	struct blk_rig blk;

	blk_rig_new(&blk, &usual);
	rig_start(blk.rig, BLK_FEATURES);
	for (unsigned q = 0; q < 2; q++) {
		memset(data(&blk), 0, 8192);
		CHECK_EQ(blk_do(&blk, q, VIRTIO_BLK_T_IN, 3, 4096), VIRTIO_BLK_S_OK);
		for (unsigned i = 0; i < 4096; i++)
			CHECK_EQ(data(&blk)[i], blk_byte(3 * 512 + i));
		CHECK(is_zero(data(&blk) + 4096, 4096));
	}
	blk_put(&blk, 0, 1, VIRTIO_BLK_T_IN, SECTORS - 1, 512); /* the last one */
	rig_offer(blk.rig, 0, 3);
	rig_write(blk.rig, R_QUEUE_NOTIFY, 0);
	CHECK_EQ(blk_await(&blk, 0, 1).len, 513);
	CHECK_EQ(data(&blk)[511], blk_byte(BLK_SIZE - 1));
	CHECK(blk.rig->interrupts > 0);
	blk_rig_free(&blk);
}

static void writes(void)
{
	struct blk_rig blk;

	blk_rig_new(&blk, &usual);
	rig_start(blk.rig, BLK_FEATURES);
	for (unsigned i = 0; i < 1536; i++)
		data(&blk)[i] = (uint8_t)(i * 13);
	CHECK_EQ(blk_do(&blk, 1, VIRTIO_BLK_T_OUT, 10, 1536), VIRTIO_BLK_S_OK);
	check_disk_bytes(&blk, 5120, data(&blk), 1536);
	check_untouched(&blk, 0, 5120);
	check_untouched(&blk, 5120 + 1536, BLK_SIZE - 5120 - 1536);
	CHECK_EQ(blk_do(&blk, 0, VIRTIO_BLK_T_FLUSH, 0, 0), VIRTIO_BLK_S_OK);
	CHECK_EQ(blk_do(&blk, 0, VIRTIO_BLK_T_OUT, 0, 0), VIRTIO_BLK_S_OK); /* of nothing */
	blk_rig_free(&blk);
}

/* Without FLUSH agreed on, writes are on stable storage at once; here, that they come through. */
static void writes_through(void)
{
	struct blk_rig blk;

	blk_rig_new(&blk, &usual);
	rig_start(blk.rig, VIRTIO_F_VERSION_1 | VIRTIO_BLK_F_WRITE_ZEROES);
	memset(data(&blk), 0x5a, 1024);
	CHECK_EQ(blk_do(&blk, 0, VIRTIO_BLK_T_OUT, 0, 1024), VIRTIO_BLK_S_OK);
	check_disk_bytes(&blk, 0, data(&blk), 1024);
	memcpy(data(&blk), &(struct {
		       uint64_t sector;
		       uint32_t num, flags;
	       }){ 1, 1, 0 },
	       16);
	CHECK_EQ(blk_do(&blk, 0, VIRTIO_BLK_T_WRITE_ZEROES, 0, 16), VIRTIO_BLK_S_OK);
	memset(data(&blk), 0, 512);
	check_disk_bytes(&blk, 512, data(&blk), 512);
	blk_rig_free(&blk);
}

/*
 * The same bytes in buffers cut elsewhere (2.7.4.1): the header in three, some
 * of it together with data; the status at the end of the data or alone.
 */
static void cut_anyhow(void)
{
	static const struct {
		uint32_t type;
		uint32_t out[4], in[4]; /* lengths */
	} cases[] = {
		{ VIRTIO_BLK_T_IN, { 16 }, { 1025 } },
		{ VIRTIO_BLK_T_IN, { 1, 14, 1 }, { 1, 1023, 1 } },
		{ VIRTIO_BLK_T_IN, { 5, 11 }, { 511, 2, 512 } },
		{ VIRTIO_BLK_T_IN, { 16, 100 }, { 1024, 1 } }, /* of no meaning, and allowed */
		{ VIRTIO_BLK_T_OUT, { 16 + 1024 }, { 1 } },
		{ VIRTIO_BLK_T_OUT, { 3, 14, 1, 1022 }, { 1 } },
		{ VIRTIO_BLK_T_OUT, { 15, 2, 1023 }, { 1 } },
		{ VIRTIO_BLK_T_OUT, { 16, 1024 }, { 7, 1 } },
	};
	struct blk_rig blk;

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct {
			uint32_t type, reserved;
			uint64_t sector;
		} header = { cases[i].type, 0, 4 };
		const uint64_t out = RIG_BUFFER + 0x1000, in = RIG_BUFFER + 0x3000;
		uint64_t at_out = out, at_in = in;
		uint8_t *bytes;
		unsigned n = 0;

		blk_rig_new(&blk, &usual);
		rig_start(blk.rig, BLK_FEATURES);
		bytes = rig_at(blk.rig, out);
		memcpy(bytes, &header, 16);
		memset(bytes + 16, 0xa5, 1024);
		memset(rig_at(blk.rig, in), BLK_NO_STATUS, 2048);
		for (unsigned j = 0; j < 4 && cases[i].out[j] > 0; at_out += cases[i].out[j++], n++)
			rig_indirect(blk.rig, n, at_out, cases[i].out[j], VIRTQUEUE_DESC_NEXT, n + 1);
		for (unsigned j = 0; j < 4 && cases[i].in[j] > 0; at_in += cases[i].in[j++], n++)
			rig_indirect(blk.rig, n, at_in, cases[i].in[j],
				     VIRTQUEUE_DESC_WRITE |
					     (j < 3 && cases[i].in[j + 1] > 0 ? VIRTQUEUE_DESC_NEXT : 0),
				     n + 1);
		rig_desc(blk.rig, 0, 5, RIG_INDIRECT, n * 16, VIRTQUEUE_DESC_INDIRECT, 0);
		rig_offer(blk.rig, 0, 5);
		rig_write(blk.rig, R_QUEUE_NOTIFY, 0);
		CHECK_EQ(blk_await(&blk, 0, 1).id, 5);
		CHECK_EQ(*(uint8_t *)rig_at(blk.rig, at_in - 1), VIRTIO_BLK_S_OK);
		if (header.type == VIRTIO_BLK_T_OUT)
			check_disk_bytes(&blk, 2048, bytes + 16, 1024);
		else
			check_disk_bytes(&blk, 2048, rig_at(blk.rig, in), 1024);
		blk_rig_free(&blk);
	}
}

struct range {
	uint64_t sector;
	uint32_t num, flags;
};

static uint8_t do_range(struct blk_rig *blk, uint32_t type, struct range range)
{
	memcpy(data(blk), &range, sizeof(range));
	return blk_do(blk, 0, type, 0, sizeof(range));
}

static blkcnt_t blocks_of(const struct blk_rig *blk)
{
	struct stat st;

	CHECK_EQ(fsync(blk->fd), 0);
	CHECK_EQ(fstat(blk->fd, &st), 0);
	CHECK_EQ(st.st_size, BLK_SIZE);
	return st.st_blocks;
}

static void discards(void)
{
	struct blk_rig blk;
	blkcnt_t before;

	blk_rig_new(&blk, &usual);
	rig_start(blk.rig, BLK_FEATURES);
	before = blocks_of(&blk);
	CHECK_EQ(do_range(&blk, VIRTIO_BLK_T_DISCARD, (struct range){ 256, 512, 0 }), VIRTIO_BLK_S_OK);
	CHECK(blocks_of(&blk) < before);
	check_untouched(&blk, 0, 256 * 512);
	check_untouched(&blk, 768 * 512, BLK_SIZE - 768 * 512);
	CHECK_EQ(do_range(&blk, VIRTIO_BLK_T_DISCARD, (struct range){ 0, 0, 0 }), VIRTIO_BLK_S_OK);
	blk_rig_free(&blk);
}

static void zeroes(void)
{
	struct blk_rig blk;
	blkcnt_t before;

	blk_rig_new(&blk, &usual);
	rig_start(blk.rig, BLK_FEATURES);
	before = blocks_of(&blk);
	CHECK_EQ(do_range(&blk, VIRTIO_BLK_T_WRITE_ZEROES, (struct range){ 1, 3, 0 }), VIRTIO_BLK_S_OK);
	CHECK_EQ(do_range(&blk, VIRTIO_BLK_T_WRITE_ZEROES, (struct range){ 1023, 513, VIRTIO_BLK_UNMAP }),
		 VIRTIO_BLK_S_OK);
	CHECK(blocks_of(&blk) < before);
	memset(data(&blk), 0, 513 * 512);
	check_disk_bytes(&blk, 512, data(&blk), 3 * 512);
	check_disk_bytes(&blk, 1023 * 512, data(&blk), 513 * 512);
	check_untouched(&blk, 0, 512);
	check_untouched(&blk, 4 * 512, 1019 * 512);
	check_untouched(&blk, 1536 * 512, BLK_SIZE - 1536 * 512);
	blk_rig_free(&blk);
}

static void identifies_itself(void)
{
	struct blk_rig blk;

	blk_rig_new(&blk, &(struct virtio_blk_options){ .serial = "01234567890123456789" });
	rig_start(blk.rig, BLK_FEATURES);
	CHECK_EQ(blk_do(&blk, 0, VIRTIO_BLK_T_GET_ID, 0, 20), VIRTIO_BLK_S_OK);
	CHECK(memcmp(data(&blk), "01234567890123456789", 20) == 0);
	CHECK_EQ(blk_do(&blk, 0, VIRTIO_BLK_T_GET_ID, 0, 5), VIRTIO_BLK_S_OK);
	CHECK_EQ(blk_do(&blk, 0, VIRTIO_BLK_T_GET_ID, 0, 512), VIRTIO_BLK_S_OK);
	blk_rig_free(&blk);
	blk_rig_new(&blk, &(struct virtio_blk_options){ .serial = "disk" });
	rig_start(blk.rig, BLK_FEATURES);
	memset(data(&blk), 0xff, 21);
	CHECK_EQ(blk_do(&blk, 0, VIRTIO_BLK_T_GET_ID, 0, 20), VIRTIO_BLK_S_OK);
	CHECK(memcmp(data(&blk), "disk\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xff", 21) == 0);
	blk_rig_free(&blk);
}

/* What is answered with an error leaves the disk as it is, and the device alive. */
static void refusals(void)
{
	static const struct {
		uint32_t type;
		uint64_t sector;
		uint32_t bytes;
		uint8_t status;
	} cases[] = {
		{ VIRTIO_BLK_T_IN, SECTORS, 512, VIRTIO_BLK_S_IOERR },
		{ VIRTIO_BLK_T_IN, SECTORS - 1, 1024, VIRTIO_BLK_S_IOERR },
		{ VIRTIO_BLK_T_OUT, SECTORS - 1, 1024, VIRTIO_BLK_S_IOERR },
		{ VIRTIO_BLK_T_OUT, UINT64_MAX, 512, VIRTIO_BLK_S_IOERR },
		{ VIRTIO_BLK_T_OUT, 1ull << 55, 512, VIRTIO_BLK_S_IOERR }, /* 2^64 bytes */
		{ VIRTIO_BLK_T_IN, 0, 511, VIRTIO_BLK_S_IOERR },
		{ VIRTIO_BLK_T_OUT, 0, 513, VIRTIO_BLK_S_IOERR },
		{ 2, 0, 512, VIRTIO_BLK_S_UNSUPP }, /* once a SCSI command */
		{ 10, 0, 512, VIRTIO_BLK_S_UNSUPP },
		{ 14, 0, 16, VIRTIO_BLK_S_UNSUPP }, /* SECURE_ERASE is not offered */
		{ UINT32_MAX, 0, 512, VIRTIO_BLK_S_UNSUPP },
		{ VIRTIO_BLK_T_DISCARD, 0, 15, VIRTIO_BLK_S_IOERR },
		{ VIRTIO_BLK_T_DISCARD, 0, 32, VIRTIO_BLK_S_IOERR }, /* two segments */
		{ VIRTIO_BLK_T_WRITE_ZEROES, 0, 0, VIRTIO_BLK_S_IOERR },
	};
	static const struct {
		uint32_t type;
		struct range range;
		uint8_t status;
	} ranges[] = {
		{ VIRTIO_BLK_T_DISCARD, { SECTORS, 1, 0 }, VIRTIO_BLK_S_IOERR },
		{ VIRTIO_BLK_T_DISCARD, { 0, 1, VIRTIO_BLK_UNMAP }, VIRTIO_BLK_S_UNSUPP },
		{ VIRTIO_BLK_T_DISCARD, { 0, VIRTIO_BLK_MAX_RANGE + 1, 0 }, VIRTIO_BLK_S_IOERR },
		{ VIRTIO_BLK_T_WRITE_ZEROES, { SECTORS - 1, 2, 0 }, VIRTIO_BLK_S_IOERR },
		{ VIRTIO_BLK_T_WRITE_ZEROES, { UINT64_MAX, 2, 0 }, VIRTIO_BLK_S_IOERR },
		{ VIRTIO_BLK_T_WRITE_ZEROES, { 0, 1, 2 }, VIRTIO_BLK_S_UNSUPP },
		{ VIRTIO_BLK_T_WRITE_ZEROES, { 0, UINT32_MAX, 0 }, VIRTIO_BLK_S_IOERR },
	};
	struct blk_rig blk;

	blk_rig_new(&blk, &usual);
	rig_start(blk.rig, BLK_FEATURES);
	for (size_t i = 0; i < COUNT(cases); i++)
		CHECK_EQ(blk_do(&blk, 0, cases[i].type, cases[i].sector, cases[i].bytes), cases[i].status);
	for (size_t i = 0; i < COUNT(ranges); i++)
		CHECK_EQ(do_range(&blk, ranges[i].type, ranges[i].range), ranges[i].status);
	check_untouched(&blk, 0, BLK_SIZE);
	CHECK_EQ(blk_do(&blk, 0, VIRTIO_BLK_T_IN, 0, 512), VIRTIO_BLK_S_OK);
	blk_rig_free(&blk);
}

static void readonly(void)
{
	struct blk_rig blk;

	blk_rig_new(&blk, &(struct virtio_blk_options){ .readonly = true });
	rig_start(blk.rig, VIRTIO_F_VERSION_1 | VIRTIO_BLK_F_RO | VIRTIO_BLK_F_FLUSH);
	CHECK_EQ(blk_do(&blk, 0, VIRTIO_BLK_T_OUT, 0, 512), VIRTIO_BLK_S_IOERR);
	CHECK_EQ(do_range(&blk, VIRTIO_BLK_T_DISCARD, (struct range){ 0, 8, 0 }), VIRTIO_BLK_S_IOERR);
	CHECK_EQ(do_range(&blk, VIRTIO_BLK_T_WRITE_ZEROES, (struct range){ 0, 8, 0 }), VIRTIO_BLK_S_IOERR);
	CHECK_EQ(blk_do(&blk, 0, VIRTIO_BLK_T_FLUSH, 0, 0), VIRTIO_BLK_S_OK);
	CHECK_EQ(blk_do(&blk, 0, VIRTIO_BLK_T_IN, 0, 512), VIRTIO_BLK_S_OK);
	check_untouched(&blk, 0, BLK_SIZE);
	blk_rig_free(&blk);
}

/* What was not agreed on is not there. */
static void not_agreed(void)
{
	struct blk_rig blk;

	blk_rig_new(&blk, &usual);
	rig_start(blk.rig, VIRTIO_F_VERSION_1);
	CHECK_EQ(do_range(&blk, VIRTIO_BLK_T_DISCARD, (struct range){ 0, 8, 0 }), VIRTIO_BLK_S_UNSUPP);
	CHECK_EQ(do_range(&blk, VIRTIO_BLK_T_WRITE_ZEROES, (struct range){ 0, 8, 0 }), VIRTIO_BLK_S_UNSUPP);
	check_untouched(&blk, 0, BLK_SIZE);
	blk_rig_free(&blk);
}

/* Errors of the host's file are the guest's. */
static void host_errors(void)
{
	char path[64];
	struct blk_rig blk;
	int fd;

	/* the file became shorter */
	blk_rig_new(&blk, &usual);
	rig_start(blk.rig, BLK_FEATURES);
	CHECK_EQ(ftruncate(blk.fd, 4096 + 512), 0);
	CHECK_EQ(blk_do(&blk, 0, VIRTIO_BLK_T_IN, 16, 512), VIRTIO_BLK_S_IOERR);
	CHECK_EQ(blk_do(&blk, 0, VIRTIO_BLK_T_IN, 8, 1024), VIRTIO_BLK_S_IOERR);
	CHECK_EQ(blk_do(&blk, 0, VIRTIO_BLK_T_IN, 8, 512), VIRTIO_BLK_S_OK);
	/* and cannot be written */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", blk.fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0);
	blk_rig_free(&blk);
	blk_rig_new(&blk, &(struct virtio_blk_options){ .fd = fd });
	rig_start(blk.rig, VIRTIO_F_VERSION_1 | VIRTIO_BLK_F_WRITE_ZEROES);
	CHECK_EQ(blk_do(&blk, 0, VIRTIO_BLK_T_OUT, 0, 512), VIRTIO_BLK_S_IOERR);
	CHECK_EQ(do_range(&blk, VIRTIO_BLK_T_WRITE_ZEROES, (struct range){ 0, 1, 0 }), VIRTIO_BLK_S_IOERR);
	CHECK_EQ(blk_do(&blk, 0, VIRTIO_BLK_T_IN, 0, 512), VIRTIO_BLK_S_OK);
	blk_rig_free(&blk);
}

/* One chain of the given buffers breaks the device, and a reset mends it. */
static void check_breaks(const uint32_t *out, const uint32_t *in, enum virtio_fault fault)
{
	struct blk_rig blk;
	unsigned n = 0;

	blk_rig_new(&blk, &usual);
	rig_start(blk.rig, BLK_FEATURES);
	for (; *out > 0; out++, n++)
		rig_desc(blk.rig, 0, n, RIG_BUFFER, *out, VIRTQUEUE_DESC_NEXT, n + 1);
	for (; *in > 0; in++, n++)
		rig_desc(blk.rig, 0, n, RIG_BUFFER, *in, VIRTQUEUE_DESC_NEXT | VIRTQUEUE_DESC_WRITE, n + 1);
	((struct virtqueue_desc *)rig_at(blk.rig, RIG_QUEUE(0)))[n - 1].flags &=
		(uint16_t)~VIRTQUEUE_DESC_NEXT;
	rig_offer(blk.rig, 0, 0);
	rig_kick(blk.rig, 0);
	CHECK(rig_read(blk.rig, R_STATUS) & VIRTIO_STATUS_NEEDS_RESET);
	CHECK_EQ(blk.rig->device->fault, fault);
	rig_write(blk.rig, R_STATUS, 0);
	rig_start(blk.rig, BLK_FEATURES);
	CHECK_EQ(blk_do(&blk, 0, VIRTIO_BLK_T_IN, 0, 512), VIRTIO_BLK_S_OK);
	check_untouched(&blk, 0, BLK_SIZE);
	blk_rig_free(&blk);
}

static void malformed(void)
{
	check_breaks((uint32_t[]){ 0 }, (uint32_t[]){ 512, 1, 0 }, VIRTIO_FAULT_REQUEST);
	check_breaks((uint32_t[]){ 15, 0 }, (uint32_t[]){ 512, 1, 0 }, VIRTIO_FAULT_REQUEST);
	check_breaks((uint32_t[]){ 16, 0 }, (uint32_t[]){ 0 }, VIRTIO_FAULT_REQUEST);
	check_breaks((uint32_t[]){ 16, 512, 0 }, (uint32_t[]){ 0 }, VIRTIO_FAULT_REQUEST);
}

/* SEG_MAX buffers of data are served, one more is not (5.2.6.1). */
static void segments(void)
{
	const struct {
		uint32_t type, reserved;
		uint64_t sector;
	} header = { VIRTIO_BLK_T_IN, 0, 0 };

	for (unsigned more = 0; more < 2; more++) {
		const unsigned num = VIRTIO_BLK_SEG_MAX + more;
		struct blk_rig blk;

		blk_rig_new(&blk, &usual);
		rig_start(blk.rig, BLK_FEATURES);
		memcpy(rig_at(blk.rig, BLK_HEADER), &header, sizeof(header));
		rig_indirect(blk.rig, 0, BLK_HEADER, 16, VIRTQUEUE_DESC_NEXT, 1);
		for (unsigned i = 1; i <= num; i++)
			rig_indirect(blk.rig, i, BLK_DATA + 512 * i, 512,
				     VIRTQUEUE_DESC_WRITE | VIRTQUEUE_DESC_NEXT, i + 1);
		rig_indirect(blk.rig, num + 1, BLK_STATUS, 1, VIRTQUEUE_DESC_WRITE, 0);
		rig_desc(blk.rig, 0, 0, RIG_INDIRECT, (num + 2) * 16, VIRTQUEUE_DESC_INDIRECT, 0);
		rig_offer(blk.rig, 0, 0);
		rig_write(blk.rig, R_QUEUE_NOTIFY, 0);
		if (more == 0) {
			CHECK_EQ(blk_await(&blk, 0, 1).len, 512 * num + 1);
			check_disk_bytes(&blk, 0, data(&blk) + 512, (size_t)512 * num);
		} else {
			rig_kick(blk.rig, 0);
			CHECK_EQ(blk.rig->device->fault, VIRTIO_FAULT_CHAIN_LENGTH);
		}
		blk_rig_free(&blk);
	}
}

#define MANY 256u /* of each queue: more than can be under way */

/* Heads 0 to MANY - 1, each a chain of its own by an indirect table: sector by sector into as many places. */
static void put_many(struct blk_rig *blk, unsigned q)
{
	const uint64_t tables = RIG_BUFFER + 0x80000ull + 0x4000ull * q; /* of 3 descriptors, 64 bytes each */
	const uint64_t headers = RIG_BUFFER + 0x90000ull + 0x2000ull * q;
	const uint64_t bytes = RIG_BUFFER + 0x4000ull + 0x20000ull * q;

	CHECK_EQ(RIG_BUFFER + 0xc0000, RIG_RAM + RIG_RAM_SIZE);
	for (unsigned i = 0; i < MANY; i++) {
		const struct {
			uint32_t type, reserved;
			uint64_t sector;
		} header = { VIRTIO_BLK_T_IN, 0, i + MANY * q };
		struct virtqueue_desc *table = rig_at(blk->rig, tables + 64 * i);

		memcpy(rig_at(blk->rig, headers + 32 * i), &header, 16);
		*(uint8_t *)rig_at(blk->rig, headers + 32 * i + 16) = BLK_NO_STATUS;
		table[0] = (struct virtqueue_desc){ headers + 32 * i, 16, VIRTQUEUE_DESC_NEXT, 1 };
		table[1] = (struct virtqueue_desc){ bytes + 512 * i, 512,
						    VIRTQUEUE_DESC_NEXT | VIRTQUEUE_DESC_WRITE, 2 };
		table[2] = (struct virtqueue_desc){ headers + 32 * i + 16, 1, VIRTQUEUE_DESC_WRITE, 0 };
		rig_desc(blk->rig, q, i, tables + 64 * i, 48, VIRTQUEUE_DESC_INDIRECT, 0);
		rig_offer(blk->rig, q, i);
	}
}

static void check_many(struct blk_rig *blk, unsigned q)
{
	const uint64_t headers = RIG_BUFFER + 0x90000ull + 0x2000ull * q;

	for (unsigned i = 0; i < MANY; i++)
		CHECK_EQ(*(uint8_t *)rig_at(blk->rig, headers + 32 * i + 16), VIRTIO_BLK_S_OK);
	check_disk_bytes(blk, (uint64_t)MANY * 512 * q,
			 rig_at(blk->rig, RIG_BUFFER + 0x4000 + 0x20000ull * q), MANY * 512);
}

static void start_many(struct blk_rig *blk, uint64_t features)
{
	CHECK(rig_negotiate(blk->rig, features));
	for (unsigned q = 0; q < 2; q++) {
		rig_place_queue(blk->rig, q, MANY);
		rig_write(blk->rig, R_QUEUE_READY, 1);
	}
	rig_write(blk->rig, R_STATUS, 0xf);
	for (unsigned q = 0; q < 2; q++)
		put_many(blk, q);
}

static void many(void)
{
	bool seen[MANY] = { false };
	struct blk_rig blk;

	blk_rig_new(&blk, &usual);
	start_many(&blk, BLK_FEATURES);
	rig_write(blk.rig, R_QUEUE_NOTIFY, 0);
	rig_write(blk.rig, R_QUEUE_NOTIFY, 1);
	for (unsigned i = 0; i < MANY; i++) {
		const struct virtqueue_used_elem elem = blk_await(&blk, 1, 1);

		CHECK(elem.id < MANY && !seen[elem.id]);
		CHECK_EQ(elem.len, 513);
		seen[elem.id] = true;
	}
	blk_await(&blk, 0, MANY);
	check_many(&blk, 0);
	check_many(&blk, 1);
	blk_rig_free(&blk);
}

/* With event indices a driver that waits for the last one hears of that one alone, if at all often. */
static void interrupts_by_event(void)
{
	struct blk_rig blk;
	unsigned before;

	blk_rig_new(&blk, &usual);
	start_many(&blk, BLK_FEATURES | VIRTIO_F_EVENT_IDX);
	rig_avail(blk.rig, 0)->ring[MANY] = MANY - 1; /* used_event */
	before = blk.rig->interrupts;
	rig_write(blk.rig, R_QUEUE_NOTIFY, 0);
	blk_await(&blk, 0, MANY);
	CHECK_EQ(blk.rig->interrupts, before + 1);
	check_many(&blk, 0);
	blk_rig_free(&blk);
}

/* When the write of a reset returns, nothing more comes into the driver's memory. */
static void reset_under_way(void)
{
	struct blk_rig blk;
	uint8_t *bytes;

	for (unsigned turn = 0; turn < 20; turn++) {
		blk_rig_new(&blk, &usual);
		start_many(&blk, BLK_FEATURES | VIRTIO_F_RING_RESET);
		rig_write(blk.rig, R_QUEUE_NOTIFY, 0);
		rig_write(blk.rig, R_QUEUE_NOTIFY, 1);
		virtio_device_service(blk.rig->device);
		if (turn % 2 == 0) {
			rig_write(blk.rig, R_STATUS, 0);
		} else {
			for (unsigned q = 0; q < 2; q++) {
				rig_write(blk.rig, R_QUEUE_SEL, q);
				rig_write(blk.rig, R_QUEUE_RESET, 1);
				CHECK_EQ(rig_read(blk.rig, R_QUEUE_RESET), 0);
			}
		}
		bytes = rig_at(blk.rig, RIG_RAM);
		memset(bytes, 0xa5, RIG_RAM_SIZE);
		/* what would still be done is done by the time another request is */
		for (unsigned i = 0; i < 100; i++)
			CHECK_EQ(event_loop_turn(&blk.loop, 0), 0);
		virtio_device_service(blk.rig->device);
		for (unsigned i = 0; i < RIG_RAM_SIZE; i++)
			CHECK_EQ(bytes[i], 0xa5);
		rig_write(blk.rig, R_STATUS, 0);
		rig_start(blk.rig, BLK_FEATURES);
		CHECK_EQ(blk_do(&blk, 0, VIRTIO_BLK_T_IN, 0, 512), VIRTIO_BLK_S_OK);
		CHECK_EQ(blk_do(&blk, 1, VIRTIO_BLK_T_IN, 0, 512), VIRTIO_BLK_S_OK);
		blk_rig_free(&blk);
	}
}

#define LARGE_PART 65536u
#define LARGE (VIRTIO_BLK_SEG_MAX * LARGE_PART) /* bytes: all segments, each the same memory */

/* A write of the whole disk on queue 0, begun. */
static void begin_large(struct blk_rig *blk)
{
	const struct {
		uint32_t type, reserved;
		uint64_t sector;
	} header = { VIRTIO_BLK_T_OUT, 0, 0 };

	blk_rig_new(blk, &(struct virtio_blk_options){ .size = LARGE });
	rig_start(blk->rig, BLK_FEATURES | VIRTIO_F_RING_RESET);
	memcpy(rig_at(blk->rig, BLK_HEADER), &header, sizeof(header));
	*(uint8_t *)rig_at(blk->rig, BLK_STATUS) = BLK_NO_STATUS;
	memset(data(blk), 0, LARGE_PART); /* which blk_byte() never is */
	rig_indirect(blk->rig, 0, BLK_HEADER, 16, VIRTQUEUE_DESC_NEXT, 1);
	for (unsigned i = 1; i <= VIRTIO_BLK_SEG_MAX; i++)
		rig_indirect(blk->rig, i, BLK_DATA, LARGE_PART, VIRTQUEUE_DESC_NEXT, i + 1);
	rig_indirect(blk->rig, VIRTIO_BLK_SEG_MAX + 1, BLK_STATUS, 1, VIRTQUEUE_DESC_WRITE, 0);
	rig_desc(blk->rig, 0, 0, RIG_INDIRECT, (VIRTIO_BLK_SEG_MAX + 2) * 16, VIRTQUEUE_DESC_INDIRECT, 0);
	rig_offer(blk->rig, 0, 0);
	rig_write(blk->rig, R_QUEUE_NOTIFY, 0);
	virtio_device_service(blk->rig->device);
}

/* Bytes that were written; those behind them are as they were. */
static uint64_t large_written(const struct blk_rig *blk)
{
	uint8_t *bytes = malloc(LARGE);
	uint64_t written = 0;

	CHECK(bytes != NULL);
	CHECK_EQ(pread(blk->fd, bytes, LARGE, 0), LARGE);
	while (written < LARGE && bytes[written] == 0)
		written++;
	for (uint64_t i = written; i < LARGE; i++)
		CHECK_EQ(bytes[i], blk_byte(i));
	free(bytes);
	return written;
}

/* A reset gives up what a large request has not done yet. */
static void reset_of_large(void)
{
	struct blk_rig blk;
	uint64_t written;

	begin_large(&blk);
	rig_write(blk.rig, R_STATUS, 0);
	CHECK_EQ(*(uint8_t *)rig_at(blk.rig, BLK_STATUS), BLK_NO_STATUS);
	written = large_written(&blk);
	CHECK(written == LARGE || written % DISK_IO_SLICE == 0);
	if (BLK_ENGINE == DISK_ENGINE_URING) /* threads go on by themselves until then */
		CHECK(written <= 2 * DISK_IO_SLICE);
	rig_start(blk.rig, BLK_FEATURES);
	CHECK_EQ(blk_do(&blk, 0, VIRTIO_BLK_T_IN, 0, 512), VIRTIO_BLK_S_OK);
	CHECK_EQ(large_written(&blk), written);
	blk_rig_free(&blk);
}

/* The reset of one queue takes nothing from another's requests. */
static void reset_beside_large(void)
{
	struct blk_rig blk;

	begin_large(&blk);
	rig_write(blk.rig, R_QUEUE_SEL, 1);
	rig_write(blk.rig, R_QUEUE_RESET, 1);
	CHECK_EQ(rig_read(blk.rig, R_QUEUE_RESET), 0);
	CHECK_EQ(blk_await(&blk, 0, 1).len, 1);
	CHECK_EQ(*(uint8_t *)rig_at(blk.rig, BLK_STATUS), VIRTIO_BLK_S_OK);
	CHECK_EQ(large_written(&blk), LARGE);
	blk_rig_free(&blk);
}

#define LANES 4u /* requests at once, each on a quarter of the disk */
#define LANE_SIZE (BLK_SIZE / LANES)
#define LANE_DATA(lane) (RIG_BUFFER + 0x4000ull + 0x8000ull * (lane))

struct model {
	uint32_t state;
	uint8_t disk[BLK_SIZE];
	uint8_t expected[LANES][0x8000]; /* of a read */
	uint32_t type[LANES], bytes[LANES];
};

static uint32_t next_random(struct model *model, uint32_t limit)
{
	model->state = model->state * 1664525u + 1013904223u;
	return (model->state >> 8) % limit;
}

static const uint32_t model_types[] = { VIRTIO_BLK_T_IN, VIRTIO_BLK_T_OUT, VIRTIO_BLK_T_OUT,
					VIRTIO_BLK_T_WRITE_ZEROES, VIRTIO_BLK_T_FLUSH };

/* Puts one request into a lane, and does the same to the model. */
static void put_random(struct blk_rig *blk, struct model *model, unsigned lane)
{
	const uint32_t type = model_types[next_random(model, COUNT(model_types))];
	const uint32_t num = 1 + next_random(model, 63);
	const uint32_t sector = lane * (LANE_SIZE / 512) + next_random(model, LANE_SIZE / 512 - num);
	const struct range range = { sector, num, next_random(model, 2) };
	uint8_t *bytes = rig_at(blk->rig, LANE_DATA(lane));
	uint8_t *disk = model->disk + (size_t)sector * 512;

	model->type[lane] = type;
	model->bytes[lane] = type == VIRTIO_BLK_T_FLUSH ? 0 : num * 512;
	for (unsigned i = 0; i < num * 512; i++)
		bytes[i] = (uint8_t)next_random(model, 256);
	if (type == VIRTIO_BLK_T_OUT)
		memcpy(disk, bytes, num * 512);
	if (type == VIRTIO_BLK_T_IN)
		memcpy(model->expected[lane], disk, num * 512);
	if (type == VIRTIO_BLK_T_WRITE_ZEROES) {
		memset(disk, 0, num * 512);
		memcpy(bytes, &range, sizeof(range));
		model->bytes[lane] = sizeof(range);
	}
	blk_put(blk, lane / 2, lane % 2, type, sector, model->bytes[lane]);
	((struct virtqueue_desc *)rig_at(blk->rig, RIG_QUEUE(lane / 2)))[lane % 2 * 3 + 1].addr =
		LANE_DATA(lane);
	rig_offer(blk->rig, lane / 2, lane % 2 * 3);
}

/* Any requests at once, as long as they do not meet, do what they would one after the other. */
static void as_the_model(void)
{
	struct model *model = calloc(1, sizeof(*model));
	struct blk_rig blk;

	CHECK(model != NULL);
	blk_rig_new(&blk, &usual);
	rig_start(blk.rig, BLK_FEATURES | VIRTIO_F_EVENT_IDX);
	CHECK_EQ(pread(blk.fd, model->disk, BLK_SIZE, 0), BLK_SIZE);
	for (unsigned turn = 0; turn < 1000; turn++) {
		for (unsigned lane = 0; lane < LANES; lane++)
			put_random(&blk, model, lane);
		rig_write(blk.rig, R_QUEUE_NOTIFY, 0);
		rig_write(blk.rig, R_QUEUE_NOTIFY, 1);
		blk_await(&blk, 0, 2);
		blk_await(&blk, 1, 2);
		for (unsigned lane = 0; lane < LANES; lane++) {
			CHECK_EQ(*(uint8_t *)rig_at(blk.rig, BLK_STATUS + 64 * (lane % 2 + 4 * (lane / 2))),
				 VIRTIO_BLK_S_OK);
			CHECK(model->type[lane] != VIRTIO_BLK_T_IN ||
			      memcmp(rig_at(blk.rig, LANE_DATA(lane)), model->expected[lane],
				     model->bytes[lane]) == 0);
		}
	}
	check_disk_bytes(&blk, 0, model->disk, BLK_SIZE);
	blk_rig_free(&blk);
	free(model);
}

/* A device can go with requests under way. */
static void freed_under_way(void)
{
	struct blk_rig blk;

	blk_rig_new(&blk, &usual);
	start_many(&blk, BLK_FEATURES);
	rig_write(blk.rig, R_QUEUE_NOTIFY, 0);
	virtio_device_service(blk.rig->device);
	blk_rig_free(&blk);
}

/* The other queue breaks the device: what is under way ends, and tells nobody. */
static void broken_under_way(void)
{
	struct virtqueue_used_elem elem;
	struct blk_rig blk;
	unsigned used = 0;

	blk_rig_new(&blk, &usual);
	start_many(&blk, BLK_FEATURES);
	rig_write(blk.rig, R_QUEUE_NOTIFY, 0);
	virtio_device_service(blk.rig->device);
	rig_avail(blk.rig, 1)->idx = 4 * MANY;
	rig_write(blk.rig, R_QUEUE_NOTIFY, 1);
	while (!(rig_read(blk.rig, R_STATUS) &
		 VIRTIO_STATUS_NEEDS_RESET)) { /* a request must come free first */
		const bool more = virtio_device_service(blk.rig->device);

		CHECK_EQ(event_loop_turn(&blk.loop, more || !virtio_device_is_live(blk.rig->device) ? 0 : -1),
			 0);
	}
	while (rig_take(blk.rig, 0, &elem))
		used++;
	for (unsigned i = 0; i < 100; i++)
		CHECK_EQ(event_loop_turn(&blk.loop, 0), 0);
	CHECK(!rig_take(blk.rig, 0, &elem));
	CHECK(used <= MANY);
	rig_write(blk.rig, R_STATUS, 0);
	rig_start(blk.rig, BLK_FEATURES);
	CHECK_EQ(blk_do(&blk, 1, VIRTIO_BLK_T_IN, 7, 512), VIRTIO_BLK_S_OK);
	blk_rig_free(&blk);
}

/* Every way of using a disk, on a block device of the kernel's. */
static void block_device(void)
{
	const int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	const int file = blk_rig_file(BLK_SIZE);
	struct loop_config setup = { .fd = (uint32_t)file, .block_size = 512 };
	struct blk_rig blk;
	char path[32];
	int number, fd;

	if (control < 0) {
		printf("# no loop devices here, or no right to them\n");
		return;
	}
	do { /* somebody else may be faster */
		number = ioctl(control, LOOP_CTL_GET_FREE);
		CHECK(number >= 0);
		snprintf(path, sizeof(path), "/dev/loop%d", number);
		fd = open(path, O_RDWR | O_CLOEXEC);
		CHECK(fd >= 0);
		setup.info.lo_flags = LO_FLAGS_AUTOCLEAR;
	} while (ioctl(fd, LOOP_CONFIGURE, &setup) < 0);
	blk_rig_new(&blk, &(struct virtio_blk_options){ .fd = fd });
	check_untouched(&blk, 0, BLK_SIZE); /* also the first block */
	rig_start(blk.rig, BLK_FEATURES);
	memset(data(&blk), 0x77, 2048);
	CHECK_EQ(blk_do(&blk, 0, VIRTIO_BLK_T_OUT, SECTORS - 4, 2048), VIRTIO_BLK_S_OK);
	CHECK_EQ(blk_do(&blk, 0, VIRTIO_BLK_T_FLUSH, 0, 0), VIRTIO_BLK_S_OK);
	CHECK_EQ(pread(file, data(&blk) + 4096, 2048, BLK_SIZE - 2048), 2048);
	CHECK(memcmp(data(&blk), data(&blk) + 4096, 2048) == 0);
	CHECK_EQ(blk_do(&blk, 1, VIRTIO_BLK_T_IN, 8, 4096), VIRTIO_BLK_S_OK);
	check_disk_bytes(&blk, 4096, data(&blk), 4096);
	CHECK_EQ(do_range(&blk, VIRTIO_BLK_T_DISCARD, (struct range){ 64, 64, 0 }), VIRTIO_BLK_S_OK);
	CHECK_EQ(do_range(&blk, VIRTIO_BLK_T_WRITE_ZEROES, (struct range){ 9, 3, 0 }), VIRTIO_BLK_S_OK);
	CHECK_EQ(do_range(&blk, VIRTIO_BLK_T_WRITE_ZEROES, (struct range){ 128, 128, VIRTIO_BLK_UNMAP }),
		 VIRTIO_BLK_S_OK);
	memset(data(&blk), 0, 65536);
	check_disk_bytes(&blk, 9 * 512, data(&blk), 3 * 512);
	check_disk_bytes(&blk, 65536, data(&blk), 65536);
	check_untouched(&blk, 0, 9 * 512);
	check_untouched(&blk, 256 * 512, 512 * 512);
	blk_rig_free(&blk);
	close(file);
	close(control);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		TEST(identity),
		TEST(reads),
		TEST(writes),
		TEST(writes_through),
		TEST(cut_anyhow),
		TEST(discards),
		TEST(zeroes),
		TEST(identifies_itself),
		TEST(refusals),
		TEST(readonly),
		TEST(not_agreed),
		TEST(host_errors),
		TEST(malformed),
		TEST(segments),
		TEST(many),
		TEST(interrupts_by_event),
		TEST(reset_under_way),
		TEST(reset_of_large),
		TEST(reset_beside_large),
		TEST(freed_under_way),
		TEST(broken_under_way),
		TEST(block_device),
		TEST(as_the_model),
	};

	return test_main(tests, COUNT(tests), argc, argv);
}
