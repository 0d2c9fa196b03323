/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "loop.h"

/* A loop device is its file, to which another zone may write under its own name. */
static void identify_block(int fd, const struct stat *info, struct config_probe *probe)
{
	struct loop_file file;

	probe->inode = info->st_rdev;
	if (!loop_whole_file(fd, &file))
		return;
	probe->device = file.device;
	probe->inode = file.inode;
}

/* 0, or -EINVAL: of another kind. */
static int identify(int fd, bool disk, struct config_probe *probe)
{
	struct stat info;
	off_t end;

	if (fstat(fd, &info) < 0)
		return -errno;
	if (disk && S_ISBLK(info.st_mode)) {
		end = lseek(fd, 0, SEEK_END);
		if (end < 0 || lseek(fd, 0, SEEK_SET) < 0)
			return -errno;
		probe->size = (uint64_t)end;
		identify_block(fd, &info, probe);
		return 0;
	}
	if (!S_ISREG(info.st_mode))
		return -EINVAL;
	probe->size = (uint64_t)info.st_size;
	probe->device = info.st_dev;
	probe->inode = info.st_ino;
	return 0;
}

/* A descriptor, or a negative errno. Does not wait for the writer of a pipe. */
static int open_file(const char *path, bool disk, struct config_probe *probe)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int r;

	if (fd < 0)
		return -errno;
	r = identify(fd, disk, probe);
	if (r == 0)
		return fd;
	close(fd);
	return r;
}

/* Up to size bytes; fewer only at the end of the file. */
static int read_some(int fd, char *data, size_t size, size_t *ret_read)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = read(fd, data + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	*ret_read = done;
	return 0;
}

static int read_once(const char *path, size_t max, char **ret_data, size_t *ret_size)
{
	struct config_probe probe = { 0 };
	int fd = open_file(path, false, &probe);
	uint64_t size = fd < 0 ? 0 : probe.size;
	size_t length = 0;
	char *data = NULL;
	int r = fd < 0 ? fd : 0;

	if (r == 0 && size > max)
		r = -EFBIG;
	/* One byte more than it had a moment ago tells whether it grew past max; the NUL goes behind. */
	if (r == 0 && !(data = malloc(size + 2)))
		r = -ENOMEM;
	if (r == 0)
		r = read_some(fd, data, size + 1, &length);
	if (r == 0 && length > size)
		r = -EAGAIN;
	if (fd >= 0)
		close(fd);
	if (r < 0) {
		free(data);
		return r;
	}
	data[length] = '\0';
	*ret_data = data;
	*ret_size = length;
	return 0;
}

static int probe_once(const char *path, bool disk, struct config_probe *ret_probe)
{
	struct config_probe probe = { 0 };
	int fd = open_file(path, disk, &probe);
	size_t length;
	int r;

	if (fd < 0)
		return fd;
	r = read_some(fd, (char *)probe.head, sizeof(probe.head), &length);
	close(fd);
	if (r == 0)
		*ret_probe = probe;
	return r;
}

/* Once is chance, twice is the disk. */
static bool is_chance(int r)
{
	return r == -EIO || r == -EINTR;
}

static int disk_read(const struct config_files *files, const char *path, size_t max, char **ret_data,
		     size_t *ret_size)
{
	int r = read_once(path, max, ret_data, ret_size);

	(void)files;
	return is_chance(r) ? read_once(path, max, ret_data, ret_size) : r;
}

static int disk_probe(const struct config_files *files, const char *path, struct config_probe *ret_probe)
{
	int r = probe_once(path, false, ret_probe);

	(void)files;
	return is_chance(r) ? probe_once(path, false, ret_probe) : r;
}

static int disk_probe_disk(const struct config_files *files, const char *path, struct config_probe *ret_probe)
{
	int r = probe_once(path, true, ret_probe);

	(void)files;
	return is_chance(r) ? probe_once(path, true, ret_probe) : r;
}

const struct config_files config_disk = { .read = disk_read,
					  .probe = disk_probe,
					  .probe_disk = disk_probe_disk };
