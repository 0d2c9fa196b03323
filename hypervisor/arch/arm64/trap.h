/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ARM64_TRAP_H
#define ARM64_TRAP_H

#include "el2.h"

/* HVC, or SMC with the PC moved on already. Only x0..x19, x29, x30 of the frame are valid. */
bool trap_call(struct frame *frame);

/* Any other exception; the whole frame is valid. */
bool trap_other(struct frame *frame, uint64_t esr);

#endif
