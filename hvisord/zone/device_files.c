/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "device_files.h"

#include <assert.h>
#include <unistd.h>

#include "disk.h"
#include "tap.h"

/* Fills fds with as many descriptors as device_files_of() says. Leaves none open when it fails. */
typedef int open_fn(const struct config_device *device, int *fds, struct device_files_error *ret_error);

static unsigned one(const struct config_device *device)
{
	(void)device;
	return 1;
}

static unsigned each_queue(const struct config_device *device)
{
	return device->queues;
}

/* Types that are not here need nothing. */
static const struct {
	unsigned (*count)(const struct config_device *device);
	open_fn *open;
} types[CONFIG_DEVICE_TYPES] = {
	[CONFIG_DEVICE_BLK] = { one, disk_open },
	[CONFIG_DEVICE_NET] = { each_queue, tap_open },
};

unsigned device_files_of(const struct config_device *device)
{
	return types[device->type].count != NULL ? types[device->type].count(device) : 0;
}

static int open_one(const struct config_device *device, struct device_files *files,
		    struct device_files_error *ret_error)
{
	const unsigned count = device_files_of(device);
	int r;

	if (count == 0)
		return 0;
	assert(count <= DEVICE_FILES_MAX - files->count); /* as devices and queues were checked */
	r = types[device->type].open(device, files->fd + files->count, ret_error);
	if (r == 0)
		files->count += count;
	return r;
}

int device_files_open(const struct zone_plan *plan, struct device_files *ret_files,
		      struct device_files_error *ret_error)
{
	int r = 0;

	ret_files->count = 0;
	for (unsigned i = 0; r == 0 && i < plan->num_devices; i++)
		r = open_one(&plan->devices[i], ret_files, ret_error);
	if (r != 0)
		device_files_close(ret_files);
	return r;
}

void device_files_close(struct device_files *files)
{
	while (files->count > 0)
		close(files->fd[--files->count]);
}
