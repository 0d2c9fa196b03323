/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device's side of a split virtqueue (virtio 1.2 section 2.7).
 *
 * Nothing here trusts the guest: rings are checked against its RAM when the
 * queue is made ready, descriptors each time one is followed, and whatever is
 * read is read once. A queue that breaks a rule gives a fault, and the owner
 * stops using it until the driver resets the device.
 */
#ifndef VIRTQUEUE_H
#define VIRTQUEUE_H

#include <stdbool.h>
#include <sys/uio.h>

#include "guest_memory.h"

#define VIRTQUEUE_MAX_SIZE 1024u  /* entries of a ring; 2.7 allows 32768 */
#define VIRTQUEUE_MAX_CHAIN 1024u /* buffers of one chain, indirect ones included */

/* Descriptor flags (section 2.7.5). */
#define VIRTQUEUE_DESC_NEXT 0x1u
#define VIRTQUEUE_DESC_WRITE 0x2u
#define VIRTQUEUE_DESC_INDIRECT 0x4u

#define VIRTQUEUE_AVAIL_NO_INTERRUPT 0x1u /* section 2.7.6 */
#define VIRTQUEUE_USED_NO_NOTIFY 0x1u     /* section 2.7.8 */

/* Section 2.7.5. */
struct virtqueue_desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags;
	uint16_t next;
};
HV_ASSERT_SIZE(struct virtqueue_desc, 16);

/* Section 2.7.6; after ring[size] follows used_event. */
struct virtqueue_avail {
	uint16_t flags;
	uint16_t idx;
	uint16_t ring[];
};
HV_ASSERT_SIZE(struct virtqueue_avail, 4);

/* Section 2.7.8; after ring[size] follows the 16-bit avail_event. */
struct virtqueue_used_elem {
	uint32_t id;
	uint32_t len;
};

struct virtqueue_used {
	uint16_t flags;
	uint16_t idx;
	struct virtqueue_used_elem ring[];
};
HV_ASSERT_OFFSET(struct virtqueue_used, ring, 4);

/* What a driver did wrong. */
enum virtio_fault {
	VIRTIO_FAULT_NONE,
	VIRTIO_FAULT_EARLY_QUEUE,      /* a queue made ready before FEATURES_OK (3.1.1) */
	VIRTIO_FAULT_QUEUE_SIZE,       /* zero, no power of two (2.7), or above QueueNumMax (4.2.2) */
	VIRTIO_FAULT_QUEUE_ALIGN,      /* table not 16, available ring not 2, used ring not 4 (2.7) */
	VIRTIO_FAULT_QUEUE_RANGE,      /* a part of the queue is not in RAM */
	VIRTIO_FAULT_AVAIL_JUMP,       /* more heads made available than the ring has (2.7.13.3) */
	VIRTIO_FAULT_HEAD_RANGE,       /* a head beyond the table */
	VIRTIO_FAULT_NEXT_RANGE,       /* next beyond the table (2.7.5) */
	VIRTIO_FAULT_LOOP,             /* a chain longer than its table (2.7.5.1) */
	VIRTIO_FAULT_CHAIN_LENGTH,     /* more than VIRTQUEUE_MAX_CHAIN buffers */
	VIRTIO_FAULT_BUFFER_EMPTY,     /* a buffer of no bytes */
	VIRTIO_FAULT_BUFFER_RANGE,     /* a buffer not in RAM */
	VIRTIO_FAULT_BUFFER_ORDER,     /* device-readable after device-writable (2.7.4.2) */
	VIRTIO_FAULT_INDIRECT_FEATURE, /* indirect, not negotiated (2.7.5.3.1) */
	VIRTIO_FAULT_INDIRECT_NEXT,    /* both INDIRECT and NEXT (2.7.5.3.1) */
	VIRTIO_FAULT_INDIRECT_NESTED,  /* an indirect table in an indirect table (2.7.5.3.1) */
	VIRTIO_FAULT_INDIRECT_LENGTH,  /* empty, or not whole descriptors */
	VIRTIO_FAULT_INDIRECT_RANGE,   /* the table is not in RAM */
	VIRTIO_FAULT_DIRECTION,        /* the device's type wants buffers of the other direction */
	VIRTIO_FAULT_OUTPUT_LENGTH,    /* more output in one chain than the device's type takes */
	VIRTIO_FAULT_REQUEST,          /* too short for what the device's type has in each (5.2.6) */
	VIRTIO_FAULT_CONTROL,          /* a control message of no sense, or no room for one (5.3.6.2) */
	VIRTIO_FAULT_LOST,             /* none of the driver's: the process that served it died */
	VIRTIO_FAULT_COUNT
};

/* A few words for people. Never NULL. */
const char *virtio_fault_name(enum virtio_fault fault);

struct virtqueue {
	uint32_t size_max; /* the device's: a power of two up to VIRTQUEUE_MAX_SIZE */

	/* As the driver wrote them; not checked before virtqueue_start(). */
	uint32_t size;
	uint64_t desc_ipa;
	uint64_t avail_ipa; /* "driver area" */
	uint64_t used_ipa;  /* "device area" */

	/* Below: meaningful while ready. */
	bool ready;
	bool event_idx;
	bool indirect;
	const uint8_t *desc;
	const struct virtqueue_avail *avail;
	struct virtqueue_used *used;
	uint16_t avail_seen; /* avail->idx when last loaded */
	uint16_t avail_next; /* next head to take */
	uint16_t used_next;  /* next used element to write */
	uint16_t used_shown; /* used->idx as the driver can see it */
};

/* One buffer chain: device-readable buffers first, then device-writable ones. */
struct virtqueue_chain {
	uint16_t head;
	unsigned num_out; /* iov[0 .. num_out): readable */
	unsigned num;     /* iov[num_out .. num): writable */
	uint64_t out_bytes;
	uint64_t in_bytes;
	struct iovec iov[VIRTQUEUE_MAX_CHAIN];
};

/* Back to what a reset leaves: not ready, all registers at their defaults. */
void virtqueue_reset(struct virtqueue *queue);

/*
 * The driver sets QueueReady. Checks size, alignment and place of all three
 * parts; the host addresses found stay good for as long as memory is.
 */
enum virtio_fault virtqueue_start(struct virtqueue *queue, const struct guest_memory *memory, bool event_idx,
				  bool indirect);

/*
 * Takes the next chain. NONE and *ret_taken false: there is none. On a fault
 * the chain's content means nothing.
 */
enum virtio_fault virtqueue_pop(struct virtqueue *queue, const struct guest_memory *memory,
				struct virtqueue_chain *chain, bool *ret_taken);

/* Gives a chain back, len bytes written to its writable buffers; seen by the driver after virtqueue_publish(). */
void virtqueue_push(struct virtqueue *queue, uint16_t head, uint32_t len);

/* Shows the driver all pushed chains. Returns true if it wants an interrupt for them (2.7.7, 2.7.10). */
bool virtqueue_publish(struct virtqueue *queue);

/*
 * Asks the driver not to notify (a hint), or to notify again; the second
 * returns true if chains came meanwhile, so that the caller must look again.
 */
void virtqueue_notify_off(struct virtqueue *queue);
bool virtqueue_notify_on(struct virtqueue *queue);

#endif
