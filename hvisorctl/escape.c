/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "output.h"

/* Characters beyond ASCII that change how their neighbours are shown, or hide. */
static bool is_treacherous(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{ 0x80, 0x9f },                           /* C1 */
		{ 0xad, 0xad },                           /* soft hyphen */
		{ 0x61c, 0x61c },                         /* Arabic letter mark */
		{ 0x200b, 0x200f },                       /* no width, direction marks */
		{ 0x2028, 0x202e },                       /* line separators, direction */
		{ 0x2060, 0x206f },                       /* no width, direction */
		{ 0xd800, 0xdfff },                       /* surrogates: not UTF-8 */
		{ 0xfeff, 0xfeff }, { 0xe0000, 0xe0fff }, /* tags */
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	}
	return c > 0x10ffff;
}

static void drop_held(struct escape *escape, FILE *to)
{
	for (unsigned i = 0; i < escape->num; i++)
		fprintf(to, "\\x%02x", escape->held[i]);
	escape->num = escape->want = 0;
}

static void put_held(struct escape *escape, FILE *to)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t c = escape->held[0] & (0x7fu >> escape->want);

	for (unsigned i = 1; i < escape->num; i++)
		c = c << 6 | (escape->held[i] & 0x3fu);
	if (c < least[escape->want]) {
		drop_held(escape, to);
		return;
	}
	if (is_treacherous(c))
		fprintf(to, "\\u{%x}", c);
	else
		fwrite(escape->held, 1, escape->num, to);
	escape->num = escape->want = 0;
}

static unsigned sequence_length(unsigned char byte)
{
	if (byte >= 0xc2 && byte <= 0xdf)
		return 2;
	if (byte >= 0xe0 && byte <= 0xef)
		return 3;
	return byte >= 0xf0 && byte <= 0xf4 ? 4 : 0;
}

static void put_first(struct escape *escape, FILE *to, unsigned char byte)
{
	if (escape->carriage_return && byte != '\n')
		fputs("\\x0d", to);
	escape->carriage_return = escape->lines && byte == '\r';
	if (escape->carriage_return)
		return;
	if ((byte >= 0x20 && byte < 0x7f) || (escape->lines && (byte == '\n' || byte == '\t'))) {
		putc_unlocked(byte, to);
		return;
	}
	escape->want = sequence_length(byte);
	if (escape->want == 0)
		fprintf(to, "\\x%02x", byte);
	else
		escape->held[escape->num++] = byte;
}

void escape_bytes(struct escape *escape, FILE *to, const void *data, size_t length)
{
	const unsigned char *bytes = data;

	for (size_t i = 0; i < length; i++) {
		if (escape->want != 0 && (bytes[i] & 0xc0) != 0x80)
			drop_held(escape, to);
		if (escape->want == 0) {
			put_first(escape, to, bytes[i]);
			continue;
		}
		escape->held[escape->num++] = bytes[i];
		if (escape->num == escape->want)
			put_held(escape, to);
	}
}

void escape_end(struct escape *escape, FILE *to)
{
	drop_held(escape, to);
	if (escape->carriage_return)
		fputs("\\x0d", to);
	escape->carriage_return = false;
}

void ctl_put_text(FILE *to, const char *text)
{
	struct escape escape = { 0 };

	if (text == NULL)
		text = "-";
	escape_bytes(&escape, to, text, strlen(text));
	escape_end(&escape, to);
}
