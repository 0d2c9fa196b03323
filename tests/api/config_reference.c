/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * config_reference: prints the reference of zone, virtio and platform files, made from
 * the tables that parse them.
 * config_reference CONFIG.MD MAN REASON.H: checks that CONFIG.MD has exactly
 * that between its two markers and names every reason there is, and that the
 * manual page has every key of a zone file.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "board_fields.h"

#define BEGIN "<!-- made from the tables in hvisord/config/*_fields.c: begin -->\n"
#define END "<!-- end -->\n"

static void put_range(FILE *out, const struct config_field *field)
{
	if (field->max == UINT64_MAX)
		fprintf(out, ", %" PRIu64 " or more", field->min);
	else if (field->max != 0)
		fprintf(out, ", %" PRIu64 " to %" PRIu64, field->min, field->max);
}

static void put_words(FILE *out, const struct config_field *field)
{
	for (const struct config_word *word = field->words; word->word; word++)
		fprintf(out, "%s`\"%s\"`", word == field->words ? "" : ", ", word->word);
}

static void put_value(FILE *out, const struct config_field *field)
{
	switch (field->type) {
	case FIELD_NUMBER:
		fputs("number", out);
		put_range(out, field);
		break;
	case FIELD_INTEGER:
		fputs("JSON number", out);
		put_range(out, field);
		break;
	case FIELD_WORD:
		put_words(out, field);
		break;
	case FIELD_BOOL:
		fputs("`true`, `false`", out);
		break;
	case FIELD_STRING:
		fprintf(out, "string, %" PRIu64 " to %" PRIu64 " bytes", field->min, field->max);
		break;
	case FIELD_NAME:
		fprintf(out, "string, %" PRIu64 " to %" PRIu64 " bytes, or number", field->min, field->max);
		break;
	case FIELD_DIGEST:
		fputs("string of 64 hexadecimal digits", out);
		break;
	case FIELD_OBJECT:
		fprintf(out, "object: %s", field->object->title);
		break;
	case FIELD_ARRAY:
		fprintf(out, "array, %" PRIu64 " at most, of ", field->max);
		put_value(out, field->element);
		break;
	case FIELD_IGNORED:
		fputs("anything", out);
		break;
	case FIELD_UNSUPPORTED:
		fputs("only what asks for nothing", out);
		break;
	case FIELD_TYPES:
		break;
	}
}

static void put_object(FILE *out, const struct config_object *object);

static void put_children(FILE *out, const struct config_object *object)
{
	for (unsigned i = 0; i < object->count; i++) {
		const struct config_field *field = &object->fields[i];

		if (field->type == FIELD_OBJECT)
			put_object(out, field->object);
		else if (field->type == FIELD_ARRAY && field->element->type == FIELD_OBJECT)
			put_object(out, field->element->object);
	}
}

/* Each once: virtio devices stand in both kinds of file. */
static void put_object(FILE *out, const struct config_object *object)
{
	static const struct config_object *done[16];
	unsigned count = 0;

	while (done[count] && done[count] != object)
		count++;
	if (done[count])
		return;
	done[count] = object;
	fprintf(out, "\n### %c%s\n\n", toupper((unsigned char)object->title[0]), object->title + 1);
	fputs("| key | value | if missing | meaning |\n| --- | --- | --- | --- |\n", out);
	for (unsigned i = 0; i < object->count; i++) {
		const struct config_field *field = &object->fields[i];

		fprintf(out, "| `%s` | ", field->key);
		put_value(out, field);
		if (!field->required && !field->initial)
			fprintf(out, " | %" PRIu64 " | %s |\n", field->preset, field->doc);
		else
			fprintf(out, " | %s | %s |\n", field->required ? "an error" : field->initial,
				field->doc);
	}
	put_children(out, object);
}

static void put_all(FILE *out)
{
	put_object(out, &zone_object);
	put_object(out, &virtio_object);
	put_object(out, &board_object);
	fputc('\n', out);
}

static char *read_file(const char *path)
{
	FILE *in = fopen(path, "re");
	char *text = NULL;
	size_t room = 0;

	if (!in || getdelim(&text, &room, '\0', in) < 0) {
		fprintf(stderr, "%s: cannot be read\n", path);
		exit(2);
	}
	fclose(in);
	return text;
}

static unsigned check_reference(const char *doc)
{
	const char *begin = strstr(doc, BEGIN), *end = strstr(doc, END);
	char *made = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&made, &size);
	bool same;

	put_all(out);
	fclose(out);
	begin = begin ? begin + strlen(BEGIN) : doc;
	same = end && (size_t)(end - begin) == size && memcmp(begin, made, size) == 0;
	free(made);
	if (!same)
		puts("the reference is not what the tables say: put in what this program prints");
	return !same;
}

static unsigned check_mention(const char *doc, const char *what, const char *word)
{
	char quoted[128];

	snprintf(quoted, sizeof(quoted), "`%s`", word);
	if (strstr(doc, quoted))
		return 0;
	printf("%s: nothing is said of %s\n", what, word);
	return 1;
}

/* Every "x.y" in reason.h, and what the validator calls its violations. */
static unsigned check_reasons(const char *doc, char *header)
{
	unsigned faults = 0;

	for (char *line = strtok(header, "\n"); line; line = strtok(NULL, "\n")) {
		char name[32], reason[64];

		if (sscanf(line, "#define REASON_%31s \"%63[^\"]\"", name, reason) == 2)
			faults += check_mention(doc, "reasons", reason);
	}
	for (uint16_t code = HV_VIOLATION_NONE + 1; code < HV_VIOLATION_COUNT; code++)
		faults += check_mention(doc, "reasons", hv_violation_name(code));
	return faults;
}

static unsigned check_manual(const char *manual)
{
	unsigned faults = 0;

	for (unsigned i = 0; i < zone_object.count; i++) {
		char key[64];

		snprintf(key, sizeof(key), "\n.B %s\n", zone_object.fields[i].key);
		if (strstr(manual, key) || zone_object.fields[i].type == FIELD_UNSUPPORTED)
			continue;
		printf("manual page: nothing is said of %s\n", zone_object.fields[i].key);
		faults++;
	}
	return faults;
}

int main(int argc, char **argv)
{
	unsigned faults;
	char *doc, *manual, *header;

	if (argc == 1) {
		put_all(stdout);
		return 0;
	}
	if (argc != 4) {
		fprintf(stderr, "usage: config_reference [CONFIG.MD MAN REASON.H]\n");
		return 2;
	}
	doc = read_file(argv[1]);
	manual = read_file(argv[2]);
	header = read_file(argv[3]);
	faults = check_reference(doc) + check_reasons(doc, header) + check_manual(manual);
	free(doc);
	free(manual);
	free(header);
	return faults == 0 ? 0 : 1;
}
