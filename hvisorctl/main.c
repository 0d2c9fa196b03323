/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hvisorctl: one table of commands. Exit statuses and options are in hvisorctl(1). */
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

struct command {
	const char *name;
	ctl_fn run;
	int min, max;     /* operands; max -1: any number */
	unsigned options; /* CTL_OPTION_ bits it takes */
	const char *usage;
	const char *doc;
};

static const struct command commands[] = {
	{ "list", ctl_list, 0, 0, 0, "", "all zones" },
	{ "start", ctl_start, 1, -1, CTL_OPTION_TIMEOUT, "ZONE...", "start zones" },
	{ "stop", ctl_stop, 1, -1, CTL_OPTION_TIMEOUT | CTL_OPTION_MODE, "ZONE...", "stop zones" },
	{ "restart", ctl_restart, 1, -1, CTL_OPTION_TIMEOUT, "ZONE...", "stop and start zones" },
	{ "status", ctl_status, 0, -1, 0, "[ZONE...]", "all about zones, or about the system" },
	{ "console", ctl_console, 1, 1, CTL_OPTION_REPLAY | CTL_OPTION_IDLE | CTL_OPTION_WAIT, "ZONE",
	  "use a zone's console; Ctrl-] leaves" },
	{ "check", ctl_check, 1, -1, CTL_OPTION_PLATFORM, "FILE|DIR...",
	  "check zone files; needs no daemon" },
	{ "version", ctl_version, 0, 0, 0, "", "versions of hvisorctl and hvisord" },
	{ "schema", ctl_schema, 0, 0, CTL_OPTION_MARKDOWN, "", "the protocol, as JSON or Markdown" },
};
#define NUM_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void print_usage(FILE *to)
{
	fputs("usage: hvisorctl [OPTION...] COMMAND [OPERAND...]\n\n", to);
	for (size_t i = 0; i < NUM_COMMANDS; i++)
		fprintf(to, "  %-8s %-12s %s\n", commands[i].name, commands[i].usage, commands[i].doc);
	fputs("\n"
	      "  --json                machine-readable output\n"
	      "  --socket PATH         of hvisord (" HVISOR_CLIENT_SOCKET ")\n"
	      "  --timeout SECONDS     start, stop, restart: when to give up\n"
	      "  --mode MODE           stop: force (the default) or graceful\n"
	      "  --platform NAME       check: the board (qemu-virt)\n"
	      "  --replay BYTES        console: kept output to begin with (65536)\n"
	      "  --no-replay           console: none\n"
	      "  --idle-ms N           console, once its input has ended: leave after N ms without\n"
	      "                        output (1000; 0: stay)\n"
	      "  --wait SECONDS        console: leave after this time\n"
	      "  --markdown            schema: as Markdown\n"
	      "  --help\n"
	      "\n"
	      "ZONE is an id or a name. Exit status: 0 done, 1 failed, 2 usage, 3 not running,\n"
	      "4 no such zone, 5 config, 6 permission, 7 no daemon, 124 timeout.\n",
	      to);
}

static int usage_error(const char *what, const char *text)
{
	fprintf(stderr, "hvisorctl: %s%s; try --help\n", what, text);
	return CTL_USAGE;
}

/* Seconds, maybe with a fraction, as milliseconds; 0: not a time. */
static int parse_seconds(const char *text)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end != '\0' || !(seconds >= 0.001 && seconds <= 3600))
		return 0;
	return (int)(seconds * 1000);
}

/* A whole number up to max, or -1. */
static long parse_number(const char *text, long max)
{
	char *end;
	long number = strtol(text, &end, 10);

	return end != text && *end == '\0' && number >= 0 && number <= max ? number : -1;
}

static bool take_json(struct ctl *ctl, const char *value)
{
	(void)value;
	return ctl->json = true;
}

static bool take_socket(struct ctl *ctl, const char *value)
{
	ctl->socket = value;
	return true;
}

static bool take_timeout(struct ctl *ctl, const char *value)
{
	ctl->timeout_ms = parse_seconds(value);
	return ctl->timeout_ms != 0;
}

static bool take_mode(struct ctl *ctl, const char *value)
{
	ctl->mode = value;
	return strcmp(value, "force") == 0 || strcmp(value, "graceful") == 0;
}

static bool take_platform(struct ctl *ctl, const char *value)
{
	ctl->platform = value;
	return true;
}

static bool take_replay(struct ctl *ctl, const char *value)
{
	ctl->replay = parse_number(value, 1048576);
	return ctl->replay >= 0;
}

static bool take_no_replay(struct ctl *ctl, const char *value)
{
	(void)value;
	ctl->replay = 0;
	return true;
}

static bool take_idle(struct ctl *ctl, const char *value)
{
	ctl->idle_ms = (int)parse_number(value, 3600000);
	return ctl->idle_ms >= 0;
}

static bool take_wait(struct ctl *ctl, const char *value)
{
	ctl->wait_ms = parse_seconds(value);
	return ctl->wait_ms != 0;
}

static bool take_markdown(struct ctl *ctl, const char *value)
{
	(void)value;
	return ctl->markdown = true;
}

static bool take_version(struct ctl *ctl, const char *value)
{
	(void)ctl;
	(void)value;
	printf("hvisorctl %s\n", HVISOR_VERSION);
	exit(CTL_OK);
}

static bool take_help(struct ctl *ctl, const char *value)
{
	(void)ctl;
	(void)value;
	print_usage(stdout);
	exit(CTL_OK);
}

static const struct option_row {
	const char *name;
	int has_value;
	unsigned bit; /* CTL_OPTION_: only for commands that have it; 0: for all */
	bool (*take)(struct ctl *ctl, const char *value); /* false: the value is no good */
} option_rows[] = {
	{ "json", no_argument, 0, take_json },
	{ "socket", required_argument, 0, take_socket },
	{ "timeout", required_argument, CTL_OPTION_TIMEOUT, take_timeout },
	{ "mode", required_argument, CTL_OPTION_MODE, take_mode },
	{ "platform", required_argument, CTL_OPTION_PLATFORM, take_platform },
	{ "replay", required_argument, CTL_OPTION_REPLAY, take_replay },
	{ "no-replay", no_argument, CTL_OPTION_REPLAY, take_no_replay },
	{ "idle-ms", required_argument, CTL_OPTION_IDLE, take_idle },
	{ "wait", required_argument, CTL_OPTION_WAIT, take_wait },
	{ "markdown", no_argument, CTL_OPTION_MARKDOWN, take_markdown },
	{ "version", no_argument, 0, take_version },
	{ "help", no_argument, 0, take_help },
};
#define NUM_OPTIONS (sizeof(option_rows) / sizeof(option_rows[0]))

/* Takes all options; operands are moved behind them. CTL_OK or CTL_USAGE. */
static int take_options(struct ctl *ctl, int argc, char **argv)
{
	struct option table[NUM_OPTIONS + 1] = { 0 };
	int c, index;

	for (size_t i = 0; i < NUM_OPTIONS; i++)
		table[i] = (struct option){ option_rows[i].name, option_rows[i].has_value, NULL, 1 };
	while ((c = getopt_long(argc, argv, "h", table, &index)) != -1) {
		if (c == '?')
			return CTL_USAGE;
		if (c == 'h')
			take_help(ctl, NULL);
		ctl->given |= option_rows[index].bit;
		if (!option_rows[index].take(ctl, optarg))
			return usage_error("bad value: ", optarg);
	}
	return CTL_OK;
}

static int run(struct ctl *ctl, int argc, char **argv)
{
	const struct command *command = NULL;

	if (argc == 0) {
		print_usage(stderr);
		return CTL_USAGE;
	}
	for (size_t i = 0; i < NUM_COMMANDS; i++) {
		if (strcmp(commands[i].name, argv[0]) == 0)
			command = &commands[i];
	}
	if (command == NULL)
		return usage_error("no command ", argv[0]);
	if ((ctl->given & ~command->options) != 0)
		return usage_error("an option that is not for ", argv[0]);
	argc--;
	argv++;
	if (argc < command->min || (command->max >= 0 && argc > command->max))
		return usage_error("wrong number of operands for ", command->name);
	return command->run(ctl, argc, argv);
}

int main(int argc, char **argv)
{
	struct ctl ctl = { .socket = HVISOR_CLIENT_SOCKET, .replay = -1, .idle_ms = -1 };
	int status;

	signal(SIGPIPE, SIG_IGN);
	status = take_options(&ctl, argc, argv);
	if (status == CTL_OK)
		status = run(&ctl, argc - optind, argv + optind);
	hvisor_client_free(ctl.client);
	/* a full disk or closed pipe behind stdout is a failure too */
	if (fflush(stdout) != 0 && status == CTL_OK)
		status = CTL_FAILED;
	return status;
}
