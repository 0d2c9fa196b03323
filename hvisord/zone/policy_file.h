/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What policy.c keeps of each zone in the state directory. Each change is written soon. */
#ifndef POLICY_FILE_H
#define POLICY_FILE_H

#include "zone.h"

/*
 * It is to run. due_ms: it does not run, and is to be started then
 * (CLOCK_BOOTTIME); 0: it runs.
 */
void policy_want(struct zone *zone, bool wanted, uint64_t due_ms);
bool policy_wants(const struct zone *zone);
uint64_t policy_due(const struct zone *zone); /* 0 also if it is not wanted */

/* How often it was started again by its policy, in a row. */
void policy_count(struct zone *zone, unsigned restarts);
unsigned policy_restarts(const struct zone *zone);

#endif
