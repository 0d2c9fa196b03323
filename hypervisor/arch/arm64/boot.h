/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ARM64_BOOT_H
#define ARM64_BOOT_H

#include "el2.h"

/* The board cannot be used: says why and stops. */
_Noreturn void boot_stop(const char *why);

/* A guest is about to run; the first time is remembered for hv_stats.boot_ticks. */
void boot_first_guest(void);

/* vectors.S: what a CPU does on an empty stack. */
_Noreturn void cpu_idle(void);

#endif
