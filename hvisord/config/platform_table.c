/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <string.h>

#include "platform_table.h"

static const struct {
	const HvPlatform *board;
	const HvZoneConfig *root;
} boards[] = {
#define BOARD(symbol) { &platform_board_##symbol, &platform_root_zone_##symbol },
	PLATFORM_BOARDS
#undef BOARD
};

#define COUNT (sizeof(boards) / sizeof(boards[0]))

const HvPlatform *config_platform(const char *name)
{
	for (size_t i = 0; i < COUNT; i++)
		if (strcmp(boards[i].board->name, name) == 0)
			return boards[i].board;
	return NULL;
}

const HvZoneConfig *config_platform_root(const char *name)
{
	for (size_t i = 0; i < COUNT; i++)
		if (strcmp(boards[i].board->name, name) == 0)
			return boards[i].root;
	return NULL;
}
