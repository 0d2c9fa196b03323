/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "virtio_device.h"

#include <assert.h>

#define DRIVER_STATUS                                                                                        \
	(VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER | VIRTIO_STATUS_DRIVER_OK |                        \
	 VIRTIO_STATUS_FEATURES_OK | VIRTIO_STATUS_FAILED)

void virtio_device_init(struct virtio_device *device, const struct virtio_class *class,
			struct virtio_host *host, uint32_t intid, uint64_t features, const void *config,
			uint32_t config_size, uint32_t num_queues, uint32_t queue_size)
{
	assert(num_queues <= VIRTIO_MAX_QUEUES);
	assert(queue_size > 0 && queue_size <= VIRTQUEUE_MAX_SIZE && (queue_size & (queue_size - 1)) == 0);
	device->class = class;
	device->host = host;
	device->intid = intid;
	device->features_offered = features | VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX |
				   VIRTIO_F_VERSION_1 | VIRTIO_F_RING_RESET;
	device->config = config;
	device->config_size = config_size;
	device->num_queues = num_queues;
	device->interrupt_status = &device->own_status;
	for (uint32_t i = 0; i < num_queues; i++)
		device->queue[i].size_max = queue_size;
}

void virtio_device_share_status(struct virtio_device *device, uint32_t *word)
{
	device->interrupt_status = word;
}

void virtio_device_free(struct virtio_device *device)
{
	if (device && device->class->free)
		device->class->free(device);
}

/*
 * An edge for each cause that was not pending. While one is, the driver has
 * an interrupt before it that it will answer by acknowledging and then
 * looking at its queues, so another would tell it nothing.
 */
static void interrupt(struct virtio_device *device, uint32_t cause)
{
	/* after what it tells of, and before any acknowledgement of it: both sides use one word */
	if (__atomic_fetch_or(device->interrupt_status, cause, __ATOMIC_SEQ_CST) & cause)
		return;
	device->host->interrupt(device->host, device->intid);
}

void virtio_device_acknowledge(struct virtio_device *device, uint32_t causes)
{
	/* The register's model is a level: what is left still interrupts. */
	if (__atomic_and_fetch(device->interrupt_status, ~causes, __ATOMIC_SEQ_CST) != 0)
		device->host->interrupt(device->host, device->intid);
}

uint32_t virtio_device_interrupt_status(const struct virtio_device *device)
{
	return __atomic_load_n(device->interrupt_status, __ATOMIC_SEQ_CST);
}

static void quiesce(struct virtio_device *device, uint32_t queues)
{
	if (device->class->quiesce)
		device->class->quiesce(device, queues);
}

void virtio_device_reset(struct virtio_device *device)
{
	quiesce(device, UINT32_MAX);
	for (uint32_t i = 0; i < device->num_queues; i++)
		virtqueue_reset(&device->queue[i]);
	device->status = 0;
	device->features = 0;
	device->features_beyond = false;
	device->device_features_sel = 0;
	device->driver_features_sel = 0;
	device->queue_sel = 0;
	__atomic_store_n(device->interrupt_status, 0, __ATOMIC_SEQ_CST);
	device->pending = 0;
	if (device->class->reset)
		device->class->reset(device);
}

/* Section 2.2.2: only what was offered; section 6.1: never without VERSION_1. */
static bool features_agree(const struct virtio_device *device)
{
	return !device->features_beyond && (device->features & ~device->features_offered) == 0 &&
	       (device->features & VIRTIO_F_VERSION_1) != 0 &&
	       (!device->class->agrees || device->class->agrees(device->features));
}

void virtio_device_set_status(struct virtio_device *device, uint32_t value)
{
	const uint32_t before = device->status;
	uint32_t status = before | (value & DRIVER_STATUS); /* a driver may not clear bits (2.1.1) */

	if (value == 0) {
		virtio_device_reset(device);
		return;
	}
	if (!(before & VIRTIO_STATUS_FEATURES_OK) && !features_agree(device))
		status &= ~VIRTIO_STATUS_FEATURES_OK;
	if (!(status & VIRTIO_STATUS_FEATURES_OK))
		status &= ~VIRTIO_STATUS_DRIVER_OK;
	device->status = status;
	/* Queues may have been filled before, without a notification (3.1.1). */
	if ((status & ~before) & VIRTIO_STATUS_DRIVER_OK)
		virtio_device_notify_all(device);
}

void virtio_device_set_features(struct virtio_device *device, uint32_t sel, uint32_t value)
{
	if (device->status & VIRTIO_STATUS_FEATURES_OK)
		return;
	if (sel == 0)
		device->features = (device->features & ~0xffffffffull) | value;
	else if (sel == 1)
		device->features = (device->features & 0xffffffffull) | (uint64_t)value << 32;
	else if (value != 0)
		device->features_beyond = true;
}

void virtio_device_queue_ready(struct virtio_device *device, uint32_t index, bool ready)
{
	struct virtqueue *queue;
	enum virtio_fault fault;

	if (index >= device->num_queues || index >= VIRTIO_MAX_QUEUES)
		return;
	queue = &device->queue[index];
	if (!ready) {
		quiesce(device, 1u << index);
		queue->ready = false;
		device->pending &= ~(1u << index);
		return;
	}
	if (queue->ready || (device->status & VIRTIO_STATUS_NEEDS_RESET))
		return;
	fault = (device->status & VIRTIO_STATUS_FEATURES_OK)
			? virtqueue_start(queue, device->host->memory,
					  virtio_device_has(device, VIRTIO_F_EVENT_IDX),
					  virtio_device_has(device, VIRTIO_F_INDIRECT_DESC))
			: VIRTIO_FAULT_EARLY_QUEUE;
	if (fault != VIRTIO_FAULT_NONE)
		virtio_device_break(device, fault);
}

void virtio_device_notify(struct virtio_device *device, uint32_t queue)
{
	if (virtio_device_is_live(device) && queue < device->num_queues && device->queue[queue].ready)
		device->pending |= 1u << queue;
}

void virtio_device_notify_all(struct virtio_device *device)
{
	for (uint32_t i = 0; i < device->num_queues; i++)
		virtio_device_notify(device, i);
}

bool virtio_device_service(struct virtio_device *device)
{
	const uint32_t todo = device->pending;
	const uint32_t first = device->turn;

	if (todo == 0)
		return false;
	device->pending = 0;
	/* another one is first each time: queues may compete for what the device has */
	device->turn = (first + 1) % device->num_queues;
	for (uint32_t n = 0; n < device->num_queues; n++) {
		const uint32_t i = (first + n) % device->num_queues;

		if (!(todo >> i & 1u) || !virtio_device_is_live(device) || !device->queue[i].ready)
			continue;
		if (device->class->service(device, i))
			virtio_device_notify(device, i);
	}
	return device->pending != 0;
}

bool virtio_device_pop(struct virtio_device *device, uint32_t queue, struct virtqueue_chain *chain)
{
	enum virtio_fault fault;
	bool taken;

	if (!virtio_device_is_live(device) || !device->queue[queue].ready)
		return false;
	fault = virtqueue_pop(&device->queue[queue], device->host->memory, chain, &taken);
	if (fault != VIRTIO_FAULT_NONE) {
		virtio_device_break(device, fault);
		return false;
	}
	return taken;
}

void virtio_device_push(struct virtio_device *device, uint32_t queue, uint16_t head, uint32_t len)
{
	virtqueue_push(&device->queue[queue], head, len);
}

void virtio_device_flush(struct virtio_device *device, uint32_t queue)
{
	if (device->queue[queue].ready && virtqueue_publish(&device->queue[queue]))
		interrupt(device, VIRTIO_INTERRUPT_QUEUE);
}

void virtio_device_config_changed(struct virtio_device *device)
{
	device->config_generation++;
	if (virtio_device_is_live(device))
		interrupt(device, VIRTIO_INTERRUPT_CONFIG);
}

void virtio_device_break(struct virtio_device *device, enum virtio_fault fault)
{
	if (device->status & VIRTIO_STATUS_NEEDS_RESET)
		return;
	device->fault = fault;
	device->faults++;
	device->pending = 0;
	device->status |= VIRTIO_STATUS_NEEDS_RESET;
	if (device->status & VIRTIO_STATUS_DRIVER_OK)
		interrupt(device, VIRTIO_INTERRUPT_CONFIG);
}

void virtio_device_lost(struct virtio_device *device)
{
	virtio_device_break(device, VIRTIO_FAULT_LOST);
	interrupt(device, VIRTIO_INTERRUPT_CONFIG);
}
