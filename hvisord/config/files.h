/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the library reaches files: the disk's, or those a test keeps in memory. */
#ifndef CONFIG_FILES_H
#define CONFIG_FILES_H

#include <stddef.h>
#include <stdint.h>

#define CONFIG_HEAD_SIZE 64u /* of an arm64 kernel Image */

struct config_probe {
	uint64_t size;
	uint64_t device, inode;         /* which file it is; of a block device, which device */
	uint8_t head[CONFIG_HEAD_SIZE]; /* the first bytes, zeros behind the end */
};

/*
 * All return 0 with the output filled, or leave it untouched and return
 * -EINVAL: not a regular file (nor a block device, which a disk may be); -EFBIG: larger than max; or another negative errno.
 */
struct config_files {
	/* The whole file and a NUL behind it, to be freed. */
	int (*read)(const struct config_files *files, const char *path, size_t max, char **ret_data,
		    size_t *ret_size);
	int (*probe)(const struct config_files *files, const char *path, struct config_probe *ret_probe);
	int (*probe_disk)(const struct config_files *files, const char *path, struct config_probe *ret_probe);
};

extern const struct config_files config_disk;

#endif
