/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables that more than one command prints. */
#ifndef TABLES_H
#define TABLES_H

#include "ctl.h"

void print_zones(const struct ctl *ctl, FILE *to, const cJSON *zones);

/* From the object of resources.get. */
void print_resources(FILE *to, const cJSON *resources);

/* An object in lines of "key  value", whatever it holds. */
void print_tree(FILE *to, const cJSON *object, unsigned indent);

#endif
