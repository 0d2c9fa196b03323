/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "svg_draw.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

static const struct svg_palette zone_colours[] = {
	{ "#56b4e9", "#10202c" }, { "#e69f00", "#241900" }, { "#009e73", "#ffffff" },
	{ "#cc79a7", "#280f1d" }, { "#f0e442", "#242100" }, { "#0072b2", "#ffffff" },
	{ "#d55e00", "#ffffff" },
};

#define NUM_COLOURS (sizeof(zone_colours) / sizeof(zone_colours[0]))

struct svg_palette svg_colour_of(const struct config_resources *resources, uint32_t index)
{
	static const struct svg_palette fixed[] = {
		[CONFIG_OWNER_NOBODY] = { "url(#free)", "#4a5560" },
		[CONFIG_OWNER_BOARD] = { "#eceff2", "#4a5560" },
		[CONFIG_OWNER_HYPERVISOR] = { "#2b3440", "#ffffff" },
		[CONFIG_OWNER_ROOT] = { "#aab4bf", "#14191f" },
	};
	enum config_owner_kind kind = resources->owners[index].kind;

	return kind == CONFIG_OWNER_ZONE ? zone_colours[(index - CONFIG_OWNER_ZONE) % NUM_COLOURS]
					 : fixed[kind];
}

/* Length of the character at text that XML takes as it is, or 0. */
static unsigned plain_length(const unsigned char *text)
{
	unsigned length = text[0] < 0x80   ? 1
			  : text[0] < 0xc2 ? 0
			  : text[0] < 0xe0 ? 2
			  : text[0] < 0xf0 ? 3
					   : 4;

	if (length == 0 || text[0] > 0xf4 || text[0] < 0x20 || text[0] == 0x7f)
		return 0;
	for (unsigned i = 1; i < length; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	/* Overlong forms, half surrogate pairs, and what XML 1.0 (2.2) has no place for. */
	if ((text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xed && text[1] > 0x9f) ||
	    (text[0] == 0xf0 && text[1] < 0x90) || (text[0] == 0xf4 && text[1] > 0x8f) ||
	    (text[0] == 0xef && text[1] == 0xbf && text[2] > 0xbd))
		return 0;
	return length;
}

void svg_put_text(FILE *out, const char *text)
{
	static const char *const entities[128] = {
		['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;", ['\''] = "&apos;"
	};
	const unsigned char *at = (const unsigned char *)text;

	while (*at != '\0') {
		unsigned length = plain_length(at);

		if (length == 0)
			fputs("\xef\xbf\xbd", out);
		else if (length == 1 && entities[*at])
			fputs(entities[*at], out);
		else
			fwrite(at, 1, length, out);
		at += length > 0 ? length : 1;
	}
}

void svg_put_format(FILE *out, const char *format, ...)
{
	char text[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	svg_put_text(out, text);
}

struct svg_words svg_size_words(uint64_t size)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	struct svg_words words;
	double number = (double)size;
	unsigned unit = 0;

	for (; unit < 6 && number >= 1024; unit++)
		number /= 1024;
	snprintf(words.text, sizeof(words.text), "%.*f %s", number > (double)(uint64_t)number ? 1 : 0, number,
		 units[unit]);
	return words;
}

/* "zone 1 linux2", "root zone", "free" */
struct svg_words svg_owner_words(const struct config_resources *resources, uint32_t index)
{
	const struct config_owner *owner = &resources->owners[index];
	struct svg_words words;

	switch (owner->kind) {
	case CONFIG_OWNER_NOBODY:
		snprintf(words.text, sizeof(words.text), "free");
		break;
	case CONFIG_OWNER_BOARD:
		snprintf(words.text, sizeof(words.text), "not for zones");
		break;
	case CONFIG_OWNER_HYPERVISOR:
		snprintf(words.text, sizeof(words.text), "hypervisor");
		break;
	case CONFIG_OWNER_ROOT:
		snprintf(words.text, sizeof(words.text), "root zone");
		break;
	case CONFIG_OWNER_ZONE:
		snprintf(words.text, sizeof(words.text), "%s (zone %u)", owner->name, owner->id);
		break;
	}
	return words;
}

/* What a box says when someone points at it; other is named with what it means. */
void svg_put_title(FILE *out, const struct config_resources *resources, const char *what, uint32_t owner,
		   uint32_t other, bool shared)
{
	fputs("<title>", out);
	svg_put_format(out, "%s: %s", what, svg_owner_words(resources, owner).text);
	if (other != CONFIG_NO_OWNER)
		svg_put_format(out, "%s %s", shared ? ", shared with" : "; claimed as well by",
			       svg_owner_words(resources, other).text);
	fputs("</title>", out);
}

/* A box of an owner; one that two claim has a red, broken edge. */
void svg_put_box(FILE *out, const struct config_resources *resources, int x, int y, int width, int height,
		 uint32_t owner, bool contested)
{
	fprintf(out, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"4\" fill=\"%s\" class=\"%s\"/>",
		x, y, width, height, svg_colour_of(resources, owner).fill, contested ? "box bad" : "box");
}

void svg_put_heading(FILE *out, int x, int y, const char *text, const char *remark)
{
	fprintf(out, "<text x=\"%d\" y=\"%d\" class=\"h2\">", x, y);
	svg_put_text(out, text);
	fputs("</text>", out);
	fprintf(out, "<text x=\"%d\" y=\"%d\" class=\"dim\">", x, y + 19);
	svg_put_text(out, remark);
	fputs("</text>\n", out);
}

/* The owner's name cut to what fits; an average character is a bit more than half as wide as high. */
void svg_put_label(FILE *out, int x, int y, const char *anchor, const char *ink, const char *class,
		   const char *text, int width)
{
	char cut[320];
	size_t room = (size_t)(width * 10 / 68), length = strlen(text);

	if (length > room && room > 1) {
		length = room - 1;
		while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
			length--;
		snprintf(cut, sizeof(cut), "%.*s…", (int)length, text);
		text = cut;
	}
	fprintf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"%s\" fill=\"%s\" class=\"%s\">", x, y, anchor,
		ink, class);
	svg_put_text(out, text);
	fputs("</text>", out);
}

const char *svg_short_name(const struct config_resources *resources, uint32_t index)
{
	static const char *const names[] = {
		[CONFIG_OWNER_NOBODY] = "free",
		[CONFIG_OWNER_BOARD] = "—",
		[CONFIG_OWNER_HYPERVISOR] = "hypervisor",
		[CONFIG_OWNER_ROOT] = "root",
	};
	const struct config_owner *owner = &resources->owners[index];

	return owner->kind == CONFIG_OWNER_ZONE ? owner->name : names[owner->kind];
}
