/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The simulator's end of bound links (sim_link.h): what a zone's device process may do. */
#ifndef SIM_BOUND_H
#define SIM_BOUND_H

#include <poll.h>

#include "sim_link.h"

#define SIM_BOUND_MAX (2 * HV_MAX_ZONES)
#define SIM_BOUND_FDS (SIM_BOUND_MAX + 1)

/* Listens, and tells sim_memory where. 0 or a negative errno. */
int sim_bound_init(void);

/* What to wait for, and what to do when it came. */
void sim_bound_watch(struct pollfd fds[SIM_BOUND_FDS]);
void sim_bound_serve(const struct pollfd fds[SIM_BOUND_FDS]);

/* Bit n: zone n has new requests; is gone. */
void sim_bound_tell(uint64_t requests, uint64_t gone);

#endif
