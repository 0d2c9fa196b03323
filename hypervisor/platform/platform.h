/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A board is two pieces of data, one folder each: what the board has, and the
 * root zone's share of it. Compiled into EL2, and into hvisord and hvisorctl
 * for checks without a running hypervisor.
 */
#ifndef PLATFORM_H
#define PLATFORM_H

#include "hv_platform.h"

extern const HvPlatform platform_board;       /* BOARD/board.c */
extern const HvZoneConfig platform_root_zone; /* BOARD/root_zone.c */

#endif
