/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"

bool output_in_color;

enum tone tone_of_state(const char *state)
{
	static const struct {
		const char *state;
		enum tone tone;
	} table[] = {
		{ "running", TONE_GOOD },  { "loading", TONE_BUSY }, { "starting", TONE_BUSY },
		{ "stopping", TONE_BUSY }, { "paused", TONE_HELD },  { "stopped", TONE_DIM },
		{ "crashed", TONE_BAD },   { "invalid", TONE_BAD },
	};

	for (size_t i = 0; state != NULL && i < sizeof(table) / sizeof(table[0]); i++) {
		if (strcmp(table[i].state, state) == 0)
			return table[i].tone;
	}
	return TONE_PLAIN;
}

void tone_begin(FILE *to, enum tone tone)
{
	static const char *const codes[] = {
		[TONE_PLAIN] = "",  [TONE_HEAD] = "1", [TONE_GOOD] = "32", [TONE_BUSY] = "36",
		[TONE_HELD] = "33", [TONE_BAD] = "31", [TONE_DIM] = "2",
	};

	if (output_in_color && tone != TONE_PLAIN)
		fprintf(to, "\033[%sm", codes[tone]);
}

void tone_end(FILE *to, enum tone tone)
{
	if (output_in_color && tone != TONE_PLAIN)
		fputs("\033[0m", to);
}

void table_init(struct table *table, unsigned columns, const char *const *headers)
{
	*table = (struct table){ .columns = columns };
	for (unsigned i = 0; i < columns; i++)
		table_put(table, TONE_HEAD, headers[i]);
}

static char *escaped(const char *text)
{
	char *copy = NULL;
	size_t size;
	FILE *to = open_memstream(&copy, &size);

	if (to == NULL)
		return NULL;
	ctl_put_text(to, text);
	if (fclose(to) == 0)
		return copy;
	free(copy);
	return NULL;
}

void table_put(struct table *table, enum tone tone, const char *text)
{
	struct table_cell *cell;

	if (table->count == table->capacity) {
		unsigned capacity = table->capacity * 2 + 64;
		struct table_cell *cells = realloc(table->cells, capacity * sizeof(*cells));

		if (cells == NULL) {
			table->failed = true;
			return;
		}
		table->cells = cells;
		table->capacity = capacity;
	}
	cell = &table->cells[table->count];
	cell->tone = tone;
	cell->text = escaped(text != NULL && text[0] != '\0' ? text : "-");
	if (cell->text == NULL)
		table->failed = true;
	else
		table->count++;
}

void table_printf(struct table *table, const char *format, ...)
{
	char text[128];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	table_put(table, TONE_PLAIN, text);
}

/* Characters of UTF-8, each taken for one column. */
static unsigned width_of(const char *text)
{
	unsigned width = 0;

	for (; *text != '\0'; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

static unsigned column_width(const struct table *table, unsigned column)
{
	unsigned width = 0;

	for (unsigned i = column; i < table->count; i += table->columns) {
		unsigned own = width_of(table->cells[i].text);

		width = own > width ? own : width;
	}
	return width;
}

static void print_cell(const struct table *table, FILE *to, unsigned i, unsigned width)
{
	const struct table_cell *cell = &table->cells[i];
	bool last = (i + 1) % table->columns == 0;

	tone_begin(to, cell->tone);
	fputs(cell->text, to);
	tone_end(to, cell->tone);
	if (last)
		fputc('\n', to);
	else
		fprintf(to, "%*s", (int)(width - width_of(cell->text)) + 2, "");
}

void table_print(struct table *table, FILE *to)
{
	unsigned *widths = calloc(table->columns, sizeof(*widths));

	if (widths == NULL || table->failed) {
		fputs("hvisorctl: out of memory\n", stderr);
		free(widths);
		return;
	}
	for (unsigned i = 0; i < table->columns; i++)
		widths[i] = column_width(table, i);
	for (unsigned i = 0; i < table->count; i++)
		print_cell(table, to, i, widths[i % table->columns]);
	free(widths);
}

void table_fini(struct table *table)
{
	for (unsigned i = 0; i < table->count; i++)
		free(table->cells[i].text);
	free(table->cells);
	*table = (struct table){ 0 };
}
