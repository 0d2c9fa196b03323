/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The little that stage2.c needs of the machine; a test on the host brings its own. */
#ifndef ARM64_STAGE2_HW_H
#define ARM64_STAGE2_HW_H

#include <stdint.h>

uint64_t stage2_table_address(const void *table);
uint64_t *stage2_table_at(uint64_t address);

/* Stores one descriptor so that a walk sees what the table below it held before. */
void stage2_publish(uint64_t *entry, uint64_t descriptor);
/* Walks see all descriptors stored so far. */
void stage2_publish_done(void);

/* Drops all TLB entries of the VMID in vttbr, on every CPU; complete on return. */
void stage2_invalidate(uint64_t vttbr);

#endif
