/* SPDX-License-Identifier: MIT */
#include "json_lex.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static int fail(struct json_lexer *lexer, size_t at, const char *reason, const char *message)
{
	lexer->reason = reason;
	lexer->message = message;
	lexer->error_line = lexer->line;
	lexer->error_column = (unsigned)(at - lexer->line_start) + 1;
	return -EBADMSG;
}

/* The byte at that place, or -1 behind the end. */
static int peek(const struct json_lexer *lexer, size_t at)
{
	return at < lexer->length ? (unsigned char)lexer->text[at] : -1;
}

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

int json_lex_init(struct json_lexer *lexer, const char *text, size_t length)
{
	memset(lexer, 0, sizeof(*lexer));
	lexer->text = text;
	lexer->length = length;
	lexer->line = 1;
	if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		return fail(lexer, 0, "json.bom", "the text starts with a byte order mark");
	return 0;
}

/*
 * Length of the UTF-8 sequence at that place, or 0: overlong forms, surrogates
 * and numbers past U+10FFFF are none (RFC 3629 section 4).
 */
static size_t utf8_length(const struct json_lexer *lexer, size_t at)
{
	static const struct {
		uint8_t first, last, low, high, length; /* first byte from..to, second byte from..to */
	} forms[] = {
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};
	int c = peek(lexer, at);

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		int second = peek(lexer, at + 1);

		if (c < forms[i].first || c > forms[i].last)
			continue;
		if (second < forms[i].low || second > forms[i].high)
			return 0;
		for (size_t n = 2; n < forms[i].length; n++)
			if (peek(lexer, at + n) < 0x80 || peek(lexer, at + n) > 0xbf)
				return 0;
		return forms[i].length;
	}
	return 0;
}

/* Four hexadecimal digits, or -1. */
static int32_t hex4(const char *text, size_t length)
{
	int32_t value = 0;

	if (length < 4)
		return -1;
	for (size_t i = 0; i < 4; i++) {
		static const char digits[] = "0123456789abcdef";
		const char *found = text[i] >= '0' ? memchr(digits, text[i] | 0x20, 16) : NULL;

		if (!found)
			return -1;
		value = value * 16 + (int32_t)(found - digits);
	}
	return value;
}

/* The code point of the \u escape at text, and the bytes it takes (6 or 12); 0 if it stands for none. */
static uint32_t unicode_escape(const char *text, size_t length, size_t *ret_taken)
{
	int32_t first = length >= 2 ? hex4(text + 2, length - 2) : -1;
	int32_t second;

	*ret_taken = 6;
	if (first < 0 || (first >= 0xdc00 && first <= 0xdfff))
		return 0;
	if (first < 0xd800 || first > 0xdbff)
		return (uint32_t)first;
	if (length < 12 || text[6] != '\\' || text[7] != 'u')
		return 0;
	second = hex4(text + 8, length - 8);
	if (second < 0xdc00 || second > 0xdfff)
		return 0;
	*ret_taken = 12;
	return 0x10000u + (((uint32_t)first & 0x3ffu) << 10 | ((uint32_t)second & 0x3ffu));
}

static const char escape_names[] = "\"\\/bfnrt";
static const char escape_bytes[] = "\"\\/\b\f\n\r\t";

/* Moves *at behind the escape there. */
static int lex_escape(struct json_lexer *lexer, size_t *at)
{
	int c = peek(lexer, *at + 1);
	size_t taken = 2;

	if (c == 'u') {
		if (unicode_escape(lexer->text + *at, lexer->length - *at, &taken) == 0)
			return fail(lexer, *at, "json.string", "this escape stands for no character");
	} else if (c <= 0 || !strchr(escape_names, c)) {
		return fail(lexer, *at, "json.string", "there is no such escape");
	}
	*at += taken;
	return 0;
}

static int lex_string(struct json_lexer *lexer, struct json_token *token)
{
	size_t at = lexer->at + 1;

	for (int c; (c = peek(lexer, at)) != '"';) {
		size_t step = 1;

		if (c < 0)
			return fail(lexer, lexer->at, "json.syntax", "this string has no end");
		if (c < 0x20)
			return fail(lexer, at, "json.control", "a control character within a string");
		if (c >= 0x80 && (step = utf8_length(lexer, at)) == 0)
			return fail(lexer, at, "json.utf8", "not UTF-8");
		if (c != '\\')
			at += step;
		else if (lex_escape(lexer, &at) < 0)
			return -EBADMSG;
	}
	token->type = JSON_TOKEN_STRING;
	token->start = lexer->text + lexer->at + 1;
	token->length = at - lexer->at - 1;
	lexer->at = at + 1;
	return 0;
}

static size_t skip_digits(const struct json_lexer *lexer, size_t at)
{
	while (is_digit(peek(lexer, at)))
		at++;
	return at;
}

static int lex_number(struct json_lexer *lexer, struct json_token *token)
{
	size_t at = lexer->at + (peek(lexer, lexer->at) == '-');
	bool zero = peek(lexer, at) == '0';
	size_t end = zero ? at + 1 : skip_digits(lexer, at);
	int next = peek(lexer, end);

	if (end == at)
		return fail(lexer, at, "json.number", "a digit belongs here");
	if (zero && (next == 'x' || next == 'X'))
		return fail(lexer, lexer->at, "json.number", "a hexadecimal number is written as a string");
	if (zero && is_digit(next))
		return fail(lexer, lexer->at, "json.number", "a number has no leading zero");
	if (next == '.') {
		at = end + 1;
		end = skip_digits(lexer, at);
		if (end == at)
			return fail(lexer, at, "json.number", "a digit belongs here");
		next = peek(lexer, end);
	}
	if (next == 'e' || next == 'E') {
		at = end + 1;
		at += peek(lexer, at) == '+' || peek(lexer, at) == '-';
		end = skip_digits(lexer, at);
		if (end == at)
			return fail(lexer, at, "json.number", "a digit belongs here");
	}
	token->type = JSON_TOKEN_NUMBER;
	token->length = end - lexer->at;
	lexer->at = end;
	return 0;
}

static int lex_literal(struct json_lexer *lexer, struct json_token *token)
{
	static const struct {
		const char *text;
		enum json_token_type type;
	} literals[] = {
		{ "{", JSON_TOKEN_OBJECT },    { "}", JSON_TOKEN_OBJECT_END }, { "[", JSON_TOKEN_ARRAY },
		{ "]", JSON_TOKEN_ARRAY_END }, { ":", JSON_TOKEN_COLON },      { ",", JSON_TOKEN_COMMA },
		{ "true", JSON_TOKEN_TRUE },   { "false", JSON_TOKEN_FALSE },  { "null", JSON_TOKEN_NULL },
	};
	int c = peek(lexer, lexer->at);

	for (size_t i = 0; i < ARRAY_SIZE(literals); i++) {
		size_t length = strlen(literals[i].text);

		if (length > lexer->length - lexer->at || memcmp(token->start, literals[i].text, length) != 0)
			continue;
		token->type = literals[i].type;
		token->length = length;
		lexer->at += length;
		return 0;
	}
	if (c < 0x20)
		return fail(lexer, lexer->at, "json.control", "a control character");
	if (c >= 0x80 && utf8_length(lexer, lexer->at) == 0)
		return fail(lexer, lexer->at, "json.utf8", "not UTF-8");
	return fail(lexer, lexer->at, "json.syntax", "this starts no JSON value");
}

static void skip_space(struct json_lexer *lexer)
{
	for (; lexer->at < lexer->length; lexer->at++) {
		char c = lexer->text[lexer->at];

		if (c == '\n') {
			lexer->line++;
			lexer->line_start = lexer->at + 1;
		} else if (c != ' ' && c != '\t' && c != '\r') {
			break;
		}
	}
}

int json_lex_next(struct json_lexer *lexer, struct json_token *ret_token)
{
	struct json_token token = { .type = JSON_TOKEN_END };
	int c, r = 0;

	skip_space(lexer);
	token.start = lexer->text + lexer->at;
	token.line = lexer->line;
	token.column = (unsigned)(lexer->at - lexer->line_start) + 1;
	c = peek(lexer, lexer->at);
	if (c == '"')
		r = lex_string(lexer, &token);
	else if (c == '-' || is_digit(c))
		r = lex_number(lexer, &token);
	else if (c >= 0)
		r = lex_literal(lexer, &token);
	if (r == 0)
		*ret_token = token;
	return r;
}

/* Code points up to U+10FFFF; the escape it comes from is longer than what is written. */
static char *put_utf8(char *out, uint32_t c)
{
	static const uint8_t marks[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	unsigned length = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (unsigned i = length - 1; i > 0; i--) {
		out[i] = (char)(0x80u | (c & 0x3fu));
		c >>= 6;
	}
	out[0] = (char)(length > 1 ? marks[length] | c : c);
	return out + length;
}

void json_lex_decode(const struct json_token *token, char *ret_text)
{
	const char *in = token->start, *end = token->start + token->length;

	while (in < end) {
		size_t taken = 2;

		if (*in != '\\') {
			*ret_text++ = *in++;
			continue;
		}
		if (in[1] == 'u')
			ret_text = put_utf8(ret_text, unicode_escape(in, (size_t)(end - in), &taken));
		else
			*ret_text++ = escape_bytes[strchr(escape_names, in[1]) - escape_names];
		in += taken;
	}
	*ret_text = '\0';
}
