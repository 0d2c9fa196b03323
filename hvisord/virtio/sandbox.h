/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the device process gives up before it looks at anything of its zone.
 * It keeps: the driver handle bound to the zone, the listening link socket,
 * stderr, and memory.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <stdint.h>

/*
 * The user and group of zone N's process when it was started by root:
 * SANDBOX_FIRST_UID + N, at the start of the range that systemd keeps for
 * dynamic users (61184 - 65519), so no file of the system belongs to it.
 */
#define SANDBOX_FIRST_UID 61184u

/*
 * Closes every descriptor from keep on, points 0 and 1 to /dev/null; a session
 * of its own, in the root folder; no core dumps, few descriptors;
 * another uid; no capability survives; nothing gained by exec; not traceable
 * by its own uid. 0 or a negative errno, with *ret_step naming what failed.
 */
int sandbox_enter(uint32_t zone_id, unsigned keep, const char **ret_step);

/*
 * The threads are there: no more of them, and no child. Before anything of the
 * guest is looked at. Returns as sandbox_enter().
 */
int sandbox_seal(const char **ret_step);

#endif
