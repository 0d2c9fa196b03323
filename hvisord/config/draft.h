/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A zone on its way from a parsed file to a checked HvZoneConfig. */
#ifndef CONFIG_DRAFT_H
#define CONFIG_DRAFT_H

#include "files.h"
#include "zone_fields.h"

/*
 * What a finding was made of already, so that what only follows from it is not
 * reported as well.
 */
#define LOST_ID 0x01u
#define LOST_NAME 0x02u
#define LOST_CPUS 0x04u
#define LOST_GIC 0x08u
#define LOST_REGIONS 0x10u
#define LOST_ENTRY 0x20u
#define LOST_KERNEL 0x40u
#define LOST_DTB 0x80u
#define LOST_ALL 0xffu /* made for another architecture: nothing is worth a check */

struct config_draft {
	struct config_source *source;
	struct config_zone *zone;
	struct zone_fields fields;
	char **virtio_files; /* that serve the zone */
	unsigned num_virtio_files;
	unsigned lost;
	char *tree; /* the device tree, while a check goes on; or NULL */
	/* zone->hv with all that is wrong taken out, for the checks that come after the one that found it */
	HvZoneConfig sound;
	bool is_sound;
	uint8_t region_field[HV_MAX_REGIONS]; /* region n of zone->hv is memory_regions[] element */
	uint8_t sound_field[HV_MAX_REGIONS];  /* the same for sound */
};

/* What a check works with. */
struct config_check {
	const struct config_files *files;
	const HvPlatform *platform;
	const HvZoneConfig *root; /* or NULL */
	struct config_source **sources;
	unsigned num_sources;
	struct config_draft **drafts;
	unsigned num_drafts;
};

/* build.c: parses source->root, an object, and fills zone and fields. NULL: no memory. */
struct config_draft *config_draft_new(struct config_source *source, const HvPlatform *platform);
void config_draft_free(struct config_draft *draft);

/* image.c: looks at kernel and device tree; sizes go into zone->hv. */
void config_images_check(struct config_draft *draft, const struct config_files *files);

/* image.c, after config_validate(): does the tree describe the zone? */
void config_tree_check(struct config_draft *draft);

/*
 * devices.c: adds virtio devices that stand in source at pointer ("/virtio_devices",
 * "/zones/0/devices"), and checks a virtio file's view of the zone's RAM.
 */
void config_devices_add(struct config_draft *draft, struct config_source *source, const char *pointer,
			const struct device_fields *devices, uint64_t count);
void config_mappings_check(const struct config_draft *draft, struct config_source *source,
			   const char *pointer, const struct mapping_fields *mappings, uint64_t count);

/* validate.c: reports all that EL2's validator would refuse; fills sound. */
void config_validate(struct config_draft *draft, const HvPlatform *platform);

/* conflict.c: reports, to each side, what two drafts both claim, and what a draft and root both do. */
void config_conflicts(const struct config_check *check);

/* describe.c: words for findings, and where in the file a thing stands. */
struct config_pointer config_describe_region(const struct hv_memory_region *region);
struct config_pointer config_cpu_pointer(const struct config_draft *draft, uint32_t cpu);
struct config_pointer config_interrupt_pointer(const struct config_draft *draft, uint32_t intid);

#endif
