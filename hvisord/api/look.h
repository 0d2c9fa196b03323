/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests that wait for the config directory to be read anew. */
#ifndef LOOK_H
#define LOOK_H

#include <cJSON.h>

#include "request.h"

typedef void (*look_fn)(struct request *kept, const cJSON *params);

/* Keeps the request, reads the directory, then calls then, which answers and ends the request. */
void look_first(struct request *request, const cJSON *params, look_fn then);

#endif
