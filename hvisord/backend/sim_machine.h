/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A board that the hypervisor's core runs on the fake architecture, with guests that do as they are told. */
#ifndef SIM_MACHINE_H
#define SIM_MACHINE_H

#include "sim_link.h"

/* Boots the hypervisor and the root zone. 0 or HV_ERR_. */
int sim_machine_init(void);

/* The zone's RAM as a file, IPA = offset; it stays the machine's. A negative errno. */
int sim_machine_ram(uint32_t zone);

/* The zone's guest acts, on its first CPU. 0, or a negative errno: it does not run. */
int sim_machine_guest(uint32_t zone, enum sim_guest what);

/* Every CPU does what it has to do, until all are idle. */
void sim_machine_settle(void);

#endif
