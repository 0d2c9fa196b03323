/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "draft.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The draft that a word of `after` means: one of that name, else of that id. -1: none. */
static int find_zone(const struct config_check *check, const char *word)
{
	for (unsigned i = 0; i < check->num_drafts; i++)
		if (strcmp(check->drafts[i]->zone->name, word) == 0)
			return (int)i;
	for (unsigned i = 0; i < check->num_drafts; i++) {
		char id[16];

		snprintf(id, sizeof(id), "%u", check->drafts[i]->zone->hv.zone_id);
		if (config_given(&check->drafts[i]->fields.seen, ZONE_ID) && strcmp(id, word) == 0)
			return (int)i;
	}
	return -1;
}

/* It always runs. */
static bool is_root(const char *word)
{
	return strcmp(word, "root") == 0 || strcmp(word, "0") == 0;
}

/* Which drafts each draft waits for: HV_MAX_ZONES numbers a draft, -1 where there is none. */
static int *resolve(const struct config_check *check)
{
	int *edges = malloc((check->num_drafts + 1) * HV_MAX_ZONES * sizeof(*edges));

	for (unsigned i = 0; edges && i < check->num_drafts; i++) {
		const struct config_draft *draft = check->drafts[i];
		uint64_t count = draft->lost == LOST_ALL ? 0 : draft->fields.num_after;

		for (unsigned j = 0; j < HV_MAX_ZONES; j++) {
			const char *word = j < count ? draft->fields.after[j] : NULL;
			int *edge = &edges[i * HV_MAX_ZONES + j];

			*edge = word ? find_zone(check, word) : -1;
			if (word && *edge < 0 && !is_root(word))
				config_source_error(draft->source, config_pointer("/after/%u", j).text,
						    REASON_ZONE_AFTER_UNKNOWN,
						    "no zone file that is checked along has this name or id");
		}
	}
	return edges;
}

/* Some way along the edges leads from start back to start. stack and seen have room for every draft. */
static bool waits_for_itself(const struct config_check *check, const int *edges, unsigned start,
			     unsigned *stack, bool *seen)
{
	unsigned depth = 1;

	memset(seen, 0, check->num_drafts * sizeof(*seen));
	stack[0] = start;
	while (depth > 0) {
		const int *from = &edges[stack[--depth] * HV_MAX_ZONES];

		for (unsigned i = 0; i < HV_MAX_ZONES; i++) {
			if (from[i] < 0)
				continue;
			if ((unsigned)from[i] == start)
				return true;
			if (!seen[from[i]])
				stack[depth++] = (unsigned)from[i];
			seen[from[i]] = true;
		}
	}
	return false;
}

void config_after_check(const struct config_check *check)
{
	int *edges = resolve(check);
	unsigned *stack = calloc(check->num_drafts + 1, sizeof(*stack));
	bool *seen = calloc(check->num_drafts + 1, sizeof(*seen));

	for (unsigned i = 0; i < check->num_drafts; i++) {
		struct config_draft *draft = check->drafts[i];

		if (!edges || !stack || !seen)
			draft->source->report.no_memory = true;
		else if (draft->fields.num_after > 0 && waits_for_itself(check, edges, i, stack, seen))
			config_source_error(draft->source, "/after", REASON_ZONE_AFTER_CYCLE,
					    "the zone would wait for itself");
	}
	free(edges);
	free(stack);
	free(seen);
}
