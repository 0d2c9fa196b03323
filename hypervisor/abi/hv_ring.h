/* SPDX-License-Identifier: MIT */
/*
 * The request ring: one page for each zone, made by EL2, mapped into the root
 * zone and from there into the zone's device process.
 *
 * EL2 is the only producer, the device process the only consumer. EL2 keeps
 * its own copy of head and believes nothing it reads back but tail, which
 * only ever says how much room there is.
 *
 *  - A waiting request (a load, or a store to any register but QueueNotify)
 *    has seq != 0; its vCPU sleeps in EL2 until HV_CALL_ZONE_COMPLETE names
 *    (vcpu, seq). A vCPU has one at most.
 *  - A notification (a store of a word to QueueNotify, virtio 1.2 section
 *    4.2.2, offset 0x50 of a 0x200 window) has seq == 0 and is not answered.
 *    Where it would leave less than HV_RING_RESERVE slots free EL2 sets
 *    overflow instead, and the consumer must look at every queue.
 *
 *  - InterruptStatus and InterruptACK (offsets 0x60 and 0x64) of a window that
 *    the process listed in the ring are answered by EL2 alone, as long as an
 *    acknowledgement leaves nothing pending; else they are waiting requests.
 *
 * EL2 tells the root zone (HV_CALL_EVENTS) of every waiting request, of a
 * notification only if the ring was empty before it, and of overflow when it
 * becomes set. So before the consumer sleeps it stores tail, then loads head
 * once more, both sequentially consistent; a new consumer looks at all first.
 */
#ifndef HV_RING_H
#define HV_RING_H

#include "hv_types.h"

#define HV_RING_MAGIC 0x47525648u /* "HVRG" */
#define HV_RING_VERSION 2u
#define HV_RING_SLOTS 116u
#define HV_RING_RESERVE 64u /* slots that only waiting requests may use: one a vCPU */

#define HV_RING_WINDOWS 32u
#define HV_RING_WINDOW_SIZE 0x200u /* bytes, of a virtio-mmio device's registers */

#define HV_REQUEST_READ 0u
#define HV_REQUEST_WRITE 1u

struct hv_request {
	uint64_t ipa;
	uint64_t value; /* written; 0 for a read */
	uint32_t seq;
	uint16_t vcpu;
	uint8_t size;      /* 1, 2, 4, 8 bytes */
	uint8_t kind;      /* HV_REQUEST_ */
	uint64_t reserved; /* zero */
};
HV_ASSERT_SIZE(struct hv_request, 32);

/*
 * The pending interrupts of a virtio device. The process sets bits and then
 * raises the interrupt, EL2 clears what the driver acknowledges: both by atomic
 * operations. A window with number n can be listed at n % HV_RING_WINDOWS only,
 * and that with number 0 nowhere.
 */
struct hv_ring_window {
	uint32_t number; /* the window's IPA / HV_RING_WINDOW_SIZE; 0: none is listed */
	uint32_t interrupt_status;
};
HV_ASSERT_SIZE(struct hv_ring_window, 8);

struct hv_ring {
	uint32_t magic;
	uint32_t version;
	uint32_t slots; /* HV_RING_SLOTS */
	uint32_t reserved;
	uint32_t head;     /* next slot EL2 fills, modulo HV_RING_MODULUS; release-stored after the slot */
	uint32_t overflow; /* EL2 sets 1, the consumer exchanges with 0 */
	uint64_t reserved1[5];
	uint32_t tail; /* next slot the consumer reads, modulo HV_RING_MODULUS; index = n % slots */
	uint32_t reserved2[15];
	struct hv_request request[HV_RING_SLOTS];
	struct hv_ring_window window[HV_RING_WINDOWS];
};
HV_ASSERT_OFFSET(struct hv_ring, head, 16);
HV_ASSERT_OFFSET(struct hv_ring, tail, 64);
HV_ASSERT_OFFSET(struct hv_ring, request, 128);
HV_ASSERT_SIZE(struct hv_ring, 4096);

/*
 * head and tail count modulo a multiple of the slots, so that n % slots never
 * jumps when they start over (2^32 is no multiple of 116).
 */
#define HV_RING_MODULUS (HV_RING_SLOTS << 24)

static inline uint32_t hv_ring_next(uint32_t n)
{
	return n + 1u >= HV_RING_MODULUS ? 0 : n + 1u;
}

/* Slots between tail and head; more than HV_RING_SLOTS: one of them is wrong. */
static inline uint32_t hv_ring_used(uint32_t head, uint32_t tail)
{
	if (head >= HV_RING_MODULUS || tail >= HV_RING_MODULUS)
		return 0xffffffffu;
	return head >= tail ? head - tail : HV_RING_MODULUS - tail + head;
}

#endif
