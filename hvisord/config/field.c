/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "field.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Where the parser is; values is the struct that the field's offset counts from. */
struct context {
	struct config_source *source;
	struct json_pointer pointer;
};

#define error(context, reason, ...)                                                                          \
	config_source_error((context)->source, (context)->pointer.text, reason, __VA_ARGS__)

static const char *type_name(const cJSON *item)
{
	return cJSON_IsObject(item)   ? "an object"
	       : cJSON_IsArray(item)  ? "an array"
	       : cJSON_IsString(item) ? "a string"
	       : cJSON_IsNumber(item) ? "a number"
	       : cJSON_IsNull(item)   ? "null"
				      : "true or false";
}

static bool expect(struct context *context, const cJSON *item, bool is_right, const char *wanted)
{
	if (!is_right)
		error(context, REASON_TYPE, "%s belongs here, not %s", wanted, type_name(item));
	return is_right;
}

int config_field_number(const char *text, uint64_t *ret_value)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	bool negative = *text == '-';
	const char *digit = text + negative;
	bool is_hex = digit[0] == '0' && (digit[1] == 'x' || digit[1] == 'X');
	uint64_t base = is_hex ? 16 : 10, value = 0;

	digit += is_hex ? 2 : 0;
	if (*digit == '\0' || (!is_hex && digit[0] == '0' && digit[1] != '\0'))
		return -EINVAL;
	if (digit[strspn(digit, is_hex ? digits : "0123456789")] != '\0')
		return -EINVAL;
	if (negative)
		return -ERANGE;
	for (; *digit != '\0'; digit++) {
		uint64_t step = (uint64_t)(strchr(digits, *digit) - digits);

		step -= step > 15 ? 6 : 0;
		if (value > (UINT64_MAX - step) / base)
			return -ERANGE;
		value = value * base + step;
	}
	*ret_value = value;
	return 0;
}

static const char *number_fault(const cJSON *item, int r)
{
	bool is_string = cJSON_IsString(item);
	const char *text = item->valuestring;

	if (r == -ERANGE && *text == '-')
		return "a number here is never negative";
	if (r == -ERANGE)
		return is_string ? "this number is past 2^64 - 1"
				 : "this number is past 2^53 - 1: write it as a hexadecimal string";
	if (is_string && *text == '0' && text[1] != '\0' && text[1] != 'x' && text[1] != 'X')
		return "a number has no leading zero; hexadecimal starts with 0x";
	return is_string ? "a decimal number or 0x with hexadecimal digits belongs here"
			 : "a whole number belongs here";
}

static bool parse_number(struct context *context, const struct config_field *field, const cJSON *item,
			 void *ret_value)
{
	bool number_only = field->type == FIELD_INTEGER;
	uint64_t value = 0, max = field->max != 0 ? field->max : UINT64_MAX;
	int r;

	if (!expect(context, item, cJSON_IsNumber(item) || (!number_only && cJSON_IsString(item)),
		    number_only ? "a number" : "a number, or a string with one,"))
		return false;
	r = cJSON_IsString(item) ? config_field_number(item->valuestring, &value)
				 : json_strict_u64(item, &value);
	if (r < 0)
		error(context, r == -ERANGE ? REASON_RANGE : REASON_NUMBER, "%s", number_fault(item, r));
	else if (value < field->min || value > max)
		error(context, REASON_RANGE, "a number from %" PRIu64 " to %" PRIu64 " belongs here",
		      field->min, max);
	else
		memcpy(ret_value, &value, sizeof(value));
	return r == 0 && value >= field->min && value <= max;
}

static void list_words(const struct config_word *words, char *ret_text, size_t size)
{
	size_t at = 0;

	ret_text[0] = '\0';
	for (; words->word && at < size; words++)
		at += (size_t)snprintf(ret_text + at, size - at, "%s\"%s\"", at > 0 ? " or " : "",
				       words->word);
}

static bool parse_word(struct context *context, const struct config_field *field, const cJSON *item,
		       void *ret_value)
{
	char list[128];

	if (!expect(context, item, cJSON_IsString(item), "a string"))
		return false;
	for (const struct config_word *word = field->words; word->word; word++) {
		if (strcmp(word->word, item->valuestring) == 0) {
			memcpy(ret_value, &word->value, sizeof(word->value));
			return true;
		}
	}
	list_words(field->words, list, sizeof(list));
	error(context, REASON_WORD, "one of these belongs here: %s", list);
	return false;
}

static bool parse_string(struct context *context, const struct config_field *field, const cJSON *item,
			 void *ret_value)
{
	size_t length;

	if (!expect(context, item, cJSON_IsString(item), "a string"))
		return false;
	length = strlen(item->valuestring);
	if (length < field->min || length > field->max) {
		error(context, REASON_LENGTH,
		      "a string of %" PRIu64 " to %" PRIu64 " bytes belongs here, not of %zu", field->min,
		      field->max, length);
		return false;
	}
	memcpy(ret_value, &item->valuestring, sizeof(item->valuestring));
	return true;
}

/* json_strict keeps the text of a number. */
static bool parse_name(struct context *context, const struct config_field *field, const cJSON *item,
		       void *ret_value)
{
	if (!cJSON_IsNumber(item))
		return parse_string(context, field, item, ret_value);
	memcpy(ret_value, &item->valuestring, sizeof(item->valuestring));
	return true;
}

static bool parse_digest(struct context *context, const struct config_field *field, const cJSON *item,
			 void *ret_value)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	uint8_t *bytes = ret_value;
	const char *text = item->valuestring;

	(void)field;
	if (!expect(context, item, cJSON_IsString(item), "a string"))
		return false;
	if (strlen(text) != 2 * FIELD_DIGEST_SIZE || strspn(text, digits) != 2 * FIELD_DIGEST_SIZE) {
		error(context, REASON_LENGTH, "64 hexadecimal digits belong here");
		return false;
	}
	for (unsigned i = 0; i < FIELD_DIGEST_SIZE; i++) {
		unsigned high = (unsigned)(strchr(digits, text[2 * i]) - digits) % 16;
		unsigned low = (unsigned)(strchr(digits, text[2 * i + 1]) - digits) % 16;

		bytes[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static bool parse_bool(struct context *context, const struct config_field *field, const cJSON *item,
		       void *ret_value)
{
	uint64_t value = cJSON_IsTrue(item) ? 1 : 0;

	(void)field;
	if (!expect(context, item, cJSON_IsBool(item), "true or false"))
		return false;
	memcpy(ret_value, &value, sizeof(value));
	return true;
}

static bool parse_ignored(struct context *context, const struct config_field *field, const cJSON *item,
			  void *ret_value)
{
	(void)context;
	(void)field;
	(void)item;
	(void)ret_value;
	return true;
}

static bool asks_for_nothing(const cJSON *item)
{
	uint64_t value = 0;

	if (cJSON_IsString(item))
		return item->valuestring[0] == '\0' ||
		       (config_field_number(item->valuestring, &value) == 0 && value == 0);
	if (cJSON_IsNumber(item))
		return json_strict_u64(item, &value) == 0 && value == 0;
	return cJSON_IsFalse(item) || cJSON_IsNull(item) || (!cJSON_IsTrue(item) && !item->child);
}

static bool parse_unsupported(struct context *context, const struct config_field *field, const cJSON *item,
			      void *ret_value)
{
	(void)ret_value;
	if (field->json_type != 0 && (item->type & field->json_type) == 0) {
		error(context, REASON_TYPE, "this key does not hold %s", type_name(item));
		return false;
	}
	if (asks_for_nothing(item))
		return true;
	if (field->reason)
		error(context, field->reason, "%s", field->doc);
	else
		error(context, REASON_UNSUPPORTED, "not supported yet: %s", field->doc);
	return false;
}

static bool parse_object(struct context *context, const struct config_field *field, const cJSON *item,
			 void *ret_value);
static bool parse_array(struct context *context, const struct config_field *field, const cJSON *item,
			void *ret_value);

static bool (*const parsers[FIELD_TYPES])(struct context *context, const struct config_field *field,
					  const cJSON *item, void *ret_value) = {
	[FIELD_NUMBER] = parse_number,   [FIELD_INTEGER] = parse_number,          [FIELD_WORD] = parse_word,
	[FIELD_BOOL] = parse_bool,       [FIELD_STRING] = parse_string,           [FIELD_NAME] = parse_name,
	[FIELD_DIGEST] = parse_digest,   [FIELD_OBJECT] = parse_object,           [FIELD_ARRAY] = parse_array,
	[FIELD_IGNORED] = parse_ignored, [FIELD_UNSUPPORTED] = parse_unsupported,
};

static void mark_broken(const struct config_field *element, void *at)
{
	if (element->type == FIELD_NUMBER || element->type == FIELD_INTEGER)
		memset(at, 0xff, sizeof(uint64_t));
}

/* An element that is not good is marked so, and the others keep their places. */
static bool parse_array(struct context *context, const struct config_field *field, const cJSON *item,
			void *ret_value)
{
	char *base = (char *)ret_value - field->offset;
	uint64_t count = 0;
	const cJSON *element;
	bool good = true;

	if (!expect(context, item, cJSON_IsArray(item), "an array"))
		return false;
	if ((uint64_t)cJSON_GetArraySize(item) > field->max) {
		error(context, REASON_TOO_MANY, "at most %" PRIu64 " elements fit here", field->max);
		return false;
	}
	cJSON_ArrayForEach(element, item) {
		char *at = base + field->element_offset + count * field->element_size;

		json_pointer_push_index(&context->pointer, count);
		if (!parsers[field->element->type](context, field->element, element, at)) {
			mark_broken(field->element, at);
			good = false;
		}
		json_pointer_pop(&context->pointer);
		count++;
	}
	memcpy(ret_value, &count, sizeof(count));
	return good;
}

static const struct config_field *find_field(const struct config_object *object, const char *key)
{
	for (unsigned i = 0; i < object->count; i++) {
		const struct config_field *field = &object->fields[i];
		size_t length = strlen(field->key);

		if (field->key[length - 1] == '*' ? strncmp(field->key, key, length - 1) == 0
						  : strcmp(field->key, key) == 0)
			return field;
	}
	return NULL;
}

static void parse_member(struct context *context, const struct config_object *object, const cJSON *item,
			 void *ret_values)
{
	const struct config_field *field = find_field(object, item->string);
	struct config_seen *seen = ret_values;

	json_pointer_push_key(&context->pointer, item->string);
	if (!field) {
		error(context, REASON_UNKNOWN_KEY, "%s has no such key", object->title);
	} else {
		uint64_t bit = 1ull << (field - object->fields);
		bool good = parsers[field->type](context, field, item, (char *)ret_values + field->offset);

		*(good ? &seen->given : &seen->broken) |= bit;
	}
	json_pointer_pop(&context->pointer);
}

static void report_missing(struct context *context, const struct config_object *object,
			   struct config_seen *seen)
{
	for (unsigned i = 0; i < object->count; i++) {
		const struct config_field *field = &object->fields[i];

		if (!field->required || (object->optional >> i & 1) != 0 || config_given(seen, i) ||
		    config_broken(seen, i))
			continue;
		seen->broken |= 1ull << i;
		json_pointer_push_key(&context->pointer, field->key);
		error(context, REASON_MISSING, "%s needs this key: %s", object->title, field->doc);
		json_pointer_pop(&context->pointer);
	}
}

/* Also of what is there but broken: whoever looks at the value finds one that can be. */
static void preset_fields(const struct config_object *object, char *values)
{
	for (unsigned i = 0; i < object->count; i++)
		if (object->fields[i].preset != 0)
			memcpy(values + object->fields[i].offset, &object->fields[i].preset,
			       sizeof(uint64_t));
}

static bool parse_object(struct context *context, const struct config_field *field, const cJSON *item,
			 void *ret_value)
{
	struct config_seen *seen = ret_value;
	const cJSON *member;

	preset_fields(field->object, ret_value);
	if (!expect(context, item, cJSON_IsObject(item), "an object")) {
		seen->broken = UINT64_MAX;
		return false;
	}
	cJSON_ArrayForEach(member, item)
		parse_member(context, field->object, member, ret_value);
	report_missing(context, field->object, seen);
	return seen->broken == 0;
}

void config_field_parse(const cJSON *item, const struct config_object *object, struct config_source *source,
			void *ret_values)
{
	struct context context = { .source = source };
	const struct config_field field = { .type = FIELD_OBJECT, .object = object };

	parse_object(&context, &field, item, ret_values);
}
