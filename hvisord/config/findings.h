/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Findings as they are made: each source collects its own, and the check puts them into one list. */
#ifndef CONFIG_FINDINGS_H
#define CONFIG_FINDINGS_H

#include <stdarg.h>

#include "config.h"
#include "json_strict.h"
#include "reason.h"

/* Findings of one file that are kept; one more then says that there are others. */
#define CONFIG_MAX_FINDINGS 100u

/* A growing list. The process's own shortages are kept in mind and told at the end. */
struct config_report {
	struct config_findings findings;
	unsigned room;
	bool no_memory;
	int shortage; /* -EMFILE, -ENFILE …; or 0 */
};

/* One zone or virtio file. The tree goes after the check, the text stays. */
struct config_source {
	char *path; /* as given */
	char *text; /* NULL: could not be read */
	size_t length;
	cJSON *root;        /* NULL: no JSON */
	char *last_pointer; /* whose line was looked up last, or NULL; and that line */
	unsigned last_line;
	struct config_report report;
};

struct config_source *config_source_new(const char *path);
void config_source_free(struct config_source *source);

/* What a finding is of. */
struct config_place {
	const char *pointer; /* NULL: the whole file, no line */
	unsigned line;       /* 0: look the pointer up in the text */
	const char *other;   /* may be NULL */
};

/* Adds a finding about a source to its own report. */
void config_source_add(struct config_source *source, enum config_severity severity,
		       const struct config_place *place, const char *reason, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* The usual cases. */
#define config_source_error(source, at, reason, ...)                                                         \
	config_source_add(source, CONFIG_ERROR, &(struct config_place){ .pointer = (at) }, reason,           \
			  __VA_ARGS__)
#define config_source_warning(source, at, reason, ...)                                                       \
	config_source_add(source, CONFIG_WARNING, &(struct config_place){ .pointer = (at) }, reason,         \
			  __VA_ARGS__)

/* A negative errno that is none of the file's own: no memory, no descriptors left. It is noted. */
bool config_source_is_short(struct config_source *source, int error);

/*
 * Moves a source's findings, sorted by line, to the end of a list. The source's
 * report is empty then. 0, or a shortage.
 */
int config_source_take_findings(struct config_source *source, struct config_findings *findings);

/* Pointers such as "/memory_regions/3". */
struct config_pointer {
	char text[JSON_POINTER_SIZE];
};
struct config_pointer config_pointer(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
