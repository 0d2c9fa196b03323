/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SIM_H
#define SIM_H

#include "backend.h"

/*
 * Connects to the simulator at that socket; starts program (hvisor-sim) if
 * none answers there. It lives on when the daemon ends. 0, or a negative errno.
 */
int backend_sim_new(const char *socket_path, const char *program, struct backend **ret_backend);

#endif
