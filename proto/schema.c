/* SPDX-License-Identifier: MIT */
#include "schema.h"

#include <string.h>

const struct schema_limit_row schema_limits[] = {
#define LIMIT(id, name, value, doc) { name, value, doc },
#define ERROR(...)
#define METHOD(...)
#define PARAM(...)
#define RESULT(...)
#define THROWS(...)
#define EVENT(...)
#define EVENT_FIELD(...)
#include "schema.def"
};
const size_t schema_num_limits = sizeof(schema_limits) / sizeof(schema_limits[0]);

const struct schema_error schema_errors[SCHEMA_ERROR_COUNT] = {
#define LIMIT(...)
#define ERROR(id, code, reason, exit, doc) [SCHEMA_ERROR_##id] = { code, reason, exit, doc },
#define METHOD(...)
#define PARAM(...)
#define RESULT(...)
#define THROWS(...)
#define EVENT(...)
#define EVENT_FIELD(...)
#include "schema.def"
};

const struct schema_method schema_methods[SCHEMA_METHOD_COUNT] = {
#define LIMIT(...)
#define ERROR(...)
#define METHOD(id, name, access, doc) [SCHEMA_METHOD_##id] = { name, SCHEMA_##access, doc },
#define PARAM(...)
#define RESULT(...)
#define THROWS(...)
#define EVENT(...)
#define EVENT_FIELD(...)
#include "schema.def"
};

const struct schema_event schema_events[SCHEMA_EVENT_COUNT] = {
#define LIMIT(...)
#define ERROR(...)
#define METHOD(...)
#define PARAM(...)
#define RESULT(...)
#define THROWS(...)
#define EVENT(id, name, doc) [SCHEMA_EVENT_##id] = { name, doc },
#define EVENT_FIELD(...)
#include "schema.def"
};

const struct schema_field schema_params[] = {
#define LIMIT(...)
#define ERROR(...)
#define METHOD(...)
#define PARAM(method, name, type, need, min, max, fallback, choices, doc)                                    \
	{ SCHEMA_METHOD_##method, SCHEMA_##type, SCHEMA_##need, name, min, max, fallback, choices, doc },
#define RESULT(...)
#define THROWS(...)
#define EVENT(...)
#define EVENT_FIELD(...)
#include "schema.def"
};
const size_t schema_num_params = sizeof(schema_params) / sizeof(schema_params[0]);

const struct schema_field schema_results[] = {
#define LIMIT(...)
#define ERROR(...)
#define METHOD(...)
#define PARAM(...)
#define RESULT(method, name, type, need, doc)                                                                \
	{ SCHEMA_METHOD_##method, SCHEMA_##type, SCHEMA_##need, name, 0, 0, 0, NULL, doc },
#define THROWS(...)
#define EVENT(...)
#define EVENT_FIELD(...)
#include "schema.def"
};
const size_t schema_num_results = sizeof(schema_results) / sizeof(schema_results[0]);

const struct schema_throw schema_throws[] = {
#define LIMIT(...)
#define ERROR(...)
#define METHOD(...)
#define PARAM(...)
#define RESULT(...)
#define THROWS(method, error) { SCHEMA_METHOD_##method, SCHEMA_ERROR_##error },
#define EVENT(...)
#define EVENT_FIELD(...)
#include "schema.def"
};
const size_t schema_num_throws = sizeof(schema_throws) / sizeof(schema_throws[0]);

const struct schema_field schema_event_fields[] = {
#define LIMIT(...)
#define ERROR(...)
#define METHOD(...)
#define PARAM(...)
#define RESULT(...)
#define THROWS(...)
#define EVENT(...)
#define EVENT_FIELD(event, name, type, need, doc)                                                            \
	{ SCHEMA_EVENT_##event, SCHEMA_##type, SCHEMA_##need, name, 0, 0, 0, NULL, doc },
#include "schema.def"
};
const size_t schema_num_event_fields = sizeof(schema_event_fields) / sizeof(schema_event_fields[0]);

const char *schema_type_name(enum schema_type type)
{
	static const char *const names[SCHEMA_TYPE_COUNT] = {
		[SCHEMA_STRING] = "string",   [SCHEMA_INTEGER] = "integer", [SCHEMA_BOOLEAN] = "boolean",
		[SCHEMA_STRINGS] = "strings", [SCHEMA_ZONE] = "zone",       [SCHEMA_ID] = "id",
		[SCHEMA_ARRAY] = "array",     [SCHEMA_OBJECT] = "object",
	};
	return names[type];
}

static bool same_name(const char *name, const char *text, size_t length)
{
	return strlen(name) == length && memcmp(name, text, length) == 0;
}

enum schema_method_id schema_find_method(const char *name, size_t length)
{
	unsigned method = 0;

	while (method < SCHEMA_METHOD_COUNT && !same_name(schema_methods[method].name, name, length))
		method++;
	return (enum schema_method_id)method;
}

const struct schema_field *schema_find_param(enum schema_method_id method, const char *name, size_t length)
{
	for (size_t i = 0; i < schema_num_params; i++) {
		const struct schema_field *field = &schema_params[i];

		if (field->owner == method && same_name(field->name, name, length))
			return field;
	}
	return NULL;
}

enum schema_error_id schema_find_error(int64_t code)
{
	for (unsigned i = SCHEMA_OK + 1; i < SCHEMA_ERROR_COUNT; i++) {
		if (schema_errors[i].code == code)
			return (enum schema_error_id)i;
	}
	return SCHEMA_ERROR_INTERNAL;
}
