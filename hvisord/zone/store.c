/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "store.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base64.h"
#include "console.h"
#include "json_strict.h"
#include "state.h"

#define MAX_NAME 32
#define MAX_RECORD (4u * 1024u * 1024u) /* a made tree among it */
#define RECORD_VERSION 1
#define RECORD_DEPTH 8

static void record_name(uint32_t zone, char *ret_name)
{
	snprintf(ret_name, MAX_NAME, "zone-%u.json", zone);
}

int store_write(const char *dir, uint32_t zone, const struct store_record *record)
{
	struct json_out out = { 0 };
	char name[MAX_NAME];
	int r = -ENOMEM;

	record_name(zone, name);
	json_open_object(&out, NULL);
	json_put_int(&out, "version", RECORD_VERSION);
	json_put_uint(&out, "zone", zone);
	json_put_uint(&out, "device_pid", (uint64_t)record->device_pid);
	json_put_uint(&out, "device_start", record->device_start);
	json_put_uint(&out, "started_ms", record->started_ms);
	json_open_array(&out, "console_bases");
	for (unsigned i = 0; i < CONFIG_MAX_CONSOLES; i++)
		json_put_uint(&out, NULL, record->console_base[i]);
	json_close_array(&out);
	json_put_bool(&out, "wanted", record->wanted);
	plan_write(record->plan, &out);
	json_put_base64(&out, "config", &record->plan->hv, sizeof(record->plan->hv));
	json_close_object(&out);
	json_append(&out, "\n", 1);
	if (!out.failed)
		r = state_write_file(dir, name, out.text, out.length);
	json_out_fini(&out);
	return r;
}

static bool get_number(const cJSON *root, const char *key, uint64_t *ret_value)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(root, key);

	return item != NULL && json_strict_u64(item, ret_value) == 0;
}

/* One for each console; a record of before there were several has one number. */
static bool get_bases(const cJSON *root, uint64_t ret_bases[CONFIG_MAX_CONSOLES])
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(root, "console_bases"), *item;
	unsigned count = 0;

	if (list == NULL)
		return get_number(root, "console_base", &ret_bases[0]) && ret_bases[0] <= CONSOLE_POS_MAX;
	if (!cJSON_IsArray(list) || cJSON_GetArraySize(list) != CONFIG_MAX_CONSOLES)
		return false;
	cJSON_ArrayForEach(item, list) {
		if (json_strict_u64(item, &ret_bases[count]) != 0 || ret_bases[count] > CONSOLE_POS_MAX)
			return false;
		count++;
	}
	return true;
}

static int read_config(const cJSON *root, HvZoneConfig *ret_hv)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "config"));
	char data[sizeof(*ret_hv) + 3];

	if (text == NULL || strlen(text) != base64_length(sizeof(*ret_hv)) ||
	    base64_decode(text, strlen(text), data) != (ssize_t)sizeof(*ret_hv))
		return -EBADMSG;
	memcpy(ret_hv, data, sizeof(*ret_hv));
	ret_hv->name[HV_NAME_SIZE - 1] = '\0';
	return 0;
}

static int read_record(const cJSON *root, uint32_t zone, const HvZoneConfig *hv,
		       struct store_record *ret_record)
{
	struct store_record record = { 0 };
	uint64_t version, id, pid;
	HvZoneConfig stored;
	int r;

	if (!get_number(root, "version", &version) || version != RECORD_VERSION ||
	    !get_number(root, "zone", &id) || id != zone || !get_number(root, "device_pid", &pid) ||
	    pid > INT32_MAX || !get_number(root, "device_start", &record.device_start) ||
	    !get_number(root, "started_ms", &record.started_ms) || !get_bases(root, record.console_base))
		return -EBADMSG;
	record.device_pid = (pid_t)pid;
	record.wanted = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(root, "wanted"));
	r = hv != NULL ? 0 : read_config(root, &stored);
	if (r != 0)
		return r;
	record.plan = plan_new_adopted(hv != NULL ? hv : &stored);
	if (record.plan == NULL)
		return -ENOMEM;
	r = plan_read(record.plan, root);
	if (r != 0) {
		plan_free(record.plan);
		return r;
	}
	*ret_record = record;
	return 0;
}

int store_read(const char *dir, uint32_t zone, const HvZoneConfig *hv, struct store_record *ret_record)
{
	char name[MAX_NAME];
	cJSON *root = NULL;
	int r;

	record_name(zone, name);
	r = state_read_json(dir, name, MAX_RECORD, RECORD_DEPTH, &root);
	if (r == 0)
		r = read_record(root, zone, hv, ret_record);
	cJSON_Delete(root);
	return r;
}

void store_remove(const char *dir, uint32_t zone)
{
	char path[512], name[MAX_NAME];
	int n;

	record_name(zone, name);
	n = snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (n < (int)sizeof(path))
		unlink(path);
}
