/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "options.h"

#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ROOT_TREE "/sys/firmware/fdt"
#define RUN_DIR "/run/hvisor"
#define VENDOR_DIR "/usr/lib/hvisor/zones"

#define STRING(field) offsetof(struct options, field)

static const struct {
	const char *name;
	const char *value; /* as it stands in the usage */
	const char *initial;
	size_t offset;
	const char *doc;
} table[] = {
	{ "config-dir", "DIR", "/etc/hvisor/zones", STRING(config_dir), "zone files" },
	{ "vendor-dir", "DIR", NULL, STRING(vendor_dir), "more of them, hidden by those (" VENDOR_DIR ")" },
	{ "run-dir", "DIR", NULL, STRING(run_dir),
	  "records of running zones, links, the socket (" RUN_DIR "; with sim: STATE-DIR)" },
	{ "state-dir", "DIR", "/var/lib/hvisor", STRING(state_dir), "what is wanted of zones, console logs" },
	{ "socket", "PATH", NULL, STRING(socket), "where clients connect (RUN-DIR/hvisord.sock)" },
	{ "device-program", "PATH", NULL, STRING(device_program),
	  "the device process (hvisor-device, beside hvisord)" },
	{ "group", "GROUP", "hvisor", STRING(group), "whose members may look" },
	{ "admin-group", "GROUP", "hvisor-admin", STRING(admin_group), "whose members may change things" },
	{ "backend", "NAME", "driver", STRING(backend), "driver, or sim: a simulated board, for tests" },
	{ "device", "PATH", "/dev/hvisor", STRING(device), "the driver's device" },
	{ "platform", "NAME", NULL, STRING(platform), "the simulated board (qemu-virt)" },
	{ "root-dtb", "FILE", NULL, STRING(root_dtb), "the root zone's device tree (" ROOT_TREE ")" },
};
#define NUM_STRINGS ((int)(sizeof(table) / sizeof(table[0])))

enum {
	FIRST = 256, /* those of the table, in its order */
	DEBUG = FIRST + NUM_STRINGS,
	VERSION,
	HELP,
	NUM_OPTIONS = HELP - FIRST + 1
};

static const char **string_of(struct options *options, int i)
{
	return (const char **)(void *)((char *)options + table[i].offset);
}

static void print_usage(FILE *to)
{
	fputs("usage: hvisord [OPTION...]\n"
	      "Manages the zones of a hvisor board. See hvisord(8).\n\n",
	      to);
	for (int i = 0; i < NUM_STRINGS; i++) {
		int width = 20 - (int)strlen(table[i].name);

		fprintf(to, "  --%s %-*s %s", table[i].name, width, table[i].value, table[i].doc);
		if (table[i].initial != NULL)
			fprintf(to, " (%s)", table[i].initial);
		fputc('\n', to);
	}
	fputs("  --debug                 log more\n"
	      "  --version, --help\n",
	      to);
}

/* What is usual on a board; a simulated one has nothing but what it is given. */
static void add_defaults(struct options *options)
{
	bool is_board = strcmp(options->backend, "driver") == 0;

	if (options->run_dir == NULL)
		options->run_dir = is_board ? RUN_DIR : options->state_dir;
	if (!is_board)
		return;
	if (options->vendor_dir == NULL)
		options->vendor_dir = VENDOR_DIR;
	if (options->root_dtb == NULL && access(ROOT_TREE, R_OK) == 0)
		options->root_dtb = ROOT_TREE;
}

enum options_result options_parse(int argc, char **argv, const char *version, struct options *ret_options)
{
	struct option known[NUM_OPTIONS + 1] = { 0 };
	int c;

	*ret_options = (struct options){ 0 };
	for (int i = 0; i < NUM_STRINGS; i++) {
		known[i] = (struct option){ table[i].name, required_argument, NULL, FIRST + i };
		*string_of(ret_options, i) = table[i].initial;
	}
	known[DEBUG - FIRST] = (struct option){ "debug", no_argument, NULL, DEBUG };
	known[VERSION - FIRST] = (struct option){ "version", no_argument, NULL, VERSION };
	known[HELP - FIRST] = (struct option){ "help", no_argument, NULL, HELP };
	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (c == VERSION)
			printf("hvisord %s\n", version);
		else if (c == HELP)
			print_usage(stdout);
		if (c == VERSION || c == HELP)
			return OPTIONS_ANSWERED;
		if (c < FIRST)
			break;
		ret_options->debug |= c == DEBUG;
		if (c != DEBUG)
			*string_of(ret_options, c - FIRST) = optarg;
	}
	if (c != -1 || optind < argc) {
		print_usage(stderr);
		return OPTIONS_BAD;
	}
	add_defaults(ret_options);
	return OPTIONS_GOOD;
}
