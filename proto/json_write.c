/* SPDX-License-Identifier: MIT */
#include "json_write.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"

#define FIRST_CAPACITY 512u

void json_out_fini(struct json_out *out)
{
	free(out->text);
	*out = (struct json_out){ 0 };
}

/* Room for more bytes, or NULL. */
static char *reserve(struct json_out *out, size_t more)
{
	size_t capacity = out->capacity != 0 ? out->capacity : FIRST_CAPACITY;
	char *text;

	if (out->failed)
		return NULL;
	if (out->capacity - out->length >= more)
		return out->text + out->length;
	while (capacity - out->length < more)
		capacity *= 2;
	text = realloc(out->text, capacity);
	if (text == NULL) {
		out->failed = true;
		return NULL;
	}
	out->text = text;
	out->capacity = capacity;
	return text + out->length;
}

void json_append(struct json_out *out, const char *text, size_t length)
{
	char *to = reserve(out, length);

	if (to == NULL)
		return;
	memcpy(to, text, length);
	out->length += length;
}

static void put_char(struct json_out *out, char c)
{
	json_append(out, &c, 1);
}

/* Bytes of the UTF-8 sequence at s, or 0 if it is none (RFC 3629, no surrogates, nothing overlong). */
static size_t utf8_length(const unsigned char *s, size_t left)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t code;
	size_t length;

	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	length = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (length > left)
		return 0;
	code = s[0] & (0x7fu >> length);
	for (size_t i = 1; i < length; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3fu);
	}
	if (code < least[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	return length;
}

static void put_escaped(struct json_out *out, unsigned char c)
{
	static const char plain[] = "\"\\\b\f\n\r\t";
	static const char letter[] = "\"\\bfnrt";
	const char *at = c != 0 ? strchr(plain, c) : NULL;
	char text[8];
	int length = at != NULL ? snprintf(text, sizeof(text), "\\%c", letter[at - plain])
				: snprintf(text, sizeof(text), "\\u%04x", c);

	json_append(out, text, (size_t)length);
}

static void put_quoted(struct json_out *out, const char *value, size_t length)
{
	const unsigned char *s = (const unsigned char *)value;
	size_t start = 0;

	put_char(out, '"');
	for (size_t i = 0; i < length;) {
		size_t bytes = utf8_length(s + i, length - i);
		bool plain = bytes != 0 && s[i] >= 0x20 && s[i] != '"' && s[i] != '\\' && s[i] != 0x7f;

		if (plain) {
			i += bytes;
			continue;
		}
		json_append(out, value + start, i - start);
		if (bytes == 0)
			json_append(out, "\\ufffd", 6);
		else
			put_escaped(out, s[i]);
		start = ++i;
	}
	json_append(out, value + start, length - start);
	put_char(out, '"');
}

/* The comma that the last character asks for, and the key. */
static void put_key(struct json_out *out, const char *key)
{
	char last = out->length != 0 ? out->text[out->length - 1] : '\n';

	if (strchr("{[:,\n", last) == NULL)
		put_char(out, ',');
	if (key == NULL)
		return;
	put_quoted(out, key, strlen(key));
	put_char(out, ':');
}

void json_open_object(struct json_out *out, const char *key)
{
	put_key(out, key);
	put_char(out, '{');
}

void json_close_object(struct json_out *out)
{
	put_char(out, '}');
}

void json_open_array(struct json_out *out, const char *key)
{
	put_key(out, key);
	put_char(out, '[');
}

void json_close_array(struct json_out *out)
{
	put_char(out, ']');
}

void json_put_raw(struct json_out *out, const char *key, const char *json, size_t length)
{
	put_key(out, key);
	json_append(out, json, length);
}

void json_put_string(struct json_out *out, const char *key, const char *value)
{
	if (value == NULL)
		json_put_raw(out, key, "null", 4);
	else
		json_put_bytes(out, key, value, strlen(value));
}

void json_put_bytes(struct json_out *out, const char *key, const char *value, size_t length)
{
	put_key(out, key);
	put_quoted(out, value, length);
}

void json_put_int(struct json_out *out, const char *key, int64_t value)
{
	char text[24];
	int length = snprintf(text, sizeof(text), "%" PRId64, value);

	json_put_raw(out, key, text, (size_t)length);
}

void json_put_uint(struct json_out *out, const char *key, uint64_t value)
{
	char text[24];
	int length = snprintf(text, sizeof(text), "%" PRIu64, value);

	json_put_raw(out, key, text, (size_t)length);
}

void json_put_hex(struct json_out *out, const char *key, uint64_t value)
{
	char text[24];
	int length = snprintf(text, sizeof(text), "\"0x%" PRIx64 "\"", value);

	json_put_raw(out, key, text, (size_t)length);
}

void json_put_bool(struct json_out *out, const char *key, bool value)
{
	json_put_raw(out, key, value ? "true" : "false", value ? 4 : 5);
}

void json_put_base64(struct json_out *out, const char *key, const void *data, size_t length)
{
	size_t characters = base64_length(length);
	char *to;

	put_key(out, key);
	put_char(out, '"');
	to = reserve(out, characters);
	if (to == NULL)
		return;
	base64_encode(data, length, to);
	out->length += characters;
	put_char(out, '"');
}
