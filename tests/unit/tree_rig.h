/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A zone, a tree that is right for it, edits to that, and the findings. */
#ifndef TREE_RIG_H
#define TREE_RIG_H

#include "test.h"
#include "tree.h"

/*
 * Two CPUs (physical 2 and 3), 256 MiB of RAM at guest-physical 0x40000000, an
 * io region (physical 0x30a60000, seen at 0x10000000), a console (0xa003c00,
 * 78), a power key (0xa004000, 79), hardware interrupts 61, 75, 76 and 77.
 */
extern HvZoneConfig rig_hv;
extern struct config_device rig_devices[2];
extern struct tree_zone rig_zone;
extern struct config_board rig_board;
extern HvPlatform rig_platform;

/* Back to the above. */
void rig_reset(void);

/* Makes the tree that the edits are of, with room to grow. Frees the last one. */
void rig_make(const struct tree_chosen *chosen);
extern void *rig_tree;
extern size_t rig_size; /* of the buffer, which is what tree_check() is told */

/* Edits. Nodes by path; what is not there is made. */
void rig_cells(const char *path, const char *name, unsigned count, ...); /* uint32_t each */
void rig_string(const char *path, const char *name, const char *value);
void rig_bytes(const char *path, const char *name, const void *data, size_t size);
void rig_delete(const char *path, const char *name); /* NULL: the node */

/* Findings since the last rig_check(), each as "error zone.dtb_cpus: MESSAGE\n". */
extern char rig_findings[65536];
extern char rig_last[1024]; /* the last of them */
extern bool rig_silent;     /* only count, and keep the last */
extern unsigned rig_count;
extern const struct tree_sink rig_sink;

int rig_check(void);

/* Checks, and wants just one finding, which begins so and holds the text. */
void rig_expect(const char *beginning, const char *text);
void rig_expect_none(void);

/* Reads a file whole. */
void *rig_read(const char *path, size_t *ret_size);

#endif
