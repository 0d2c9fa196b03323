/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * EL2's own stage 1: one to one, 39 bits, nothing both writable and
 * executable. Built with the MMU off, from read-only data and into tables that
 * lie outside the bss, which is cleared later.
 */
#include "el2.h"

#include "platform.h"

#define TABLE_PAGES 8u
#define ENTRIES 512u
#define DESC_TABLE 0x3ull
#define DESC_PAGE 0x3ull
#define DESC_BLOCK 0x1ull
#define DESC_AF (1ull << 10)
#define DESC_INNER (3ull << 8)
#define DESC_READ_ONLY (1ull << 7)
#define DESC_RES1 (1ull << 6) /* AP[1] */
#define DESC_XN (1ull << 54)
#define DESC_ADDRESS 0x0000fffffffff000ull

#define MAP_NORMAL (DESC_AF | DESC_INNER | DESC_RES1 | 1ull << 2)
#define MAP_TEXT (MAP_NORMAL | DESC_READ_ONLY)
#define MAP_RODATA (MAP_NORMAL | DESC_READ_ONLY | DESC_XN)
#define MAP_DATA (MAP_NORMAL | DESC_XN)
#define MAP_DEVICE (DESC_AF | DESC_RES1 | DESC_XN)

#define LEVEL1_SHIFT 30u
#define LEVEL2_SHIFT 21u
#define LEVEL3_SHIFT 12u

struct table {
	uint64_t entry[ENTRIES];
};

/* head.S loads TTBR0_EL2 with the first. */
extern struct table mmu_tables[TABLE_PAGES];
_Alignas(4096) __attribute__((section(".bss.tables"))) struct table mmu_tables[TABLE_PAGES];
__attribute__((section(".bss.tables"))) static uint32_t tables_used;

static struct table *table_new(void)
{
	struct table *table;

	if (tables_used == TABLE_PAGES)
		for (;;)
			wfi(); /* nothing can be said yet; TABLE_PAGES fits every board in the tree */
	table = &mmu_tables[tables_used++];
	for (uint32_t i = 0; i < ENTRIES; i++)
		table->entry[i] = 0;
	return table;
}

static uint32_t index_of(uint64_t address, uint32_t shift)
{
	return (uint32_t)(address >> shift) % ENTRIES;
}

/* The next table below an entry; a block that was there is kept as smaller ones. */
static struct table *table_below(uint64_t *entry, uint32_t shift)
{
	struct table *table;
	uint64_t old = *entry;

	if ((old & 3) == DESC_TABLE && shift != LEVEL3_SHIFT)
		return (struct table *)(uintptr_t)(old & DESC_ADDRESS);
	table = table_new();
	if (old != 0) {
		uint32_t below = shift - 9;
		uint64_t kind = below == LEVEL3_SHIFT ? DESC_PAGE : DESC_BLOCK;

		for (uint64_t i = 0; i < ENTRIES; i++)
			table->entry[i] = (old & ~3ull) + (i << below) + kind;
	}
	*entry = (uintptr_t)table | DESC_TABLE;
	return table;
}

/* Sets one entry of the level with that shift. attributes 0: unmapped. */
static void map_one(uint64_t address, uint32_t shift, uint64_t attributes)
{
	struct table *table = &mmu_tables[0];
	uint64_t kind = shift == LEVEL3_SHIFT ? DESC_PAGE : DESC_BLOCK;

	for (uint32_t level = LEVEL1_SHIFT; level != shift; level -= 9)
		table = table_below(&table->entry[index_of(address, level)], level);
	table->entry[index_of(address, shift)] = attributes == 0 ? 0 : (address | attributes | kind);
}

static void map(uint64_t start, uint64_t end, uint64_t attributes)
{
	while (start < end) {
		uint32_t shift = LEVEL3_SHIFT;

		while (shift < LEVEL1_SHIFT && start % (1ull << (shift + 9)) == 0 &&
		       end - start >= 1ull << (shift + 9))
			shift += 9;
		map_one(start, shift, attributes);
		start += 1ull << shift;
	}
}

/* Device pages in 2 MiB blocks: all of them are devices on a board with RAM elsewhere. */
static void map_devices(uint64_t start, uint64_t size)
{
	const uint64_t block = 1ull << LEVEL2_SHIFT;

	map(start & ~(block - 1), (start + size + block - 1) & ~(block - 1), MAP_DEVICE);
}

void mmu_build(void)
{
	const HvPlatform *board = &platform_board;

	tables_used = 0;
	table_new();
	for (uint32_t i = 0; i < board->num_ram; i++)
		map(board->ram[i].start, board->ram[i].start + board->ram[i].size, MAP_DATA);
	map_devices(console_base(), 4096);
	map_devices(board->gic.gicd_base, board->gic.gicd_size);
	map_devices(board->gic.gicr_base, board->gic.gicr_size);
	map((uintptr_t)el2_start, (uintptr_t)el2_text_end, MAP_TEXT);
	map((uintptr_t)el2_text_end, (uintptr_t)el2_rodata_end, MAP_RODATA);
	for (uint32_t cpu = 0; cpu < EL2_MAX_CPUS; cpu++)
		map(el2_stack_guard(cpu), el2_stack_guard(cpu) + 4096, 0);
}

uint64_t mmu_tcr(void)
{
	uint64_t range = read_sysreg(id_aa64mmfr0_el1) & 0xf;

	/* 52 bits (6) need other descriptors; 48 is as much as 4 KiB pages give without them. */
	if (range > 5)
		range = 5;
	/* T0SZ 25, walks write-back and inner shareable, 4 KiB (Arm ARM D19.2.137) */
	return 1ull << 31 | 1ull << 23 | range << 16 | 3ull << 12 | 1ull << 10 | 1ull << 8 | 25;
}
