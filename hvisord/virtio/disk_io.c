/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "disk_io.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>

#include "disk_engine.h"

#ifdef DISK_HAS_URING
static const struct disk_engine_ops *const uring = &disk_uring;
#else
static const struct disk_engine_ops *const uring = NULL;
#endif

/* io_uring takes O_NONBLOCK at its word on some file systems: EAGAIN instead of a read. */
static int make_waiting(int fd)
{
	const int flags = fcntl(fd, F_GETFL);

	return flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0 ? -errno : 0;
}

int disk_io_new(int fd, enum disk_engine engine, struct disk_io **ret_disk, int *ret_event)
{
	int err = make_waiting(fd);

	if (err)
		return err;
	err = -ENOSYS;
	if (engine != DISK_ENGINE_THREADS && uring)
		err = uring->new (fd, ret_disk, ret_event);
	if (err && engine != DISK_ENGINE_URING)
		err = disk_threads.new(fd, ret_disk, ret_event);
	return err;
}

void disk_io_free(struct disk_io *disk)
{
	if (disk)
		disk->ops->free(disk);
}

const char *disk_io_name(const struct disk_io *disk)
{
	return disk->ops->name;
}

void disk_io_submit(struct disk_io *disk, struct disk_request *request)
{
	disk->ops->submit(disk, request);
}

void disk_io_kick(struct disk_io *disk)
{
	disk->ops->kick(disk);
}

void disk_io_reap(struct disk_io *disk)
{
	disk->ops->reap(disk);
}

void disk_io_cancel(struct disk_request *request)
{
	__atomic_store_n(&request->cancelled, true, __ATOMIC_RELAXED);
}

bool disk_io_wait(struct disk_io *disk)
{
	return disk->ops->wait(disk);
}

void disk_io_drain(struct disk_io *disk)
{
	disk_io_kick(disk);
	while (disk_io_wait(disk))
		;
}
