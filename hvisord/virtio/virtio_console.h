/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The console device (virtio 1.2 section 5.3). Features: SIZE, EMERG_WRITE, and
 * MULTIPORT where it has more than one port.
 *
 * Port 0 is a console; the others are streams of bytes (Linux:
 * /dev/vportNpM, named "console.K" in its sysfs, K being the number that the
 * zone's owner knows it by). What is typed to one of them waits until the
 * driver has opened it (PORT_OPEN, 5.3.6.2), and while it is closed. A driver
 * that did not take MULTIPORT has port 0 alone.
 *
 * A control message from the driver that is too short, of no kind that drivers
 * send or about no port breaks the device, and so does a buffer too small for
 * one to it (5.3.6.2). Those to it are kept as what is to be told, so that
 * a driver that asks again and again costs no memory.
 */
#ifndef VIRTIO_CONSOLE_H
#define VIRTIO_CONSOLE_H

#include "console_io.h"
#include "virtio_device.h"

#define VIRTIO_CONSOLE_ID 3u              /* chapter 5 */
#define VIRTIO_CONSOLE_F_SIZE (1ull << 0) /* section 5.3.3 */
#define VIRTIO_CONSOLE_F_MULTIPORT (1ull << 1)
#define VIRTIO_CONSOLE_F_EMERG_WRITE (1ull << 2)

/* Section 5.3.2. Those of port n > 0 are 2 + 2n and 3 + 2n. */
#define VIRTIO_CONSOLE_RX 0u /* receiveq(port0) */
#define VIRTIO_CONSOLE_TX 1u /* transmitq(port0) */
#define VIRTIO_CONSOLE_CONTROL_RX 2u
#define VIRTIO_CONSOLE_CONTROL_TX 3u

#define VIRTIO_CONSOLE_QUEUE_SIZE 64u
#define VIRTIO_CONSOLE_MAX_PORTS 8u

/* Section 5.3.6.2: events of a control message. */
#define VIRTIO_CONSOLE_DEVICE_READY 0u /* from the driver */
#define VIRTIO_CONSOLE_DEVICE_ADD 1u
#define VIRTIO_CONSOLE_PORT_READY 3u /* from the driver */
#define VIRTIO_CONSOLE_CONSOLE_PORT 4u
#define VIRTIO_CONSOLE_RESIZE 5u
#define VIRTIO_CONSOLE_PORT_OPEN 6u /* both ways */
#define VIRTIO_CONSOLE_PORT_NAME 7u

struct virtio_console_control {
	uint32_t id; /* of the port */
	uint16_t event;
	uint16_t value;
};
HV_ASSERT_SIZE(struct virtio_console_control, 8);

struct virtio_console;

/* Bytes of output after which a busy driver waits until others had their turn. */
#define VIRTIO_CONSOLE_BURST 65536u

/*
 * Bytes of output in one chain. Buffers may lie upon each other, so that a
 * chain can claim terabytes: positions of console bytes would wrap, and leave
 * what JSON numbers can say, within hours.
 */
#define VIRTIO_CONSOLE_CHAIN 0x100000u

struct virtio_console_options {
	unsigned ports;                                       /* 1 to VIRTIO_CONSOLE_MAX_PORTS */
	unsigned first;                                       /* K of port 0 */
	struct console_sink *sinks[VIRTIO_CONSOLE_MAX_PORTS]; /* of each; they outlive the device */
};

/* A sink gets one chain at a time. -ENOMEM. Freed with virtio_device_free(). */
int virtio_console_new(struct virtio_host *host, uint32_t intid, const struct virtio_console_options *options,
		       struct virtio_console **ret_console);

struct virtio_device *virtio_console_device(struct virtio_console *console);

/* As in console_ops, which virtio_console_ops has; a port that is not there takes nothing. */
size_t virtio_console_input(struct virtio_console *console, unsigned port, const void *data, size_t size);
size_t virtio_console_input_space(const struct virtio_console *console, unsigned port);

/*
 * The terminal of port 0 has another size (section 5.3.4: cols, rows); tells
 * the driver if it changed. Other ports have none.
 */
void virtio_console_resize(struct virtio_console *console, unsigned port, uint16_t cols, uint16_t rows);

extern const struct console_ops virtio_console_ops; /* of a struct virtio_console */

#endif
