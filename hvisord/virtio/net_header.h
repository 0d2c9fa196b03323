/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The header of each frame that a driver sends or gets (virtio 1.2 section
 * 5.1.6), between the driver and a tap with IFF_VNET_HDR: both have the same
 * layout. What a driver says in it is judged before the root zone's kernel
 * sees it; what that kernel says is held against what the driver agreed to.
 */
#ifndef NET_HEADER_H
#define NET_HEADER_H

#include <stdbool.h>
#include <stdint.h>

#include "hv_types.h"

/* Feature bits (section 5.1.3). */
#define VIRTIO_NET_F_CSUM (1ull << 0)
#define VIRTIO_NET_F_GUEST_CSUM (1ull << 1)
#define VIRTIO_NET_F_MAC (1ull << 5)
#define VIRTIO_NET_F_GUEST_TSO4 (1ull << 7)
#define VIRTIO_NET_F_GUEST_TSO6 (1ull << 8)
#define VIRTIO_NET_F_GUEST_ECN (1ull << 9)
#define VIRTIO_NET_F_HOST_TSO4 (1ull << 11)
#define VIRTIO_NET_F_HOST_TSO6 (1ull << 12)
#define VIRTIO_NET_F_HOST_ECN (1ull << 13)
#define VIRTIO_NET_F_MRG_RXBUF (1ull << 15)
#define VIRTIO_NET_F_STATUS (1ull << 16)
#define VIRTIO_NET_F_CTRL_VQ (1ull << 17)
#define VIRTIO_NET_F_CTRL_RX (1ull << 18)
#define VIRTIO_NET_F_MQ (1ull << 22)
#define VIRTIO_NET_F_CTRL_MAC_ADDR (1ull << 23)

/* Section 5.1.6. */
#define NET_HEADER_NEEDS_CSUM 0x1u
#define NET_HEADER_DATA_VALID 0x2u
#define NET_GSO_NONE 0u
#define NET_GSO_TCPV4 1u
#define NET_GSO_TCPV6 4u
#define NET_GSO_ECN 0x80u

#define NET_ETHERNET 14u     /* bytes of an Ethernet header */
#define NET_MAX_FRAME 65553u /* bytes: the longest IP packet behind that and a VLAN tag */
#define NET_MIN_GSO_SIZE 48u /* bytes of a segment; no TCP of Linux agrees to less */

/* num_buffers is always there (5.1.6.1, VERSION_1). */
struct net_header {
	uint8_t flags;
	uint8_t gso_type;
	uint16_t hdr_len;
	uint16_t gso_size;
	uint16_t csum_start;
	uint16_t csum_offset;
	uint16_t num_buffers;
};
HV_ASSERT_SIZE(struct net_header, 12);

/*
 * A driver's header of a frame of length bytes (5.1.6.2). True: the frame may
 * go to the kernel with the header as it is then: flags that mean nothing here
 * are gone, hdr_len, a hint (5.1.6.2.2), is within the frame, fields that say
 * nothing are 0. False: the driver broke a rule or did not agree to this; the
 * frame is to be dropped.
 */
bool net_header_from_driver(struct net_header *header, uint64_t features, uint64_t length);

/*
 * The kernel's header of a frame for the driver (5.1.6.4.1). False: it is of
 * a kind that the driver did not agree to, as one that was queued before.
 */
bool net_header_to_driver(struct net_header *header, uint64_t features);

/* No feature without those that it needs (section 5.1.3.1). */
bool net_features_agree(uint64_t features);

/* What the tap may hand over, as TUNSETOFFLOAD has it. */
unsigned net_features_offload(uint64_t features);

#endif
