/* SPDX-License-Identifier: MIT */
/* Tokens of JSON text (RFC 8259), for json_strict.c only. */
#ifndef JSON_LEX_H
#define JSON_LEX_H

#include <stddef.h>

enum json_token_type {
	JSON_TOKEN_OBJECT,     /* { */
	JSON_TOKEN_OBJECT_END, /* } */
	JSON_TOKEN_ARRAY,      /* [ */
	JSON_TOKEN_ARRAY_END,  /* ] */
	JSON_TOKEN_COLON,
	JSON_TOKEN_COMMA,
	JSON_TOKEN_STRING,
	JSON_TOKEN_NUMBER,
	JSON_TOKEN_TRUE,
	JSON_TOKEN_FALSE,
	JSON_TOKEN_NULL,
	JSON_TOKEN_END, /* of the text */
};

/* start, length: the text of the token; of a string without its quotes, escapes as they stand. */
struct json_token {
	enum json_token_type type;
	const char *start;
	size_t length;
	unsigned line;   /* 1-based */
	unsigned column; /* 1-based, in bytes */
};

struct json_lexer {
	const char *text;
	size_t length;
	size_t at;
	size_t line_start;
	unsigned line;
	/* after -EBADMSG */
	const char *reason;
	const char *message;
	unsigned error_line;
	unsigned error_column;
};

/* Zero length is well; text is not copied. 0, or -EBADMSG if it starts with a byte order mark. */
int json_lex_init(struct json_lexer *lexer, const char *text, size_t length);

/* The next token, or -EBADMSG with the error fields filled. */
int json_lex_next(struct json_lexer *lexer, struct json_token *ret_token);

/* Writes what a string token stands for: at most length bytes and a NUL. Never contains another NUL. */
void json_lex_decode(const struct json_token *token, char *ret_text);

#endif
