/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a zone's devices need of the root zone, disks and taps, as descriptors:
 * the daemon opens them, since the device process can open nothing.
 */
#ifndef DEVICE_FILES_H
#define DEVICE_FILES_H

#include "plan.h"

#define DEVICE_FILES_MAX (CONFIG_MAX_DEVICES * CONFIG_MAX_QUEUES) /* one a queue at most */

struct device_files_error {
	char message[256]; /* names the device and its file or interface */
};

/* Descriptors in the order of the plan's devices. Zeroed: none. */
struct device_files {
	unsigned count;
	int fd[DEVICE_FILES_MAX];
};

/*
 * Opens all there is to open; may wait for storage, so it is for worker
 * threads. 0, or a negative errno with *ret_error, and nothing stays open.
 */
int device_files_open(const struct zone_plan *plan, struct device_files *ret_files,
		      struct device_files_error *ret_error);

/* The device process has its own by now, or will not be. Leaves none. */
void device_files_close(struct device_files *files);

/* How many of them a device has. */
unsigned device_files_of(const struct config_device *device);

#endif
