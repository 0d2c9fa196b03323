/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The strokes of the resource picture: text that is safe in XML, boxes, labels, words for things. */
#ifndef CONFIG_SVG_DRAW_H
#define CONFIG_SVG_DRAW_H

#include "resources.h"

struct svg_palette {
	const char *fill, *ink; /* of a box, and of what is written on it */
};

struct svg_words {
	char text[128];
};

struct svg_palette svg_colour_of(const struct config_resources *resources, uint32_t owner);

/* Any bytes, as text of the document; what XML does not take becomes U+FFFD. */
void svg_put_text(FILE *out, const char *text);
void svg_put_format(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "512 MiB", with one decimal where that is not exact. */
struct svg_words svg_size_words(uint64_t size);
/* "linux2 (zone 1)", "root zone", "free" … */
struct svg_words svg_owner_words(const struct config_resources *resources, uint32_t owner);
/* The same as short as can be. */
const char *svg_short_name(const struct config_resources *resources, uint32_t owner);

/* What a box says when someone points at it. */
void svg_put_title(FILE *out, const struct config_resources *resources, const char *what, uint32_t owner,
		   uint32_t other, bool shared);
/* One that two claim has a red, broken edge. */
void svg_put_box(FILE *out, const struct config_resources *resources, int x, int y, int width, int height,
		 uint32_t owner, bool contested);
void svg_put_heading(FILE *out, int x, int y, const char *text, const char *remark);
/* Cut to what fits into width. */
void svg_put_label(FILE *out, int x, int y, const char *anchor, const char *ink, const char *class,
		   const char *text, int width);

#endif
