/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A board that the hypervisor's core runs on the fake architecture, with guests that follow scripts. */
#ifndef SIM_MACHINE_H
#define SIM_MACHINE_H

#include "sim_link.h"

/* Boots the hypervisor and the root zone. 0 or HV_ERR_. */
int sim_machine_init(void);

/* The zone's guest acts, on its first CPU. 0, or a negative errno: it does not run. */
int sim_machine_act(uint32_t zone, enum sim_guest_act what);

/*
 * Every CPU does what it has to do, until all are idle. Returns the zones that
 * are gone since the last call.
 */
uint64_t sim_machine_settle(void);

/* HV_ERR_ as the driver translates it (hv_ioctl.h). */
int64_t sim_machine_errno(int64_t result);

#endif
