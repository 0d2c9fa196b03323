/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fake.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "arch_cpu.h"
#include "arch_irq.h"
#include "arch_lock.h"
#include "arch_memory.h"
#include "board.h"
#include "ledger.h"
#include "pool.h"

struct fake_recorder fake_recorder;
struct fake_behaviour fake_behaviour;

static _Thread_local uint32_t this_cpu;
static _Thread_local uint32_t this_thread;
static uint32_t threads;
static uint8_t *ram;

void fake_reset(void)
{
	memset(&fake_recorder, 0, sizeof(fake_recorder));
	memset(&fake_behaviour, 0, sizeof(fake_behaviour));
}

void fake_set_cpu(uint32_t cpu)
{
	this_cpu = cpu;
}

_Noreturn void arch_panic(const char *what)
{
	fprintf(stderr, "panic: %s\n", what);
	abort();
}

static void count(uint32_t *counter)
{
	__atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
}

static void record(struct fake_log *log, uint64_t start, uint64_t size)
{
	uint32_t n = __atomic_fetch_add(&log->count, 1, __ATOMIC_RELAXED);

	if (n < FAKE_MAX_RECORDS)
		log->record[n] = (struct fake_record){ start, size };
}

/* CPUs */

uint32_t arch_cpu_self(void)
{
	return this_cpu;
}

int arch_cpu_power_on(uint32_t cpu)
{
	if (cpu >= platform_board.num_cpus || (fake_behaviour.dead_cpus >> cpu & 1) != 0)
		return HV_ERR_HARDWARE;
	__atomic_fetch_or(&fake_recorder.powered, 1ull << cpu, __ATOMIC_RELAXED);
	return 0;
}

void arch_cpu_kick(uint32_t cpu)
{
	count(&fake_recorder.kicks[cpu]);
	if (fake_behaviour.on_kick != NULL)
		fake_behaviour.on_kick(cpu);
}

void arch_cpu_wait(void)
{
	count(&fake_recorder.waits[this_cpu]);
	if (fake_behaviour.on_wait != NULL)
		fake_behaviour.on_wait(this_cpu);
}

void arch_vcpu_reset(struct vcpu *vcpu)
{
	if (vcpu->arch.running || ledger_cpu_owner(vcpu->cpu) != vcpu->zone->id)
		arch_panic("fake: reset of a running vCPU, or on another zone's CPU");
	vcpu->arch.resets++;
}

void arch_vcpu_run(struct vcpu *vcpu)
{
	if (vcpu->zone->arch.still)
		arch_panic("fake: a vCPU of a paused zone runs");
	vcpu->arch.runs++;
	vcpu->arch.running = true;
	if (fake_behaviour.on_run != NULL)
		fake_behaviour.on_run(vcpu);
}

void arch_vcpu_quiesce(struct vcpu *vcpu)
{
	if (!vcpu->arch.running)
		arch_panic("fake: quiesce of a vCPU that does not run");
	vcpu->arch.quiesces++;
	vcpu->arch.running = false;
	vcpu->arch.parked = false;
}

void arch_vcpu_park(struct vcpu *vcpu)
{
	if (!vcpu->arch.running || vcpu->arch.parked || vcpu->cpu != this_cpu)
		arch_panic("fake: park of a vCPU that does not run, or on another CPU");
	vcpu->arch.parks++;
	vcpu->arch.parked = true;
}

void arch_vcpu_unpark(struct vcpu *vcpu)
{
	if (!vcpu->arch.parked || vcpu->cpu != this_cpu)
		arch_panic("fake: unpark of a vCPU that is not parked, or on another CPU");
	vcpu->arch.parked = false;
}

void arch_time_stop(struct zone *zone)
{
	if (zone->arch.still)
		arch_panic("fake: a zone's time stopped twice");
	for (uint32_t i = 0; i < zone->num_vcpus; i++)
		if (zone->vcpu[i]->arch.running && !zone->vcpu[i]->arch.parked)
			arch_panic("fake: a zone's time stopped under a running vCPU");
	zone->arch.still = true;
}

void arch_time_go(struct zone *zone)
{
	if (!zone->arch.still)
		arch_panic("fake: a zone's time goes already");
	zone->arch.still = false;
}

void arch_machine_off(void)
{
	count(&fake_recorder.machine_offs);
}

void arch_machine_reset(void)
{
	count(&fake_recorder.machine_resets);
}

void arch_stats(struct hv_stats *stats)
{
	stats->image_bytes = 0;
	stats->boot_ticks = 0;
}

/* Locks: spinning, and aware of who holds them. */

static uint32_t who(void)
{
	if (this_thread == 0)
		this_thread = __atomic_add_fetch(&threads, 1, __ATOMIC_RELAXED);
	return this_thread;
}

void arch_lock(struct arch_lock *lock)
{
	uint32_t free_lock = 0;

	if (__atomic_load_n(&lock->holder, __ATOMIC_RELAXED) == who())
		arch_panic("fake: lock taken twice");
	while (!__atomic_compare_exchange_n(&lock->holder, &free_lock, who(), false, __ATOMIC_ACQUIRE,
					    __ATOMIC_RELAXED)) {
		free_lock = 0;
		sched_yield();
	}
}

void arch_unlock(struct arch_lock *lock)
{
	if (__atomic_load_n(&lock->holder, __ATOMIC_RELAXED) != who())
		arch_panic("fake: unlock by another");
	__atomic_store_n(&lock->holder, 0, __ATOMIC_RELEASE);
}

/* Memory: address space from the board's first RAM to its last, which costs nothing until touched. */

static struct hv_range ram_span(void)
{
	uint64_t start = UINT64_MAX, end = 0;

	for (uint32_t n = 0; n < platform_board.num_ram; n++) {
		const struct hv_range *range = &platform_board.ram[n];

		start = range->start < start ? range->start : start;
		end = range->start + range->size > end ? range->start + range->size : end;
	}
	return (struct hv_range){ start, end - start };
}

static uint8_t *ram_base(uint64_t size)
{
	uint8_t *base = __atomic_load_n(&ram, __ATOMIC_ACQUIRE);
	uint8_t *none = NULL;
	void *map;

	if (base != NULL)
		return base;
	map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (map == MAP_FAILED)
		arch_panic("fake: no address space for the board's RAM");
	if (__atomic_compare_exchange_n(&ram, &none, map, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return map;
	munmap(map, size);
	return none;
}

void *arch_memory_at(uint64_t pa, uint64_t size)
{
	const uint64_t own = platform_board.hypervisor.start;
	const struct hv_range span = ram_span();

	if (!hv_range_valid(pa, size))
		return NULL;
	if (hv_range_contains(own, sizeof(pool_pages), pa, size))
		return (uint8_t *)pool_pages + (pa - own);
	return board_has_ram(&platform_board, pa, size) ? ram_base(span.size) + (pa - span.start) : NULL;
}

/* Pool pages stand at the start of the hypervisor's range. */
uint64_t arch_memory_address(const void *page)
{
	return platform_board.hypervisor.start + ((uintptr_t)page - (uintptr_t)pool_pages);
}

void arch_memory_scrub(uint64_t pa, uint64_t size)
{
	void *memory = arch_memory_at(pa, size);

	if (memory == NULL)
		arch_panic("fake: scrub of what is no RAM");
	record(&fake_recorder.scrubbed, pa, size);
	if (fake_behaviour.on_scrub != NULL)
		fake_behaviour.on_scrub(pa, size);
	if (fake_behaviour.real_scrub && madvise(memory, size, MADV_DONTNEED) != 0)
		memset(memory, 0, size);
}

void arch_memory_clean(uint64_t pa, uint64_t size)
{
	if (arch_memory_at(pa, size) == NULL)
		arch_panic("fake: clean of what is no RAM");
	record(&fake_recorder.cleaned, pa, size);
}

/* Interrupts */

void arch_irq_zone_init(struct zone *zone)
{
	if (zone->arch.ready)
		arch_panic("fake: interrupts of a zone prepared twice");
	memset(&zone->arch, 0, sizeof(zone->arch));
	zone->arch.ready = true;
}

void arch_irq_zone_fini(struct zone *zone)
{
	for (uint32_t word = 0; word < HV_MAX_INTIDS / 32; word++)
		if (zone->arch.assigned.word[word] != 0)
			arch_panic("fake: zone ends with interrupts assigned");
	if (!zone->arch.ready)
		arch_panic("fake: interrupts of a zone cleared twice");
	zone->arch.ready = false;
}

void arch_irq_assign(struct zone *zone, uint32_t intid)
{
	if (!zone->arch.ready || zone->vcpu[0] == NULL || ledger_interrupt_owner(intid) != zone->id ||
	    hv_intid_test(&zone->arch.assigned, intid))
		arch_panic("fake: interrupt assigned out of order");
	hv_intid_add(&zone->arch.assigned, intid);
}

void arch_irq_release(struct zone *zone, uint32_t intid)
{
	if (!zone->arch.ready || !hv_intid_test(&zone->arch.assigned, intid))
		arch_panic("fake: interrupt released that was not assigned");
	zone->arch.assigned.word[intid / 32] &= ~(1u << (intid % 32));
}

void arch_irq_inject(struct zone *zone, uint32_t intid)
{
	if (!zone->arch.ready || !hv_intid_test(&zone->config.virtual_interrupts, intid))
		arch_panic("fake: injection into a zone that is not ready, or of a strange interrupt");
	count(&fake_recorder.injections);
	__atomic_fetch_or(&zone->arch.pending.word[intid / 32], 1u << (intid % 32), __ATOMIC_RELAXED);
}
