/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "virtio_rng.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#define PIECE 256u      /* bytes that getrandom() gives whole, whatever signals come */
#define CHAIN_COST 256u /* of a burst, beside the bytes: for a chain, and for a look at the queue */

struct virtio_rng {
	struct virtio_device device;  /* first */
	struct virtqueue_chain chain; /* the one being filled */
};

static struct virtio_rng *from_device(struct virtio_device *device)
{
	return (struct virtio_rng *)device;
}

/* By way of a buffer of our own: the call into the kernel then cannot fail half way. */
static int fill(uint8_t *to, size_t size)
{
	uint8_t piece[PIECE];

	for (size_t done = 0; done < size;) {
		const size_t part = size - done < PIECE ? size - done : PIECE;

		if (getrandom(piece, part, 0) != (ssize_t)part)
			return -EIO;
		memcpy(to + done, piece, part);
		done += part;
	}
	return 0;
}

/* Returns the bytes put in, or -EIO. */
static int fill_chain(const struct virtqueue_chain *chain)
{
	uint32_t filled = 0;

	for (unsigned i = 0; i < chain->num && filled < VIRTIO_RNG_CHAIN; i++) {
		const uint32_t left = VIRTIO_RNG_CHAIN - filled;
		const size_t part = chain->iov[i].iov_len < left ? chain->iov[i].iov_len : left;

		if (fill(chain->iov[i].iov_base, part))
			return -EIO;
		filled += (uint32_t)part;
	}
	return (int)filled;
}

/* Serves one chain. Returns what it cost of a burst. */
static uint32_t serve_chain(struct virtio_rng *rng, uint32_t queue)
{
	struct virtio_device *device = &rng->device;
	int filled;

	if (rng->chain.num_out > 0) {
		virtio_device_break(device, VIRTIO_FAULT_DIRECTION);
		return CHAIN_COST;
	}
	filled = fill_chain(&rng->chain);
	if (filled < 0) { /* better none at all than bytes that are not random */
		virtio_device_break(device, VIRTIO_FAULT_LOST);
		return CHAIN_COST;
	}
	virtio_device_push(device, queue, rng->chain.head, (uint32_t)filled);
	return (uint32_t)filled + CHAIN_COST;
}

static bool rng_service(struct virtio_device *device, uint32_t index)
{
	struct virtio_rng *rng = from_device(device);
	struct virtqueue *queue = &device->queue[index];
	uint32_t cost = 0;

	virtqueue_notify_off(queue);
	do {
		while (cost < VIRTIO_RNG_BURST && virtio_device_pop(device, index, &rng->chain))
			cost += serve_chain(rng, index);
		cost += CHAIN_COST;
	} while (cost < VIRTIO_RNG_BURST && virtio_device_is_live(device) && virtqueue_notify_on(queue));
	virtio_device_flush(device, index);
	return cost >= VIRTIO_RNG_BURST;
}

static void rng_free(struct virtio_device *device)
{
	free(from_device(device));
}

static const struct virtio_class rng_class = {
	.name = "entropy device",
	.device_id = VIRTIO_RNG_ID,
	.service = rng_service,
	.free = rng_free,
};

int virtio_rng_new(struct virtio_host *host, uint32_t intid, struct virtio_rng **ret_rng)
{
	struct virtio_rng *rng = calloc(1, sizeof(*rng));
	uint8_t byte;

	if (!rng)
		return -ENOMEM;
	while (getrandom(&byte, 1, 0) != 1) {
		const int err = errno;

		if (err == EINTR)
			continue;
		free(rng);
		return -err;
	}
	virtio_device_init(&rng->device, &rng_class, host, intid, 0, NULL, 0, 1, VIRTIO_RNG_QUEUE_SIZE);
	*ret_rng = rng;
	return 0;
}

struct virtio_device *virtio_rng_device(struct virtio_rng *rng)
{
	return &rng->device;
}
