/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "draft.h"

/* A tree whose place is given and whose size is not known yet may come to this. */
#define MAX_DTB (2u * 1024u * 1024u)

uint64_t config_image_room(const struct config_draft *draft, const struct config_image *image)
{
	return image->kind == CONFIG_IMAGE_KERNEL && draft->kernel_ram > image->size ? draft->kernel_ram
										     : image->size;
}

struct spot {
	uint64_t paddr, size;
};

static bool meets(const struct spot *taken, uint64_t paddr, uint64_t size)
{
	return hv_range_valid(taken->paddr, taken->size) &&
	       hv_range_overlaps(taken->paddr, taken->size, paddr, size);
}

/* All that has a place already. */
static unsigned list_taken(const struct config_draft *draft, struct spot *taken)
{
	const struct config_zone *zone = draft->zone;
	unsigned count = 0;

	for (unsigned i = 0; i < zone->num_images; i++)
		taken[count++] =
			(struct spot){ zone->images[i].paddr, config_image_room(draft, &zone->images[i]) };
	if (config_given(&draft->fields.seen, ZONE_DTB_LOAD_PADDR) &&
	    !config_zone_image(zone, CONFIG_IMAGE_DTB))
		taken[count++] = (struct spot){ draft->fields.dtb_load_paddr, MAX_DTB };
	return count;
}

static const struct spot *find_taken(const struct spot *taken, unsigned count, uint64_t paddr, uint64_t size)
{
	for (unsigned i = 0; i < count; i++)
		if (meets(&taken[i], paddr, size))
			return &taken[i];
	return NULL;
}

/* What a search works with. */
struct search {
	struct spot taken[CONFIG_MAX_IMAGES + 1];
	unsigned count;
	uint64_t size;
	uint64_t align;
};

/* Moves *offset, of a place in the region, up to the next multiple of align. False: out of the region. */
static bool align_up(const struct hv_memory_region *region, uint64_t align, uint64_t *offset)
{
	uint64_t over;

	if (*offset >= region->size)
		return false;
	over = (region->virtual_start + *offset) % align;
	if (over != 0 && align - over >= region->size - *offset)
		return false;
	*offset += over != 0 ? align - over : 0;
	return true;
}

/* Ends: every round steps over one of those that are taken, for good. */
static bool search_up(const struct search *search, const struct hv_memory_region *region, uint64_t *ret_paddr)
{
	uint64_t offset = 0;

	while (align_up(region, search->align, &offset) && search->size <= region->size - offset) {
		const struct spot *spot = find_taken(search->taken, search->count,
						     region->physical_start + offset, search->size);

		if (!spot) {
			*ret_paddr = region->physical_start + offset;
			return true;
		}
		offset = spot->paddr + spot->size - region->physical_start;
	}
	return false;
}

/* The same from the end of the region; end is an offset, too. */
static bool search_down(const struct search *search, const struct hv_memory_region *region,
			uint64_t *ret_paddr)
{
	uint64_t end = region->size;

	while (search->size <= end) {
		uint64_t offset = end - search->size;
		uint64_t over = (region->virtual_start + offset) % search->align;
		const struct spot *spot;

		if (over > offset)
			return false;
		offset -= over;
		spot = find_taken(search->taken, search->count, region->physical_start + offset,
				  search->size);
		if (!spot) {
			*ret_paddr = region->physical_start + offset;
			return true;
		}
		if (spot->paddr < region->physical_start)
			return false;
		end = spot->paddr - region->physical_start;
	}
	return false;
}

static bool is_usable(const struct hv_memory_region *region)
{
	return region->type == HV_REGION_RAM && (region->flags & HV_REGION_SHARED) == 0 &&
	       hv_range_valid(region->physical_start, region->size) &&
	       hv_range_valid(region->virtual_start, region->size);
}

bool config_place_low(const struct config_draft *draft, uint64_t size, uint64_t align, uint64_t *ret_paddr)
{
	const HvZoneConfig *hv = &draft->zone->hv;
	struct search search = { .size = size, .align = align };

	search.count = list_taken(draft, search.taken);
	for (uint32_t i = 0; i < hv->num_regions; i++)
		if (is_usable(&hv->regions[i]) && search_up(&search, &hv->regions[i], ret_paddr))
			return true;
	return false;
}

bool config_place_high(const struct config_draft *draft, uint64_t size, uint64_t align, uint64_t *ret_paddr)
{
	const HvZoneConfig *hv = &draft->zone->hv;
	struct search search = { .size = size, .align = align };

	search.count = list_taken(draft, search.taken);
	for (unsigned pass = 0; pass < 2; pass++) {
		for (uint32_t i = 0; i < hv->num_regions; i++) {
			const struct hv_memory_region *region = &hv->regions[i];
			bool is_kernels = hv_range_valid(region->physical_start, region->size) &&
					  hv_range_contains(region->physical_start, region->size,
							    hv->kernel_load_paddr, 1);

			if (is_usable(region) && is_kernels == (pass == 0) &&
			    search_down(&search, region, ret_paddr))
				return true;
		}
	}
	return false;
}
