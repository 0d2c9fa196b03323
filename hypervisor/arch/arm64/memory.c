/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host-physical memory: EL2 is mapped one to one, so an address is a pointer. */
#include "arch_memory.h"

#include "el2.h"

void *arch_memory_at(uint64_t pa, uint64_t size)
{
	for (uint32_t i = 0; i < platform_board.num_ram; i++)
		if (hv_range_contains(platform_board.ram[i].start, platform_board.ram[i].size, pa, size))
			return (void *)(uintptr_t)pa;
	return NULL;
}

uint64_t arch_memory_address(const void *page)
{
	return (uintptr_t)page;
}

/* Bytes of the smallest data cache line. */
static uint64_t line_size(void)
{
	return 4ull << (read_sysreg(ctr_el0) >> 16 & 0xf);
}

void arch_memory_clean(uint64_t pa, uint64_t size)
{
	const uint64_t line = line_size();
	const uint64_t end = pa + size;

	for (pa &= ~(line - 1); pa < end; pa += line)
		__asm__ volatile("dc cvac, %0" : : "r"(pa) : "memory");
	dsb(sy);
}

/*
 * DC ZVA clears a block without reading it; where firmware forbids it, stores
 * do. Clean and invalidate: nothing of the range stays in a cache, where a
 * guest with caches off would not see it.
 */
void arch_memory_scrub(uint64_t pa, uint64_t size)
{
	const uint64_t dczid = read_sysreg(dczid_el0);
	const uint64_t zva = (dczid & 0x10) ? 0 : 4ull << (dczid & 0xf);
	const uint64_t line = line_size();
	const uint64_t end = pa + size;

	if (zva != 0 && zva <= HV_PAGE_SIZE) {
		for (uint64_t at = pa; at < end; at += zva)
			__asm__ volatile("dc zva, %0" : : "r"(at) : "memory");
	} else {
		for (uint64_t at = pa; at < end; at += 16)
			__asm__ volatile("stp xzr, xzr, [%0]" : : "r"(at) : "memory");
	}
	for (uint64_t at = pa; at < end; at += line)
		__asm__ volatile("dc civac, %0" : : "r"(at) : "memory");
	dsb(sy);
}
