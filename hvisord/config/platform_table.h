/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The boards compiled in. Each board's files define platform_board and
 * platform_root_zone; the build gives them names of their own here, so that one
 * program can hold several. A new board is one line, and one in meson.build.
 */
#ifndef CONFIG_PLATFORM_TABLE_H
#define CONFIG_PLATFORM_TABLE_H

#include "hv_platform.h"

#define PLATFORM_BOARDS BOARD(qemu_virt)

#define BOARD(symbol)                                                                                        \
	extern const HvPlatform platform_board_##symbol;                                                     \
	extern const HvZoneConfig platform_root_zone_##symbol;
PLATFORM_BOARDS
#undef BOARD

#endif
