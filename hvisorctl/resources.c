/* SPDX-License-Identifier: GPL-2.0-or-later */
/* resources: who owns what, as the daemon knows it, or as zone files would have it. */
#include "resources.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "board.h"
#include "json_strict.h"
#include "tables.h"

static const char *owner_of(const cJSON *item)
{
	const char *name = ctl_string(item, "name");

	return name != NULL ? name : ctl_string(item, "owner");
}

static void put_owner(struct table *table, const cJSON *item)
{
	const cJSON *also = ctl_item(item, "also");
	bool shared = cJSON_IsTrue(ctl_item(item, "shared"));
	const char *kind = ctl_string(item, "owner"), *owner = owner_of(item), *other = owner_of(also);
	char text[160];

	if (other != NULL) {
		snprintf(text, sizeof(text), "%s, %s %s", owner != NULL ? owner : "?",
			 shared ? "shared with" : "but also", other);
		table_put(table, shared ? TONE_PLAIN : TONE_BAD, text);
		return;
	}
	table_put(table, kind != NULL && strcmp(kind, "nobody") == 0 ? TONE_GOOD : TONE_PLAIN, owner);
}

static void print_cpus(FILE *to, const cJSON *cpus)
{
	static const char *const headers[] = { "CPU", "MPIDR", "OWNER" };
	struct table table;
	const cJSON *cpu;

	table_init(&table, 3, headers);
	cJSON_ArrayForEach(cpu, cpus) {
		table_printf(&table, "%.0f", ctl_number(cpu, "cpu"));
		table_put(&table, TONE_PLAIN, ctl_string(cpu, "mpidr"));
		put_owner(&table, cpu);
	}
	table_print(&table, to);
	table_fini(&table);
}

static void print_memory(FILE *to, const cJSON *memory)
{
	static const char *const headers[] = { "PHYSICAL",         "SIZE",  "TYPE", "OWNER",
					       "GUEST SEES IT AT", "DEVICE" };
	struct table table;
	const cJSON *range;

	table_init(&table, 6, headers);
	cJSON_ArrayForEach(range, memory) {
		const char *size = ctl_string(range, "size");
		char text[32];

		table_put(&table, TONE_PLAIN, ctl_string(range, "start"));
		table_put(&table, TONE_PLAIN,
			  size != NULL ? ctl_bytes((double)strtoull(size, NULL, 0), text, sizeof(text))
				       : NULL);
		table_put(&table, TONE_PLAIN, ctl_string(range, "type"));
		put_owner(&table, range);
		table_put(&table, TONE_PLAIN, ctl_string(range, "guest_start"));
		table_put(&table, TONE_PLAIN, ctl_string(range, "device"));
	}
	table_print(&table, to);
	table_fini(&table);
}

static bool same_row(const cJSON *a, const cJSON *b)
{
	return cJSON_Compare(ctl_item(a, "owner"), ctl_item(b, "owner"), true) &&
	       ctl_number(a, "zone") == ctl_number(b, "zone") &&
	       cJSON_IsTrue(ctl_item(a, "virtual")) == cJSON_IsTrue(ctl_item(b, "virtual")) &&
	       ctl_item(a, "also") == NULL && ctl_item(b, "also") == NULL;
}

/* All numbers that share a row with this one, which is the first of them. */
static void put_numbers(struct table *table, const cJSON *first)
{
	cJSON *numbers = cJSON_CreateArray();
	char text[512];

	for (const cJSON *item = first; item != NULL; item = item->next) {
		if (item == first || same_row(first, item))
			cJSON_AddItemToArray(numbers, cJSON_CreateNumber(ctl_number(item, "intid")));
	}
	table_put(table, TONE_PLAIN, ctl_cpus(numbers, text, sizeof(text)));
	cJSON_Delete(numbers);
}

static bool is_first(const cJSON *interrupts, const cJSON *item)
{
	for (const cJSON *before = interrupts->child; before != item; before = before->next) {
		if (same_row(before, item))
			return false;
	}
	return true;
}

static void print_interrupts(FILE *to, const cJSON *interrupts)
{
	static const char *const headers[] = { "INTERRUPTS", "KIND", "OWNER" };
	struct table table;
	const cJSON *interrupt;

	table_init(&table, 3, headers);
	cJSON_ArrayForEach(interrupt, interrupts) {
		if (!is_first(interrupts, interrupt))
			continue;
		put_numbers(&table, interrupt);
		table_put(&table, TONE_PLAIN,
			  cJSON_IsTrue(ctl_item(interrupt, "virtual")) ? "virtual" : "hardware");
		put_owner(&table, interrupt);
	}
	table_print(&table, to);
	table_fini(&table);
}

void print_resources(FILE *to, const cJSON *resources)
{
	fputs("board ", to);
	ctl_put_text(to, ctl_string(resources, "board"));
	fputs("\n\n", to);
	print_cpus(to, ctl_item(resources, "cpus"));
	fputc('\n', to);
	print_memory(to, ctl_item(resources, "memory"));
	fputc('\n', to);
	print_interrupts(to, ctl_item(resources, "interrupts"));
}

/* Where a drawing goes: -, or a file. */
static FILE *open_svg(const char *path)
{
	FILE *to = strcmp(path, "-") == 0 ? stdout : fopen(path, "we");

	if (to == NULL) {
		fputs("hvisorctl: ", stderr);
		ctl_put_text(stderr, path);
		fprintf(stderr, ": %s\n", strerror(errno));
	}
	return to;
}

static int close_svg(FILE *to, int r)
{
	if (to != stdout && fclose(to) != 0 && r == 0)
		r = -errno;
	if (r == 0)
		return CTL_OK;
	fprintf(stderr, "hvisorctl: the drawing could not be written: %s\n", strerror(-r));
	return CTL_FAILED;
}

static int draw_files(const struct ctl *ctl, const struct config_resources *resources)
{
	FILE *to = open_svg(ctl->svg);

	return to != NULL ? close_svg(to, config_resources_svg(resources, to)) : CTL_FAILED;
}

/* The same JSON that the daemon would send. */
static int print_files(const struct ctl *ctl, const struct config_resources *resources)
{
	struct json_out out = { 0 };
	struct json_error error;
	cJSON *root = NULL;
	int status = CTL_OK;

	config_resources_json(resources, &out);
	if (out.failed || json_strict_parse(out.text, out.length, JSON_STRICT_MAX_DEPTH, &root, &error) != 0)
		status = ctl_no_memory();
	else if (ctl_is_json(ctl))
		status = ctl_print_json(stdout, root) == 0 ? CTL_OK : CTL_FAILED;
	else
		print_resources(stdout, root);
	cJSON_Delete(root);
	json_out_fini(&out);
	return status;
}

static int resources_of_files(const struct ctl *ctl, int argc, char **argv)
{
	struct config_resources *resources = NULL;
	struct zone_files files;
	int status = zone_files_load(ctl, argc, argv, &files);

	if (status == CTL_OK && config_resources(files.board, (const struct config_zone *const *)files.zones,
						 files.num_zones, &resources) != 0)
		status = ctl_no_memory();
	print_config_findings(stderr, &files.findings);
	if (status == CTL_OK)
		status = ctl->svg != NULL ? draw_files(ctl, resources) : print_files(ctl, resources);
	/* shown all the same: the drawing is how a conflict is understood */
	if (status == CTL_OK && files.findings.errors != 0)
		status = CTL_CONFIG;
	config_resources_free(resources);
	zone_files_fini(&files);
	return status;
}

static int draw_answer(const struct ctl *ctl, const cJSON *result)
{
	const char *text = ctl_string(result, "svg");
	FILE *to;

	if (text == NULL)
		text = cJSON_GetStringValue(ctl_item(result, "resources"));
	to = text != NULL ? open_svg(ctl->svg) : NULL;
	if (to == NULL)
		return CTL_FAILED;
	return close_svg(to, fputs(text, to) < 0 ? -EIO : 0);
}

static int resources_of_daemon(struct ctl *ctl)
{
	struct hvisor_message message;
	int status =
		ctl_call(ctl, "resources.get", ctl->svg != NULL ? "{\"format\":\"svg\"}" : NULL, &message);

	if (status != CTL_OK)
		return status;
	if (ctl->svg != NULL)
		status = draw_answer(ctl, message.result);
	else if (ctl_is_json(ctl))
		status = ctl_print_json(stdout, ctl_item(message.result, "resources")) == 0 ? CTL_OK
											    : CTL_FAILED;
	else
		print_resources(stdout, ctl_item(message.result, "resources"));
	hvisor_message_fini(&message);
	return status;
}

int ctl_resources(struct ctl *ctl, int argc, char **argv)
{
	bool offline =
		argc != 0 || ctl->platform != NULL || ctl->root_config != NULL || ctl->root_dtb != NULL;

	return offline ? resources_of_files(ctl, argc, argv) : resources_of_daemon(ctl);
}
