/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Everything a driver can do wrong. Each case starts from a device that works,
 * breaks one rule, and names what the device must say of it; the device then
 * serves nothing until it is reset, and after that works as before.
 */
#include "test.h"
#include "virtio_rig.h"

#define NEXT VIRTQUEUE_DESC_NEXT
#define WRITE VIRTQUEUE_DESC_WRITE
#define INDIRECT VIRTQUEUE_DESC_INDIRECT
#define RAM_END (RIG_RAM + RIG_RAM_SIZE)

/* Makes head 0 of a queue available. Input waits already, so both queues are walked. */
static void go(struct rig *rig, unsigned q, unsigned head)
{
	rig_offer(rig, q, head);
	rig_kick(rig, q);
}

/* One descriptor in the output queue. */
static void send(struct rig *rig, uint64_t addr, uint32_t len, unsigned flags, unsigned next)
{
	rig_desc(rig, RIG_TX, 0, addr, len, flags, next);
	go(rig, RIG_TX, 0);
}

/* One descriptor in the input queue. */
static void receive(struct rig *rig, uint64_t addr, uint32_t len, unsigned flags, unsigned next)
{
	rig_desc(rig, RIG_RX, 0, addr, len, flags, next);
	go(rig, RIG_RX, 0);
}

/* An indirect table of one descriptor in the output queue. */
static void send_indirect(struct rig *rig, uint64_t addr, uint32_t len, unsigned flags, unsigned next)
{
	rig_indirect(rig, 0, addr, len, flags, next);
	send(rig, RIG_INDIRECT, 16, INDIRECT, 0);
}

/* Takes the output queue out and puts it back with one register changed. */
static void replace(struct rig *rig, uint32_t reg, uint64_t value)
{
	rig_write(rig, R_QUEUE_SEL, RIG_TX);
	rig_write(rig, R_QUEUE_READY, 0);
	if (reg == R_QUEUE_NUM)
		rig_write(rig, reg, (uint32_t)value);
	else
		rig_write64(rig, reg, value);
	rig_write(rig, R_QUEUE_READY, 1);
	CHECK_EQ(rig_read(rig, R_QUEUE_READY), 0);
}

#define CASE(name, ...)                                                                                      \
	static void name(struct rig *rig)                                                                    \
	{                                                                                                    \
		__VA_ARGS__;                                                                                 \
	}

CASE(size_zero, replace(rig, R_QUEUE_NUM, 0))
CASE(size_three, replace(rig, R_QUEUE_NUM, 3))
CASE(size_odd, replace(rig, R_QUEUE_NUM, 63))
CASE(size_above_max, replace(rig, R_QUEUE_NUM, 128))
CASE(size_32768, replace(rig, R_QUEUE_NUM, 32768))
CASE(size_65536, replace(rig, R_QUEUE_NUM, 65536))
CASE(size_high_bit, replace(rig, R_QUEUE_NUM, 0x80000000))
CASE(size_all_ones, replace(rig, R_QUEUE_NUM, UINT32_MAX))
CASE(table_align, replace(rig, R_QUEUE_DESC, RIG_RAM + 8))
CASE(avail_align, replace(rig, R_QUEUE_DRIVER, RIG_RAM + 1))
CASE(used_align, replace(rig, R_QUEUE_DEVICE, RIG_RAM + 2))
CASE(table_nowhere, replace(rig, R_QUEUE_DESC, 0))
CASE(table_below, replace(rig, R_QUEUE_DESC, RIG_RAM - 16))
CASE(table_past_end, replace(rig, R_QUEUE_DESC, RAM_END - 112))
CASE(table_wraps, replace(rig, R_QUEUE_DESC, UINT64_MAX - 15))
CASE(table_high, replace(rig, R_QUEUE_DESC, RIG_RAM | 1ull << 40))
CASE(avail_nowhere, replace(rig, R_QUEUE_DRIVER, 0x1000))
CASE(avail_past_end, replace(rig, R_QUEUE_DRIVER, RAM_END - 18))
CASE(avail_wraps, replace(rig, R_QUEUE_DRIVER, UINT64_MAX - 1))
CASE(used_nowhere, replace(rig, R_QUEUE_DEVICE, 0xfffffff0))
CASE(used_past_end, replace(rig, R_QUEUE_DEVICE, RAM_END - 64))
CASE(used_wraps, replace(rig, R_QUEUE_DEVICE, UINT64_MAX - 3))

static void event_past_end(struct rig *rig)
{
	rig_write(rig, R_STATUS, 0);
	rig_start(rig, RIG_FEATURES | VIRTIO_F_EVENT_IDX);
	replace(rig, R_QUEUE_DRIVER, RAM_END - 20); /* all but used_event */
}

static void event_used_past_end(struct rig *rig)
{
	rig_write(rig, R_STATUS, 0);
	rig_start(rig, RIG_FEATURES | VIRTIO_F_EVENT_IDX);
	replace(rig, R_QUEUE_DEVICE, RAM_END - 68);
}

static void ready_without_setup(struct rig *rig)
{
	rig_write(rig, R_STATUS, 0);
	CHECK(rig_negotiate(rig, RIG_FEATURES));
	rig_write(rig, R_QUEUE_SEL, 0);
	rig_write(rig, R_QUEUE_READY, 1);
}

static void ready_too_early(struct rig *rig)
{
	rig_write(rig, R_STATUS, 0);
	rig_place_queue(rig, 0, 8);
	rig_write(rig, R_QUEUE_READY, 1);
	CHECK_EQ(rig_read(rig, R_QUEUE_READY), 0);
}

static void jump(struct rig *rig, unsigned q, uint16_t by)
{
	rig_avail(rig, q)->idx = (uint16_t)(rig_avail(rig, q)->idx + by);
	rig_kick(rig, q);
}

CASE(tx_jump_by_one_too_many, jump(rig, RIG_TX, 9))
CASE(tx_jump_far, jump(rig, RIG_TX, 0x8000))
CASE(tx_jump_back, jump(rig, RIG_TX, 0xffff))
CASE(rx_jump_far, jump(rig, RIG_RX, 500))
CASE(rx_jump_back, jump(rig, RIG_RX, 0xfffe))
CASE(tx_head_8, go(rig, RIG_TX, 8))
CASE(tx_head_ffff, go(rig, RIG_TX, 0xffff))
CASE(rx_head_8, go(rig, RIG_RX, 8))
CASE(rx_head_8000, go(rig, RIG_RX, 0x8000))
CASE(next_8, send(rig, RIG_BUFFER, 1, NEXT, 8))
CASE(next_ffff, send(rig, RIG_BUFFER, 1, NEXT, 0xffff))
CASE(rx_next_8, receive(rig, RIG_BUFFER, 1, WRITE | NEXT, 8))
CASE(loop_of_one, send(rig, RIG_BUFFER, 1, NEXT, 0))
CASE(rx_loop_of_one, receive(rig, RIG_BUFFER, 1, WRITE | NEXT, 0))

static void loop_of_two(struct rig *rig)
{
	rig_desc(rig, RIG_TX, 5, RIG_BUFFER, 1, NEXT, 0);
	send(rig, RIG_BUFFER, 1, NEXT, 5);
}

static void loop_at_the_end(struct rig *rig)
{
	for (unsigned i = 1; i < 8; i++)
		rig_desc(rig, RIG_TX, i, RIG_BUFFER, 1, NEXT, i < 7 ? i + 1 : 7);
	send(rig, RIG_BUFFER, 1, NEXT, 1);
}

CASE(empty, send(rig, RIG_BUFFER, 0, 0, 0))
CASE(empty_nowhere, send(rig, 0, 0, 0, 0))
CASE(rx_empty, receive(rig, RIG_BUFFER, 0, WRITE, 0))
CASE(buffer_at_zero, send(rig, 0, 1, 0, 0))
CASE(buffer_below, send(rig, RIG_RAM - 1, 2, 0, 0))
CASE(buffer_past_end, send(rig, RAM_END - 1, 2, 0, 0))
CASE(buffer_behind, send(rig, RAM_END, 1, 0, 0))
CASE(buffer_in_hole, send(rig, RIG_HIGH - 1, 1, 0, 0))
CASE(buffer_across_hole, send(rig, RIG_RAM, 0x20000000, 0, 0))
CASE(buffer_wraps, send(rig, UINT64_MAX, 2, 0, 0))
CASE(buffer_wraps_to_ram, send(rig, UINT64_MAX - 0xfff, UINT32_MAX, 0, 0))
CASE(buffer_4g, send(rig, RIG_RAM, UINT32_MAX, 0, 0))
CASE(buffer_high_bits, send(rig, RIG_BUFFER | 1ull << 63, 1, 0, 0))
CASE(rx_buffer_past_end, receive(rig, RAM_END - 1, 2, WRITE, 0))
CASE(rx_buffer_wraps, receive(rig, UINT64_MAX - 1, 3, WRITE, 0))
CASE(rx_buffer_on_device, receive(rig, 0x0a003c00, 0x200, WRITE, 0))

static void second_buffer_bad(struct rig *rig)
{
	rig_desc(rig, RIG_TX, 1, RAM_END, 1, 0, 0);
	send(rig, RIG_BUFFER, 1, NEXT, 1);
}

static void readable_after_writable(struct rig *rig)
{
	rig_desc(rig, RIG_RX, 1, RIG_BUFFER, 1, 0, 0);
	receive(rig, RIG_BUFFER, 1, WRITE | NEXT, 1);
}

static void tx_readable_after_writable(struct rig *rig)
{
	rig_desc(rig, RIG_TX, 1, RIG_BUFFER, 1, 0, 0);
	send(rig, RIG_BUFFER, 1, WRITE | NEXT, 1);
}

CASE(tx_writable, send(rig, RIG_BUFFER, 1, WRITE, 0))
CASE(rx_readable, receive(rig, RIG_BUFFER, 1, 0, 0))

static void tx_both(struct rig *rig)
{
	rig_desc(rig, RIG_TX, 1, RIG_BUFFER, 1, WRITE, 0);
	send(rig, RIG_BUFFER, 1, NEXT, 1);
}

static void rx_both(struct rig *rig)
{
	rig_desc(rig, RIG_RX, 1, RIG_BUFFER, 1, WRITE, 0);
	receive(rig, RIG_BUFFER, 1, NEXT, 1);
}

static void indirect_not_negotiated(struct rig *rig)
{
	rig_write(rig, R_STATUS, 0);
	rig_start(rig, VIRTIO_F_VERSION_1);
	send_indirect(rig, RIG_BUFFER, 1, 0, 0);
}

CASE(indirect_with_next, send(rig, RIG_INDIRECT, 16, INDIRECT | NEXT, 1))
CASE(indirect_empty, send(rig, RIG_INDIRECT, 0, INDIRECT, 0))
CASE(indirect_half, send(rig, RIG_INDIRECT, 8, INDIRECT, 0))
CASE(indirect_odd, send(rig, RIG_INDIRECT, 17, INDIRECT, 0))
CASE(indirect_odd_huge, send(rig, RIG_INDIRECT, UINT32_MAX, INDIRECT, 0))
CASE(indirect_nowhere, send(rig, 0, 16, INDIRECT, 0))
CASE(indirect_past_end, send(rig, RAM_END - 16, 32, INDIRECT, 0))
CASE(indirect_wraps, send(rig, UINT64_MAX - 15, 32, INDIRECT, 0))
CASE(indirect_huge, send(rig, RIG_INDIRECT, 0xfffffff0, INDIRECT, 0))
CASE(indirect_nested, send_indirect(rig, RIG_INDIRECT, 16, INDIRECT, 0))
CASE(indirect_next_beyond, send_indirect(rig, RIG_BUFFER, 1, NEXT, 1))
CASE(indirect_loop, send_indirect(rig, RIG_BUFFER, 1, NEXT, 0))
CASE(indirect_buffer_bad, send_indirect(rig, RAM_END, 1, 0, 0))
CASE(indirect_buffer_empty, send_indirect(rig, RIG_BUFFER, 0, 0, 0))
CASE(indirect_writable, send_indirect(rig, RIG_BUFFER, 1, WRITE, 0))

static void indirect_order(struct rig *rig)
{
	rig_indirect(rig, 0, RIG_BUFFER, 1, 0, 0);
	rig_desc(rig, RIG_RX, 1, RIG_INDIRECT, 16, INDIRECT | WRITE, 0);
	receive(rig, RIG_BUFFER, 1, WRITE | NEXT, 1);
}

static void indirect_too_long(struct rig *rig)
{
	const uint32_t count = VIRTQUEUE_MAX_CHAIN + 1;

	for (uint32_t i = 0; i < count; i++)
		rig_indirect(rig, i, RIG_BUFFER, 1, NEXT, i + 1);
	send(rig, RIG_INDIRECT, count * 16, INDIRECT, 0);
}

/* Sixteen buffers on top of each other: the largest chain that is taken, and one byte more. */
static void output_of_size(struct rig *rig, uint32_t last)
{
	for (uint32_t i = 0; i < 17; i++)
		rig_indirect(rig, i, RIG_HIGH, i < 16 ? RIG_HIGH_SIZE : last, i < 16 ? NEXT : 0, i + 1);
	send(rig, RIG_INDIRECT, 17 * 16, INDIRECT, 0);
}

CASE(output_too_large, output_of_size(rig, 1))

static void output_large(struct rig *rig)
{
	for (uint32_t i = 0; i < 16; i++)
		rig_indirect(rig, i, RIG_HIGH, RIG_HIGH_SIZE, i < 15 ? NEXT : 0, i + 1);
	send(rig, RIG_INDIRECT, 16 * 16, INDIRECT, 0);
	CHECK_EQ(rig->out_size, VIRTIO_CONSOLE_CHAIN);
}

/* Good chains before the bad one are given back, and nothing behind it is touched. */
static void bad_in_the_middle(struct rig *rig)
{
	rig_desc(rig, RIG_TX, 0, RIG_BUFFER, 5, 0, 0);
	rig_desc(rig, RIG_TX, 1, RAM_END, 5, 0, 0);
	rig_desc(rig, RIG_TX, 2, RIG_BUFFER, 100, 0, 0);
	rig_offer(rig, RIG_TX, 0);
	rig_offer(rig, RIG_TX, 1);
	rig_offer(rig, RIG_TX, 2);
	rig_kick(rig, RIG_TX);
	CHECK_EQ(rig->out_size, 5);
	CHECK_EQ(rig_used(rig, RIG_TX)->idx, 1);
}

/* What is odd but breaks nothing. */
CASE(notify_absent, rig_kick(rig, 2))
CASE(notify_31, rig_kick(rig, 31))
CASE(notify_32, rig_kick(rig, 32))
CASE(notify_all_ones, rig_kick(rig, UINT32_MAX))
CASE(notify_empty, rig_kick(rig, RIG_TX); rig_kick(rig, RIG_RX))

static void notify_not_ready(struct rig *rig)
{
	rig_write(rig, R_QUEUE_SEL, RIG_TX);
	rig_write(rig, R_QUEUE_READY, 0);
	rig_kick(rig, RIG_TX);
}

static void notify_in_reset(struct rig *rig)
{
	rig_write(rig, R_STATUS, 0);
	rig_kick(rig, RIG_TX);
}

static void absent_queue(struct rig *rig)
{
	rig_write(rig, R_QUEUE_SEL, UINT32_MAX);
	rig_write(rig, R_QUEUE_NUM, 8);
	rig_write64(rig, R_QUEUE_DESC, RIG_RAM);
	rig_write64(rig, R_QUEUE_DRIVER, RIG_RAM);
	rig_write64(rig, R_QUEUE_DEVICE, RIG_RAM);
	rig_write(rig, R_QUEUE_READY, 1);
	CHECK_EQ(rig_read(rig, R_QUEUE_READY), 0);
	rig_write(rig, R_QUEUE_READY, 0);
	rig_write(rig, R_QUEUE_RESET, 1);
}

CASE(ack_nothing, rig_write(rig, R_INTERRUPT_ACK, UINT32_MAX))
CASE(features_too_late, rig_write(rig, R_DRIVER_FEATURES, UINT32_MAX))
CASE(unknown_desc_flags, send(rig, RIG_BUFFER, 1, 0xfff8, 0xffff))

static void write_every_hole(struct rig *rig)
{
	rig->emergency = true;
	for (uint32_t offset = 0; offset < 0x1000; offset += 4) {
		if (offset != R_STATUS && offset != R_QUEUE_READY)
			rig_write(rig, offset, UINT32_MAX);
	}
}

static void rings_on_top_of_each_other(struct rig *rig)
{
	rig_write(rig, R_QUEUE_SEL, RIG_TX);
	rig_write(rig, R_QUEUE_READY, 0);
	memset(rig_at(rig, RIG_QUEUE(RIG_TX)), 0, 0x1000);
	rig_write64(rig, R_QUEUE_DRIVER, RIG_QUEUE(RIG_TX));
	rig_write64(rig, R_QUEUE_DEVICE, RIG_QUEUE(RIG_TX));
	rig_write(rig, R_QUEUE_READY, 1);
	CHECK_EQ(rig_read(rig, R_QUEUE_READY), 1);
	rig_kick(rig, RIG_TX);
}

static void input_into_its_own_ring(struct rig *rig)
{
	receive(rig, RIG_QUEUE(RIG_RX), 0x10000, WRITE, 0);
}

/* All of memory, many times over, as output. */
static void output_without_end(struct rig *rig)
{
	for (uint32_t i = 0; i < VIRTQUEUE_MAX_CHAIN; i++)
		rig_indirect(rig, i, RIG_BUFFER, 0x1000, i + 1 < VIRTQUEUE_MAX_CHAIN ? NEXT : 0, i + 1);
	send(rig, RIG_INDIRECT, VIRTQUEUE_MAX_CHAIN * 16, INDIRECT, 0);
}

static const struct bad {
	const char *name;
	void (*act)(struct rig *rig);
	enum virtio_fault fault; /* NONE: the device must go on as if nothing had been */
} cases[] = {
#define BAD(act, fault)                                                                                      \
	{                                                                                                    \
#act, act, VIRTIO_FAULT_##fault                                                              \
	}
	BAD(size_zero, QUEUE_SIZE),
	BAD(size_three, QUEUE_SIZE),
	BAD(size_odd, QUEUE_SIZE),
	BAD(size_above_max, QUEUE_SIZE),
	BAD(size_32768, QUEUE_SIZE),
	BAD(size_65536, QUEUE_SIZE),
	BAD(size_high_bit, QUEUE_SIZE),
	BAD(size_all_ones, QUEUE_SIZE),
	BAD(table_align, QUEUE_ALIGN),
	BAD(avail_align, QUEUE_ALIGN),
	BAD(used_align, QUEUE_ALIGN),
	BAD(table_nowhere, QUEUE_RANGE),
	BAD(table_below, QUEUE_RANGE),
	BAD(table_past_end, QUEUE_RANGE),
	BAD(table_wraps, QUEUE_RANGE),
	BAD(table_high, QUEUE_RANGE),
	BAD(avail_nowhere, QUEUE_RANGE),
	BAD(avail_past_end, QUEUE_RANGE),
	BAD(avail_wraps, QUEUE_RANGE),
	BAD(used_nowhere, QUEUE_RANGE),
	BAD(used_past_end, QUEUE_RANGE),
	BAD(used_wraps, QUEUE_RANGE),
	BAD(event_past_end, QUEUE_RANGE),
	BAD(event_used_past_end, QUEUE_RANGE),
	BAD(ready_without_setup, QUEUE_SIZE),
	BAD(ready_too_early, EARLY_QUEUE),
	BAD(tx_jump_by_one_too_many, AVAIL_JUMP),
	BAD(tx_jump_far, AVAIL_JUMP),
	BAD(tx_jump_back, AVAIL_JUMP),
	BAD(rx_jump_far, AVAIL_JUMP),
	BAD(rx_jump_back, AVAIL_JUMP),
	BAD(tx_head_8, HEAD_RANGE),
	BAD(tx_head_ffff, HEAD_RANGE),
	BAD(rx_head_8, HEAD_RANGE),
	BAD(rx_head_8000, HEAD_RANGE),
	BAD(next_8, NEXT_RANGE),
	BAD(next_ffff, NEXT_RANGE),
	BAD(rx_next_8, NEXT_RANGE),
	BAD(loop_of_one, LOOP),
	BAD(rx_loop_of_one, LOOP),
	BAD(loop_of_two, LOOP),
	BAD(loop_at_the_end, LOOP),
	BAD(empty, BUFFER_EMPTY),
	BAD(empty_nowhere, BUFFER_EMPTY),
	BAD(rx_empty, BUFFER_EMPTY),
	BAD(buffer_at_zero, BUFFER_RANGE),
	BAD(buffer_below, BUFFER_RANGE),
	BAD(buffer_past_end, BUFFER_RANGE),
	BAD(buffer_behind, BUFFER_RANGE),
	BAD(buffer_in_hole, BUFFER_RANGE),
	BAD(buffer_across_hole, BUFFER_RANGE),
	BAD(buffer_wraps, BUFFER_RANGE),
	BAD(buffer_wraps_to_ram, BUFFER_RANGE),
	BAD(buffer_4g, BUFFER_RANGE),
	BAD(buffer_high_bits, BUFFER_RANGE),
	BAD(rx_buffer_past_end, BUFFER_RANGE),
	BAD(rx_buffer_wraps, BUFFER_RANGE),
	BAD(rx_buffer_on_device, BUFFER_RANGE),
	BAD(second_buffer_bad, BUFFER_RANGE),
	BAD(readable_after_writable, BUFFER_ORDER),
	BAD(tx_readable_after_writable, BUFFER_ORDER),
	BAD(tx_writable, DIRECTION),
	BAD(rx_readable, DIRECTION),
	BAD(tx_both, DIRECTION),
	BAD(rx_both, DIRECTION),
	BAD(indirect_not_negotiated, INDIRECT_FEATURE),
	BAD(indirect_with_next, INDIRECT_NEXT),
	BAD(indirect_empty, INDIRECT_LENGTH),
	BAD(indirect_half, INDIRECT_LENGTH),
	BAD(indirect_odd, INDIRECT_LENGTH),
	BAD(indirect_odd_huge, INDIRECT_LENGTH),
	BAD(indirect_nowhere, INDIRECT_RANGE),
	BAD(indirect_past_end, INDIRECT_RANGE),
	BAD(indirect_wraps, INDIRECT_RANGE),
	BAD(indirect_huge, INDIRECT_RANGE),
	BAD(indirect_nested, INDIRECT_NESTED),
	BAD(indirect_next_beyond, NEXT_RANGE),
	BAD(indirect_loop, LOOP),
	BAD(indirect_buffer_bad, BUFFER_RANGE),
	BAD(indirect_buffer_empty, BUFFER_EMPTY),
	BAD(indirect_writable, DIRECTION),
	BAD(indirect_order, BUFFER_ORDER),
	BAD(indirect_too_long, CHAIN_LENGTH),
	BAD(bad_in_the_middle, BUFFER_RANGE),
	BAD(notify_absent, NONE),
	BAD(notify_31, NONE),
	BAD(notify_32, NONE),
	BAD(notify_all_ones, NONE),
	BAD(notify_empty, NONE),
	BAD(notify_not_ready, NONE),
	BAD(notify_in_reset, NONE),
	BAD(absent_queue, NONE),
	BAD(ack_nothing, NONE),
	BAD(features_too_late, NONE),
	BAD(unknown_desc_flags, NONE),
	BAD(write_every_hole, NONE),
	BAD(rings_on_top_of_each_other, NONE),
	BAD(input_into_its_own_ring, NONE),
	BAD(output_without_end, OUTPUT_LENGTH),
	BAD(output_too_large, OUTPUT_LENGTH),
	BAD(output_large, NONE),
};

/* Broken: says so, interrupts a driver that is there, and serves nothing. */
static void check_broken(struct rig *rig, const struct bad *bad)
{
	const uint32_t status = rig_read(rig, R_STATUS);
	const size_t out_size = rig->out_size;
	const uint16_t used = rig_used(rig, RIG_TX)->idx;

	CHECK_EQ(rig->device->fault, bad->fault);
	CHECK_EQ(rig->device->faults, 1);
	CHECK(status & VIRTIO_STATUS_NEEDS_RESET);
	if (status & VIRTIO_STATUS_DRIVER_OK)
		CHECK(rig_read(rig, R_INTERRUPT_STATUS) & VIRTIO_INTERRUPT_CONFIG);
	rig_desc(rig, RIG_TX, 0, RIG_BUFFER, 1, 0, 0);
	rig_offer(rig, RIG_TX, 0);
	rig_kick(rig, RIG_TX);
	rig_kick(rig, RIG_RX);
	/* no way out but a reset */
	rig_write(rig, R_STATUS, 0xf);
	rig_write(rig, R_QUEUE_SEL, RIG_TX);
	rig_write(rig, R_QUEUE_READY, 0);
	rig_write(rig, R_QUEUE_READY, 1);
	rig_kick(rig, RIG_TX);
	CHECK(rig_read(rig, R_STATUS) & VIRTIO_STATUS_NEEDS_RESET);
	CHECK_EQ(rig->out_size, out_size);
	CHECK_EQ(rig_used(rig, RIG_TX)->idx, used);
	CHECK_EQ(rig->device->faults, 1);
}

static void play(const struct bad *bad)
{
	struct rig *rig = rig_new();

	rig_start(rig, RIG_FEATURES);
	CHECK_EQ(virtio_console_input(rig->console, 0, "waiting", 7), 7);
	CHECK(!virtio_device_service(rig->device));
	bad->act(rig);
	if (bad->fault != VIRTIO_FAULT_NONE)
		check_broken(rig, bad);
	else
		CHECK_EQ(rig->device->faults, 0);
	rig_check_works(rig);
	rig_check_works(rig);
	rig_free(rig);
}

static void fault_names(void)
{
	for (unsigned i = 0; i < VIRTIO_FAULT_COUNT; i++) {
		CHECK(virtio_fault_name((enum virtio_fault)i) != NULL);
		for (unsigned j = 0; j < i; j++)
			CHECK(strcmp(virtio_fault_name((enum virtio_fault)i),
				     virtio_fault_name((enum virtio_fault)j)) != 0);
	}
	CHECK(virtio_fault_name(VIRTIO_FAULT_COUNT) != NULL);
}

/* The frame runs functions without arguments: one for each case. */
static const struct bad *current;

static void play_current(void)
{
	play(current);
}

int main(void)
{
	const struct test names = TEST(fault_names);
	int failed = test_run_one(&names) != 0;

	printf("1..%zu\n", COUNT(cases) + 1);
	printf("%sok 1 %s\n", failed ? "not " : "", names.name);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct test test = { .name = cases[i].name, .fn = play_current };
		int result;

		current = &cases[i];
		result = test_run_one(&test);
		printf("%sok %zu %s\n", result == 0 ? "" : "not ", i + 2, test.name);
		failed += result != 0;
	}
	return failed == 0 ? 0 : 1;
}
