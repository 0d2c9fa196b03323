/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A virtio console with two ports, and what drivers say to it that they should not (virtio 1.2 section 5.3). */
#include <errno.h>

#include "test.h"
#include "virtio_rig.h"

#define PORTS 2u
#define CONTROL_RX VIRTIO_CONSOLE_CONTROL_RX
#define CONTROL_TX VIRTIO_CONSOLE_CONTROL_TX
#define RX1 4u /* of port 1 */
#define TX1 5u
#define FEATURES (RIG_FEATURES | VIRTIO_CONSOLE_F_MULTIPORT)
#define SAID RIG_BUFFER             /* the driver's message */
#define ROOM (RIG_BUFFER + 0x1000u) /* for the device's */
#define SLOT 0x100u

struct second {
	struct console_sink sink;
	char out[64];
	size_t size;
};

static struct second second; /* what port 1 prints */

static void keep(struct console_sink *sink, const struct iovec *iov, unsigned count)
{
	(void)sink;
	for (unsigned i = 0; i < count; i++) {
		CHECK(iov[i].iov_len <= sizeof(second.out) - second.size);
		memcpy(second.out + second.size, iov[i].iov_base, iov[i].iov_len);
		second.size += iov[i].iov_len;
	}
}

/* The rig's own console in place of its one-port one. */
static struct rig *make(void)
{
	struct rig *rig = rig_new();
	struct virtio_console_options options = { .ports = PORTS, .first = 3 };

	second = (struct second){ .sink.output = keep };
	options.sinks[0] = &rig->sink;
	options.sinks[1] = &second.sink;
	virtio_device_free(rig->device);
	CHECK_EQ(virtio_console_new(&rig->host, RIG_INTID, &options, &rig->console), 0);
	rig->device = virtio_console_device(rig->console);
	rig->num_queues = 2 * PORTS + 2;
	return rig;
}

static void serve(struct rig *rig)
{
	for (unsigned i = 0; i < 1000 && virtio_device_service(rig->device); i++)
		;
}

/* Eight buffers for messages from the device. */
static void offer_room(struct rig *rig, uint32_t size)
{
	for (unsigned i = 0; i < 8; i++) {
		rig_desc(rig, CONTROL_RX, i, ROOM + SLOT * i, size, VIRTQUEUE_DESC_WRITE, 0);
		rig_offer(rig, CONTROL_RX, i);
	}
	rig_kick(rig, CONTROL_RX);
}

static void say(struct rig *rig, uint32_t id, uint16_t event, uint16_t value)
{
	const struct virtio_console_control control = { id, event, value };
	struct virtqueue_used_elem elem;

	memcpy(rig_at(rig, SAID), &control, sizeof(control));
	rig_desc(rig, CONTROL_TX, 0, SAID, sizeof(control), 0, 0);
	rig_offer(rig, CONTROL_TX, 0);
	rig_kick(rig, CONTROL_TX);
	if (!(rig_read(rig, R_STATUS) & VIRTIO_STATUS_NEEDS_RESET))
		CHECK(rig_take(rig, CONTROL_TX, &elem));
}

/* The device's next message is this one, with these bytes behind it. */
static void expect(struct rig *rig, uint32_t id, uint16_t event, const void *data, uint32_t length)
{
	struct virtio_console_control control;
	struct virtqueue_used_elem elem;
	const uint8_t *at;

	CHECK(rig_take(rig, CONTROL_RX, &elem));
	at = rig_at(rig, ROOM + SLOT * elem.id);
	memcpy(&control, at, sizeof(control));
	CHECK_EQ(control.id, id);
	CHECK_EQ(control.event, event);
	CHECK_EQ(control.value, 1);
	CHECK_EQ(elem.len, sizeof(control) + length);
	if (length > 0)
		CHECK(memcmp(at + sizeof(control), data, length) == 0);
	rig_offer(rig, CONTROL_RX, elem.id); /* and back */
	rig_write(rig, R_QUEUE_NOTIFY, CONTROL_RX);
	serve(rig);
}

static void expect_silence(struct rig *rig)
{
	struct virtqueue_used_elem elem;

	CHECK(!rig_take(rig, CONTROL_RX, &elem));
}

static struct rig *started(void)
{
	struct rig *rig = make();

	rig_start(rig, FEATURES);
	offer_room(rig, SLOT);
	return rig;
}

/* As Linux does it; every port is added, named and opened. */
static struct rig *greeted(void)
{
	static const uint16_t size[] = { 80, 24 };
	struct rig *rig = started();

	expect_silence(rig);
	say(rig, UINT32_MAX, VIRTIO_CONSOLE_DEVICE_READY, 1);
	expect(rig, 0, VIRTIO_CONSOLE_DEVICE_ADD, NULL, 0);
	expect(rig, 1, VIRTIO_CONSOLE_DEVICE_ADD, NULL, 0);
	say(rig, 0, VIRTIO_CONSOLE_PORT_READY, 1);
	expect(rig, 0, VIRTIO_CONSOLE_CONSOLE_PORT, NULL, 0);
	expect(rig, 0, VIRTIO_CONSOLE_RESIZE, size, sizeof(size));
	expect(rig, 0, VIRTIO_CONSOLE_PORT_OPEN, NULL, 0);
	expect(rig, 0, VIRTIO_CONSOLE_PORT_NAME, "console.3", 9);
	say(rig, 1, VIRTIO_CONSOLE_PORT_READY, 1);
	expect(rig, 1, VIRTIO_CONSOLE_PORT_OPEN, NULL, 0);
	expect(rig, 1, VIRTIO_CONSOLE_PORT_NAME, "console.4", 9);
	expect_silence(rig);
	return rig;
}

static void greeting(void)
{
	struct rig *rig = greeted();

	CHECK_EQ(rig_read(rig, R_CONFIG + 4), PORTS);
	/* a driver that cannot is left alone */
	say(rig, UINT32_MAX, VIRTIO_CONSOLE_DEVICE_READY, 0);
	say(rig, 1, VIRTIO_CONSOLE_PORT_READY, 0);
	expect_silence(rig);
	/* one that asks a thousand times is told once */
	for (unsigned i = 0; i < 1000; i++) {
		const struct virtio_console_control control = { 1, VIRTIO_CONSOLE_PORT_READY, 1 };

		memcpy(rig_at(rig, SAID), &control, sizeof(control));
		rig_desc(rig, CONTROL_TX, 0, SAID, sizeof(control), 0, 0);
		rig_offer(rig, CONTROL_TX, 0);
		if (i % 8 == 7)
			rig_kick(rig, CONTROL_TX);
	}
	for (unsigned i = 0; i < 8; i++) {
		struct virtqueue_used_elem elem;

		(void)rig_take(rig, CONTROL_RX, &elem);
	}
	expect_silence(rig);
	CHECK_EQ(rig_read(rig, R_STATUS), 0xf);
	rig_free(rig);
}

static void print(struct rig *rig, unsigned q, const char *text)
{
	struct virtqueue_used_elem elem;

	memcpy(rig_at(rig, RIG_BUFFER), text, strlen(text));
	rig_desc(rig, q, 0, RIG_BUFFER, (uint32_t)strlen(text), 0, 0);
	rig_offer(rig, q, 0);
	rig_kick(rig, q);
	CHECK(rig_take(rig, q, &elem));
}

static void output(void)
{
	struct rig *rig = greeted();

	print(rig, TX1, "to the second");
	CHECK(second.size == 13 && memcmp(second.out, "to the second", 13) == 0);
	CHECK_EQ(rig->out_size, 0);
	print(rig, RIG_TX, "to the first");
	CHECK(rig->out_size == 12 && memcmp(rig->out, "to the first", 12) == 0);
	CHECK_EQ(second.size, 13);
	rig_free(rig);
}

static bool reads(struct rig *rig, unsigned q, const char *text)
{
	struct virtqueue_used_elem elem;

	return rig_take(rig, q, &elem) && elem.len == strlen(text) &&
	       memcmp(rig_at(rig, RIG_BUFFER + 0x8000 * q / 4), text, elem.len) == 0;
}

static void offer_input(struct rig *rig, unsigned q)
{
	rig_desc(rig, q, 1, RIG_BUFFER + 0x8000 * q / 4, 64, VIRTQUEUE_DESC_WRITE, 0);
	rig_offer(rig, q, 1);
	rig_kick(rig, q);
}

/* It waits for the driver to open the port, and each port for its own. */
static void input(void)
{
	struct rig *rig = greeted();
	struct virtqueue_used_elem elem;

	offer_input(rig, RX1);
	CHECK_EQ(virtio_console_input(rig->console, 1, "early", 5), 5);
	CHECK_EQ(virtio_console_input(rig->console, 2, "nowhere", 7), 0);
	CHECK_EQ(virtio_console_input_space(rig->console, 2), 0);
	serve(rig);
	CHECK(!rig_take(rig, RX1, &elem));
	say(rig, 1, VIRTIO_CONSOLE_PORT_OPEN, 1);
	CHECK(reads(rig, RX1, "early"));
	offer_input(rig, RX1);
	offer_input(rig, RIG_RX);
	CHECK_EQ(virtio_console_input(rig->console, 0, "first", 5), 5);
	serve(rig);
	CHECK(reads(rig, RIG_RX, "first"));
	CHECK(!rig_take(rig, RX1, &elem));
	say(rig, 1, VIRTIO_CONSOLE_PORT_OPEN, 0);
	CHECK_EQ(virtio_console_input(rig->console, 1, "closed", 6), 6);
	serve(rig);
	CHECK(!rig_take(rig, RX1, &elem));
	say(rig, 1, VIRTIO_CONSOLE_PORT_OPEN, 1);
	CHECK(reads(rig, RX1, "closed"));
	rig_free(rig);
}

static void resize(void)
{
	static const uint16_t size[] = { 132, 43 };
	struct rig *rig = started();

	virtio_console_resize(rig->console, 0, 100, 30); /* the port is not ready */
	serve(rig);
	expect_silence(rig);
	rig_free(rig);
	rig = greeted();
	virtio_console_resize(rig->console, 1, 1, 1); /* has no size */
	serve(rig);
	expect_silence(rig);
	virtio_console_resize(rig->console, 0, 132, 43);
	serve(rig);
	expect(rig, 0, VIRTIO_CONSOLE_RESIZE, size, sizeof(size));
	CHECK_EQ(rig_read(rig, R_CONFIG), 43 << 16 | 132);
	rig_free(rig);
}

/* A driver that did not take MULTIPORT has port 0; queues that it should not have are not looked at. */
static void one_port_driver(void)
{
	struct rig *rig = make();
	struct virtqueue_used_elem elem;

	rig_start(rig, RIG_FEATURES);
	offer_room(rig, SLOT);
	rig_desc(rig, CONTROL_TX, 0, SAID, 1, 0, 0);
	rig_offer(rig, CONTROL_TX, 0);
	rig_kick(rig, CONTROL_TX);
	CHECK(!rig_take(rig, CONTROL_TX, &elem));
	rig_desc(rig, TX1, 0, RIG_BUFFER, 5, 0, 0);
	rig_offer(rig, TX1, 0);
	rig_kick(rig, TX1);
	CHECK_EQ(second.size, 0);
	expect_silence(rig);
	CHECK_EQ(rig_read(rig, R_STATUS), 0xf);
	print(rig, RIG_TX, "one");
	CHECK_EQ(rig->out_size, 3);
	rig_free(rig);
}

/* A reset forgets what was said and what was to be told. */
static void after_reset(void)
{
	struct rig *rig = started();
	struct virtqueue_used_elem elem;

	say(rig, 1, VIRTIO_CONSOLE_PORT_OPEN, 1);
	say(rig, 0, VIRTIO_CONSOLE_DEVICE_READY, 1);
	rig_write(rig, R_STATUS, 0);
	rig_start(rig, FEATURES);
	offer_room(rig, SLOT);
	expect_silence(rig);
	offer_input(rig, RX1);
	CHECK_EQ(virtio_console_input(rig->console, 1, "x", 1), 1);
	serve(rig);
	CHECK(!rig_take(rig, RX1, &elem));
	rig_free(rig);
}

/* What breaks the device, and nothing else. */
static void nonsense(void)
{
	static const struct {
		struct virtio_console_control control;
		uint32_t size;
		unsigned flags;
	} cases[] = {
		{ { 0, VIRTIO_CONSOLE_DEVICE_READY, 1 }, 7, 0 },
		{ { 0, VIRTIO_CONSOLE_DEVICE_READY, 1 }, 1, 0 },
		{ { 0, VIRTIO_CONSOLE_DEVICE_READY, 1 }, 8, VIRTQUEUE_DESC_WRITE },
		{ { 0, VIRTIO_CONSOLE_DEVICE_ADD, 1 }, 8, 0 },
		{ { 0, VIRTIO_CONSOLE_CONSOLE_PORT, 1 }, 8, 0 },
		{ { 0, VIRTIO_CONSOLE_RESIZE, 1 }, 12, 0 },
		{ { 0, VIRTIO_CONSOLE_PORT_NAME, 1 }, 8, 0 },
		{ { 0, 8, 1 }, 8, 0 },
		{ { 0, UINT16_MAX, 1 }, 8, 0 },
		{ { PORTS, VIRTIO_CONSOLE_PORT_READY, 1 }, 8, 0 },
		{ { UINT32_MAX, VIRTIO_CONSOLE_PORT_READY, 0 }, 8, 0 },
		{ { PORTS, VIRTIO_CONSOLE_PORT_OPEN, 1 }, 8, 0 },
	};
	struct rig *rig = make();

	for (size_t i = 0; i < COUNT(cases); i++) {
		rig_write(rig, R_STATUS, 0);
		rig_start(rig, FEATURES);
		offer_room(rig, SLOT);
		memcpy(rig_at(rig, SAID), &cases[i].control, sizeof(cases[i].control));
		rig_desc(rig, CONTROL_TX, 0, SAID, cases[i].size, cases[i].flags, 0);
		rig_offer(rig, CONTROL_TX, 0);
		rig_kick(rig, CONTROL_TX);
		CHECK(rig_read(rig, R_STATUS) & VIRTIO_STATUS_NEEDS_RESET);
		expect_silence(rig);
	}
	CHECK_EQ(rig->device->faults, COUNT(cases));
	rig_check_works(rig);
	rig_free(rig);
}

/* Buffers for messages that do not fit or are no such buffers; ones in pieces are good. */
static void rooms(void)
{
	struct rig *rig = make();

	for (unsigned i = 0; i < 2; i++) {
		rig_write(rig, R_STATUS, 0);
		rig_start(rig, FEATURES);
		rig_desc(rig, CONTROL_RX, 0, ROOM, i == 0 ? 7 : SLOT, i == 0 ? VIRTQUEUE_DESC_WRITE : 0, 0);
		rig_offer(rig, CONTROL_RX, 0);
		rig_kick(rig, CONTROL_RX);
		CHECK_EQ(rig_read(rig, R_STATUS), 0xf); /* not looked at before it is needed */
		say(rig, 0, VIRTIO_CONSOLE_DEVICE_READY, 1);
		CHECK(rig_read(rig, R_STATUS) & VIRTIO_STATUS_NEEDS_RESET);
	}
	rig_write(rig, R_STATUS, 0);
	rig_start(rig, FEATURES);
	rig_desc(rig, CONTROL_RX, 0, ROOM, 3, VIRTQUEUE_DESC_WRITE | VIRTQUEUE_DESC_NEXT, 1);
	rig_desc(rig, CONTROL_RX, 1, ROOM + 3, 5, VIRTQUEUE_DESC_WRITE, 0);
	rig_offer(rig, CONTROL_RX, 0);
	rig_desc(rig, CONTROL_TX, 1, SAID, 1, VIRTQUEUE_DESC_NEXT, 2);
	rig_desc(rig, CONTROL_TX, 2, SAID + 1, 7, 0, 0);
	memcpy(rig_at(rig, SAID), &(struct virtio_console_control){ 0, VIRTIO_CONSOLE_DEVICE_READY, 1 }, 8);
	rig_offer(rig, CONTROL_TX, 1);
	rig_kick(rig, CONTROL_TX);
	expect(rig, 0, VIRTIO_CONSOLE_DEVICE_ADD, NULL, 0);
	expect(rig, 1, VIRTIO_CONSOLE_DEVICE_ADD, NULL, 0);
	rig_free(rig);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		TEST(greeting),        TEST(output),      TEST(input),    TEST(resize),
		TEST(one_port_driver), TEST(after_reset), TEST(nonsense), TEST(rooms),
	};

	return test_main(tests, COUNT(tests), argc, argv);
}
