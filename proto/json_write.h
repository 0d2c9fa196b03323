/* SPDX-License-Identifier: MIT */
/*
 * JSON text into a growing buffer. Commas come by themselves: a value that
 * follows another one in the same container gets one. Out of memory is noted
 * once and tested once, by whoever sends the text. Nothing here logs.
 */
#ifndef JSON_WRITE_H
#define JSON_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_out {
	char *text; /* not terminated */
	size_t length;
	size_t capacity;
	bool failed; /* out of memory: text is not complete */
};

void json_out_fini(struct json_out *out);

/* key is NULL for an element of an array or a value on its own. */
void json_open_object(struct json_out *out, const char *key);
void json_close_object(struct json_out *out);
void json_open_array(struct json_out *out, const char *key);
void json_close_array(struct json_out *out);

/* value NULL writes null. What is not UTF-8 becomes U+FFFD. */
void json_put_string(struct json_out *out, const char *key, const char *value);
void json_put_bytes(struct json_out *out, const char *key, const char *value, size_t length);
void json_put_int(struct json_out *out, const char *key, int64_t value);
void json_put_uint(struct json_out *out, const char *key, uint64_t value);
/* A string "0x…": 64-bit addresses do not survive every JSON reader as numbers. */
void json_put_hex(struct json_out *out, const char *key, uint64_t value);
void json_put_bool(struct json_out *out, const char *key, bool value);
void json_put_base64(struct json_out *out, const char *key, const void *data, size_t length);
/* JSON text that somebody else made. */
void json_put_raw(struct json_out *out, const char *key, const char *json, size_t length);
/* Bytes as they are, without comma: a line's LF. */
void json_append(struct json_out *out, const char *text, size_t length);

#endif
