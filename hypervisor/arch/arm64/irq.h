/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ARM64_IRQ_H
#define ARM64_IRQ_H

#include <stdbool.h>

/* vectors.S: an interrupt came while a guest ran. True: the vCPU is off. */
bool irq_from_guest(void);

/* Takes what is pending, in EL2; at most one kick. */
void irq_in_el2(void);

#endif
