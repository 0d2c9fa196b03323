/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Contract: stage-2 translation of one zone. struct arch_stage2 comes from the
 * architecture's arch_types.h and is embedded in struct zone.
 *
 * All addresses and sizes are whole pages; callers have checked ranges. Calls
 * on one object are serialised by the caller (zone_lock()).
 */
#ifndef ARCH_STAGE2_H
#define ARCH_STAGE2_H

#include <arch_types.h>

enum stage2_memory {
	STAGE2_NORMAL, /* write-back, inner shareable, RWX */
	STAGE2_DEVICE, /* Device-nGnRE, RW, never executable */
};

/* Takes root tables from the pool. 0 or HV_ERR_NO_MEMORY. */
int arch_stage2_init(struct arch_stage2 *stage2, uint32_t vmid);

/* Gives every table back; the VMID's TLB entries are gone on return. Accepts a zeroed object. */
void arch_stage2_fini(struct arch_stage2 *stage2);

/*
 * Maps a range where nothing is mapped, with the largest blocks that fit. Safe
 * on a live table. On HV_ERR_NO_MEMORY nothing of the range is mapped.
 */
int arch_stage2_map(struct arch_stage2 *stage2, uint64_t ipa, uint64_t pa, uint64_t size,
		    enum stage2_memory memory);

/*
 * Withdraws exactly what one arch_stage2_map() call made; cannot fail. Tables
 * that become empty go back to the pool. No CPU can reach the range on return.
 */
void arch_stage2_unmap(struct arch_stage2 *stage2, uint64_t ipa, uint64_t size);

#endif
