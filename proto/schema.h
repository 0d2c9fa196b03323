/* SPDX-License-Identifier: MIT */
/* Constant tables made from schema.def, and the numbers that go with them. */
#ifndef SCHEMA_H
#define SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCHEMA_PROTOCOL 1

/* Each inclusion of schema.def undefines its macros; these make what is not wanted vanish. */
enum schema_limit {
#define LIMIT(id, name, value, doc) SCHEMA_LIMIT_##id = (value),
#define ERROR(...)
#define METHOD(...)
#define PARAM(...)
#define RESULT(...)
#define THROWS(...)
#define EVENT(...)
#define EVENT_FIELD(...)
#include "schema.def"
};

enum schema_error_id {
	SCHEMA_OK,
#define LIMIT(...)
#define ERROR(id, ...) SCHEMA_ERROR_##id,
#define METHOD(...)
#define PARAM(...)
#define RESULT(...)
#define THROWS(...)
#define EVENT(...)
#define EVENT_FIELD(...)
#include "schema.def"
	SCHEMA_ERROR_COUNT
};

enum schema_method_id {
#define LIMIT(...)
#define ERROR(...)
#define METHOD(id, ...) SCHEMA_METHOD_##id,
#define PARAM(...)
#define RESULT(...)
#define THROWS(...)
#define EVENT(...)
#define EVENT_FIELD(...)
#include "schema.def"
	SCHEMA_METHOD_COUNT
};

enum schema_event_id {
#define LIMIT(...)
#define ERROR(...)
#define METHOD(...)
#define PARAM(...)
#define RESULT(...)
#define THROWS(...)
#define EVENT(id, ...) SCHEMA_EVENT_##id,
#define EVENT_FIELD(...)
#include "schema.def"
	SCHEMA_EVENT_COUNT
};

enum schema_type {
	SCHEMA_STRING,
	SCHEMA_INTEGER,
	SCHEMA_BOOLEAN,
	SCHEMA_STRINGS, /* an array of strings, 16 at most */
	SCHEMA_ZONE,    /* an id (integer) or a name (string) */
	SCHEMA_ID,      /* a request id: integer or string */
	SCHEMA_ARRAY,
	SCHEMA_OBJECT,
	SCHEMA_TYPE_COUNT
};

enum schema_access {
	SCHEMA_READ,
	SCHEMA_CHANGE,
};

enum schema_need {
	SCHEMA_MUST,
	SCHEMA_MAY,
};

struct schema_limit_row {
	const char *name;
	int64_t value;
	const char *doc;
};

struct schema_error {
	int code;
	const char *reason;
	int exit; /* hvisorctl's exit status */
	const char *doc;
};

/* A parameter, a field of a result or of an event. owner: method or event id. */
struct schema_field {
	uint8_t owner;
	uint8_t type; /* enum schema_type */
	uint8_t need; /* enum schema_need */
	const char *name;
	int64_t min, max;    /* parameters: of the integer, or of the string's length */
	int64_t fallback;    /* parameters: integer that stands for an absent one */
	const char *choices; /* parameters: allowed strings, one space between, or NULL */
	const char *doc;
};

struct schema_throw {
	uint8_t method;
	uint8_t error;
};

struct schema_method {
	const char *name;
	enum schema_access access;
	const char *doc;
};

struct schema_event {
	const char *name;
	const char *doc;
};

extern const struct schema_limit_row schema_limits[];
extern const size_t schema_num_limits;
extern const struct schema_error schema_errors[SCHEMA_ERROR_COUNT]; /* [SCHEMA_OK] is empty */
extern const struct schema_method schema_methods[SCHEMA_METHOD_COUNT];
extern const struct schema_event schema_events[SCHEMA_EVENT_COUNT];
/* Flat, ordered by owner as in schema.def. */
extern const struct schema_field schema_params[];
extern const size_t schema_num_params;
extern const struct schema_field schema_results[];
extern const size_t schema_num_results;
extern const struct schema_throw schema_throws[];
extern const size_t schema_num_throws;
extern const struct schema_field schema_event_fields[];
extern const size_t schema_num_event_fields;

/* Name of a type in the reference: "integer". */
const char *schema_type_name(enum schema_type type);

/* The method of that name (length bytes, need not be terminated), or SCHEMA_METHOD_COUNT. */
enum schema_method_id schema_find_method(const char *name, size_t length);

/* The parameter of that name, or NULL. */
const struct schema_field *schema_find_param(enum schema_method_id method, const char *name, size_t length);

/* The error with that JSON-RPC code, or SCHEMA_ERROR_INTERNAL. */
enum schema_error_id schema_find_error(int64_t code);

#endif
