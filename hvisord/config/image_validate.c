/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The images against each other and the zone's RAM, as far as EL2's validator does not know of them. */
#include "draft.h"

#include <inttypes.h>

static bool is_validated(enum config_image_kind kind)
{
	return kind == CONFIG_IMAGE_KERNEL || kind == CONFIG_IMAGE_DTB;
}

static bool check_range(struct config_draft *draft, unsigned index)
{
	const struct config_image *image = &draft->zone->images[index];
	const struct config_image_keys *keys = &draft->image_keys[index];
	uint64_t ipa;

	if (hv_config_ram_ipa(&draft->zone->hv, image->paddr, image->size, &ipa))
		return true;
	config_source_error(draft->source,
			    hv_config_ram_ipa(&draft->zone->hv, image->paddr, 1, &ipa) ? keys->file
										       : keys->address,
			    REASON_IMAGE_RANGE,
			    "0x%" PRIx64 " bytes at 0x%" PRIx64 " do not lie in one RAM region of the zone",
			    image->size, image->paddr);
	return false;
}

/* A file over another is an error; one over what the kernel clears behind its file a warning. */
static void check_overlap(struct config_draft *draft, unsigned a, unsigned b)
{
	const struct config_image *x = &draft->zone->images[a], *y = &draft->zone->images[b];
	const struct config_place place = { .pointer = draft->image_keys[b].address };

	if (!hv_range_valid(x->paddr, config_image_room(draft, x)) || !hv_range_valid(y->paddr, y->size))
		return;
	if (hv_range_overlaps(x->paddr, x->size, y->paddr, y->size)) {
		if (!is_validated(x->kind) || !is_validated(y->kind))
			config_source_add(draft->source, CONFIG_ERROR, &place, REASON_IMAGE_OVERLAP,
					  "it overlaps the image of %s", draft->image_keys[a].file + 1);
	} else if (hv_range_overlaps(x->paddr, config_image_room(draft, x), y->paddr, y->size)) {
		config_source_add(draft->source, CONFIG_WARNING, &place, REASON_IMAGE_BSS,
				  "the kernel clears the 0x%" PRIx64 " bytes from its load address on, and "
				  "with them this image",
				  draft->kernel_ram);
	}
}

/* A Linux kernel clears more memory behind its file than the file has. */
static void check_bss(struct config_draft *draft)
{
	const struct config_image *kernel = config_zone_image(draft->zone, CONFIG_IMAGE_KERNEL);
	uint64_t ipa;

	if (!kernel || draft->kernel_ram <= kernel->size || (draft->lost & LOST_KERNEL) != 0 ||
	    !hv_config_ram_ipa(&draft->zone->hv, kernel->paddr, kernel->size, &ipa) ||
	    hv_config_ram_ipa(&draft->zone->hv, kernel->paddr, draft->kernel_ram, &ipa))
		return;
	config_source_warning(draft->source, "/kernel_load_paddr", REASON_IMAGE_BSS,
			      "the kernel needs 0x%" PRIx64 " bytes from here, past the end of its RAM",
			      draft->kernel_ram);
}

void config_images_validate(struct config_draft *draft)
{
	const struct config_zone *zone = draft->zone;

	if ((draft->lost & LOST_REGIONS) != 0)
		return;
	check_bss(draft);
	for (unsigned i = 0; i < zone->num_images; i++) {
		if (!is_validated(zone->images[i].kind) && !check_range(draft, i))
			continue;
		for (unsigned j = 0; j < i; j++) {
			bool kernel_last = zone->images[i].kind == CONFIG_IMAGE_KERNEL;

			check_overlap(draft, kernel_last ? i : j, kernel_last ? j : i);
		}
	}
}
