/* SPDX-License-Identifier: GPL-2.0-or-later */
/* show: everything the daemon tells of a zone. */
#include <string.h>

#include "batch.h"
#include "tables.h"

#define KEY_WIDTH 20

static bool is_scalar(const cJSON *item)
{
	return !cJSON_IsArray(item) && !cJSON_IsObject(item);
}

static bool all_numbers(const cJSON *array)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, array) {
		if (!cJSON_IsNumber(item))
			return false;
	}
	return true;
}

static void print_scalar(FILE *to, const cJSON *item)
{
	if (cJSON_IsString(item))
		ctl_put_text(to, item->valuestring);
	else if (cJSON_IsNumber(item))
		fprintf(to, "%.15g", item->valuedouble);
	else
		fputs(cJSON_IsNull(item) ? "-" : cJSON_IsTrue(item) ? "yes" : "no", to);
}

/* An object's scalars on one line: for the elements of an array. */
static void print_element(FILE *to, const cJSON *element)
{
	const cJSON *item;
	const char *between = "";

	if (is_scalar(element)) {
		print_scalar(to, element);
		return;
	}
	cJSON_ArrayForEach(item, element) {
		fputs(between, to);
		if (item->string != NULL) {
			ctl_put_text(to, item->string);
			fputc('=', to);
		}
		if (is_scalar(item))
			print_scalar(to, item);
		else
			ctl_print_json(to, item);
		between = " ";
	}
}

static void print_array(FILE *to, const cJSON *array, unsigned indent)
{
	const cJSON *element;
	char text[512];

	if (all_numbers(array)) {
		fprintf(to, "%s\n", ctl_cpus(array, text, sizeof(text)));
		return;
	}
	cJSON_ArrayForEach(element, array) {
		if (element != array->child)
			fprintf(to, "%*s", (int)(indent + KEY_WIDTH), "");
		print_element(to, element);
		fputc('\n', to);
	}
}

void print_tree(FILE *to, const cJSON *object, unsigned indent)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, object) {
		fprintf(to, "%*s", (int)indent, "");
		ctl_put_text(to, item->string);
		if (cJSON_IsObject(item)) {
			fputc('\n', to);
			/* as deep as what the daemon sends, which is bounded */
			print_tree(to, item, indent + 2);
			continue;
		}
		fprintf(to, "%*s ",
			(int)(strlen(item->string) < KEY_WIDTH ? KEY_WIDTH - strlen(item->string) - 1 : 0),
			"");
		if (cJSON_IsArray(item)) {
			print_array(to, item, indent);
			continue;
		}
		if (strcmp(item->string, "state") == 0)
			tone_begin(to, tone_of_state(item->valuestring));
		print_scalar(to, item);
		if (strcmp(item->string, "state") == 0)
			tone_end(to, tone_of_state(item->valuestring));
		fputc('\n', to);
	}
}

static int print(struct ctl *ctl, const struct zone_operand *zone, const cJSON *result)
{
	(void)ctl;
	tone_begin(stdout, TONE_HEAD);
	fputs("zone ", stdout);
	ctl_put_text(stdout, zone->name);
	tone_end(stdout, TONE_HEAD);
	putchar('\n');
	print_tree(stdout, ctl_item(result, "zone"), 2);
	return CTL_OK;
}

int ctl_show(struct ctl *ctl, int argc, char **argv)
{
	const struct batch batch = {
		.method = "zone.get", .print = print, .answer_ms = ctl_patience(ctl), .member = "zone"
	};

	return batch_run(ctl, &batch, argc, argv);
}
