/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What may stand at the end of a command line: for the completions of shells,
 * which hand over the words behind "hvisorctl". A line each, with a TAB and an
 * explanation; ":files" asks the shell for file names. Never says a word more,
 * and never waits long.
 */
#include <string.h>

#include "options.h"

#define PATIENCE_MS 500

struct line {
	const struct command *command;
	const struct option_row *awaiting; /* the last word is its value */
	const char *prefix;                /* printed before a value: "--name=" */
	unsigned prefix_length;
	const char *last;
	bool options_ended;
	bool remote;
};

static const struct option_row *find_row(const char *word, size_t length)
{
	for (size_t i = 0; i < num_option_rows; i++) {
		const struct option_row *row = &option_rows[i];

		if (length == 2 && word[0] == '-' && row->letter != 0 && row->letter == word[1])
			return row;
		if (length > 2 && strncmp(word, "--", 2) == 0 && strlen(row->name) == length - 2 &&
		    memcmp(row->name, word + 2, length - 2) == 0)
			return row;
	}
	return NULL;
}

static void offer(const struct line *line, const char *word, size_t length, const char *doc)
{
	size_t typed = strlen(line->last);

	if (typed > length || memcmp(word, line->last, typed) != 0)
		return;
	printf("%.*s", (int)line->prefix_length, line->prefix != NULL ? line->prefix : "");
	printf("%.*s", (int)length, word);
	printf("%s%s\n", doc != NULL ? "\t" : "", doc != NULL ? doc : "");
}

static void offer_options(const struct line *line)
{
	for (size_t i = 0; i < num_option_rows; i++) {
		const struct option_row *row = &option_rows[i];
		char word[40];

		if (line->command != NULL ? !command_takes(line->command, row) : row->bit != 0)
			continue;
		snprintf(word, sizeof(word), "--%s", row->name);
		offer(line, word, strlen(word), row->doc);
	}
}

static void offer_choices(const struct line *line, const char *choices)
{
	for (const char *word = choices; word != NULL;) {
		size_t length = strcspn(word, " ");

		offer(line, word, length, NULL);
		word = word[length] != '\0' ? word + length + 1 : NULL;
	}
}

static void offer_commands(const struct line *line)
{
	for (size_t i = 0; i < num_commands; i++) {
		if (commands[i].doc != NULL)
			offer(line, commands[i].name, strlen(commands[i].name), commands[i].doc);
	}
}

/* A name that a shell or a terminal could stumble over is not worth offering. */
static bool is_plain(const char *name)
{
	for (const char *c = name; *c != '\0'; c++) {
		if ((unsigned char)*c <= ' ' || *c == 0x7f)
			return false;
	}
	return name[0] != '\0' && name[0] != ':' && name[0] != '-';
}

static void offer_zones(struct ctl *ctl, const struct line *line)
{
	struct hvisor_message message;
	const cJSON *zone;

	/* a board far away may ask for a password */
	if (line->remote || hvisor_client_new(ctl->socket, PATIENCE_MS, &ctl->client) != 0)
		return;
	if (hvisor_client_call(ctl->client, "zone.list", NULL, PATIENCE_MS, &message) != 0)
		return;
	cJSON_ArrayForEach(zone, ctl_item(message.result, "zones")) {
		const char *name = ctl_string(zone, "name");

		if (name != NULL && is_plain(name))
			offer(line, name, strlen(name), ctl_string(zone, "state"));
	}
	hvisor_message_fini(&message);
}

/* Notes what a word that is not the last one means. */
static void take_word(struct ctl *ctl, struct line *line, const char *word)
{
	size_t length = strcspn(word, "=");
	const struct option_row *row;

	/* a shell may hand over "--name=value" as three words */
	if (strcmp(word, "=") == 0)
		return;
	if (line->awaiting != NULL) {
		if (strcmp(line->awaiting->name, "socket") == 0)
			ctl->socket = word;
		line->remote = line->remote || strcmp(line->awaiting->name, "host") == 0;
		line->awaiting = NULL;
		return;
	}
	if (line->options_ended || word[0] != '-') {
		if (line->command == NULL)
			line->command = command_find(word);
		return;
	}
	line->options_ended = strcmp(word, "--") == 0;
	row = find_row(word, length);
	if (row == NULL || row->value == NULL || row->type == OPTION_MAYBE)
		return;
	line->awaiting = row;
	if (word[length] == '=')
		take_word(ctl, line, word + length + 1);
}

/* The last word: "--name=val" is about val. */
static void take_last(struct line *line, const char *word)
{
	const char *equals = strchr(word, '=');

	line->last = word;
	if (line->awaiting != NULL) {
		line->last = strcmp(word, "=") == 0 ? "" : word;
		return;
	}
	if (line->options_ended || word[0] != '-' || equals == NULL)
		return;
	line->awaiting = find_row(word, (size_t)(equals - word));
	line->prefix = word;
	line->prefix_length = (unsigned)(equals + 1 - word);
	line->last = equals + 1;
}

static void offer_value(struct ctl *ctl, const struct line *line)
{
	if (line->awaiting->choices != NULL)
		offer_choices(line, line->awaiting->choices);
	else if (line->awaiting->type == OPTION_FILE || line->awaiting->type == OPTION_MAYBE)
		puts(":files");
	else if (strcmp(line->awaiting->name, "zone") == 0)
		offer_zones(ctl, line);
}

static void offer_operands(struct ctl *ctl, const struct line *line)
{
	switch (line->command->kind) {
	case OPERAND_ZONE:
		offer_zones(ctl, line);
		break;
	case OPERAND_FILE:
		puts(":files");
		break;
	case OPERAND_COMMAND:
		offer_commands(line);
		break;
	case OPERAND_NONE:
	case OPERAND_WORD:
		break;
	}
}

int ctl_complete(struct ctl *ctl, int argc, char **argv)
{
	struct line line = { .last = "" };

	for (int i = 0; i + 1 < argc; i++)
		take_word(ctl, &line, argv[i]);
	if (argc > 0)
		take_last(&line, argv[argc - 1]);
	if (line.awaiting != NULL)
		offer_value(ctl, &line);
	else if (line.last[0] == '-' && !line.options_ended)
		offer_options(&line);
	else if (line.command == NULL)
		offer_commands(&line);
	else
		offer_operands(ctl, &line);
	return CTL_OK;
}
