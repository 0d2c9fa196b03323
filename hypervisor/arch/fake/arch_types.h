/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fake architecture: types of the recorder that tests and fuzzers run the core on. */
#ifndef ARCH_TYPES_H
#define ARCH_TYPES_H

#include "hv_types.h"

#define FAKE_MAX_MAPPINGS 256u

struct fake_mapping {
	uint64_t ipa, pa, size;
	int memory;
};

struct arch_stage2 {
	void *root; /* from the pool, so that leaks show */
	uint32_t vmid;
	uint32_t count;
	struct fake_mapping mapping[FAKE_MAX_MAPPINGS];
};

struct arch_vcpu {
	uint32_t resets, runs, quiesces;
};

struct arch_zone {
	struct hv_intid_set pending;
};

struct arch_lock {
	int held;
};

#endif
