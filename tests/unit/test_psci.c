/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PSCI as a guest sees it, and how vCPUs leave. */
#include "fixture.h"
#include "psci.h"
#include "test.h"

#define CPU_OFF 0x84000002u
#define CPU_ON 0x84000003u
#define CPU_ON_64 0xc4000003u
#define AFFINITY_INFO 0x84000004u
#define AFFINITY_INFO_64 0xc4000004u
#define MIGRATE_INFO_TYPE 0x84000006u
#define SYSTEM_OFF 0x84000008u
#define SYSTEM_RESET 0x84000009u
#define PSCI_FEATURES 0x8400000au
#define SYSTEM_RESET2 0x84000012u
#define SYSTEM_RESET2_64 0xc4000012u
#define SMCCC_VERSION 0x80000000u
#define SMCCC_ARCH_FEATURES 0x80000001u

#define NOT_SUPPORTED (-1)
#define INVALID_PARAMETERS (-2)
#define DENIED (-3)
#define ALREADY_ON (-4)
#define ON_PENDING (-5)
#define INTERNAL_FAILURE (-6)
#define INVALID_ADDRESS (-9)

#define ENTRY 0x40400000ull

static struct vcpu *boot_zone(void)
{
	fixture_boot();
	fixture_start(1);
	return zone_get(1)->vcpu[0];
}

static void test_versions_and_features(void)
{
	static const uint32_t offered[] = {
		SMCCC_VERSION, PSCI_VERSION,     CPU_OFF,           CPU_ON,     CPU_ON_64,
		AFFINITY_INFO, AFFINITY_INFO_64, MIGRATE_INFO_TYPE, SYSTEM_OFF, SYSTEM_RESET,
		PSCI_FEATURES, SYSTEM_RESET2,    SYSTEM_RESET2_64,
	};
	static const uint32_t refused[] = {
		0x84000001, 0xc4000001, 0x84000005, 0xc4000002, 0xc4000008,
		0x8400000e, 0x8400ffff, 0,          0xffffffff,
	};
	struct vcpu *vcpu = boot_zone();

	CHECK_EQ(fixture_psci(vcpu, PSCI_VERSION, 0, 0, 0), 0x10001);
	CHECK_EQ(fixture_psci(vcpu, SMCCC_VERSION, 0, 0, 0), 0x10002);
	CHECK_EQ(fixture_psci(vcpu, MIGRATE_INFO_TYPE, 0, 0, 0), 2);
	for (size_t i = 0; i < COUNT(offered); i++)
		CHECK_EQ(fixture_psci(vcpu, PSCI_FEATURES, offered[i], 0, 0), 0);
	for (size_t i = 0; i < COUNT(refused); i++) {
		CHECK_EQ(fixture_psci(vcpu, PSCI_FEATURES, refused[i], 0, 0), NOT_SUPPORTED);
		CHECK_EQ(fixture_psci(vcpu, refused[i], 1, ENTRY, 0), NOT_SUPPORTED);
	}
	CHECK_EQ(fixture_psci(vcpu, SMCCC_ARCH_FEATURES, SMCCC_VERSION, 0, 0), 0);
	CHECK_EQ(fixture_psci(vcpu, SMCCC_ARCH_FEATURES, SMCCC_ARCH_FEATURES, 0, 0), 0);
	CHECK_EQ(fixture_psci(vcpu, SMCCC_ARCH_FEATURES, 0x80008000, 0, 0), NOT_SUPPORTED);
	CHECK_EQ(fixture_psci(vcpu, SMCCC_ARCH_FEATURES, CPU_ON, 0, 0), NOT_SUPPORTED);
}

static void test_cpu_on(void)
{
	struct vcpu *vcpu = boot_zone();
	struct vcpu *second = zone_get(1)->vcpu[1];

	CHECK_EQ(fixture_psci(vcpu, AFFINITY_INFO, 1, 0, 0), 1);
	CHECK_EQ(fixture_psci(vcpu, CPU_ON_64, 1, ENTRY + 0x100, 0x1234567890), 0);
	CHECK_EQ(fake_recorder.kicks[3], 1);
	CHECK_EQ(fixture_psci(vcpu, AFFINITY_INFO_64, 1, 0, 0), 2);
	CHECK_EQ(fixture_psci(vcpu, CPU_ON_64, 1, ENTRY, 7), ON_PENDING);
	CHECK(cpu_step(3));
	CHECK_EQ(second->entry, ENTRY + 0x100);
	CHECK_EQ(second->context, 0x1234567890);
	CHECK_EQ(second->arch.resets, 1);
	CHECK_EQ(second->arch.runs, 1);
	CHECK_EQ(fixture_psci(vcpu, AFFINITY_INFO, 1, 0, 0), 0);
	CHECK_EQ(fixture_psci(vcpu, CPU_ON_64, 1, ENTRY, 7), ALREADY_ON);
	CHECK_EQ(fixture_psci(vcpu, CPU_ON_64, 0, ENTRY, 7), ALREADY_ON);
	/* the images were cleaned once, for the first vCPU */
	CHECK_EQ(fake_recorder.cleaned.count, 2);
}

static void test_cpu_on_32_bit(void)
{
	struct vcpu *vcpu = boot_zone();

	CHECK_EQ(fixture_psci(vcpu, CPU_ON, 0xffffffff00000001, 0xffffffff00000000 | ENTRY, UINT64_MAX), 0);
	CHECK_EQ(zone_get(1)->vcpu[1]->entry, ENTRY);
	CHECK_EQ(zone_get(1)->vcpu[1]->context, UINT32_MAX);
}

static void test_cpu_on_refused(void)
{
	static const uint64_t no_cpu[] = { 2,      3,       16,      17,         0x100,      0x101,
					   0xff00, 0x10000, 0x10001, 1ull << 32, 0x80000001, UINT64_MAX };
	static const uint64_t no_entry[] = {
		0, 0x3ffffffc, 0x48000000, 0x30a60000, FIXTURE_VIRTIO_IPA, ENTRY + 2, UINT64_MAX - 3
	};
	struct vcpu *vcpu = boot_zone();

	for (size_t i = 0; i < COUNT(no_cpu); i++) {
		CHECK_EQ(fixture_psci(vcpu, CPU_ON_64, no_cpu[i], ENTRY, 0), INVALID_PARAMETERS);
		CHECK_EQ(fixture_psci(vcpu, AFFINITY_INFO_64, no_cpu[i], 0, 0), INVALID_PARAMETERS);
	}
	for (size_t i = 0; i < COUNT(no_entry); i++)
		CHECK_EQ(fixture_psci(vcpu, CPU_ON_64, 1, no_entry[i], 0), INVALID_ADDRESS);
	CHECK_EQ(fixture_psci(vcpu, AFFINITY_INFO_64, 1, 1, 0), INVALID_PARAMETERS);
	CHECK_EQ(fixture_psci(vcpu, AFFINITY_INFO_64, 1, 0, 0), 1);
}

static void test_dead_cpu(void)
{
	struct vcpu *root;

	fixture_boot();
	root = zone_get(0)->vcpu[0];
	fake_behaviour.dead_cpus = 2;
	CHECK_EQ(fixture_psci(root, CPU_ON_64, 1, 0x42000000, 0), INTERNAL_FAILURE);
	CHECK_EQ(fixture_psci(root, AFFINITY_INFO, 1, 0, 0), 1);
	fake_behaviour.dead_cpus = 0;
	CHECK_EQ(fixture_psci(root, CPU_ON_64, 1, 0x42000000, 0), 0);
	CHECK_EQ(fake_recorder.powered, 2);
	CHECK(cpu_step(1));
}

static void test_off_and_on_again(void)
{
	struct vcpu *vcpu = boot_zone();
	struct vcpu *second = zone_get(1)->vcpu[1];

	for (uint32_t i = 1; i <= 3; i++) {
		CHECK_EQ(fixture_psci(vcpu, CPU_ON_64, 1, ENTRY, i), 0);
		CHECK(cpu_step(3));
		CHECK_EQ(second->arch.runs, i);
		CHECK_EQ(vcpu_power_off(second), VCPU_LEAVE);
		CHECK_EQ(fixture_psci(vcpu, AFFINITY_INFO, 1, 0, 0), 1);
		CHECK_EQ(second->arch.quiesces, i);
	}
	CHECK_EQ(fixture_state(1), HV_ZONE_RUNNING);
	/* vCPU 0 may go as well, and come back without the images being cleaned again */
	CHECK_EQ(fixture_psci(vcpu, CPU_ON_64, 1, ENTRY, 0), 0);
	CHECK(cpu_step(3));
	CHECK_EQ(vcpu_power_off(vcpu), VCPU_LEAVE);
	CHECK_EQ(fixture_psci(second, CPU_ON_64, 0, ENTRY, 0), 0);
	CHECK(cpu_step(2));
	CHECK_EQ(fake_recorder.cleaned.count, 2);
	CHECK_EQ(fixture_state(1), HV_ZONE_RUNNING);
}

static void test_last_off_ends_zone(void)
{
	struct vcpu *vcpu = boot_zone();

	fixture_psci(vcpu, CPU_OFF, 0, 0, 0);
	CHECK_EQ(fixture_state(1), HV_ZONE_ENDED);
	CHECK_EQ(fixture_reason(1), HV_REASON_GUEST_OFF);
	fixture_remove(1);
}

static void test_off_with_pending_sibling(void)
{
	struct vcpu *vcpu = boot_zone();

	CHECK_EQ(fixture_psci(vcpu, CPU_ON_64, 1, ENTRY, 0), 0);
	fixture_psci(vcpu, CPU_OFF, 0, 0, 0);
	CHECK_EQ(fixture_state(1), HV_ZONE_RUNNING);
	CHECK(cpu_step(3));
	fixture_psci(zone_get(1)->vcpu[1], CPU_OFF, 0, 0, 0);
	CHECK_EQ(fixture_state(1), HV_ZONE_ENDED);
}

static void test_system_calls_end_zone(void)
{
	static const struct {
		uint32_t id;
		uint64_t arg;
		uint32_t reason;
	} ends[] = {
		{ SYSTEM_OFF, 0, HV_REASON_GUEST_OFF },
		{ SYSTEM_RESET, 0, HV_REASON_GUEST_RESET },
		{ SYSTEM_RESET2, 0, HV_REASON_GUEST_RESET },
		{ SYSTEM_RESET2_64, 0, HV_REASON_GUEST_RESET },
	};

	fixture_boot();
	for (size_t i = 0; i < COUNT(ends); i++) {
		fixture_start(1);
		fixture_psci(zone_get(1)->vcpu[0], ends[i].id, ends[i].arg, 0, 0);
		CHECK_EQ(fixture_state(1), HV_ZONE_ENDED);
		CHECK_EQ(fixture_reason(1), ends[i].reason);
		fixture_remove(1);
	}
	fixture_start(1);
	CHECK_EQ(fixture_psci(zone_get(1)->vcpu[0], SYSTEM_RESET2, 0x80000000, 0, 0), INVALID_PARAMETERS);
	CHECK_EQ(fixture_psci(zone_get(1)->vcpu[0], SYSTEM_RESET2, 1, 0, 0), INVALID_PARAMETERS);
	CHECK_EQ(fixture_state(1), HV_ZONE_RUNNING);
	CHECK_EQ(fake_recorder.machine_offs + fake_recorder.machine_resets, 0);
}

static void boot_both(void)
{
	struct vcpu *vcpu = boot_zone();

	CHECK_EQ(fixture_psci(vcpu, CPU_ON_64, 1, ENTRY, 0), 0);
	CHECK(cpu_step(3));
}

static void test_siblings_leave(void)
{
	struct zone *zone = zone_get(1);

	boot_both();
	CHECK_EQ(cpu_poll(zone->vcpu[1]), VCPU_RESUME);
	CHECK_EQ(zone_end(zone->vcpu[0], HV_REASON_GUEST_OFF), VCPU_LEAVE);
	CHECK_EQ(fixture_state(1), HV_ZONE_STOPPING);
	CHECK(fake_recorder.kicks[3] >= 2);
	CHECK_EQ(cpu_poll(zone->vcpu[1]), VCPU_LEAVE);
	CHECK_EQ(fixture_state(1), HV_ZONE_ENDED);
	CHECK_EQ(zone->vcpu[1]->order, 0);
}

static void test_first_reason_counts(void)
{
	struct zone *zone = zone_get(1);
	struct hv_zone_status status;

	boot_both();
	CHECK_EQ(zone_fault(zone->vcpu[1], HV_REASON_BAD_ACCESS, 0x93800006, 0xdead, 0x12345000, 0x40401000),
		 VCPU_LEAVE);
	CHECK_EQ(zone_end(zone->vcpu[0], HV_REASON_GUEST_RESET), VCPU_LEAVE);
	CHECK_EQ(fixture_state(1), HV_ZONE_ENDED);
	CHECK_EQ(zone_status(1, &status), HV_OK);
	CHECK_EQ(status.reason, HV_REASON_BAD_ACCESS);
	CHECK_EQ(status.vcpu, 1);
	CHECK_EQ(status.esr, 0x93800006);
	CHECK_EQ(status.far, 0xdead);
	CHECK_EQ(status.ipa, 0x12345000);
	CHECK_EQ(status.pc, 0x40401000);
	fixture_remove(1);
	CHECK_EQ(zone_status(1, &status), HV_OK);
	CHECK_EQ(status.esr, 0x93800006);
	/* the next run starts with a clean record */
	fixture_start(1);
	CHECK_EQ(zone_status(1, &status), HV_OK);
	CHECK_EQ(status.reason, HV_REASON_NONE);
	CHECK_EQ(status.esr, 0);
	CHECK_EQ(status.runs, 2);
}

static void test_stop_meets_cpu_on(void)
{
	struct vcpu *vcpu = boot_zone();

	/* stop came first: no new vCPU */
	CHECK_EQ(zone_stop(1), HV_OK);
	CHECK_EQ(fixture_psci(vcpu, CPU_ON_64, 1, ENTRY, 0), DENIED);
	CHECK_EQ(cpu_poll(vcpu), VCPU_LEAVE);
	CHECK_EQ(fixture_state(1), HV_ZONE_ENDED);
	fixture_remove(1);
	/* CPU_ON came first, its CPU was too late */
	fixture_start(1);
	vcpu = zone_get(1)->vcpu[0];
	CHECK_EQ(fixture_psci(vcpu, CPU_ON_64, 1, ENTRY, 0), 0);
	CHECK_EQ(zone_stop(1), HV_OK);
	CHECK(!cpu_step(3));
	CHECK_EQ(cpu_poll(vcpu), VCPU_LEAVE);
	CHECK_EQ(fixture_state(1), HV_ZONE_ENDED);
	fixture_remove(1);
}

static void test_stop_meets_cpu_off(void)
{
	struct zone *zone = zone_get(1);

	boot_both();
	CHECK_EQ(zone_stop(1), HV_OK);
	/* off by itself before it saw the kick */
	CHECK_EQ(vcpu_power_off(zone->vcpu[1]), VCPU_LEAVE);
	CHECK_EQ(fixture_state(1), HV_ZONE_STOPPING);
	CHECK_EQ(vcpu_power_off(zone->vcpu[0]), VCPU_LEAVE);
	CHECK_EQ(fixture_state(1), HV_ZONE_ENDED);
	CHECK_EQ(fixture_reason(1), HV_REASON_STOPPED);
	fixture_remove(1);
}

static void test_all_end_at_once(void)
{
	struct zone *zone = zone_get(1);

	boot_both();
	CHECK_EQ(zone_end(zone->vcpu[1], HV_REASON_GUEST_OFF), VCPU_LEAVE);
	CHECK_EQ(zone_stop(1), HV_OK);
	CHECK_EQ(zone_end(zone->vcpu[0], HV_REASON_GUEST_RESET), VCPU_LEAVE);
	CHECK_EQ(fixture_state(1), HV_ZONE_ENDED);
	CHECK_EQ(fixture_reason(1), HV_REASON_GUEST_OFF);
	fixture_remove(1);
}

static void test_root_owns_the_machine(void)
{
	fixture_boot();
	fixture_start(1);
	fixture_psci(zone_get(0)->vcpu[0], SYSTEM_RESET, 0, 0, 0);
	CHECK_EQ(fake_recorder.machine_resets, 1);
	CHECK_EQ(fake_recorder.machine_offs, 0);
	CHECK_EQ(fixture_state(1), HV_ZONE_RUNNING);
}

static void test_root_off(void)
{
	fixture_boot();
	fixture_psci(zone_get(0)->vcpu[0], SYSTEM_OFF, 0, 0, 0);
	CHECK_EQ(fake_recorder.machine_offs, 1);
}

static void test_root_last_cpu_off(void)
{
	fixture_boot();
	fixture_psci(zone_get(0)->vcpu[0], CPU_OFF, 0, 0, 0);
	CHECK_EQ(fake_recorder.machine_offs, 1);
}

static void test_root_fault_spares_others(void)
{
	fixture_boot();
	fixture_start(1);
	CHECK_EQ(zone_fault(zone_get(0)->vcpu[0], HV_REASON_BAD_TRAP, 1, 2, 3, 4), VCPU_LEAVE);
	CHECK_EQ(fixture_state(0), HV_ZONE_ENDED);
	CHECK_EQ(fixture_state(1), HV_ZONE_RUNNING);
	CHECK_EQ(fake_recorder.machine_offs + fake_recorder.machine_resets, 0);
	/* a zone that ends now has nobody to tell */
	(void)zone_take_changes();
	CHECK_EQ(zone_end(zone_get(1)->vcpu[0], HV_REASON_GUEST_OFF), VCPU_LEAVE);
	CHECK_EQ(fixture_state(1), HV_ZONE_ENDED);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		TEST(test_versions_and_features),
		TEST(test_cpu_on),
		TEST(test_cpu_on_32_bit),
		TEST(test_cpu_on_refused),
		TEST(test_dead_cpu),
		TEST(test_off_and_on_again),
		TEST(test_last_off_ends_zone),
		TEST(test_off_with_pending_sibling),
		TEST(test_system_calls_end_zone),
		TEST(test_siblings_leave),
		TEST(test_first_reason_counts),
		TEST(test_stop_meets_cpu_on),
		TEST(test_stop_meets_cpu_off),
		TEST(test_all_end_at_once),
		TEST(test_root_owns_the_machine),
		TEST(test_root_off),
		TEST(test_root_last_cpu_off),
		TEST(test_root_fault_spares_others),
	};

	return test_main(tests, COUNT(tests), argc, argv);
}
