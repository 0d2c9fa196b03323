/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SIM_H
#define SIM_H

#include "backend.h"

/*
 * Connects to the simulator at that socket; starts program (hvisor-sim) if
 * none answers there. It lives on when the daemon ends. platform: which board
 * it must be, by name, or NULL. 0, or a negative errno; -ENODEV: it is another
 * board, or none that the simulator knows.
 */
int backend_sim_new(const char *socket_path, const char *program, const char *platform,
		    struct backend **ret_backend);

#endif
