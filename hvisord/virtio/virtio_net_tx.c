/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the driver to the tap. */
#include "virtio_net_private.h"

/* The bytes of a chain's readable buffers without the header, which is copied out, behind vector[0]. */
static unsigned cut_header(const struct virtqueue_chain *chain, struct net_header *ret_header,
			   struct iovec *vector)
{
	size_t copied = 0;
	unsigned count = 1;

	for (unsigned i = 0; i < chain->num_out; i++) {
		const struct iovec *buffer = &chain->iov[i];
		const size_t left = sizeof(*ret_header) - copied;
		const size_t part = buffer->iov_len < left ? buffer->iov_len : left;

		guest_snapshot((uint8_t *)ret_header + copied, buffer->iov_base, part);
		copied += part;
		if (part < buffer->iov_len)
			vector[count++] = (struct iovec){ .iov_base = (uint8_t *)buffer->iov_base + part,
							  .iov_len = buffer->iov_len - part };
	}
	return count;
}

/*
 * The kernel copies the frame once, so what the driver changes meanwhile is
 * its own affair. A frame that the tap does not take, because it is down, or
 * gone, or has had enough, is lost as on a wire.
 */
static void send(struct virtio_net *net, unsigned pair)
{
	struct net_header header;
	const unsigned count = cut_header(&net->chain, &header, net->vector);

	if (!net_header_from_driver(&header, net->device.features, net->chain.out_bytes - sizeof(header)))
		return;
	net->vector[0] = (struct iovec){ .iov_base = &header, .iov_len = sizeof(header) };
	if (writev(net->fd + (int)pair, net->vector, (int)count) < 0)
		return;
}

static enum virtio_fault judge(const struct virtqueue_chain *chain)
{
	if (chain->num > chain->num_out) /* 5.1.6.2: readable ones only */
		return VIRTIO_FAULT_DIRECTION;
	if (chain->num > NET_MAX_CHAIN)
		return VIRTIO_FAULT_CHAIN_LENGTH;
	return chain->out_bytes < sizeof(struct net_header) ? VIRTIO_FAULT_REQUEST : VIRTIO_FAULT_NONE;
}

/* Looking counts as a frame: a driver on another CPU can make the queue look full and empty by turns. */
bool net_transmit(struct virtio_net *net, unsigned pair)
{
	struct virtio_device *device = &net->device;
	const uint32_t index = net_tx_queue(pair);
	struct virtqueue *queue = &device->queue[index];
	unsigned frames = 0;
	uint64_t bytes = 0;
	bool more;

	virtqueue_notify_off(queue);
	do {
		while (frames < VIRTIO_NET_BURST_FRAMES && bytes < VIRTIO_NET_BURST_BYTES &&
		       virtio_device_pop(device, index, &net->chain)) {
			const enum virtio_fault fault = judge(&net->chain);

			if (fault != VIRTIO_FAULT_NONE) {
				virtio_device_break(device, fault);
				break;
			}
			send(net, pair);
			virtio_device_push(device, index, net->chain.head, 0);
			bytes += net->chain.out_bytes < NET_MAX_FRAME ? net->chain.out_bytes : 0;
			frames++;
		}
		more = ++frames >= VIRTIO_NET_BURST_FRAMES || bytes >= VIRTIO_NET_BURST_BYTES;
	} while (!more && virtio_device_is_live(device) && virtqueue_notify_on(queue));
	virtio_device_flush(device, index);
	return more;
}
