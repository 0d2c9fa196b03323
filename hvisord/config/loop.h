/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loop devices: block devices whose content is a file's, which others may have open as well (loop(4)). */
#ifndef LOOP_H
#define LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define LOOP_NAME_SIZE 32u /* bytes of "/dev/loopN" */

/* A file as stat(2) names it. */
struct loop_file {
	dev_t device;
	ino_t inode;
};

/*
 * The file whose content is that of the block device open at fd, from its first
 * byte to its last. False: there is none, or the device has a part of one.
 */
bool loop_whole_file(int fd, struct loop_file *ret_file);

/* A loop device that has that file or a part of it, and can write to it if writable is set. */
bool loop_find(const struct loop_file *file, bool writable, char ret_name[LOOP_NAME_SIZE]);

#endif
