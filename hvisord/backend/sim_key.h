/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A simulated guest's driver for its power key: line 0 of a PL061. */
#ifndef SIM_KEY_H
#define SIM_KEY_H

#include "sim_cpu.h"

struct sim_key {
	struct sim_cpu *cpu;
	uint64_t ipa; /* 0: there is none */
};

/* Looks for it in the zone's virtio regions, and lets it interrupt. */
void sim_key_probe(struct sim_key *key, struct sim_cpu *cpu);

/* After any interrupt. True: the key is down. */
bool sim_key_interrupt(struct sim_key *key);

#endif
