/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "loop.h"

#define LOCK_TRIES 100u
#define LOCK_WAIT_NS 20000000 /* between two */

static int fail(const struct config_device *device, int err, const char *why,
		struct device_files_error *ret_error)
{
	snprintf(ret_error->message, sizeof(ret_error->message), "blk at 0x%llx: disk %.150s: %.60s",
		 (unsigned long long)device->ipa, device->path, why);
	return err;
}

/*
 * Looks at what it is before it is opened: opening alone can do something, or
 * wait. Then opens just that, whatever has taken its place meanwhile.
 */
static int open_looked_at(const struct config_device *device, int place, int *ret_fd,
			  struct device_files_error *ret_error)
{
	int flags = (device->readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	char path[32];
	struct stat info;

	if (fstat(place, &info) < 0)
		return fail(device, -errno, strerror(errno), ret_error);
	if (!S_ISREG(info.st_mode) && !S_ISBLK(info.st_mode))
		return fail(device, -EINVAL, "neither a regular file nor a block device", ret_error);
	if (S_ISBLK(info.st_mode) && !device->readonly)
		flags |= O_EXCL; /* nobody has mounted it */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", place);
	*ret_fd = open(path, flags);
	if (*ret_fd >= 0)
		return 0;
	return fail(device, -errno, errno == EBUSY ? "in use, or mounted" : strerror(errno), ret_error);
}

static int check_size(int fd, const struct config_device *device, struct device_files_error *ret_error)
{
	const off_t size = lseek(fd, 0, SEEK_END);

	if (size < 0)
		return fail(device, -errno, strerror(errno), ret_error);
	if (size == 0 || size % device->block_size != 0)
		return fail(device, -EINVAL, "its size is no whole number of blocks", ret_error);
	return 0;
}

/*
 * The kernel gives back the lock of a device process that died only after all
 * that was under way, a little later than it says that the process is dead.
 */
static int lock(int fd, const struct config_device *device, struct device_files_error *ret_error)
{
	const struct timespec wait = { .tv_nsec = LOCK_WAIT_NS };
	struct flock lock = { .l_type = device->readonly ? F_RDLCK : F_WRLCK, .l_whence = SEEK_SET };

	for (unsigned i = 0; i < LOCK_TRIES; i++) {
		if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
			return 0;
		if (errno != EAGAIN && errno != EACCES)
			return fail(device, -errno, strerror(errno), ret_error);
		nanosleep(&wait, NULL);
	}
	return fail(device, -EBUSY, "in use by another zone or program", ret_error);
}

/* Who opens a loop device, or has mounted it, locks nothing of the file behind it. */
static int check_loops(int fd, const struct config_device *device, struct device_files_error *ret_error)
{
	char name[LOOP_NAME_SIZE], why[LOOP_NAME_SIZE + 32];
	struct loop_file file;
	struct stat info;

	if (fstat(fd, &info) < 0)
		return fail(device, -errno, strerror(errno), ret_error);
	file = (struct loop_file){ .device = info.st_dev, .inode = info.st_ino };
	if (!S_ISREG(info.st_mode) || !loop_find(&file, device->readonly, name))
		return 0;
	snprintf(why, sizeof(why), "in use by %s", name);
	return fail(device, -EBUSY, why, ret_error);
}

int disk_open(const struct config_device *device, int *ret_fd, struct device_files_error *ret_error)
{
	const int place = open(device->path, O_PATH | O_CLOEXEC);
	int fd = -1, r;

	if (place < 0)
		return fail(device, -errno, strerror(errno), ret_error);
	r = open_looked_at(device, place, &fd, ret_error);
	close(place);
	if (r != 0)
		return r;
	r = check_size(fd, device, ret_error);
	if (r == 0)
		r = lock(fd, device, ret_error);
	if (r == 0)
		r = check_loops(fd, device, ret_error);
	if (r == 0)
		*ret_fd = fd;
	else
		close(fd);
	return r;
}
