/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Zones and memory: windows in the root zone, sharing, clearing, and that every page is given back. */
#include "arch_memory.h"
#include "fixture.h"
#include "ledger.h"
#include "pool.h"
#include "test.h"

static void test_ram_comes_back_clean(void)
{
	fixture_boot();
	fake_behaviour.real_scrub = true;
	fixture_create(1);
	memset(fake_root_at(0x60000000, 4096), 0xaa, 4096);
	fixture_remove(1);
	CHECK_EQ(fixture_reason(1), HV_REASON_DESTROYED);
	CHECK(fake_root_at(0x60000000, 1) == NULL);
	CHECK_EQ(*(uint64_t *)arch_memory_at(0x60000000, 8), 0);
}

static void test_root_sees_ram(void)
{
	HvZoneConfig config = fixture_zone(1);
	struct hv_violation v;

	fixture_boot();
	config.flags = HV_CONFIG_ROOT_SEES_RAM;
	CHECK_EQ(zone_create(&config, &v), HV_OK);
	CHECK_EQ(zone_start(1), HV_OK);
	CHECK(fake_root_at(0x60000000, 8) != NULL);
	CHECK_EQ(zone_stop(1), HV_OK);
	CHECK(fake_root_at(0x60000000, 8) != NULL);
	CHECK_EQ(zone_destroy(1), HV_OK);
	/* before, not after it is cleared */
	CHECK(fake_root_at(0x60000000, 8) == NULL);
}

/* Takes pages until only `left` are free; returns them in a list. */
static void *drain_pool(uint64_t left)
{
	struct hv_stats stats;
	void **list = NULL;

	pool_stats(&stats);
	for (uint64_t n = stats.pool_pages - stats.pool_used; n > left; n--) {
		void **page = pool_alloc(0);

		CHECK(page != NULL);
		*page = (void *)list;
		list = page;
	}
	return list;
}

static void refill_pool(void *list)
{
	while (list != NULL) {
		void *next = *(void **)list;

		pool_free(list, 0);
		list = next;
	}
}

static void test_every_allocation_fails(void)
{
	HvZoneConfig config = fixture_zone(1);
	struct hv_violation v;
	uint32_t failures = 0;
	int64_t err;

	fixture_boot();
	do {
		uint64_t used = fixture_pool_used();
		uint32_t root_maps = zone_get(0)->stage2.count;
		void *drained = drain_pool(failures);

		err = zone_create(&config, &v);
		if (err == HV_OK)
			fixture_remove(1);
		else
			CHECK_EQ(err, HV_ERR_NO_MEMORY);
		refill_pool(drained);
		CHECK_EQ(fixture_pool_used(), used);
		CHECK_EQ(zone_get(0)->stage2.count, root_maps);
		CHECK_EQ(ledger_cpu_owner(2), LEDGER_NOBODY);
		CHECK_EQ(ledger_interrupt_owner(129), LEDGER_NOBODY);
		CHECK_EQ(ledger_page_owner(0x60000000), LEDGER_NOBODY);
		CHECK(zone_get(1)->ring == NULL);
		CHECK_EQ(zone_get(1)->windows, 0);
		CHECK_EQ(fixture_state(1), HV_ZONE_NONE);
		failures++;
	} while (err != HV_OK);
	/* root tables 2, two regions, ring page and its mapping, one window */
	CHECK_EQ(failures - 1, 7);
}

static void test_failed_create_keeps_last_status(void)
{
	HvZoneConfig config = fixture_zone(1);
	struct hv_zone_status status;
	struct hv_violation v;
	void *drained;

	fixture_boot();
	fixture_start(1);
	fixture_remove(1);
	memcpy(config.name, "other", 6);
	drained = drain_pool(0);
	CHECK_EQ(zone_create(&config, &v), HV_ERR_NO_MEMORY);
	refill_pool(drained);
	CHECK_EQ(zone_status(1, &status), HV_OK);
	CHECK(strcmp(status.name, "zone1") == 0);
	CHECK_EQ(status.reason, HV_REASON_STOPPED);
	CHECK_EQ(status.runs, 1);
}

static void create_sharing(uint32_t id, uint64_t start, uint64_t size)
{
	HvZoneConfig config = fixture_sharing_zone(id, start, size);
	struct hv_violation v;

	CHECK_EQ(zone_create(&config, &v), HV_OK);
}

static void test_shared_ram(void)
{
	fixture_boot();
	create_sharing(1, 0x90000000, 0x2000);
	create_sharing(2, 0x90000000, 0x2000);
	CHECK_EQ(zone_start(1), HV_OK);
	/* zone 2 is still being loaded */
	CHECK(fake_root_at(0x90000000, 0x2000) != NULL);
	CHECK_EQ(zone_start(2), HV_OK);
	CHECK(fake_root_at(0x90000000, 1) == NULL);
	fixture_remove(1);
	CHECK_EQ(fake_recorder.scrubbed.count, 1); /* its own only */
	CHECK_EQ(ledger_page_owner(0x90000000), 2);
	create_sharing(1, 0x90000000, 0x2000);
	CHECK(fake_root_at(0x90000000, 0x2000) != NULL);
	fixture_remove(1);
	CHECK(fake_root_at(0x90000000, 1) == NULL);
	fixture_remove(2);
	CHECK_EQ(fake_recorder.scrubbed.count, 2 + 2);
	CHECK_EQ(fake_recorder.scrubbed.record[3].start, 0x90000000);
	CHECK_EQ(ledger_page_owner(0x90000000), LEDGER_NOBODY);
}

static void test_shared_ram_destroyed_together(void)
{
	fixture_boot();
	create_sharing(1, 0x90000000, 0x2000);
	create_sharing(2, 0x90000000, 0x2000);
	CHECK_EQ(zone_destroy(1), HV_OK);
	CHECK(fake_root_at(0x90000000, 1) != NULL);
	CHECK_EQ(zone_destroy(2), HV_OK);
	CHECK(fake_root_at(0x90000000, 1) == NULL);
	fixture_settle();
	/* one of the two cleared it */
	CHECK_EQ(fake_recorder.scrubbed.count, 3);
}

static void test_shared_ram_not_joined_while_cleared(void)
{
	HvZoneConfig config = fixture_sharing_zone(2, 0x90000000, 0x2000);
	struct hv_violation v = { 0 };

	fixture_boot();
	create_sharing(1, 0x90000000, 0x2000);
	CHECK_EQ(zone_destroy(1), HV_OK);
	CHECK_EQ(zone_create(&config, &v), HV_ERR_CONFLICT);
	CHECK_EQ(v.code, HV_VIOLATION_RAM_CONFLICT);
	CHECK_EQ(v.index, 3);
	CHECK_EQ(v.other_zone, 1);
	CHECK_EQ(v.other_index, 3);
	CHECK_EQ(ledger_cpu_owner(4), LEDGER_NOBODY);
	fixture_settle();
	create_sharing(2, 0x90000000, 0x2000);
	fixture_remove(2);
}

static void test_ram_shared_with_root(void)
{
	uint32_t maps;

	fixture_boot();
	maps = zone_get(0)->stage2.count;
	create_sharing(1, FIXTURE_SHARED, FIXTURE_SHARED_SIZE);
	CHECK_EQ(zone_start(1), HV_OK);
	CHECK(fake_root_at(FIXTURE_SHARED, FIXTURE_SHARED_SIZE) != NULL);
	fixture_remove(1);
	CHECK(fake_root_at(FIXTURE_SHARED, FIXTURE_SHARED_SIZE) != NULL);
	CHECK_EQ(fake_recorder.scrubbed.count, 1);
	CHECK_EQ(ledger_page_owner(FIXTURE_SHARED), 0);
	CHECK_EQ(zone_get(0)->stage2.count, maps);
}

static void test_thousand_cycles(void)
{
	uint64_t used;

	fixture_boot();
	used = fixture_pool_used();
	for (int i = 0; i < 1000; i++) {
		fixture_start(1);
		fixture_remove(1);
		CHECK_EQ(fixture_pool_used(), used);
	}
	CHECK_EQ(zone_get(1)->runs, 1000);
	CHECK_EQ(zone_get(1)->generation, 6000); /* six changes a life */
}

static void test_three_zones_take_turns(void)
{
	uint64_t used;

	fixture_boot();
	used = fixture_pool_used();
	for (int i = 0; i < 50; i++) {
		fixture_start(1 + (uint32_t)i % 3);
		fixture_start(1 + (uint32_t)(i + 1) % 3);
		fixture_remove(1 + (uint32_t)i % 3);
		fixture_start(1 + (uint32_t)(i + 2) % 3);
		fixture_remove(1 + (uint32_t)(i + 1) % 3);
		fixture_remove(1 + (uint32_t)(i + 2) % 3);
	}
	CHECK_EQ(fixture_pool_used(), used);
}

/* Adjoining ranges of the board's RAM are one to configs, so they are to whoever clears or cleans them. */
static void test_ram_of_two_ranges(void)
{
	HvZoneConfig config = fixture_zone(1);
	struct hv_violation v;

	fixture_boot();
	config.regions[0].physical_start = 0x7c000000;
	config.kernel_load_paddr = 0x7f000000;
	config.entry_point = 0x43000000;
	config.dtb_load_paddr = 0x7c000000;
	CHECK_EQ(zone_create(&config, &v), HV_OK);
	CHECK(fake_root_at(0x7ffffffc, 8) != NULL);
	CHECK(arch_memory_at(0x10ffffff8, 8) != NULL);
	CHECK(arch_memory_at(0x10ffffff8, 16) == NULL);
	CHECK(arch_memory_at(0x3ffffff8, 16) == NULL);
	CHECK(arch_memory_at(0xbffffff8, 16) == NULL);
	CHECK_EQ(zone_start(1), HV_OK);
	fixture_settle();
	fixture_remove(1);
	CHECK_EQ(fake_recorder.scrubbed.record[0].start, 0x7c000000);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		TEST(test_ram_of_two_ranges),
		TEST(test_ram_comes_back_clean),
		TEST(test_root_sees_ram),
		TEST(test_every_allocation_fails),
		TEST(test_failed_create_keeps_last_status),
		TEST(test_shared_ram),
		TEST(test_shared_ram_destroyed_together),
		TEST(test_shared_ram_not_joined_while_cleared),
		TEST(test_ram_shared_with_root),
		TEST(test_thousand_cycles),
		TEST(test_three_zones_take_turns),
	};

	return test_main(tests, COUNT(tests), argc, argv);
}
