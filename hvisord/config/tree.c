/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A zone's device tree on its way from the file, or from nothing, to the guest. */
#include "tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "draft.h"
#include "tree_index.h"

#define POINTER "/dtb_filepath"

/* A finding that only follows from what was reported as broken is not worth a line. */
static bool follows_from_lost(const struct config_draft *draft, const char *reason)
{
	static const struct {
		const char *reason;
		unsigned lost;
	} causes[] = {
		{ REASON_DTB_MEMORY, LOST_REGIONS },
		{ REASON_DTB_INITRD, LOST_REGIONS | LOST_KERNEL | LOST_DTB },
		{ REASON_DTB_DEVICE, LOST_REGIONS | LOST_GIC },
		{ REASON_DTB_VIRTIO, LOST_REGIONS },
		{ REASON_DTB_CPUS, LOST_CPUS },
		{ REASON_DTB_PSCI, LOST_CPUS },
		{ REASON_DTB_GIC, LOST_GIC | LOST_CPUS },
	};

	unsigned lost = draft->lost;

	if (memcmp(&draft->zone->hv.gic, &draft->sound.gic, sizeof(draft->sound.gic)) != 0)
		lost |= LOST_GIC;
	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++)
		if (strcmp(causes[i].reason, reason) == 0)
			return (lost & causes[i].lost) != 0;
	return strcmp(reason, REASON_DTB_INTERRUPT) == 0 &&
	       config_broken(&draft->fields.seen, ZONE_INTERRUPTS);
}

static void add_finding(void *user, enum config_severity severity, const char *reason, const char *message)
{
	struct config_draft *draft = user;

	if (follows_from_lost(draft, reason))
		return;
	/* What is no tree at all stays an error. */
	if (draft->fields.dtb_check == DTB_CHECK_WARN && strcmp(reason, REASON_DTB_BAD) != 0)
		severity = CONFIG_WARNING;
	config_source_add(draft->source, severity, &(struct config_place){ .pointer = POINTER }, reason, "%s",
			  message);
}

/* What a tree is compared with or made from; reserved has room for all images. */
static struct tree_zone describe(const struct config_draft *draft, struct hv_range *reserved)
{
	const struct config_zone *zone = draft->zone;
	struct tree_zone described = {
		.hv = &zone->hv,
		.name = zone->name,
		.devices = zone->devices,
		.num_devices = zone->num_devices,
		.kernel_ram = draft->kernel_ram,
		.reserved = reserved,
	};

	for (unsigned i = 0; i < zone->num_images; i++) {
		const struct config_image *image = &zone->images[i];
		struct hv_range *range = &reserved[described.num_reserved];

		if (image->kind != CONFIG_IMAGE_MODULE ||
		    !hv_config_ram_ipa(&zone->hv, image->paddr, image->size, &range->start))
			continue;
		range->size = image->size;
		described.num_reserved++;
	}
	return described;
}

void config_tree_check(struct config_draft *draft, const struct config_check *check)
{
	const struct tree_sink sink = { add_finding, draft };
	struct hv_range reserved[CONFIG_MAX_IMAGES];
	struct tree_zone zone;

	(void)check;
	if (!draft->tree)
		return;
	zone = describe(draft, reserved);
	if (tree_check(draft->tree, draft->tree_size, &zone, &sink) == -ENOMEM)
		draft->source->report.no_memory = true;
}

/* Reads the tree of dtb_filepath. False: there is none to go on with, and it is reported. */
static bool read_tree(struct config_draft *draft, const struct config_check *check)
{
	struct tree_index *index = NULL;
	const char *fault = NULL;
	char *tree = NULL;
	size_t size = 0;
	int r = check->files->read(check->files, draft->dtb_path, TREE_MAX_ZONE_SIZE, &tree, &size);

	if (r < 0) {
		config_image_report(draft, POINTER, draft->dtb_path, r);
		return false;
	}
	if (size == 0)
		config_source_error(draft->source, POINTER, REASON_IMAGE_EMPTY, "%s: the file is empty",
				    draft->dtb_path);
	else if ((r = tree_index_new(tree, size, &index, &fault)) == -EBADMSG)
		config_source_error(draft->source, POINTER, REASON_DTB_BAD,
				    "%s: no flattened device tree: %s", draft->dtb_path, fault);
	draft->source->report.no_memory |= r == -ENOMEM;
	tree_index_free(index);
	if (index && config_image_digest_check(draft, DIGEST_DTB, tree, size)) {
		draft->tree = tree;
		draft->tree_size = size;
		return true;
	}
	free(tree);
	return false;
}

/* What the zone file wants in /chosen. */
static struct tree_chosen find_chosen(const struct config_draft *draft)
{
	const struct zone_fields *fields = &draft->fields;
	const struct config_image *initrd = config_zone_image(draft->zone, CONFIG_IMAGE_INITRD);
	struct tree_chosen chosen = { .bootargs = fields->bootargs };
	uint64_t ipa;

	/* The older key is often "", and then means nothing. */
	if (!chosen.bootargs && fields->kernel_args && fields->kernel_args[0] != '\0')
		chosen.bootargs = fields->kernel_args;
	if (initrd && hv_config_ram_ipa(&draft->zone->hv, initrd->paddr, initrd->size, &ipa))
		chosen.initrd = (struct hv_range){ ipa, initrd->size };
	return chosen;
}

static int make_tree(struct config_draft *draft, const struct config_check *check,
		     const struct tree_chosen *chosen)
{
	const struct tree_sink sink = { add_finding, draft };
	struct hv_range reserved[CONFIG_MAX_IMAGES];
	struct tree_zone zone = describe(draft, reserved);

	return tree_make(&zone, check->board, chosen, &sink, &draft->tree, &draft->tree_size);
}

static int patch_tree(struct config_draft *draft, const struct tree_chosen *chosen)
{
	void *tree = draft->tree;
	int r = tree_patch(tree, draft->tree_size, chosen, &draft->tree, &draft->tree_size);

	free(tree);
	if (r < 0)
		draft->tree = NULL;
	return r;
}

/* Makes or patches, if that is wanted. */
static int finish_tree(struct config_draft *draft, const struct config_check *check)
{
	const struct tree_chosen chosen = find_chosen(draft);

	draft->tree_made = !draft->tree || chosen.bootargs || chosen.initrd.size != 0;
	if (!draft->tree_made)
		return 0;
	return draft->tree ? patch_tree(draft, &chosen) : make_tree(draft, check, &chosen);
}

void config_tree_prepare(struct config_draft *draft, const struct config_check *check)
{
	/* A tree could be made only from what is known to be right. */
	unsigned needed = LOST_DTB | (draft->dtb_path ? 0 : LOST_REGIONS | LOST_CPUS | LOST_GIC);
	int r;

	if ((draft->lost & needed) != 0 || (draft->dtb_path && !read_tree(draft, check))) {
		draft->lost |= LOST_DTB;
		return;
	}
	r = finish_tree(draft, check);
	if (r == 0)
		return;
	draft->source->report.no_memory |= r == -ENOMEM;
	if (r == -ENOSPC)
		config_source_error(draft->source, POINTER, REASON_IMAGE_TOO_LARGE,
				    "a device tree has 2 MiB at most, and this one would have more");
	else if (r == -EBADMSG)
		config_source_error(draft->source, POINTER, REASON_DTB_BAD, "the tree cannot be changed");
	draft->lost |= LOST_DTB;
}
