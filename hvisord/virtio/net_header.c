/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net_header.h"

#include <linux/if_tun.h>

/* Segmentation by type, as either side may ask for it of the other. */
static const struct {
	uint8_t type;
	uint64_t from_driver;
	uint64_t to_driver;
} segmentations[] = {
	{ NET_GSO_TCPV4, VIRTIO_NET_F_HOST_TSO4, VIRTIO_NET_F_GUEST_TSO4 },
	{ NET_GSO_TCPV6, VIRTIO_NET_F_HOST_TSO6, VIRTIO_NET_F_GUEST_TSO6 },
};
#define SEGMENTATIONS (sizeof(segmentations) / sizeof(segmentations[0]))

static bool type_is_known(const struct net_header *header, uint64_t features, bool from_driver)
{
	const uint64_t ecn = from_driver ? VIRTIO_NET_F_HOST_ECN : VIRTIO_NET_F_GUEST_ECN;

	if ((header->gso_type & NET_GSO_ECN) && !(features & ecn))
		return false;
	for (unsigned i = 0; i < SEGMENTATIONS; i++) {
		const uint64_t needed =
			from_driver ? segmentations[i].from_driver : segmentations[i].to_driver;

		if (segmentations[i].type == (header->gso_type & ~NET_GSO_ECN))
			return (features & needed) != 0;
	}
	return false;
}

/* Both bytes of the checksum lie in the frame, behind its Ethernet header. */
static bool checksum_is_inside(const struct net_header *header, uint64_t length)
{
	return header->csum_start >= NET_ETHERNET &&
	       (uint64_t)header->csum_start + header->csum_offset + sizeof(uint16_t) <= length;
}

bool net_header_from_driver(struct net_header *header, uint64_t features, uint64_t length)
{
	header->flags &= NET_HEADER_NEEDS_CSUM; /* others are to be ignored (5.1.6.2.2) */
	header->num_buffers = 0;
	if (header->hdr_len > length)
		header->hdr_len = 0;
	if (length < NET_ETHERNET || length > NET_MAX_FRAME)
		return false;
	if (header->flags == 0) {
		header->csum_start = header->csum_offset = 0;
	} else if (!(features & VIRTIO_NET_F_CSUM) || !checksum_is_inside(header, length)) {
		return false;
	}
	if (header->gso_type == NET_GSO_NONE) {
		header->gso_size = 0;
		return true;
	}
	/* The smaller the segments, the more of them the root zone would have to make of one frame. */
	return type_is_known(header, features, true) && header->flags != 0 &&
	       header->gso_size >= NET_MIN_GSO_SIZE;
}

bool net_header_to_driver(struct net_header *header, uint64_t features)
{
	if (!(features & VIRTIO_NET_F_GUEST_CSUM)) {
		if (header->flags & NET_HEADER_NEEDS_CSUM)
			return false;
		header->flags = 0;
		header->csum_start = header->csum_offset = 0;
	}
	return header->gso_type == NET_GSO_NONE || type_is_known(header, features, false);
}

bool net_features_agree(uint64_t features)
{
	static const struct {
		uint64_t feature;
		uint64_t needs; /* one of these */
	} rules[] = {
		{ VIRTIO_NET_F_GUEST_TSO4, VIRTIO_NET_F_GUEST_CSUM },
		{ VIRTIO_NET_F_GUEST_TSO6, VIRTIO_NET_F_GUEST_CSUM },
		{ VIRTIO_NET_F_GUEST_ECN, VIRTIO_NET_F_GUEST_TSO4 | VIRTIO_NET_F_GUEST_TSO6 },
		{ VIRTIO_NET_F_HOST_TSO4, VIRTIO_NET_F_CSUM },
		{ VIRTIO_NET_F_HOST_TSO6, VIRTIO_NET_F_CSUM },
		{ VIRTIO_NET_F_HOST_ECN, VIRTIO_NET_F_HOST_TSO4 | VIRTIO_NET_F_HOST_TSO6 },
		{ VIRTIO_NET_F_CTRL_RX, VIRTIO_NET_F_CTRL_VQ },
		{ VIRTIO_NET_F_MQ, VIRTIO_NET_F_CTRL_VQ },
		{ VIRTIO_NET_F_CTRL_MAC_ADDR, VIRTIO_NET_F_CTRL_VQ },
	};

	for (unsigned i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if ((features & rules[i].feature) && !(features & rules[i].needs))
			return false;
	}
	return true;
}

unsigned net_features_offload(uint64_t features)
{
	unsigned offload = 0;

	if (features & VIRTIO_NET_F_GUEST_CSUM)
		offload |= TUN_F_CSUM;
	if (features & VIRTIO_NET_F_GUEST_TSO4)
		offload |= TUN_F_TSO4;
	if (features & VIRTIO_NET_F_GUEST_TSO6)
		offload |= TUN_F_TSO6;
	if (features & VIRTIO_NET_F_GUEST_ECN)
		offload |= TUN_F_TSO_ECN;
	return offload;
}
