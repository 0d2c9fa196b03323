/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The trapped windows of a zone: which device answers at which guest-physical address. */
#ifndef DEVICE_BUS_H
#define DEVICE_BUS_H

#include <stdbool.h>

#include "hv_ring.h"

#define DEVICE_BUS_MAX 128u /* windows */

/*
 * What the bus can do to a device, whatever kind it is. read, write and free
 * are never NULL. Accesses of any size at any offset of the window arrive as
 * the guest made them; what may be accessed how is the device's to judge.
 */
struct device_ops {
	const char *name;
	uint32_t window; /* a device's window starts at a multiple of this, and is whole ones of it */
	uint64_t (*read)(void *device, uint64_t offset, uint32_t size);
	void (*write)(void *device, uint64_t offset, uint32_t size, uint64_t value);
	/* Notifications were lost: look at everything. */
	void (*notify_all)(void *device);
	/* Does what is pending. Returns true if something still is. */
	bool (*service)(void *device);
	/* The process that served the device died, and its state with it. */
	void (*lost)(void *device);
	/* How often its driver broke it; *ret_text: how, the last time. */
	uint64_t (*faults)(const void *device, const char **ret_text);
	void (*free)(void *device);
};

struct device_window {
	uint64_t ipa;
	uint64_t size;
	const struct device_ops *ops; /* NULL: one virtio window after the other without a device */
	void *device;                 /* owned; what ops takes */
};

/* Zeroed: empty. */
struct device_bus {
	unsigned count;
	struct device_window window[DEVICE_BUS_MAX];
};

/*
 * Adds a window; the bus frees its device. ops NULL: no device there. Devices
 * may lie within a window without one, but not upon each other. -EINVAL:
 * empty, wraps, misaligned or no whole windows; -EEXIST: two devices meet;
 * -ENOSPC. On error the device stays the caller's.
 */
int device_bus_add(struct device_bus *bus, uint64_t ipa, uint64_t size, const struct device_ops *ops,
		   void *device);

void device_bus_fini(struct device_bus *bus);

/* Serves one access. Returns what a load reads; 0 for a store and where nothing is. */
uint64_t device_bus_access(struct device_bus *bus, const struct hv_request *request);

/* Notifications were lost: every queue of every device may hold something. */
void device_bus_notify_all(struct device_bus *bus);

/* Serves what is pending. Returns true if something still is. */
bool device_bus_service(struct device_bus *bus);

/* The process that served the zone before died. */
void device_bus_lost(struct device_bus *bus);

#endif
