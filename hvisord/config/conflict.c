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
			  hv_violation_name(v.code), "%s: %s is zone %u's", what.text, theirs.text,
			  rival->config->zone_id);
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

static void compare(const struct config_draft *draft, const struct rival *rival)
{
	HvZoneConfig mine = draft->sound;
	uint8_t region_field[HV_MAX_REGIONS];
	struct hv_violation v;

	memcpy(region_field, draft->sound_field, sizeof(region_field));
	/* An id that is not known cannot be the same. */
	if ((draft->lost & LOST_ID) != 0 || (rival->draft && (rival->draft->lost & LOST_ID) != 0))
		mine.zone_id = UINT32_MAX;
	while (!hv_config_compatible(&mine, rival->config, &v)) {
		report(draft, &mine, region_field, rival, v);
		if (!settle(&mine, region_field, v))
			break;
	}
}

static void warn_of_name(const struct config_draft *draft, const struct config_draft *other)
{
	struct config_pointer place = config_pointer("%s:/name", other->source->path);

	if (strcmp(draft->zone->name, other->zone->name) != 0)
		return;
	config_source_add(draft->source, CONFIG_WARNING,
			  &(struct config_place){ .pointer = "/name", .other = place.text },
			  REASON_ZONE_NAME_SHARED,
			  "another zone has this name: only the id tells them apart");
}

void config_conflicts(const struct config_check *check)
{
	for (unsigned i = 0; i < check->num_drafts; i++) {
		const struct config_draft *draft = check->drafts[i];

		if (draft->is_sound && check->root)
			compare(draft, &(struct rival){ .config = check->root });
		for (unsigned j = 0; j < check->num_drafts; j++) {
			const struct config_draft *other = check->drafts[j];

			if (i == j)
				continue;
			if (draft->is_sound && other->is_sound)
				compare(draft, &(struct rival){ .config = &other->sound, .draft = other });
			warn_of_name(draft, other);
		}
	}
}
