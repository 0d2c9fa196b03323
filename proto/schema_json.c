/* SPDX-License-Identifier: MIT */
#include "schema_json.h"

#include <string.h>

#include "schema.h"

static void put_choices(const char *choices, struct json_out *out)
{
	json_open_array(out, "choices");
	while (*choices != '\0') {
		size_t length = strcspn(choices, " ");

		json_put_bytes(out, NULL, choices, length);
		choices += length + (choices[length] == ' ');
	}
	json_close_array(out);
}

static void put_field(const struct schema_field *field, struct json_out *out)
{
	json_open_object(out, NULL);
	json_put_string(out, "name", field->name);
	json_put_string(out, "type", schema_type_name((enum schema_type)field->type));
	json_put_bool(out, "mandatory", field->need == SCHEMA_MUST);
	if (field->max != 0) {
		json_put_int(out, "min", field->min);
		json_put_int(out, "max", field->max);
	}
	if (field->fallback != 0)
		json_put_int(out, "default", field->fallback);
	if (field->choices != NULL)
		put_choices(field->choices, out);
	json_put_string(out, "doc", field->doc);
	json_close_object(out);
}

static void put_fields(const char *key, const struct schema_field *fields, size_t count, unsigned owner,
		       struct json_out *out)
{
	json_open_array(out, key);
	for (size_t i = 0; i < count; i++) {
		if (fields[i].owner == owner)
			put_field(&fields[i], out);
	}
	json_close_array(out);
}

static void put_method(unsigned method, struct json_out *out)
{
	json_open_object(out, NULL);
	json_put_string(out, "name", schema_methods[method].name);
	json_put_string(out, "access", schema_methods[method].access == SCHEMA_READ ? "read" : "change");
	json_put_string(out, "doc", schema_methods[method].doc);
	put_fields("params", schema_params, schema_num_params, method, out);
	put_fields("result", schema_results, schema_num_results, method, out);
	json_open_array(out, "errors");
	for (size_t i = 0; i < schema_num_throws; i++) {
		if (schema_throws[i].method == method)
			json_put_string(out, NULL, schema_errors[schema_throws[i].error].reason);
	}
	json_close_array(out);
	json_close_object(out);
}

static void put_event(unsigned event, struct json_out *out)
{
	json_open_object(out, NULL);
	json_put_string(out, "name", schema_events[event].name);
	json_put_string(out, "doc", schema_events[event].doc);
	put_fields("fields", schema_event_fields, schema_num_event_fields, event, out);
	json_close_object(out);
}

static void put_error(const struct schema_error *error, struct json_out *out)
{
	json_open_object(out, NULL);
	json_put_int(out, "code", error->code);
	json_put_string(out, "reason", error->reason);
	json_put_int(out, "exit", error->exit);
	json_put_string(out, "doc", error->doc);
	json_close_object(out);
}

void schema_json(struct json_out *out)
{
	json_put_int(out, "protocol", SCHEMA_PROTOCOL);
	json_open_array(out, "limits");
	for (size_t i = 0; i < schema_num_limits; i++) {
		json_open_object(out, NULL);
		json_put_string(out, "name", schema_limits[i].name);
		json_put_int(out, "value", schema_limits[i].value);
		json_put_string(out, "doc", schema_limits[i].doc);
		json_close_object(out);
	}
	json_close_array(out);
	json_open_array(out, "errors");
	for (unsigned i = SCHEMA_OK + 1; i < SCHEMA_ERROR_COUNT; i++)
		put_error(&schema_errors[i], out);
	json_close_array(out);
	json_open_array(out, "methods");
	for (unsigned i = 0; i < SCHEMA_METHOD_COUNT; i++)
		put_method(i, out);
	json_close_array(out);
	json_open_array(out, "events");
	for (unsigned i = 0; i < SCHEMA_EVENT_COUNT; i++)
		put_event(i, out);
	json_close_array(out);
}
