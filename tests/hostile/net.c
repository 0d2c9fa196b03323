/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames, their headers, and commands of a network device (sections 5.1.6 and 5.1.6.5). */
#include "hostile.h"

typedef struct hostile_device *device_t;

struct header {
	uint8_t flags, gso_type;
	uint16_t hdr_len, gso_size, csum_start, csum_offset, num_buffers;
};

/* A frame that is lost, as the header is not right: its chain comes back, and that is all. */
static void frame(device_t d, struct header header, uint32_t length)
{
	uint32_t id, len;

	h_fill(h_buffer(d), 0, 12 + 64);
	h_put(h_buffer(d), &header, sizeof(header));
	h_send(d, h_buffer(d), 12 + length, 0, 0);
	H_CHECK(h_await(d, 1, &id, &len) && len == 0, "the frame does not come back");
}

#define FRAME(name, length, ...)                                                                             \
	static void name(device_t d)                                                                         \
	{                                                                                                    \
		frame(d, (struct header){ __VA_ARGS__ }, length);                                            \
	}

FRAME(gso_unknown, 100, .gso_type = 0x7f)
FRAME(gso_not_agreed, 1000, .gso_type = 1, .gso_size = 500, .hdr_len = 54, .flags = 1, .csum_start = 34,
      .csum_offset = 16)
FRAME(gso_size_0, 1000, .gso_type = 4, .gso_size = 0, .flags = 1)
FRAME(gso_size_1, 65000, .gso_type = 1, .gso_size = 1, .flags = 1, .csum_start = 34, .csum_offset = 16)
FRAME(gso_size_max, 60, .gso_type = 1, .gso_size = 0xffff, .hdr_len = 0xffff)
FRAME(csum_beyond, 60, .flags = 1, .csum_start = 61, .csum_offset = 0)
FRAME(csum_offset_wraps, 60, .flags = 1, .csum_start = 0xffff, .csum_offset = 0xffff)
FRAME(header_beyond, 60, .hdr_len = 0xffff)
FRAME(unknown_flags, 60, .flags = 0xfe)
FRAME(num_buffers, 60, .num_buffers = 0xffff)
FRAME(frame_too_long, 70000, .flags = 0)
FRAME(frame_of_a_mebibyte, 0x40000, .flags = 0)
FRAME(frame_of_0, 0, .flags = 0)
FRAME(frame_of_13, 13, .flags = 0)

#define CASE(name, ...)                                                                                      \
	static void name(device_t d)                                                                         \
	{                                                                                                    \
		__VA_ARGS__;                                                                                 \
	}

CASE(header_11, h_send(d, h_buffer(d), 11, 0, 0))
CASE(frame_writable, h_send(d, h_buffer(d), 72, H_WRITE, 0))

static void frame_half_writable(device_t d)
{
	h_describe(d, 1, 1, h_buffer(d) + 0x100, 64, H_WRITE, 0);
	h_send(d, h_buffer(d), 12, H_NEXT, 1);
}

static void chain_257(device_t d)
{
	for (unsigned i = 0; i < 257; i++)
		h_describe_at(h_table(d), i, h_buffer(d), 4, i < 256 ? H_NEXT : 0, i + 1);
	h_send(d, h_table(d), 257 * 16, H_INDIRECT, 0);
}

static void in_bytes(device_t d)
{
	uint32_t id, len;

	h_fill(h_buffer(d), 0, 128);
	for (unsigned i = 0; i < 72; i++)
		h_describe_at(h_table(d), i, h_buffer(d) + i, 1, i < 71 ? H_NEXT : 0, i + 1);
	h_send(d, h_table(d), 72 * 16, H_INDIRECT, 0);
	H_CHECK(h_await(d, 1, &id, &len), "the frame does not come back");
}

/* Buffers for what is received. */
static void give(device_t d, uint32_t len, unsigned flags)
{
	h_describe(d, 0, 0, h_buffer(d), len, flags, 0);
	h_offer(d, 0, 0);
	h_notify(d, 0);
}

CASE(receive_readable, give(d, 2000, 0))
CASE(receive_11, give(d, 11, H_WRITE))
CASE(receive_none, for (unsigned i = 0; i < 50; i++) h_notify(d, 0))

static void receive_twice(device_t d)
{
	for (unsigned i = 0; i < HOSTILE_SIZE; i++)
		give(d, 2000, H_WRITE);
	h_check_works(d);
}

/* The queue behind all pairs. Returns the answer, 0xff if there is none. */
static uint8_t command(device_t d, const void *bytes, uint32_t size)
{
	volatile uint8_t *answer = hostile_at(h_buffer(d) + 0x800);
	uint32_t id, len;

	*answer = 0xff;
	h_put(h_buffer(d), bytes, size);
	h_describe(d, 2, 0, h_buffer(d), size, H_NEXT, 1);
	h_describe(d, 2, 1, h_buffer(d) + 0x800, 1, H_WRITE, 0);
	h_offer(d, 2, 0);
	h_notify(d, 2);
	return h_await(d, 2, &id, &len) && len == 1 ? *answer : 0xff;
}

#define COMMAND(name, ...)                                                                                   \
	static void name(device_t d)                                                                         \
	{                                                                                                    \
		static const uint8_t bytes[] = { __VA_ARGS__ };                                              \
                                                                                                             \
		H_CHECK(command(d, bytes, sizeof(bytes)) == 1, "nonsense is answered with OK");              \
	}

COMMAND(class_unknown, 77, 0, 0)
COMMAND(command_unknown, 0, 99, 0)
COMMAND(switch_7, 0, 0, 7)
COMMAND(switch_cut, 0, 0)
COMMAND(switch_long, 0, 1, 1, 1)
COMMAND(table_cut, 1, 0, 1, 0)
COMMAND(table_short, 1, 0, 2, 0, 0, 0, 2, 2, 2, 2, 2, 2)
COMMAND(table_endless, 1, 0, 255, 255, 255, 255, 2, 2, 2, 2, 2, 2)
COMMAND(table_wraps, 1, 0, 171, 170, 170, 42, 2, 2)
COMMAND(address_multicast, 1, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
COMMAND(address_0, 1, 1, 0, 0, 0, 0, 0, 0)
COMMAND(address_cut, 1, 1, 2, 0, 0)
COMMAND(pairs_not_offered, 4, 0, 2, 0)
COMMAND(pairs_0, 4, 0, 0, 0)
COMMAND(announce, 3, 0)
COMMAND(offloads, 5, 0, 255, 255, 255, 255, 255, 255, 255, 255)

static void command_1(device_t d)
{
	h_describe(d, 2, 1, h_buffer(d) + 0x800, 1, H_WRITE, 0);
	h_describe(d, 2, 0, h_buffer(d), 1, H_NEXT, 1);
	h_offer(d, 2, 0);
	h_notify(d, 2);
}

static void command_without_answer(device_t d)
{
	h_describe(d, 2, 0, h_buffer(d), 3, 0, 0);
	h_offer(d, 2, 0);
	h_notify(d, 2);
}

static void features_alone(device_t d)
{
	H_CHECK(!h_negotiate(d, H_F_VERSION_1 | 1ull << 18), "CTRL_RX without CTRL_VQ");
	H_CHECK(!h_negotiate(d, H_F_VERSION_1 | 1ull << 7), "TSO without checksums");
	H_CHECK(!h_negotiate(d, H_F_VERSION_1 | 1ull << 11), "TSO without checksums");
}

#define ONE(text, want, run)                                                                                 \
	{                                                                                                    \
		text, H_ON(H_NET), want, run                                                                 \
	}

const struct hostile_case hostile_net[] = {
	ONE("header of 11 bytes", H_BREAKS, header_11),
	ONE("frame in a writable buffer", H_BREAKS, frame_writable),
	ONE("frame half in a writable buffer", H_BREAKS, frame_half_writable),
	ONE("frame of 257 buffers", H_BREAKS, chain_257),
	ONE("frame in single bytes", H_SURVIVES, in_bytes),
	ONE("segmentation of unknown type", H_SURVIVES, gso_unknown),
	ONE("segmentation not agreed on", H_SURVIVES, gso_not_agreed),
	ONE("segments of 0 bytes", H_SURVIVES, gso_size_0),
	ONE("segments of 1 byte", H_SURVIVES, gso_size_1),
	ONE("segments of 65535 bytes", H_SURVIVES, gso_size_max),
	ONE("checksum beyond the frame", H_SURVIVES, csum_beyond),
	ONE("checksum whose place wraps", H_SURVIVES, csum_offset_wraps),
	ONE("headers longer than the frame", H_SURVIVES, header_beyond),
	ONE("unknown flags of a frame", H_SURVIVES, unknown_flags),
	ONE("num_buffers of a frame sent", H_SURVIVES, num_buffers),
	ONE("frame of 70000 bytes", H_SURVIVES, frame_too_long),
	ONE("frame of 256 KiB", H_SURVIVES, frame_of_a_mebibyte),
	ONE("frame of nothing", H_SURVIVES, frame_of_0),
	ONE("frame of 13 bytes", H_SURVIVES, frame_of_13),
	ONE("readable buffer for what is received", H_BREAKS, receive_readable),
	ONE("buffer of 11 bytes for what is received", H_BREAKS, receive_11),
	ONE("no buffers for what is received", H_SURVIVES, receive_none),
	ONE("one buffer eight times for what is received", H_SURVIVES, receive_twice),
	ONE("command of unknown class", H_SURVIVES, class_unknown),
	ONE("unknown command", H_SURVIVES, command_unknown),
	ONE("switch to 7", H_SURVIVES, switch_7),
	ONE("switch without a value", H_SURVIVES, switch_cut),
	ONE("switch with two values", H_SURVIVES, switch_long),
	ONE("address table cut", H_SURVIVES, table_cut),
	ONE("address table shorter than it says", H_SURVIVES, table_short),
	ONE("address table of 2^32 - 1", H_SURVIVES, table_endless),
	ONE("address table whose size wraps", H_SURVIVES, table_wraps),
	ONE("multicast address of its own", H_SURVIVES, address_multicast),
	ONE("address 0 of its own", H_SURVIVES, address_0),
	ONE("half an address of its own", H_SURVIVES, address_cut),
	ONE("pairs of queues not offered", H_SURVIVES, pairs_not_offered),
	ONE("no pair of queues", H_SURVIVES, pairs_0),
	ONE("announcement not offered", H_SURVIVES, announce),
	ONE("offloads not offered", H_SURVIVES, offloads),
	ONE("command of one byte", H_BREAKS, command_1),
	ONE("command without room for the answer", H_BREAKS, command_without_answer),
	ONE("features without those they need", H_SURVIVES, features_alone),
};
const unsigned hostile_num_net = sizeof(hostile_net) / sizeof(hostile_net[0]);
