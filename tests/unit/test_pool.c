/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The page pool, the ledger by itself, and board descriptions. */
#include "board.h"
#include "fixture.h"
#include "ledger.h"
#include "pool.h"
#include "test.h"

static bool is_zero(const void *page, size_t size)
{
	const uint8_t *bytes = page;

	for (size_t i = 0; i < size; i++)
		if (bytes[i] != 0)
			return false;
	return true;
}

static void test_all_pages(void)
{
	static void *pages[POOL_PAGES];
	struct hv_stats stats = { 0 };

	for (size_t i = 0; i < POOL_PAGES; i++) {
		pages[i] = pool_alloc(0);
		CHECK(pages[i] != NULL);
		CHECK((uintptr_t)pages[i] % HV_PAGE_SIZE == 0);
		CHECK(is_zero(pages[i], HV_PAGE_SIZE));
		memset(pages[i], 0xff, HV_PAGE_SIZE);
	}
	CHECK(pool_alloc(0) == NULL);
	CHECK(pool_alloc(1) == NULL);
	pool_stats(&stats);
	CHECK_EQ(stats.pool_used, POOL_PAGES);
	for (size_t i = 0; i < POOL_PAGES; i += 2)
		pool_free(pages[i], 0);
	CHECK(pool_alloc(1) == NULL); /* every pair is half taken */
	for (size_t i = 1; i < POOL_PAGES; i += 2)
		pool_free(pages[i], 0);
	pool_stats(&stats);
	CHECK_EQ(stats.pool_used, 0);
	CHECK_EQ(stats.pool_peak, POOL_PAGES);
	CHECK(is_zero(pool_alloc(0), HV_PAGE_SIZE));
}

static void test_pairs(void)
{
	static void *pairs[POOL_PAGES / 2];
	void *single = pool_alloc(0);

	for (size_t i = 0; i < POOL_PAGES / 2 - 1; i++) {
		pairs[i] = pool_alloc(1);
		CHECK(pairs[i] != NULL);
		CHECK((uintptr_t)pairs[i] % (2 * HV_PAGE_SIZE) == 0);
		CHECK(is_zero(pairs[i], 2 * HV_PAGE_SIZE));
		memset(pairs[i], 0xff, 2 * HV_PAGE_SIZE);
	}
	CHECK(pool_alloc(1) == NULL);
	CHECK(pool_alloc(0) != NULL); /* the other half of single's pair */
	CHECK(pool_alloc(0) == NULL);
	pool_free(pairs[3], 1);
	pool_free(NULL, 0);
	pool_free(NULL, 1);
	CHECK(pool_alloc(0) == pairs[3]);
	CHECK(pool_alloc(1) == NULL);
	pool_free(single, 0);
}

static void test_ledger(void)
{
	HvZoneConfig one = fixture_zone(1), two = fixture_zone(2);
	struct hv_violation v;

	CHECK_EQ(ledger_claim(&one, &v), HV_OK);
	CHECK_EQ(ledger_claim(&two, &v), HV_OK);
	CHECK_EQ(ledger_claim(&two, &v), HV_ERR_CONFLICT);
	CHECK_EQ(v.code, HV_VIOLATION_ID_CONFLICT);
	CHECK_EQ(ledger_cpu_owner(2), 1);
	CHECK_EQ(ledger_cpu_owner(5), 2);
	CHECK_EQ(ledger_cpu_owner(0), LEDGER_NOBODY);
	CHECK_EQ(ledger_cpu_owner(HV_MAX_CPUS), LEDGER_NOBODY);
	CHECK_EQ(ledger_cpu_owner(UINT32_MAX), LEDGER_NOBODY);
	CHECK_EQ(ledger_interrupt_owner(129), 1);
	CHECK_EQ(ledger_interrupt_owner(78), LEDGER_NOBODY); /* virtual: nobody's */
	CHECK_EQ(ledger_interrupt_owner(HV_MAX_INTIDS), LEDGER_NOBODY);
	CHECK_EQ(ledger_page_owner(0x60000000), 1);
	CHECK_EQ(ledger_page_owner(0x67ffffff), 1);
	CHECK_EQ(ledger_page_owner(0x68000000), LEDGER_NOBODY);
	CHECK_EQ(ledger_page_owner(0x5fffffff), LEDGER_NOBODY);
	CHECK_EQ(ledger_page_owner(0x30a61fff), 2);
	CHECK_EQ(ledger_page_owner(UINT64_MAX), LEDGER_NOBODY);
	ledger_release(1);
	CHECK_EQ(ledger_cpu_owner(2), LEDGER_NOBODY);
	CHECK_EQ(ledger_interrupt_owner(129), LEDGER_NOBODY);
	CHECK_EQ(ledger_page_owner(0x60000000), LEDGER_NOBODY);
	CHECK_EQ(ledger_cpu_owner(4), 2);
}

#define SPOIL(name, ...)                                                                                     \
	static void name(HvPlatform *b)                                                                      \
	{                                                                                                    \
		__VA_ARGS__;                                                                                 \
	}

SPOIL(magic, b->magic++)
SPOIL(version, b->version++)
SPOIL(size, b->size++)
SPOIL(no_cpus, b->num_cpus = 0)
SPOIL(many_cpus, b->num_cpus = HV_MAX_CPUS + 1)
SPOIL(many_ram, b->num_ram = HV_PLATFORM_MAX_RAM + 1)
SPOIL(many_devices, b->num_devices = UINT32_MAX)
SPOIL(no_ram, b->num_ram = 0)
SPOIL(ram_empty, b->ram[1].size = 0)
SPOIL(ram_odd, b->ram[1].start += 1)
SPOIL(ram_overlap, b->ram[1].start -= 0x1000)
SPOIL(ram_high, b->ram[2].start = 1ull << 40)
SPOIL(ram_wrap, b->ram[2].start = UINT64_MAX - 0xfff)
SPOIL(device_in_ram, b->devices[0].range.start = 0x50000000)
SPOIL(device_overlap, b->devices[2].range.start = 0x30a63000)
SPOIL(device_gic, b->devices[0].range.start = 0x08000000)
SPOIL(gic_overlap, b->gic.gicd_size = 0x200000)
SPOIL(gic_none, b->gic.gicr_size = 0)
SPOIL(own_outside, b->hypervisor.start = 0xc0000000)
SPOIL(own_across, b->hypervisor.start = 0x7ff00000)
SPOIL(own_empty, b->hypervisor.size = 0)
SPOIL(own_odd, b->hypervisor.size += 8)

static void test_boards(void)
{
	void (*const spoil[])(HvPlatform *) = {
		magic,        version,       size,           no_cpus,    many_cpus,   many_ram,
		many_devices, no_ram,        ram_empty,      ram_odd,    ram_overlap, ram_high,
		ram_wrap,     device_in_ram, device_overlap, device_gic, gic_overlap, gic_none,
		own_outside,  own_across,    own_empty,      own_odd,
	};

	CHECK(board_valid(&platform_board));
	for (size_t i = 0; i < COUNT(spoil); i++) {
		HvPlatform board = platform_board;

		spoil[i](&board);
		printf("# board %zu\n", i);
		CHECK(!board_valid(&board));
	}
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		TEST(test_all_pages),
		TEST(test_pairs),
		TEST(test_ledger),
		TEST(test_boards),
	};

	return test_main(tests, COUNT(tests), argc, argv);
}
