/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A simulated zone's first vCPU as code that runs on it sees it: loads and
 * stores that trap, interrupts, time, a little RAM. Each guest is a coroutine;
 * whatever here waits gives the others their turn, and does not return when
 * the vCPU is taken away, so guests hold nothing that must be given back.
 */
#ifndef SIM_CPU_H
#define SIM_CPU_H

#include "zone.h"

struct sim_cpu;

#define SIM_CPU_RAM 0x20000u /* bytes of RAM that guest code may have for itself */
#define SIM_FOREVER (-1ll)

const HvZoneConfig *sim_cpu_config(const struct sim_cpu *cpu);

/* Trapped accesses; one that nobody serves is the end of the zone. */
uint64_t sim_cpu_read(struct sim_cpu *cpu, uint64_t ipa, uint8_t size);
void sim_cpu_write(struct sim_cpu *cpu, uint64_t ipa, uint8_t size, uint64_t value);

/* SIM_CPU_RAM bytes at the end of the RAM region with the entry point; NULL: it is too small. */
void *sim_cpu_ram(struct sim_cpu *cpu, uint64_t *ret_ipa);

/* The first bytes at the entry point; how many. */
size_t sim_cpu_image(struct sim_cpu *cpu, char *to, size_t size);

/* A time of the guest's clock, ms from now. It stands still while the zone is paused. */
int64_t sim_cpu_in(uint64_t ms);

/*
 * Waits for an interrupt, or until *until (which moves on while the zone is
 * paused; SIM_FOREVER: no end). True: an interrupt, which is not pending any
 * more. With interrupts masked only time ends it.
 */
bool sim_cpu_wait(struct sim_cpu *cpu, int64_t *until, bool masked);

/* Ends the zone. */
_Noreturn void sim_cpu_end(struct sim_cpu *cpu, uint32_t reason);
_Noreturn void sim_cpu_fault(struct sim_cpu *cpu);

#endif
