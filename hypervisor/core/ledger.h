/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ledger: who owns each CPU, RAM page, device page and interrupt of the
 * board. All claims of a zone are taken together or not at all. Callers hold
 * zone_lock(); lookups by INTID or CPU are safe without it.
 */
#ifndef CORE_LEDGER_H
#define CORE_LEDGER_H

#include "hv_call.h"
#include "hv_validate.h"

#define LEDGER_NOBODY 0xffu

/*
 * Takes all that the (validated) config claims. HV_OK, or HV_ERR_CONFLICT with
 * *ret_violation. The ledger keeps the pointer: the config must stay as it is
 * until ledger_release().
 */
int64_t ledger_claim(const HvZoneConfig *config, struct hv_violation *ret_violation);

/* Gives all of a zone's claims back. */
void ledger_release(uint32_t zone_id);

/* Owner's zone id, or LEDGER_NOBODY. */
uint32_t ledger_cpu_owner(uint32_t cpu);
uint32_t ledger_interrupt_owner(uint32_t intid);
uint32_t ledger_page_owner(uint64_t pa);

#endif
