/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Simulated guests as the machine sees them: who has something to do, and when. */
#ifndef SIM_GUEST_H
#define SIM_GUEST_H

#include "sim_cpu.h"
#include "sim_link.h"

/* Once, before anything runs. */
void sim_guest_init(void);

/* Lets a zone's guest run until it waits. False: it had nothing to do. */
bool sim_guest_turn(uint32_t zone);

/* Until the first guest wants to run by itself, for poll(). */
int sim_guest_timeout_ms(void);

/* Does this to a running guest, in the middle of whatever it does. False: there is none. */
bool sim_guest_act(uint32_t zone, enum sim_guest_act what);

/* The zone was destroyed. */
void sim_guest_gone(uint32_t zone);

/* What the guest does: its script. On the guest's own stack (sim_guest.c). */
_Noreturn void sim_guest_main(struct sim_cpu *cpu);

#endif
