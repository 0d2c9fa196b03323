/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An open file of /dev/hvisor. It starts as a management handle; HV_IOC_BIND
 * through slot_bind() sets slot and what belongs to it, once and for good.
 */
#ifndef DRIVER_HANDLE_H
#define DRIVER_HANDLE_H

#include <linux/eventfd.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/mutex.h>

#include "hv_ioctl.h"

struct slot;

struct handle {
	struct file *file; /* no reference: the file owns the handle */
	struct mutex lock; /* serialises binding and changes of eventfd; taken before slot->sem */
	struct slot *slot; /* NULL: management. Read with handle_slot() */
	u64 epoch;         /* the slot's when bound: another one means that our zone is gone */
	u64 ring;          /* physical address of the ring page */
	HvZoneConfig *config;
	/* Under the lock of events.c; node also under the bound slot's sem. */
	struct list_head node;
	struct eventfd_ctx *eventfd; /* status changes, or requests once bound; may be NULL */
};

/* What slot_bind() stored is seen by whoever sees the slot. */
static inline struct slot *handle_slot(const struct handle *handle)
{
	return smp_load_acquire(&handle->slot);
}

extern const struct file_operations handle_fops;

#endif
