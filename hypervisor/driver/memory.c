// SPDX-License-Identifier: GPL-2.0-or-later
#include "memory.h"

#include <linux/mm.h>

#include "handle.h"
#include "slot.h"

/* Page offsets of one slot: guest RAM, then the ring; a power of two. */
#define SLOT_PAGES ((2 * HV_MMAP_RING) >> PAGE_SHIFT)

static unsigned long slot_base(const struct slot *slot)
{
	return slot->id * SLOT_PAGES;
}

/*
 * Host address of a range of mmap offsets; false if it is not wholly in one RAM region or the ring, or not
 * where this kernel's pages, which may be larger than HV_PAGE_SIZE, can show it.
 */
static bool translate(const struct handle *handle, u64 offset, u64 size, u64 *ret_pa)
{
	u32 i;

	if (offset == HV_MMAP_RING && size == HV_PAGE_SIZE) {
		*ret_pa = handle->ring;
		return handle->ring != 0;
	}
	for (i = 0; i < handle->config->num_regions; i++) {
		const struct hv_memory_region *r = &handle->config->regions[i];

		if (r->type == HV_REGION_RAM &&
		    hv_range_contains(r->virtual_start, r->size, offset - HV_MMAP_RAM, size)) {
			*ret_pa = r->physical_start + (offset - HV_MMAP_RAM - r->virtual_start);
			return PAGE_ALIGNED(*ret_pa);
		}
	}
	return false;
}

/*
 * Pages enter the table dirty: where the CPU does not set that bit itself each
 * would fault once more when first written, and nobody asks for it here.
 */
static pgprot_t page_prot(const struct vm_area_struct *vma)
{
	if (!(vma->vm_flags & VM_WRITE))
		return vma->vm_page_prot;
	return pte_pgprot(pte_mkdirty(pfn_pte(0, vma->vm_page_prot)));
}

/*
 * Maps all of the vma that shares a last-level table with the address: an image
 * is loaded front to back, and one fault for each page would cost more than the
 * copy. Not as one huge entry: in this kernel nothing marks such an entry as
 * special, and get_user_pages() would look for its struct page, which there is none of.
 */
static vm_fault_t map_around(const struct handle *handle, const struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	unsigned long table = vmf->address & PMD_MASK;
	unsigned long start = max(vma->vm_start, table);
	unsigned long end = min(vma->vm_end - 1, table + PMD_SIZE - 1) + 1;
	u64 pgoff = vma->vm_pgoff + ((start - vma->vm_start) >> PAGE_SHIFT) - slot_base(handle->slot);
	pgprot_t prot = page_prot(vma);
	vm_fault_t ret = VM_FAULT_SIGBUS;
	u64 pa;

	if (!translate(handle, pgoff << PAGE_SHIFT, end - start, &pa))
		return VM_FAULT_SIGBUS;
	if (handle->slot->ram_hidden && pgoff << PAGE_SHIFT != HV_MMAP_RING)
		return VM_FAULT_SIGBUS;
	for (; start < end; start += PAGE_SIZE, pa += PAGE_SIZE) {
		ret = vmf_insert_pfn_prot(vma, start, PHYS_PFN(pa), prot);
		if (ret != VM_FAULT_NOPAGE)
			break;
	}
	return ret;
}

static vm_fault_t memory_fault(struct vm_fault *vmf)
{
	struct handle *handle = vmf->vma->vm_file->private_data;
	vm_fault_t ret;

	/* Whoever withdraws the zone's memory waits for us, and then finds all that we put in. */
	if (slot_enter(handle))
		return VM_FAULT_SIGBUS;
	ret = map_around(handle, vmf);
	slot_leave(handle);
	return ret;
}

static const struct vm_operations_struct memory_ops = {
	.fault = memory_fault,
};

int memory_map(struct handle *handle, struct vm_area_struct *vma)
{
	struct slot *slot = handle_slot(handle);
	u64 pa;
	int err;

	if (!slot)
		return -EBADF;
	/* VM_SHARED is not there where the file is open for reading only. */
	if (!(vma->vm_flags & VM_MAYSHARE) || vma->vm_pgoff >= SLOT_PAGES)
		return -EINVAL;
	if (vma->vm_flags & VM_EXEC)
		return -EPERM;
	err = slot_enter(handle);
	if (err)
		return err;
	if (!translate(handle, (u64)vma->vm_pgoff << PAGE_SHIFT, vma->vm_end - vma->vm_start, &pa))
		err = -EINVAL;
	slot_leave(handle);
	if (err)
		return err;
	vma->vm_flags |= VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP | VM_DONTCOPY;
	vma->vm_flags &= ~VM_MAYEXEC;
	vma->vm_pgoff += slot_base(slot);
	vma->vm_ops = &memory_ops;
	return 0;
}

void memory_zap(struct slot *slot)
{
	const struct handle *handle;

	/* Device files of several nodes have address spaces of their own. */
	list_for_each_entry(handle, &slot->handles, node)
		unmap_mapping_range(handle->file->f_mapping, (loff_t)slot_base(slot) << PAGE_SHIFT,
				    (loff_t)SLOT_PAGES << PAGE_SHIFT, 1);
}
