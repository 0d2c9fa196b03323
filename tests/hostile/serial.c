/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Console (section 5.3.6), entropy (5.4.6), and the two devices that are no virtio. */
#include "hostile.h"

typedef struct hostile_device *device_t;

#define CONTROL_RX 2u
#define CONTROL_TX 3u

static void control(device_t d, uint32_t id, unsigned event, unsigned value, uint32_t size)
{
	const struct {
		uint32_t id;
		uint16_t event, value;
	} message = { id, (uint16_t)event, (uint16_t)value };

	h_put(h_buffer(d), &message, sizeof(message));
	h_describe(d, CONTROL_TX, 0, h_buffer(d), size, 0, 0);
	h_offer(d, CONTROL_TX, 0);
	h_notify(d, CONTROL_TX);
	h_settle(d);
}

#define CASE(name, ...)                                                                                      \
	static void name(device_t d)                                                                         \
	{                                                                                                    \
		__VA_ARGS__;                                                                                 \
	}

CASE(control_short, control(d, 0, 3, 1, 7))
CASE(control_1, control(d, 0, 3, 1, 1))
CASE(control_event, control(d, 0, 99, 1, 8))
CASE(control_event_max, control(d, 0, 0xffff, 1, 8))
CASE(control_of_device, control(d, 0, 1, 1, 8))
CASE(control_port_2, control(d, 2, 3, 1, 8))
CASE(control_port_max, control(d, UINT32_MAX, 6, 1, 8))
CASE(control_long, control(d, 1, 3, 1, 4096))
CASE(control_ready_no_port, control(d, UINT32_MAX, 0, 1, 8))
CASE(control_open_first, control(d, 1, 6, 1, 8); control(d, 1, 6, 1, 8); control(d, 1, 6, 0, 8))

static void control_storm(device_t d)
{
	for (unsigned i = 0; i < 100; i++) {
		control(d, 0, 0, 1, 8);
		control(d, i % 2, 3, 1, 8);
	}
	h_check_works(d);
}

static void control_small_buffer(device_t d)
{
	h_describe(d, CONTROL_RX, 0, h_buffer(d) + 0x100, 7, H_WRITE, 0);
	h_offer(d, CONTROL_RX, 0);
	h_notify(d, CONTROL_RX);
	control(d, 0, 0, 1, 8);
}

static void control_readable_buffer(device_t d)
{
	h_describe(d, CONTROL_RX, 0, h_buffer(d) + 0x100, 64, 0, 0);
	h_offer(d, CONTROL_RX, 0);
	h_notify(d, CONTROL_RX);
	control(d, 0, 0, 1, 8);
}

static void control_not_agreed(device_t d)
{
	h_start(d, 0);
	control(d, 5, 99, 1, 3);
	h_check_works(d);
}

static void port_closed(device_t d)
{
	h_fill(h_buffer(d), '.', 4);
	h_describe(d, 5, 0, h_buffer(d), 4, 0, 0);
	h_offer(d, 5, 0);
	h_notify(d, 5);
	h_describe(d, 4, 0, h_buffer(d), 4, H_WRITE, 0);
	h_offer(d, 4, 0);
	h_notify(d, 4);
	h_check_works(d);
}

CASE(output_writable, h_send(d, h_buffer(d), 16, H_WRITE, 0))
CASE(output_2m, h_send(d, HOSTILE_RAM, 0x200000, 0, 0))

/* Seventeen buffers upon each other. */
static void output_folded(device_t d)
{
	for (unsigned i = 0; i < 17; i++)
		h_describe_at(h_table(d), i, HOSTILE_RAM, 0x10000, i < 16 ? H_NEXT : 0, i + 1);
	h_send(d, h_table(d), 17 * 16, H_INDIRECT, 0);
}

static void emergency(device_t d)
{
	h_set(d, H_CONFIG + 8, 0xffffff00u | '.');
	hostile_store(d->ipa + H_CONFIG + 8, 1, '.');
	hostile_store(d->ipa + H_CONFIG + 8, 2, '.');
	hostile_store(d->ipa + H_CONFIG + 8, 8, '.');
	h_set(d, H_STATUS, 0);
	h_set(d, H_CONFIG + 8, '.');
}

CASE(random_readable, h_send(d, h_buffer(d), 16, 0, 0))
CASE(random_1, h_send(d, h_buffer(d), 1, H_WRITE, 0))

static void random_much(device_t d)
{
	uint32_t id, len = 0;

	h_send(d, h_buffer(d), 0x50000, H_WRITE, 0);
	H_CHECK(h_await(d, 0, &id, &len) && len > 0 && len <= 0x50000, "no random bytes");
}

static void random_into_rings(device_t d)
{
	for (unsigned i = 0; i < 8; i++) {
		h_send(d, h_desc(d, 0), 0x3000, H_WRITE, 0);
		h_settle(d);
	}
}

/* Every offset with every width, both ways. */
static void every_access(device_t d, const uint16_t *spared)
{
	for (uint32_t offset = 0; offset < 0x1000; offset += 4) {
		static const uint8_t sizes[] = { 1, 2, 4, 8 };

		for (unsigned i = 0; i < 4; i++) {
			if (offset % sizes[i] != 0)
				continue;
			(void)hostile_load(d->ipa + offset, sizes[i]);
			if (offset != spared[0])
				hostile_store(d->ipa + offset, sizes[i], UINT64_MAX >> (64 - 8 * sizes[i]));
		}
	}
}

static void serial_everywhere(device_t d)
{
	static const uint16_t data[] = { 0 };

	every_access(d, data);
	h_set(d, 0x38, 0); /* its interrupts */
	h_set(d, 0x30, 0x301);
}

static void serial_flood(device_t d)
{
	for (unsigned i = 0; i < 2000; i++)
		h_set(d, 0, i % 64 == 63 ? '\n' : '.');
}

static void serial_interrupts(device_t d)
{
	h_set(d, 0x38, 0x7ff);
	for (unsigned i = 0; i < 200; i++) {
		h_set(d, 0, '.');
		h_set(d, 0x44, 0x7ff);
		(void)h_get(d, 0);
	}
	h_set(d, 0x38, 0);
	h_set(d, 0x44, 0x7ff);
}

static void key_everywhere(device_t d)
{
	static const uint16_t none[] = { 0xffff };

	every_access(d, none);
	h_set(d, 0x410, 0);
}

static void key_odd(device_t d)
{
	for (uint32_t offset = 1; offset < 0x440; offset += 7) {
		hostile_store(d->ipa + offset, 1, 0xff);
		(void)hostile_load(d->ipa + offset, 1);
	}
	h_set(d, 0x410, 0);
}

#define CONSOLE H_ON(H_CONSOLE)
#define RNG H_ON(H_RNG)

const struct hostile_case hostile_serial[] = {
	{ "control message of 7 bytes", CONSOLE, H_BREAKS, control_short },
	{ "control message of 1 byte", CONSOLE, H_BREAKS, control_1 },
	{ "control message of unknown kind", CONSOLE, H_BREAKS, control_event },
	{ "control message of kind 65535", CONSOLE, H_BREAKS, control_event_max },
	{ "control message that is the device's", CONSOLE, H_BREAKS, control_of_device },
	{ "control message about port 2 of 2", CONSOLE, H_BREAKS, control_port_2 },
	{ "control message about port 2^32 - 1", CONSOLE, H_BREAKS, control_port_max },
	{ "control message of 4096 bytes", CONSOLE, H_SURVIVES, control_long },
	{ "DEVICE_READY of a port", CONSOLE, H_SURVIVES, control_ready_no_port },
	{ "port opened before it is there", CONSOLE, H_SURVIVES, control_open_first },
	{ "200 control messages, no buffer for answers", CONSOLE, H_SURVIVES, control_storm },
	{ "answer to a control message into 7 bytes", CONSOLE, H_BREAKS, control_small_buffer },
	{ "answer to a control message into a readable buffer", CONSOLE, H_BREAKS, control_readable_buffer },
	{ "control messages not agreed on", CONSOLE, H_SURVIVES, control_not_agreed },
	{ "port used while closed", CONSOLE, H_SURVIVES, port_closed },
	{ "output in a writable buffer", CONSOLE, H_BREAKS, output_writable },
	{ "output of 2 MiB", CONSOLE, H_BREAKS, output_2m },
	{ "output of buffers upon each other", CONSOLE, H_BREAKS, output_folded },
	{ "emergency writes of every width", CONSOLE, H_SURVIVES, emergency },
	{ "random bytes for a readable buffer", RNG, H_BREAKS, random_readable },
	{ "one random byte", RNG, H_SURVIVES, random_1 },
	{ "320 KiB of random bytes", RNG, H_SURVIVES, random_much },
	{ "random bytes into the rings", RNG, H_EITHER, random_into_rings },
	{ "every offset of the serial port", H_ON(H_PL011), H_SURVIVES, serial_everywhere },
	{ "2000 characters at once", H_ON(H_PL011), H_SURVIVES, serial_flood },
	{ "every interrupt of the serial port", H_ON(H_PL011), H_SURVIVES, serial_interrupts },
	{ "every offset of the key", H_ON(H_KEY), H_SURVIVES, key_everywhere },
	{ "odd offsets of the key", H_ON(H_KEY), H_SURVIVES, key_odd },
};
const unsigned hostile_num_serial = sizeof(hostile_serial) / sizeof(hostile_serial[0]);
