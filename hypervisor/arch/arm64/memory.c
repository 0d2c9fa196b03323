/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host-physical memory: EL2 is mapped one to one, so an address is a pointer. */
#include "arch_memory.h"

#include "board.h"
#include "el2.h"

#define DCZID_PROHIBITED 0x10u

void *arch_memory_at(uint64_t pa, uint64_t size)
{
	return board_has_ram(&platform_board, pa, size) ? (void *)(uintptr_t)pa : NULL;
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

/* One instruction for every step bytes of [at, end); eight a turn while they last. */
#define LINE(instruction, at) __asm__ volatile(instruction : : "r"(at) : "memory")
#define EACH_LINE(instruction, at, end, step)                                                                \
	do {                                                                                                 \
		for (; (end) - (at) >= 8 * (step); (at) += 8 * (step)) {                                     \
			LINE(instruction, (at));                                                             \
			LINE(instruction, (at) + (step));                                                    \
			LINE(instruction, (at) + 2 * (step));                                                \
			LINE(instruction, (at) + 3 * (step));                                                \
			LINE(instruction, (at) + 4 * (step));                                                \
			LINE(instruction, (at) + 5 * (step));                                                \
			LINE(instruction, (at) + 6 * (step));                                                \
			LINE(instruction, (at) + 7 * (step));                                                \
		}                                                                                            \
		for (; (at) < (end); (at) += (step))                                                         \
			LINE(instruction, (at));                                                             \
	} while (0)

void arch_memory_clean(uint64_t pa, uint64_t size)
{
	const uint64_t line = line_size();
	const uint64_t end = pa + size;
	uint64_t at = pa & ~(line - 1);

	EACH_LINE("dc cvac, %0", at, end, line);
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
	const uint64_t zva = 4ull << (dczid & 0xf);
	const uint64_t line = line_size();
	const uint64_t end = pa + size;
	uint64_t at = pa;

	if ((dczid & DCZID_PROHIBITED) == 0 && zva <= HV_PAGE_SIZE)
		EACH_LINE("dc zva, %0", at, end, zva);
	else
		EACH_LINE("stp xzr, xzr, [%0]", at, end, UINT64_C(16));
	at = pa;
	EACH_LINE("dc civac, %0", at, end, line);
	dsb(sy);
}
