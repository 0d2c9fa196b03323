/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stage-2 tables: 40-bit IPAs, 4 KiB pages, two concatenated tables at level 1
 * (Arm ARM D8.2). Nothing here touches a register; see stage2_hw.h.
 *
 * A mapping goes only where nothing is mapped, and is withdrawn as it was
 * made. So no valid entry ever changes into another valid one, and
 * break-before-make comes down to: clear, invalidate, only then reuse.
 */
#include "arch_stage2.h"

#include "hv_call.h"
#include "pool.h"
#include "stage2_hw.h"

#define LEVEL1_SHIFT 30u
#define LEVEL3_SHIFT 12u
#define LEVEL_BITS 9u
#define ENTRIES 512u
#define ROOT_ENTRIES 1024u
#define ROOT_ORDER 1u

#define DESC_VALID 0x1ull
#define DESC_TABLE 0x3ull /* a page, too, at level 3 */
#define DESC_ADDRESS 0x0000fffffffff000ull
#define DESC_NORMAL (1ull << 10 | 3ull << 8 | 3ull << 6 | 0xfull << 2)  /* AF, inner, RW, write-back */
#define DESC_DEVICE (1ull << 54 | 1ull << 10 | 3ull << 6 | 0x1ull << 2) /* XN, AF, RW, nGnRE */

static uint64_t *next_table(uint64_t entry)
{
	return stage2_table_at(entry & DESC_ADDRESS);
}

static uint64_t span(uint32_t shift)
{
	return 1ull << shift;
}

static uint32_t index_at(uint64_t ipa, uint32_t shift)
{
	return (uint32_t)(ipa >> shift) % (shift == LEVEL1_SHIFT ? ROOT_ENTRIES : ENTRIES);
}

/* Bytes of [ipa, ipa + size) in the entry that ipa lies in. */
static uint64_t within(uint64_t ipa, uint64_t size, uint32_t shift)
{
	uint64_t rest = span(shift) - ipa % span(shift);

	return size < rest ? size : rest;
}

static bool is_table(uint64_t entry, uint32_t shift)
{
	return shift != LEVEL3_SHIFT && (entry & 3) == DESC_TABLE;
}

int arch_stage2_init(struct arch_stage2 *stage2, uint32_t vmid)
{
	uint64_t *root = pool_alloc(ROOT_ORDER);

	if (root == NULL)
		return HV_ERR_NO_MEMORY;
	stage2->root = root;
	stage2->vttbr = stage2_table_address(root) | (uint64_t)vmid << 48;
	return 0;
}

static void free_tables(uint64_t *table, uint32_t shift)
{
	uint32_t entries = shift == LEVEL1_SHIFT ? ROOT_ENTRIES : ENTRIES;

	for (uint32_t i = 0; i < entries; i++)
		if (is_table(table[i], shift))
			free_tables(next_table(table[i]), shift - LEVEL_BITS);
	pool_free(table, shift == LEVEL1_SHIFT ? ROOT_ORDER : 0);
}

void arch_stage2_fini(struct arch_stage2 *stage2)
{
	if (stage2->root == NULL)
		return;
	stage2_invalidate(stage2->vttbr);
	free_tables(stage2->root, LEVEL1_SHIFT);
	stage2->root = NULL;
	stage2->vttbr = 0;
}

struct mapping {
	uint64_t ipa;
	uint64_t pa;
	uint64_t attributes;
};

static bool fits_block(const struct mapping *m, uint64_t bytes, uint32_t shift)
{
	return bytes == span(shift) && m->pa % span(shift) == 0;
}

/* Advances *m over what it has mapped. Returns false if a table is missing. */
static bool map_level(uint64_t *table, uint32_t shift, struct mapping *m, uint64_t size)
{
	while (size != 0) {
		uint64_t *entry = &table[index_at(m->ipa, shift)];
		uint64_t bytes = within(m->ipa, size, shift);

		if (*entry == 0 && fits_block(m, bytes, shift)) {
			stage2_publish(entry, m->pa | m->attributes |
						      (shift == LEVEL3_SHIFT ? DESC_TABLE : DESC_VALID));
			m->ipa += bytes;
			m->pa += bytes;
		} else {
			if (*entry == 0) {
				uint64_t *below = pool_alloc(0);

				if (below == NULL)
					return false;
				stage2_publish(entry, stage2_table_address(below) | DESC_TABLE);
			}
			if (!map_level(next_table(*entry), shift - LEVEL_BITS, m, bytes))
				return false;
		}
		size -= bytes;
	}
	return true;
}

int arch_stage2_map(struct arch_stage2 *stage2, uint64_t ipa, uint64_t pa, uint64_t size,
		    enum stage2_memory memory)
{
	struct mapping m = { ipa, pa, memory == STAGE2_DEVICE ? DESC_DEVICE : DESC_NORMAL };

	if (map_level(stage2->root, LEVEL1_SHIFT, &m, size)) {
		stage2_publish_done();
		return 0;
	}
	/* The failed step may have left a table without entries: go over the whole range. */
	arch_stage2_unmap(stage2, ipa, size);
	return HV_ERR_NO_MEMORY;
}

static bool is_empty(const uint64_t *table)
{
	for (uint32_t i = 0; i < ENTRIES; i++)
		if (table[i] != 0)
			return false;
	return true;
}

/*
 * Clears the range's entries; tables that become empty are chained through
 * their first entry, which stays an invalid descriptor for walks still under
 * way: bit 0 of a table's address is zero.
 */
static void unmap_level(uint64_t *table, uint32_t shift, uint64_t ipa, uint64_t size, uint64_t *emptied)
{
	while (size != 0) {
		uint64_t *entry = &table[index_at(ipa, shift)];
		uint64_t bytes = within(ipa, size, shift);

		if (is_table(*entry, shift)) {
			uint64_t *below = next_table(*entry);

			unmap_level(below, shift - LEVEL_BITS, ipa, bytes, emptied);
			if (is_empty(below)) {
				*entry = 0;
				below[0] = *emptied;
				*emptied = stage2_table_address(below);
			}
		} else {
			*entry = 0;
		}
		ipa += bytes;
		size -= bytes;
	}
}

void arch_stage2_unmap(struct arch_stage2 *stage2, uint64_t ipa, uint64_t size)
{
	uint64_t emptied = 0;

	unmap_level(stage2->root, LEVEL1_SHIFT, ipa, size, &emptied);
	stage2_invalidate(stage2->vttbr);
	while (emptied != 0) {
		uint64_t *table = stage2_table_at(emptied);

		emptied = table[0];
		pool_free(table, 0);
	}
}
