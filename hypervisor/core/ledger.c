/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ledger.h"

/*
 * Memory is kept as the claims themselves: RAM in pages would need a table as
 * long as the board has pages, and a claim is only ever made against claims.
 * CPUs and interrupts are looked up in trap paths, so they have tables of
 * their own. An entry is the owner's zone id + 1; 0 is nobody.
 */
static const HvZoneConfig *claims[HV_MAX_ZONES];
static uint8_t cpu_owner[HV_MAX_CPUS];
static uint8_t interrupt_owner[HV_MAX_INTIDS];

static void set_owner(uint8_t *entry, uint32_t owner)
{
	__atomic_store_n(entry, (uint8_t)owner, __ATOMIC_RELEASE);
}

static uint32_t get_owner(const uint8_t *entry)
{
	uint32_t owner = __atomic_load_n(entry, __ATOMIC_ACQUIRE);

	return owner == 0 ? LEDGER_NOBODY : owner - 1;
}

static void set_owners(const HvZoneConfig *config, uint32_t owner)
{
	for (uint64_t left = config->cpus; left != 0; left &= left - 1)
		set_owner(&cpu_owner[__builtin_ctzll(left)], owner);
	for (uint32_t word = 0; word < HV_MAX_INTIDS / 32; word++)
		for (uint32_t left = config->interrupts.word[word]; left != 0; left &= left - 1)
			set_owner(&interrupt_owner[word * 32 + (uint32_t)__builtin_ctz(left)], owner);
}

int64_t ledger_claim(const HvZoneConfig *config, struct hv_violation *ret_violation)
{
	for (uint32_t id = 0; id < HV_MAX_ZONES; id++)
		if (claims[id] != NULL && !hv_config_compatible(config, claims[id], ret_violation))
			return HV_ERR_CONFLICT;
	claims[config->zone_id] = config;
	set_owners(config, config->zone_id + 1);
	return HV_OK;
}

void ledger_release(uint32_t zone_id)
{
	set_owners(claims[zone_id], 0);
	claims[zone_id] = NULL;
}

uint32_t ledger_cpu_owner(uint32_t cpu)
{
	return cpu < HV_MAX_CPUS ? get_owner(&cpu_owner[cpu]) : LEDGER_NOBODY;
}

uint32_t ledger_interrupt_owner(uint32_t intid)
{
	return intid < HV_MAX_INTIDS ? get_owner(&interrupt_owner[intid]) : LEDGER_NOBODY;
}

static bool claims_page(const HvZoneConfig *config, uint64_t pa)
{
	for (uint32_t i = 0; i < config->num_regions; i++) {
		const struct hv_memory_region *r = &config->regions[i];

		if (r->type != HV_REGION_VIRTIO && hv_range_contains(r->physical_start, r->size, pa, 1))
			return true;
	}
	return false;
}

uint32_t ledger_page_owner(uint64_t pa)
{
	for (uint32_t id = 0; id < HV_MAX_ZONES; id++)
		if (claims[id] != NULL && claims_page(claims[id], pa))
			return id;
	return LEDGER_NOBODY;
}
