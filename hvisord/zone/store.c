/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base64.h"
#include "json_strict.h"

#define MAX_PATH 512
#define MAX_RECORD (4u * 1024u * 1024u) /* a made tree among it */
#define RECORD_VERSION 1

static int record_path(const char *dir, uint32_t zone, const char *suffix, char *ret_path)
{
	int n = snprintf(ret_path, MAX_PATH, "%s/zone-%u.json%s", dir, zone, suffix);

	return n < MAX_PATH ? 0 : -ENAMETOOLONG;
}

static int write_all(int fd, const char *data, size_t length)
{
	while (length != 0) {
		ssize_t n = write(fd, data, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		length -= (size_t)n;
	}
	return fsync(fd) == 0 ? 0 : -errno;
}

static int sync_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = 0;

	if (fd < 0)
		return -errno;
	if (fsync(fd) != 0)
		r = -errno;
	close(fd);
	return r;
}

/* Into a temporary file beside the real one, then over it. */
static int replace(const char *dir, uint32_t zone, const char *data, size_t length)
{
	char path[MAX_PATH], temporary[MAX_PATH];
	int fd, r;

	r = record_path(dir, zone, "", path);
	if (r == 0)
		r = record_path(dir, zone, ".new", temporary);
	if (r != 0)
		return r;
	fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	r = write_all(fd, data, length);
	if (close(fd) != 0 && r == 0)
		r = -errno;
	if (r == 0 && rename(temporary, path) != 0)
		r = -errno;
	if (r != 0) {
		unlink(temporary);
		return r;
	}
	return sync_dir(dir);
}

int store_write(const char *dir, uint32_t zone, const struct store_record *record)
{
	struct json_out out = { 0 };
	int r = -ENOMEM;

	json_open_object(&out, NULL);
	json_put_int(&out, "version", RECORD_VERSION);
	json_put_uint(&out, "zone", zone);
	json_put_uint(&out, "device_pid", (uint64_t)record->device_pid);
	json_put_uint(&out, "device_start", record->device_start);
	json_put_uint(&out, "started_ms", record->started_ms);
	json_put_bool(&out, "wanted", record->wanted);
	plan_write(record->plan, &out);
	json_put_base64(&out, "config", &record->plan->hv, sizeof(record->plan->hv));
	json_close_object(&out);
	json_append(&out, "\n", 1);
	if (!out.failed)
		r = replace(dir, zone, out.text, out.length);
	json_out_fini(&out);
	return r;
}

/* The whole of a small file; the caller frees. */
static int read_file(const char *path, char **ret_text, size_t *ret_length)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	size_t length = 0;
	char *text;
	ssize_t n;

	if (fd < 0)
		return -errno;
	text = malloc(MAX_RECORD);
	if (text == NULL) {
		close(fd);
		return -ENOMEM;
	}
	while ((n = read(fd, text + length, MAX_RECORD - length)) > 0)
		length += (size_t)n;
	close(fd);
	if (n < 0 || length == MAX_RECORD) {
		free(text);
		return n < 0 ? -EIO : -EFBIG;
	}
	*ret_text = text;
	*ret_length = length;
	return 0;
}

static bool get_number(const cJSON *root, const char *key, uint64_t *ret_value)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(root, key);

	return item != NULL && json_strict_u64(item, ret_value) == 0;
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
	    !get_number(root, "started_ms", &record.started_ms))
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
	char path[MAX_PATH], *text = NULL;
	struct json_error error;
	cJSON *root = NULL;
	size_t length = 0;
	int r;

	r = record_path(dir, zone, "", path);
	if (r == 0)
		r = read_file(path, &text, &length);
	if (r != 0)
		return r;
	r = json_strict_parse(text, length, 8, &root, &error);
	free(text);
	if (r == 0)
		r = read_record(root, zone, hv, ret_record);
	cJSON_Delete(root);
	return r;
}

void store_remove(const char *dir, uint32_t zone)
{
	char path[MAX_PATH];

	if (record_path(dir, zone, "", path) == 0)
		unlink(path);
}
