/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "options.h"

static void print_option(FILE *to, const struct option_row *row)
{
	const char *value = row->value != NULL ? row->value : "";
	bool maybe = row->type == OPTION_MAYBE;
	char left[64], letter[8] = "    ";

	if (row->letter != 0)
		snprintf(letter, sizeof(letter), "-%c, ", row->letter);
	snprintf(left, sizeof(left), "%s--%s%s%s%s", letter, row->name,
		 maybe              ? "[="
		 : value[0] != '\0' ? " "
				    : "",
		 value, maybe ? "]" : "");
	if (strlen(left) <= 25)
		fprintf(to, "  %-25s %s\n", left, row->doc);
	else
		fprintf(to, "  %s\n  %-25s %s\n", left, "", row->doc);
}

static void print_options(FILE *to, const struct command *command)
{
	for (size_t i = 0; i < num_option_rows; i++) {
		const struct option_row *row = &option_rows[i];

		if (command != NULL ? row->bit != 0 && command_takes(command, row) : row->bit == 0)
			print_option(to, row);
	}
}

void print_usage(FILE *to)
{
	fputs("usage: hvisorctl [OPTION...] COMMAND [OPERAND...]\n\n", to);
	for (size_t i = 0; i < num_commands; i++) {
		const struct command *command = &commands[i];

		if (command->doc != NULL)
			fprintf(to, "  %-9s %-20s %s\n", command->name, command->usage, command->doc);
	}
	fputs("\nOptions of every command; help COMMAND tells of its own:\n", to);
	print_options(to, NULL);
	fputs("\nZONE is an id, a name, or a pattern of names with * and ?.\n"
	      "Exit status: 0 done, 1 failed, 2 usage, 3 not running, 4 no such zone, 5 config,\n"
	      "6 permission, 7 no daemon, 124 timeout; of several zones, that of the first that failed.\n",
	      to);
}

int ctl_help(struct ctl *ctl, int argc, char **argv)
{
	const struct command *command;

	(void)ctl;
	if (argc == 0) {
		print_usage(stdout);
		return CTL_OK;
	}
	command = command_find(argv[0]);
	if (command == NULL || command->doc == NULL)
		return usage_error("no command ", argv[0]);
	printf("usage: hvisorctl [OPTION...] %s %s\n\n%s.\n", command->name, command->usage, command->doc);
	if (command->options != 0)
		putchar('\n');
	print_options(stdout, command);
	fputs("\nOptions of every command:\n", stdout);
	print_options(stdout, NULL);
	return CTL_OK;
}
