/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fake architecture: types of the recorder that tests and fuzzers run the core on. */
#ifndef ARCH_TYPES_H
#define ARCH_TYPES_H

#include "hv_types.h"

#define FAKE_MAX_MAPPINGS 256u

struct fake_mapping {
	uint64_t ipa, pa, size;
	int memory;
	void *table; /* one pool page a mapping, as tables would be */
};

struct arch_stage2 {
	void *root; /* from the pool, so that leaks show; NULL: not initialised */
	uint32_t vmid;
	uint32_t count;
	struct fake_mapping mapping[FAKE_MAX_MAPPINGS];
};

struct arch_vcpu {
	uint32_t resets, runs, quiesces, parks;
	bool running; /* between arch_vcpu_run() and arch_vcpu_quiesce() */
	bool parked;
};

struct arch_zone {
	bool ready; /* between arch_irq_zone_init() and _fini() */
	bool still; /* between arch_time_stop() and arch_time_go() */
	struct hv_intid_set assigned;
	struct hv_intid_set pending; /* virtual interrupts raised; tests clear them */
};

struct arch_lock {
	uint32_t holder; /* 0: free, else who() of its thread */
};

#endif
