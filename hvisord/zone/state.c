/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json_strict.h"
#include "log.h"

#define MAX_PATH 512
#define RETRY_MS 5000u

struct state_file {
	uv_work_t work;
	uv_timer_t retry;
	char *dir;
	char *name;
	const struct state_file_ops *ops;
	void *user;
	uint64_t touched;     /* number of the last touch */
	uint64_t writing;     /* the last one that the present text holds */
	uint64_t written;     /* the last one on disk */
	struct json_out text; /* the worker's, while busy */
	int result;
	int logged; /* the error that was logged last */
	bool soon;  /* touched in this turn of the loop: whatever else changes in it goes along */
	bool busy;
	bool closing;
};

int state_make_dir(const char *dir)
{
	return mkdir(dir, 0700) == 0 || errno == EEXIST ? 0 : -errno;
}

static int make_path(const char *dir, const char *name, const char *suffix, char *ret_path)
{
	int n = snprintf(ret_path, MAX_PATH, "%s/%s%s", dir, name, suffix);

	return n < MAX_PATH ? 0 : -ENAMETOOLONG;
}

static int sync_fd(int fd)
{
	while (fsync(fd) != 0) {
		if (errno != EINTR)
			return -errno;
	}
	return 0;
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
	return sync_fd(fd);
}

static int sync_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return -errno;
	r = sync_fd(fd);
	close(fd);
	return r;
}

int state_write_file(const char *dir, const char *name, const char *data, size_t length)
{
	char path[MAX_PATH], temporary[MAX_PATH];
	int r = make_path(dir, name, "", path), fd;

	if (r == 0)
		r = make_path(dir, name, ".new", temporary);
	if (r != 0)
		return r;
	fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
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

static int read_all(int fd, size_t max, char **ret_text, size_t *ret_length)
{
	size_t length = 0;
	struct stat st;
	char *text;
	ssize_t n;

	if (fstat(fd, &st) != 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EBADMSG;
	if (st.st_size < 0 || (uint64_t)st.st_size >= max)
		return -EFBIG;
	/* one more byte than there should be, to see the end */
	max = (size_t)st.st_size + 1;
	text = malloc(max);
	if (text == NULL)
		return -ENOMEM;
	do {
		n = read(fd, text + length, max - length);
		length += n > 0 ? (size_t)n : 0;
	} while ((n > 0 && length < max) || (n < 0 && errno == EINTR));
	if (n < 0 || length == max) {
		int r = n < 0 ? -errno : -EBADMSG;

		free(text);
		return r;
	}
	*ret_text = text;
	*ret_length = length;
	return 0;
}

int state_read_file(const char *dir, const char *name, size_t max, char **ret_text, size_t *ret_length)
{
	char path[MAX_PATH];
	int r = make_path(dir, name, "", path), fd;

	if (r != 0)
		return r;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return errno == ELOOP || errno == ENXIO ? -EBADMSG : -errno;
	r = read_all(fd, max, ret_text, ret_length);
	close(fd);
	return r;
}

int state_read_json(const char *dir, const char *name, size_t max, unsigned depth, cJSON **ret_root)
{
	struct json_error error;
	cJSON *root = NULL;
	char *text = NULL;
	size_t length = 0;
	int r = state_read_file(dir, name, max, &text, &length);

	if (r != 0)
		return r;
	r = json_strict_parse(text, length, depth, &root, &error);
	free(text);
	if (r == 0 && !cJSON_IsObject(root)) {
		cJSON_Delete(root);
		return -EBADMSG;
	}
	if (r == 0)
		*ret_root = root;
	return r;
}

void state_set_aside(const char *dir, const char *name, int why)
{
	char path[MAX_PATH], aside[MAX_PATH];

	if (make_path(dir, name, "", path) != 0 || make_path(dir, name, ".bad", aside) != 0)
		return;
	if (rename(path, aside) == 0)
		log_error("%s cannot be used (%s): kept as %s.bad", path, strerror(-why), name);
	else
		log_error("%s cannot be used (%s), nor set aside: %s", path, strerror(-why), strerror(errno));
}

static void begin(struct state_file *file);

static void on_retry(uv_timer_t *timer)
{
	begin(timer->data);
}

static void on_closed(uv_handle_t *handle)
{
	struct state_file *file = handle->data;

	json_out_fini(&file->text);
	free(file->dir);
	free(file->name);
	free(file);
}

int state_file_new(uv_loop_t *loop, const char *dir, const char *name, const struct state_file_ops *ops,
		   void *user, struct state_file **ret_file)
{
	struct state_file *file = calloc(1, sizeof(*file));

	if (file == NULL)
		return -ENOMEM;
	file->dir = strdup(dir);
	file->name = strdup(name);
	if (file->dir == NULL || file->name == NULL) {
		free(file->dir);
		free(file->name);
		free(file);
		return -ENOMEM;
	}
	file->ops = ops;
	file->user = user;
	uv_timer_init(loop, &file->retry);
	file->retry.data = file;
	file->work.data = file;
	*ret_file = file;
	return 0;
}

static void work(uv_work_t *request)
{
	struct state_file *file = request->data;

	file->result = file->text.failed
			       ? -ENOMEM
			       : state_write_file(file->dir, file->name, file->text.text, file->text.length);
}

/* Once for each kind of failure, and once when it works again. */
static void log_result(struct state_file *file)
{
	if (file->result != file->logged && file->result != 0)
		log_error("writing %s/%s: %s; trying again", file->dir, file->name, strerror(-file->result));
	else if (file->result != file->logged)
		log_notice("writing %s/%s works again", file->dir, file->name);
	file->logged = file->result;
}

static void done(uv_work_t *request, int status)
{
	struct state_file *file = request->data;
	uint64_t touch = file->writing;
	int result;

	file->busy = false;
	if (status != 0)
		file->result = status;
	result = file->result;
	json_out_fini(&file->text);
	file->text = (struct json_out){ 0 };
	log_result(file);
	if (result == 0)
		file->written = touch;
	if (file->closing)
		return state_file_close(file);
	if (result != 0)
		uv_timer_start(&file->retry, on_retry, RETRY_MS, 0);
	else if (touch != file->touched)
		begin(file);
	if (file->ops->written != NULL)
		file->ops->written(file->user, touch, result);
}

static void begin(struct state_file *file)
{
	uv_timer_stop(&file->retry);
	file->soon = false;
	file->writing = file->touched;
	file->ops->make(file->user, &file->text);
	file->busy = true;
	uv_queue_work(file->retry.loop, &file->work, work, done);
}

uint64_t state_file_touch(struct state_file *file)
{
	file->touched++;
	if (!file->busy && !file->soon) {
		file->soon = true;
		uv_timer_start(&file->retry, on_retry, 0, 0);
	}
	return file->touched;
}

bool state_file_is_busy(const struct state_file *file)
{
	return file->busy || file->soon;
}

void state_file_close(struct state_file *file)
{
	if (file == NULL)
		return;
	file->closing = true;
	if (file->busy)
		return;
	if (file->written != file->touched) {
		file->ops->make(file->user, &file->text);
		work(&file->work);
		log_result(file);
	}
	uv_close((uv_handle_t *)&file->retry, on_closed);
}
