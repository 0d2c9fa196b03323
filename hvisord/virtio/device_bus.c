/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "device_bus.h"

#include <errno.h>

#include "virtio_mmio.h"

int device_bus_add(struct device_bus *bus, uint64_t ipa, uint64_t size, const struct device_ops *ops,
		   void *device)
{
	const uint64_t unit = ops ? ops->window : VIRTIO_MMIO_WINDOW;

	if (!hv_range_valid(ipa, size) || ipa % unit != 0 || size % unit != 0)
		return -EINVAL;
	for (unsigned i = 0; ops && i < bus->count; i++) {
		const struct device_window *window = &bus->window[i];

		if (window->ops && hv_range_overlaps(window->ipa, window->size, ipa, size))
			return -EEXIST;
	}
	if (bus->count == DEVICE_BUS_MAX)
		return -ENOSPC;
	bus->window[bus->count++] =
		(struct device_window){ .ipa = ipa, .size = size, .ops = ops, .device = device };
	return 0;
}

void device_bus_fini(struct device_bus *bus)
{
	for (unsigned i = 0; i < bus->count; i++) {
		if (bus->window[i].ops)
			bus->window[i].ops->free(bus->window[i].device);
	}
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
		if (window->ops)
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
	if (request->kind == HV_REQUEST_READ)
		return window->ops ? window->ops->read(window->device, offset, request->size)
				   : virtio_mmio_read(NULL, offset % VIRTIO_MMIO_WINDOW, request->size);
	if (request->kind == HV_REQUEST_WRITE && window->ops)
		window->ops->write(window->device, offset, request->size, request->value);
	return 0;
}

void device_bus_notify_all(struct device_bus *bus)
{
	for (unsigned i = 0; i < bus->count; i++) {
		const struct device_window *window = &bus->window[i];

		if (window->ops && window->ops->notify_all)
			window->ops->notify_all(window->device);
	}
}

bool device_bus_service(struct device_bus *bus)
{
	bool more = false;

	for (unsigned i = 0; i < bus->count; i++) {
		const struct device_window *window = &bus->window[i];

		if (window->ops && window->ops->service)
			more |= window->ops->service(window->device);
	}
	return more;
}

void device_bus_lost(struct device_bus *bus)
{
	for (unsigned i = 0; i < bus->count; i++) {
		const struct device_window *window = &bus->window[i];

		if (window->ops && window->ops->lost)
			window->ops->lost(window->device);
	}
}
