/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stage 2 as a list of the calls made: exact about what arch_stage2.h promises and demands. */
#include "fake.h"

#include <string.h>

#include "arch_cpu.h"
#include "arch_memory.h"
#include "pool.h"

#define ROOT_ORDER 1 /* two concatenated tables for 40 bits of IPA (Arm ARM D8.2.1) */

int arch_stage2_init(struct arch_stage2 *stage2, uint32_t vmid)
{
	if (stage2->root != NULL)
		arch_panic("fake: stage 2 built twice");
	stage2->root = pool_alloc(ROOT_ORDER);
	if (stage2->root == NULL)
		return HV_ERR_NO_MEMORY;
	stage2->vmid = vmid;
	stage2->count = 0;
	return 0;
}

void arch_stage2_fini(struct arch_stage2 *stage2)
{
	for (uint32_t i = 0; i < stage2->count; i++)
		pool_free(stage2->mapping[i].table, 0);
	pool_free(stage2->root, ROOT_ORDER);
	stage2->root = NULL;
	stage2->count = 0;
}

int arch_stage2_map(struct arch_stage2 *stage2, uint64_t ipa, uint64_t pa, uint64_t size,
		    enum stage2_memory memory)
{
	void *table;

	if (stage2->root == NULL || ((ipa | pa | size) & (HV_PAGE_SIZE - 1)) != 0 ||
	    !hv_range_valid(ipa, size) || !hv_range_contains(0, 1ull << HV_IPA_BITS, ipa, size))
		arch_panic("fake: stage 2 asked for what cannot be mapped");
	for (uint32_t i = 0; i < stage2->count; i++)
		if (hv_range_overlaps(stage2->mapping[i].ipa, stage2->mapping[i].size, ipa, size))
			arch_panic("fake: stage 2 mapped over a mapping");
	if (stage2->count == FAKE_MAX_MAPPINGS)
		return HV_ERR_NO_MEMORY;
	table = pool_alloc(0);
	if (table == NULL)
		return HV_ERR_NO_MEMORY;
	stage2->mapping[stage2->count++] = (struct fake_mapping){ ipa, pa, size, (int)memory, table };
	return 0;
}

void arch_stage2_unmap(struct arch_stage2 *stage2, uint64_t ipa, uint64_t size)
{
	for (uint32_t i = 0; i < stage2->count; i++) {
		if (stage2->mapping[i].ipa != ipa || stage2->mapping[i].size != size)
			continue;
		pool_free(stage2->mapping[i].table, 0);
		stage2->mapping[i] = stage2->mapping[--stage2->count];
		return;
	}
	arch_panic("fake: stage 2 unmapped what no call had mapped");
}

bool fake_translate(const struct arch_stage2 *stage2, uint64_t ipa, uint64_t size, uint64_t *ret_pa,
		    enum stage2_memory *ret_memory)
{
	for (uint32_t i = 0; i < stage2->count; i++) {
		const struct fake_mapping *m = &stage2->mapping[i];

		if (!hv_range_valid(ipa, size) || !hv_range_contains(m->ipa, m->size, ipa, size))
			continue;
		*ret_pa = m->pa + (ipa - m->ipa);
		*ret_memory = (enum stage2_memory)m->memory;
		return true;
	}
	return false;
}

void *fake_root_at(uint64_t ipa, uint64_t size)
{
	enum stage2_memory memory;
	uint64_t pa;

	if (!fake_translate(&zone_get(0)->stage2, ipa, size, &pa, &memory) || memory != STAGE2_NORMAL)
		return NULL;
	return arch_memory_at(pa, size);
}
