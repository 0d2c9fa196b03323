/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an engine of disk_io.h is; for those that are one. */
#ifndef DISK_ENGINE_H
#define DISK_ENGINE_H

#include "disk_io.h"

/* The functions of disk_io.h by the same names. */
struct disk_engine_ops {
	const char *name;
	int (*new)(int fd, struct disk_io **ret_disk, int *ret_event);
	void (*free)(struct disk_io *disk);
	void (*submit)(struct disk_io *disk, struct disk_request *request);
	void (*kick)(struct disk_io *disk);
	void (*reap)(struct disk_io *disk);
	bool (*wait)(struct disk_io *disk);
};

/* First member of every engine's own. */
struct disk_io {
	const struct disk_engine_ops *ops;
};

extern const struct disk_engine_ops disk_threads;
extern const struct disk_engine_ops disk_uring; /* where built with it: DISK_HAS_URING */

#endif
