/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text for people. Names, reasons and console bytes come from files and guests
 * that nobody vouches for: nothing of them reaches a terminal that a terminal
 * would act on.
 */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Escapes a stream of bytes: control characters (C0, C1, DEL), what turns the
 * direction of text, and what is not UTF-8 come out as \xNN or \u{N}.
 */
struct escape {
	unsigned char held[4]; /* of a character that is not complete */
	unsigned num, want;
	bool carriage_return; /* held back: an LF may follow */
	bool lines;           /* LF and TAB pass, CR LF counts as LF */
};

void escape_bytes(struct escape *escape, FILE *to, const void *data, size_t length);
/* What is held is not going to be completed. */
void escape_end(struct escape *escape, FILE *to);

/* A whole text; NULL prints "-". */
void ctl_put_text(FILE *to, const char *text);

enum tone {
	TONE_PLAIN,
	TONE_HEAD,
	TONE_GOOD,
	TONE_BUSY,
	TONE_HELD,
	TONE_BAD,
	TONE_DIM,
};

/* Whether tones are shown; main() decides once. */
extern bool output_in_color;

enum tone tone_of_state(const char *state);
void tone_begin(FILE *to, enum tone tone);
void tone_end(FILE *to, enum tone tone);

/* Columns as wide as they must be. Memory that runs out is noted once, and printed once. */
struct table {
	unsigned columns;
	unsigned count, capacity; /* cells */
	struct table_cell {
		char *text; /* escaped */
		enum tone tone;
	} * cells;
	bool failed;
};

/* headers: columns of them, constant. */
void table_init(struct table *table, unsigned columns, const char *const *headers);
/* The next cell; NULL and "" become "-". */
void table_put(struct table *table, enum tone tone, const char *text);
void table_printf(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));
void table_print(struct table *table, FILE *to);
void table_fini(struct table *table);

/* Fields of an object; NULL and 0 if they are not there. */
const char *ctl_string(const cJSON *object, const char *key);
double ctl_number(const cJSON *object, const char *key);
bool ctl_has_number(const cJSON *object, const char *key);
const cJSON *ctl_item(const cJSON *object, const char *key);

/* "0-1,3" */
const char *ctl_cpus(const cJSON *cpus, char *buffer, size_t size);
/* "768 MiB" */
const char *ctl_bytes(double bytes, char *buffer, size_t size);
/* "1:02:03", "4 d 1:02:03" */
const char *ctl_duration(double ms, char *buffer, size_t size);
/* The JSON text of an item, on a line. 0 or a negative errno. */
int ctl_print_json(FILE *to, const cJSON *item);

#endif
