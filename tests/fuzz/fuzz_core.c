/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The core as root zone, guests and device processes can drive it: any calls
 * in any order with any arguments. After each one the ledger, the stage-2
 * maps, the pool and the states must agree, and at the end all can be given
 * back. The fake architecture ends the process on any breach of its contract.
 */
#include "arch_cpu.h"
#include "fixture.h"
#include "fuzz.h"
#include "hypercall.h"
#include "ledger.h"
#include "mmio.h"
#include "psci.h"

#define SHARED_START 0xb0000000ull

static struct fuzz_input input;
static uint64_t pool_at_boot;
static uint32_t root_maps_at_boot;
static uint64_t asleep; /* bit per CPU: it is in while_waiting() already */

static uint32_t take_zone_id(void)
{
	return 1 + (uint32_t)fuzz_take(&input, 1) % 3;
}

static int64_t call(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	uint64_t x[5] = { HV_CALL_BASE + number, a, b, c, d };

	hypercall(zone_get(0)->vcpu[0], x);
	return (int64_t)x[0];
}

/* Good, or sharing, or with one field spoilt, or with another zone's CPUs, RAM or interrupts. */
static void do_create(void)
{
	uint32_t id = take_zone_id();
	uint64_t how = fuzz_take(&input, 1);
	HvZoneConfig config = fixture_zone(id);
	const HvZoneConfig other = fixture_zone(1 + id % 3);
	uint64_t value;

	if (how & 1)
		config = fixture_sharing_zone(id, (how & 2) ? SHARED_START : FIXTURE_SHARED,
					      (how & 2) ? 0x4000 : FIXTURE_SHARED_SIZE);
	if (how & 4)
		config.flags = HV_CONFIG_ROOT_SEES_RAM;
	if ((how & 0x38) == 0x08)
		config.cpus = (config.cpus << 1) & 0xff;
	if ((how & 0x38) == 0x10)
		config.regions[1] = other.regions[1];
	if ((how & 0x38) == 0x18)
		config.interrupts = other.interrupts;
	if ((how & 0x38) == 0x20) {
		value = fuzz_number(&input);
		memcpy((uint8_t *)&config + fuzz_take(&input, 2) % (sizeof(config) - 8), &value, 8);
	}
	memcpy(fake_root_at(FIXTURE_ROOT_BUFFER, sizeof(config)), &config, sizeof(config));
	(void)call(HV_CALL_ZONE_CREATE - HV_CALL_BASE, FIXTURE_ROOT_BUFFER, sizeof(config), 0, 0);
}

static void do_lifecycle(void)
{
	static const uint64_t numbers[] = { HV_CALL_ZONE_START, HV_CALL_ZONE_STOP, HV_CALL_ZONE_DESTROY,
					    HV_CALL_ZONE_PAUSE, HV_CALL_ZONE_RESUME };
	uint64_t which = fuzz_take(&input, 1) % 5;

	(void)call(numbers[which] - HV_CALL_BASE, take_zone_id(), 0, 0, 0);
}

static void do_any_call(void)
{
	uint64_t number = fuzz_take(&input, 1) % (HV_CALL_COUNT + 2);
	uint64_t a[4];

	for (int i = 0; i < 4; i++) {
		a[i] = fuzz_number(&input);
		if (a[i] == 0xb0)
			a[i] = FIXTURE_ROOT_BUFFER + 0x1000;
		if (a[i] == 0xb1)
			a[i] = sizeof(HvZoneConfig);
		if (a[i] == 0xb2)
			a[i] = sizeof(struct hv_zone_status);
	}
	(void)call(number, a[0], a[1], a[2], a[3]);
}

static void step(uint32_t cpu)
{
	struct vcpu *vcpu = vcpu_of_cpu(cpu);
	uint32_t before = arch_cpu_self();

	if (asleep >> cpu & 1)
		return;
	fake_set_cpu(cpu);
	if (vcpu->zone != NULL && vcpu->power == VCPU_ON)
		(void)cpu_poll(vcpu);
	else
		(void)cpu_step(cpu);
	fake_set_cpu(before);
}

static void do_step(void)
{
	step((uint32_t)fuzz_take(&input, 1) % FIXTURE_CPUS);
}

/* A vCPU that runs, of a zone other than root; NULL: none. */
static struct vcpu *take_running(void)
{
	struct zone *zone = zone_get(take_zone_id());
	struct vcpu *vcpu = zone->vcpu[fuzz_take(&input, 1) % 2];

	return vcpu != NULL && vcpu->power == VCPU_ON ? vcpu : NULL;
}

static void do_psci(void)
{
	static const uint32_t ids[] = { 0x84000002, 0x84000003, 0xc4000003, 0xc4000004, 0x84000008,
					0x84000009, 0x8400000a, 0x84000012, 0xc4000001, 0x80000001 };
	struct vcpu *vcpu = take_running();
	uint64_t how = fuzz_take(&input, 1);
	uint64_t x[5] = { how < 0x80 ? 0xc4000003 : ids[how % 10], fuzz_take(&input, 1) % 4, 0x40400000, 0 };

	if (how % 5 == 0)
		for (int i = 0; i < 4; i++)
			x[i] = fuzz_number(&input);
	if (vcpu != NULL)
		(void)psci_call(vcpu, x);
}

static void do_fault(void)
{
	struct vcpu *vcpu = take_running();

	if (vcpu != NULL)
		(void)zone_fault(vcpu, HV_REASON_BAD_ACCESS, fuzz_take(&input, 4), 1, 2, 3);
}

static void do_mmio(void)
{
	struct vcpu *vcpu = take_running();
	struct mmio_access access = {
		.ipa = FIXTURE_VIRTIO_IPA + fuzz_take(&input, 1) * 2,
		.size = (uint8_t)(1u << fuzz_take(&input, 1) % 4),
		.write = fuzz_take(&input, 1) % 2 != 0,
		.value = fuzz_take(&input, 4),
	};

	if (access.write && access.value % 4 == 0)
		access.ipa = FIXTURE_VIRTIO_IPA + 0x50;
	if (vcpu == NULL)
		return;
	fake_set_cpu(vcpu->cpu);
	(void)mmio_access(vcpu, &access);
	fake_set_cpu(0);
}

/* The device process writes anything it likes into the ring. */
static void do_scribble(void)
{
	struct hv_ring *ring = zone_get(take_zone_id())->ring;
	uint64_t value = fuzz_number(&input);

	if (ring == NULL)
		return;
	if (value % 2 == 0)
		ring->tail = ring->head;
	else
		memcpy((uint8_t *)ring + fuzz_take(&input, 2) % (sizeof(*ring) - 8), &value, 8);
}

/* What goes on while a vCPU waits for its answer, or is parked. Once the input is used up its zone is stopped. */
static void while_waiting(uint32_t cpu)
{
	struct vcpu *vcpu = vcpu_of_cpu(cpu);
	uint32_t id = vcpu->zone->id;
	uint64_t how = fuzz_take(&input, 1);

	asleep |= 1ull << cpu;
	if (input.left == 0 || how % 8 == 7)
		(void)zone_stop(id);
	else if (how % 32 == 4)
		(void)zone_pause(id);
	else if (how % 32 == 6 || how % 32 == 12)
		(void)zone_resume(id);
	else if (how % 32 == 8)
		do_step();
	else if (how % 2 == 0)
		(void)mmio_complete(id, vcpu->index, vcpu->wait_seq, how);
	else
		(void)mmio_complete(id, fuzz_number(&input), fuzz_number(&input), how);
	if (how % 16 == 3)
		do_scribble();
	asleep &= ~(1ull << cpu);
}

/* The ledger says what the existing zones' configs say, and no two of them claim the same. */
static void check_ledger(void)
{
	uint8_t cpu_owner[FIXTURE_CPUS], intid_owner[HV_MAX_INTIDS];
	struct hv_violation v;

	memset(cpu_owner, LEDGER_NOBODY, sizeof(cpu_owner));
	memset(intid_owner, LEDGER_NOBODY, sizeof(intid_owner));
	for (uint64_t left = zone_list(); left != 0; left &= left - 1) {
		const struct zone *zone = zone_get((uint64_t)__builtin_ctzll(left));

		for (uint32_t cpu = 0; cpu < FIXTURE_CPUS; cpu++)
			if ((zone->config.cpus >> cpu & 1) != 0)
				cpu_owner[cpu] = (uint8_t)zone->id;
		for (uint32_t intid = 0; intid < HV_MAX_INTIDS; intid++)
			if (hv_intid_test(&zone->config.interrupts, intid))
				intid_owner[intid] = (uint8_t)zone->id;
		for (uint64_t rest = left & (left - 1); rest != 0; rest &= rest - 1)
			ALWAYS(hv_config_compatible(&zone->config,
						    &zone_get((uint64_t)__builtin_ctzll(rest))->config, &v));
	}
	for (uint32_t cpu = 0; cpu < FIXTURE_CPUS; cpu++)
		ALWAYS(ledger_cpu_owner(cpu) == cpu_owner[cpu]);
	for (uint32_t intid = 0; intid < HV_MAX_INTIDS; intid++)
		ALWAYS(ledger_interrupt_owner(intid) == intid_owner[intid]);
}

static void check_zone_power(const struct zone *zone)
{
	uint32_t on = 0, pending = 0;

	for (uint32_t i = 0; i < zone->num_vcpus; i++) {
		ALWAYS(zone->vcpu[i]->zone == zone && zone->vcpu[i]->index == i);
		on += zone->vcpu[i]->power == VCPU_ON;
		pending += zone->vcpu[i]->power == VCPU_ON_PENDING;
		ALWAYS(zone->vcpu[i]->arch.running == (zone->vcpu[i]->power == VCPU_ON));
	}
	ALWAYS(zone->state != HV_ZONE_RUNNING || !zone->arch.still);
	ALWAYS(zone->state != HV_ZONE_PAUSED || zone->arch.still);
	ALWAYS(zone->state != HV_ZONE_PAUSED || (zone->held && zone->cpus_in == 0));
	if (zone->state == HV_ZONE_RUNNING || zone->state == HV_ZONE_PAUSED)
		ALWAYS(on + pending > 0);
	else if (zone->state == HV_ZONE_STOPPING)
		ALWAYS(on > 0 && pending == 0 && zone->cpus_in == on);
	else
		ALWAYS(on + pending == 0);
}

/* Every mapping lies in RAM or device pages of the zone itself. */
static void check_zone_maps(const struct zone *zone)
{
	for (uint32_t m = 0; m < zone->stage2.count; m++) {
		const struct fake_mapping *map = &zone->stage2.mapping[m];
		bool own = false;

		for (uint32_t i = 0; i < zone->config.num_regions; i++) {
			const struct hv_memory_region *r = &zone->config.regions[i];

			own |= r->type != HV_REGION_VIRTIO && r->physical_start == map->pa &&
			       r->virtual_start == map->ipa && r->size == map->size;
		}
		ALWAYS(own);
	}
}

/* What the root zone sees beside its own: rings, and RAM of zones being loaded or with devices. */
static void check_root_maps(void)
{
	const struct zone *root = zone_get(0);

	for (uint32_t m = root_maps_at_boot; m < root->stage2.count; m++) {
		const struct fake_mapping *map = &root->stage2.mapping[m];
		bool allowed = false;

		for (uint32_t id = 1; id < HV_MAX_ZONES; id++) {
			const struct zone *zone = zone_get(id);
			struct hv_zone_status status;
			uint64_t ipa;

			if (zone->state == HV_ZONE_NONE)
				continue;
			ALWAYS(zone_status(id, &status) == HV_OK);
			allowed |= map->pa == status.ring && map->size == HV_PAGE_SIZE;
			allowed |= hv_config_ram_ipa(&zone->config, map->pa, map->size, &ipa) &&
				   zone->state != HV_ZONE_SCRUBBING &&
				   (zone->runs == 0 || zone->windows != 0);
		}
		ALWAYS(allowed);
	}
}

static void check_all(void)
{
	uint64_t pages = 0;

	ALWAYS(zone_get(0)->state == HV_ZONE_RUNNING);
	check_ledger();
	for (uint32_t id = 0; id < HV_MAX_ZONES; id++) {
		const struct zone *zone = zone_get(id);

		ALWAYS(zone->state < HV_ZONE_STATES);
		ALWAYS(((zone_list() >> id) & 1) == (zone->state != HV_ZONE_NONE));
		if (zone->state == HV_ZONE_NONE) {
			ALWAYS(zone->stage2.root == NULL && zone->ring == NULL && zone->num_vcpus == 0);
			continue;
		}
		check_zone_power(zone);
		if (id != 0)
			check_zone_maps(zone);
		pages += 2 + zone->stage2.count + (zone->ring != NULL);
	}
	check_root_maps();
	ALWAYS(fixture_pool_used() == pages);
}

static void give_all_back(void)
{
	for (uint32_t id = 1; id < HV_MAX_ZONES; id++) {
		(void)zone_stop(id);
		fixture_settle();
		(void)zone_destroy(id);
		fixture_settle();
		ALWAYS(zone_get(id)->state == HV_ZONE_NONE);
	}
	ALWAYS(fixture_pool_used() == pool_at_boot);
	ALWAYS(zone_get(0)->stage2.count == root_maps_at_boot);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const actions[])(void) = {
		do_create, do_lifecycle, do_lifecycle, do_any_call,  do_step, do_step,
		do_step,   do_psci,      do_psci,      do_fault,     do_mmio, do_mmio,
		do_mmio,   do_scribble,  do_create,    do_lifecycle,
	};
	static bool booted;

	if (!booted) {
		fixture_boot();
		pool_at_boot = fixture_pool_used();
		root_maps_at_boot = zone_get(0)->stage2.count;
		fake_behaviour.on_wait = while_waiting;
		booted = true;
	}
	input = (struct fuzz_input){ data, size };
	while (input.left != 0) {
		actions[fuzz_take(&input, 1) % 16]();
		check_all();
	}
	give_all_back();
	return 0;
}
