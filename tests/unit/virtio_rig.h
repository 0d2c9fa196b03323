/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A driver for one virtio device, a console unless the test has its own, in a few pages of make-believe guest RAM:
 * what tests need to play by the rules of virtio 1.2, and to break them.
 */
#ifndef VIRTIO_RIG_H
#define VIRTIO_RIG_H

#include "virtio_console.h"
#include "virtio_mmio.h"

#define RIG_RAM 0x50000000ull /* one MiB here … */
#define RIG_RAM_SIZE 0x100000ull
#define RIG_HIGH 0x60000000ull /* … and 64 KiB here */
#define RIG_HIGH_SIZE 0x10000ull
/* table, available and used ring of queue q: the first three at the beginning of RAM, others at its end */
#define RIG_QUEUE(q) (RIG_RAM + 0x10000ull * ((q) < 3 ? (q) : (q) + 10))
#define RIG_QUEUES 6u
#define RIG_AVAIL 0x4000ull
#define RIG_USED 0x8000ull
#define RIG_INDIRECT (RIG_RAM + 0x30000ull)
#define RIG_BUFFER (RIG_RAM + 0x40000ull)
#define RIG_OUT 0x80000u /* bytes of output remembered */
#define RIG_INTID 78u
#define RIG_RX VIRTIO_CONSOLE_RX
#define RIG_TX VIRTIO_CONSOLE_TX
#define RIG_FEATURES (VIRTIO_F_VERSION_1 | VIRTIO_F_INDIRECT_DESC | VIRTIO_CONSOLE_F_SIZE)

/* Registers (virtio 1.2 section 4.2.2), spelled out once more on purpose. */
enum {
	R_MAGIC = 0x000,
	R_VERSION = 0x004,
	R_DEVICE_ID = 0x008,
	R_VENDOR_ID = 0x00c,
	R_DEVICE_FEATURES = 0x010,
	R_DEVICE_FEATURES_SEL = 0x014,
	R_DRIVER_FEATURES = 0x020,
	R_DRIVER_FEATURES_SEL = 0x024,
	R_QUEUE_SEL = 0x030,
	R_QUEUE_NUM_MAX = 0x034,
	R_QUEUE_NUM = 0x038,
	R_QUEUE_READY = 0x044,
	R_QUEUE_NOTIFY = 0x050,
	R_INTERRUPT_STATUS = 0x060,
	R_INTERRUPT_ACK = 0x064,
	R_STATUS = 0x070,
	R_QUEUE_DESC = 0x080,
	R_QUEUE_DRIVER = 0x090,
	R_QUEUE_DEVICE = 0x0a0,
	R_SHM_SEL = 0x0ac,
	R_SHM_LEN = 0x0b0,
	R_SHM_BASE = 0x0b8,
	R_QUEUE_RESET = 0x0c0,
	R_CONFIG_GENERATION = 0x0fc,
	R_CONFIG = 0x100,
};

struct rig_queue {
	uint32_t size;
	uint16_t avail_idx;
	uint16_t used_seen;
};

struct rig {
	struct guest_memory memory;
	uint8_t *ram;
	uint8_t *high;
	struct virtio_host host;
	struct console_sink sink;
	struct virtio_console *console;
	struct virtio_device *device;
	unsigned num_queues; /* that rig_start() makes ready */
	struct rig_queue queue[RIG_QUEUES];
	unsigned interrupts; /* raised so far */
	bool emergency;      /* output may come from elsewhere than guest memory */
	size_t out_size;     /* output so far, of which the first RIG_OUT bytes are kept */
	uint8_t out[RIG_OUT];
};

/* A rig with a console in reset; without a device: rig->device is the test's to set, and freed with the rig. */
struct rig *rig_new(void);
struct rig *rig_new_bare(unsigned num_queues);
void rig_free(struct rig *rig);

uint32_t rig_read(struct rig *rig, uint32_t offset);
void rig_write(struct rig *rig, uint32_t offset, uint32_t value);
void rig_write64(struct rig *rig, uint32_t offset, uint64_t value);

/* Guest memory as the driver sees it. */
void *rig_at(struct rig *rig, uint64_t ipa);
void rig_desc(struct rig *rig, unsigned q, uint32_t index, uint64_t addr, uint32_t len, unsigned flags,
	      unsigned next);
void rig_indirect(struct rig *rig, uint32_t index, uint64_t addr, uint32_t len, unsigned flags,
		  unsigned next);
struct virtqueue_avail *rig_avail(struct rig *rig, unsigned q);
struct virtqueue_used *rig_used(struct rig *rig, unsigned q);

/* Up to FEATURES_OK (returns false if refused), one queue, and all with DRIVER_OK. */
bool rig_negotiate(struct rig *rig, uint64_t features);
void rig_place_queue(struct rig *rig, unsigned q, uint32_t size);
void rig_start(struct rig *rig, uint64_t features);

/* Makes a head available; notifies and lets the device work. */
void rig_offer(struct rig *rig, unsigned q, unsigned head);
void rig_kick(struct rig *rig, unsigned q);

/* Takes one used element: false if there is none. */
bool rig_take(struct rig *rig, unsigned q, struct virtqueue_used_elem *ret_elem);

/* From reset on: output and input pass through, size and status are right. Ends the test if not. */
void rig_check_works(struct rig *rig);

#endif
