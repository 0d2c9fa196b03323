/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hvisorctl: one table of commands. */
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "options.h"

#define CHANGE (CTL_OPTION_ALL | CTL_OPTION_DRY_RUN | CTL_OPTION_KEY)

const struct command commands[] = {
	{ "list", ctl_list, OPERAND_ZONE, 0, -1, CTL_OPTION_WATCH, "[ZONE...]", "zones and their states" },
	{ "status", ctl_status, OPERAND_ZONE, 0, -1, CTL_OPTION_ALL | CTL_OPTION_WATCH, "[ZONE...]",
	  "how zones are, or the system" },
	{ "show", ctl_show, OPERAND_ZONE, 1, -1, CTL_OPTION_ALL, "ZONE...", "everything known of zones" },
	{ "start", ctl_start, OPERAND_ZONE, 1, -1, CHANGE, "ZONE...", "start zones" },
	{ "stop", ctl_stop, OPERAND_ZONE, 1, -1, CHANGE | CTL_OPTION_MODE, "ZONE...",
	  "ask guests to power off, and end the zones" },
	{ "kill", ctl_kill, OPERAND_ZONE, 1, -1, CHANGE, "ZONE...", "end zones at once, for good" },
	{ "restart", ctl_restart, OPERAND_ZONE, 1, -1, CHANGE, "ZONE...", "stop and start zones" },
	{ "pause", ctl_pause, OPERAND_ZONE, 1, -1, CHANGE, "ZONE...", "let zones stand still" },
	{ "resume", ctl_resume, OPERAND_ZONE, 1, -1, CHANGE, "ZONE...", "let paused zones go on" },
	{ "wait", ctl_wait, OPERAND_ZONE, 1, -1, CTL_OPTION_FOR | CTL_OPTION_ALL, "ZONE... --for STATE",
	  "wait until zones are in a state" },
	{ "console", ctl_console, OPERAND_ZONE, 1, 1, CTL_OPTION_CONSOLE | CTL_OPTION_PORT, "ZONE",
	  "use a zone's console; Ctrl-] leaves" },
	{ "logs", ctl_logs, OPERAND_ZONE, 1, 1,
	  CTL_OPTION_FOLLOW | CTL_OPTION_NUMBER | CTL_OPTION_SINCE | CTL_OPTION_PORT, "ZONE",
	  "what a zone's console printed" },
	{ "events", ctl_events, OPERAND_NONE, 0, 0, CTL_OPTION_MATCH | CTL_OPTION_SINCE | CTL_OPTION_NUMBER,
	  "", "what happens, a line each" },
	{ "top", ctl_top, OPERAND_ZONE, 0, -1, CTL_OPTION_NUMBER | CTL_OPTION_DELAY, "[ZONE...]",
	  "what zones are doing; q leaves" },
	{ "resources", ctl_resources, OPERAND_FILE, 0, -1, CTL_OPTION_BOARD | CTL_OPTION_SVG, "[FILE|DIR...]",
	  "who owns what, now or by files" },
	{ "check", ctl_check, OPERAND_FILE, 1, -1, CTL_OPTION_BOARD, "FILE|DIR...",
	  "check zone files; needs no daemon" },
	{ "diff", ctl_diff, OPERAND_ZONE, 1, -1, CTL_OPTION_ALL | CTL_OPTION_EXIT_CODE, "ZONE...",
	  "how files differ from what runs" },
	{ "reload", ctl_reload, OPERAND_NONE, 0, 0, 0, "", "read the zone files now" },
	{ "enable", ctl_enable, OPERAND_ZONE, 1, -1, CHANGE, "ZONE...", "start zones when the board boots" },
	{ "disable", ctl_disable, OPERAND_ZONE, 1, -1, CHANGE, "ZONE...", "do not" },
	{ "version", ctl_version, OPERAND_NONE, 0, 0, 0, "", "versions of hvisorctl and hvisord" },
	{ "schema", ctl_schema, OPERAND_NONE, 0, 0, CTL_OPTION_MARKDOWN, "", "the protocol" },
	{ "proxy", ctl_proxy, OPERAND_NONE, 0, 0, 0, "", "join standard input and output to the daemon" },
	{ "help", ctl_help, OPERAND_COMMAND, 0, 1, 0, "[COMMAND]", "this text, or all about a command" },
	{ "complete", ctl_complete, OPERAND_WORD, 0, -1, 0, "-- WORD...", NULL },
};
const size_t num_commands = sizeof(commands) / sizeof(commands[0]);

const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < num_commands; i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	return NULL;
}

bool command_takes(const struct command *command, const struct option_row *row)
{
	return row->bit == 0 || (command->options & row->bit) != 0;
}

int usage_error(const char *what, const char *text)
{
	fprintf(stderr, "hvisorctl: %s", what);
	ctl_put_text(stderr, text);
	fputs("; try --help\n", stderr);
	return CTL_USAGE;
}

static int run(struct ctl *ctl, uint64_t given, int argc, char **argv)
{
	const struct command *command;

	if (ctl->help)
		return ctl_help(ctl, argc, argv);
	if (argc == 0) {
		print_usage(stderr);
		return CTL_USAGE;
	}
	command = command_find(argv[0]);
	if (command == NULL)
		return usage_error("no command ", argv[0]);
	if (options_check(command, given) != CTL_OK)
		return CTL_USAGE;
	argc--;
	argv++;
	if (ctl->all && argc != 0)
		return usage_error("--all is in place of operands: ", argv[0]);
	if (!ctl->all && argc < command->min)
		return usage_error("operand missing: ", command->usage);
	if (command->max >= 0 && argc > command->max)
		return usage_error("too many operands: ", argv[command->max]);
	return command->run(ctl, argc, argv);
}

static const char *from_environment(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && value[0] != '\0' ? value : NULL;
}

/* Which daemon, if no option says it. */
static void take_environment(struct ctl *ctl)
{
	if (ctl->host != NULL || ctl->socket != NULL)
		return;
	ctl->host = from_environment("HVISOR_HOST");
	if (ctl->host == NULL)
		ctl->socket = from_environment("HVISOR_SOCKET");
}

static bool wants_color(const struct ctl *ctl)
{
	const char *term = getenv("TERM");

	if (ctl->color != CTL_COLOR_AUTO)
		return ctl->color == CTL_COLOR_ALWAYS;
	return isatty(STDOUT_FILENO) != 0 && from_environment("NO_COLOR") == NULL && term != NULL &&
	       strcmp(term, "dumb") != 0;
}

int main(int argc, char **argv)
{
	struct ctl ctl = { .timeout_ms = -1,
			   .number = -1,
			   .delay_ms = -1,
			   .since = -1,
			   .replay = -1,
			   .idle_ms = -1,
			   .wait_ms = -1 };
	static char name[] = "hvisorctl";
	uint64_t given = 0;
	int status;

	signal(SIGPIPE, SIG_IGN);
	if (argc > 0)
		argv[0] = name; /* what getopt says begins with it */
	status = options_take(&ctl, argc, argv, &given);
	/* -1: the version was all that was wanted */
	if (status == CTL_OK) {
		take_environment(&ctl);
		output_in_color = wants_color(&ctl);
		status = run(&ctl, given, argc - optind, argv + optind);
	}
	ctl_disconnect(&ctl);
	/* a full disk or closed pipe behind stdout is a failure too */
	if (fflush(stdout) != 0 && status <= CTL_OK)
		return CTL_FAILED;
	return status < 0 ? CTL_OK : status;
}
