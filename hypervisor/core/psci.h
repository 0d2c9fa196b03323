/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PSCI 1.1 (Arm DEN 0022) and SMCCC 1.2 (Arm DEN 0028) as a zone sees them.
 * VERSION may be answered by the trap path itself.
 */
#ifndef CORE_PSCI_H
#define CORE_PSCI_H

#include "zone.h"

#define PSCI_VERSION 0x84000000u
#define PSCI_VERSION_1_1 0x00010001u

/* Function id in x[0], arguments x[1..3]; result in x[0]. An id that is neither
 * PSCI nor SMCCC's own gets NOT_SUPPORTED (-1). */
enum vcpu_action psci_call(struct vcpu *vcpu, uint64_t x[5]);

#endif
