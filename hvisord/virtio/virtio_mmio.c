/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "virtio_mmio.h"

/* One control register; either function may be NULL. */
struct mmio_register {
	uint32_t (*read)(const struct virtio_device *device);
	void (*write)(struct virtio_device *device, uint32_t value);
	bool without_device; /* answers also where there is none: read gets NULL */
};

/* The queue that QueueSel names, or NULL. */
static struct virtqueue *selected(struct virtio_device *device)
{
	return device->queue_sel < device->num_queues ? &device->queue[device->queue_sel] : NULL;
}

static const struct virtqueue *selected_const(const struct virtio_device *device)
{
	return device->queue_sel < device->num_queues ? &device->queue[device->queue_sel] : NULL;
}

static uint32_t read_magic(const struct virtio_device *device)
{
	(void)device;
	return VIRTIO_MMIO_MAGIC;
}

static uint32_t read_version(const struct virtio_device *device)
{
	(void)device;
	return VIRTIO_MMIO_VERSION;
}

static uint32_t read_device_id(const struct virtio_device *device)
{
	return device->class->device_id;
}

static uint32_t read_vendor_id(const struct virtio_device *device)
{
	(void)device;
	return VIRTIO_MMIO_VENDOR;
}

static uint32_t read_device_features(const struct virtio_device *device)
{
	if (device->device_features_sel > 1)
		return 0;
	return (uint32_t)(device->features_offered >> (32 * device->device_features_sel));
}

static void write_device_features_sel(struct virtio_device *device, uint32_t value)
{
	device->device_features_sel = value;
}

static void write_driver_features(struct virtio_device *device, uint32_t value)
{
	virtio_device_set_features(device, device->driver_features_sel, value);
}

static void write_driver_features_sel(struct virtio_device *device, uint32_t value)
{
	device->driver_features_sel = value;
}

static void write_queue_sel(struct virtio_device *device, uint32_t value)
{
	device->queue_sel = value;
}

static uint32_t read_queue_num_max(const struct virtio_device *device)
{
	const struct virtqueue *queue = selected_const(device);

	return queue ? queue->size_max : 0;
}

static void write_queue_num(struct virtio_device *device, uint32_t value)
{
	struct virtqueue *queue = selected(device);

	if (queue && !queue->ready)
		queue->size = value;
}

static uint32_t read_queue_ready(const struct virtio_device *device)
{
	const struct virtqueue *queue = selected_const(device);

	return queue && queue->ready ? 1 : 0;
}

static void write_queue_ready(struct virtio_device *device, uint32_t value)
{
	virtio_device_queue_ready(device, device->queue_sel, (value & 1u) != 0);
}

static void write_queue_notify(struct virtio_device *device, uint32_t value)
{
	virtio_device_notify(device, value);
}

static uint32_t read_interrupt_status(const struct virtio_device *device)
{
	return virtio_device_interrupt_status(device);
}

static void write_interrupt_ack(struct virtio_device *device, uint32_t value)
{
	virtio_device_acknowledge(device, value);
}

static uint32_t read_status(const struct virtio_device *device)
{
	return device->status;
}

static void write_status(struct virtio_device *device, uint32_t value)
{
	virtio_device_set_status(device, value);
}

/* Replaces one half of an address; the rings of a live queue stay where they are. */
static void write_low(const struct virtqueue *queue, uint64_t *address, uint32_t value)
{
	if (!queue->ready)
		*address = (*address & ~0xffffffffull) | value;
}

static void write_high(const struct virtqueue *queue, uint64_t *address, uint32_t value)
{
	if (!queue->ready)
		*address = (*address & 0xffffffffull) | (uint64_t)value << 32;
}

#define ADDRESS_REGISTER(name, field, half)                                                                  \
	static void write_##name##_##half(struct virtio_device *device, uint32_t value)                      \
	{                                                                                                    \
		struct virtqueue *queue = selected(device);                                                  \
                                                                                                             \
		if (queue)                                                                                   \
			write_##half(queue, &queue->field, value);                                           \
	}

ADDRESS_REGISTER(queue_desc, desc_ipa, low)
ADDRESS_REGISTER(queue_desc, desc_ipa, high)
ADDRESS_REGISTER(queue_driver, avail_ipa, low)
ADDRESS_REGISTER(queue_driver, avail_ipa, high)
ADDRESS_REGISTER(queue_device, used_ipa, low)
ADDRESS_REGISTER(queue_device, used_ipa, high)

/* No device here has a shared memory region: length and base are all ones (4.2.2, SHMLen). */
static uint32_t read_shm(const struct virtio_device *device)
{
	(void)device;
	return UINT32_MAX;
}

/* A queue is served between accesses only, so its reset is over at once (2.6.1). */
static void write_queue_reset(struct virtio_device *device, uint32_t value)
{
	struct virtqueue *queue = selected(device);

	if (queue && value == 1 && virtio_device_has(device, VIRTIO_F_RING_RESET)) {
		virtio_device_queue_ready(device, device->queue_sel, false);
		virtqueue_reset(queue);
	}
}

static uint32_t read_zero(const struct virtio_device *device)
{
	(void)device;
	return 0;
}

static uint32_t read_config_generation(const struct virtio_device *device)
{
	return device->config_generation;
}

/* Section 4.2.2, by offset / 4. */
static const struct mmio_register registers[VIRTIO_MMIO_CONFIG / 4] = {
	[0x000 / 4] = { .read = read_magic, .without_device = true },
	[0x004 / 4] = { .read = read_version, .without_device = true },
	[0x008 / 4] = { .read = read_device_id },
	[0x00c / 4] = { .read = read_vendor_id },
	[0x010 / 4] = { .read = read_device_features },
	[0x014 / 4] = { .write = write_device_features_sel },
	[0x020 / 4] = { .write = write_driver_features },
	[0x024 / 4] = { .write = write_driver_features_sel },
	[0x030 / 4] = { .write = write_queue_sel },
	[0x034 / 4] = { .read = read_queue_num_max },
	[0x038 / 4] = { .write = write_queue_num },
	[0x044 / 4] = { .read = read_queue_ready, .write = write_queue_ready },
	[VIRTIO_MMIO_QUEUE_NOTIFY / 4] = { .write = write_queue_notify },
	[0x060 / 4] = { .read = read_interrupt_status },
	[0x064 / 4] = { .write = write_interrupt_ack },
	[0x070 / 4] = { .read = read_status, .write = write_status },
	[0x080 / 4] = { .write = write_queue_desc_low },
	[0x084 / 4] = { .write = write_queue_desc_high },
	[0x090 / 4] = { .write = write_queue_driver_low },
	[0x094 / 4] = { .write = write_queue_driver_high },
	[0x0a0 / 4] = { .write = write_queue_device_low },
	[0x0a4 / 4] = { .write = write_queue_device_high },
	[0x0b0 / 4] = { .read = read_shm }, /* SHMLenLow; SHMSel at 0x0ac chooses among none */
	[0x0b4 / 4] = { .read = read_shm },
	[0x0b8 / 4] = { .read = read_shm }, /* SHMBaseLow */
	[0x0bc / 4] = { .read = read_shm },
	[0x0c0 / 4] = { .read = read_zero, .write = write_queue_reset },
	[0x0fc / 4] = { .read = read_config_generation },
};

static bool is_natural(uint64_t offset, uint32_t size)
{
	return (size == 1 || size == 2 || size == 4 || size == 8) && offset % size == 0;
}

/* True if [offset, offset + size) lies in the device's configuration space; *ret_at: where. */
static bool in_config(const struct virtio_device *device, uint64_t offset, uint32_t size, uint32_t *ret_at)
{
	if (!device || offset < VIRTIO_MMIO_CONFIG ||
	    !hv_range_contains(0, device->config_size, offset - VIRTIO_MMIO_CONFIG, size))
		return false;
	*ret_at = (uint32_t)(offset - VIRTIO_MMIO_CONFIG);
	return true;
}

uint64_t virtio_mmio_read(struct virtio_device *device, uint64_t offset, uint32_t size)
{
	uint64_t value = 0;
	uint32_t at;

	if (!is_natural(offset, size))
		return 0;
	if (in_config(device, offset, size, &at)) {
		memcpy(&value, (const uint8_t *)device->config + at, size);
	} else if (offset < VIRTIO_MMIO_CONFIG && size == 4) {
		const struct mmio_register *reg = &registers[offset / 4];

		if (reg->read && (device || reg->without_device))
			value = reg->read(device);
	}
	return value;
}

void virtio_mmio_write(struct virtio_device *device, uint64_t offset, uint32_t size, uint64_t value)
{
	uint32_t at;

	if (!device || !is_natural(offset, size))
		return;
	if (in_config(device, offset, size, &at)) {
		if (device->class->config_write)
			device->class->config_write(device, at, size, value);
	} else if (offset < VIRTIO_MMIO_CONFIG && size == 4 && registers[offset / 4].write) {
		registers[offset / 4].write(device, (uint32_t)value);
	}
}

static uint64_t bus_read(void *device, uint64_t offset, uint32_t size)
{
	return virtio_mmio_read(device, offset, size);
}

static void bus_write(void *device, uint64_t offset, uint32_t size, uint64_t value)
{
	virtio_mmio_write(device, offset, size, value);
}

static void bus_notify_all(void *device)
{
	virtio_device_notify_all(device);
}

static bool bus_service(void *device)
{
	return virtio_device_service(device);
}

static void bus_lost(void *device)
{
	virtio_device_lost(device);
}

static uint64_t bus_faults(const void *device, const char **ret_text)
{
	const struct virtio_device *virtio = device;

	*ret_text = virtio_fault_name(virtio->fault);
	return virtio->faults;
}

static void bus_free(void *device)
{
	virtio_device_free(device);
}

const struct device_ops virtio_mmio_ops = {
	.name = "virtio device",
	.window = VIRTIO_MMIO_WINDOW,
	.read = bus_read,
	.write = bus_write,
	.notify_all = bus_notify_all,
	.service = bus_service,
	.lost = bus_lost,
	.faults = bus_faults,
	.free = bus_free,
};
