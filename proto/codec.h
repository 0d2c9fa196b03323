/* SPDX-License-Identifier: MIT */
/* From a stream of bytes to lines, for daemon and clients alike. */
#ifndef CODEC_H
#define CODEC_H

#include <stddef.h>

struct codec {
	char *tail; /* the beginning of a line whose end has not come */
	size_t length;
	size_t capacity;
	size_t limit; /* most bytes of a line, LF included */
};

/* From a codec_line_fn: enough for now; what came behind this line is kept for codec_resume(). */
#define CODEC_PAUSE 1

/* A whole line without its LF (nor a CR before it). Returns 0, CODEC_PAUSE, or a negative errno to stop. */
typedef int (*codec_line_fn)(const char *line, size_t length, void *user);

void codec_init(struct codec *codec, size_t limit);
void codec_fini(struct codec *codec);

/*
 * Takes bytes as they came and hands every line they end to line_fn, without
 * copying those that came whole. Memory is held only for an unfinished line
 * and grows with it. Returns 0, CODEC_PAUSE, -EMSGSIZE (a line is longer than
 * the limit), -ENOMEM, or what line_fn returned. Not to be called while paused.
 */
int codec_feed(struct codec *codec, const char *data, size_t length, codec_line_fn line_fn, void *user);

/* Goes on with what was kept at CODEC_PAUSE; returns as codec_feed(). */
int codec_resume(struct codec *codec, codec_line_fn line_fn, void *user);

#endif
