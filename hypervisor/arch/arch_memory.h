/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Contract: host-physical memory as EL2 reaches it. */
#ifndef ARCH_MEMORY_H
#define ARCH_MEMORY_H

#include <arch_types.h>

/* RAM of the board only; NULL for anything else (on the host: outside the recorder's RAM). */
void *arch_memory_at(uint64_t pa, uint64_t size);

/* The host-physical address of a page that came from the pool. */
uint64_t arch_memory_address(const void *page);

/* Zeroes RAM, out to the point of coherency. */
void arch_memory_scrub(uint64_t pa, uint64_t size);

/* Writes dirty lines of RAM back to the point of coherency, so that a guest
 * that starts with caches off sees what was loaded. */
void arch_memory_clean(uint64_t pa, uint64_t size);

#endif
