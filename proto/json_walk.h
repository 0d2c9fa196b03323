/* SPDX-License-Identifier: MIT */
/* The grammar of JSON as a flat sequence of events, for json_strict.c only. */
#ifndef JSON_WALK_H
#define JSON_WALK_H

#include "json_lex.h"
#include "json_strict.h"

enum json_event_type {
	JSON_EVENT_VALUE, /* a scalar, or the start of an object or array */
	JSON_EVENT_CLOSE, /* the end of the innermost one */
	JSON_EVENT_END,   /* of the text */
};

struct json_event {
	enum json_event_type type;
	struct json_token value;
	bool is_member;        /* key is filled */
	struct json_token key; /* of a member */
	const char *key_text;  /* decoded; the walk's own, until the next event */
};

struct json_walk {
	struct json_lexer lexer;
	struct json_pointer pointer; /* of the value just reported */
	unsigned max_depth;
	unsigned depth;
	bool leave_token; /* pointer still ends with the value before */
	struct {
		bool is_array;
		size_t count; /* values so far */
	} level[JSON_STRICT_MAX_DEPTH];
	char *key; /* decoded */
	size_t key_size;
	struct json_error error; /* after -EBADMSG */
};

/* 0 or -EBADMSG. json_walk_fini() is due in either case. */
int json_walk_init(struct json_walk *walk, const char *text, size_t length, unsigned max_depth);

/* 0, -EBADMSG with walk->error filled, or -ENOMEM. Not to be called after JSON_EVENT_END or an error. */
int json_walk_next(struct json_walk *walk, struct json_event *ret_event);

/* Fills walk->error for a fault at the walk's pointer; always -EBADMSG. reason and message are static. */
int json_walk_fail(struct json_walk *walk, unsigned line, unsigned column, const char *reason,
		   const char *message);

void json_walk_fini(struct json_walk *walk);

#endif
