/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A simulated zone's RAM and request ring as a file, as sim_link.h describes the bound descriptor. */
#ifndef SIM_MEMORY_H
#define SIM_MEMORY_H

#include "sim_link.h"

/* Where bound links connect to; before the first file is made. */
void sim_memory_init(const char *address, uint32_t address_size);

/* The zone's file, made when first asked for; it stays the machine's. A negative errno. */
int sim_memory_fd(uint32_t zone);

/* The words stand in the zone's present file. */
bool sim_memory_is_token(uint32_t zone, const uint64_t token[2]);

/* The zone is gone: who still touches its file gets SIGBUS. True: it had a file. */
bool sim_memory_drop(uint32_t zone);

#endif
