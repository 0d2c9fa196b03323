/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "draft.h"

#include <stdio.h>
#include <string.h>

/* The side that is not asked: another draft, or the root zone. */
struct rival {
	const HvZoneConfig *config;
	const struct config_draft *draft; /* NULL: root */
};

/* Names what both want, in words: of a region that of the given side. */
static struct config_pointer describe(const HvZoneConfig *config, uint16_t code, uint32_t index)
{
	switch ((enum hv_violation_code)code) {
	case HV_VIOLATION_CPU_CONFLICT:
		return config_pointer("CPU %u", index);
	case HV_VIOLATION_INTERRUPT_CONFLICT:
		return config_pointer("interrupt %u", index);
	case HV_VIOLATION_RAM_CONFLICT:
	case HV_VIOLATION_DEVICE_CONFLICT:
		return config_describe_region(&config->regions[index]);
	default:
		return config_pointer("zone id %u", config->zone_id);
	}
}

static struct config_pointer point(const struct config_draft *draft, const uint8_t *region_field,
				   uint16_t code, uint32_t index)
{
	switch ((enum hv_violation_code)code) {
	case HV_VIOLATION_CPU_CONFLICT:
		return config_cpu_pointer(draft, index);
	case HV_VIOLATION_INTERRUPT_CONFLICT:
		return config_interrupt_pointer(draft, index);
	case HV_VIOLATION_RAM_CONFLICT:
	case HV_VIOLATION_DEVICE_CONFLICT:
		return config_pointer("/memory_regions/%u", region_field[index]);
	default:
		return config_pointer("/zone_id");
	}
}

static void report(const struct config_draft *draft, const HvZoneConfig *mine, const uint8_t *region_field,
		   const struct rival *rival, struct hv_violation v)
{
	struct config_pointer what = describe(mine, v.code, v.index);
	struct config_pointer theirs = describe(rival->config, v.code, v.other_index);
	bool same = strcmp(what.text, theirs.text) == 0;
	struct config_pointer other;

	if (rival->draft) {
		other = point(rival->draft, rival->draft->sound_field, v.code, v.other_index);
		other = config_pointer("%s:%s", rival->draft->source->path, other.text);
	} else {
		other = config_pointer("zone root: %s", theirs.text);
	}
	config_source_add(draft->source, CONFIG_ERROR,
			  &(struct config_place){
				  .pointer = point(draft, region_field, v.code, v.index).text,
				  .other = other.text,
			  },
			  hv_violation_name(v.code), "%s%s%s is zone %u's", same ? "" : what.text,
			  same ? "" : ": ", theirs.text, rival->config->zone_id);
}

static void drop_region(HvZoneConfig *config, uint8_t *region_field, uint32_t index)
{
	uint32_t behind = config->num_regions - index - 1;

	memmove(&config->regions[index], &config->regions[index + 1], behind * sizeof(config->regions[0]));
	memmove(&region_field[index], &region_field[index + 1], behind);
	config->num_regions--;
}

/* Takes the conflict out of a copy, so that the next one can be found. False: there is no next. */
static bool settle(HvZoneConfig *mine, uint8_t *region_field, struct hv_violation v)
{
	switch ((enum hv_violation_code)v.code) {
	case HV_VIOLATION_CPU_CONFLICT:
		mine->cpus &= ~(1ull << v.index);
		return true;
	case HV_VIOLATION_INTERRUPT_CONFLICT:
		mine->interrupts.word[v.index / 32] &= ~(1u << (v.index % 32));
		return true;
	case HV_VIOLATION_RAM_CONFLICT:
	case HV_VIOLATION_DEVICE_CONFLICT:
		drop_region(mine, region_field, v.index);
		return true;
	default:
		return false;
	}
}

/* Rivals that a file is told of by name: a thousand files with one id would make a million findings. */
#define MAX_RIVALS 8u

/* True: there is a conflict. With quiet it is only looked for. */
static bool compare(const struct config_draft *draft, const struct rival *rival, bool quiet)
{
	/* An id that is not known cannot be the same. */
	bool no_id = (draft->lost & LOST_ID) != 0 || (rival->draft && (rival->draft->lost & LOST_ID) != 0);
	uint8_t region_field[HV_MAX_REGIONS];
	struct hv_violation v;
	HvZoneConfig mine;

	if (!no_id && hv_config_compatible(&draft->sound, rival->config, &v))
		return false;
	if (!no_id && quiet)
		return true;
	mine = draft->sound;
	memcpy(region_field, draft->sound_field, sizeof(region_field));
	if (no_id)
		mine.zone_id = UINT32_MAX;
	if (hv_config_compatible(&mine, rival->config, &v))
		return false;
	do {
		if (!quiet)
			report(draft, &mine, region_field, rival, v);
	} while (!quiet && settle(&mine, region_field, v) && !hv_config_compatible(&mine, rival->config, &v));
	return true;
}

static bool same_name(const struct config_draft *draft, const struct config_draft *other, bool quiet)
{
	struct config_pointer place;

	if (strcmp(draft->zone->name, other->zone->name) != 0)
		return false;
	place = config_pointer("%s:/name", other->source->path);
	if (!quiet)
		config_source_add(draft->source, CONFIG_WARNING,
				  &(struct config_place){ .pointer = "/name", .other = place.text },
				  REASON_ZONE_NAME_SHARED,
				  "another zone has this name: only the id tells them apart");
	return true;
}

static void compare_all(const struct config_check *check, unsigned index)
{
	const struct config_draft *draft = check->drafts[index];
	unsigned conflicts = 0, names = 0;

	for (unsigned i = 0; i < check->num_drafts; i++) {
		const struct config_draft *other = check->drafts[i];
		const struct rival rival = { .config = &other->sound, .draft = other };

		if (i == index)
			continue;
		if (draft->is_sound && other->is_sound)
			conflicts += compare(draft, &rival, conflicts >= MAX_RIVALS);
		names += same_name(draft, other, names >= MAX_RIVALS);
	}
	if (conflicts > MAX_RIVALS)
		config_source_error(draft->source, "", REASON_MORE, "%u more files claim what this one does",
				    conflicts - MAX_RIVALS);
}

void config_conflicts(const struct config_check *check)
{
	for (unsigned i = 0; i < check->num_drafts; i++) {
		const struct config_draft *draft = check->drafts[i];

		if (draft->is_sound && check->board->root)
			compare(draft, &(struct rival){ .config = check->board->root }, false);
		compare_all(check, i);
	}
}
