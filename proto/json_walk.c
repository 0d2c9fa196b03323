/* SPDX-License-Identifier: MIT */
#include "json_walk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int json_walk_fail(struct json_walk *walk, unsigned line, unsigned column, const char *reason,
		   const char *message)
{
	struct json_error *error = &walk->error;

	error->reason = reason;
	error->line = line;
	error->column = column;
	memcpy(error->pointer, walk->pointer.text, sizeof(error->pointer));
	snprintf(error->message, sizeof(error->message), "%s", message);
	return -EBADMSG;
}

static int fail(struct json_walk *walk, const struct json_token *token, const char *reason,
		const char *message)
{
	return json_walk_fail(walk, token->line, token->column, reason, message);
}

static int fail_lexer(struct json_walk *walk)
{
	const struct json_lexer *lexer = &walk->lexer;

	return json_walk_fail(walk, lexer->error_line, lexer->error_column, lexer->reason, lexer->message);
}

static int next_token(struct json_walk *walk, struct json_token *ret_token)
{
	return json_lex_next(&walk->lexer, ret_token) == 0 ? 0 : fail_lexer(walk);
}

int json_walk_init(struct json_walk *walk, const char *text, size_t length, unsigned max_depth)
{
	memset(walk, 0, sizeof(*walk));
	walk->max_depth = max_depth < JSON_STRICT_MAX_DEPTH ? max_depth : JSON_STRICT_MAX_DEPTH;
	return json_lex_init(&walk->lexer, text, length) == 0 ? 0 : fail_lexer(walk);
}

void json_walk_fini(struct json_walk *walk)
{
	free(walk->key);
	walk->key = NULL;
}

/* The decoded key stays in one buffer that grows: a walk makes few allocations. */
static int decode_key(struct json_walk *walk, const struct json_token *token)
{
	if (token->length >= walk->key_size) {
		size_t size = token->length + 64;
		char *key = realloc(walk->key, size);

		if (!key)
			return -ENOMEM;
		walk->key = key;
		walk->key_size = size;
	}
	json_lex_decode(token, walk->key);
	return 0;
}

static bool is_scalar(enum json_token_type type)
{
	return type >= JSON_TOKEN_STRING && type <= JSON_TOKEN_NULL;
}

/* Reports the value that token starts; the pointer names it already. */
static int enter_value(struct json_walk *walk, const struct json_token *token, struct json_event *event)
{
	event->type = JSON_EVENT_VALUE;
	event->value = *token;
	if (is_scalar(token->type)) {
		walk->leave_token = true;
		return 0;
	}
	if (token->type != JSON_TOKEN_OBJECT && token->type != JSON_TOKEN_ARRAY)
		return fail(walk, token, "json.syntax", "a value belongs here");
	if (walk->depth >= walk->max_depth)
		return fail(walk, token, "json.depth", "nested too deeply");
	walk->level[walk->depth].is_array = token->type == JSON_TOKEN_ARRAY;
	walk->level[walk->depth].count = 0;
	walk->depth++;
	return 0;
}

static int enter_member(struct json_walk *walk, const struct json_token *key, struct json_event *event)
{
	struct json_token token;
	int r;

	if (key->type != JSON_TOKEN_STRING)
		return fail(walk, key, "json.syntax", "a key, a string, belongs here");
	r = decode_key(walk, key);
	if (r < 0)
		return r;
	json_pointer_push_key(&walk->pointer, walk->key);
	event->is_member = true;
	event->key = *key;
	event->key_text = walk->key;
	r = next_token(walk, &token);
	if (r < 0)
		return r;
	if (token.type != JSON_TOKEN_COLON)
		return fail(walk, &token, "json.syntax", "a colon belongs behind a key");
	r = next_token(walk, &token);
	return r < 0 ? r : enter_value(walk, &token, event);
}

static int leave(struct json_walk *walk, struct json_event *event)
{
	walk->depth--;
	walk->leave_token = true;
	event->type = JSON_EVENT_CLOSE;
	return 0;
}

/* Within an object or array: its end, or the next of its values. */
static int step_inside(struct json_walk *walk, struct json_token *token, struct json_event *event)
{
	bool is_array = walk->level[walk->depth - 1].is_array;
	size_t count = walk->level[walk->depth - 1].count;
	int r;

	if (token->type == (is_array ? JSON_TOKEN_ARRAY_END : JSON_TOKEN_OBJECT_END))
		return leave(walk, event);
	if (count > 0) {
		if (token->type != JSON_TOKEN_COMMA)
			return fail(walk, token, "json.syntax", "a comma or the end belongs here");
		r = next_token(walk, token);
		if (r < 0)
			return r;
	}
	walk->level[walk->depth - 1].count = count + 1;
	if (!is_array)
		return enter_member(walk, token, event);
	json_pointer_push_index(&walk->pointer, count);
	return enter_value(walk, token, event);
}

int json_walk_next(struct json_walk *walk, struct json_event *ret_event)
{
	struct json_event event = { .type = JSON_EVENT_END };
	bool at_start = walk->depth == 0 && !walk->leave_token;
	struct json_token token;
	int r;

	if (walk->leave_token && walk->depth > 0) {
		json_pointer_pop(&walk->pointer);
		walk->leave_token = false;
	}
	r = next_token(walk, &token);
	if (walk->depth == 0 && !at_start && (r < 0 || token.type != JSON_TOKEN_END))
		return json_walk_fail(walk, r < 0 ? walk->error.line : token.line,
				      r < 0 ? walk->error.column : token.column, "json.trailing",
				      "something follows the end of the JSON text");
	if (r < 0)
		return r;
	if (walk->depth > 0)
		r = step_inside(walk, &token, &event);
	else if (at_start && token.type == JSON_TOKEN_END)
		r = fail(walk, &token, "json.empty", "the text is empty");
	else if (at_start)
		r = enter_value(walk, &token, &event);
	if (r == 0)
		*ret_event = event;
	return r;
}
