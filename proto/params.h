/* SPDX-License-Identifier: MIT */
/* Parameters of a request against the schema. Pure. */
#ifndef PARAMS_H
#define PARAMS_H

#include <cJSON.h>

#include "schema.h"

struct params_error {
	char pointer[80]; /* within the request: "/params/timeout_ms" */
	char message[160];
};

/*
 * True if params (NULL: none) is an object that holds every parameter the
 * method must have and no other, each of its type and range. Else false and
 * *ret_error.
 */
bool params_check(enum schema_method_id method, const cJSON *params, struct params_error *ret_error);

/*
 * Values of checked parameters. An integer that is absent has the schema's
 * fallback; a string NULL, a boolean false.
 */
uint64_t params_integer(enum schema_method_id method, const cJSON *params, const char *name);
const char *params_string(const cJSON *params, const char *name);
bool params_boolean(const cJSON *params, const char *name);

#endif
