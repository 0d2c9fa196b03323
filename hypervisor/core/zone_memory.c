/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A zone's memory: its ring, its stage 2, its windows in the root zone, its clearing. */
#include "zone.h"

#include "arch_memory.h"
#include "arch_stage2.h"
#include "pool.h"
#include "zone_private.h"

static bool is_ram(const struct hv_memory_region *r)
{
	return r->type == HV_REGION_RAM;
}

static bool same_range(const struct hv_memory_region *a, const struct hv_memory_region *b)
{
	return a->physical_start == b->physical_start && a->size == b->size;
}

static uint64_t pool_used(void)
{
	struct hv_stats stats;

	pool_stats(&stats);
	return stats.pool_used;
}

static int64_t ring_build(struct zone *zone)
{
	struct zone *root = zone_get(0);
	struct hv_ring *ring;
	uint64_t pa;
	int err;

	if (zone_is_root(zone))
		return HV_OK;
	ring = pool_alloc(0);
	if (ring == NULL)
		return HV_ERR_NO_MEMORY;
	ring->magic = HV_RING_MAGIC;
	ring->version = HV_RING_VERSION;
	ring->slots = HV_RING_SLOTS;
	pa = arch_memory_address(ring);
	err = arch_stage2_map(&root->stage2, pa, pa, HV_PAGE_SIZE, STAGE2_NORMAL);
	if (err != 0) {
		pool_free(ring, 0);
		return err;
	}
	zone->ring = ring;
	return HV_OK;
}

static void ring_free(struct zone *zone)
{
	if (zone->ring == NULL)
		return;
	arch_stage2_unmap(&zone_get(0)->stage2, arch_memory_address(zone->ring), HV_PAGE_SIZE);
	pool_free(zone->ring, 0);
	zone->ring = NULL;
}

/* VIRTIO regions stay unmapped, as the interrupt controller does: they trap. */
static int64_t map_regions(struct zone *zone)
{
	for (uint32_t i = 0; i < zone->config.num_regions; i++) {
		const struct hv_memory_region *r = &zone->config.regions[i];
		int err;

		if (r->type == HV_REGION_VIRTIO)
			continue;
		err = arch_stage2_map(&zone->stage2, r->virtual_start, r->physical_start, r->size,
				      is_ram(r) ? STAGE2_NORMAL : STAGE2_DEVICE);
		if (err != 0)
			return err;
	}
	return HV_OK;
}

int64_t zone_memory_build(struct zone *zone)
{
	uint64_t before = pool_used();
	int64_t err;

	/* VMID 0 stays free for contexts without a zone. */
	err = arch_stage2_init(&zone->stage2, zone->id + 1);
	if (err != HV_OK)
		return err;
	err = map_regions(zone);
	if (err != HV_OK)
		goto fini;
	zone->pages = pool_used() - before + (zone_is_root(zone) ? 0 : 1);
	err = ring_build(zone);
	if (err != HV_OK)
		goto fini;
	return HV_OK;

fini:
	arch_stage2_fini(&zone->stage2);
	zone->pages = 0;
	return err;
}

void zone_memory_free(struct zone *zone)
{
	ring_free(zone);
	arch_stage2_fini(&zone->stage2);
	zone->pages = 0;
}

/* Another zone, told by want(), has the same RAM as its region r; ret_* say which. */
typedef bool region_test(const struct zone *other, uint32_t region);

static bool other_has(const struct zone *zone, const struct hv_memory_region *r, region_test *want,
		      uint32_t *ret_id, uint32_t *ret_region)
{
	for (uint32_t id = 0; id < HV_MAX_ZONES; id++) {
		const struct zone *other = zone_get(id);

		if (other == zone || zone_state(other) == HV_ZONE_NONE)
			continue;
		for (uint32_t i = 0; i < other->config.num_regions; i++) {
			const struct hv_memory_region *o = &other->config.regions[i];

			if (!is_ram(o) || !same_range(o, r) || !want(other, i))
				continue;
			*ret_id = id;
			*ret_region = i;
			return true;
		}
	}
	return false;
}

/* The root zone sees the region without this zone's doing. */
static bool seen_by_root(const struct zone *other, uint32_t region)
{
	return zone_is_root(other) || (other->windows >> region & 1) != 0;
}

static bool still_used(const struct zone *other, uint32_t region)
{
	(void)region;
	return zone_state(other) != HV_ZONE_SCRUBBING;
}

static bool being_cleared(const struct zone *other, uint32_t region)
{
	return zone_state(other) == HV_ZONE_SCRUBBING && (other->scrub >> region & 1) != 0;
}

int64_t zone_windows_open(struct zone *zone)
{
	struct zone *root = zone_get(0);
	uint32_t id, region;

	if (zone == root)
		return HV_OK;
	for (uint32_t i = 0; i < zone->config.num_regions; i++) {
		const struct hv_memory_region *r = &zone->config.regions[i];
		int err = 0;

		if (!is_ram(r))
			continue;
		if (!other_has(zone, r, seen_by_root, &id, &region))
			err = arch_stage2_map(&root->stage2, r->physical_start, r->physical_start, r->size,
					      STAGE2_NORMAL);
		if (err != 0) {
			zone_windows_close(zone);
			return err;
		}
		zone->windows |= 1ull << i;
	}
	return HV_OK;
}

void zone_windows_close(struct zone *zone)
{
	uint32_t id, region;

	for (; zone->windows != 0; zone->windows &= zone->windows - 1) {
		const struct hv_memory_region *r = &zone->config.regions[__builtin_ctzll(zone->windows)];

		if (!other_has(zone, r, seen_by_root, &id, &region))
			arch_stage2_unmap(&zone_get(0)->stage2, r->physical_start, r->size);
	}
}

uint64_t zone_scrub_plan(const struct zone *zone)
{
	uint64_t plan = 0;
	uint32_t id, region;

	for (uint32_t i = 0; i < zone->config.num_regions; i++) {
		const struct hv_memory_region *r = &zone->config.regions[i];

		if (is_ram(r) && !other_has(zone, r, still_used, &id, &region))
			plan |= 1ull << i;
	}
	return plan;
}

bool zone_scrub_meets(const struct zone *zone, struct hv_violation *ret_violation)
{
	for (uint32_t i = 0; i < zone->config.num_regions; i++) {
		const struct hv_memory_region *r = &zone->config.regions[i];
		uint32_t id, region;

		if (!is_ram(r) || !other_has(zone, r, being_cleared, &id, &region))
			continue;
		*ret_violation = (struct hv_violation){
			.code = HV_VIOLATION_RAM_CONFLICT,
			.index = (uint16_t)i,
			.other_zone = (uint16_t)id,
			.other_index = (uint16_t)region,
		};
		return true;
	}
	return false;
}

void zone_memory_scrub(const struct zone *zone)
{
	for (uint64_t left = zone->scrub; left != 0; left &= left - 1) {
		const struct hv_memory_region *r = &zone->config.regions[__builtin_ctzll(left)];

		arch_memory_scrub(r->physical_start, r->size);
	}
}
