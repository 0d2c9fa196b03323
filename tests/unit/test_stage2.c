/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The arm64 stage-2 tables, built on the host and read by a walker of the
 * test's own (Arm ARM D8.2, D8.3.1: 4 KiB granule, level 1, two concatenated
 * root tables), against a list of what was mapped.
 */
#include "arch_cpu.h"
#include "arch_lock.h"
#include "arch_stage2.h"
#include "pool.h"
#include "stage2_hw.h"
#include "test.h"

#define GIB (1ull << 30)
#define MIB (1ull << 20)
#define VMID 5u
#define TABLE_BASE 0x7000000000ull /* where the walker finds pool pages */

static struct arch_stage2 stage2;
static uint32_t publishes, invalidations, barriers;
static uint64_t used_at_invalidation;

/* The machine below stage2.c and pool.c. */

void arch_lock(struct arch_lock *lock)
{
	lock->owner = 1;
}

void arch_unlock(struct arch_lock *lock)
{
	lock->owner = 0;
}

_Noreturn void arch_panic(const char *what)
{
	fprintf(stderr, "panic: %s\n", what);
	abort();
}

static uint64_t used(void)
{
	struct hv_stats stats;

	pool_stats(&stats);
	return stats.pool_used;
}

uint64_t stage2_table_address(const void *table)
{
	return TABLE_BASE + ((uintptr_t)table - (uintptr_t)pool_pages);
}

uint64_t *stage2_table_at(uint64_t address)
{
	CHECK(address >= TABLE_BASE && address - TABLE_BASE < sizeof(pool_pages));
	CHECK_EQ(address % HV_PAGE_SIZE, 0);
	return (uint64_t *)((uintptr_t)pool_pages + (address - TABLE_BASE));
}

void stage2_publish(uint64_t *entry, uint64_t descriptor)
{
	/* Break before make: a valid entry never becomes another valid one. */
	CHECK_EQ(*entry & 1, 0);
	CHECK_EQ(descriptor & 1, 1);
	publishes++;
	*entry = descriptor;
}

void stage2_publish_done(void)
{
	barriers++;
}

void stage2_invalidate(uint64_t vttbr)
{
	CHECK_EQ(vttbr >> 48, VMID);
	invalidations++;
	used_at_invalidation = used();
}

/* The walker. */

struct walk {
	uint64_t pa;
	uint64_t span; /* of the entry that ended the walk */
	uint64_t descriptor;
};

static bool walk(uint64_t ipa, struct walk *ret)
{
	uint64_t table = stage2.vttbr & 0x0000fffffffff000ull;

	for (uint32_t level = 1, shift = 30; level <= 3; level++, shift -= 9) {
		uint64_t index = level == 1 ? ipa >> 30 : (ipa >> shift) & 511;
		uint64_t descriptor = stage2_table_at(table + index / 512 * 4096)[index % 512];

		if ((descriptor & 1) == 0)
			return false;
		if (level == 3 || (descriptor & 2) == 0) {
			CHECK(level != 3 || (descriptor & 2) != 0);
			CHECK((descriptor & 0x0000fffffffff000ull) % (1ull << shift) == 0);
			ret->span = 1ull << shift;
			ret->descriptor = descriptor;
			ret->pa = (descriptor & 0x0000fffffffff000ull) + ipa % ret->span;
			return true;
		}
		table = descriptor & 0x0000fffffffff000ull;
	}
	return false;
}

static void check_mapped(uint64_t ipa, uint64_t pa, enum stage2_memory memory)
{
	struct walk w;

	CHECK(walk(ipa, &w));
	CHECK_EQ(w.pa, pa);
	CHECK_EQ(w.descriptor >> 10 & 1, 1); /* access flag */
	CHECK_EQ(w.descriptor >> 6 & 3, 3);  /* S2AP: read, write */
	if (memory == STAGE2_NORMAL) {
		CHECK_EQ(w.descriptor >> 2 & 15, 15); /* write-back, inner and outer */
		CHECK_EQ(w.descriptor >> 8 & 3, 3);   /* inner shareable */
		CHECK_EQ(w.descriptor >> 53 & 3, 0);  /* executable */
	} else {
		CHECK(w.descriptor >> 2 == (w.descriptor >> 2 & ~0xcull)); /* device memory */
		CHECK_EQ(w.descriptor >> 54 & 1, 1);                       /* never executable */
	}
}

static void check_range(uint64_t ipa, uint64_t pa, uint64_t size, enum stage2_memory memory)
{
	for (uint64_t at = 0; at < size; at += 4096)
		check_mapped(ipa + at, pa + at, memory);
}

static void check_none(uint64_t ipa, uint64_t size)
{
	struct walk w;

	for (uint64_t at = 0; at < size; at += 4096)
		CHECK(!walk(ipa + at, &w));
}

static void init(void)
{
	CHECK_EQ(arch_stage2_init(&stage2, VMID), 0);
	CHECK_EQ(used(), 2);
}

static void fini(void)
{
	arch_stage2_fini(&stage2);
	CHECK_EQ(used(), 0);
}

static void map(uint64_t ipa, uint64_t pa, uint64_t size)
{
	CHECK_EQ(arch_stage2_map(&stage2, ipa, pa, size, STAGE2_NORMAL), 0);
}

static void test_pages_and_blocks(void)
{
	struct walk w;

	init();
	/* 4 KiB on both sides of whole 2 MiB blocks */
	map(0x401ff000, 0x801ff000, 0x1000 + 4 * MIB + 0x1000);
	check_range(0x401ff000, 0x801ff000, 0x2000 + 4 * MIB, STAGE2_NORMAL);
	CHECK(walk(0x401ff000, &w) && w.span == 4096);
	CHECK(walk(0x40200000, &w) && w.span == 2 * MIB);
	CHECK(walk(0x405fffff, &w) && w.span == 2 * MIB);
	CHECK(walk(0x40600000, &w) && w.span == 4096);
	CHECK(!walk(0x401fefff, &w));
	CHECK(!walk(0x40601000, &w));
	CHECK_EQ(used(), 2 + 1 + 2);
	CHECK(barriers > 0);
	fini();
}

static void test_gibibyte_block(void)
{
	struct walk w;

	init();
	map(GIB, 4 * GIB, 2 * GIB);
	CHECK(walk(GIB, &w) && w.span == GIB && w.pa == 4 * GIB);
	CHECK(walk(3 * GIB - 1, &w) && w.pa == 6 * GIB - 1);
	CHECK(!walk(3 * GIB, &w));
	CHECK_EQ(used(), 2);
	CHECK_EQ(publishes, 2);
	fini();
}

static void test_the_specification(void)
{
	struct walk w;

	init();
	map(0x50000000, 0x50000000, 0x30000000);
	CHECK_EQ(arch_stage2_map(&stage2, 0x30a60000, 0x30a60000, 0x1000, STAGE2_DEVICE), 0);
	check_range(0x50000000, 0x50000000, 0x30000000, STAGE2_NORMAL);
	check_mapped(0x30a60000, 0x30a60000, STAGE2_DEVICE);
	CHECK(walk(0x50000000, &w) && w.span == 2 * MIB);
	CHECK(!walk(0xa003c00, &w));
	CHECK_EQ(used(), 2 + 1 + 2);
	fini();
}

static void test_offset_prevents_blocks(void)
{
	struct walk w;

	init();
	map(0x40000000, 0x80001000, 2 * MIB);
	CHECK(walk(0x40000000, &w) && w.span == 4096);
	check_range(0x40000000, 0x80001000, 2 * MIB, STAGE2_NORMAL);
	fini();
}

static void test_ends_of_the_space(void)
{
	struct walk w;

	init();
	map(0, 0x80000000, 0x1000);
	map((1ull << 40) - 0x1000, 0x80001000, 0x1000);
	map(512 * GIB - 0x1000, 0x90000000, 0x2000); /* across the two root tables */
	check_mapped(0, 0x80000000, STAGE2_NORMAL);
	check_mapped((1ull << 40) - 0x1000, 0x80001000, STAGE2_NORMAL);
	check_range(512 * GIB - 0x1000, 0x90000000, 0x2000, STAGE2_NORMAL);
	CHECK(!walk(0x1000, &w));
	CHECK(!walk(512 * GIB + 0x1000, &w));
	arch_stage2_unmap(&stage2, 512 * GIB - 0x1000, 0x2000);
	check_none(512 * GIB - 0x1000, 0x2000);
	check_mapped(0, 0x80000000, STAGE2_NORMAL);
	fini();
}

static void test_unmap_gives_tables_back(void)
{
	uint64_t before;

	init();
	map(0x40000000, 0x80000000, 0x1000);
	before = used();
	map(0x40001000, 0x90001000, 3 * GIB);
	CHECK(used() > before);
	invalidations = 0;
	arch_stage2_unmap(&stage2, 0x40001000, 3 * GIB);
	CHECK_EQ(used(), before);
	CHECK_EQ(invalidations, 1);
	/* a table is reused only after the TLB forgot it */
	CHECK(used_at_invalidation > before);
	check_mapped(0x40000000, 0x80000000, STAGE2_NORMAL);
	arch_stage2_unmap(&stage2, 0x40000000, 0x1000);
	CHECK_EQ(used(), 2);
	fini();
}

static void test_every_allocation_fails(void)
{
	const uint64_t ipa = 0x401ff000, size = GIB + 4 * MIB;
	struct hv_stats stats;
	void *list = NULL;
	uint64_t before;
	int err, failures = 0;

	init();
	map(0x40000000, 0x80000000, 0x1000); /* a neighbour in the same tables */
	before = used();
	for (;;) {
		pool_stats(&stats);
		for (uint64_t n = stats.pool_pages - stats.pool_used; n > (uint64_t)failures; n--) {
			void **page = pool_alloc(0);

			*page = list;
			list = page;
		}
		err = arch_stage2_map(&stage2, ipa, 0x801ff000, size, STAGE2_NORMAL);
		while (list != NULL) {
			void *next = *(void **)list;

			pool_free(list, 0);
			list = next;
		}
		if (err == 0)
			break;
		CHECK_EQ(err, HV_ERR_NO_MEMORY);
		CHECK_EQ(used(), before);
		check_none(ipa, 0x2000);
		check_none(ipa + size - 0x1000, 0x1000);
		check_mapped(0x40000000, 0x80000000, STAGE2_NORMAL);
		failures++;
	}
	CHECK(failures >= 2);
	fini();
}

static void test_init_fails(void)
{
	while (pool_alloc(0) != NULL)
		;
	CHECK_EQ(arch_stage2_init(&stage2, VMID), HV_ERR_NO_MEMORY);
	arch_stage2_fini(&stage2); /* of a zeroed object */
}

/* Random maps and unmaps, whole tables compared with the list now and then. */

#define SLOTS 24u

static struct {
	uint64_t ipa, pa, size;
} model[SLOTS];

static uint64_t seed = 42;

static uint64_t random_below(uint64_t n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (seed >> 33) % n;
}

static void check_model(void)
{
	struct walk w;

	for (uint32_t i = 0; i < SLOTS; i++) {
		uint64_t base = 0x40000000 + i * 16 * MIB;

		for (uint64_t at = 0; at < 16 * MIB; at += 4096) {
			bool in = at >= model[i].ipa && at - model[i].ipa < model[i].size;

			CHECK_EQ(walk(base + at, &w), in);
			if (in)
				CHECK_EQ(w.pa, model[i].pa + (at - model[i].ipa));
		}
	}
}

static void test_random(void)
{
	init();
	for (uint32_t round = 0; round < 4000; round++) {
		uint32_t i = (uint32_t)random_below(SLOTS);
		uint64_t base = 0x40000000 + i * 16 * MIB;

		if (model[i].size != 0) {
			arch_stage2_unmap(&stage2, base + model[i].ipa, model[i].size);
			model[i].size = 0;
		} else {
			uint64_t unit = random_below(2) == 0 ? 4096 : 2 * MIB;
			uint64_t units = 16 * MIB / unit;

			model[i].ipa = random_below(units) * unit;
			model[i].size = (1 + random_below(units - model[i].ipa / unit)) * unit;
			model[i].pa = 0x80000000 + i * 32 * MIB + random_below(3) * unit;
			if (arch_stage2_map(&stage2, base + model[i].ipa, model[i].pa, model[i].size,
					    STAGE2_NORMAL) != 0)
				model[i].size = 0;
		}
		if (round % 400 == 0)
			check_model();
	}
	check_model();
	for (uint32_t i = 0; i < SLOTS; i++)
		if (model[i].size != 0)
			arch_stage2_unmap(&stage2, 0x40000000 + i * 16 * MIB + model[i].ipa, model[i].size);
	CHECK_EQ(used(), 2);
	fini();
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		TEST(test_pages_and_blocks),
		TEST(test_gibibyte_block),
		TEST(test_the_specification),
		TEST(test_offset_prevents_blocks),
		TEST(test_ends_of_the_space),
		TEST(test_unmap_gives_tables_back),
		TEST(test_every_allocation_fails),
		TEST(test_init_fails),
		TEST(test_random),
	};

	return test_main(tests, COUNT(tests), argc, argv);
}
