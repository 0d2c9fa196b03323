/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A hypervisor of a few lines, in this process: whatever is allowed in a state is done at once. */
#ifndef STUB_BACKEND_H
#define STUB_BACKEND_H

#include "backend.h"

/* Never freed: one for the whole run. */
struct backend *stub_backend(void);

/* Zones, without the root zone, that are not HV_ZONE_NONE; as bits. */
uint64_t stub_backend_zones(void);

#endif
