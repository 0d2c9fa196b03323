/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * User mappings of a bound handle. Each slot has its own range of page offsets
 * in the address space of the device file, so that one slot's mappings can be
 * withdrawn and no other's.
 */
#ifndef DRIVER_MEMORY_H
#define DRIVER_MEMORY_H

struct handle;
struct slot;
struct vm_area_struct;

/*
 * mmap(2) as hv_ioctl.h describes it. EBADF: not bound; EINVAL: private, or
 * not within one RAM region or the ring; EPERM: executable; ENOENT: the zone is gone.
 */
int memory_map(struct handle *handle, struct vm_area_struct *vma);

/* Withdraws all user mappings of the slot's zone; a later touch faults anew. slot->sem held for writing. */
void memory_zap(struct slot *slot);

#endif
