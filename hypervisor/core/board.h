/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_BOARD_H
#define CORE_BOARD_H

#include "hv_platform.h"

/*
 * Checks a board description against itself: counts, whole pages below 2^40,
 * RAM, device windows and interrupt controller apart from each other, the
 * hypervisor's memory in RAM. What hv_config_validate() trusts.
 */
bool board_valid(const HvPlatform *board);

/* All of the range is RAM; adjoining ranges count as one, as they do to hv_config_validate(). */
bool board_has_ram(const HvPlatform *board, uint64_t start, uint64_t size);

#endif
