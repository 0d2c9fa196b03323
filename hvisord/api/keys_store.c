/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "json_strict.h"
#include "keys_private.h"
#include "log.h"

#define VERSION 1
/* As many answers of full length as there are keys, with escapes. */
#define MAX_FILE (4u * KEYS_MAX * KEYS_MAX_ANSWER)
#define MAX_DEPTH 32u

static void save_one(const struct keyed *keyed, struct json_out *out)
{
	json_open_object(out, NULL);
	json_put_uint(out, "uid", keyed->uid);
	json_put_string(out, "key", keyed->key);
	json_put_string(out, "method", schema_methods[keyed->method].name);
	json_put_base64(out, "params", keyed->params, sizeof(keyed->params));
	json_put_uint(out, "time", keyed->time);
	if (keyed->state == KEYED_DONE) {
		json_open_object(out, "answer");
		json_append(out, keyed->answer, keyed->length);
		json_close_object(out);
	}
	json_close_object(out);
}

void keys_save(const struct keys *keys, struct json_out *out)
{
	const struct keyed *keyed;

	json_open_object(out, NULL);
	json_put_int(out, "version", VERSION);
	json_open_array(out, "requests");
	TAILQ_FOREACH(keyed, &keys->list, entry)
	{
		if (!keyed->forget)
			save_one(keyed, out);
	}
	json_close_array(out);
	json_close_object(out);
}

static bool load_number(const cJSON *object, const char *name, uint64_t max, uint64_t *ret_value)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);

	return cJSON_IsNumber(value) && json_strict_u64(value, ret_value) == 0 && *ret_value <= max;
}

static bool load_digest(const cJSON *object, uint8_t *ret_digest)
{
	const char *text = params_string(object, "params");
	char bytes[64];

	/* 32 bytes are 44 characters */
	if (text == NULL || strlen(text) != 44 || base64_decode(text, 44, bytes) != SHA256_SIZE)
		return false;
	memcpy(ret_digest, bytes, SHA256_SIZE);
	return true;
}

/* One member of the record's answer: the braces around it are not kept. */
static bool load_answer(const cJSON *object, struct keyed *keyed)
{
	const cJSON *answer = cJSON_GetObjectItemCaseSensitive(object, "answer");
	const cJSON *member = answer != NULL ? answer->child : NULL;
	char *text;

	if (answer == NULL)
		return true;
	if (!cJSON_IsObject(answer) || !cJSON_IsObject(member) || member->next != NULL ||
	    (strcmp(member->string, "result") != 0 && strcmp(member->string, "error") != 0))
		return false;
	text = cJSON_PrintUnformatted(answer);
	if (text == NULL)
		return false;
	keyed->length = strlen(text) - 2;
	memmove(text, text + 1, keyed->length);
	keyed->answer = text;
	keyed->state = KEYED_DONE;
	return true;
}

static bool load_fields(const cJSON *object, struct keyed *keyed)
{
	const char *key = params_string(object, "key"), *method = params_string(object, "method");
	uint64_t uid;

	if (key == NULL || key[0] == '\0' || strlen(key) >= KEY_SIZE || method == NULL)
		return false;
	strcpy(keyed->key, key);
	keyed->method = schema_find_method(method, strlen(method));
	if (keyed->method == SCHEMA_METHOD_COUNT || !load_number(object, "uid", UINT32_MAX, &uid) ||
	    !load_number(object, "time", INT64_MAX, &keyed->time) || !load_digest(object, keyed->params))
		return false;
	keyed->uid = (uid_t)uid;
	keyed->state = KEYED_LOST;
	return load_answer(object, keyed);
}

/* A record that is not understood is left out; the others count. */
static int load_all(struct keys *keys, const cJSON *root)
{
	const cJSON *record;

	cJSON_ArrayForEach(record, cJSON_GetObjectItemCaseSensitive(root, "requests")) {
		struct keyed *keyed = keys->count < KEYS_MAX ? keyed_new(keys) : NULL;

		if (keys->count == KEYS_MAX && keyed == NULL)
			return 0;
		if (keyed == NULL)
			return -ENOMEM;
		if (load_fields(record, keyed))
			continue;
		log_warning("%s: a record of a request is not understood", KEYS_FILE);
		keyed_free(keyed);
	}
	return 0;
}

int keys_load(struct keys *keys, const char *dir)
{
	cJSON *root = NULL;
	uint64_t version;
	int r = state_read_json(dir, KEYS_FILE, MAX_FILE, MAX_DEPTH, &root);

	if (r == -ENOENT || r == -ENOMEM)
		return r == -ENOENT ? 0 : r;
	if (r == 0 && (!load_number(root, "version", VERSION, &version) || version != VERSION))
		r = -EBADMSG;
	if (r == 0)
		r = load_all(keys, root);
	else
		state_set_aside(dir, KEYS_FILE, r);
	cJSON_Delete(root);
	return r == -ENOMEM ? r : 0;
}
