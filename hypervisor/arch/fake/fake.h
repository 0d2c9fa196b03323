/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fake architecture, seen from a test or the simulator: what the core did
 * to the machine, how the machine shall behave, and a guest's or the root
 * zone's view of memory. Breaches of the arch contract by the core (a mapping
 * over another, a lock taken twice, an interrupt released that was not
 * assigned) end the process with a message.
 *
 * Threads may play CPUs: each says which with fake_set_cpu().
 */
#ifndef FAKE_H
#define FAKE_H

#include "arch_stage2.h"
#include "zone.h"

#define FAKE_MAX_RECORDS 128u

struct fake_record {
	uint64_t start, size;
};

struct fake_log {
	uint32_t count; /* may exceed FAKE_MAX_RECORDS; only the first are kept */
	struct fake_record record[FAKE_MAX_RECORDS];
};

/* What happened. Counters are updated atomically; read them when the CPUs are quiet. */
struct fake_recorder {
	uint64_t powered; /* bit n: CPU n was powered on */
	uint32_t kicks[HV_MAX_CPUS];
	uint32_t waits[HV_MAX_CPUS];
	uint32_t injections; /* of all zones */
	uint32_t machine_offs, machine_resets;
	struct fake_log scrubbed, cleaned;
};

/* How the machine behaves. */
struct fake_behaviour {
	uint64_t dead_cpus; /* bit n: arch_cpu_power_on(n) fails */
	bool real_scrub;    /* touch the memory; else only record */
	/* Called by arch_cpu_wait(), arch_cpu_kick(), arch_vcpu_run(); NULL: nothing. */
	void (*on_wait)(uint32_t cpu);
	void (*on_kick)(uint32_t cpu);
	void (*on_run)(struct vcpu *vcpu);
	void (*on_scrub)(uint64_t pa, uint64_t size);
};

extern struct fake_recorder fake_recorder;
extern struct fake_behaviour fake_behaviour;

/* Forgets all records and behaviour; the core's state stays. */
void fake_reset(void);

/* Which CPU this thread plays; 0 at first. */
void fake_set_cpu(uint32_t cpu);

/* Translates as the zone's stage 2 would. False: nothing mapped there, or not all of it. */
bool fake_translate(const struct arch_stage2 *stage2, uint64_t ipa, uint64_t size, uint64_t *ret_pa,
		    enum stage2_memory *ret_memory);

/* What the root zone would reach at that address of its own; NULL: an abort. */
void *fake_root_at(uint64_t ipa, uint64_t size);

#endif
