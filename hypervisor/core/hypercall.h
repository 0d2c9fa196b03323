/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_HYPERCALL_H
#define CORE_HYPERCALL_H

#include "zone.h"

/*
 * One hypercall of the root zone; the trap path has refused other zones
 * already (HV_ERR_PERMISSION). x[0] is the number, x[1..4] arguments; on
 * return x[0] is the result as a signed number and x[1], x[2] as hv_call.h
 * says (zero otherwise).
 */
void hypercall(struct vcpu *vcpu, uint64_t x[5]);

#endif
