/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Threads play CPUs: two of the root zone start, serve, stop and destroy one
 * zone each, while the zones' own CPUs switch siblings on and off, wait for
 * device answers and end themselves in every way there is, all at once. Now
 * and then their zone is paused under them.
 */
#include <pthread.h>

#include "arch_cpu.h"
#include "fixture.h"
#include "ledger.h"
#include "mmio.h"
#include "psci.h"
#include "test.h"

#define ROUNDS 2000
#define RUNS 300u /* of the zone of which two know nothing of each other */
#define ZONES 2u
#define ENTRY 0x40400000ull

static struct {
	pthread_mutex_t mutex;
	pthread_cond_t kicked;
	bool kick;
} sleeper[FIXTURE_CPUS];
static bool finished;
static uint32_t reasons_seen; /* bit per HV_REASON_ */
static uint32_t pauses;       /* that came to their end */

static uint32_t random_below(uint32_t n)
{
	static _Thread_local uint64_t seed;

	if (seed == 0)
		seed = 1 + arch_cpu_self();
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(seed >> 33) % n;
}

static void kick(uint32_t cpu)
{
	pthread_mutex_lock(&sleeper[cpu].mutex);
	sleeper[cpu].kick = true;
	pthread_cond_signal(&sleeper[cpu].kicked);
	pthread_mutex_unlock(&sleeper[cpu].mutex);
}

/* Without a kick it sleeps for ever: a lost one hangs the test. */
static void sleep_until_kicked(uint32_t cpu)
{
	pthread_mutex_lock(&sleeper[cpu].mutex);
	while (!sleeper[cpu].kick)
		pthread_cond_wait(&sleeper[cpu].kicked, &sleeper[cpu].mutex);
	sleeper[cpu].kick = false;
	pthread_mutex_unlock(&sleeper[cpu].mutex);
}

static bool take_kick(uint32_t cpu)
{
	bool kicked;

	pthread_mutex_lock(&sleeper[cpu].mutex);
	kicked = sleeper[cpu].kick;
	sleeper[cpu].kick = false;
	pthread_mutex_unlock(&sleeper[cpu].mutex);
	return kicked;
}

static enum vcpu_action psci(struct vcpu *vcpu, uint32_t id, uint64_t a)
{
	uint64_t x[5] = { id, a, ENTRY, 0 };

	return psci_call(vcpu, x);
}

static enum vcpu_action device(struct vcpu *vcpu, uint64_t offset, bool write)
{
	struct mmio_access access = { .ipa = FIXTURE_VIRTIO_IPA + offset, .size = 4, .write = write };
	enum mmio_result result = mmio_access(vcpu, &access);

	CHECK(result != MMIO_NOT_VIRTIO);
	if (result == MMIO_DONE && !write)
		CHECK_EQ(access.value, (uint32_t)offset ^ vcpu->index);
	return result == MMIO_LEAVE ? VCPU_LEAVE : VCPU_RESUME;
}

/* What a guest does between two interrupts. */
static enum vcpu_action guest_step(struct vcpu *vcpu)
{
	__atomic_add_fetch(&vcpu->exits, 1, __ATOMIC_RELAXED);
	switch (random_below(40)) {
	case 0:
		return psci(vcpu, 0x84000008, 0); /* SYSTEM_OFF */
	case 1:
		return psci(vcpu, 0x84000009, 0); /* SYSTEM_RESET */
	case 2:
		return zone_fault(vcpu, HV_REASON_BAD_ACCESS, 1, 2, 3, 4);
	case 3:
	case 4:
	case 5:
		return psci(vcpu, 0x84000002, 0); /* CPU_OFF */
	case 6:
		return device(vcpu, 0x50, true);
	default:
		break;
	}
	if (random_below(3) == 0)
		return psci(vcpu, 0xc4000003, 1 - vcpu->index); /* CPU_ON */
	if (random_below(3) == 0)
		return device(vcpu, 0x70, random_below(2) == 0);
	return VCPU_RESUME;
}

static void guest(struct vcpu *vcpu)
{
	enum vcpu_action action = VCPU_RESUME;

	while (action == VCPU_RESUME) {
		action = take_kick(arch_cpu_self()) ? cpu_poll(vcpu) : VCPU_RESUME;
		if (action == VCPU_RESUME)
			action = guest_step(vcpu);
	}
}

static void *zone_cpu(void *arg)
{
	uint32_t cpu = (uint32_t)(uintptr_t)arg;

	fake_set_cpu(cpu);
	while (!__atomic_load_n(&finished, __ATOMIC_ACQUIRE))
		if (!cpu_step(cpu))
			arch_cpu_wait();
	return NULL;
}

static uint32_t state_of(uint32_t id)
{
	struct hv_zone_status status;

	CHECK_EQ(zone_status(id, &status), HV_OK);
	return status.state;
}

/* The device process: answers what stands in the ring. */
static void serve(uint32_t id)
{
	struct hv_ring *ring = zone_get(id)->ring;
	uint32_t tail = ring->tail;

	while (tail != __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE)) {
		struct hv_request request = ring->request[tail % HV_RING_SLOTS];
		int64_t err = HV_OK;

		tail = hv_ring_next(tail);
		__atomic_store_n(&ring->tail, tail, __ATOMIC_RELEASE);
		if (request.seq != 0)
			err = mmio_complete(id, request.vcpu, request.seq,
					    (request.ipa & 0x1ff) ^ request.vcpu);
		CHECK(err == HV_OK || err == HV_ERR_STATE);
		err = zone_inject(id, 78);
		CHECK(err == HV_OK || err == HV_ERR_STATE);
	}
}

/* Ends in any state; often it is resumed before all its CPUs have noticed that it was paused last. */
static void pause_a_while(uint32_t id)
{
	int64_t err = zone_pause(id);
	uint32_t state;

	CHECK(err == HV_OK || err == HV_ERR_STATE);
	if (random_below(4) == 0)
		return;
	while ((state = state_of(id)) == HV_ZONE_RUNNING)
		sched_yield();
	if (state != HV_ZONE_PAUSED)
		return;
	__atomic_add_fetch(&pauses, 1, __ATOMIC_RELAXED);
	CHECK_EQ(zone_pause(id), HV_ERR_STATE);
	for (uint32_t i = random_below(3); i > 0; i--)
		serve(id);
	/* nobody of a paused zone can end it */
	CHECK_EQ(state_of(id), HV_ZONE_PAUSED);
	if (random_below(8) != 0)
		CHECK_EQ(zone_resume(id), HV_OK);
}

static void one_life(uint32_t id)
{
	HvZoneConfig config = fixture_zone(id);
	struct hv_zone_status status;
	struct hv_violation v;
	uint32_t patience = random_below(2) == 0 ? UINT32_MAX : random_below(200);

	CHECK_EQ(zone_create(&config, &v), HV_OK);
	if (random_below(8) != 0)
		CHECK_EQ(zone_start(id), HV_OK);
	while (state_of(id) == HV_ZONE_RUNNING && patience-- > 0) {
		serve(id);
		if (random_below(16) == 0)
			pause_a_while(id);
	}
	if (state_of(id) == HV_ZONE_RUNNING || state_of(id) == HV_ZONE_PAUSED) {
		int64_t err = zone_stop(id);

		CHECK(err == HV_OK || err == HV_ERR_STATE);
	}
	while (state_of(id) == HV_ZONE_STOPPING)
		sched_yield();
	CHECK_EQ(zone_destroy(id), HV_OK);
	while (state_of(id) == HV_ZONE_SCRUBBING)
		sched_yield();
	CHECK_EQ(zone_status(id, &status), HV_OK);
	CHECK_EQ(status.state, HV_ZONE_NONE);
	CHECK_EQ(status.cpus_on, 0);
	__atomic_fetch_or(&reasons_seen, 1u << status.reason, __ATOMIC_RELAXED);
	(void)zone_take_changes();
	(void)mmio_take_requests();
}

/* All ways to end were taken: off, reset, stopped, fault, destroyed; and pauses came to their end. */
static bool all_seen(void)
{
	const uint32_t all = 1u << HV_REASON_GUEST_OFF | 1u << HV_REASON_GUEST_RESET |
			     1u << HV_REASON_STOPPED | 1u << HV_REASON_BAD_ACCESS | 1u << HV_REASON_DESTROYED;

	return __atomic_load_n(&reasons_seen, __ATOMIC_RELAXED) == all &&
	       __atomic_load_n(&pauses, __ATOMIC_RELAXED) > ROUNDS / 8;
}

static void *root_cpu(void *arg)
{
	uint32_t id = (uint32_t)(uintptr_t)arg;

	fake_set_cpu(id - 1);
	for (uint32_t round = 0; round < ROUNDS || !all_seen(); round++)
		one_life(id);
	return NULL;
}

static int64_t any_create(void)
{
	HvZoneConfig config = fixture_zone(1);
	struct hv_violation v;

	return zone_create(&config, &v);
}

static int64_t any_config(void)
{
	HvZoneConfig config;

	return zone_config(1, &config);
}

static int64_t any_answer(void)
{
	uint32_t index = random_below(2);

	return mmio_complete(1, index, random_below(8), 0x70 ^ index);
}

static int64_t any_interrupt(void)
{
	return zone_inject(1, 78);
}

/* Every call on one zone from both of the root zone's CPUs, with no sense in their order. */
static void any_call(void)
{
	static int64_t (*const calls[])(void) = { any_create, any_config, any_interrupt,
						  any_answer, any_answer, any_answer };
	static int64_t (*const changes[])(
		uint64_t id) = { zone_start, zone_start,  zone_stop,   zone_pause,
				 zone_pause, zone_resume, zone_resume, zone_destroy };
	uint32_t which = random_below(COUNT(calls) + COUNT(changes));
	int64_t err = which < COUNT(calls) ? calls[which]() : changes[which - COUNT(calls)](1);

	CHECK(err == HV_OK || err == HV_ERR_EXISTS || err == HV_ERR_NO_ZONE || err == HV_ERR_STATE ||
	      err == HV_ERR_INVALID);
}

static uint64_t runs_of(uint32_t id)
{
	struct hv_zone_status status;

	return zone_status(id, &status) == HV_OK ? status.runs : 0;
}

static void *disorderly_root_cpu(void *arg)
{
	fake_set_cpu((uint32_t)(uintptr_t)arg);
	while (runs_of(1) < RUNS) {
		any_call();
		sched_yield();
	}
	return NULL;
}

/* What must go wherever the disorder has left the zone. */
static void take_away(void)
{
	struct hv_zone_status status;

	fake_set_cpu(0);
	do {
		CHECK_EQ(zone_status(1, &status), HV_OK);
		(void)zone_stop(1);
		(void)zone_destroy(1);
		sched_yield();
	} while (status.state != HV_ZONE_NONE);
}

static void start_cpus(pthread_t cpus[2 * ZONES])
{
	for (uint32_t cpu = 0; cpu < FIXTURE_CPUS; cpu++) {
		pthread_mutex_init(&sleeper[cpu].mutex, NULL);
		pthread_cond_init(&sleeper[cpu].kicked, NULL);
	}
	fixture_boot();
	fake_behaviour.on_kick = kick;
	fake_behaviour.on_wait = sleep_until_kicked;
	fake_behaviour.on_run = guest;
	for (uint32_t i = 0; i < 2 * ZONES; i++)
		CHECK_EQ(pthread_create(&cpus[i], NULL, zone_cpu, (void *)(uintptr_t)(i + 2)), 0);
}

static void end_cpus(const pthread_t cpus[2 * ZONES])
{
	__atomic_store_n(&finished, true, __ATOMIC_RELEASE);
	for (uint32_t i = 0; i < 2 * ZONES; i++) {
		kick(i + 2);
		CHECK_EQ(pthread_join(cpus[i], NULL), 0);
	}
	for (uint32_t cpu = 2; cpu < FIXTURE_CPUS; cpu++)
		CHECK_EQ(ledger_cpu_owner(cpu), LEDGER_NOBODY);
	CHECK_EQ(zone_list(), 1);
}

static void test_two_cpus_one_zone(void)
{
	pthread_t root[2], cpus[2 * ZONES];
	uint64_t used;

	start_cpus(cpus);
	used = fixture_pool_used();
	for (uint32_t i = 0; i < 2; i++)
		CHECK_EQ(pthread_create(&root[i], NULL, disorderly_root_cpu, (void *)(uintptr_t)i), 0);
	for (uint32_t i = 0; i < 2; i++)
		CHECK_EQ(pthread_join(root[i], NULL), 0);
	take_away();
	end_cpus(cpus);
	CHECK_EQ(fixture_pool_used(), used);
}

static void test_races(void)
{
	pthread_t root[ZONES], cpus[2 * ZONES];
	uint64_t used;

	start_cpus(cpus);
	used = fixture_pool_used();
	for (uint32_t i = 0; i < ZONES; i++)
		CHECK_EQ(pthread_create(&root[i], NULL, root_cpu, (void *)(uintptr_t)(i + 1)), 0);
	for (uint32_t i = 0; i < ZONES; i++)
		CHECK_EQ(pthread_join(root[i], NULL), 0);
	end_cpus(cpus);
	CHECK_EQ(fixture_pool_used(), used);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = { TEST(test_races), TEST(test_two_cpus_one_zone) };

	return test_main(tests, COUNT(tests), argc, argv);
}
