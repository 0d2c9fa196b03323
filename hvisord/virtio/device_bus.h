/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The virtio windows of a zone: which device answers at which guest-physical address. */
#ifndef DEVICE_BUS_H
#define DEVICE_BUS_H

#include "hv_ring.h"
#include "virtio_device.h"

#define DEVICE_BUS_MAX 128u /* windows */

struct device_window {
	uint64_t ipa;
	uint64_t size;                /* a multiple of VIRTIO_MMIO_WINDOW */
	struct virtio_device *device; /* owned; NULL: one window after the other without a device */
};

/* Zeroed: empty. */
struct device_bus {
	unsigned count;
	struct device_window window[DEVICE_BUS_MAX];
};

/*
 * Adds a window; the bus frees its device. Devices may lie within a window
 * without one, but not upon each other. -EINVAL: empty, wraps, misaligned or
 * no whole windows; -EEXIST: two devices meet; -ENOSPC. On error the device
 * stays the caller's.
 */
int device_bus_add(struct device_bus *bus, uint64_t ipa, uint64_t size, struct virtio_device *device);

void device_bus_fini(struct device_bus *bus);

/* Serves one access. Returns what a load reads; 0 for a store and where nothing is. */
uint64_t device_bus_access(struct device_bus *bus, const struct hv_request *request);

/* Notifications were lost: every queue of every device may hold something. */
void device_bus_notify_all(struct device_bus *bus);

/* Serves what is pending. Returns true if something still is. */
bool device_bus_service(struct device_bus *bus);

#endif
