/* SPDX-License-Identifier: MIT */
#include "json_pointer.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* '~' and '/' have a meaning of their own within a pointer (RFC 6901 section 3). */
static const char *escape(char c)
{
	return c == '~' ? "~0" : c == '/' ? "~1" : NULL;
}

static bool append_token(struct json_pointer *pointer, const char *key)
{
	size_t at = pointer->length;

	if (at + 1 >= sizeof(pointer->text))
		return false;
	pointer->text[at++] = '/';
	for (; *key; key++) {
		const char *escaped = escape(*key);
		size_t step = escaped ? 2 : 1;

		if (at + step >= sizeof(pointer->text))
			return false;
		memcpy(&pointer->text[at], escaped ? escaped : key, step);
		at += step;
	}
	pointer->text[at] = '\0';
	pointer->length = at;
	return true;
}

void json_pointer_push_key(struct json_pointer *pointer, const char *key)
{
	if (pointer->lost > 0 || !append_token(pointer, key)) {
		pointer->text[pointer->length] = '\0';
		pointer->lost++;
	}
}

void json_pointer_push_index(struct json_pointer *pointer, size_t index)
{
	char token[24];

	snprintf(token, sizeof(token), "%zu", index);
	json_pointer_push_key(pointer, token);
}

void json_pointer_pop(struct json_pointer *pointer)
{
	if (pointer->lost > 0) {
		pointer->lost--;
		return;
	}
	while (pointer->length > 0 && pointer->text[--pointer->length] != '/')
		;
	pointer->text[pointer->length] = '\0';
}
