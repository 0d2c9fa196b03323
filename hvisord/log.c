/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static enum log_level max_level = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
	max_level = level;
}

/* One write(2) a line, so that lines of several processes do not mix. */
void log_write(enum log_level level, const char *format, ...)
{
	static int journal = -1;
	char line[512];
	int start = 0, length;
	va_list args;

	if (level > max_level)
		return;
	if (journal < 0)
		journal = getenv("JOURNAL_STREAM") != NULL;
	if (journal != 0)
		start = snprintf(line, sizeof(line), "<%d>", (int)level);
	va_start(args, format);
	length = vsnprintf(line + start, sizeof(line) - (size_t)start - 1, format, args);
	va_end(args);
	if (length < 0)
		return;
	length += start;
	if (length > (int)sizeof(line) - 2)
		length = (int)sizeof(line) - 2;
	/* names and paths come from files: no line may forge another */
	for (int i = 0; i < length; i++) {
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			line[i] = '?';
	}
	line[length] = '\n';
	if (write(STDERR_FILENO, line, (size_t)length + 1) < 0)
		return; /* nowhere to say so */
}
