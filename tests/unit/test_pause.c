/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Paused zones: where each vCPU may be when it happens, and what may happen meanwhile. */
#include "fixture.h"
#include "mmio.h"
#include "psci.h"
#include "test.h"

#define CPU_OFF 0x84000002
#define CPU_ON 0xc4000003
#define AFFINITY_INFO 0xc4000004
#define SYSTEM_OFF 0x84000008
#define ON_PENDING 2
#define ENTRY 0x40400000ull
#define STATUS 0x70

static struct zone *zone;
static uint64_t loaded; /* by load() */
static bool load_ended;

static void boot(void)
{
	fixture_boot();
	zone = zone_get(1);
	fixture_start(1);
}

/* The machine is up: zone 1 anew, with both vCPUs. */
static void start_two(void)
{
	fixture_start(1);
	CHECK_EQ(fixture_psci(zone->vcpu[0], CPU_ON, 1, ENTRY, 0), 0);
	CHECK(cpu_step(3));
}

static void boot_two(void)
{
	fixture_boot();
	zone = zone_get(1);
	start_two();
}

static void pause_all(void)
{
	CHECK_EQ(zone_pause(1), HV_OK);
	fixture_settle();
	CHECK_EQ(fixture_state(1), HV_ZONE_PAUSED);
	CHECK(zone->arch.still);
}

static void resume_all(void)
{
	CHECK_EQ(zone_resume(1), HV_OK);
	CHECK_EQ(fixture_state(1), HV_ZONE_RUNNING);
	CHECK(!zone->arch.still);
	fixture_settle();
}

/* A guest that reads a device register. */
static enum vcpu_action load(struct vcpu *vcpu)
{
	struct mmio_access access = { .ipa = FIXTURE_VIRTIO_IPA + STATUS, .size = 4 };
	enum mmio_result result = mmio_access(vcpu, &access);

	loaded = access.value;
	load_ended = result == MMIO_DONE;
	return result == MMIO_LEAVE ? VCPU_LEAVE : VCPU_RESUME;
}

static void boot_loading(void)
{
	boot();
	loaded = 0;
	load_ended = false;
	fixture_guest(zone->vcpu[0], load);
	fixture_settle();
	CHECK_EQ(zone->vcpu[0]->wait_seq, 1);
}

static void test_all_are_out_first(void)
{
	boot_two();
	(void)zone_take_changes();
	fake_recorder.kicks[2] = fake_recorder.kicks[3] = 0;
	CHECK_EQ(zone_pause(1), HV_OK);
	CHECK_EQ(fake_recorder.kicks[2], 1);
	CHECK_EQ(fake_recorder.kicks[3], 1);
	CHECK_EQ(fixture_state(1), HV_ZONE_RUNNING);
	CHECK_EQ(zone_take_changes(), 0);
	fixture_settle();
	CHECK_EQ(fixture_state(1), HV_ZONE_PAUSED);
	CHECK_EQ(zone_take_changes(), 2);
	for (uint32_t i = 0; i < 2; i++) {
		CHECK(zone->vcpu[i]->arch.parked);
		CHECK_EQ(zone->vcpu[i]->power, VCPU_ON);
	}
	fake_recorder.kicks[2] = fake_recorder.kicks[3] = 0;
	CHECK_EQ(zone_resume(1), HV_OK);
	CHECK_EQ(fake_recorder.kicks[2], 1);
	CHECK_EQ(fake_recorder.kicks[3], 1);
	CHECK_EQ(zone_take_changes(), 2);
	fixture_settle();
	for (uint32_t i = 0; i < 2; i++) {
		CHECK(!zone->vcpu[i]->arch.parked);
		CHECK_EQ(zone->vcpu[i]->arch.parks, 1);
		CHECK_EQ(zone->vcpu[i]->arch.runs, 1);
		CHECK_EQ(zone->vcpu[i]->arch.quiesces, 0);
	}
	fixture_remove(1);
}

static void test_status(void)
{
	struct hv_zone_status status;

	boot_two();
	pause_all();
	CHECK_EQ(zone_status(1, &status), HV_OK);
	CHECK_EQ(status.state, HV_ZONE_PAUSED);
	CHECK_EQ(status.cpus_on, 2);
	CHECK_EQ(status.reason, HV_REASON_NONE);
	CHECK_EQ(status.runs, 1);
	resume_all();
	CHECK_EQ(zone_status(1, &status), HV_OK);
	CHECK_EQ(status.runs, 1);
	CHECK_EQ(status.generation, zone->generation);
}

static void test_many_times(void)
{
	boot_two();
	for (uint32_t i = 1; i <= 100; i++) {
		pause_all();
		resume_all();
		CHECK_EQ(zone->vcpu[1]->arch.parks, i);
	}
	fixture_remove(1);
}

/* Resumed and paused again before its CPUs woke: they are counted a second time. */
static void test_again_while_asleep(void)
{
	boot_two();
	pause_all();
	for (uint32_t i = 0; i < 3; i++) {
		CHECK_EQ(zone_resume(1), HV_OK);
		CHECK_EQ(zone_pause(1), HV_OK);
		CHECK_EQ(fixture_state(1), HV_ZONE_RUNNING);
		fixture_settle();
		CHECK_EQ(fixture_state(1), HV_ZONE_PAUSED);
	}
	CHECK_EQ(zone->vcpu[0]->arch.parks, 1);
	resume_all();
	CHECK_EQ(fixture_state(1), HV_ZONE_RUNNING);
	fixture_remove(1);
}

static void test_spurious_wakes(void)
{
	boot_two();
	pause_all();
	for (int i = 0; i < 10; i++)
		fixture_settle();
	CHECK_EQ(fixture_state(1), HV_ZONE_PAUSED);
	CHECK_EQ(zone->cpus_in, 0);
}

static void test_answer_meanwhile(void)
{
	boot_loading();
	pause_all();
	CHECK_EQ(mmio_complete(1, 0, 1, 0x55), HV_OK);
	fixture_settle();
	CHECK(!load_ended);
	CHECK_EQ(mmio_complete(1, 0, 1, 0x66), HV_ERR_INVALID);
	resume_all();
	CHECK(load_ended);
	CHECK_EQ(loaded, 0x55);
	fixture_remove(1);
}

static void test_answer_later(void)
{
	boot_loading();
	pause_all();
	resume_all();
	CHECK(!load_ended);
	CHECK_EQ(mmio_complete(1, 0, 1, 0x77), HV_OK);
	fixture_settle();
	CHECK(load_ended);
	CHECK_EQ(loaded, 0x77);
}

static void test_stop_of_a_waiting_one(void)
{
	boot_loading();
	pause_all();
	CHECK_EQ(zone_stop(1), HV_OK);
	CHECK_EQ(mmio_complete(1, 0, 1, 0), HV_ERR_STATE);
	fixture_settle();
	CHECK_EQ(fixture_state(1), HV_ZONE_ENDED);
	CHECK_EQ(fixture_reason(1), HV_REASON_STOPPED);
	CHECK(!load_ended);
	fixture_remove(1);
}

static void test_off_stays_off(void)
{
	boot();
	pause_all();
	CHECK(!cpu_step(3));
	resume_all();
	CHECK_EQ(zone->vcpu[1]->power, VCPU_OFF);
	CHECK_EQ(fixture_psci(zone->vcpu[0], CPU_ON, 1, ENTRY, 0), 0);
	CHECK(cpu_step(3));
	CHECK_EQ(zone->vcpu[1]->arch.runs, 1);
}

/* A vCPU that was switched on, and has not begun: it begins after. */
static void test_not_begun(void)
{
	boot();
	CHECK_EQ(fixture_psci(zone->vcpu[0], CPU_ON, 1, ENTRY, 7), 0);
	pause_all();
	CHECK(!cpu_step(3));
	CHECK_EQ(zone->vcpu[1]->power, VCPU_ON_PENDING);
	fake_recorder.kicks[3] = 0;
	CHECK_EQ(zone_resume(1), HV_OK);
	CHECK_EQ(fake_recorder.kicks[3], 1);
	fixture_settle();
	CHECK_EQ(zone->vcpu[1]->arch.runs, 1);
	CHECK_EQ(zone->vcpu[1]->context, 7);
	fixture_remove(1);
}

static void test_before_the_first_instruction(void)
{
	fixture_boot();
	fixture_create(1);
	zone = zone_get(1);
	CHECK_EQ(zone_start(1), HV_OK);
	CHECK_EQ(zone_pause(1), HV_OK);
	CHECK_EQ(fixture_state(1), HV_ZONE_PAUSED);
	fixture_settle();
	CHECK_EQ(zone->vcpu[0]->arch.runs, 0);
	resume_all();
	CHECK_EQ(zone->vcpu[0]->arch.runs, 1);
	CHECK_EQ(fake_recorder.cleaned.count, 2);
	pause_all();
	fixture_remove(1);
	/* and stopped there */
	fixture_create(1);
	CHECK_EQ(zone_start(1), HV_OK);
	CHECK_EQ(zone_pause(1), HV_OK);
	CHECK_EQ(zone_stop(1), HV_OK);
	CHECK_EQ(fixture_state(1), HV_ZONE_ENDED);
	CHECK(!cpu_step(2));
	fixture_remove(1);
}

/* While some are parked the others may still do anything. */
static void pause_first(void)
{
	CHECK_EQ(zone_pause(1), HV_OK);
	fixture_guest(zone->vcpu[0], cpu_poll);
}

static enum vcpu_action switch_off(struct vcpu *vcpu)
{
	uint64_t x[5] = { CPU_OFF };

	return psci_call(vcpu, x);
}

static enum vcpu_action end(struct vcpu *vcpu)
{
	uint64_t x[5] = { SYSTEM_OFF };

	return psci_call(vcpu, x);
}

static enum vcpu_action fault(struct vcpu *vcpu)
{
	return zone_fault(vcpu, HV_REASON_BAD_ACCESS, 1, 2, 3, 4);
}

static void test_cpu_off_while_pausing(void)
{
	boot_two();
	pause_first();
	fixture_guest(zone->vcpu[1], switch_off);
	fixture_settle();
	CHECK_EQ(fixture_state(1), HV_ZONE_PAUSED);
	CHECK_EQ(zone->vcpu[1]->power, VCPU_OFF);
	resume_all();
	CHECK_EQ(zone->vcpu[0]->power, VCPU_ON);
	/* and of the only one: the zone ends */
	CHECK_EQ(zone_pause(1), HV_OK);
	fixture_guest(zone->vcpu[0], switch_off);
	fixture_settle();
	CHECK_EQ(fixture_state(1), HV_ZONE_ENDED);
	CHECK_EQ(fixture_reason(1), HV_REASON_GUEST_OFF);
	fixture_remove(1);
}

static void test_end_while_pausing(void)
{
	static const struct {
		enum vcpu_action (*fn)(struct vcpu *vcpu);
		uint32_t reason;
	} ends[] = { { end, HV_REASON_GUEST_OFF }, { fault, HV_REASON_BAD_ACCESS } };

	fixture_boot();
	zone = zone_get(1);
	for (size_t i = 0; i < COUNT(ends); i++) {
		start_two();
		pause_first();
		fixture_guest(zone->vcpu[1], ends[i].fn);
		fixture_settle();
		CHECK_EQ(fixture_state(1), HV_ZONE_ENDED);
		CHECK_EQ(fixture_reason(1), ends[i].reason);
		CHECK_EQ(zone_resume(1), HV_ERR_STATE);
		fixture_remove(1);
		/* the next one with that id is not held */
		fixture_start(1);
		CHECK_EQ(zone->vcpu[0]->arch.runs, 1);
		fixture_remove(1);
	}
}

static enum vcpu_action switch_on(struct vcpu *vcpu)
{
	uint64_t x[5] = { CPU_ON, 1, ENTRY, 0 };
	enum vcpu_action action = psci_call(vcpu, x);

	CHECK_EQ(x[0], 0);
	CHECK_EQ(fixture_psci(vcpu, AFFINITY_INFO, 1, 0, 0), ON_PENDING);
	return action;
}

static void test_cpu_on_while_pausing(void)
{
	boot();
	CHECK_EQ(zone_pause(1), HV_OK);
	fixture_guest(zone->vcpu[0], switch_on);
	fixture_settle();
	CHECK_EQ(fixture_state(1), HV_ZONE_PAUSED);
	CHECK_EQ(zone->vcpu[1]->arch.runs, 0);
	resume_all();
	CHECK_EQ(zone->vcpu[1]->arch.runs, 1);
	fixture_remove(1);
}

static void test_stop(void)
{
	boot_two();
	CHECK_EQ(zone_pause(1), HV_OK);
	CHECK_EQ(zone_stop(1), HV_OK);
	CHECK_EQ(zone_pause(1), HV_ERR_STATE);
	CHECK_EQ(zone_resume(1), HV_ERR_STATE);
	fixture_settle();
	CHECK_EQ(fixture_state(1), HV_ZONE_ENDED);
	CHECK_EQ(zone_pause(1), HV_ERR_STATE);
	fixture_remove(1);
	start_two();
	pause_all();
	CHECK_EQ(zone_stop(1), HV_OK);
	CHECK_EQ(fixture_state(1), HV_ZONE_STOPPING);
	fixture_settle();
	CHECK_EQ(fixture_state(1), HV_ZONE_ENDED);
	CHECK_EQ(zone->vcpu[0]->arch.quiesces, 1);
	CHECK_EQ(zone->vcpu[1]->arch.quiesces, 1);
	fixture_remove(1);
}

static void test_inject_meanwhile(void)
{
	boot();
	pause_all();
	CHECK_EQ(zone_inject(1, 78), HV_OK);
	resume_all();
	CHECK(hv_intid_test(&zone->arch.pending, 78));
}

static void test_neighbours_run_on(void)
{
	boot_two();
	fixture_start(2);
	pause_all();
	CHECK_EQ(fixture_state(2), HV_ZONE_RUNNING);
	CHECK_EQ(zone_get(2)->vcpu[0]->arch.parks, 0);
	CHECK(!zone_get(2)->arch.still);
	fixture_remove(2);
	CHECK_EQ(fixture_state(1), HV_ZONE_PAUSED);
	fixture_remove(1);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		TEST(test_all_are_out_first),
		TEST(test_status),
		TEST(test_many_times),
		TEST(test_again_while_asleep),
		TEST(test_spurious_wakes),
		TEST(test_answer_meanwhile),
		TEST(test_answer_later),
		TEST(test_stop_of_a_waiting_one),
		TEST(test_off_stays_off),
		TEST(test_not_begun),
		TEST(test_before_the_first_instruction),
		TEST(test_cpu_off_while_pausing),
		TEST(test_end_while_pausing),
		TEST(test_cpu_on_while_pausing),
		TEST(test_stop),
		TEST(test_inject_meanwhile),
		TEST(test_neighbours_run_on),
	};

	return test_main(tests, COUNT(tests), argc, argv);
}
