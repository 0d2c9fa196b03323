/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define MAX_LINE 512
#define MAX_ENTRY (MAX_LINE + 256)

static enum log_level max_level = LOG_LEVEL_INFO;
static const char *journal_path;
static int journal_fd = -1;

void log_set_level(enum log_level level)
{
	max_level = level;
}

/* systemd says which stream is its own: stderr may have been sent elsewhere since. */
static bool stderr_is_journal(void)
{
	const char *text = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	return text != NULL && sscanf(text, "%llu:%llu", &device, &inode) == 2 &&
	       fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

void log_set_journal(const char *path)
{
	journal_path = path;
	if (stderr_is_journal() && journal_fd < 0)
		journal_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* False: it must be said in another way. Fields by name, one a line; no value has a line end in it. */
static bool send_entry(enum log_level level, const char *zone, const char *line)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char entry[MAX_ENTRY];
	ssize_t sent;
	int length;

	if (journal_fd < 0)
		return false;
	length = snprintf(entry, sizeof(entry), "MESSAGE=%s\nPRIORITY=%d\nSYSLOG_IDENTIFIER=%.64s\n%s%.64s%s",
			  line, (int)level, program_invocation_short_name, zone != NULL ? "ZONE=" : "",
			  zone != NULL ? zone : "", zone != NULL ? "\n" : "");
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", journal_path);
	do {
		sent = sendto(journal_fd, entry, (size_t)length, MSG_NOSIGNAL, (struct sockaddr *)&address,
			      sizeof(address));
	} while (sent < 0 && errno == EINTR);
	return sent == length;
}

/* One write(2) a line, so that lines of several processes do not mix. */
static void write_line(enum log_level level, const char *line)
{
	char text[MAX_LINE + 8];
	int length;

	if (journal_fd >= 0)
		length = snprintf(text, sizeof(text), "<%d>%s\n", (int)level, line);
	else
		length = snprintf(text, sizeof(text), "%s\n", line);
	if (write(STDERR_FILENO, text, (size_t)length) < 0)
		return; /* nowhere to say so */
}

/* Bytes of the character of UTF-8 that text begins with; 0: it is none, or a control character. */
static size_t printable(const unsigned char *text)
{
	size_t length = *text < 0x80 ? 1 : *text < 0xe0 ? 2 : *text < 0xf0 ? 3 : 4;
	static const unsigned least[] = { 0, 0x20, 0xa0, 0x800, 0x10000 };
	unsigned code = length == 1 ? *text : *text & (0x7fu >> length);

	if ((*text >= 0x80 && *text < 0xc0) || *text >= 0xf8)
		return 0;
	for (size_t i = 1; i < length; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (text[i] & 0x3f);
	}
	return code < least[length] || code == 0x7f || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)
		       ? 0
		       : length;
}

/*
 * Names and paths come from files and clients: no line may forge another, no name a field. A journal does not
 * show what is no text, and a name may be cut in the middle of a character.
 */
static void escape(char *text)
{
	while (*text != '\0') {
		size_t length = printable((const unsigned char *)text);

		if (length == 0)
			*text = '?';
		text += length != 0 ? length : 1;
	}
}

/* name: of the zone it is about, or NULL; prefix: what stands before the text. */
__attribute__((format(printf, 4, 0))) static void
log_line(enum log_level level, const char *name, const char *prefix, const char *format, va_list args)
{
	char line[MAX_LINE], zone[65];
	int start;

	if (level > max_level)
		return;
	start = snprintf(line, sizeof(line), "%.80s", prefix);
	vsnprintf(line + start, sizeof(line) - (size_t)start, format, args);
	escape(line);
	snprintf(zone, sizeof(zone), "%s", name != NULL ? name : "");
	escape(zone);
	if (!send_entry(level, name != NULL ? zone : NULL, line))
		write_line(level, line);
}

void log_write(enum log_level level, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_line(level, NULL, "", format, args);
	va_end(args);
}

void log_zone(enum log_level level, const char *name, const char *format, ...)
{
	char prefix[80];
	va_list args;

	snprintf(prefix, sizeof(prefix), "zone %.64s: ", name);
	va_start(args, format);
	log_line(level, name, prefix, format, args);
	va_end(args);
}

void log_about(enum log_level level, const char *name, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_line(level, name, "", format, args);
	va_end(args);
}
