/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the device process gives up before it looks at anything of its zone.
 * It keeps: the driver handle bound to the zone, the listening link socket,
 * its disks and taps, stderr, and memory.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <stdint.h>

/*
 * The user and group of zone N's process when it was started by root:
 * SANDBOX_FIRST_UID + N, between the ranges that systemd hands out (its
 * UIDS-GIDS.md has 60706 - 61183 as unused) and above those of people, so no
 * file belongs to it, and no service's process may be sent signals by it.
 */
#define SANDBOX_FIRST_UID 60928u

/*
 * First, while the program is alone with itself: closes every descriptor from
 * keep on, points 0 and 1 to /dev/null; a session of its own, in the root
 * folder; no core dumps, no locked memory, few descriptors. 0 or a negative
 * errno, with *ret_step naming what failed.
 */
int sandbox_begin(unsigned keep, const char **ret_step);

/*
 * Once the handle is open, and before there are threads: another user, namespaces
 * of its own (files: an empty root; networks: none; IPC, names, control groups),
 * no capability, nothing gained by exec, not traceable by its own uid.
 * *ret_isolated: 0, or why the machine gives it no namespaces; the rest is done
 * then all the same, and the caller judges. Returns as sandbox_begin().
 */
int sandbox_enter(uint32_t zone_id, int *ret_isolated, const char **ret_step);

/*
 * Before anything of the guest is looked at, when all threads, rings and memory
 * are there: only the system calls that serving takes are left, see
 * sandbox_filter.c, and none of them gives memory: whoever asks malloc() for more
 * ends the process, as any other call does. 0 or a negative errno.
 */
int sandbox_seal(void);

#endif
