/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * EL2's validator stops at the first violation, as it should: it protects. A
 * person wants all of them. So each violation is reported and then taken out
 * of a copy, and the validator is asked again, until it has nothing to say.
 */
#include "draft.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What a violation's index speaks of. */
enum about {
	ABOUT_ZONE,
	ABOUT_CPU,
	ABOUT_REGION,
	ABOUT_INTERRUPT,
	ABOUT_KERNEL,
	ABOUT_DTB,
};

struct rule {
	enum about about;
	const char *pointer; /* ABOUT_ZONE */
	unsigned moot;       /* not worth telling once these were lost */
	/* Takes the violation out of draft->sound. False: there is no way. */
	bool (*repair)(struct config_draft *draft, const HvPlatform *platform, uint32_t index);
	const char *message;
};

static bool repair_id(struct config_draft *draft, const HvPlatform *platform, uint32_t index)
{
	(void)platform;
	(void)index;
	draft->sound.zone_id = draft->is_root ? 0 : 1;
	draft->lost |= LOST_ID;
	return true;
}

static bool repair_name(struct config_draft *draft, const HvPlatform *platform, uint32_t index)
{
	(void)platform;
	(void)index;
	memset(draft->sound.name, 0, sizeof(draft->sound.name));
	draft->sound.name[0] = 'x';
	return true;
}

static bool repair_no_cpus(struct config_draft *draft, const HvPlatform *platform, uint32_t index)
{
	(void)platform;
	(void)index;
	draft->sound.cpus = 1;
	draft->sound.num_cpus = 1;
	draft->lost |= LOST_CPUS;
	return true;
}

static bool drop_cpu(struct config_draft *draft, const HvPlatform *platform, uint32_t index)
{
	(void)platform;
	draft->sound.cpus &= ~(1ull << index);
	draft->sound.num_cpus--;
	draft->lost |= LOST_CPUS;
	return true;
}

static bool board_gic(struct config_draft *draft, const HvPlatform *platform, uint32_t index)
{
	(void)index;
	if (memcmp(&draft->sound.gic, &platform->gic, sizeof(platform->gic)) == 0)
		return false;
	draft->sound.gic = platform->gic;
	return true;
}

static bool drop_region(struct config_draft *draft, const HvPlatform *platform, uint32_t index)
{
	HvZoneConfig *sound = &draft->sound;
	uint32_t behind = sound->num_regions - index - 1;

	(void)platform;
	memmove(&sound->regions[index], &sound->regions[index + 1], behind * sizeof(sound->regions[0]));
	memmove(&draft->sound_field[index], &draft->sound_field[index + 1], behind);
	memset(&sound->regions[--sound->num_regions], 0, sizeof(sound->regions[0]));
	draft->lost |= LOST_REGIONS;
	return true;
}

static bool drop_interrupt(struct config_draft *draft, const HvPlatform *platform, uint32_t index)
{
	uint32_t mask = ~(1u << (index % 32));

	(void)platform;
	draft->sound.interrupts.word[index / 32] &= mask;
	draft->sound.virtual_interrupts.word[index / 32] &= mask;
	return true;
}

static bool no_ram(struct config_draft *draft, const HvPlatform *platform, uint32_t index)
{
	(void)platform;
	(void)index;
	draft->lost |= LOST_REGIONS;
	return false;
}

static const struct hv_memory_region *first_ram(const HvZoneConfig *config)
{
	for (uint32_t i = 0; i < config->num_regions; i++)
		if (config->regions[i].type == HV_REGION_RAM)
			return &config->regions[i];
	return NULL;
}

static bool repair_entry(struct config_draft *draft, const HvPlatform *platform, uint32_t index)
{
	(void)platform;
	(void)index;
	draft->sound.entry_point = first_ram(&draft->sound)->virtual_start;
	return true;
}

static bool repair_kernel(struct config_draft *draft, const HvPlatform *platform, uint32_t index)
{
	(void)platform;
	(void)index;
	draft->sound.kernel_load_paddr = first_ram(&draft->sound)->physical_start;
	draft->sound.kernel_size = 1;
	draft->lost |= LOST_KERNEL;
	return true;
}

static bool repair_dtb(struct config_draft *draft, const HvPlatform *platform, uint32_t index)
{
	(void)platform;
	(void)index;
	draft->sound.dtb_size = 0;
	return true;
}

static const struct rule rules[HV_VIOLATION_COUNT] = {
	/* Of what a file can say only a flag where it does not belong. */
	[HV_VIOLATION_RESERVED] = { ABOUT_REGION, NULL, 0, drop_region, "only RAM can be shared" },
	[HV_VIOLATION_ZONE_ID] = { ABOUT_ZONE, "/zone_id", LOST_ID, repair_id,
				   "there can be no zone of this id" },
	[HV_VIOLATION_NAME] = { ABOUT_ZONE, "/name", LOST_NAME, repair_name,
				"a name is printable text of 1 to 31 bytes" },
	[HV_VIOLATION_NO_CPUS] = { ABOUT_ZONE, "/cpus", LOST_CPUS, repair_no_cpus, "a zone needs a CPU" },
	[HV_VIOLATION_CPU_RANGE] = { ABOUT_CPU, NULL, 0, drop_cpu, "the board has no such CPU" },
	[HV_VIOLATION_REGION_EMPTY] = { ABOUT_REGION, NULL, 0, drop_region, "a region needs a size" },
	[HV_VIOLATION_REGION_ALIGN] = { ABOUT_REGION, NULL, 0, drop_region,
					"starts and size must be multiples of 0x1000, of a virtio region of "
					"0x200" },
	[HV_VIOLATION_REGION_WRAP] = { ABOUT_REGION, NULL, 0, drop_region,
				       "ends past the last address (2^64, guest-physical 2^40)" },
	[HV_VIOLATION_REGION_OVERLAP] = { ABOUT_REGION, NULL, 0, drop_region,
					  "overlaps another region of the zone, host or guest physical; the "
					  "page of "
					  "a virtio region holds nothing else" },
	[HV_VIOLATION_REGION_NOT_RAM] = { ABOUT_REGION, NULL, 0, drop_region, "the board has no RAM there" },
	[HV_VIOLATION_REGION_NOT_DEVICE] = { ABOUT_REGION, NULL, 0, drop_region,
					     "the board has no device there that a zone may own" },
	[HV_VIOLATION_REGION_HYPERVISOR] = { ABOUT_REGION, NULL, 0, drop_region,
					     "reaches into the hypervisor's memory" },
	[HV_VIOLATION_REGION_GIC] = { ABOUT_REGION, NULL, LOST_GIC, drop_region,
				      "meets the zone's interrupt controller" },
	[HV_VIOLATION_NO_RAM] = { ABOUT_ZONE, "/memory_regions", LOST_REGIONS, no_ram, "a zone needs RAM" },
	[HV_VIOLATION_INTERRUPT_RANGE] = { ABOUT_INTERRUPT, NULL, 0, drop_interrupt,
					   "no shared peripheral interrupt has this number" },
	[HV_VIOLATION_INTERRUPT_BOARD] = { ABOUT_INTERRUPT, NULL, 0, drop_interrupt,
					   "the board does not give this interrupt to zones" },
	[HV_VIOLATION_INTERRUPT_BOTH] = { ABOUT_INTERRUPT, NULL, 0, drop_interrupt,
					  "belongs to hardware and to a virtio device" },
	[HV_VIOLATION_GIC_VERSION] = { ABOUT_ZONE, "/arch_config/gic_version", LOST_GIC, board_gic,
				       "the board has a GICv3" },
	[HV_VIOLATION_GIC_RANGE] = { ABOUT_ZONE, "/arch_config", LOST_GIC, board_gic,
				     "distributor and redistributors need 0x10000 bytes and 0x20000 for each "
				     "CPU, "
				     "aligned to 0x10000, below 2^40 and apart" },
	[HV_VIOLATION_ENTRY] = { ABOUT_ZONE, "/entry_point", LOST_REGIONS | LOST_ENTRY, repair_entry,
				 "the entry point must be a multiple of 4 in the zone's RAM" },
	[HV_VIOLATION_KERNEL_RANGE] = { ABOUT_KERNEL, NULL, LOST_REGIONS | LOST_KERNEL, repair_kernel,
					"the kernel does not lie in one RAM region of the zone" },
	[HV_VIOLATION_DTB_RANGE] = { ABOUT_DTB, NULL, LOST_REGIONS | LOST_DTB, repair_dtb,
				     "the device tree does not lie, 8-byte aligned, in one RAM region of the "
				     "zone" },
	[HV_VIOLATION_IMAGE_OVERLAP] = { ABOUT_ZONE, "/dtb_load_paddr", LOST_KERNEL | LOST_DTB, repair_dtb,
					 "kernel and device tree overlap" },
	[HV_VIOLATION_REGION_IDENTITY] = { ABOUT_REGION, NULL, 0, drop_region,
					   "the root zone sees all memory at its physical address" },
};

/* The address is wrong if not even one byte would fit there, else the file is too large. */
static const char *image_pointer(const HvZoneConfig *config, uint64_t paddr, uint64_t align,
				 const char *address_key, const char *file_key)
{
	uint64_t ipa;

	return hv_config_ram_ipa(config, paddr, 1, &ipa) && ipa % align == 0 ? file_key : address_key;
}

static struct config_pointer find_pointer(const struct config_draft *draft, const struct rule *rule,
					  struct hv_violation violation)
{
	const HvZoneConfig *c = &draft->sound;

	switch (rule->about) {
	case ABOUT_CPU:
		return config_cpu_pointer(draft, violation.index);
	case ABOUT_INTERRUPT:
		return config_interrupt_pointer(draft, violation.index);
	case ABOUT_REGION:
		return config_pointer("/memory_regions/%u", draft->sound_field[violation.index]);
	case ABOUT_KERNEL:
		return config_pointer("%s", image_pointer(c, c->kernel_load_paddr, 1, "/kernel_load_paddr",
							  "/kernel_filepath"));
	case ABOUT_DTB:
		return config_pointer(
			"%s", image_pointer(c, c->dtb_load_paddr, 8, "/dtb_load_paddr", "/dtb_filepath"));
	case ABOUT_ZONE:
		break;
	}
	return config_pointer("%s", rule->pointer);
}

/* What the message starts with: "CPU 7: ". */
static struct config_pointer find_subject(const struct config_draft *draft, const struct rule *rule,
					  struct hv_violation violation)
{
	struct config_pointer region;

	switch (rule->about) {
	case ABOUT_CPU:
		return config_pointer("CPU %u: ", violation.index);
	case ABOUT_INTERRUPT:
		return config_pointer("interrupt %u: ", violation.index);
	case ABOUT_REGION:
		region = config_describe_region(&draft->sound.regions[violation.index]);
		return config_pointer("%s: ", region.text);
	case ABOUT_KERNEL:
	case ABOUT_DTB:
	case ABOUT_ZONE:
		break;
	}
	return config_pointer("%s", "");
}

/* "" if it is the zone alone that is wrong. */
static struct config_pointer find_other(const struct config_draft *draft, const HvPlatform *platform,
					struct hv_violation violation)
{
	const struct hv_range *own = &platform->hypervisor;

	if (violation.code == HV_VIOLATION_REGION_OVERLAP)
		return config_pointer("%s:/memory_regions/%u", draft->source->path,
				      draft->sound_field[violation.other_index]);
	if (violation.code == HV_VIOLATION_REGION_HYPERVISOR)
		return config_pointer("hypervisor: RAM 0x%" PRIx64 "-0x%" PRIx64, own->start,
				      own->start + (own->size - 1));
	return config_pointer("%s", "");
}

static void report(struct config_draft *draft, const HvPlatform *platform, const struct rule *rule,
		   struct hv_violation violation)
{
	struct config_pointer pointer = find_pointer(draft, rule, violation);
	struct config_pointer subject = find_subject(draft, rule, violation);
	struct config_pointer other = find_other(draft, platform, violation);
	const struct config_place place = {
		.pointer = pointer.text,
		.other = other.text[0] != '\0' ? other.text : NULL,
	};

	config_source_add(draft->source, CONFIG_ERROR, &place, hv_violation_name(violation.code), "%s%s",
			  subject.text, rule->message);
}

/* Reports one violation and repairs it. False: the validator cannot be asked any further. */
static bool settle(struct config_draft *draft, const HvPlatform *platform, struct hv_violation violation)
{
	const struct rule *rule = &rules[violation.code];

	/* Nothing that a file can say leads to a violation without a rule; if it did, EL2 would refuse. */
	if (!rule->message)
		config_source_error(draft->source, "", hv_violation_name(violation.code),
				    "the hypervisor would refuse this zone");
	else if ((draft->lost & rule->moot) == 0)
		report(draft, platform, rule, violation);
	return rule->repair && rule->repair(draft, platform, violation.index);
}

/* Fields that are broken in the file were reported by the parser: they start repaired. */
static void start_sound(struct config_draft *draft, const HvPlatform *platform)
{
	draft->sound = draft->zone->hv;
	memcpy(draft->sound_field, draft->region_field, sizeof(draft->sound_field));
	if ((draft->lost & LOST_ID) != 0)
		repair_id(draft, platform, 0);
	if ((draft->lost & LOST_NAME) != 0)
		repair_name(draft, platform, 0);
	if ((draft->lost & LOST_DTB) != 0)
		repair_dtb(draft, platform, 0);
}

void config_validate(struct config_draft *draft, const HvPlatform *platform)
{
	/* More repairs than there are things to repair would be a bug in them. */
	unsigned left = HV_MAX_CPUS + HV_MAX_REGIONS + HV_MAX_INTIDS + HV_VIOLATION_COUNT;
	struct hv_violation violation;

	if (draft->lost == LOST_ALL)
		return;
	start_sound(draft, platform);
	while (left-- > 0) {
		if (hv_config_validate(&draft->sound, platform, draft->is_root, &violation)) {
			draft->is_sound = true;
			break;
		}
		if (!settle(draft, platform, violation))
			break;
	}
	/* A CPU that only the repair invented is nobody's conflict. */
	if (draft->zone->hv.cpus == 0 || (draft->sound.cpus & ~draft->zone->hv.cpus) != 0)
		draft->sound.cpus = 0;
}
