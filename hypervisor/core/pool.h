/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The page pool: the only memory EL2 hands out at run time (stage-2 tables,
 * request rings). A fixed array of pages; any CPU, own lock.
 */
#ifndef CORE_POOL_H
#define CORE_POOL_H

#include "hv_call.h"

#define POOL_PAGES 256u

/* The pages themselves, for the architecture's address arithmetic. In section .bss.pool, which
 * need not be cleared at boot. */
extern uint8_t pool_pages[POOL_PAGES][HV_PAGE_SIZE];

/* 2^order zeroed pages, aligned to their size; NULL if there are none. order <= 1. */
void *pool_alloc(unsigned order);

/* Takes what pool_alloc() gave with the same order; accepts NULL. */
void pool_free(void *pages, unsigned order);

/* Fills pool_pages, pool_used, pool_peak. */
void pool_stats(struct hv_stats *ret_stats);

#endif
