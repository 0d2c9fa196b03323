/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail(const struct config_device *device, int err, const char *why,
		struct device_files_error *ret_error)
{
	snprintf(ret_error->message, sizeof(ret_error->message), "disk %.180s: %.60s", device->path, why);
	return err;
}

/* Since the file was checked another may have taken its place. */
static int check(int fd, const struct config_device *device, struct device_files_error *ret_error)
{
	const off_t size = lseek(fd, 0, SEEK_END);
	struct stat info;

	if (size < 0 || fstat(fd, &info) < 0)
		return fail(device, -errno, strerror(errno), ret_error);
	if (!S_ISREG(info.st_mode) && !S_ISBLK(info.st_mode))
		return fail(device, -EINVAL, "neither a regular file nor a block device", ret_error);
	if (size == 0 || size % device->block_size != 0)
		return fail(device, -EINVAL, "its size is no whole number of blocks", ret_error);
	return 0;
}

static int lock(int fd, const struct config_device *device, struct device_files_error *ret_error)
{
	struct flock lock = { .l_type = device->readonly ? F_RDLCK : F_WRLCK, .l_whence = SEEK_SET };

	if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
		return 0;
	return fail(device, -errno,
		    errno == EAGAIN || errno == EACCES ? "in use by another zone or program"
						       : strerror(errno),
		    ret_error);
}

int disk_open(const struct config_device *device, int *ret_fd, struct device_files_error *ret_error)
{
	struct stat info;
	int flags = (device->readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	int fd, r;

	/* of a block device: nobody has mounted it */
	if (!device->readonly && stat(device->path, &info) == 0 && S_ISBLK(info.st_mode))
		flags |= O_EXCL;
	fd = open(device->path, flags);
	if (fd < 0)
		return fail(device, -errno, strerror(errno), ret_error);
	r = check(fd, device, ret_error);
	if (r == 0)
		r = lock(fd, device, ret_error);
	if (r == 0)
		*ret_fd = fd;
	else
		close(fd);
	return r;
}
