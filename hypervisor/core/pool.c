/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pool.h"

#include <string.h>

#include "arch_cpu.h"
#include "arch_lock.h"

#define WORD_BITS 64u
#define WORDS (POOL_PAGES / WORD_BITS)
#define EVEN_BITS 0x5555555555555555ull

static_assert(POOL_PAGES % WORD_BITS == 0, "the bitmap has whole words");

/* Its own section: pages are cleared when handed out, so boot need not clear them. */
_Alignas(2 * HV_PAGE_SIZE) __attribute__((section(".bss.pool"))) uint8_t pool_pages[POOL_PAGES][HV_PAGE_SIZE];

static struct arch_lock lock;
static uint64_t used_map[WORDS];
static uint32_t used, peak;

/* Both bits of an aligned pair are free: the even bit of it says so. */
static uint64_t candidates(uint64_t map, unsigned order)
{
	uint64_t free_pages = ~map;

	return order == 0 ? free_pages : free_pages & (free_pages >> 1) & EVEN_BITS;
}

static uint64_t mask_of(uint32_t page, unsigned order)
{
	return (order == 0 ? 1ull : 3ull) << (page % WORD_BITS);
}

void *pool_alloc(unsigned order)
{
	void *pages = NULL;

	if (order > 1)
		arch_panic("pool: order too large");
	arch_lock(&lock);
	for (uint32_t word = 0; word < WORDS && pages == NULL; word++) {
		uint64_t fit = candidates(used_map[word], order);
		uint32_t page;

		if (fit == 0)
			continue;
		page = word * WORD_BITS + (uint32_t)__builtin_ctzll(fit);
		used_map[word] |= mask_of(page, order);
		used += 1u << order;
		if (used > peak)
			peak = used;
		pages = pool_pages[page];
	}
	arch_unlock(&lock);
	if (pages != NULL)
		memset(pages, 0, (size_t)HV_PAGE_SIZE << order);
	return pages;
}

void pool_free(void *pages, unsigned order)
{
	uintptr_t offset = (uintptr_t)pages - (uintptr_t)pool_pages;
	uint32_t page = (uint32_t)(offset / HV_PAGE_SIZE);
	uint64_t mask;

	if (pages == NULL)
		return;
	if (order > 1 || offset >= sizeof(pool_pages) || offset % ((uintptr_t)HV_PAGE_SIZE << order) != 0)
		arch_panic("pool: not a page of the pool");
	mask = mask_of(page, order);
	arch_lock(&lock);
	if ((used_map[page / WORD_BITS] & mask) != mask)
		arch_panic("pool: page freed twice");
	used_map[page / WORD_BITS] &= ~mask;
	used -= 1u << order;
	arch_unlock(&lock);
}

void pool_stats(struct hv_stats *ret_stats)
{
	arch_lock(&lock);
	ret_stats->pool_pages = POOL_PAGES;
	ret_stats->pool_used = used;
	ret_stats->pool_peak = peak;
	arch_unlock(&lock);
}
