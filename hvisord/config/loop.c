/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "loop.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define LOOPS "/sys/block"

/* The kernel's way to write down a device's number, huge_encode_dev(), is not that of stat(2). */
static dev_t decode(uint64_t number)
{
	return makedev((unsigned)(number >> 8 & 0xfff),
		       (unsigned)((number & 0xff) | (number >> 12 & 0xfff00)));
}

static struct loop_file file_of(const struct loop_info64 *info)
{
	return (struct loop_file){ .device = decode(info->lo_device), .inode = (ino_t)info->lo_inode };
}

bool loop_whole_file(int fd, struct loop_file *ret_file)
{
	struct loop_info64 info;

	if (ioctl(fd, LOOP_GET_STATUS64, &info) < 0 || info.lo_offset != 0 || info.lo_sizelimit != 0)
		return false;
	*ret_file = file_of(&info);
	return true;
}

/* Those that have a file have a folder of that name in sysfs: no other is touched. */
static bool has_file(const char *entry)
{
	char path[sizeof(LOOPS) + 256 + sizeof("/loop")];

	snprintf(path, sizeof(path), LOOPS "/%.255s/loop", entry);
	return strncmp(entry, "loop", strlen("loop")) == 0 && access(path, F_OK) == 0;
}

static bool uses(const char *name, const struct loop_file *file, bool writable)
{
	const int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct loop_info64 info;
	bool used;

	if (fd < 0)
		return false;
	used = ioctl(fd, LOOP_GET_STATUS64, &info) == 0 && file_of(&info).device == file->device &&
	       file_of(&info).inode == file->inode &&
	       (!writable || (info.lo_flags & LO_FLAGS_READ_ONLY) == 0);
	close(fd);
	return used;
}

bool loop_find(const struct loop_file *file, bool writable, char ret_name[LOOP_NAME_SIZE])
{
	DIR *dir = opendir(LOOPS);
	bool found = false;

	while (dir != NULL && !found) {
		const struct dirent *entry = readdir(dir);

		if (entry == NULL)
			break;
		if (!has_file(entry->d_name))
			continue;
		snprintf(ret_name, LOOP_NAME_SIZE, "/dev/%.20s", entry->d_name);
		found = uses(ret_name, file, writable);
	}
	if (dir != NULL)
		closedir(dir);
	return found;
}
