/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A driver for a network device on a real tap, in a network namespace of its
 * own, with a packet socket as whoever is behind the tap. Needs root.
 */
#ifndef NET_RIG_H
#define NET_RIG_H

#include "virtio_mmio.h"
#include "virtio_net.h"

#define NET_RAM 0x50000000ull
#define NET_RAM_SIZE 0x800000ull
#define NET_QUEUE(q) (NET_RAM + 0x4000ull * (q))
#define NET_AVAIL 0x1000ull
#define NET_USED 0x2000ull
#define NET_BUFFER (NET_RAM + 0x100000ull)
#define NET_INDIRECT (NET_RAM + 0x80000ull)
#define NET_TAP "hvtest"
#define NET_PLAIN (VIRTIO_F_VERSION_1 | VIRTIO_F_INDIRECT_DESC)
#define NET_OFFLOAD                                                                                          \
	(VIRTIO_NET_F_CSUM | VIRTIO_NET_F_GUEST_CSUM | VIRTIO_NET_F_GUEST_TSO4 | VIRTIO_NET_F_HOST_TSO4 |    \
	 VIRTIO_NET_F_GUEST_TSO6 | VIRTIO_NET_F_HOST_TSO6)

extern const uint8_t net_rig_mac[VIRTIO_NET_MAC_SIZE];
extern const uint8_t net_rig_peer[VIRTIO_NET_MAC_SIZE];

struct net_rig_queue {
	uint32_t size;
	uint16_t avail;
	uint16_t used;
	uint16_t next_desc;
};

struct net_rig {
	struct guest_memory memory;
	uint8_t *ram;
	struct virtio_host host;
	struct event_loop loop;
	struct virtio_net *net;
	struct virtio_device *device;
	unsigned pairs;
	int tap; /* the first of pairs descriptors */
	int wire;
	struct net_rig_queue queue[2 * VIRTIO_NET_MAX_PAIRS + 1];
	unsigned interrupts;
};

/* Made of parts of a buffer. */
struct net_rig_part {
	uint64_t ipa;
	uint32_t len;
};

struct net_rig *net_rig_new(unsigned pairs);
void net_rig_free(struct net_rig *rig);

uint32_t net_rig_read(struct net_rig *rig, uint32_t offset);
void net_rig_write(struct net_rig *rig, uint32_t offset, uint32_t value);
void *net_rig_at(struct net_rig *rig, uint64_t ipa);

/* From reset to DRIVER_OK with queues of that size; the first up to FEATURES_OK. */
bool net_rig_negotiate(struct net_rig *rig, uint64_t features);
void net_rig_place(struct net_rig *rig, unsigned q, uint32_t size);
void net_rig_start(struct net_rig *rig, uint64_t features, uint32_t size);

/* Puts a chain into a queue: readable parts, then writable ones. Returns its head. */
unsigned net_rig_offer(struct net_rig *rig, unsigned q, const struct net_rig_part *parts, unsigned readable,
		       unsigned writable);
/* Notifies. */
void net_rig_kick(struct net_rig *rig, unsigned q);
/* Lets the device work until there is nothing to do. */
void net_rig_turn(struct net_rig *rig);
/* Takes one used element: false if there is none. */
bool net_rig_take(struct net_rig *rig, unsigned q, struct virtqueue_used_elem *ret_elem);

/* Frames of length bytes to or from the zone, with a pattern in them. */
void net_rig_frame(uint8_t *frame, size_t length, bool to_zone, uint8_t seed);
/* From behind the tap; and what came there: its length, or -1. */
void net_rig_inject(struct net_rig *rig, const void *frame, size_t length);
ssize_t net_rig_sniff(struct net_rig *rig, void *frame, size_t size);
/* Headers before all frames at the packet socket. */
void net_rig_wire_headers(struct net_rig *rig, bool on);

/* Runs a command of the control queue. Returns its answer, 0 or 1; 0xff: none. */
uint8_t net_rig_control(struct net_rig *rig, unsigned q, const void *command, uint32_t size);

/* From reset on, frames pass both ways. Ends the test if not. */
void net_rig_check_works(struct net_rig *rig);

#endif
