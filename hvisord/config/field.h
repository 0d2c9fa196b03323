/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fields: one table for each kind of JSON object says which keys it has, what
 * they hold, where that goes in a struct, and what it means. Parsing, errors
 * and the reference in docs/config.md come from the tables.
 */
#ifndef CONFIG_FIELD_H
#define CONFIG_FIELD_H

#include "findings.h"

enum config_field_type {
	FIELD_NUMBER,      /* uint64_t: a JSON number, or a string "80" or "0x50" */
	FIELD_INTEGER,     /* uint64_t: a JSON number only */
	FIELD_WORD,        /* uint64_t: one of words */
	FIELD_BOOL,        /* uint64_t: 0 or 1 */
	FIELD_STRING,      /* const char *, in the tree; min..max bytes */
	FIELD_NAME,        /* the same, or a JSON number, as the text that it was written with */
	FIELD_DIGEST,      /* uint8_t[32]: 64 hexadecimal digits */
	FIELD_OBJECT,      /* a struct of its own table */
	FIELD_ARRAY,       /* uint64_t count; then max elements like *element */
	FIELD_IGNORED,     /* anything, without effect */
	FIELD_UNSUPPORTED, /* of json_type; only what asks for nothing: 0, false, "", [] … */
	FIELD_TYPES
};

/* An element of an array of numbers that was not good; one of strings is NULL then. */
#define FIELD_BROKEN UINT64_MAX
#define FIELD_DIGEST_SIZE 32u

struct config_word {
	const char *word; /* NULL ends the list */
	uint64_t value;
};

struct config_field {
	const char *key; /* ends with '*': any key that starts so */
	enum config_field_type type;
	bool required;
	int json_type; /* UNSUPPORTED: cJSON_Array …; 0: any */
	size_t offset;
	uint64_t min, max; /* of a number or of a string's length; ARRAY: max is the room */
	const struct config_word *words;
	const struct config_object *object; /* OBJECT */
	const struct config_field *element; /* ARRAY; its offset is from the start of an element */
	size_t element_offset;              /* ARRAY: of element 0 */
	size_t element_size;
	const char *reason;  /* UNSUPPORTED: if not REASON_UNSUPPORTED */
	uint64_t preset;     /* NUMBER, INTEGER, WORD, BOOL: the value when the key is missing */
	const char *initial; /* what holds then, in words, for the reference; NULL: preset */
	const char *doc;
};

/* At most 64 fields, so that one word tells which were there. */
struct config_object {
	const char *title;
	const struct config_field *fields;
	unsigned count;
	uint64_t optional; /* bit n: field n may be missing here, though the table says required */
};

/*
 * The first member of every struct that an object goes to. Bit n is field n of
 * the table: given, and good; or broken, that is given but not good, or
 * missing without need of a default. Neither: missing, and the value is the
 * field's preset, or 0.
 */
struct config_seen {
	uint64_t given;
	uint64_t broken;
};

static inline bool config_given(const struct config_seen *seen, unsigned field)
{
	return (seen->given >> field & 1) != 0;
}

static inline bool config_broken(const struct config_seen *seen, unsigned field)
{
	return (seen->broken >> field & 1) != 0;
}

/*
 * Fills a zeroed struct from an object. All that is wrong is reported. Strings
 * point into the tree.
 */
void config_field_parse(const cJSON *item, const struct config_object *object, struct config_source *source,
			void *ret_values);

/*
 * A whole number from a string of a zone file: 0x and hexadecimal digits, or
 * decimal digits without a leading zero. 0; -ERANGE: negative or past 2^64 - 1;
 * -EINVAL: anything else.
 */
int config_field_number(const char *text, uint64_t *ret_value);

#endif
