/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The console device (virtio 1.2 section 5.3) with one port: queue 0 carries
 * input to the driver, queue 1 output from it. Features: SIZE, EMERG_WRITE.
 */
#ifndef VIRTIO_CONSOLE_H
#define VIRTIO_CONSOLE_H

#include "console_io.h"
#include "virtio_device.h"

#define VIRTIO_CONSOLE_ID 3u              /* chapter 5 */
#define VIRTIO_CONSOLE_F_SIZE (1ull << 0) /* section 5.3.3 */
#define VIRTIO_CONSOLE_F_EMERG_WRITE (1ull << 2)
#define VIRTIO_CONSOLE_RX 0u /* receiveq(port0), section 5.3.2 */
#define VIRTIO_CONSOLE_TX 1u /* transmitq(port0) */
#define VIRTIO_CONSOLE_QUEUE_SIZE 64u

struct virtio_console;

/* Bytes of output after which a busy driver waits until others had their turn. */
#define VIRTIO_CONSOLE_BURST 65536u

/*
 * Bytes of output in one chain. Buffers may lie upon each other, so that a
 * chain can claim terabytes: positions of console bytes would wrap, and leave
 * what JSON numbers can say, within hours.
 */
#define VIRTIO_CONSOLE_CHAIN 0x100000u

/* The sink gets one chain at a time, and outlives the device. -ENOMEM. Freed with virtio_device_free(). */
int virtio_console_new(struct virtio_host *host, uint32_t intid, struct console_sink *sink,
		       struct virtio_console **ret_console);

struct virtio_device *virtio_console_device(struct virtio_console *console);

/* As in console_ops. */
size_t virtio_console_input(struct virtio_console *console, const void *data, size_t size);
size_t virtio_console_input_space(const struct virtio_console *console);

/* The terminal has another size (section 5.3.4: cols, rows); tells the driver if it changed. */
void virtio_console_resize(struct virtio_console *console, uint16_t cols, uint16_t rows);

extern const struct console_ops virtio_console_ops; /* of a struct virtio_console */

#endif
