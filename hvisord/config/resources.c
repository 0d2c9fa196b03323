/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "resources.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Owners that are always there, in the order of their kinds. */
#define NOBODY 0u
#define BOARD 1u
#define HYPERVISOR 2u
#define ROOT 3u
#define FIRST_ZONE 4u

/* What the parts below work with. */
struct maker {
	const struct config_board *board;
	const struct config_claim *claims; /* of root, if there is one, and of the zones */
	unsigned num_claims;
	const uint32_t *claim_owner;
	struct config_resources *made;
};

/* The owner that a thing gets first stays; the next one is remembered as well. */
static void claim(uint32_t *owner, uint32_t *other, uint32_t by)
{
	if (*owner == NOBODY || *owner == BOARD)
		*owner = by;
	else if (*owner != by && *other == CONFIG_NO_OWNER)
		*other = by;
}

static void set_owner(struct config_owner *owner, enum config_owner_kind kind, uint32_t id, const char *name)
{
	size_t length = strnlen(name, sizeof(owner->name) - 1);

	owner->kind = kind;
	owner->id = id;
	memcpy(owner->name, name, length);
	owner->name[length] = '\0';
}

static void make_cpus(const struct maker *maker)
{
	struct config_resources *made = maker->made;
	uint32_t count = maker->board->platform->num_cpus;

	made->num_cpus = count < HV_MAX_CPUS ? count : HV_MAX_CPUS;
	for (unsigned cpu = 0; cpu < made->num_cpus; cpu++) {
		struct config_cpu_resource *resource = &made->cpus[cpu];

		*resource = (struct config_cpu_resource){ NOBODY, CONFIG_NO_OWNER,
							  maker->board->platform->cpu_mpidr[cpu] };
		for (unsigned i = 0; i < maker->num_claims; i++)
			if ((maker->claims[i].hv->cpus >> cpu & 1) != 0)
				claim(&resource->owner, &resource->other, maker->claim_owner[i]);
	}
}

static void add_interrupt(struct config_resources *made, uint32_t intid, uint32_t owner, uint32_t other,
			  bool is_virtual)
{
	made->interrupts[made->num_interrupts++] =
		(struct config_interrupt_resource){ intid, owner, other, is_virtual };
}

static void make_hardware_interrupts(const struct maker *maker)
{
	for (uint32_t intid = HV_FIRST_SPI; intid <= HV_LAST_SPI; intid++) {
		uint32_t owner = NOBODY, other = CONFIG_NO_OWNER;

		for (unsigned i = 0; i < maker->num_claims; i++)
			if (hv_intid_test(&maker->claims[i].hv->interrupts, intid))
				claim(&owner, &other, maker->claim_owner[i]);
		if (owner != NOBODY || hv_intid_test(&maker->board->platform->assignable_spis, intid))
			add_interrupt(maker->made, intid, owner, other, false);
	}
}

static unsigned count_virtual(const struct maker *maker)
{
	unsigned count = 0;

	for (unsigned i = 0; i < maker->num_claims; i++)
		for (uint32_t intid = HV_FIRST_SPI; intid <= HV_LAST_SPI; intid++)
			count += hv_intid_test(&maker->claims[i].hv->virtual_interrupts, intid);
	return count;
}

static bool make_interrupts(const struct maker *maker)
{
	struct config_resources *made = maker->made;

	made->interrupts = calloc(HV_MAX_INTIDS + count_virtual(maker), sizeof(*made->interrupts));
	if (!made->interrupts)
		return false;
	make_hardware_interrupts(maker);
	for (unsigned i = 0; i < maker->num_claims; i++)
		for (uint32_t intid = HV_FIRST_SPI; intid <= HV_LAST_SPI; intid++)
			if (hv_intid_test(&maker->claims[i].hv->virtual_interrupts, intid))
				add_interrupt(made, intid, maker->claim_owner[i], CONFIG_NO_OWNER, true);
	return true;
}

static bool covers(uint64_t start, uint64_t size, uint64_t at)
{
	return hv_range_valid(start, size) && hv_range_contains(start, size, at, 1);
}

/* What the board has at an address. False: nothing. */
static bool find_base(const HvPlatform *platform, uint64_t at, struct config_range_resource *range)
{
	*range = (struct config_range_resource){
		.start = at, .guest_start = at, .owner = NOBODY, .other = CONFIG_NO_OWNER
	};
	if (covers(platform->gic.gicd_base, platform->gic.gicd_size, at) ||
	    covers(platform->gic.gicr_base, platform->gic.gicr_size, at)) {
		bool is_gicd = covers(platform->gic.gicd_base, platform->gic.gicd_size, at);

		range->kind = CONFIG_RANGE_DEVICE;
		range->owner = HYPERVISOR;
		snprintf(range->name, sizeof(range->name), "%s", is_gicd ? "gicd" : "gicr");
		return true;
	}
	for (uint32_t i = 0; i < platform->num_ram && i < HV_PLATFORM_MAX_RAM; i++) {
		if (!covers(platform->ram[i].start, platform->ram[i].size, at))
			continue;
		if (covers(platform->hypervisor.start, platform->hypervisor.size, at))
			range->owner = HYPERVISOR;
		return true;
	}
	for (uint32_t i = 0; i < platform->num_devices && i < HV_PLATFORM_MAX_DEVICES; i++) {
		const struct hv_device_window *window = &platform->devices[i];

		if (!covers(window->range.start, window->range.size, at))
			continue;
		range->kind = CONFIG_RANGE_DEVICE;
		range->owner = (window->flags & HV_DEVICE_ASSIGNABLE) != 0 ? NOBODY : BOARD;
		memcpy(range->name, window->name, sizeof(range->name));
		range->name[sizeof(range->name) - 1] = '\0';
		return true;
	}
	return false;
}

/* The region of a claim that holds a physical address, or NULL. */
static const struct hv_memory_region *find_region(const HvZoneConfig *hv, uint64_t at)
{
	for (uint32_t i = 0; i < hv->num_regions && i < HV_MAX_REGIONS; i++) {
		const struct hv_memory_region *region = &hv->regions[i];

		if (region->type != HV_REGION_VIRTIO && covers(region->physical_start, region->size, at))
			return region;
	}
	return NULL;
}

/* All that is so at one address. False: nothing is there. */
static bool find_range(const struct maker *maker, uint64_t at, struct config_range_resource *range)
{
	bool found = find_base(maker->board->platform, at, range);
	bool all_share = true;

	for (unsigned i = 0; i < maker->num_claims; i++) {
		const struct hv_memory_region *region = find_region(maker->claims[i].hv, at);
		uint32_t before = range->owner;

		if (!region)
			continue;
		if (!found)
			range->kind = region->type == HV_REGION_RAM ? CONFIG_RANGE_RAM : CONFIG_RANGE_DEVICE;
		found = true;
		all_share = all_share && (region->flags & HV_REGION_SHARED) != 0;
		claim(&range->owner, &range->other, maker->claim_owner[i]);
		if (range->owner != before)
			range->guest_start = region->virtual_start + (at - region->physical_start);
	}
	range->shared = range->other != CONFIG_NO_OWNER && all_share;
	return found;
}

struct edges {
	uint64_t *list;
	size_t count;
};

static void add_edges(struct edges *edges, uint64_t start, uint64_t size)
{
	if (!hv_range_valid(start, size))
		return;
	edges->list[edges->count++] = start;
	/* The end of the last range there can be is no address. */
	if (start + size != 0)
		edges->list[edges->count++] = start + size;
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Every address at which something begins or ends. */
static bool list_edges(const struct maker *maker, struct edges *edges)
{
	const HvPlatform *platform = maker->board->platform;
	size_t room = HV_PLATFORM_MAX_RAM + HV_PLATFORM_MAX_DEVICES + 3;

	for (unsigned i = 0; i < maker->num_claims; i++)
		room += HV_MAX_REGIONS;
	edges->list = calloc(room * 2, sizeof(*edges->list));
	if (!edges->list)
		return false;
	for (uint32_t i = 0; i < platform->num_ram && i < HV_PLATFORM_MAX_RAM; i++)
		add_edges(edges, platform->ram[i].start, platform->ram[i].size);
	for (uint32_t i = 0; i < platform->num_devices && i < HV_PLATFORM_MAX_DEVICES; i++)
		add_edges(edges, platform->devices[i].range.start, platform->devices[i].range.size);
	add_edges(edges, platform->hypervisor.start, platform->hypervisor.size);
	add_edges(edges, platform->gic.gicd_base, platform->gic.gicd_size);
	add_edges(edges, platform->gic.gicr_base, platform->gic.gicr_size);
	for (unsigned i = 0; i < maker->num_claims; i++) {
		const HvZoneConfig *hv = maker->claims[i].hv;

		for (uint32_t j = 0; j < hv->num_regions && j < HV_MAX_REGIONS; j++)
			if (hv->regions[j].type != HV_REGION_VIRTIO)
				add_edges(edges, hv->regions[j].physical_start, hv->regions[j].size);
	}
	qsort(edges->list, edges->count, sizeof(*edges->list), by_number);
	return true;
}

/* One goes on where the other ends, with the same owner. */
static bool continues(const struct config_range_resource *a, const struct config_range_resource *b)
{
	return a->start + a->size == b->start && a->kind == b->kind && a->owner == b->owner &&
	       a->other == b->other && a->shared == b->shared && strcmp(a->name, b->name) == 0 &&
	       b->guest_start - a->guest_start == b->start - a->start;
}

static bool make_ranges(const struct maker *maker)
{
	struct config_resources *made = maker->made;
	struct edges edges = { 0 };

	if (!list_edges(maker, &edges))
		return false;
	made->ranges = calloc(edges.count + 1, sizeof(*made->ranges));
	for (size_t i = 0; made->ranges && i < edges.count; i++) {
		struct config_range_resource range, *last = &made->ranges[made->num_ranges];
		uint64_t end = i + 1 < edges.count ? edges.list[i + 1] : 0;

		if (edges.list[i] == end || !find_range(maker, edges.list[i], &range))
			continue;
		range.size = end - range.start;
		if (made->num_ranges > 0 && continues(last - 1, &range))
			last[-1].size += range.size;
		else
			made->ranges[made->num_ranges++] = range;
	}
	free(edges.list);
	return made->ranges != NULL;
}

static struct config_resources *make(const struct config_board *board, const struct config_claim *claims,
				     unsigned count)
{
	struct config_resources *made = calloc(1, sizeof(*made));
	struct config_claim *all = calloc(count + 1, sizeof(*all));
	uint32_t *owners = calloc(count + 1, sizeof(*owners));
	struct maker maker = { board, all, 0, owners, made };
	bool ok = made && all && owners;

	if (ok && !(made->owners = calloc(FIRST_ZONE + count, sizeof(*made->owners))))
		ok = false;
	if (ok) {
		memcpy(made->board, board->platform->name, sizeof(made->board));
		memcpy(made->arch, board->platform->arch, sizeof(made->arch));
		set_owner(&made->owners[NOBODY], CONFIG_OWNER_NOBODY, 0, "nobody");
		set_owner(&made->owners[BOARD], CONFIG_OWNER_BOARD, 0, "board");
		set_owner(&made->owners[HYPERVISOR], CONFIG_OWNER_HYPERVISOR, 0, "hypervisor");
		set_owner(&made->owners[ROOT], CONFIG_OWNER_ROOT, 0, "root");
		made->num_owners = FIRST_ZONE;
		if (board->root) {
			owners[maker.num_claims] = ROOT;
			all[maker.num_claims++] = (struct config_claim){ board->root, "root" };
		}
	}
	for (unsigned i = 0; ok && i < count; i++) {
		set_owner(&made->owners[made->num_owners], CONFIG_OWNER_ZONE, claims[i].hv->zone_id,
			  claims[i].name ? claims[i].name : claims[i].hv->name);
		owners[maker.num_claims] = made->num_owners++;
		all[maker.num_claims++] = claims[i];
	}
	if (ok)
		make_cpus(&maker);
	ok = ok && make_ranges(&maker) && make_interrupts(&maker);
	free(all);
	free(owners);
	if (ok)
		return made;
	config_resources_free(made);
	return NULL;
}

int config_resources_of(const struct config_board *board, const struct config_claim *claims, unsigned count,
			struct config_resources **ret_resources)
{
	struct config_resources *made = make(board, claims, count);

	if (!made)
		return -ENOMEM;
	*ret_resources = made;
	return 0;
}

int config_resources(const struct config_board *board, const struct config_zone *const *zones, unsigned count,
		     struct config_resources **ret_resources)
{
	struct config_claim *claims = calloc(count + 1, sizeof(*claims));
	int r;

	if (!claims)
		return -ENOMEM;
	for (unsigned i = 0; i < count; i++)
		claims[i] = (struct config_claim){ &zones[i]->hv, zones[i]->name };
	r = config_resources_of(board, claims, count, ret_resources);
	free(claims);
	return r;
}

void config_resources_free(struct config_resources *resources)
{
	if (!resources)
		return;
	free(resources->owners);
	free(resources->ranges);
	free(resources->interrupts);
	free(resources);
}
