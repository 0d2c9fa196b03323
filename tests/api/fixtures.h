/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The images that the zone files of the tests name, made in a folder of their own. */
#ifndef FIXTURES_H
#define FIXTURES_H

#include <stddef.h>

/*
 * Makes a temporary folder, goes there and fills it:
 *   Image        4096 bytes, not a Linux kernel
 *   linux.Image  4096 bytes that say they need 0x2000000 in RAM
 *   empty        nothing
 *   huge         768 MiB and one byte, sparse
 *   folder/      no file
 *   linux2.dtb   a tree that fits the specification's example
 *   garbage.dtb  no tree
 *   cut.dtb      half of linux2.dtb
 *   large.dtb    past 2 MiB
 *   memory.dtb   a tree with memory that the zone does not have
 *   initrd.dtb   a tree with an initramfs outside the zone's RAM
 *   cpus.dtb     a tree with three CPUs
 *   console.dtb  linux2.dtb with a virtio console at 0xa003c00, interrupt 78
 */
void fixture_enter(void);
void fixture_leave(void);

/* Zone files that are too large to be kept with the tests: text repeated, and an end. */
struct fixture_text {
	const char *name;
	const char *repeated;
	size_t times;
	const char *end;
};
extern const struct fixture_text fixture_texts[]; /* ends with a NULL name */
void fixture_write_text(const struct fixture_text *text, const char *path);

#endif
