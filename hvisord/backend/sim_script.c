/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_script.h"

#include <string.h>

#define PREFIX "sim:"
#define MAX_NUMBER (1ull << 40)

enum argument {
	ARGUMENT_NONE,
	ARGUMENT_TIME,
	ARGUMENT_BYTES,
};

static const struct word {
	const char *name;
	enum argument argument;
	bool text; /* an argument that is no number is a text, and one there must be */
} words[SIM_WORD_COUNT] = {
	[SIM_WORD_RUN] = { "run", ARGUMENT_TIME, false },
	[SIM_WORD_HANG] = { "hang", ARGUMENT_TIME, false },
	[SIM_WORD_OFF] = { "off", ARGUMENT_NONE, false },
	[SIM_WORD_RESET] = { "reset", ARGUMENT_NONE, false },
	[SIM_WORD_FAULT] = { "fault", ARGUMENT_NONE, false },
	[SIM_WORD_PRINT] = { "print", ARGUMENT_BYTES, true },
	[SIM_WORD_FLOOD] = { "flood", ARGUMENT_NONE, false },
	[SIM_WORD_ECHO] = { "echo", ARGUMENT_NONE, false },
	[SIM_WORD_AGAIN] = { "again", ARGUMENT_NONE, false },
};

static const struct unit {
	const char *name;
	enum argument argument;
	uint64_t factor;
} units[] = {
	{ "", ARGUMENT_TIME, 1 },  { "ms", ARGUMENT_TIME, 1 },    { "s", ARGUMENT_TIME, 1000 },
	{ "", ARGUMENT_BYTES, 1 }, { "k", ARGUMENT_BYTES, 1024 }, { "m", ARGUMENT_BYTES, 1024 * 1024 },
};

struct span {
	const char *at;
	size_t size;
};

static bool is(struct span span, const char *name)
{
	return strlen(name) == span.size && memcmp(span.at, name, span.size) == 0;
}

static struct span trim(struct span span)
{
	while (span.size > 0 && *span.at == ' ') {
		span.at++;
		span.size--;
	}
	while (span.size > 0 && (span.at[span.size - 1] == ' ' || span.at[span.size - 1] == '\r'))
		span.size--;
	return span;
}

/* Up to the first of this character; the rest goes to *ret_rest, which has no size if there is none. */
static struct span split(struct span span, char at, struct span *ret_rest)
{
	const char *end = span.size > 0 ? memchr(span.at, at, span.size) : NULL;
	const size_t size = end ? (size_t)(end - span.at) : span.size;

	*ret_rest = (struct span){ span.at + size + (end != NULL), span.size - size - (end != NULL) };
	return (struct span){ span.at, size };
}

static bool parse_number(struct span span, enum argument argument, uint64_t *ret_number)
{
	uint64_t number = 0;
	size_t digits = 0;

	for (; digits < span.size && span.at[digits] >= '0' && span.at[digits] <= '9'; digits++) {
		number = number * 10 + (uint64_t)(span.at[digits] - '0');
		if (number > MAX_NUMBER)
			return false;
	}
	if (digits == 0)
		return false;
	span = (struct span){ span.at + digits, span.size - digits };
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (units[i].argument == argument && is(span, units[i].name)) {
			*ret_number = number * units[i].factor;
			return true;
		}
	}
	return false;
}

static bool parse_step(struct sim_script *script, struct span span)
{
	struct span argument, word = split(span, ' ', &argument);
	struct sim_step step = { 0 };
	const struct word *is_word;

	while (step.word < SIM_WORD_COUNT && !is(word, words[step.word].name))
		step.word++;
	if (step.word == SIM_WORD_COUNT || script->count == SIM_SCRIPT_STEPS)
		return false;
	is_word = &words[step.word];
	argument = trim(argument);
	step.has_number = parse_number(argument, is_word->argument, &step.number);
	step.text = (uint16_t)(argument.size > 0 ? argument.at - script->text : 0);
	step.size = (uint16_t)argument.size;
	if (is_word->text ? argument.size == 0 : argument.size > 0 && !step.has_number)
		return false;
	script->step[script->count++] = step;
	return true;
}

bool sim_script_parse(const char *text, size_t size, struct sim_script *ret_script)
{
	struct span rest = { ret_script->text, 0 }, step;

	ret_script->count = 0;
	if (size < sizeof(PREFIX) - 1 || memcmp(text, PREFIX, sizeof(PREFIX) - 1) != 0)
		return true;
	text += sizeof(PREFIX) - 1;
	size -= sizeof(PREFIX) - 1;
	while (rest.size < size && rest.size < SIM_SCRIPT_SIZE && text[rest.size] != '\0' &&
	       text[rest.size] != '\n')
		rest.size++;
	memcpy(ret_script->text, text, rest.size);
	do {
		step = trim(split(rest, ';', &rest));
		if (!parse_step(ret_script, step))
			return false;
	} while (rest.size > 0);
	return true;
}
