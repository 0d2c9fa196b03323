// SPDX-License-Identifier: GPL-2.0-or-later
#include "handle.h"

#include <linux/module.h>
#include <linux/slab.h>

#include "events.h"
#include "ioctl.h"
#include "memory.h"
#include "slot.h"

static int handle_mmap(struct file *file, struct vm_area_struct *vma)
{
	return memory_map(file->private_data, vma);
}

static int handle_open(struct inode *inode, struct file *file)
{
	struct handle *handle = kzalloc(sizeof(*handle), GFP_KERNEL);

	if (!handle)
		return -ENOMEM;
	handle->file = file;
	mutex_init(&handle->lock);
	events_add(handle);
	file->private_data = handle;
	return nonseekable_open(inode, file);
}

static int handle_release(struct inode *inode, struct file *file)
{
	struct handle *handle = file->private_data;

	if (handle->slot)
		slot_unbind(handle);
	else
		events_remove(handle);
	if (handle->eventfd)
		eventfd_ctx_put(handle->eventfd);
	mutex_destroy(&handle->lock);
	kfree(handle);
	return 0;
}

const struct file_operations handle_fops = {
	.owner = THIS_MODULE,
	.open = handle_open,
	.release = handle_release,
	.unlocked_ioctl = ioctl_call,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = handle_mmap,
	.llseek = no_llseek,
};
