/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The entropy device (virtio 1.2 section 5.4): one queue of device-writable
 * buffers, filled from the kernel's generator.
 *
 * - There are neither features of its own nor a configuration (5.4.3, 5.4.4).
 * - A readable buffer breaks the device (5.4.6.1).
 * - Each chain gets at least one byte (5.4.6.2) and at most VIRTIO_RNG_CHAIN:
 *   used buffers say how many. A driver wants a few at a time, and nobody
 *   waits for what a greedy one asks for.
 */
#ifndef VIRTIO_RNG_H
#define VIRTIO_RNG_H

#include "virtio_device.h"

#define VIRTIO_RNG_ID 4u /* chapter 5 */
#define VIRTIO_RNG_QUEUE_SIZE 64u
#define VIRTIO_RNG_CHAIN 4096u  /* bytes put into one chain */
#define VIRTIO_RNG_BURST 32768u /* bytes after which others get their turn */

struct virtio_rng;

/*
 * Waits, once, until the kernel's generator is seeded. 0, -ENOMEM, or another
 * negative errno. The device is freed with virtio_device_free().
 */
int virtio_rng_new(struct virtio_host *host, uint32_t intid, struct virtio_rng **ret_rng);

struct virtio_device *virtio_rng_device(struct virtio_rng *rng);

#endif
