/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "findings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct config_source *config_source_new(const char *path)
{
	struct config_source *source = calloc(1, sizeof(*source));

	if (!source)
		return NULL;
	source->path = strdup(path);
	if (!source->path) {
		free(source);
		return NULL;
	}
	return source;
}

void config_source_free(struct config_source *source)
{
	if (!source)
		return;
	config_findings_fini(&source->report.findings);
	free(source->last_pointer);
	cJSON_Delete(source->root);
	free(source->text);
	free(source->path);
	free(source);
}

static void finding_fini(struct config_finding *finding)
{
	free(finding->file);
	free(finding->pointer);
	free(finding->message);
	free(finding->other);
}

void config_findings_fini(struct config_findings *findings)
{
	for (unsigned i = 0; i < findings->count; i++)
		finding_fini(&findings->list[i]);
	free(findings->list);
	*findings = (struct config_findings){ 0 };
}

/* Takes the finding over, or frees it. */
static void append(struct config_report *report, struct config_finding *finding)
{
	struct config_findings *findings = &report->findings;

	if (findings->count == report->room) {
		unsigned room = report->room * 2 + 16;
		struct config_finding *list = reallocarray(findings->list, room, sizeof(*list));

		if (!list) {
			finding_fini(finding);
			report->no_memory = true;
			return;
		}
		findings->list = list;
		report->room = room;
	}
	findings->list[findings->count++] = *finding;
	findings->errors += finding->severity == CONFIG_ERROR;
}

/* Many findings of one place come in a row. */
static unsigned find_line(struct config_source *source, const struct config_place *place)
{
	unsigned line = place->line, column = 0;

	if (line != 0 || !source->text || !place->pointer)
		return line;
	if (source->last_pointer && strcmp(source->last_pointer, place->pointer) == 0)
		return source->last_line;
	json_strict_locate(source->text, source->length, place->pointer, &line, &column);
	free(source->last_pointer);
	source->last_pointer = strdup(place->pointer);
	source->last_line = line;
	return line;
}

static void add_formatted(struct config_source *source, enum config_severity severity,
			  const struct config_place *place, const char *reason, const char *format,
			  va_list arguments)
{
	struct config_finding finding = {
		.severity = severity,
		.file = strdup(source->path),
		.line = find_line(source, place),
		.pointer = strdup(place->pointer ? place->pointer : ""),
		.reason = reason,
		.other = place->other ? strdup(place->other) : NULL,
	};

	if (vasprintf(&finding.message, format, arguments) < 0)
		finding.message = NULL;
	if (!finding.file || !finding.pointer || !finding.message || (place->other && !finding.other)) {
		finding_fini(&finding);
		source->report.no_memory = true;
		return;
	}
	append(&source->report, &finding);
}

/* The limit keeps a hostile file from costing a search of its text for each of a million faults. */
void config_source_add(struct config_source *source, enum config_severity severity,
		       const struct config_place *place, const char *reason, const char *format, ...)
{
	static const struct config_place no_place = { .pointer = NULL };
	unsigned count = source->report.findings.count;
	va_list arguments;

	if (count > CONFIG_MAX_FINDINGS)
		return;
	if (count == CONFIG_MAX_FINDINGS) {
		severity = CONFIG_ERROR;
		place = &no_place;
		reason = REASON_MORE;
		format = "there are more findings than are shown";
	}
	va_start(arguments, format);
	add_formatted(source, severity, place, reason, format, arguments);
	va_end(arguments);
}

/* By line, what has none last; stable, for the order of the checks makes sense within a line. */
static void sort_findings(struct config_findings *findings)
{
	for (unsigned i = 1; i < findings->count; i++) {
		struct config_finding finding = findings->list[i];
		unsigned j = i;

		for (; j > 0 && findings->list[j - 1].line - 1u > finding.line - 1u; j--)
			findings->list[j] = findings->list[j - 1];
		findings->list[j] = finding;
	}
}

bool config_source_is_short(struct config_source *source, int error)
{
	/* What a path or its file has of its own; all else passes by itself. */
	static const int of_files[] = { ENOENT, EACCES,    EPERM,   ELOOP, ENAMETOOLONG, ENOTDIR,
					EISDIR, ENXIO,     ENODEV,  EIO,   EINVAL,       EFBIG,
					EAGAIN, EOVERFLOW, ETXTBSY, ESTALE };

	if (error >= 0)
		return false;
	for (size_t i = 0; i < sizeof(of_files) / sizeof(of_files[0]); i++)
		if (error == -of_files[i])
			return false;
	source->report.shortage = error;
	return true;
}

int config_source_take_findings(struct config_source *source, struct config_findings *findings)
{
	struct config_findings *own = &source->report.findings;
	struct config_finding *list;

	if (source->report.no_memory)
		return -ENOMEM;
	if (source->report.shortage != 0)
		return source->report.shortage;
	if (own->count == 0)
		return 0;
	list = reallocarray(findings->list, findings->count + own->count, sizeof(*list));
	if (!list)
		return -ENOMEM;
	sort_findings(own);
	memcpy(list + findings->count, own->list, own->count * sizeof(*list));
	findings->list = list;
	findings->count += own->count;
	findings->errors += own->errors;
	free(own->list);
	source->report = (struct config_report){ .no_memory = false };
	return 0;
}

struct config_pointer config_pointer(const char *format, ...)
{
	struct config_pointer pointer;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(pointer.text, sizeof(pointer.text), format, arguments);
	va_end(arguments);
	return pointer;
}
