/* SPDX-License-Identifier: MIT */
/* JSON pointers (RFC 6901) that are built while walking down a document. */
#ifndef JSON_POINTER_H
#define JSON_POINTER_H

#include <stddef.h>

#define JSON_POINTER_SIZE 256u

/*
 * Fixed in size, so that it cannot fail: tokens that no longer fit are only
 * counted, and text then names the nearest enclosing element that did.
 * All zero is the root.
 */
struct json_pointer {
	char text[JSON_POINTER_SIZE]; /* "" is the whole document */
	size_t length;
	size_t lost; /* innermost tokens that did not fit */
};

/* One step down: to a member (key is escaped here), or to an element of an array. */
void json_pointer_push_key(struct json_pointer *pointer, const char *key);
void json_pointer_push_index(struct json_pointer *pointer, size_t index);

/* One step up; nothing at the root. */
void json_pointer_pop(struct json_pointer *pointer);

#endif
