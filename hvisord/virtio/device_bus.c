/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "device_bus.h"

#include <errno.h>

#include "virtio_mmio.h"

int device_bus_add(struct device_bus *bus, uint64_t ipa, uint64_t size, struct virtio_device *device)
{
	if (!hv_range_valid(ipa, size) || ipa % VIRTIO_MMIO_WINDOW != 0 || size % VIRTIO_MMIO_WINDOW != 0)
		return -EINVAL;
	for (unsigned i = 0; device && i < bus->count; i++) {
		const struct device_window *window = &bus->window[i];

		if (window->device && hv_range_overlaps(window->ipa, window->size, ipa, size))
			return -EEXIST;
	}
	if (bus->count == DEVICE_BUS_MAX)
		return -ENOSPC;
	bus->window[bus->count++] = (struct device_window){ .ipa = ipa, .size = size, .device = device };
	return 0;
}

void device_bus_fini(struct device_bus *bus)
{
	for (unsigned i = 0; i < bus->count; i++)
		virtio_device_free(bus->window[i].device);
	bus->count = 0;
}

/* A device's window before an empty one around it. */
static const struct device_window *find(const struct device_bus *bus, uint64_t ipa)
{
	const struct device_window *found = NULL;

	for (unsigned i = 0; i < bus->count; i++) {
		const struct device_window *window = &bus->window[i];

		if (!hv_range_contains(window->ipa, window->size, ipa, 1))
			continue;
		if (window->device)
			return window;
		found = window;
	}
	return found;
}

uint64_t device_bus_access(struct device_bus *bus, const struct hv_request *request)
{
	const struct device_window *window = find(bus, request->ipa);
	uint64_t offset;

	if (!window)
		return 0;
	offset = request->ipa - window->ipa;
	if (!window->device)
		offset %= VIRTIO_MMIO_WINDOW;
	if (request->kind == HV_REQUEST_READ)
		return virtio_mmio_read(window->device, offset, request->size);
	if (request->kind == HV_REQUEST_WRITE)
		virtio_mmio_write(window->device, offset, request->size, request->value);
	return 0;
}

void device_bus_notify_all(struct device_bus *bus)
{
	for (unsigned i = 0; i < bus->count; i++) {
		if (bus->window[i].device)
			virtio_device_notify_all(bus->window[i].device);
	}
}

bool device_bus_service(struct device_bus *bus)
{
	bool more = false;

	for (unsigned i = 0; i < bus->count; i++) {
		if (bus->window[i].device && bus->window[i].device->pending)
			more |= virtio_device_service(bus->window[i].device);
	}
	return more;
}
