/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening the disk of a zone's block device. */
#ifndef DISK_H
#define DISK_H

#include "device_files.h"

/*
 * Opens the device's image, for reading alone if it is read only, and locks it
 * against any other zone or program that would write to it or that it would
 * write behind: the lock is as old as the descriptor, wherever that goes. A
 * block device must not be in use, nor a file be that of a loop device unless
 * neither writes. Waits up to two seconds for the lock. 0, or a negative errno
 * with *ret_error.
 */
int disk_open(const struct config_device *device, int *ret_fd, struct device_files_error *ret_error);

#endif
