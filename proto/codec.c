/* SPDX-License-Identifier: MIT */
#include "codec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void codec_init(struct codec *codec, size_t limit)
{
	*codec = (struct codec){ .limit = limit };
}

void codec_fini(struct codec *codec)
{
	free(codec->tail);
	*codec = (struct codec){ 0 };
}

static int keep(struct codec *codec, const char *data, size_t length)
{
	size_t need = codec->length + length;
	size_t capacity = codec->capacity != 0 ? codec->capacity : 256;

	if (length == 0)
		return 0;
	if (need >= codec->limit)
		return -EMSGSIZE;
	if (need > codec->capacity) {
		char *tail;

		while (capacity < need)
			capacity *= 2;
		tail = realloc(codec->tail, capacity);
		if (tail == NULL)
			return -ENOMEM;
		codec->tail = tail;
		codec->capacity = capacity;
	}
	memcpy(codec->tail + codec->length, data, length);
	codec->length = need;
	return 0;
}

static int emit(const char *line, size_t length, codec_line_fn line_fn, void *user)
{
	if (length != 0 && line[length - 1] == '\r')
		length--;
	return line_fn(line, length, user);
}

/* The kept beginning and the end that has now come. */
static int emit_kept(struct codec *codec, const char *data, size_t length, codec_line_fn line_fn, void *user)
{
	char *line;
	int r = keep(codec, data, length);

	if (r != 0)
		return r;
	/* taken out first, so that nothing of an idle connection stays allocated */
	line = codec->tail;
	length = codec->length;
	codec->tail = NULL;
	codec->length = 0;
	codec->capacity = 0;
	r = emit(line, length, line_fn, user);
	free(line);
	return r;
}

int codec_feed(struct codec *codec, const char *data, size_t length, codec_line_fn line_fn, void *user)
{
	while (length != 0) {
		const char *end = memchr(data, '\n', length);
		size_t line = end != NULL ? (size_t)(end - data) : length;
		int r;

		if (end == NULL)
			return keep(codec, data, length);
		if (line + 1 > codec->limit)
			return -EMSGSIZE;
		r = codec->length != 0 ? emit_kept(codec, data, line, line_fn, user)
				       : emit(data, line, line_fn, user);
		data += line + 1;
		length -= line + 1;
		if (r == CODEC_PAUSE) {
			int kept = keep(codec, data, length);

			return kept != 0 ? kept : CODEC_PAUSE;
		}
		if (r != 0)
			return r;
	}
	return 0;
}

int codec_resume(struct codec *codec, codec_line_fn line_fn, void *user)
{
	char *data = codec->tail;
	size_t length = codec->length;
	int r;

	codec->tail = NULL;
	codec->length = 0;
	codec->capacity = 0;
	r = codec_feed(codec, data, length, line_fn, user);
	free(data);
	return r;
}
