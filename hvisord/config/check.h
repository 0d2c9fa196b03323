/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CONFIG_CHECK_H
#define CONFIG_CHECK_H

#include "config.h"
#include "files.h"

/* config_check() with all files, zone files and images alike, reached through files. */
int config_check_files(const struct config_files *files, const char *const *paths, unsigned num_paths,
		       const struct config_board *board, struct config_zone ***ret_zones, unsigned *ret_count,
		       struct config_findings *ret_findings);

#endif
