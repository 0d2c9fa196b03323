/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Transport, queues and console as a driver that keeps to virtio 1.2 sees them. */
#include "scrollback.h"
#include "test.h"
#include "virtio_rig.h"

static void identity(void)
{
	struct rig *rig = rig_new();

	CHECK_EQ(rig_read(rig, R_MAGIC), 0x74726976);
	CHECK_EQ(rig_read(rig, R_VERSION), 2);
	CHECK_EQ(rig_read(rig, R_DEVICE_ID), 3);
	CHECK(rig_read(rig, R_VENDOR_ID) != 0);
	CHECK_EQ(rig_read(rig, R_STATUS), 0);
	for (uint32_t sel = 0; sel < 3; sel++) {
		rig_write(rig, R_SHM_SEL, sel);
		CHECK_EQ(rig_read(rig, R_SHM_LEN), UINT32_MAX);
		CHECK_EQ(rig_read(rig, R_SHM_LEN + 4), UINT32_MAX);
		CHECK_EQ(rig_read(rig, R_SHM_BASE), UINT32_MAX);
		CHECK_EQ(rig_read(rig, R_SHM_BASE + 4), UINT32_MAX);
	}
	rig_free(rig);
}

static void no_device(void)
{
	CHECK_EQ(virtio_mmio_read(NULL, R_MAGIC, 4), 0x74726976);
	CHECK_EQ(virtio_mmio_read(NULL, R_VERSION, 4), 2);
	for (uint32_t offset = R_DEVICE_ID; offset < 0x300; offset += 4) {
		virtio_mmio_write(NULL, offset, 4, UINT32_MAX);
		CHECK_EQ(virtio_mmio_read(NULL, offset, 4), 0);
	}
	for (uint32_t size = 0; size < 10; size++) {
		if (size != 4)
			CHECK_EQ(virtio_mmio_read(NULL, R_MAGIC, size), 0);
	}
}

static uint64_t offered(struct rig *rig)
{
	uint64_t features;

	rig_write(rig, R_DEVICE_FEATURES_SEL, 1);
	features = (uint64_t)rig_read(rig, R_DEVICE_FEATURES) << 32;
	rig_write(rig, R_DEVICE_FEATURES_SEL, 0);
	return features | rig_read(rig, R_DEVICE_FEATURES);
}

static void features(void)
{
	static const struct {
		uint64_t bits;
		bool agreed;
	} cases[] = {
		{ VIRTIO_F_VERSION_1, true },
		{ RIG_FEATURES, true },
		{ 0, false }, /* without VERSION_1 (6.1) */
		{ VIRTIO_CONSOLE_F_SIZE, false },
		{ VIRTIO_F_VERSION_1 | 1ull << 1, false },  /* MULTIPORT was not offered */
		{ VIRTIO_F_VERSION_1 | 1ull << 33, false }, /* nor ACCESS_PLATFORM */
		{ VIRTIO_F_VERSION_1 | 1ull << 63, false },
		{ UINT64_MAX, false },
	};
	struct rig *rig = rig_new();

	CHECK((offered(rig) & (RIG_FEATURES | VIRTIO_F_EVENT_IDX)) == (RIG_FEATURES | VIRTIO_F_EVENT_IDX));
	for (uint32_t sel = 2; sel < 40; sel += 7) {
		rig_write(rig, R_DEVICE_FEATURES_SEL, sel);
		CHECK_EQ(rig_read(rig, R_DEVICE_FEATURES), 0);
	}
	for (size_t i = 0; i < COUNT(cases); i++) {
		rig_write(rig, R_STATUS, 0);
		CHECK_EQ(rig_negotiate(rig, cases[i].bits), cases[i].agreed);
	}
	rig_write(rig, R_STATUS, 0);
	CHECK(rig_negotiate(rig, offered(rig)));
	/* Once agreed, they stand. */
	rig_write(rig, R_DRIVER_FEATURES_SEL, 0);
	rig_write(rig, R_DRIVER_FEATURES, 0);
	CHECK(virtio_device_has(rig->device, offered(rig)));
	rig_check_works(rig);
	rig_free(rig);
}

static void features_past_63(void)
{
	struct rig *rig = rig_new();

	rig_write(rig, R_DRIVER_FEATURES_SEL, 2);
	rig_write(rig, R_DRIVER_FEATURES, 1);
	CHECK(!rig_negotiate(rig, VIRTIO_F_VERSION_1));
	rig_write(rig, R_STATUS, 0);
	rig_write(rig, R_DRIVER_FEATURES_SEL, 5);
	rig_write(rig, R_DRIVER_FEATURES, 0);
	CHECK(rig_negotiate(rig, VIRTIO_F_VERSION_1));
	rig_free(rig);
}

static void status_bits(void)
{
	struct rig *rig = rig_new();

	/* DRIVER_OK needs FEATURES_OK; NEEDS_RESET and unknown bits are not the driver's. */
	rig_write(rig, R_STATUS, UINT32_MAX);
	CHECK_EQ(rig_read(rig, R_STATUS), 0x83);
	rig_write(rig, R_STATUS, 0);
	CHECK(rig_negotiate(rig, RIG_FEATURES));
	/* A driver may not clear bits but all of them. */
	rig_write(rig, R_STATUS, VIRTIO_STATUS_ACKNOWLEDGE);
	CHECK_EQ(rig_read(rig, R_STATUS), 0xb);
	rig_check_works(rig);
	rig_free(rig);
}

static void reset_midway(void)
{
	struct rig *rig = rig_new();

	for (unsigned stage = 0; stage < 6; stage++) {
		rig_write(rig, R_STATUS, 0);
		if (stage > 0)
			rig_write(rig, R_STATUS, VIRTIO_STATUS_ACKNOWLEDGE);
		if (stage > 1)
			CHECK(rig_negotiate(rig, RIG_FEATURES));
		if (stage > 2)
			rig_place_queue(rig, RIG_TX, 8);
		if (stage > 3)
			rig_write(rig, R_QUEUE_READY, 1);
		if (stage > 4) {
			rig_write(rig, R_STATUS, 0xf);
			rig_desc(rig, RIG_TX, 0, RIG_BUFFER, 5, 0, 0);
			rig_offer(rig, RIG_TX, 0);
			rig_write(rig, R_QUEUE_NOTIFY, RIG_TX);
		}
		rig_write(rig, R_STATUS, 0);
		CHECK(!virtio_device_service(rig->device)); /* nothing is left to do */
		CHECK_EQ(rig->out_size, 0);
		rig_write(rig, R_QUEUE_SEL, RIG_TX);
		CHECK_EQ(rig_read(rig, R_QUEUE_READY), 0);
		CHECK_EQ(rig_read(rig, R_QUEUE_NUM_MAX), VIRTIO_CONSOLE_QUEUE_SIZE);
	}
	rig_check_works(rig);
	rig_free(rig);
}

static void queue_registers(void)
{
	struct rig *rig = rig_new();

	rig_write(rig, R_QUEUE_SEL, 1);
	CHECK_EQ(rig_read(rig, R_QUEUE_NUM_MAX), VIRTIO_CONSOLE_QUEUE_SIZE);
	rig_write(rig, R_QUEUE_SEL, 2);
	CHECK_EQ(rig_read(rig, R_QUEUE_NUM_MAX), 0);
	CHECK_EQ(rig_read(rig, R_QUEUE_READY), 0);
	rig_start(rig, RIG_FEATURES);
	/* Of a queue that is ready nothing moves. */
	rig_write(rig, R_QUEUE_SEL, RIG_TX);
	rig_write(rig, R_QUEUE_NUM, 3);
	rig_write64(rig, R_QUEUE_DESC, 0x123);
	rig_write64(rig, R_QUEUE_DEVICE, UINT64_MAX);
	CHECK_EQ(rig->device->queue[RIG_TX].size, 8);
	CHECK_EQ(rig->device->queue[RIG_TX].desc_ipa, RIG_QUEUE(RIG_TX));
	rig_write(rig, R_QUEUE_READY, 1);
	CHECK_EQ(rig_read(rig, R_STATUS), 0xf);
	/* Taken out and put back, it starts anew. */
	rig_write(rig, R_QUEUE_READY, 0);
	CHECK_EQ(rig_read(rig, R_QUEUE_READY), 0);
	rig_place_queue(rig, RIG_TX, 4);
	rig_write(rig, R_QUEUE_READY, 1);
	CHECK_EQ(rig_read(rig, R_QUEUE_READY), 1);
	rig_desc(rig, RIG_TX, 3, RIG_BUFFER, 9, 0, 0);
	rig_offer(rig, RIG_TX, 3);
	rig_kick(rig, RIG_TX);
	CHECK_EQ(rig->out_size, 9);
	rig_check_works(rig);
	rig_free(rig);
}

static void queue_reset(void)
{
	struct rig *rig = rig_new();

	rig_start(rig, RIG_FEATURES);
	rig_write(rig, R_QUEUE_SEL, RIG_TX);
	rig_write(rig, R_QUEUE_RESET, 1); /* not negotiated */
	CHECK_EQ(rig_read(rig, R_QUEUE_READY), 1);
	rig_write(rig, R_STATUS, 0);
	rig_start(rig, RIG_FEATURES | VIRTIO_F_RING_RESET);
	rig_write(rig, R_QUEUE_SEL, RIG_TX);
	rig_write(rig, R_QUEUE_RESET, 1);
	CHECK_EQ(rig_read(rig, R_QUEUE_RESET), 0);
	CHECK_EQ(rig_read(rig, R_QUEUE_READY), 0);
	rig_kick(rig, RIG_TX);
	CHECK_EQ(rig_read(rig, R_STATUS), 0xf);
	rig_place_queue(rig, RIG_TX, 16);
	rig_write(rig, R_QUEUE_READY, 1);
	rig_desc(rig, RIG_TX, 15, RIG_BUFFER, 7, 0, 0);
	rig_offer(rig, RIG_TX, 15);
	rig_kick(rig, RIG_TX);
	CHECK_EQ(rig->out_size, 7);
	rig_check_works(rig);
	rig_free(rig);
}

/* Every size at every offset: only what the specification allows has an effect. */
static void access_sizes(void)
{
	struct rig *rig = rig_new();

	for (uint32_t offset = 0; offset < 0x110; offset++) {
		for (uint32_t size = 0; size < 20; size++) {
			const bool control = offset < R_CONFIG && size == 4 && offset % 4 == 0;
			const bool config = offset >= R_CONFIG && size != 0 && size <= 8 &&
					    (size & (size - 1)) == 0 && offset % size == 0 &&
					    offset + size <= R_CONFIG + 12;

			if (control || config)
				continue;
			CHECK_EQ(virtio_mmio_read(rig->device, offset, size), 0);
			virtio_mmio_write(rig->device, offset, size, UINT64_MAX);
		}
	}
	CHECK_EQ(rig->out_size, 0);
	CHECK_EQ(rig_read(rig, R_STATUS), 0);
	CHECK_EQ(virtio_mmio_read(rig->device, UINT64_MAX - 3, 4), 0);
	rig_check_works(rig);
	rig_free(rig);
}

static void config_space(void)
{
	struct rig *rig = rig_new();
	uint32_t generation;

	virtio_console_resize(rig->console, 0, 0x1234, 0x5678);
	CHECK_EQ(virtio_mmio_read(rig->device, R_CONFIG, 2), 0x1234);
	CHECK_EQ(virtio_mmio_read(rig->device, R_CONFIG + 2, 2), 0x5678);
	CHECK_EQ(virtio_mmio_read(rig->device, R_CONFIG, 1), 0x34);
	CHECK_EQ(virtio_mmio_read(rig->device, R_CONFIG + 1, 1), 0x12);
	CHECK_EQ(virtio_mmio_read(rig->device, R_CONFIG, 4), 0x56781234);
	CHECK_EQ(virtio_mmio_read(rig->device, R_CONFIG, 8), 0x156781234);
	CHECK_EQ(virtio_mmio_read(rig->device, R_CONFIG + 4, 4), 1);
	CHECK_EQ(virtio_mmio_read(rig->device, R_CONFIG + 12, 4), 0);
	CHECK_EQ(rig->interrupts, 0); /* no driver yet */

	rig_start(rig, RIG_FEATURES);
	generation = rig_read(rig, R_CONFIG_GENERATION);
	virtio_console_resize(rig->console, 0, 0x1234, 0x5678);
	CHECK_EQ(rig_read(rig, R_CONFIG_GENERATION), generation);
	virtio_console_resize(rig->console, 0, 132, 43);
	CHECK(rig_read(rig, R_CONFIG_GENERATION) != generation);
	CHECK_EQ(rig->interrupts, 1);
	CHECK_EQ(rig_read(rig, R_INTERRUPT_STATUS), VIRTIO_INTERRUPT_CONFIG);
	rig_write(rig, R_INTERRUPT_ACK, VIRTIO_INTERRUPT_CONFIG);
	CHECK_EQ(rig_read(rig, R_INTERRUPT_STATUS), 0);
	CHECK_EQ(rig_read(rig, R_CONFIG), 43 << 16 | 132);

	/* A driver that did not ask for the size is not disturbed. */
	rig_write(rig, R_STATUS, 0);
	rig_start(rig, VIRTIO_F_VERSION_1);
	virtio_console_resize(rig->console, 0, 80, 25);
	CHECK_EQ(rig->interrupts, 1);
	rig_free(rig);
}

static void emergency_write(void)
{
	struct rig *rig = rig_new();

	rig->emergency = true;
	rig_write(rig, R_CONFIG + 8, 'A'); /* in reset */
	virtio_mmio_write(rig->device, R_CONFIG + 8, 1, 'B');
	rig_start(rig, RIG_FEATURES);
	virtio_mmio_write(rig->device, R_CONFIG + 8, 2, 0x4300 | 'C');
	rig_write(rig, R_CONFIG, 'x'); /* cols is not writable */
	CHECK_EQ(rig->out_size, 3);
	CHECK(memcmp(rig->out, "ABC", 3) == 0);
	rig_free(rig);
}

static void output(void)
{
	struct rig *rig = rig_new();
	struct virtqueue_used_elem elem;
	uint8_t *buffer;

	rig_start(rig, RIG_FEATURES);
	buffer = rig_at(rig, RIG_BUFFER);
	for (unsigned i = 0; i < 4096; i++)
		buffer[i] = (uint8_t)(i * 7);
	/* More rounds than a 16-bit index has, each a chain of two in odd places of the table. */
	for (unsigned round = 0; round < 70000; round++) {
		const unsigned a = round % 8, b = (round + 3) % 8;

		rig_desc(rig, RIG_TX, a, RIG_BUFFER + round % 1000, 3, VIRTQUEUE_DESC_NEXT, b);
		rig_desc(rig, RIG_TX, b, RIG_BUFFER + round % 500, 2, 0, 0);
		rig->out_size = 0;
		rig_offer(rig, RIG_TX, a);
		rig_kick(rig, RIG_TX);
		CHECK(rig_take(rig, RIG_TX, &elem));
		CHECK_EQ(elem.id, a);
		CHECK_EQ(elem.len, 0);
		CHECK(!rig_take(rig, RIG_TX, &elem));
		CHECK_EQ(rig->out_size, 5);
		CHECK(memcmp(rig->out, buffer + round % 1000, 3) == 0);
		CHECK(memcmp(rig->out + 3, buffer + round % 500, 2) == 0);
	}
	rig_free(rig);
}

/* Buffers made available before DRIVER_OK are used at DRIVER_OK, not earlier. */
static void output_before_driver_ok(void)
{
	struct rig *rig = rig_new();

	CHECK(rig_negotiate(rig, RIG_FEATURES));
	rig_place_queue(rig, RIG_TX, 8);
	rig_write(rig, R_QUEUE_READY, 1);
	rig_desc(rig, RIG_TX, 0, RIG_BUFFER, 11, 0, 0);
	rig_offer(rig, RIG_TX, 0);
	rig_kick(rig, RIG_TX);
	CHECK_EQ(rig->out_size, 0);
	rig_write(rig, R_STATUS, 0xf);
	CHECK(!virtio_device_service(rig->device));
	CHECK_EQ(rig->out_size, 11);
	rig_free(rig);
}

/* A burst ends and goes on: nothing is lost, and others get their turn. */
static void output_in_bursts(void)
{
	struct rig *rig = rig_new();
	unsigned turns = 1;

	rig_start(rig, RIG_FEATURES);
	for (unsigned i = 0; i < 8; i++) {
		rig_desc(rig, RIG_TX, i, RIG_BUFFER, 40000, 0, 0);
		rig_offer(rig, RIG_TX, i);
	}
	rig_write(rig, R_QUEUE_NOTIFY, RIG_TX);
	while (virtio_device_service(rig->device))
		turns++;
	CHECK_EQ(rig->out_size, 8 * 40000);
	CHECK(turns >= 4);
	rig_free(rig);
}

static void input(void)
{
	struct rig *rig = rig_new();
	struct virtqueue_used_elem elem;
	char text[100];

	memset(text, 'x', sizeof(text));
	rig_start(rig, RIG_FEATURES);
	/* Buffers wait without interrupts, and the driver need not notify. */
	for (unsigned i = 0; i < 4; i++) {
		rig_desc(rig, RIG_RX, i, RIG_BUFFER + i * 0x100, 30, VIRTQUEUE_DESC_WRITE, 0);
		rig_offer(rig, RIG_RX, i);
	}
	rig_kick(rig, RIG_RX);
	CHECK_EQ(rig->interrupts, 0);
	CHECK_EQ(rig_used(rig, RIG_RX)->flags, VIRTQUEUE_USED_NO_NOTIFY);
	CHECK_EQ(virtio_console_input(rig->console, 0, text, 100), 100);
	CHECK(!virtio_device_service(rig->device));
	for (unsigned i = 0; i < 4; i++) {
		CHECK(rig_take(rig, RIG_RX, &elem));
		CHECK_EQ(elem.id, i);
		CHECK_EQ(elem.len, i < 3 ? 30 : 10);
	}
	CHECK_EQ(rig->interrupts, 1);
	CHECK_EQ(rig_read(rig, R_INTERRUPT_STATUS), VIRTIO_INTERRUPT_QUEUE);
	rig_write(rig, R_INTERRUPT_ACK, VIRTIO_INTERRUPT_QUEUE);

	/* Input waits for buffers: now notifications are wanted. */
	CHECK_EQ(virtio_console_input(rig->console, 0, text, 50), 50);
	CHECK(!virtio_device_service(rig->device));
	CHECK_EQ(rig_used(rig, RIG_RX)->flags, 0);
	rig_desc(rig, RIG_RX, 0, RIG_BUFFER, 1, VIRTQUEUE_DESC_WRITE | VIRTQUEUE_DESC_NEXT, 1);
	rig_desc(rig, RIG_RX, 1, RIG_HIGH, 60, VIRTQUEUE_DESC_WRITE, 0);
	rig_offer(rig, RIG_RX, 0);
	rig_kick(rig, RIG_RX);
	CHECK(rig_take(rig, RIG_RX, &elem));
	CHECK_EQ(elem.len, 50);
	CHECK_EQ(rig->interrupts, 2);
	rig_free(rig);
}

static void input_limit(void)
{
	struct rig *rig = rig_new();
	struct virtqueue_used_elem elem;
	static uint8_t text[CONSOLE_INPUT + 10];
	uint8_t *buffer;

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * 31 >> 3);
	CHECK_EQ(virtio_console_input_space(rig->console, 0), CONSOLE_INPUT);
	CHECK_EQ(virtio_console_input(rig->console, 0, text, sizeof(text)), CONSOLE_INPUT);
	CHECK_EQ(virtio_console_input_space(rig->console, 0), 0);
	CHECK_EQ(virtio_console_input(rig->console, 0, text, 1), 0);
	/* It survives a reset of the device and comes out as it went in. */
	rig_start(rig, RIG_FEATURES);
	buffer = rig_at(rig, RIG_BUFFER);
	for (unsigned pos = 0; pos < CONSOLE_INPUT; pos += elem.len) {
		rig_desc(rig, RIG_RX, 0, RIG_BUFFER, 5000, VIRTQUEUE_DESC_WRITE, 0);
		rig_offer(rig, RIG_RX, 0);
		rig_kick(rig, RIG_RX);
		CHECK(rig_take(rig, RIG_RX, &elem));
		CHECK(elem.len > 0 && elem.len <= 5000);
		CHECK(memcmp(buffer, text + pos, elem.len) == 0);
	}
	CHECK_EQ(virtio_console_input_space(rig->console, 0), CONSOLE_INPUT);
	rig_free(rig);
}

static void indirect(void)
{
	struct rig *rig = rig_new();
	struct virtqueue_used_elem elem;

	rig_start(rig, RIG_FEATURES);
	memcpy(rig_at(rig, RIG_BUFFER), "onetwothree", 11);
	rig_indirect(rig, 0, RIG_BUFFER, 3, VIRTQUEUE_DESC_NEXT, 5);
	rig_indirect(rig, 5, RIG_BUFFER + 3, 3, VIRTQUEUE_DESC_NEXT, 2);
	rig_indirect(rig, 2, RIG_BUFFER + 6, 5, 0, 0);
	rig_desc(rig, RIG_TX, 4, RIG_INDIRECT, 6 * 16, VIRTQUEUE_DESC_INDIRECT, 0);
	rig_offer(rig, RIG_TX, 4);
	rig_kick(rig, RIG_TX);
	CHECK(rig_take(rig, RIG_TX, &elem));
	CHECK_EQ(elem.id, 4);
	CHECK_EQ(rig->out_size, 11);
	CHECK(memcmp(rig->out, "onetwothree", 11) == 0);

	/* Behind direct descriptors, its own WRITE flag without meaning (2.7.5.3.2). */
	rig->out_size = 0;
	rig_desc(rig, RIG_TX, 1, RIG_BUFFER, 3, VIRTQUEUE_DESC_NEXT, 4);
	rig_desc(rig, RIG_TX, 4, RIG_INDIRECT, 6 * 16, VIRTQUEUE_DESC_INDIRECT | VIRTQUEUE_DESC_WRITE, 0);
	rig_offer(rig, RIG_TX, 1);
	rig_kick(rig, RIG_TX);
	CHECK(memcmp(rig->out, "oneonetwothree", 14) == 0);
	CHECK_EQ(rig_read(rig, R_STATUS), 0xf);

	/* More buffers than the queue has entries, and a table at an odd address. */
	rig->out_size = 0;
	for (uint32_t i = 0; i < 100; i++) {
		struct virtqueue_desc desc = { RIG_BUFFER, 1, i < 99 ? VIRTQUEUE_DESC_NEXT : 0,
					       (uint16_t)(i + 1) };

		memcpy(rig_at(rig, RIG_INDIRECT + 1 + i * 16), &desc, 16);
	}
	rig_desc(rig, RIG_TX, 0, RIG_INDIRECT + 1, 1600, VIRTQUEUE_DESC_INDIRECT, 0);
	rig_offer(rig, RIG_TX, 0);
	rig_kick(rig, RIG_TX);
	CHECK_EQ(rig->out_size, 100);
	rig_free(rig);
}

static void event_index(void)
{
	struct rig *rig = rig_new();
	uint16_t *used_event, *avail_event;

	rig_start(rig, RIG_FEATURES | VIRTIO_F_EVENT_IDX);
	used_event = &rig_avail(rig, RIG_TX)->ring[8];
	avail_event = (uint16_t *)(void *)&rig_used(rig, RIG_TX)->ring[8];
	rig_used(rig, RIG_TX)->flags = 0xffff; /* left there by whoever had the memory before */
	rig_desc(rig, RIG_TX, 0, RIG_BUFFER, 1, 0, 0);
	for (unsigned i = 0; i < 70000; i++) {
		const unsigned before = rig->interrupts;

		*used_event = (uint16_t)(i % 3 == 0 ? i : i + 100);
		rig_offer(rig, RIG_TX, 0);
		rig_kick(rig, RIG_TX);
		CHECK_EQ(rig->interrupts - before, i % 3 == 0);
		CHECK_EQ(*avail_event, (uint16_t)(i + 1));
		rig_write(rig, R_INTERRUPT_ACK, 1);
	}
	/* Several at once: an interrupt if the event lies among them. */
	for (unsigned event = 0; event < 8; event++) {
		const uint16_t start = rig->queue[RIG_TX].avail_idx;
		const unsigned before = rig->interrupts;

		*used_event = (uint16_t)(start + event);
		for (unsigned i = 0; i < 5; i++)
			rig_offer(rig, RIG_TX, 0);
		rig_kick(rig, RIG_TX);
		CHECK_EQ(rig->interrupts - before, event < 5);
		rig_write(rig, R_INTERRUPT_ACK, 1);
	}
	CHECK_EQ(rig_used(rig, RIG_TX)->flags, 0);
	rig_free(rig);
}

static void interrupt_suppression(void)
{
	struct rig *rig = rig_new();

	rig_start(rig, RIG_FEATURES);
	rig_avail(rig, RIG_TX)->flags = VIRTQUEUE_AVAIL_NO_INTERRUPT;
	rig_desc(rig, RIG_TX, 0, RIG_BUFFER, 1, 0, 0);
	rig_offer(rig, RIG_TX, 0);
	rig_kick(rig, RIG_TX);
	CHECK_EQ(rig->interrupts, 0);
	CHECK_EQ(rig_read(rig, R_INTERRUPT_STATUS), 0);
	rig_avail(rig, RIG_TX)->flags = 0;
	rig_offer(rig, RIG_TX, 0);
	rig_kick(rig, RIG_TX);
	CHECK_EQ(rig->interrupts, 1);
	/* One that is not acknowledged stands for those that follow … */
	rig_offer(rig, RIG_TX, 0);
	rig_kick(rig, RIG_TX);
	CHECK_EQ(rig->interrupts, 1);
	/* … of its kind; and what was not acknowledged comes again. */
	virtio_console_resize(rig->console, 0, 1, 1);
	CHECK_EQ(rig->interrupts, 2);
	CHECK_EQ(rig_read(rig, R_INTERRUPT_STATUS), 3);
	rig_write(rig, R_INTERRUPT_ACK, 1);
	CHECK_EQ(rig->interrupts, 3);
	CHECK_EQ(rig_read(rig, R_INTERRUPT_STATUS), 2);
	rig_write(rig, R_INTERRUPT_ACK, 2);
	CHECK_EQ(rig->interrupts, 3);
	rig_free(rig);
}

static void memory_ranges(void)
{
	static uint8_t host[0x4000];
	struct guest_memory memory = { 0 };

	CHECK_EQ(guest_memory_add(&memory, 0x1000, 0x1000, host), 0);
	CHECK_EQ(guest_memory_add(&memory, 0x2000, 0x1000, host + 0x1000), 0); /* joins */
	CHECK_EQ(memory.count, 1);
	CHECK_EQ(guest_memory_add(&memory, 0x3000, 0x1000, host + 0x3000), 0); /* not neighbours here */
	CHECK_EQ(memory.count, 2);
	CHECK(guest_memory_add(&memory, 0x2fff, 0x10, host) < 0);
	CHECK(guest_memory_add(&memory, 0x8000, 0, host) < 0);
	CHECK(guest_memory_add(&memory, UINT64_MAX - 1, 4, host) < 0);
	CHECK(guest_memory_at(&memory, 0x1fff, 2) == host + 0xfff);
	CHECK(guest_memory_at(&memory, 0x1000, 0x2000) == host);
	CHECK(guest_memory_at(&memory, 0x1000, 0x2001) == NULL);
	CHECK(guest_memory_at(&memory, 0x2fff, 2) == NULL);
	CHECK(guest_memory_at(&memory, 0x3fff, 1) == host + 0x3fff);
	CHECK(guest_memory_at(&memory, 0x4000, 1) == NULL);
	CHECK(guest_memory_at(&memory, 0xfff, 1) == NULL);
	CHECK(guest_memory_at(&memory, 0x1000, 0) == NULL);
	CHECK(guest_memory_at(&memory, 0x1000, UINT64_MAX) == NULL);
	CHECK(guest_memory_at(&memory, UINT64_MAX, 1) == NULL);
	CHECK(guest_memory_at(&memory, UINT64_MAX, UINT64_MAX) == NULL);
}

static uint8_t stream(uint64_t pos)
{
	return (uint8_t)(pos * 0x9e3779b97f4a7c15ull >> 56);
}

/* Whatever the sizes: what is kept is the end of the stream, at its position. */
static void scrollback_positions(void)
{
	static struct scrollback scrollback;
	static uint8_t data[DEVICE_SCROLLBACK * 2 + 100];
	static const size_t sizes[] = { 1,
					4096,
					0,
					DEVICE_SCROLLBACK - 5000,
					7,
					DEVICE_SCROLLBACK,
					65536,
					DEVICE_SCROLLBACK + 1,
					sizeof(data),
					333 };
	struct iovec iov[2];
	uint64_t total = 0;

	for (unsigned round = 0; round < 40; round++) {
		const size_t size = sizes[round % COUNT(sizes)];
		const size_t cut = size / 3;

		for (size_t i = 0; i < size; i++)
			data[i] = stream(total + i);
		iov[0] = (struct iovec){ data, cut };
		iov[1] = (struct iovec){ data + cut, size - cut };
		scrollback_write(&scrollback, iov, 2);
		total += size;
		CHECK_EQ(scrollback.head, total);
		CHECK_EQ(scrollback_oldest(&scrollback),
			 total > DEVICE_SCROLLBACK ? total - DEVICE_SCROLLBACK : 0);
		for (uint64_t pos = scrollback_oldest(&scrollback); pos < total;) {
			const size_t got = scrollback_peek(&scrollback, pos, 4096, iov);

			CHECK(got > 0 && got == iov[0].iov_len + iov[1].iov_len);
			for (size_t i = 0; i < got; i++) {
				const uint8_t byte =
					i < iov[0].iov_len ? ((uint8_t *)iov[0].iov_base)[i]
							   : ((uint8_t *)iov[1].iov_base)[i - iov[0].iov_len];

				CHECK_EQ(byte, stream(pos + i));
			}
			pos += got;
		}
	}
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		TEST(identity),
		TEST(no_device),
		TEST(features),
		TEST(features_past_63),
		TEST(status_bits),
		TEST(reset_midway),
		TEST(queue_registers),
		TEST(queue_reset),
		TEST(access_sizes),
		TEST(config_space),
		TEST(emergency_write),
		TEST(output),
		TEST(output_before_driver_ok),
		TEST(output_in_bursts),
		TEST(input),
		TEST(input_limit),
		TEST(indirect),
		TEST(event_index),
		TEST(interrupt_suppression),
		TEST(memory_ranges),
		TEST(scrollback_positions),
	};

	return test_main(tests, COUNT(tests), argc, argv);
}
