/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What hvisord needs of a hypervisor. Two implementations: the kernel driver
 * (backend/driver.c) and, later, the simulator. Calls return 0 or a negative
 * errno as listed in hv_ioctl.h; none blocks for longer than a hypercall.
 */
#ifndef BACKEND_H
#define BACKEND_H

#include "hv_call.h"
#include "hv_platform.h"
#include "hv_ring.h"
#include "hv_validate.h"

struct backend;

struct backend_ops {
	int (*platform)(struct backend *backend, HvPlatform *ret_platform);
	int (*root_config)(struct backend *backend, HvZoneConfig *ret_config);
	int (*stats)(struct backend *backend, struct hv_stats *ret_stats);
	/* -EDOM, -EADDRINUSE: *ret_violation is filled */
	int (*create)(struct backend *backend, const HvZoneConfig *config,
		      struct hv_violation *ret_violation);
	int (*start)(struct backend *backend, uint32_t zone);
	int (*stop)(struct backend *backend, uint32_t zone);
	int (*destroy)(struct backend *backend, uint32_t zone);
	/* Both answer at once; that the zone is paused (HV_ZONE_PAUSED) comes as a change. -EBUSY: not in this state. */
	int (*pause)(struct backend *backend, uint32_t zone);
	int (*resume)(struct backend *backend, uint32_t zone);
	int (*status)(struct backend *backend, uint32_t zone, struct hv_zone_status *ret_status);
	int (*config)(struct backend *backend, uint32_t zone, HvZoneConfig *ret_config);
	int (*list)(struct backend *backend, uint64_t *ret_zones);
	/* A new file descriptor bound to the zone, for loading and for its device process. */
	int (*bind)(struct backend *backend, uint32_t zone);
	/* Readable (an eventfd) when a zone's status changed. Owned by the backend. */
	int (*event_fd)(struct backend *backend);
	void (*free)(struct backend *backend);
};

struct backend {
	const struct backend_ops *ops;
};

/* Opens /dev/hvisor and checks the ABI version. 0, -ENOENT (no driver), -EPROTO (another ABI)… */
int backend_driver_new(const char *path, struct backend **ret_backend);

#endif
