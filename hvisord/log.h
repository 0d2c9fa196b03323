/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's log: lines on stderr. When stderr is the journal's (sd_journal(3),
 * JOURNAL_STREAM of systemd.exec(5)) they go to it as entries of their own, with
 * a priority and, if they are about a zone, the field ZONE.
 */
#ifndef LOG_H
#define LOG_H

enum log_level {
	LOG_LEVEL_ERROR = 3,
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_NOTICE = 5,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7,
};

#define LOG_JOURNAL_SOCKET "/run/systemd/journal/socket"

/* Levels above this are not written. LOG_LEVEL_INFO at first. */
void log_set_level(enum log_level level);

/* Where the journal takes entries; before, and if it takes none, all lines go to stderr. The path must stay. */
void log_set_journal(const char *path);

__attribute__((format(printf, 2, 3))) void log_write(enum log_level level, const char *format, ...);

/* The same about a zone: the line begins with "zone NAME: ". */
__attribute__((format(printf, 3, 4))) void log_zone(enum log_level level, const char *name,
						    const char *format, ...);

/* About a zone too (NULL: none), but the line is as it is. */
__attribute__((format(printf, 3, 4))) void log_about(enum log_level level, const char *name,
						     const char *format, ...);

#define log_error(...) log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_notice(...) log_write(LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(...) log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)

#define log_zone_error(name, ...) log_zone(LOG_LEVEL_ERROR, name, __VA_ARGS__)
#define log_zone_warning(name, ...) log_zone(LOG_LEVEL_WARNING, name, __VA_ARGS__)
#define log_zone_notice(name, ...) log_zone(LOG_LEVEL_NOTICE, name, __VA_ARGS__)
#define log_zone_info(name, ...) log_zone(LOG_LEVEL_INFO, name, __VA_ARGS__)

#endif
