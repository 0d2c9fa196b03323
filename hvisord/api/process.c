/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "process.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* proc_pid_stat(5) numbers its fields from 1; the second, a name, ends with the last ')'. */
#define FIELD_AFTER_NAME 3
#define FIELD_UTIME 14
#define FIELD_STIME 15
#define FIELD_RSS 24

/* A line of numbers, some 300 bytes, without its end. */
static bool read_stat(pid_t pid, char *text, size_t size)
{
	char path[32];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, text, size - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return n > 0;
}

bool process_usage(pid_t pid, struct process_usage *ret_usage)
{
	uint64_t fields[FIELD_RSS + 1] = { 0 };
	char text[1024], *at, *save = NULL;
	unsigned field = FIELD_AFTER_NAME;
	long ticks = sysconf(_SC_CLK_TCK), page = sysconf(_SC_PAGESIZE);

	if (ticks <= 0 || page <= 0 || !read_stat(pid, text, sizeof(text)))
		return false;
	at = strrchr(text, ')');
	if (at == NULL)
		return false;
	for (at = strtok_r(at + 1, " ", &save); at != NULL && field <= FIELD_RSS;
	     at = strtok_r(NULL, " ", &save), field++)
		fields[field] = strtoumax(at, NULL, 10);
	if (field <= FIELD_RSS)
		return false;
	ret_usage->cpu_ms = (fields[FIELD_UTIME] + fields[FIELD_STIME]) * 1000 / (uint64_t)ticks;
	ret_usage->rss = fields[FIELD_RSS] * (uint64_t)page;
	return true;
}

unsigned process_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned count = 0;

	if (dir == NULL)
		return 0;
	while (readdir(dir) != NULL)
		count++;
	closedir(dir);
	/* ".", "..", and the directory's own */
	return count > 3 ? count - 3 : 0;
}
