/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The calls of hv_ioctl.h, unlocked_ioctl of the device. */
#ifndef DRIVER_IOCTL_H
#define DRIVER_IOCTL_H

struct file;

/* ENOTTY: no such call, or another size of its struct; EBADF: not for this kind of handle. */
long ioctl_call(struct file *file, unsigned int cmd, unsigned long arg);

#endif
