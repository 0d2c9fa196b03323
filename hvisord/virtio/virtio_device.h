/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every virtio device has (virtio 1.2 chapter 2): status, features,
 * queues, configuration, interrupts; independent of the transport, of the
 * device's type, and of where memory and interrupts come from.
 *
 * All calls come from one thread.
 */
#ifndef VIRTIO_DEVICE_H
#define VIRTIO_DEVICE_H

#include "virtqueue.h"

#define VIRTIO_MAX_QUEUES 32u

/* Device status (section 2.1). */
#define VIRTIO_STATUS_ACKNOWLEDGE 0x01u
#define VIRTIO_STATUS_DRIVER 0x02u
#define VIRTIO_STATUS_DRIVER_OK 0x04u
#define VIRTIO_STATUS_FEATURES_OK 0x08u
#define VIRTIO_STATUS_NEEDS_RESET 0x40u
#define VIRTIO_STATUS_FAILED 0x80u

/* Reserved feature bits (chapter 6) that every device offers. */
#define VIRTIO_F_INDIRECT_DESC (1ull << 28)
#define VIRTIO_F_EVENT_IDX (1ull << 29)
#define VIRTIO_F_VERSION_1 (1ull << 32)
#define VIRTIO_F_RING_RESET (1ull << 40)

/* Interrupt causes (section 4.2.2, InterruptStatus). */
#define VIRTIO_INTERRUPT_QUEUE 0x1u
#define VIRTIO_INTERRUPT_CONFIG 0x2u

struct virtio_device;

/* Where devices get memory from and send interrupts to; outlives them. */
struct virtio_host {
	const struct guest_memory *memory;
	/* Makes an interrupt pending in the zone; an edge. */
	void (*interrupt)(struct virtio_host *host, uint32_t intid);
};

/* A type of device. Every function may be NULL but service. */
struct virtio_class {
	const char *name;
	uint32_t device_id; /* chapter 5 */
	/*
	 * Uses what the driver made available in a queue, and returns: false when
	 * the queue is empty or the device has nothing for it, true when it stopped
	 * early so that others get their turn.
	 */
	bool (*service)(struct virtio_device *device, uint32_t queue);
	/* The driver writes size bytes (1, 2, 4, 8; aligned, within config_size). */
	void (*config_write)(struct virtio_device *device, uint32_t offset, uint32_t size, uint64_t value);
	/* The features offered that the driver wants go together (2.2.2), as the type has rules for it. */
	bool (*agrees)(uint64_t features);
	/*
	 * The driver takes its memory back, by a reset of the device or of a queue:
	 * when this returns, nothing of these queues (bit n: queue n, still ready) is
	 * under way that would still use it. What others have goes on.
	 */
	void (*quiesce)(struct virtio_device *device, uint32_t queues);
	/* The driver reset the device; queues and status are back at their defaults already. */
	void (*reset)(struct virtio_device *device);
	/* Frees the whole device. */
	void (*free)(struct virtio_device *device);
};

/* First member of every device. The transport's registers are in here too. */
struct virtio_device {
	const struct virtio_class *class;
	struct virtio_host *host;
	uint32_t intid;

	/* The device's own, constant after virtio_device_init(). */
	uint64_t features_offered;
	const void *config; /* its configuration space, as the driver reads it (section 2.5) */
	uint32_t config_size;
	uint32_t num_queues;

	/* The driver's doing. */
	uint32_t status;
	uint64_t features;    /* as written; agreed once FEATURES_OK is set */
	bool features_beyond; /* the driver wrote feature bits past 63 */
	uint32_t device_features_sel;
	uint32_t driver_features_sel;
	uint32_t queue_sel;
	uint32_t *interrupt_status; /* own_status, or where others acknowledge too: by atomic operations */
	uint32_t own_status;
	uint32_t config_generation;
	struct virtqueue queue[VIRTIO_MAX_QUEUES];

	uint32_t pending; /* bit n: queue n was notified and wants service */
	uint32_t turn;    /* the queue served first the next time */

	enum virtio_fault fault; /* the last one */
	uint64_t faults;         /* since the process began */
};

/*
 * Fills a zeroed struct. The device starts reset. features: bits of its type;
 * those of the transport and the ring are added. queue_size: a power of two
 * up to VIRTQUEUE_MAX_SIZE, for all queues.
 */
void virtio_device_init(struct virtio_device *device, const struct virtio_class *class,
			struct virtio_host *host, uint32_t intid, uint64_t features, const void *config,
			uint32_t config_size, uint32_t num_queues, uint32_t queue_size);

/*
 * InterruptStatus is kept at *word from now on, which is 0 and outlives the
 * device, and from which others clear what the driver acknowledges.
 */
void virtio_device_share_status(struct virtio_device *device, uint32_t *word);

/* Accepts NULL. */
void virtio_device_free(struct virtio_device *device);

/* The driver's acts, as the transport passes them on. */
void virtio_device_reset(struct virtio_device *device);
void virtio_device_set_status(struct virtio_device *device, uint32_t value);
void virtio_device_set_features(struct virtio_device *device, uint32_t sel, uint32_t value);
void virtio_device_queue_ready(struct virtio_device *device, uint32_t queue, bool ready);
void virtio_device_acknowledge(struct virtio_device *device, uint32_t causes);
uint32_t virtio_device_interrupt_status(const struct virtio_device *device);

/* Notes that a queue wants service; ignored unless the device is live and has it. */
void virtio_device_notify(struct virtio_device *device, uint32_t queue);
void virtio_device_notify_all(struct virtio_device *device);

/* Serves pending queues once each. Returns true if something is still pending. */
bool virtio_device_service(struct virtio_device *device);

/* DRIVER_OK is set and the device not broken: it may use its queues (section 2.1.2). */
static inline bool virtio_device_is_live(const struct virtio_device *device)
{
	return (device->status & (VIRTIO_STATUS_DRIVER_OK | VIRTIO_STATUS_NEEDS_RESET)) ==
	       VIRTIO_STATUS_DRIVER_OK;
}

/* The bits are agreed upon. */
static inline bool virtio_device_has(const struct virtio_device *device, uint64_t features)
{
	return (device->status & VIRTIO_STATUS_FEATURES_OK) && (device->features & features) == features;
}

/*
 * For devices. pop takes a chain from a queue: false if there is none, or if
 * the driver broke the rules, which breaks the device. push gives it back.
 * flush shows the driver what was pushed and interrupts it if it wants so.
 */
bool virtio_device_pop(struct virtio_device *device, uint32_t queue, struct virtqueue_chain *chain);
void virtio_device_push(struct virtio_device *device, uint32_t queue, uint16_t head, uint32_t len);
void virtio_device_flush(struct virtio_device *device, uint32_t queue);

/* The device changed its configuration: a new generation, and an interrupt if live. */
void virtio_device_config_changed(struct virtio_device *device);

/* Sets DEVICE_NEEDS_RESET (section 2.1.2): nothing is served until the driver resets the device. */
void virtio_device_break(struct virtio_device *device, enum virtio_fault fault);

/*
 * A fresh device takes the place of one whose state died with its process:
 * broken from the start, and its driver is told although we do not know
 * whether there is one.
 */
void virtio_device_lost(struct virtio_device *device);

#endif
