/* SPDX-License-Identifier: MIT */
#include "params.h"

#include <stdio.h>
#include <string.h>

#include "json_strict.h"

#define MAX_STRINGS 16

static bool in_choices(const char *choices, const char *text)
{
	size_t length = strlen(text), word;

	for (; *choices != '\0'; choices += word + (choices[word] == ' ')) {
		word = strcspn(choices, " ");
		if (word == length && memcmp(choices, text, length) == 0)
			return true;
	}
	return false;
}

/* Each returns what the value should have been, or NULL if it is well. */
static const char *check_string(const struct schema_field *field, const cJSON *value)
{
	size_t length;

	if (!cJSON_IsString(value))
		return "must be a string";
	if (field->choices != NULL)
		return in_choices(field->choices, value->valuestring) ? NULL : "is none of the choices";
	length = strlen(value->valuestring);
	if ((int64_t)length < field->min || (int64_t)length > field->max)
		return "is too short or too long";
	return NULL;
}

static const char *check_integer(const struct schema_field *field, const cJSON *value)
{
	uint64_t number;

	if (!cJSON_IsNumber(value) || json_strict_u64(value, &number) != 0)
		return "must be a whole number, zero or above";
	if ((int64_t)number < field->min || (int64_t)number > field->max)
		return "is out of range";
	return NULL;
}

static const char *check_boolean(const struct schema_field *field, const cJSON *value)
{
	(void)field;
	return cJSON_IsBool(value) ? NULL : "must be true or false";
}

static const char *check_strings(const struct schema_field *field, const cJSON *value)
{
	const cJSON *item;

	if (!cJSON_IsArray(value) || cJSON_GetArraySize(value) > MAX_STRINGS)
		return "must be an array of at most 16 strings";
	cJSON_ArrayForEach(item, value) {
		if (check_string(field, item) != NULL)
			return "holds what is no string, or one too short or too long";
	}
	return NULL;
}

static const char *check_zone(const struct schema_field *field, const cJSON *value)
{
	uint64_t number;

	(void)field;
	if (cJSON_IsString(value) && value->valuestring[0] != '\0')
		return NULL;
	if (cJSON_IsNumber(value) && json_strict_u64(value, &number) == 0)
		return NULL;
	return "must be a zone's id (integer) or name (string)";
}

static const char *check_id(const struct schema_field *field, const cJSON *value)
{
	(void)field;
	return cJSON_IsString(value) || cJSON_IsNumber(value) ? NULL : "must be a string or a number";
}

typedef const char *(*check_fn)(const struct schema_field *field, const cJSON *value);

static const check_fn checks[SCHEMA_TYPE_COUNT] = {
	[SCHEMA_STRING] = check_string,   [SCHEMA_INTEGER] = check_integer, [SCHEMA_BOOLEAN] = check_boolean,
	[SCHEMA_STRINGS] = check_strings, [SCHEMA_ZONE] = check_zone,       [SCHEMA_ID] = check_id,
};

static bool fail(struct params_error *ret_error, const char *name, const char *what)
{
	snprintf(ret_error->pointer, sizeof(ret_error->pointer), "/params%s%.60s", *name != '\0' ? "/" : "",
		 name);
	snprintf(ret_error->message, sizeof(ret_error->message), "%s%.60s%s%s",
		 *name != '\0' ? "parameter " : "params", name, " ", what);
	return false;
}

bool params_check(enum schema_method_id method, const cJSON *params, struct params_error *ret_error)
{
	const cJSON *value;

	if (params != NULL && !cJSON_IsObject(params))
		return fail(ret_error, "", "must be an object");
	cJSON_ArrayForEach(value, params) {
		const struct schema_field *field =
			schema_find_param(method, value->string, strlen(value->string));
		const char *wrong = field != NULL ? checks[field->type](field, value) : "is not known";

		if (wrong != NULL)
			return fail(ret_error, value->string, wrong);
	}
	for (size_t i = 0; i < schema_num_params; i++) {
		const struct schema_field *field = &schema_params[i];

		if (field->owner == method && field->need == SCHEMA_MUST &&
		    cJSON_GetObjectItemCaseSensitive(params, field->name) == NULL)
			return fail(ret_error, field->name, "is missing");
	}
	return true;
}

uint64_t params_integer(enum schema_method_id method, const cJSON *params, const char *name)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(params, name);
	uint64_t number;

	if (value != NULL && json_strict_u64(value, &number) == 0)
		return number;
	return (uint64_t)schema_find_param(method, name, strlen(name))->fallback;
}

const char *params_string(const cJSON *params, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(params, name));
}

bool params_boolean(const cJSON *params, const char *name)
{
	return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(params, name));
}
