/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the tap to the driver. */
#include <errno.h>

#include "virtio_net_private.h"

#define HEADER_SIZE sizeof(struct net_header)
#define JUMBO_FRAME 9018u /* what taps carry that are not for segmentation */

static bool is_live(const struct net_rx *rx)
{
	return virtio_device_is_live(&rx->net->device) && rx->net->device.queue[net_rx_queue(rx->pair)].ready;
}

void net_rx_watch(struct net_rx *rx, bool watch)
{
	const int tap = rx->net->fd + (int)rx->pair;

	if (watch == rx->watched)
		return;
	if (!watch)
		event_loop_remove(rx->net->loop, tap);
	else if (event_loop_add(rx->net->loop, tap, EPOLLIN, &rx->source) < 0)
		return; /* tried again when the driver next notifies */
	rx->watched = watch;
}

/* A tap that is gone, or taken from us, says so for ever; and what nobody serves is not asked for. */
void net_rx_ready(struct event_source *source, uint32_t events)
{
	struct net_rx *rx = (struct net_rx *)source;

	if (!rx->watched)
		return;
	if (!is_live(rx) || (events & (EPOLLERR | EPOLLHUP)))
		net_rx_watch(rx, false);
	else
		virtio_device_notify(&rx->net->device, net_rx_queue(rx->pair));
}

void net_rx_release(struct net_rx *rx)
{
	struct virtqueue *queue = &rx->net->device.queue[net_rx_queue(rx->pair)];

	queue->avail_next = (uint16_t)(queue->avail_next - rx->num_held);
	rx->num_held = rx->num_buffers = rx->num_header = 0;
	rx->bytes = 0;
	rx->waiting = rx->used = rx->pressed = false;
	rx->most = 0;
}

static bool is_mergeable(const struct net_rx *rx)
{
	return virtio_device_has(&rx->net->device, VIRTIO_NET_F_MRG_RXBUF);
}

/* Bytes of buffers with which any frame that is to be expected can be received. */
static uint64_t wanted(const struct net_rx *rx)
{
	if (!is_mergeable(rx))
		return 1; /* one chain, whatever it holds */
	return HEADER_SIZE + (rx->net->device.features & (VIRTIO_NET_F_GUEST_TSO4 | VIRTIO_NET_F_GUEST_TSO6)
				      ? NET_MAX_FRAME
				      : JUMBO_FRAME);
}

/* Holds the chain that was popped. Returns false if it broke the device. */
static bool hold(struct net_rx *rx, const struct virtqueue_chain *chain)
{
	enum virtio_fault fault = VIRTIO_FAULT_NONE;

	if (chain->num_out > 0) /* 5.1.6.3: writable ones only */
		fault = VIRTIO_FAULT_DIRECTION;
	else if (chain->num > NET_MAX_CHAIN)
		fault = VIRTIO_FAULT_CHAIN_LENGTH;
	else if (chain->in_bytes < HEADER_SIZE) /* 5.1.6.3.1 */
		fault = VIRTIO_FAULT_REQUEST;
	if (fault != VIRTIO_FAULT_NONE) {
		virtio_device_break(&rx->net->device, fault);
		return false;
	}
	memcpy(&rx->vector[1 + rx->num_buffers], chain->iov, chain->num * sizeof(chain->iov[0]));
	rx->num_buffers += chain->num;
	rx->held[rx->num_held++] = (struct net_held){ .head = chain->head,
						      .buffers = (uint16_t)chain->num,
						      .bytes = chain->in_bytes };
	rx->bytes += chain->in_bytes;
	return true;
}

/* As many buffers as are wanted, if there are so many and the vector has room. */
static void collect(struct net_rx *rx)
{
	struct virtio_net *net = rx->net;
	const struct virtqueue *queue = &net->device.queue[net_rx_queue(rx->pair)];
	unsigned given;

	while (rx->bytes < wanted(rx) && rx->num_buffers + NET_MAX_CHAIN <= NET_MAX_HELD &&
	       virtio_device_pop(&net->device, net_rx_queue(rx->pair), &net->chain)) {
		if (!hold(rx, &net->chain))
			return;
	}
	given = rx->num_held + (uint16_t)(queue->avail_seen - queue->avail_next);
	if (given > rx->most)
		rx->most = given;
	if (rx->bytes >= wanted(rx))
		rx->pressed = false;
}

/*
 * Whether a frame can be taken now. If there may be too little room for it,
 * more is waited for; but not if the driver still has most of its buffers here,
 * and so no reason to give any, nor for ever, since it may want all of them
 * back first: then a frame that is too long is dropped.
 */
static bool has_room(const struct net_rx *rx)
{
	if (rx->num_held == 0)
		return false;
	return rx->bytes >= wanted(rx) || rx->num_buffers + NET_MAX_CHAIN > NET_MAX_HELD || !rx->used ||
	       rx->pressed || 2 * rx->num_held >= rx->most;
}

/* The tap is left alone until the driver notifies; or for a tick or two, if there is anything here to use. */
static void begin_waiting(struct net_rx *rx)
{
	rx->waiting = true;
	rx->waits_long = false;
	if (rx->num_held > 0)
		net_tick_start(rx->net);
}

/* Much longer than a driver takes that will give any. */
void net_rx_tick(struct net_rx *rx)
{
	if (!rx->waiting || rx->num_held == 0)
		return;
	if (rx->waits_long) {
		rx->waiting = false;
		rx->pressed = true;
		virtio_device_notify(&rx->net->device, net_rx_queue(rx->pair));
	} else { /* maybe since a moment ago */
		rx->waits_long = true;
		net_tick_start(rx->net);
	}
}

/* Takes the space of the next frame's header out of the first buffers. */
static void cut_header(struct net_rx *rx)
{
	size_t left = HEADER_SIZE;

	if (rx->num_header > 0)
		return;
	for (struct iovec *buffer = &rx->vector[1]; left > 0; buffer++) {
		const size_t part = buffer->iov_len < left ? buffer->iov_len : left;

		rx->header[rx->num_header++] =
			(struct iovec){ .iov_base = buffer->iov_base, .iov_len = part };
		buffer->iov_base = (uint8_t *)buffer->iov_base + part;
		buffer->iov_len -= part;
		left -= part;
	}
}

static void write_header(const struct net_rx *rx, const struct net_header *header)
{
	const uint8_t *from = (const uint8_t *)header;

	for (unsigned i = 0; i < rx->num_header; i++) {
		memcpy(rx->header[i].iov_base, from, rx->header[i].iov_len);
		from += rx->header[i].iov_len;
	}
}

/* Gives the driver the chains that hold size bytes of header and frame. */
static void deliver(struct net_rx *rx, struct net_header *header, uint64_t size)
{
	unsigned chains = 0, buffers = 0;

	while (size > 0) {
		const struct net_held *held = &rx->held[chains++];
		const uint64_t part = held->bytes < size ? held->bytes : size;

		virtio_device_push(&rx->net->device, net_rx_queue(rx->pair), held->head, (uint32_t)part);
		buffers += held->buffers;
		rx->bytes -= held->bytes;
		size -= part;
	}
	header->num_buffers = (uint16_t)chains;
	write_header(rx, header);
	rx->num_header = 0;
	rx->num_held -= chains;
	rx->num_buffers -= buffers;
	memmove(rx->held, rx->held + chains, rx->num_held * sizeof(rx->held[0]));
	memmove(rx->vector + 1, rx->vector + 1 + buffers, rx->num_buffers * sizeof(rx->vector[0]));
	rx->used = true;
}

/*
 * One frame, if the tap has one. Returns the bytes read, 0 if there was none.
 * What does not fit reaches a byte of our own behind the buffers, and is dropped.
 */
static size_t receive(struct net_rx *rx)
{
	const unsigned buffers = is_mergeable(rx) ? rx->num_buffers : rx->held[0].buffers;
	const uint64_t room = is_mergeable(rx) ? rx->bytes : rx->held[0].bytes;
	struct iovec *end = &rx->vector[1 + buffers];
	const struct iovec behind = *end; /* the next chain's, if any */
	struct net_header header;
	uint8_t excess;
	ssize_t size;

	cut_header(rx);
	rx->vector[0] = (struct iovec){ .iov_base = &header, .iov_len = sizeof(header) };
	*end = (struct iovec){ .iov_base = &excess, .iov_len = 1 };
	do {
		size = readv(rx->net->fd + (int)rx->pair, rx->vector, (int)buffers + 2);
	} while (size < 0 && errno == EINTR);
	*end = behind;
	if (size <= 0)
		return 0;
	if ((uint64_t)size > HEADER_SIZE && (uint64_t)size <= room &&
	    net_header_to_driver(&header, rx->net->device.features))
		deliver(rx, &header, (uint64_t)size);
	return (size_t)size;
}

bool net_receive(struct net_rx *rx)
{
	struct virtio_device *device = &rx->net->device;
	struct virtqueue *queue = &device->queue[net_rx_queue(rx->pair)];
	unsigned frames = 0;
	size_t size, bytes = 0;

	if (rx->pair >= rx->net->active)
		return false;
	if (rx->waiting) /* it has notified */
		rx->waiting = rx->used = rx->pressed = false;
	virtqueue_notify_off(queue);
	while (frames++ < VIRTIO_NET_BURST_FRAMES && bytes < VIRTIO_NET_BURST_BYTES) {
		collect(rx);
		if (!is_live(rx))
			break;
		if (!has_room(rx)) {
			if (virtqueue_notify_on(queue))
				continue;
			begin_waiting(rx);
			break;
		}
		size = receive(rx);
		if (size == 0) {
			frames = 0;
			break;
		}
		bytes += size;
	}
	virtio_device_flush(device, net_rx_queue(rx->pair));
	net_rx_watch(rx, is_live(rx) && !rx->waiting);
	return is_live(rx) && !rx->waiting && frames > 0;
}
