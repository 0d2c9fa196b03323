/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "console_log.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <unistd.h>

#include "console.h"
#include "log.h"
#include "state.h"

#define CHUNK 65536u
#define RETRY_MS 5000u
#define MAX_PATH 512

struct chunk {
	TAILQ_ENTRY(chunk) entry;
	uint64_t pos;
	size_t length;
	char data[CHUNK];
};

TAILQ_HEAD(chunk_list, chunk);

struct segment {
	uint64_t start, size;
};

/* In order of start; the last one is written to. */
struct segments {
	struct segment at[CONSOLE_LOG_FILES];
	unsigned count;
};

struct console_log {
	uv_work_t work;
	uv_timer_t retry;
	char *dir;
	char *stem;
	console_log_room_fn room;
	void *user;
	struct segments files; /* as the loop knows them */
	struct chunk_list queue;
	size_t queued;
	bool held;    /* the source was told to wait */
	bool failing; /* until the retry timer */
	bool busy;
	bool closing;
	int logged; /* the error that was logged last */
	/* the worker's, while busy */
	struct segments now;
	struct chunk_list batch;
	int fd; /* of the last file, while it works; or -1 */
	int result;
};

static int path_of(const struct console_log *log, uint64_t start, char *ret_path)
{
	int n = snprintf(ret_path, MAX_PATH, "%s/%s.%" PRIu64 ".log", log->dir, log->stem, start);

	return n < MAX_PATH ? 0 : -ENAMETOOLONG;
}

/* Names are text of the user's: letters, digits, - and _ stay, all else is %XX. */
static char *make_stem(const struct console_log_name *name)
{
	char *stem = malloc(3 * strlen(name->zone) + sizeof(".-2147483648.4294967295")), *to = stem;

	for (const char *at = name->zone; stem != NULL && *at != '\0'; at++) {
		unsigned char c = (unsigned char)*at;

		if (isascii(c) && (isalnum(c) || c == '-' || c == '_'))
			*to++ = (char)c;
		else
			to += sprintf(to, "%%%02X", c);
	}
	if (stem != NULL)
		to += sprintf(to, ".%d", name->id);
	if (stem != NULL && name->port != 0)
		sprintf(to, ".%u", name->port);
	return stem;
}

static uint64_t end_of(const struct segments *files)
{
	const struct segment *last;

	if (files->count == 0)
		return 0;
	last = &files->at[files->count - 1];
	return last->start + last->size;
}

/* The oldest goes, from disk too if it is there. */
static void drop_oldest(struct console_log *log, struct segments *files)
{
	char path[MAX_PATH];

	if (path_of(log, files->at[0].start, path) == 0)
		unlink(path);
	files->count--;
	memmove(&files->at[0], &files->at[1], files->count * sizeof(files->at[0]));
}

static void drop_old(struct console_log *log, struct segments *files)
{
	uint64_t older = 0;

	for (unsigned i = 0; i + 1 < files->count; i++)
		older += files->at[i].size;
	while (files->count > 1 && (older > CONSOLE_LOG_FILE || files->count == CONSOLE_LOG_FILES)) {
		older -= files->at[0].size;
		drop_oldest(log, files);
	}
}

/* "STEM.123.log": the number. */
static bool parse_name(const struct console_log *log, const char *name, uint64_t *ret_start)
{
	size_t length = strlen(log->stem);
	uint64_t start = 0;

	if (strncmp(name, log->stem, length) != 0 || name[length] != '.' ||
	    !isdigit((unsigned char)name[length + 1]))
		return false;
	for (name += length + 1; isdigit((unsigned char)*name); name++) {
		unsigned digit = (unsigned)(*name - '0');

		if (__builtin_mul_overflow(start, 10u, &start) ||
		    __builtin_add_overflow(start, digit, &start))
			return false;
	}
	*ret_start = start;
	return start <= CONSOLE_POS_MAX && strcmp(name, ".log") == 0;
}

static void add_found(struct console_log *log, uint64_t start, uint64_t size)
{
	struct segments *files = &log->files;
	unsigned i;

	if (files->count == CONSOLE_LOG_FILES) {
		if (start < files->at[0].start)
			return;
		drop_oldest(log, files);
	}
	for (i = files->count++; i > 0 && files->at[i - 1].start > start; i--)
		files->at[i] = files->at[i - 1];
	files->at[i] = (struct segment){ start, size };
}

static void find_files(struct console_log *log)
{
	DIR *dir = opendir(log->dir);
	const struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		struct stat st;
		uint64_t start;

		if (parse_name(log, entry->d_name, &start) &&
		    fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(st.st_mode) && (uint64_t)st.st_size <= CONSOLE_POS_MAX - start)
			add_found(log, start, (uint64_t)st.st_size);
	}
	if (dir != NULL)
		closedir(dir);
}

int console_log_open(uv_loop_t *loop, const char *dir, const struct console_log_name *name,
		     console_log_room_fn room, void *user, struct console_log **ret_log)
{
	struct console_log *log = calloc(1, sizeof(*log));

	if (log == NULL)
		return -ENOMEM;
	log->dir = strdup(dir);
	log->stem = make_stem(name);
	if (log->dir == NULL || log->stem == NULL) {
		free(log->dir);
		free(log->stem);
		free(log);
		return -ENOMEM;
	}
	log->room = room;
	log->user = user;
	log->fd = -1;
	TAILQ_INIT(&log->queue);
	TAILQ_INIT(&log->batch);
	uv_timer_init(loop, &log->retry);
	uv_unref((uv_handle_t *)&log->retry);
	log->retry.data = log;
	log->work.data = log;
	/* that it cannot be made is told when something is written */
	(void)state_make_dir(log->dir);
	find_files(log);
	*ret_log = log;
	return 0;
}

uint64_t console_log_end(const struct console_log *log)
{
	return end_of(&log->files);
}

uint64_t console_log_start(const struct console_log *log)
{
	return log->files.count != 0 ? log->files.at[0].start : 0;
}

/* Makes log->fd a file in which the next byte's position is pos. Worker. */
static int aim(struct console_log *log, uint64_t pos)
{
	struct segments *files = &log->now;
	struct segment *last = files->count != 0 ? &files->at[files->count - 1] : NULL;
	char path[MAX_PATH];
	struct stat st;
	int r;

	if (last != NULL && end_of(files) == pos && last->size < CONSOLE_LOG_FILE) {
		if (log->fd < 0 && path_of(log, last->start, path) == 0)
			log->fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
		if (log->fd >= 0 && fstat(log->fd, &st) == 0 && st.st_nlink != 0 && S_ISREG(st.st_mode) &&
		    (uint64_t)st.st_size == last->size)
			return 0;
	}
	if (log->fd >= 0)
		close(log->fd);
	log->fd = -1;
	r = path_of(log, pos, path);
	if (r == 0)
		r = state_make_dir(log->dir);
	if (r != 0)
		return r;
	log->fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
		       0600);
	if (log->fd < 0)
		return -errno;
	if (last != NULL && last->start == pos)
		files->count--;
	drop_old(log, files);
	files->at[files->count++] = (struct segment){ pos, 0 };
	return 0;
}

static int write_chunk(struct console_log *log, const struct chunk *chunk)
{
	size_t done = 0;
	int r = aim(log, chunk->pos);

	while (r == 0 && done < chunk->length) {
		ssize_t n = write(log->fd, chunk->data + done, chunk->length - done);

		if (n < 0 && errno != EINTR)
			r = -errno;
		if (n <= 0)
			continue;
		done += (size_t)n;
		log->now.at[log->now.count - 1].size += (size_t)n;
	}
	return r;
}

static void work(uv_work_t *request)
{
	struct console_log *log = request->data;
	struct chunk *chunk;

	log->now = log->files;
	log->result = 0;
	while ((chunk = TAILQ_FIRST(&log->batch)) != NULL) {
		TAILQ_REMOVE(&log->batch, chunk, entry);
		if (log->result == 0)
			log->result = write_chunk(log, chunk);
		free(chunk);
	}
	drop_old(log, &log->now);
	if (log->fd >= 0)
		close(log->fd);
	log->fd = -1;
}

static void on_closed(uv_handle_t *handle)
{
	struct console_log *log = handle->data;

	free(log->dir);
	free(log->stem);
	free(log);
}

/* Once for each kind of failure, and once when it works again. */
static void log_result(struct console_log *log)
{
	if (log->result != log->logged && log->result != 0)
		log_error("%s/%s: console output cannot be kept: %s", log->dir, log->stem,
			  strerror(-log->result));
	else if (log->result != log->logged)
		log_notice("%s/%s: console output is kept again", log->dir, log->stem);
	log->logged = log->result;
}

static void begin(struct console_log *log);

static void on_retry(uv_timer_t *timer)
{
	struct console_log *log = timer->data;

	log->failing = false;
}

/* After work(): in the loop again. */
static void settle(struct console_log *log)
{
	log->files = log->now;
	log_result(log);
	log->failing = log->result != 0;
	if (log->failing)
		uv_timer_start(&log->retry, on_retry, RETRY_MS, 0);
}

static void done(uv_work_t *request, int status)
{
	struct console_log *log = request->data;

	(void)status; /* it is never cancelled */
	log->busy = false;
	settle(log);
	if (log->closing)
		return console_log_close(log);
	if (!TAILQ_EMPTY(&log->queue))
		begin(log);
	if (log->held && log->queued < CONSOLE_LOG_BUSY) {
		log->held = false;
		log->room(log->user);
	}
}

static void take_batch(struct console_log *log)
{
	TAILQ_CONCAT(&log->batch, &log->queue, entry);
	log->queued = 0;
}

static void begin(struct console_log *log)
{
	take_batch(log);
	log->busy = true;
	uv_queue_work(log->retry.loop, &log->work, work, done);
}

/* Room for a byte at pos: in the last chunk, or in a new one. NULL: no memory. */
static struct chunk *chunk_for(struct console_log *log, uint64_t pos)
{
	struct chunk *last = TAILQ_LAST(&log->queue, chunk_list);

	if (last != NULL && last->pos + last->length == pos && last->length < CHUNK)
		return last;
	last = malloc(sizeof(*last));
	if (last == NULL)
		return NULL;
	last->pos = pos;
	last->length = 0;
	TAILQ_INSERT_TAIL(&log->queue, last, entry);
	return last;
}

bool console_log_append(struct console_log *log, uint64_t pos, const char *data, size_t length)
{
	while (length != 0 && !log->failing && log->queued < CONSOLE_LOG_FULL) {
		struct chunk *chunk = chunk_for(log, pos);
		size_t part;

		if (chunk == NULL)
			break; /* a hole */
		part = CHUNK - chunk->length < length ? CHUNK - chunk->length : length;
		memcpy(chunk->data + chunk->length, data, part);
		chunk->length += part;
		log->queued += part;
		pos += part;
		data += part;
		length -= part;
	}
	if (!log->busy && !TAILQ_EMPTY(&log->queue))
		begin(log);
	if (log->queued >= CONSOLE_LOG_BUSY)
		log->held = true;
	return log->held;
}

static size_t read_file(const struct console_log *log, const struct segment *file, uint64_t pos, char *buffer,
			size_t size)
{
	char path[MAX_PATH];
	ssize_t n;
	int fd;

	if (file->start + file->size - pos < size)
		size = (size_t)(file->start + file->size - pos);
	if (path_of(log, file->start, path) != 0)
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return 0;
	n = pread(fd, buffer, size, (off_t)(pos - file->start));
	close(fd);
	return n > 0 ? (size_t)n : 0;
}

size_t console_log_read(const struct console_log *log, uint64_t *pos, char *buffer, size_t size)
{
	for (unsigned i = 0; i < log->files.count; i++) {
		const struct segment *file = &log->files.at[i];
		uint64_t at = *pos > file->start ? *pos : file->start;
		size_t n;

		if (at >= file->start + file->size)
			continue;
		n = read_file(log, file, at, buffer, size);
		if (n == 0)
			continue;
		*pos = at;
		return n;
	}
	return 0;
}

void console_log_close(struct console_log *log)
{
	if (log == NULL)
		return;
	log->closing = true;
	if (log->busy)
		return;
	if (!TAILQ_EMPTY(&log->queue)) {
		take_batch(log);
		work(&log->work);
		settle(log);
	}
	uv_close((uv_handle_t *)&log->retry, on_closed);
}
