/* SPDX-License-Identifier: MIT */
#include "json_strict.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "json_walk.h"

/* A tree under construction: the objects and arrays that are still open. */
struct builder {
	struct json_walk walk;
	cJSON *root;
	unsigned depth;
	struct {
		cJSON *item;
		size_t offset; /* of its first byte in the text */
	} open[JSON_STRICT_MAX_DEPTH];
};

static char *copy_token(const struct json_token *token)
{
	char *text = cJSON_malloc(token->length + 1);

	if (!text)
		return NULL;
	if (token->type == JSON_TOKEN_STRING) {
		json_lex_decode(token, text);
	} else {
		memcpy(text, token->start, token->length);
		text[token->length] = '\0';
	}
	return text;
}

/* cJSON frees valuestring with any type of item, so a number may keep its text there. */
static cJSON *new_item(const struct json_token *token)
{
	static const int types[] = {
		[JSON_TOKEN_OBJECT] = cJSON_Object, [JSON_TOKEN_ARRAY] = cJSON_Array,
		[JSON_TOKEN_STRING] = cJSON_String, [JSON_TOKEN_NUMBER] = cJSON_Number,
		[JSON_TOKEN_TRUE] = cJSON_True,     [JSON_TOKEN_FALSE] = cJSON_False,
		[JSON_TOKEN_NULL] = cJSON_NULL,
	};
	cJSON *item = cJSON_CreateNull();

	if (!item)
		return NULL;
	item->type = types[token->type];
	if (token->type != JSON_TOKEN_STRING && token->type != JSON_TOKEN_NUMBER)
		return item;
	item->valuestring = copy_token(token);
	if (!item->valuestring) {
		cJSON_Delete(item);
		return NULL;
	}
	if (token->type == JSON_TOKEN_NUMBER)
		cJSON_SetNumberHelper(item, strtod(item->valuestring, NULL));
	return item;
}

static int add_value(struct builder *builder, const struct json_event *event)
{
	cJSON *parent = builder->depth > 0 ? builder->open[builder->depth - 1].item : NULL;
	cJSON *item = new_item(&event->value);

	if (!item)
		return -ENOMEM;
	if (event->is_member && !(item->string = copy_token(&event->key))) {
		cJSON_Delete(item);
		return -ENOMEM;
	}
	/* Appends in constant time, to objects as well; a key is set already. */
	if (parent)
		cJSON_AddItemToArray(parent, item);
	else
		builder->root = item;
	if (cJSON_IsNumber(item) && !isfinite(item->valuedouble))
		return json_walk_fail(&builder->walk, event->value.line, event->value.column, "json.number",
				      "this number is out of every range");
	if (cJSON_IsObject(item) || cJSON_IsArray(item)) {
		builder->open[builder->depth].item = item;
		builder->open[builder->depth].offset =
			(size_t)(event->value.start - builder->walk.lexer.text);
		builder->depth++;
	}
	return 0;
}

/* Looks behind an offset for the nth element with that pointer; the deepest on the way to it is the answer. */
static void locate(const char *text, size_t length, const char *pointer, size_t offset, unsigned nth,
		   unsigned *ret_line, unsigned *ret_column)
{
	struct json_walk walk;
	struct json_event event;
	size_t best = 0;
	bool any = false;
	int r = json_walk_init(&walk, text, length, JSON_STRICT_MAX_DEPTH);

	while (r == 0 && json_walk_next(&walk, &event) == 0 && event.type != JSON_EVENT_END) {
		const struct json_token *token = event.is_member ? &event.key : &event.value;
		size_t matched = walk.pointer.length;
		bool exact;

		if (event.type != JSON_EVENT_VALUE || walk.pointer.lost > 0 ||
		    strncmp(pointer, walk.pointer.text, matched) != 0 ||
		    (pointer[matched] != '\0' && pointer[matched] != '/'))
			continue;
		exact = pointer[matched] == '\0' && (size_t)(token->start - text) >= offset;
		if (!any || matched > best || exact) {
			*ret_line = token->line;
			*ret_column = token->column;
			best = matched;
			any = true;
		}
		if (exact && --nth == 0)
			break;
	}
	json_walk_fini(&walk);
}

void json_strict_locate(const char *text, size_t length, const char *pointer, unsigned *ret_line,
			unsigned *ret_column)
{
	locate(text, length, pointer, 0, 1, ret_line, ret_column);
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sets *ret_key to a key that an object has twice, or NULL. Sorted: a client chooses the number of keys. */
static int find_duplicate(const cJSON *object, const char **ret_key)
{
	size_t count = 0;
	const char **keys;
	const cJSON *item;

	*ret_key = NULL;
	cJSON_ArrayForEach(item, object)
		count++;
	if (count < 2)
		return 0;
	keys = malloc(count * sizeof(*keys));
	if (!keys)
		return -ENOMEM;
	count = 0;
	cJSON_ArrayForEach(item, object)
		keys[count++] = item->string;
	qsort(keys, count, sizeof(*keys), compare_keys);
	for (size_t i = 1; i < count && !*ret_key; i++)
		if (strcmp(keys[i - 1], keys[i]) == 0)
			*ret_key = keys[i];
	free(keys);
	return 0;
}

static int close_value(struct builder *builder)
{
	struct json_walk *walk = &builder->walk;
	const cJSON *item = builder->open[--builder->depth].item;
	unsigned line = 0, column = 0;
	const char *key = NULL;
	int r = cJSON_IsObject(item) ? find_duplicate(item, &key) : 0;

	if (r < 0 || !key)
		return r;
	json_pointer_push_key(&walk->pointer, key);
	locate(walk->lexer.text, walk->lexer.length, walk->pointer.text, builder->open[builder->depth].offset,
	       2, &line, &column);
	return json_walk_fail(walk, line, column, "json.duplicate_key",
			      "this key stands twice in its object");
}

static int build(struct builder *builder)
{
	struct json_event event;
	int r;

	while ((r = json_walk_next(&builder->walk, &event)) == 0 && event.type != JSON_EVENT_END) {
		r = event.type == JSON_EVENT_VALUE ? add_value(builder, &event) : close_value(builder);
		if (r < 0)
			break;
	}
	return r;
}

int json_strict_parse(const char *text, size_t length, unsigned max_depth, cJSON **ret_root,
		      struct json_error *ret_error)
{
	struct builder builder = { .root = NULL };
	int r = json_walk_init(&builder.walk, text, length, max_depth);

	if (r == 0)
		r = build(&builder);
	if (r == 0)
		*ret_root = builder.root;
	else
		cJSON_Delete(builder.root);
	if (r == -EBADMSG)
		*ret_error = builder.walk.error;
	json_walk_fini(&builder.walk);
	return r;
}

int json_strict_u64(const cJSON *item, uint64_t *ret_value)
{
	const uint64_t largest = (1ull << 53) - 1;
	const char *digit = cJSON_IsNumber(item) ? item->valuestring : NULL;
	uint64_t value = 0;

	if (!digit)
		return -EINVAL;
	if (strpbrk(digit, ".eE"))
		return -EDOM;
	if (*digit == '-')
		return -ERANGE;
	for (; *digit; digit++) {
		value = value * 10 + (uint64_t)(*digit - '0');
		if (value > largest)
			return -ERANGE;
	}
	*ret_value = value;
	return 0;
}
