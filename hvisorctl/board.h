/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What check and resources do without a daemon. */
#ifndef BOARD_H
#define BOARD_H

#include "config.h"
#include "ctl.h"

struct zone_files {
	char **paths;
	unsigned num_paths;
	struct config_board *board;
	struct config_zone **zones;
	unsigned num_zones;
	struct config_findings findings;
};

/*
 * Loads the board of --platform, --root-config and --root-dtb, and checks
 * operands: files, and directories for the zone files in them. CTL_OK also if
 * there are findings; otherwise it has said why. Give it to
 * zone_files_fini() in any case.
 */
int zone_files_load(const struct ctl *ctl, int argc, char **argv, struct zone_files *ret_files);
void zone_files_fini(struct zone_files *files);

void print_config_findings(FILE *to, const struct config_findings *findings);

/* As the daemon has it; NULL without memory. */
cJSON *config_finding_json(const struct config_finding *finding);

#endif
