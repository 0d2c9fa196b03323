/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const severities[] = { [CONFIG_WARNING] = "warning", [CONFIG_ERROR] = "error" };

/* C0 and DEL are bytes of their own; C1 is 0xc2 and a byte below 0xa0 (UTF-8). */
static void mask_controls(char *text)
{
	for (unsigned char *at = (unsigned char *)text; *at; at++) {
		if (*at < 0x20 || *at == 0x7f)
			*at = '?';
		else if (at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0)
			at[0] = at[1] = '?';
	}
}

char *config_finding_text(const struct config_finding *f)
{
	char line[16] = "", *text;

	if (f->line > 0)
		snprintf(line, sizeof(line), ":%u", f->line);
	if (asprintf(&text, "%s%s: %s%s%s: %s [%s]%s%s%s", f->file, line, f->pointer,
		     f->pointer[0] ? ": " : "", severities[f->severity], f->message, f->reason,
		     f->other ? " (collides with " : "", f->other ? f->other : "", f->other ? ")" : "") < 0)
		return NULL;
	mask_controls(text);
	return text;
}

static char *ascii_copy(const char *text)
{
	char *copy = strdup(text);

	for (char *at = copy; at && *at; at++)
		if ((unsigned char)*at < 0x20 || (unsigned char)*at >= 0x7f)
			*at = '?';
	return copy;
}

cJSON *config_finding_json(const struct config_finding *f)
{
	cJSON *object = cJSON_CreateObject();
	char *file = ascii_copy(f->file);
	bool ok = object && file && cJSON_AddStringToObject(object, "file", file) &&
		  cJSON_AddNumberToObject(object, "line", f->line) &&
		  cJSON_AddStringToObject(object, "pointer", f->pointer) &&
		  cJSON_AddStringToObject(object, "severity", severities[f->severity]) &&
		  cJSON_AddStringToObject(object, "reason", f->reason) &&
		  cJSON_AddStringToObject(object, "message", f->message) &&
		  (!f->other || cJSON_AddStringToObject(object, "other", f->other));

	free(file);
	if (ok)
		return object;
	cJSON_Delete(object);
	return NULL;
}
