/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "options.h"

#include <getopt.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_MS 3600000
#define MAX_EXACT INT64_C(9007199254740991)
#define AT(member) offsetof(struct ctl, member)

const struct option_row option_rows[] = {
	{ "output", 'o', OPTION_CHOICE, AT(output), 0, 0, 0, "table wide name json", "FORMAT",
	  "table (the default), wide, name or json" },
	{ "json", 0, OPTION_PRESET, AT(output), 0, 0, CTL_OUTPUT_JSON, NULL, NULL, "the same as -o json" },
	{ "color", 0, OPTION_CHOICE, AT(color), 0, 0, 0, "auto always never", "WHEN",
	  "auto (the default: on a terminal, unless NO_COLOR is set), always or never" },
	{ "socket", 0, OPTION_FILE, AT(socket), 0, 0, 0, NULL, "PATH",
	  "of hvisord (" HVISOR_CLIENT_SOCKET ")" },
	{ "host", 'H', OPTION_TEXT, AT(host), 0, 0, 0, NULL, "ssh://[USER@]BOARD[:PORT]",
	  "the daemon of another machine, through ssh" },
	{ "timeout", 0, OPTION_SECONDS, AT(timeout_ms), 0, 0, HOUR_MS, NULL, "SECONDS",
	  "when to give up, with exit status 124" },
	{ "all", 'a', OPTION_FLAG, AT(all), CTL_OPTION_ALL, 0, 0, NULL, NULL,
	  "all zones but the root zone, in place of operands" },
	{ "dry-run", 0, OPTION_FLAG, AT(dry_run), CTL_OPTION_DRY_RUN, 0, 0, NULL, NULL,
	  "check everything and do nothing" },
	{ "request-key", 0, OPTION_TEXT, AT(request_key), CTL_OPTION_KEY, 0, 0, NULL, "KEY",
	  "a second request with this key gets the first one's answer" },
	{ "mode", 0, OPTION_WORD, AT(mode), CTL_OPTION_MODE, 0, 0, "auto graceful force", "MODE",
	  "auto (the default: ask the guest, then force), graceful or force" },
	{ "watch", 'w', OPTION_FLAG, AT(watch), CTL_OPTION_WATCH, 0, 0, NULL, NULL,
	  "print anew after every event" },
	{ "follow", 'f', OPTION_FLAG, AT(follow), CTL_OPTION_FOLLOW, 0, 0, NULL, NULL,
	  "go on with what is printed from now on" },
	{ "number", 'n', OPTION_NUMBER, AT(number), CTL_OPTION_NUMBER, 0, 1 << 30, NULL, "N",
	  "logs: that many bytes; events, top: leave after that many" },
	{ "delay", 'd', OPTION_SECONDS, AT(delay_ms), CTL_OPTION_DELAY, 0, HOUR_MS, NULL, "SECONDS",
	  "between two tables (2)" },
	{ "since", 0, OPTION_NUMBER, AT(since), CTL_OPTION_SINCE, 0, MAX_EXACT, NULL, "N",
	  "logs: from this position; events: those after this number" },
	{ "match", 0, OPTION_LIST, AT(match), CTL_OPTION_MATCH, 0, 0, NULL, "GLOB",
	  "only events of these types; may be repeated" },
	{ "zone", 0, OPTION_LIST, AT(zones), CTL_OPTION_MATCH, 0, 0, NULL, "GLOB",
	  "only events of zones with these names; may be repeated" },
	{ "for", 0, OPTION_WORD, AT(state), CTL_OPTION_FOR, 0, 0,
	  "running stopped paused crashed invalid ended settled", "STATE",
	  "a state; ended: stopped, crashed or invalid; settled: any that lasts" },
	{ "port", 'p', OPTION_NUMBER, AT(port), CTL_OPTION_PORT, 0, 15, NULL, "N",
	  "which of the zone's consoles (0); show lists them" },
	{ "replay", 0, OPTION_NUMBER, AT(replay), CTL_OPTION_CONSOLE, 0, 1048576, NULL, "BYTES",
	  "kept output to begin with (65536)" },
	{ "no-replay", 0, OPTION_PRESET, AT(replay), CTL_OPTION_CONSOLE, 0, 0, NULL, NULL, "none of it" },
	{ "idle-ms", 0, OPTION_NUMBER, AT(idle_ms), CTL_OPTION_CONSOLE, 0, HOUR_MS, NULL, "N",
	  "once the input has ended: leave after N ms without output (1000; 0: stay)" },
	{ "wait", 0, OPTION_SECONDS, AT(wait_ms), CTL_OPTION_CONSOLE, 0, HOUR_MS, NULL, "SECONDS",
	  "leave after this time" },
	{ "platform", 0, OPTION_FILE, AT(platform), CTL_OPTION_BOARD, 0, 0, NULL, "NAME|FILE",
	  "the board: a name, or a JSON description (qemu-virt)" },
	{ "root-config", 0, OPTION_FILE, AT(root_config), CTL_OPTION_BOARD, 0, 0, NULL, "FILE",
	  "the root zone's config (the board's own)" },
	{ "root-dtb", 0, OPTION_FILE, AT(root_dtb), CTL_OPTION_BOARD, 0, 0, NULL, "FILE",
	  "the root zone's device tree" },
	{ "svg", 0, OPTION_MAYBE, AT(svg), CTL_OPTION_SVG, 0, 0, NULL, "FILE",
	  "a drawing, into FILE or to standard output" },
	{ "exit-code", 0, OPTION_FLAG, AT(exit_code), CTL_OPTION_EXIT_CODE, 0, 0, NULL, NULL,
	  "exit with 1 if something differs" },
	{ "markdown", 0, OPTION_FLAG, AT(markdown), CTL_OPTION_MARKDOWN, 0, 0, NULL, NULL, "as Markdown" },
	{ "version", 0, OPTION_VERSION, 0, 0, 0, 0, NULL, NULL, "of hvisorctl" },
	{ "help", 'h', OPTION_FLAG, AT(help), 0, 0, 0, NULL, NULL,
	  "this text; behind a command, all about that" },
};
const size_t num_option_rows = sizeof(option_rows) / sizeof(option_rows[0]);

static bool parse_seconds(const char *text, int64_t max, int64_t *ret_ms)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end != '\0' || !(seconds >= 0.001 && seconds * 1000 <= (double)max))
		return false;
	*ret_ms = (int64_t)(seconds * 1000);
	return true;
}

static bool parse_number(const char *text, int64_t min, int64_t max, int64_t *ret_number)
{
	char *end;
	long long number = strtoll(text, &end, 10);

	/* strtoll() alone would take blanks and signs too */
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || number < min || number > max)
		return false;
	*ret_number = number;
	return true;
}

/* Which word of choices text is, or -1. */
static int find_choice(const char *choices, const char *text)
{
	size_t length = strlen(text);
	int index = 0;

	for (const char *word = choices;; index++) {
		size_t size = strcspn(word, " ");

		if (size == length && memcmp(word, text, length) == 0)
			return index;
		if (word[size] == '\0')
			return -1;
		word += size + 1;
	}
}

static bool add_pattern(struct ctl_patterns *patterns, const char *text)
{
	if (patterns->count == CTL_MAX_PATTERNS || text[0] == '\0' || strlen(text) > 64)
		return false;
	patterns->list[patterns->count++] = text;
	return true;
}

static bool take(struct ctl *ctl, const struct option_row *row, const char *value)
{
	char *at = (char *)ctl + row->offset;
	int choice = row->choices != NULL ? find_choice(row->choices, value) : 0;

	switch (row->type) {
	case OPTION_FLAG:
		*(bool *)at = true;
		return true;
	case OPTION_PRESET:
		*(int64_t *)at = row->max;
		return true;
	case OPTION_NUMBER:
		return parse_number(value, row->min, row->max, (int64_t *)at);
	case OPTION_SECONDS:
		return parse_seconds(value, row->max, (int64_t *)at);
	case OPTION_CHOICE:
		*(int64_t *)at = choice;
		return choice >= 0;
	case OPTION_WORD:
	case OPTION_TEXT:
	case OPTION_FILE:
		*(const char **)at = value;
		return choice >= 0 && value[0] != '\0';
	case OPTION_MAYBE:
		*(const char **)at = value != NULL ? value : "-";
		return true;
	case OPTION_LIST:
		return add_pattern((struct ctl_patterns *)at, value);
	case OPTION_VERSION:
		break;
	}
	return false;
}

static int has_value(const struct option_row *row)
{
	if (row->type == OPTION_MAYBE)
		return optional_argument;
	return row->value != NULL ? required_argument : no_argument;
}

static int bad_value(const struct option_row *row, const char *value)
{
	fprintf(stderr, "hvisorctl: --%s: not a value for it: ", row->name);
	ctl_put_text(stderr, value);
	if (row->choices != NULL)
		fprintf(stderr, " (one of: %s)", row->choices);
	else if (row->type == OPTION_SECONDS)
		fprintf(stderr, " (seconds, 0.001 to %lld)", (long long)row->max / 1000);
	else if (row->type == OPTION_NUMBER)
		fprintf(stderr, " (%lld to %lld)", (long long)row->min, (long long)row->max);
	fputs("; try --help\n", stderr);
	return CTL_USAGE;
}

static int take_row(struct ctl *ctl, const struct option_row *row, const char *value)
{
	if (row->type == OPTION_VERSION) {
		printf("hvisorctl %s\n", HVISOR_VERSION);
		return -1;
	}
	return take(ctl, row, value) ? CTL_OK : bad_value(row, value);
}

/* getopt's own tables, from ours. A letter's option is found by its letter. */
static void make_tables(struct option *table, char *letters)
{
	for (size_t i = 0; i < num_option_rows; i++) {
		const struct option_row *row = &option_rows[i];

		table[i] = (struct option){ row->name, has_value(row), NULL, (int)(256 + i) };
		if (row->letter == 0)
			continue;
		*letters++ = row->letter;
		if (row->value != NULL)
			*letters++ = ':';
	}
	*letters = '\0';
}

static size_t row_of(int c)
{
	size_t i = 0;

	if (c >= 256)
		return (size_t)c - 256;
	while (option_rows[i].letter != c)
		i++;
	return i;
}

int options_take(struct ctl *ctl, int argc, char **argv, uint64_t *ret_given)
{
	struct option table[sizeof(option_rows) / sizeof(option_rows[0]) + 1] = { 0 };
	char letters[2 * sizeof(table) / sizeof(table[0]) + 1];
	uint64_t given = 0;
	int c, status;

	_Static_assert(sizeof(option_rows) / sizeof(option_rows[0]) <= 64, "a bit each");
	make_tables(table, letters);
	while ((c = getopt_long(argc, argv, letters, table, NULL)) != -1) {
		/* getopt has said which one */
		if (c == '?')
			return CTL_USAGE;
		status = take_row(ctl, &option_rows[row_of(c)], optarg);
		if (status != CTL_OK)
			return status;
		given |= UINT64_C(1) << row_of(c);
	}
	*ret_given = given;
	return CTL_OK;
}

int options_check(const struct command *command, uint64_t given)
{
	for (size_t i = 0; i < num_option_rows; i++) {
		if ((given >> i & 1) != 0 && !command_takes(command, &option_rows[i])) {
			fprintf(stderr, "hvisorctl: --%s is not for %s; try help %s\n", option_rows[i].name,
				command->name, command->name);
			return CTL_USAGE;
		}
	}
	return CTL_OK;
}
