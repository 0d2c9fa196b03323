/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests of a disk (section 5.2.6). */
#include "hostile.h"

typedef struct hostile_device *device_t;

#define OK 0u
#define IOERR 1u
#define UNSUPP 2u
#define DATA(d) (h_buffer(d) + 0x1000)

static void expect(device_t d, uint32_t type, uint64_t sector, uint32_t bytes, uint8_t want)
{
	H_CHECK(h_request(d, type, sector, bytes) == want, "another answer");
}

#define CASE(name, ...)                                                                                      \
	static void name(device_t d)                                                                         \
	{                                                                                                    \
		__VA_ARGS__;                                                                                 \
	}

CASE(read_beyond, expect(d, 0, HOSTILE_DISK_SECTORS, 512, IOERR))
CASE(read_across, expect(d, 0, HOSTILE_DISK_SECTORS - 1, 1024, IOERR))
CASE(read_far, expect(d, 0, UINT64_MAX, 512, IOERR))
CASE(read_wraps, expect(d, 0, 1ull << 55, 512, IOERR))
CASE(read_signed, expect(d, 0, 1ull << 54, 512, IOERR))
CASE(read_nothing, expect(d, 0, 0, 0, OK))
CASE(read_511, expect(d, 0, 0, 511, IOERR))
CASE(read_1, expect(d, 0, 0, 1, IOERR))
CASE(write_beyond, expect(d, 1, HOSTILE_DISK_SECTORS, 512, IOERR))
CASE(write_across, expect(d, 1, HOSTILE_DISK_SECTORS - 1, 1024, IOERR))
CASE(write_wraps, expect(d, 1, UINT64_MAX / 512 + 1, 512, IOERR))
CASE(write_513, expect(d, 1, 0, 513, IOERR))
CASE(write_readonly, expect(d, 1, 0, 512, IOERR))
CASE(discard_readonly, expect(d, 11, 0, 16, IOERR))
CASE(zero_readonly, expect(d, 13, 0, 16, IOERR))
CASE(unknown_type, expect(d, UINT32_MAX, 0, 512, UNSUPP); expect(d, 2, 0, 0, UNSUPP))
CASE(secure_erase, expect(d, 14, 0, 16, UNSUPP))
CASE(flush_beyond, expect(d, 4, UINT64_MAX, 0, OK); expect(d, 4, 0, 512, OK))
CASE(id_small, expect(d, 8, 0, 3, OK))
CASE(id_none, expect(d, 8, 0, 0, OK))

/* Behind what it was given nothing is written. */
static void id_large(device_t d)
{
	volatile uint8_t *bytes = hostile_at(DATA(d));

	h_fill(DATA(d), 0x77, 256);
	expect(d, 8, 0, 200, OK);
	H_CHECK(bytes[20] == 0x77, "a serial number of more than 20 bytes");
}

static void range(device_t d, uint32_t type, uint64_t sector, uint32_t sectors, uint32_t flags, uint8_t want)
{
	const struct {
		uint64_t sector;
		uint32_t sectors, flags;
	} one[2] = { { sector, sectors, flags }, { sector, sectors, flags } };

	h_put(DATA(d), one, sizeof(one));
	expect(d, type, 0, 16, want);
}

CASE(discard_flags, range(d, 11, 0, 8, 0x1, UNSUPP); range(d, 11, 0, 8, 0x80000000, UNSUPP))
CASE(discard_beyond, range(d, 11, HOSTILE_DISK_SECTORS, 8, 0, IOERR))
CASE(discard_wraps, range(d, 11, UINT64_MAX - 3, 8, 0, IOERR))
CASE(discard_all, range(d, 11, 0, UINT32_MAX, 0, IOERR))
CASE(zero_flags, range(d, 13, 0, 8, 0x2, UNSUPP); range(d, 13, 0, 8, UINT32_MAX, UNSUPP))
CASE(zero_beyond, range(d, 13, HOSTILE_DISK_SECTORS - 4, 8, 0, IOERR))
CASE(zero_wraps, range(d, 13, 1ull << 55, 1, 1, IOERR))

static void discard_odd(device_t d)
{
	expect(d, 11, 0, 0, IOERR);
	expect(d, 11, 0, 15, IOERR);
	expect(d, 11, 0, 17, IOERR);
	range(d, 11, 0, 8, 0, OK);
	expect(d, 11, 0, 32, IOERR); /* two segments: one was promised */
}

static void header(device_t d, uint32_t type, uint64_t sector)
{
	const struct {
		uint32_t type, reserved;
		uint64_t sector;
	} head = { type, 0, sector };

	h_put(h_buffer(d), &head, sizeof(head));
}

/* Sixteen bytes in sixteen buffers, data in many, the status behind data in one buffer. */
static void in_pieces(device_t d)
{
	volatile uint8_t *bytes = hostile_at(DATA(d));
	unsigned n = 0;
	uint32_t id, len;

	header(d, 0, 3);
	for (unsigned i = 0; i < 16; i++, n++)
		h_describe_at(h_table(d), n, h_buffer(d) + i, 1, H_NEXT, n + 1);
	for (unsigned i = 0; i < 16; i++, n++)
		h_describe_at(h_table(d), n, DATA(d) + 31ull * i, 31, H_NEXT | H_WRITE, n + 1);
	h_describe_at(h_table(d), n++, DATA(d) + 496, 17, H_WRITE, 0);
	bytes[512] = 0xff;
	h_send(d, h_table(d), n * 16, H_INDIRECT, 0);
	H_CHECK(h_await(d, 0, &id, &len) && bytes[512] == OK && len == 513, "a header in pieces");
}

static void chain(device_t d, uint32_t readable, uint32_t writable)
{
	header(d, 0, 0);
	if (readable > 0 && writable > 0)
		h_describe(d, 0, 1, DATA(d), writable, H_WRITE, 0);
	if (readable > 0)
		h_send(d, h_buffer(d), readable, writable > 0 ? H_NEXT : 0, 1);
	else
		h_send(d, DATA(d), writable, H_WRITE, 0);
}

CASE(header_short, chain(d, 15, 513))
CASE(header_1, chain(d, 1, 1))
CASE(header_writable, chain(d, 0, 16 + 512 + 1))
CASE(status_missing, chain(d, 16, 0))
CASE(status_readable, chain(d, 16 + 512 + 1, 0))

static void segments_255(device_t d)
{
	header(d, 0, 0);
	h_describe_at(h_table(d), 0, h_buffer(d), 16, H_NEXT, 1);
	for (unsigned i = 1; i <= 255; i++)
		h_describe_at(h_table(d), i, DATA(d), 512, H_NEXT | H_WRITE, i + 1);
	h_describe_at(h_table(d), 256, h_buffer(d) + 0x100, 1, H_WRITE, 0);
	h_send(d, h_table(d), 257 * 16, H_INDIRECT, 0);
}

/* 254 buffers of 1 MiB upon each other: more than the disk has. */
static void more_than_disk(device_t d)
{
	header(d, 1, 0);
	h_describe_at(h_table(d), 0, h_buffer(d), 16, H_NEXT, 1);
	for (unsigned i = 1; i <= 254; i++)
		h_describe_at(h_table(d), i, HOSTILE_RAM, 0x100000, H_NEXT, i + 1);
	h_describe_at(h_table(d), 255, h_buffer(d) + 0x100, 1, H_WRITE, 0);
	h_send(d, h_table(d), 256 * 16, H_INDIRECT, 0);
}

/* The disk is read into the rings that say so. */
static void into_rings(device_t d)
{
	header(d, 0, 0);
	h_describe(d, 0, 1, h_desc(d, 0), 0x3000, H_NEXT | H_WRITE, 2);
	h_describe(d, 0, 2, h_used(d, 0), 1, H_WRITE, 0);
	for (unsigned i = 0; i < 4; i++) {
		h_send(d, h_buffer(d), 16, H_NEXT, 1);
		h_settle(d);
	}
}

/* Into the header of the request itself, and the status into it too. */
static void into_header(device_t d)
{
	header(d, 0, 0);
	h_describe(d, 0, 1, h_buffer(d), 512, H_NEXT | H_WRITE, 2);
	h_describe(d, 0, 2, h_buffer(d), 1, H_WRITE, 0);
	h_send(d, h_buffer(d), 16, H_NEXT, 1);
}

#define RW H_ON(H_BLK)
#define BOTH (H_ON(H_BLK) | H_ON(H_BLK_RO))

const struct hostile_case hostile_blk[] = {
	{ "read beyond the end", BOTH, H_SURVIVES, read_beyond },
	{ "read across the end", BOTH, H_SURVIVES, read_across },
	{ "read at sector 2^64 - 1", BOTH, H_SURVIVES, read_far },
	{ "read at a sector whose byte wraps", BOTH, H_SURVIVES, read_wraps },
	{ "read at a sector whose byte is negative", BOTH, H_SURVIVES, read_signed },
	{ "read of nothing", BOTH, H_SURVIVES, read_nothing },
	{ "read of 511 bytes", BOTH, H_SURVIVES, read_511 },
	{ "read of one byte", BOTH, H_SURVIVES, read_1 },
	{ "write beyond the end", RW, H_SURVIVES, write_beyond },
	{ "write across the end", RW, H_SURVIVES, write_across },
	{ "write at a sector whose byte wraps", RW, H_SURVIVES, write_wraps },
	{ "write of 513 bytes", RW, H_SURVIVES, write_513 },
	{ "write to a read-only disk", H_ON(H_BLK_RO), H_SURVIVES, write_readonly },
	{ "discard on a read-only disk", H_ON(H_BLK_RO), H_SURVIVES, discard_readonly },
	{ "write zeroes to a read-only disk", H_ON(H_BLK_RO), H_SURVIVES, zero_readonly },
	{ "request of unknown type", RW, H_SURVIVES, unknown_type },
	{ "secure erase, not offered", RW, H_SURVIVES, secure_erase },
	{ "flush with a sector and data", BOTH, H_SURVIVES, flush_beyond },
	{ "serial number into 3 bytes", BOTH, H_SURVIVES, id_small },
	{ "serial number into nothing", BOTH, H_SURVIVES, id_none },
	{ "serial number into 200 bytes", BOTH, H_SURVIVES, id_large },
	{ "discard with reserved flags", RW, H_SURVIVES, discard_flags },
	{ "discard beyond the end", RW, H_SURVIVES, discard_beyond },
	{ "discard that wraps", RW, H_SURVIVES, discard_wraps },
	{ "discard of 2^32 - 1 sectors", RW, H_SURVIVES, discard_all },
	{ "discard with no, half and two segments", RW, H_SURVIVES, discard_odd },
	{ "write zeroes with reserved flags", RW, H_SURVIVES, zero_flags },
	{ "write zeroes across the end", RW, H_SURVIVES, zero_beyond },
	{ "write zeroes at a sector whose byte wraps", RW, H_SURVIVES, zero_wraps },
	{ "header, data and status in pieces", BOTH, H_SURVIVES, in_pieces },
	{ "header too short", BOTH, H_BREAKS, header_short },
	{ "header of one byte", BOTH, H_BREAKS, header_1 },
	{ "header writable", BOTH, H_BREAKS, header_writable },
	{ "no status", BOTH, H_BREAKS, status_missing },
	{ "status not writable", BOTH, H_BREAKS, status_readable },
	{ "255 segments", BOTH, H_BREAKS, segments_255 },
	{ "write of more than the disk", RW, H_SURVIVES, more_than_disk },
	{ "read into the rings", BOTH, H_EITHER, into_rings },
	{ "read into the request's own header", BOTH, H_SURVIVES, into_header },
};
const unsigned hostile_num_blk = sizeof(hostile_blk) / sizeof(hostile_blk[0]);
