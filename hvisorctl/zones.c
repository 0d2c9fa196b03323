/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Operands to zones. */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "batch.h"

static int add(struct zones *zones, const char *name, int64_t id)
{
	struct zone_operand *list;
	char *copy;

	for (unsigned i = 0; i < zones->count; i++) {
		if (strcmp(zones->list[i].name, name) == 0 || (id >= 0 && zones->list[i].id == id))
			return CTL_OK;
	}
	list = realloc(zones->list, (zones->count + 1) * sizeof(*list));
	if (list != NULL)
		zones->list = list;
	copy = list != NULL ? strdup(name) : NULL;
	if (copy == NULL)
		return ctl_no_memory();
	zones->list[zones->count++] = (struct zone_operand){ copy, id };
	return CTL_OK;
}

static bool is_pattern(const char *text)
{
	return strpbrk(text, "*?[") != NULL;
}

static bool has_word(const char *words, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = strstr(words, word); at != NULL; at = strstr(at + 1, word)) {
		if ((at == words || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
			return true;
	}
	return false;
}

static int say_unknown(const char *operand)
{
	fputs("hvisorctl: no zone is called ", stderr);
	ctl_put_text(stderr, operand);
	fputc('\n', stderr);
	return CTL_NO_ZONE;
}

/* All zones of the daemon's answer that pattern (NULL: any) and states let through. */
static int add_matching(struct zones *zones, const cJSON *list, const char *pattern, const char *states)
{
	const cJSON *zone;
	bool matched = pattern == NULL;
	int status = CTL_OK;

	cJSON_ArrayForEach(zone, list) {
		const char *name = ctl_string(zone, "name"), *state = ctl_string(zone, "state");
		int64_t id = ctl_has_number(zone, "id") ? (int64_t)ctl_number(zone, "id") : -1;

		if (name == NULL || (pattern != NULL && fnmatch(pattern, name, 0) != 0))
			continue;
		matched = true;
		/* to change the root zone, or to mean it by --all, is nobody's intention */
		if (id == 0 && (pattern == NULL || states != NULL))
			continue;
		if (states != NULL && (state == NULL || !has_word(states, state)))
			continue;
		status = add(zones, name, id);
		if (status != CTL_OK)
			return status;
	}
	if (matched)
		return CTL_OK;
	return say_unknown(pattern);
}

static bool means(const char *operand, const cJSON *zone)
{
	const char *name = ctl_string(zone, "name");
	char id[24] = "";

	if (ctl_has_number(zone, "id"))
		snprintf(id, sizeof(id), "%.0f", ctl_number(zone, "id"));
	return strcmp(operand, id) == 0 || (name != NULL && fnmatch(operand, name, 0) == 0);
}

int zones_keep(cJSON *zones, int argc, char **argv)
{
	int status = CTL_OK;

	for (int i = 0; i < argc; i++) {
		const cJSON *zone = zones != NULL ? zones->child : NULL;

		while (zone != NULL && !means(argv[i], zone))
			zone = zone->next;
		if (zone == NULL)
			status = say_unknown(argv[i]);
	}
	for (cJSON *zone = zones != NULL && argc != 0 ? zones->child : NULL, *next; zone != NULL;
	     zone = next) {
		bool wanted = false;

		next = zone->next;
		for (int i = 0; i < argc; i++)
			wanted = wanted || means(argv[i], zone);
		if (!wanted)
			cJSON_Delete(cJSON_DetachItemViaPointer(zones, zone));
	}
	return status;
}

static bool any_pattern(int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		if (is_pattern(argv[i]))
			return true;
	}
	return false;
}

int zones_select(struct ctl *ctl, int argc, char **argv, const char *states, struct zones *ret_zones)
{
	struct hvisor_message message = { 0 };
	const cJSON *list = NULL;
	int status = CTL_OK;

	*ret_zones = (struct zones){ 0 };
	if (ctl->all || any_pattern(argc, argv)) {
		status = ctl_call(ctl, "zone.list", NULL, &message);
		if (status != CTL_OK)
			return status;
		list = ctl_item(message.result, "zones");
	}
	if (ctl->all)
		status = add_matching(ret_zones, list, NULL, states);
	for (int i = 0; i < argc && status != CTL_FAILED; i++) {
		int one = is_pattern(argv[i]) ? add_matching(ret_zones, list, argv[i], states)
					      : add(ret_zones, argv[i], -1);

		status = status == CTL_OK ? one : status;
	}
	hvisor_message_fini(&message);
	return status;
}

void zones_fini(struct zones *zones)
{
	for (unsigned i = 0; i < zones->count; i++)
		free(zones->list[i].name);
	free(zones->list);
	*zones = (struct zones){ 0 };
}

void zones_put(struct json_out *out, const struct zone_operand *zone)
{
	if (zone->id >= 0)
		json_put_int(out, "zone", zone->id);
	else
		ctl_put_zone(out, zone->name);
}
