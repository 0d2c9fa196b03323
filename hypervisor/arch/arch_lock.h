/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Contract: a fair lock between CPUs, held with interrupts masked (EL2 always masks them). */
#ifndef ARCH_LOCK_H
#define ARCH_LOCK_H

#include <arch_types.h>

void arch_lock(struct arch_lock *lock);
void arch_unlock(struct arch_lock *lock);

#endif
