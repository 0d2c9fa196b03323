/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One slot for each zone id: what the driver must know of a zone to take its
 * memory from user space in time. The truth about zones stays in EL2.
 *
 * A zone that is created, destroyed and created again is another zone with the
 * same id. The slot's epoch tells them apart: it moves on with every accepted
 * destroy and create, and a handle with an older epoch reaches nothing. All
 * such calls pass through here, since only this driver makes hypercalls and it
 * cannot be unloaded while a handle is open.
 */
#ifndef DRIVER_SLOT_H
#define DRIVER_SLOT_H

#include <linux/list.h>
#include <linux/rwsem.h>
#include <linux/types.h>

#include "hv_ioctl.h"

struct handle;

/*
 * sem is held for writing by whatever may change who owns the zone's RAM, and
 * for reading by page faults and calls of bound handles. It nests inside
 * mmap_lock: no user memory is touched under it.
 */
struct slot {
	struct rw_semaphore sem;
	u32 id;
	u64 epoch;       /* written under sem and the lock of events.c */
	bool ram_hidden; /* the root zone has no mapping for the zone's RAM */
	struct list_head handles;
};

void slot_init_all(void);

/* NULL: no zone can have this id. */
struct slot *slot_get(u32 id);

/* The management calls. 0 or a negative errno of hv_ioctl.h. */
int slot_create(HvZoneConfig *config, u64 *ret_violation);
int slot_start(u32 id);
int slot_destroy(u32 id);

/*
 * Binds the handle to the existing zone; handle->lock is held. EINVAL: no such
 * id, or the root zone; ENOENT: no such zone, or it is being destroyed.
 */
int slot_bind(u32 id, struct handle *handle);

/* Undoes slot_bind() when the file is closed. */
void slot_unbind(struct handle *handle);

/*
 * Between the two a bound handle's zone is not destroyed. ENOENT: it already
 * is; then there is nothing to leave.
 */
int slot_enter(struct handle *handle);
void slot_leave(struct handle *handle);

#endif
