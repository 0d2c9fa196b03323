/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lifecycle: who may do what when, what each step does, who is told. */
#include "fixture.h"
#include "ledger.h"
#include "mmio.h"
#include "test.h"

/* How to bring zone 1 into a state. */
static void to_none(void)
{
}

static void to_loading(void)
{
	fixture_create(1);
}

static void to_running(void)
{
	fixture_start(1);
}

static void to_stopping(void)
{
	fixture_start(1);
	CHECK_EQ(zone_stop(1), HV_OK);
}

static void to_ended(void)
{
	to_stopping();
	fixture_settle();
}

static void to_scrubbing(void)
{
	to_ended();
	CHECK_EQ(zone_destroy(1), HV_OK);
}

static void to_pausing(void)
{
	fixture_start(1);
	CHECK_EQ(zone_pause(1), HV_OK);
}

static void to_paused(void)
{
	to_pausing();
	fixture_settle();
}

static int64_t do_create(void)
{
	HvZoneConfig config = fixture_zone(1);
	struct hv_violation v;

	return zone_create(&config, &v);
}

static int64_t do_start(void)
{
	return zone_start(1);
}

static int64_t do_stop(void)
{
	return zone_stop(1);
}

static int64_t do_destroy(void)
{
	return zone_destroy(1);
}

static int64_t do_pause(void)
{
	return zone_pause(1);
}

static int64_t do_resume(void)
{
	return zone_resume(1);
}

static int64_t do_inject(void)
{
	return zone_inject(1, 78);
}

static int64_t do_config(void)
{
	HvZoneConfig config;

	return zone_config(1, &config);
}

static int64_t do_complete(void)
{
	return mmio_complete(1, 0, 1, 0);
}

#define NO_ZONE HV_ERR_NO_ZONE
#define STATE HV_ERR_STATE
#define EXISTS HV_ERR_EXISTS
#define INVALID HV_ERR_INVALID
#define OK HV_OK

static const struct {
	void (*reach)(void);
	uint32_t state;
} states[] = {
	{ to_none, HV_ZONE_NONE },       { to_loading, HV_ZONE_LOADING },
	{ to_running, HV_ZONE_RUNNING }, { to_stopping, HV_ZONE_STOPPING },
	{ to_ended, HV_ZONE_ENDED },     { to_scrubbing, HV_ZONE_SCRUBBING },
	{ to_paused, HV_ZONE_PAUSED },   { to_pausing, HV_ZONE_RUNNING },
};

/* In that order: NONE LOADING RUNNING STOPPING ENDED SCRUBBING PAUSED, RUNNING but soon to be paused. */
static const struct {
	int64_t (*call)(void);
	int64_t result[8];
	uint32_t next[8];
} calls[] = {
	{ do_create,
	  { OK, EXISTS, EXISTS, EXISTS, EXISTS, EXISTS, EXISTS, EXISTS },
	  { 1, 1, 2, 3, 4, 5, 6, 2 } },
	{ do_start, { NO_ZONE, OK, STATE, STATE, STATE, STATE, STATE, STATE }, { 0, 2, 2, 3, 4, 5, 6, 2 } },
	{ do_stop, { NO_ZONE, OK, OK, OK, STATE, STATE, OK, OK }, { 0, 4, 3, 3, 4, 5, 3, 3 } },
	{ do_destroy, { NO_ZONE, OK, STATE, STATE, OK, STATE, STATE, STATE }, { 0, 5, 2, 3, 5, 5, 6, 2 } },
	{ do_pause, { NO_ZONE, STATE, OK, STATE, STATE, STATE, STATE, OK }, { 0, 1, 2, 3, 4, 5, 6, 2 } },
	{ do_resume, { NO_ZONE, STATE, STATE, STATE, STATE, STATE, OK, STATE }, { 0, 1, 2, 3, 4, 5, 2, 2 } },
	{ do_inject, { NO_ZONE, STATE, OK, STATE, STATE, STATE, OK, OK }, { 0, 1, 2, 3, 4, 5, 6, 2 } },
	{ do_config, { NO_ZONE, OK, OK, OK, OK, OK, OK, OK }, { 0, 1, 2, 3, 4, 5, 6, 2 } },
	{ do_complete,
	  { NO_ZONE, STATE, INVALID, STATE, STATE, STATE, INVALID, INVALID },
	  { 0, 1, 2, 3, 4, 5, 6, 2 } },
};

static void test_every_state_and_call(void)
{
	fixture_boot();
	for (size_t c = 0; c < COUNT(calls); c++) {
		for (size_t s = 0; s < COUNT(states); s++) {
			uint64_t used = fixture_pool_used();

			printf("# call %zu in state %zu\n", c, s);
			states[s].reach();
			CHECK_EQ(fixture_state(1), states[s].state);
			CHECK_EQ(calls[c].call(), calls[c].result[s]);
			CHECK_EQ(fixture_state(1), calls[c].next[s]);
			fixture_settle();
			if (fixture_state(1) != HV_ZONE_NONE)
				fixture_remove(1);
			CHECK_EQ(fixture_pool_used(), used);
		}
	}
}

static void test_strange_ids(void)
{
	static const uint64_t ids[] = { 0, HV_MAX_ZONES, 1ull << 32, UINT64_MAX };
	struct hv_zone_status status;
	HvZoneConfig config;

	fixture_boot();
	for (size_t i = 0; i < COUNT(ids); i++) {
		CHECK_EQ(zone_start(ids[i]), HV_ERR_INVALID);
		CHECK_EQ(zone_stop(ids[i]), HV_ERR_INVALID);
		CHECK_EQ(zone_destroy(ids[i]), HV_ERR_INVALID);
		CHECK_EQ(zone_pause(ids[i]), HV_ERR_INVALID);
		CHECK_EQ(zone_resume(ids[i]), HV_ERR_INVALID);
		CHECK_EQ(zone_inject(ids[i], FIXTURE_EVENT_INTID), HV_ERR_INVALID);
		CHECK_EQ(mmio_complete(ids[i], 0, 0, 0), HV_ERR_INVALID);
		if (ids[i] == 0)
			continue;
		CHECK_EQ(zone_status(ids[i], &status), HV_ERR_INVALID);
		CHECK_EQ(zone_config(ids[i], &config), HV_ERR_INVALID);
		CHECK(zone_get(ids[i]) == NULL);
	}
	CHECK_EQ(zone_status(1, &status), HV_ERR_NO_ZONE);
	CHECK_EQ(zone_status(0, &status), HV_OK);
	CHECK_EQ(status.state, HV_ZONE_RUNNING);
	CHECK_EQ(zone_list(), 1);
}

static void test_root_boot(void)
{
	struct zone *root = zone_get(0);
	enum stage2_memory memory;
	uint64_t pa;

	fixture_boot();
	CHECK_EQ(root->state, HV_ZONE_RUNNING);
	CHECK_EQ(root->num_vcpus, 2);
	CHECK_EQ(root->vcpu[0]->entry, 0x42000000);
	CHECK_EQ(root->vcpu[0]->context, 0x41e00000);
	CHECK_EQ(root->vcpu[0]->power, VCPU_ON);
	CHECK_EQ(root->vcpu[1]->power, VCPU_OFF);
	CHECK(root->ring == NULL);
	CHECK_EQ(fake_recorder.cleaned.count, 0);
	CHECK(fake_translate(&root->stage2, 0x40400000, 0x1000, &pa, &memory));
	CHECK_EQ(pa, 0x40400000);
	CHECK(!fake_translate(&root->stage2, 0x40200000, 1, &pa, &memory));
	CHECK(!fake_translate(&root->stage2, 0x60000000, 1, &pa, &memory));
	CHECK(!fake_translate(&root->stage2, 0x08000000, 1, &pa, &memory));
	CHECK(fake_translate(&root->stage2, 0x09000000, 0x1000, &pa, &memory));
	CHECK_EQ(memory, STAGE2_DEVICE);
}

static void test_life_of_a_zone(void)
{
	struct zone *zone = zone_get(1);
	struct hv_zone_status status;
	enum stage2_memory memory;
	uint64_t pa, used;

	fixture_boot();
	used = fixture_pool_used();
	fixture_create(1);
	CHECK_EQ(zone_list(), 3);
	CHECK(fake_root_at(0x60000000, 0x8000000) != NULL);
	CHECK(fake_translate(&zone->stage2, 0x40000000, 0x8000000, &pa, &memory));
	CHECK_EQ(pa, 0x60000000);
	CHECK_EQ(memory, STAGE2_NORMAL);
	CHECK(fake_translate(&zone->stage2, 0x30a60000, 0x1000, &pa, &memory));
	CHECK_EQ(memory, STAGE2_DEVICE);
	CHECK(!fake_translate(&zone->stage2, FIXTURE_VIRTIO_IPA, 4, &pa, &memory));
	CHECK_EQ(ledger_cpu_owner(2), 1);
	CHECK_EQ(ledger_interrupt_owner(129), 1);
	CHECK_EQ(ledger_page_owner(0x67fff000), 1);
	CHECK_EQ(fake_recorder.powered, 0);

	CHECK_EQ(zone_start(1), HV_OK);
	CHECK_EQ(fake_recorder.powered, 0xc);
	CHECK(fake_root_at(0x60000000, 8) == NULL);
	CHECK_EQ(fake_recorder.kicks[2], 1);
	CHECK_EQ(zone->vcpu[0]->power, VCPU_ON_PENDING);
	CHECK(!cpu_step(3));
	CHECK(cpu_step(2));
	CHECK_EQ(zone->vcpu[0]->arch.runs, 1);
	CHECK_EQ(zone->vcpu[0]->entry, 0x40400000);
	CHECK_EQ(zone->vcpu[0]->context, 0x40000000);
	CHECK_EQ(fake_recorder.cleaned.count, 2);
	CHECK_EQ(fake_recorder.cleaned.record[0].start, 0x60400000);
	CHECK_EQ(fake_recorder.cleaned.record[1].start, 0x60000000);

	zone->vcpu[0]->exits = 17;
	CHECK_EQ(zone_status(1, &status), HV_OK);
	CHECK_EQ(status.state, HV_ZONE_RUNNING);
	CHECK_EQ(status.runs, 1);
	CHECK_EQ(status.num_cpus, 2);
	CHECK_EQ(status.cpus_on, 1);
	CHECK_EQ(status.exits, 17);
	CHECK_EQ(status.pages, 2 + 2 + 1);
	CHECK(strcmp(status.name, "zone1") == 0);
	CHECK(fake_root_at(status.ring, HV_PAGE_SIZE) == zone->ring);

	CHECK_EQ(zone_stop(1), HV_OK);
	CHECK_EQ(cpu_poll(zone->vcpu[0]), VCPU_LEAVE);
	CHECK_EQ(fixture_state(1), HV_ZONE_ENDED);
	CHECK_EQ(zone_destroy(1), HV_OK);
	CHECK_EQ(fake_recorder.scrubbed.count, 0);
	CHECK_EQ(ledger_cpu_owner(2), 1);
	CHECK(!cpu_step(3));
	CHECK(cpu_step(2));
	CHECK_EQ(fake_recorder.scrubbed.count, 1);
	CHECK_EQ(fake_recorder.scrubbed.record[0].start, 0x60000000);
	CHECK_EQ(fake_recorder.scrubbed.record[0].size, 0x8000000);
	CHECK_EQ(ledger_cpu_owner(2), LEDGER_NOBODY);
	CHECK_EQ(ledger_interrupt_owner(129), LEDGER_NOBODY);
	CHECK_EQ(ledger_page_owner(0x60000000), LEDGER_NOBODY);
	CHECK_EQ(fixture_pool_used(), used);
	CHECK(!cpu_step(2));

	CHECK_EQ(zone_status(1, &status), HV_OK);
	CHECK_EQ(status.state, HV_ZONE_NONE);
	CHECK_EQ(status.reason, HV_REASON_STOPPED);
	CHECK_EQ(status.runs, 1);
	CHECK_EQ(status.exits, 17);
	CHECK_EQ(status.ring, 0);
	CHECK(strcmp(status.name, "zone1") == 0);
	CHECK_EQ(zone_list(), 1);
}

static void test_no_tree(void)
{
	HvZoneConfig config = fixture_zone(1);
	struct hv_violation v;

	fixture_boot();
	config.dtb_size = 0;
	CHECK_EQ(zone_create(&config, &v), HV_OK);
	CHECK_EQ(zone_start(1), HV_OK);
	CHECK(cpu_step(2));
	CHECK_EQ(zone_get(1)->vcpu[0]->context, 0);
	CHECK_EQ(fake_recorder.cleaned.count, 1);
}

static void check_conflict(const HvZoneConfig *config, enum hv_violation_code code, uint32_t other)
{
	struct hv_violation v = { 0 };
	uint64_t used = fixture_pool_used();

	CHECK_EQ(zone_create(config, &v), HV_ERR_CONFLICT);
	CHECK_EQ(v.code, code);
	CHECK_EQ(v.other_zone, other);
	CHECK_EQ(fixture_pool_used(), used);
	CHECK_EQ(fixture_state(config->zone_id), HV_ZONE_NONE);
}

static void test_conflicts(void)
{
	HvZoneConfig config;

	fixture_boot();
	fixture_start(1);
	config = fixture_zone(2);
	config.cpus = 0x18;
	check_conflict(&config, HV_VIOLATION_CPU_CONFLICT, 1);
	CHECK_EQ(ledger_cpu_owner(4), LEDGER_NOBODY);
	CHECK_EQ(ledger_cpu_owner(3), 1);
	config.cpus = 0x3;
	check_conflict(&config, HV_VIOLATION_CPU_CONFLICT, 0);
	config = fixture_zone(2);
	config.regions[0].physical_start = 0x48000000;
	config.kernel_load_paddr = 0x48400000;
	config.dtb_load_paddr = 0x48000000;
	check_conflict(&config, HV_VIOLATION_RAM_CONFLICT, 0);
	config = fixture_zone(2);
	config.regions[1].physical_start = 0x30a60000;
	check_conflict(&config, HV_VIOLATION_DEVICE_CONFLICT, 1);
	config = fixture_zone(2);
	hv_intid_add(&config.interrupts, 129);
	check_conflict(&config, HV_VIOLATION_INTERRUPT_CONFLICT, 1);
	CHECK_EQ(ledger_interrupt_owner(130), LEDGER_NOBODY);
	CHECK_EQ(ledger_interrupt_owner(129), 1);
	/* both zones may have a virtual 78, and the same guest-physical addresses */
	fixture_start(2);
	fixture_remove(1);
	fixture_remove(2);
}

static void test_invalid_config(void)
{
	HvZoneConfig config = fixture_zone(1);
	struct hv_violation v = { 0 };

	fixture_boot();
	config.num_cpus = 7;
	CHECK_EQ(zone_create(&config, &v), HV_ERR_CONFIG);
	CHECK_EQ(v.code, HV_VIOLATION_CPU_COUNT);
	CHECK_EQ(zone_list(), 1);
	config = platform_root_zone;
	CHECK_EQ(zone_create(&config, &v), HV_ERR_CONFIG);
	CHECK_EQ(v.code, HV_VIOLATION_ZONE_ID);
}

static void test_dead_cpu(void)
{
	fixture_boot();
	fixture_create(1);
	fake_behaviour.dead_cpus = 1u << 3;
	CHECK_EQ(zone_start(1), HV_ERR_HARDWARE);
	CHECK_EQ(fixture_state(1), HV_ZONE_LOADING);
	CHECK(fake_root_at(0x60000000, 8) != NULL);
	CHECK_EQ(zone_get(1)->runs, 0);
	fake_behaviour.dead_cpus = 1u << 2;
	CHECK_EQ(zone_destroy(1), HV_ERR_HARDWARE);
	CHECK_EQ(fixture_state(1), HV_ZONE_LOADING);
	CHECK(fake_root_at(0x60000000, 8) != NULL);
	fake_behaviour.dead_cpus = 0;
	CHECK_EQ(zone_start(1), HV_OK);
	fixture_remove(1);
}

static void test_stop_before_first_instruction(void)
{
	fixture_boot();
	fixture_create(1);
	CHECK_EQ(zone_start(1), HV_OK);
	CHECK_EQ(zone_stop(1), HV_OK);
	CHECK_EQ(fixture_state(1), HV_ZONE_ENDED);
	CHECK(!cpu_step(2));
	CHECK_EQ(vcpu_of_cpu(2)->arch.runs, 0);
	fixture_remove(1);
}

static void test_stop_while_loading(void)
{
	fixture_boot();
	fixture_create(1);
	CHECK_EQ(zone_stop(1), HV_OK);
	CHECK_EQ(fixture_state(1), HV_ZONE_ENDED);
	CHECK_EQ(fixture_reason(1), HV_REASON_STOPPED);
	fixture_remove(1);
	/* its CPU was needed for the first time to clear the RAM */
	CHECK_EQ(fake_recorder.powered, 1u << 2);
}

static void test_changes_are_told(void)
{
	struct arch_zone *root = &zone_get(0)->arch;

	fixture_boot();
	(void)zone_take_changes();
	CHECK_EQ(fake_recorder.injections, 0);
	fixture_create(1);
	CHECK(hv_intid_test(&root->pending, FIXTURE_EVENT_INTID));
	CHECK_EQ(fake_recorder.injections, 1);
	/* not read yet: no second interrupt */
	CHECK_EQ(zone_stop(1), HV_OK);
	CHECK_EQ(fake_recorder.injections, 1);
	fixture_create(2);
	CHECK_EQ(fake_recorder.injections, 2);
	CHECK_EQ(zone_take_changes(), 6);
	CHECK_EQ(zone_take_changes(), 0);
	CHECK_EQ(zone_destroy(1), HV_OK);
	CHECK_EQ(fake_recorder.injections, 3);
	CHECK_EQ(zone_take_changes(), 2);
	fixture_settle();
	CHECK_EQ(zone_take_changes(), 2);
	CHECK_EQ(zone_get(1)->generation, 4);
}

static void test_inject(void)
{
	fixture_boot();
	fixture_start(1);
	CHECK_EQ(zone_inject(1, 78), HV_OK);
	CHECK(hv_intid_test(&zone_get(1)->arch.pending, 78));
	CHECK_EQ(zone_inject(1, 129), HV_ERR_INVALID); /* hardware's */
	CHECK_EQ(zone_inject(1, 77), HV_ERR_INVALID);
	CHECK_EQ(zone_inject(1, HV_MAX_INTIDS + 78), HV_ERR_INVALID);
	CHECK_EQ(zone_inject(1, (1ull << 32) + 78), HV_ERR_INVALID);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		TEST(test_every_state_and_call),
		TEST(test_strange_ids),
		TEST(test_root_boot),
		TEST(test_life_of_a_zone),
		TEST(test_no_tree),
		TEST(test_conflicts),
		TEST(test_invalid_config),
		TEST(test_dead_cpu),
		TEST(test_stop_before_first_instruction),
		TEST(test_stop_while_loading),
		TEST(test_changes_are_told),
		TEST(test_inject),
	};

	return test_main(tests, COUNT(tests), argc, argv);
}
