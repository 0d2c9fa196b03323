/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers of virtio-mmio (section 4.2.2), status and features (2.1, 2.2, 3.1.1). */
#include "hostile.h"

typedef struct hostile_device *device_t;

static void narrow_reads(device_t d)
{
	for (uint32_t offset = 0; offset < 0x100; offset += 8) {
		H_CHECK(hostile_load(d->ipa + offset, 1) == 0, "a byte of a register reads");
		H_CHECK(hostile_load(d->ipa + offset, 2) == 0, "half a register reads");
		H_CHECK(hostile_load(d->ipa + offset, 8) == 0, "two registers read at once");
	}
	H_CHECK(h_get(d, H_STATUS) == 0xf, "the status changed");
}

static void narrow_writes(device_t d)
{
	for (uint32_t offset = 0; offset < 0x100; offset += 8) {
		hostile_store(d->ipa + offset, 1, 0);
		hostile_store(d->ipa + offset, 2, 0);
		hostile_store(d->ipa + offset, 8, UINT64_MAX);
	}
	H_CHECK(h_get(d, H_STATUS) == 0xf, "the status changed");
	h_check_works(d);
}

static void unaligned(device_t d)
{
	for (uint32_t by = 1; by < 4; by++) {
		(void)hostile_load(d->ipa + H_STATUS + by, 4);
		hostile_store(d->ipa + H_STATUS + by, 4, 0);
		hostile_store(d->ipa + H_QUEUE_NOTIFY + by, 4, UINT32_MAX);
	}
	h_check_works(d);
}

static void holes(device_t d)
{
	static const uint16_t offsets[] = { 0x018, 0x01c, 0x028, 0x02c, 0x03c, 0x040, 0x048, 0x04c, 0x054,
					    0x05c, 0x068, 0x06c, 0x074, 0x07c, 0x088, 0x098, 0x0a8, 0x0c4,
					    0x0c8, 0x0d0, 0x0f0, 0x0f8, 0x180, 0x1c0, 0x1f8, 0x1fc };

	for (unsigned i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		h_set(d, offsets[i], UINT32_MAX);
		H_CHECK(h_get(d, offsets[i]) == 0, "a register where none is");
	}
	h_check_works(d);
}

static void empty_window(device_t d)
{
	for (uint32_t offset = 0; offset < 0x200; offset += 4) {
		hostile_store(HOSTILE_EMPTY + offset, 4, UINT32_MAX);
		(void)hostile_load(HOSTILE_EMPTY + offset, 4);
	}
	H_CHECK(hostile_load(HOSTILE_EMPTY + H_DEVICE_ID, 4) == 0, "a device where none is");
	h_check_works(d);
}

static void readonly_registers(device_t d)
{
	static const uint16_t offsets[] = { 0x000, 0x004, 0x008, 0x00c, 0x010, 0x034,
					    0x060, 0x0b0, 0x0b4, 0x0b8, 0x0bc, 0x0fc };

	for (unsigned i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		const uint32_t before = h_get(d, offsets[i]);

		h_set(d, offsets[i], ~before);
		H_CHECK(h_get(d, offsets[i]) == before, "a register that cannot be written changed");
	}
	h_check_works(d);
}

static void writeonly_registers(device_t d)
{
	static const uint16_t offsets[] = { 0x014, 0x020, 0x024, 0x030, 0x038, 0x050, 0x064,
					    0x080, 0x084, 0x090, 0x094, 0x0a0, 0x0a4, 0x0ac };

	for (unsigned i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++)
		H_CHECK(h_get(d, offsets[i]) == 0, "a register that cannot be read does");
	h_check_works(d);
}

static void queue_beyond(device_t d)
{
	static const uint32_t queues[] = { 13, 31, 32, 33, 1000, 0x10000, 0x80000000, UINT32_MAX };

	for (unsigned i = 0; i < sizeof(queues) / sizeof(queues[0]); i++) {
		h_set(d, H_QUEUE_SEL, queues[i]);
		H_CHECK(h_get(d, H_QUEUE_NUM_MAX) == 0, "a queue where none is");
		h_set(d, H_QUEUE_NUM, 8);
		h_set64(d, H_QUEUE_DESC, h_desc(d, 0));
		h_set64(d, H_QUEUE_DRIVER, h_avail(d, 0));
		h_set64(d, H_QUEUE_DEVICE, h_used(d, 0));
		h_set(d, H_QUEUE_READY, 1);
		H_CHECK(h_get(d, H_QUEUE_READY) == 0, "a queue is ready that is none");
		h_set(d, H_QUEUE_RESET, 1);
		h_set(d, H_QUEUE_READY, 0);
	}
	h_check_works(d);
}

static void feature_words_beyond(device_t d)
{
	h_set(d, H_DEVICE_FEATURES_SEL, 2);
	H_CHECK(h_get(d, H_DEVICE_FEATURES) == 0, "features beyond 64");
	h_set(d, H_DEVICE_FEATURES_SEL, UINT32_MAX);
	H_CHECK(h_get(d, H_DEVICE_FEATURES) == 0, "features beyond 64");
	h_set(d, H_STATUS, 0);
	h_set(d, H_STATUS, 3);
	h_set(d, H_DRIVER_FEATURES_SEL, 1);
	h_set(d, H_DRIVER_FEATURES, 1);
	h_set(d, H_DRIVER_FEATURES_SEL, 2);
	h_set(d, H_DRIVER_FEATURES, 1);
	h_set(d, H_STATUS, 3 | H_FEATURES_OK);
	H_CHECK(!(h_get(d, H_STATUS) & H_FEATURES_OK), "features beyond 64 were agreed on");
}

static void features_not_offered(device_t d)
{
	H_CHECK(!h_negotiate(d, UINT64_MAX), "every feature was agreed on");
	H_CHECK(!h_negotiate(d, H_F_VERSION_1 | 1ull << 63), "feature 63 was agreed on");
	H_CHECK(!h_negotiate(d, H_F_VERSION_1 | 1ull << 34), "packed rings were agreed on");
	H_CHECK(!h_negotiate(d, H_F_VERSION_1 | 1ull << 33), "a platform's addresses were agreed on");
}

static void legacy(device_t d)
{
	H_CHECK(!h_negotiate(d, 0), "no feature was agreed on");
	H_CHECK(!h_negotiate(d, H_F_INDIRECT), "a legacy driver was taken");
	h_set(d, H_STATUS, 7 | H_FEATURES_OK);
	H_CHECK(!(h_get(d, H_STATUS) & H_DRIVER_OK), "DRIVER_OK without features");
}

static void features_late(device_t d)
{
	h_set(d, H_DRIVER_FEATURES_SEL, 0);
	h_set(d, H_DRIVER_FEATURES, UINT32_MAX);
	h_set(d, H_DRIVER_FEATURES_SEL, 1);
	h_set(d, H_DRIVER_FEATURES, 0);
	h_set(d, H_STATUS, 0xf);
	h_check_works(d);
}

static void status_backwards(device_t d)
{
	for (uint32_t status = 0xe; status > 0; status--) {
		h_set(d, H_STATUS, status);
		H_CHECK(h_get(d, H_STATUS) == 0xf, "the driver cleared a bit of the status");
	}
	h_check_works(d);
}

static void status_not_the_drivers(device_t d)
{
	h_set(d, H_STATUS, 0xf | H_NEEDS_RESET);
	h_set(d, H_STATUS, 0xf | 0x30);
	h_set(d, H_STATUS, 0xffffff0f);
	H_CHECK(h_get(d, H_STATUS) == 0xf, "bits that are not the driver's");
	h_check_works(d);
}

static void failed_then_on(device_t d)
{
	h_set(d, H_STATUS, 0x8f);
	h_notify(d, d->queue);
	H_CHECK(h_get(d, H_STATUS) == 0x8f, "FAILED is not kept");
}

static void live_without_features(device_t d)
{
	h_set(d, H_STATUS, 0);
	h_set(d, H_STATUS, 7);
	H_CHECK(!(h_get(d, H_STATUS) & H_DRIVER_OK), "DRIVER_OK without FEATURES_OK");
	h_notify(d, d->queue);
}

static void live_without_queues(device_t d)
{
	H_CHECK(h_negotiate(d, H_F_VERSION_1), "not agreed");
	h_set(d, H_STATUS, 0xf);
	for (uint32_t q = 0; q < 8; q++)
		h_notify(d, q);
}

static void size_of(device_t d, uint32_t size)
{
	h_set(d, H_QUEUE_SEL, d->queue);
	h_set(d, H_QUEUE_READY, 0);
	h_set(d, H_QUEUE_NUM, size);
	h_set(d, H_QUEUE_READY, 1);
	H_CHECK(h_get(d, H_QUEUE_READY) == 0, "the queue is ready");
}

static void size_0(device_t d)
{
	size_of(d, 0);
}

static void size_3(device_t d)
{
	size_of(d, 3);
}

static void size_above(device_t d)
{
	size_of(d, 2048);
}

static void size_65536(device_t d)
{
	size_of(d, 0x10000);
}

static void size_2_31(device_t d)
{
	size_of(d, 0x80000000);
}

static void ready_early(device_t d)
{
	h_set(d, H_STATUS, 0);
	h_set(d, H_STATUS, 3);
	h_place(d, d->queue, HOSTILE_SIZE);
	h_set(d, H_QUEUE_READY, 1);
	H_CHECK(h_get(d, H_QUEUE_READY) == 0, "the queue is ready");
}

static void ready_bare(device_t d)
{
	H_CHECK(h_negotiate(d, H_F_VERSION_1), "not agreed");
	h_set(d, H_QUEUE_SEL, 0);
	h_set(d, H_QUEUE_READY, 1);
}

static void moved_while_ready(device_t d)
{
	h_set(d, H_QUEUE_SEL, d->queue);
	h_set(d, H_QUEUE_NUM, 0);
	h_set64(d, H_QUEUE_DESC, UINT64_MAX);
	h_set64(d, H_QUEUE_DRIVER, UINT64_MAX);
	h_set64(d, H_QUEUE_DEVICE, 0);
	h_set(d, H_QUEUE_READY, 1);
	h_check_works(d);
}

static void notify_unknown(device_t d)
{
	static const uint32_t queues[] = { 6, 13, 31, 32, 63, 64, 1000, 0x10000, 0x80000000, UINT32_MAX };

	for (unsigned i = 0; i < sizeof(queues) / sizeof(queues[0]); i++)
		h_notify(d, queues[i]);
	h_check_works(d);
}

static void notify_storm(device_t d)
{
	const unsigned before = hostile_interrupts(d->intid);

	for (unsigned i = 0; i < 2000; i++)
		h_notify(d, d->queue);
	h_settle(d);
	H_CHECK(hostile_interrupts(d->intid) - before <= 2, "interrupts for nothing");
	h_check_works(d);
}

static void notify_too_early(device_t d)
{
	H_CHECK(h_negotiate(d, H_F_VERSION_1), "not agreed");
	for (uint32_t q = 0; q < d->queues; q++) {
		h_place(d, q, HOSTILE_SIZE);
		h_set(d, H_QUEUE_READY, 1);
	}
	h_describe(d, d->queue, 0, h_buffer(d), 72, h_way(d), 0);
	h_offer(d, d->queue, 0);
	h_notify(d, d->queue);
	h_settle(d);
	H_CHECK(((volatile uint16_t *)hostile_at(h_used(d, d->queue)))[1] == 0, "used before DRIVER_OK");
}

static void notify_in_reset(device_t d)
{
	h_set(d, H_STATUS, 0);
	for (uint32_t q = 0; q < 40; q++)
		h_notify(d, q);
	H_CHECK(h_get(d, H_STATUS) == 0, "it woke");
}

static void ack_everything(device_t d)
{
	for (unsigned i = 0; i < 200; i++)
		h_set(d, H_INTERRUPT_ACK, UINT32_MAX);
	H_CHECK(h_get(d, H_INTERRUPT_STATUS) == 0, "an interrupt stays");
	h_check_works(d);
}

static void reset_storm(device_t d)
{
	for (unsigned i = 0; i < 30; i++) {
		if (h_negotiate(d, H_F_VERSION_1) && i % 2 == 1)
			h_live(d);
		h_notify(d, d->queue);
	}
	h_set(d, H_STATUS, 0);
}

/* A queue full of what takes the device a while. */
static void keep_busy(device_t d)
{
	const uint64_t data = h_buffer(d) + 0x1000;
	const struct {
		uint32_t type, reserved;
		uint64_t sector;
	} header = { 0, 0, 16 };

	h_put(h_buffer(d), &header, sizeof(header));
	if (d->kind == H_BLK) {
		h_describe(d, 0, 0, h_buffer(d), 16, H_NEXT, 1);
		h_describe(d, 0, 1, data, 0x8000, H_NEXT | H_WRITE, 2);
		h_describe(d, 0, 2, h_buffer(d) + 0x100, 1, H_WRITE, 0);
	} else {
		h_describe(d, d->queue, 0, data, 0x800, h_way(d), 0);
	}
	for (unsigned i = 0; i < HOSTILE_SIZE; i++)
		h_offer(d, d->queue, 0);
	h_notify(d, d->queue);
}

/* What was under way when the driver took its memory back is not written to it any more (2.4.2, 2.6.1.2). */
static void take_back(device_t d, void (*how)(device_t device))
{
	volatile uint8_t *bytes = hostile_at(h_buffer(d) + 0x1000);

	for (unsigned round = 0; round < 4; round++) {
		keep_busy(d);
		how(d);
		h_fill(h_buffer(d) + 0x1000, 0x5a, 0x8000);
		h_settle(d);
		for (unsigned i = 0; i < 0x8000; i++)
			H_CHECK(bytes[i] == 0x5a, "memory was written after it was taken back");
		h_start(d, H_F_INDIRECT | d->features);
	}
}

static void reset(device_t d)
{
	h_set(d, H_STATUS, 0);
}

static void take_queue(device_t d)
{
	h_set(d, H_QUEUE_SEL, d->queue);
	h_set(d, H_QUEUE_READY, 0);
}

static void break_and_reset(device_t d)
{
	((volatile uint16_t *)hostile_at(h_avail(d, d->queue)))[1] = 0x4000;
	h_notify(d, d->queue);
	h_settle(d);
	h_set(d, H_STATUS, 0);
}

static void reset_in_flight(device_t d)
{
	take_back(d, reset);
}

static void queue_taken_in_flight(device_t d)
{
	take_back(d, take_queue);
}

static void broken_in_flight(device_t d)
{
	take_back(d, break_and_reset);
}

static void queue_reset_in_flight(device_t d)
{
	H_CHECK(h_negotiate(d, H_F_VERSION_1 | H_F_RING_RESET | d->features), "not agreed");
	h_live(d);
	for (unsigned i = 0; i < 20; i++) {
		h_describe(d, d->queue, 0, h_buffer(d), 64, h_way(d), 0);
		if (d->kind != H_BLK) /* for which that is no request */
			h_offer(d, d->queue, 0);
		h_notify(d, d->queue);
		h_set(d, H_QUEUE_SEL, d->queue);
		h_set(d, H_QUEUE_RESET, 1);
		H_CHECK(h_get(d, H_QUEUE_RESET) == 0, "the queue's reset does not end");
		H_CHECK(h_get(d, H_QUEUE_READY) == 0, "the queue is ready");
		h_place(d, d->queue, HOSTILE_SIZE);
		h_set(d, H_QUEUE_READY, 1);
	}
	h_check_works(d);
}

static void queue_reset_not_agreed(device_t d)
{
	h_set(d, H_QUEUE_SEL, d->queue);
	h_set(d, H_QUEUE_RESET, 1);
	H_CHECK(h_get(d, H_QUEUE_READY) == 1, "the queue is gone");
	h_check_works(d);
}

static void config_writes(device_t d)
{
	for (uint32_t offset = 0; offset < 0x100; offset += 4) {
		if (d->kind == H_CONSOLE && offset == 8) /* the emergency write: prints */
			continue;
		h_set(d, H_CONFIG + offset, UINT32_MAX);
		hostile_store(d->ipa + H_CONFIG + offset, 1, 0xff);
		hostile_store(d->ipa + H_CONFIG + offset + 2, 2, 0xffff);
		if (offset % 8 == 0 && !(d->kind == H_CONSOLE && offset == 8))
			hostile_store(d->ipa + H_CONFIG + offset, 8, UINT64_MAX);
	}
	h_check_works(d);
}

static void config_reads(device_t d)
{
	for (uint32_t offset = 0; offset < 0x100; offset++) {
		(void)hostile_load(d->ipa + H_CONFIG + offset, 1);
		if (offset % 2 == 0)
			(void)hostile_load(d->ipa + H_CONFIG + offset, 2);
		if (offset % 8 == 0)
			(void)hostile_load(d->ipa + H_CONFIG + offset, 8);
	}
	h_check_works(d);
}

const struct hostile_case hostile_registers[] = {
	{ "registers read with 1, 2 and 8 bytes", H_VIRTIO, H_SURVIVES, narrow_reads },
	{ "registers written with 1, 2 and 8 bytes", H_VIRTIO, H_SURVIVES, narrow_writes },
	{ "registers at odd addresses", H_VIRTIO, H_SURVIVES, unaligned },
	{ "offsets without a register", H_VIRTIO, H_SURVIVES, holes },
	{ "a window without a device", H_VIRTIO, H_SURVIVES, empty_window },
	{ "read-only registers written", H_VIRTIO, H_SURVIVES, readonly_registers },
	{ "write-only registers read", H_VIRTIO, H_SURVIVES, writeonly_registers },
	{ "QueueSel beyond the queues", H_VIRTIO, H_SURVIVES, queue_beyond },
	{ "feature words beyond the second", H_VIRTIO, H_SURVIVES, feature_words_beyond },
	{ "features that are not offered", H_VIRTIO, H_SURVIVES, features_not_offered },
	{ "a legacy driver", H_VIRTIO, H_SURVIVES, legacy },
	{ "features after FEATURES_OK", H_VIRTIO, H_SURVIVES, features_late },
	{ "status backwards", H_VIRTIO, H_SURVIVES, status_backwards },
	{ "status bits that are not the driver's", H_VIRTIO, H_SURVIVES, status_not_the_drivers },
	{ "FAILED, and on", H_VIRTIO, H_SURVIVES, failed_then_on },
	{ "DRIVER_OK without FEATURES_OK", H_VIRTIO, H_SURVIVES, live_without_features },
	{ "DRIVER_OK without queues", H_VIRTIO, H_SURVIVES, live_without_queues },
	{ "queue of size 0", H_VIRTIO, H_BREAKS, size_0 },
	{ "queue of size 3", H_VIRTIO, H_BREAKS, size_3 },
	{ "queue of size 2048", H_VIRTIO, H_BREAKS, size_above },
	{ "queue of size 65536", H_VIRTIO, H_BREAKS, size_65536 },
	{ "queue of size 2^31", H_VIRTIO, H_BREAKS, size_2_31 },
	{ "queue ready before FEATURES_OK", H_VIRTIO, H_BREAKS, ready_early },
	{ "queue ready without set-up", H_VIRTIO, H_BREAKS, ready_bare },
	{ "queue moved while ready", H_VIRTIO, H_SURVIVES, moved_while_ready },
	{ "notification of queues that are not there", H_VIRTIO, H_SURVIVES, notify_unknown },
	{ "2000 notifications for nothing", H_VIRTIO, H_SURVIVES, notify_storm },
	{ "notification before DRIVER_OK", H_VIRTIO, H_SURVIVES, notify_too_early },
	{ "notification in reset", H_VIRTIO, H_SURVIVES, notify_in_reset },
	{ "interrupts acknowledged that never were", H_VIRTIO, H_SURVIVES, ack_everything },
	{ "resets, one upon the other", H_VIRTIO, H_SURVIVES, reset_storm },
	{ "reset while requests are under way", H_VIRTIO, H_SURVIVES, reset_in_flight },
	{ "queue taken out while requests are under way", H_VIRTIO, H_SURVIVES, queue_taken_in_flight },
	{ "broken and reset while requests are under way", H_VIRTIO, H_SURVIVES, broken_in_flight },
	{ "queue reset while requests are under way", H_VIRTIO, H_SURVIVES, queue_reset_in_flight },
	{ "queue reset that was not agreed on", H_VIRTIO, H_SURVIVES, queue_reset_not_agreed },
	{ "configuration written everywhere", H_VIRTIO, H_SURVIVES, config_writes },
	{ "configuration read with every width", H_VIRTIO, H_SURVIVES, config_reads },
};
const unsigned hostile_num_registers = sizeof(hostile_registers) / sizeof(hostile_registers[0]);
