/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who changed what, and who was refused: lines of the log that begin with "audit:". */
#ifndef AUDIT_H
#define AUDIT_H

#include <cJSON.h>

#include "request.h"

/* A request that may change something, before it is looked at closer. Typing is told once for a zone and a connection. */
void audit_change(const struct request *request, const cJSON *params);

/* What somebody wanted, and why he does not get it. */
void audit_refused(const struct connection *connection, const char *what, const char *why);

#endif
