/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two tables that parsing, help and completion go by. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "ctl.h"

/* Options that only some commands take. */
#define CTL_OPTION_ALL 0x1u
#define CTL_OPTION_DRY_RUN 0x2u
#define CTL_OPTION_KEY 0x4u
#define CTL_OPTION_MODE 0x8u
#define CTL_OPTION_WATCH 0x10u
#define CTL_OPTION_FOLLOW 0x20u
#define CTL_OPTION_NUMBER 0x40u
#define CTL_OPTION_DELAY 0x80u
#define CTL_OPTION_SINCE 0x100u
#define CTL_OPTION_MATCH 0x200u
#define CTL_OPTION_FOR 0x400u
#define CTL_OPTION_CONSOLE 0x800u
#define CTL_OPTION_BOARD 0x1000u
#define CTL_OPTION_SVG 0x2000u
#define CTL_OPTION_MARKDOWN 0x4000u
#define CTL_OPTION_EXIT_CODE 0x8000u
#define CTL_OPTION_PORT 0x10000u

enum option_type {
	OPTION_FLAG,    /* bool */
	OPTION_PRESET,  /* int64_t: becomes max */
	OPTION_NUMBER,  /* int64_t, min to max */
	OPTION_SECONDS, /* int64_t in milliseconds, up to max */
	OPTION_CHOICE,  /* int64_t: which of choices */
	OPTION_WORD,    /* const char *: one of choices */
	OPTION_TEXT,    /* const char * */
	OPTION_FILE,    /* const char *: a path */
	OPTION_MAYBE,   /* const char *: a path behind '=', or "-" */
	OPTION_LIST,    /* struct ctl_patterns */
	OPTION_VERSION,
};

struct option_row {
	const char *name;
	char letter; /* 0: none */
	enum option_type type;
	size_t offset; /* in struct ctl */
	uint32_t bit;  /* CTL_OPTION_; 0: for every command */
	int64_t min, max;
	const char *choices; /* words with one space between */
	const char *value;   /* its name in help; NULL: takes none */
	const char *doc;
};

enum operand_kind {
	OPERAND_NONE,
	OPERAND_ZONE,
	OPERAND_FILE,
	OPERAND_COMMAND,
	OPERAND_WORD, /* of a command line to be completed */
};

struct command {
	const char *name;
	ctl_fn run;
	enum operand_kind kind;
	int min, max;     /* operands; max -1: any number */
	uint32_t options; /* CTL_OPTION_ bits */
	const char *usage;
	const char *doc; /* NULL: not shown */
};

extern const struct option_row option_rows[];
extern const size_t num_option_rows;
/* main.c */
extern const struct command commands[];
extern const size_t num_commands;

const struct command *command_find(const char *name);
bool command_takes(const struct command *command, const struct option_row *row);

/* Takes all options and moves operands behind them; *ret_given: rows that were given, a bit each. */
int options_take(struct ctl *ctl, int argc, char **argv, uint64_t *ret_given);
/* CTL_USAGE after naming the first one that is not for this command. */
int options_check(const struct command *command, uint64_t given);

int usage_error(const char *what, const char *text);
void print_usage(FILE *to);

#endif
