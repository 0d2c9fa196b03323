/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The network device (virtio 1.2 section 5.1) on a tap.
 *
 * - Features (5.1.3): MAC, STATUS, MRG_RXBUF, CTRL_VQ, CTRL_RX, CTRL_MAC_ADDR,
 *   and MQ with more than one pair of queues; CSUM, GUEST_CSUM, HOST_ and
 *   GUEST_ TSO4, TSO6 and ECN, for which the tap does the work: no frame is
 *   looked into here. None without those that it needs (5.1.3.1).
 * - Queues (5.1.2): receiveq n is 2n, transmitq n is 2n + 1, and the control
 *   queue is behind all pairs, which are one when MQ is not agreed.
 * - A frame goes from the driver's buffers into the tap by one writev(), and
 *   the other way by one readv() into as many of its buffers as the longest
 *   frame may need; those left over wait for the next one.
 * - The driver's headers are checked (net_header.h); a frame whose header is
 *   not right is dropped (5.1.6.2), as is one that finds no room in the
 *   driver's buffers. A chain without room for a header, with buffers of the
 *   wrong direction, or longer than the queue (2.7.5.3.1) breaks the device.
 * - Buffers of one frame become used together, num_buffers says how many
 *   (5.1.6.4.1).
 * - With no buffers left the tap is not read until the driver gives more: it
 *   drops what exceeds its own queue.
 * - With fewer than the longest frame may need more are waited for, but not for
 *   ever: a driver may give none before it has got all of them back.
 * - What the driver says it wants to receive (5.1.6.5.1) is the tap's filter:
 *   what it does not want costs the zone nothing. Until it says so, and when
 *   its table is too long, it gets everything.
 * - Pairs that the driver does not use (5.1.6.5.5) are detached from the tap.
 * - Commands that would set the tap again and again wait (5.1.6.5 says not for
 *   how long): each takes a lock of the root zone's whole network.
 */
#ifndef VIRTIO_NET_H
#define VIRTIO_NET_H

#include "event_loop.h"
#include "net_header.h"
#include "virtio_device.h"

#define VIRTIO_NET_ID 1u /* chapter 5 */
#define VIRTIO_NET_QUEUE_SIZE 256u
#define VIRTIO_NET_MAX_PAIRS 15u /* beside the control queue */
#define VIRTIO_NET_MAC_SIZE 6u
#define VIRTIO_NET_S_LINK_UP 1u /* section 5.1.4 */

/* After so many frames or bytes in one direction others get their turn. */
#define VIRTIO_NET_BURST_FRAMES 64u
#define VIRTIO_NET_BURST_BYTES 0x80000u

struct virtio_net;

struct virtio_net_options {
	/*
	 * The first of num_pairs consecutive descriptors, each a queue of one tap
	 * made with IFF_TAP, IFF_NO_PI, IFF_VNET_HDR, headers of 12 bytes, and, if
	 * there are more, IFF_MULTI_QUEUE; non-blocking. They stay the caller's.
	 */
	int fd;
	uint32_t num_pairs; /* from 1 to VIRTIO_NET_MAX_PAIRS */
	const uint8_t *mac; /* VIRTIO_NET_MAC_SIZE bytes */
};

/* 0, -ENOMEM, or another negative errno of the tap. Freed with virtio_device_free(). */
int virtio_net_new(struct virtio_host *host, uint32_t intid, struct event_loop *loop,
		   const struct virtio_net_options *options, struct virtio_net **ret_net);

struct virtio_device *virtio_net_device(struct virtio_net *net);

/* The link is up or down (5.1.4.2); the driver is told of a change. It is up at first. */
void virtio_net_set_link(struct virtio_net *net, bool up);

#endif
