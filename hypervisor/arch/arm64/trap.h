/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ARM64_TRAP_H
#define ARM64_TRAP_H

#include "el2.h"

/* HVC, or SMC with the PC moved on already. Only x0..x19, x29, x30 of the frame are valid. */
bool trap_call(struct frame *frame);

/*
 * The two traps that come most often: 32-bit accesses to the GIC's banks and
 * ICC_SGI1R_EL1. The whole frame is valid, but x20..x28 are not loaded from
 * it when this returns true. False: it is something else.
 */
bool trap_fast(struct frame *frame, uint64_t esr);

/* Any other exception; the whole frame is valid. */
bool trap_other(struct frame *frame, uint64_t esr);

#endif
