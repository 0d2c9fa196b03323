/* SPDX-License-Identifier: MIT */
/*
 * JSON as RFC 8259 has it and nothing else, into cJSON trees: cJSON's own
 * parser takes leading zeros, trailing junk and duplicate keys, rounds numbers
 * without a word and keeps no positions.
 *
 * Refused beside bad syntax: a byte order mark, bytes that are not UTF-8,
 * control characters, escapes that stand for no character (half a surrogate
 * pair) or for NUL, a key twice in one object, numbers that no double holds,
 * anything behind the value. Nesting is counted, not recursed into.
 */
#ifndef JSON_STRICT_H
#define JSON_STRICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cJSON.h>

#include "json_pointer.h"

#define JSON_STRICT_MAX_DEPTH 128u

/* What is wrong with a text, and where. */
struct json_error {
	/*
	 * Stable, static: json.empty, json.bom, json.utf8, json.control, json.syntax,
	 * json.string, json.number, json.depth, json.duplicate_key, json.trailing.
	 */
	const char *reason;
	unsigned line;                   /* 1-based */
	unsigned column;                 /* 1-based, in bytes */
	char pointer[JSON_POINTER_SIZE]; /* the element that holds the fault */
	char message[128];               /* one sentence for people, without the place */
};

/*
 * Parses length bytes at text (not NULL, no NUL needed). "[]" has depth 1;
 * max_depth is JSON_STRICT_MAX_DEPTH at most. Keys and strings are decoded and
 * hold no NUL. A number's valuestring is its text as written: take whole
 * numbers from there with json_strict_u64(), for valuedouble is rounded and
 * valueint clamped.
 *
 * 0 and *ret_root, to be given to cJSON_Delete(); -EBADMSG and *ret_error;
 * or -ENOMEM. Other outputs stay untouched. The numeric locale must be "C".
 */
int json_strict_parse(const char *text, size_t length, unsigned max_depth, cJSON **ret_root,
		      struct json_error *ret_error);

/*
 * The whole number that a number item stands for. 0; -EDOM: has a fraction or
 * an exponent; -ERANGE: negative, or past 2^53 - 1, which other JSON software
 * would not have kept (RFC 8259 section 6): such a number is written as a
 * hexadecimal string. -EINVAL: not a number from json_strict_parse().
 */
int json_strict_u64(const cJSON *item, uint64_t *ret_value);

/*
 * Where an element of a text that json_strict_parse() took stands (a member:
 * its key). If there is none the nearest that would enclose it is meant.
 * Untouched if the text is not JSON.
 */
void json_strict_locate(const char *text, size_t length, const char *pointer, unsigned *ret_line,
			unsigned *ret_column);

#endif
