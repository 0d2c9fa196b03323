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
#define LOST_INITRD 0x100u
#define LOST_ALL 0xffffffffu /* made for another architecture: nothing is worth a check */

/* Where an image stands in its file, in words of the file. */
struct config_image_keys {
	const char *file;    /* "/kernel_filepath" */
	const char *address; /* "/kernel_load_paddr" */
};

struct config_draft {
	struct config_source *source;
	struct config_zone *zone;
	struct zone_fields fields;
	bool is_root;        /* it is the root zone's file */
	char **virtio_files; /* that serve the zone */
	unsigned num_virtio_files;
	unsigned lost;
	char *dtb_path;      /* resolved; NULL: the tree is made from the config */
	void *tree;          /* as the guest is to see it, while a check goes on; or NULL */
	size_t tree_size;    /* of it, in bytes */
	bool tree_made;      /* it is not what the file holds: made from the config, or patched */
	uint64_t kernel_ram; /* bytes the kernel needs from its address on; 0: it does not say */
	struct config_image_keys image_keys[CONFIG_MAX_IMAGES]; /* of zone->images */
	char module_keys[FIELDS_MAX_MODULES][2][32];            /* their pointers */
	/* zone->hv with all that is wrong taken out, for the checks that come after the one that found it */
	HvZoneConfig sound;
	bool is_sound;
	struct {
		struct config_source *source; /* the zone's file, or a virtio file */
		struct config_pointer pointer;
	} device_places[CONFIG_MAX_DEVICES];  /* of zone->devices */
	uint8_t region_field[HV_MAX_REGIONS]; /* region n of zone->hv is memory_regions[] element */
	uint8_t sound_field[HV_MAX_REGIONS];  /* the same for sound */
};

/* What a check works with. */
struct config_check {
	const struct config_files *files;
	const struct config_board *board;
	struct config_source **sources;
	unsigned num_sources;
	struct config_draft **drafts;
	unsigned num_drafts;
};

/* check.c: reads and parses a file; what is wrong is in the source then. NULL: no memory. */
struct config_source *config_source_load(const struct config_files *files, const char *path);

/* build.c: parses source->root, an object, and fills zone and fields. NULL: no memory. */
struct config_draft *config_draft_new(struct config_source *source, const HvPlatform *platform, bool is_root);
/* The interrupt controller of a zone: what is given, and what the board has for the rest. */
void config_gic_fill(struct hv_gic_config *gic, const struct gic_fields *given);
/* Frees the source as well, but not the zone. */
void config_draft_free(struct config_draft *draft);
/* A path of the draft's file, from the root folder or where the process is. NULL: no memory, and it is noted. */
char *config_draft_resolve(struct config_draft *draft, const char *path);

/*
 * image.c, once all files are parsed: looks at the images, finds a place for
 * those that have none, and calls config_tree_prepare() between initramfs and
 * tree. Sizes and addresses go into zone->images and zone->hv.
 */
void config_images_check(struct config_draft *draft, const struct config_check *check);
/* After config_validate(), which sees to kernel and tree: all images lie in RAM, and apart. */
void config_images_validate(struct config_draft *draft);
/* Says what reading an image gave, a negative errno. */
void config_image_report(struct config_draft *draft, const char *key, const char *path, int r);
/* Compares what was read of a file with the digest that the zone file has for it. False: reported. */
bool config_image_digest_check(struct config_draft *draft, enum digest_field which, const void *data,
			       size_t size);

/*
 * place.c: a host-physical address at which size bytes lie in RAM of the zone,
 * clear of all images so far, at a multiple of align (guest-physical). The
 * lowest there is for a kernel; for what goes with it the highest in the
 * kernel's own region if it fits there, for a kernel may not say how much it
 * clears behind its file. RAM that is shared is left alone.
 */
bool config_place_low(const struct config_draft *draft, uint64_t size, uint64_t align, uint64_t *ret_paddr);
bool config_place_high(const struct config_draft *draft, uint64_t size, uint64_t align, uint64_t *ret_paddr);
/* What an image takes in RAM, in bytes: a Linux kernel more than its file. */
uint64_t config_image_room(const struct config_draft *draft, const struct config_image *image);

/*
 * tree.c: reads, patches or makes the zone's tree. The images but the tree have
 * their places. Leaves the tree in draft, or NULL and LOST_DTB with findings.
 */
void config_tree_prepare(struct config_draft *draft, const struct config_check *check);

/* tree.c, after config_validate(): does the tree describe the zone? */
void config_tree_check(struct config_draft *draft, const struct config_check *check);

/* disk_check.c, once all files are parsed: every disk is there, of a kind that is served, and of one zone. */
void config_disks_check(const struct config_check *check);

/* net_check.c: a network device's own keys; false: reported. And no two devices of the set share a tap or an address. */
bool config_net_fill(const struct config_draft *draft, struct config_source *source, const char *pointer,
		     const struct device_fields *fields, struct config_device *device);
void config_nets_check(const struct config_check *check);

/* after.c: every `after` names a zone of the set, and none waits for itself. */
void config_after_check(const struct config_check *check);

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
