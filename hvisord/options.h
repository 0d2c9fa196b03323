/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hvisord's command line. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>

struct options {
	const char *config_dir;
	const char *vendor_dir; /* NULL: none */
	const char *run_dir;
	const char *state_dir;
	const char *socket;         /* NULL: in run_dir */
	const char *device_program; /* NULL: where it was built or installed */
	const char *group;
	const char *admin_group;
	const char *backend;
	const char *device;
	const char *platform; /* of the simulator; NULL: its own */
	const char *root_dtb; /* NULL: none */
	bool debug;
};

enum options_result {
	OPTIONS_GOOD,
	OPTIONS_ANSWERED, /* --help, --version */
	OPTIONS_BAD,      /* said so on stderr */
};

/* Fills in what is usual where nothing is said. The strings are static or of argv. */
enum options_result options_parse(int argc, char **argv, const char *version, struct options *ret_options);

#endif
