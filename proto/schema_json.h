/* SPDX-License-Identifier: MIT */
/* The schema for programs and for people. */
#ifndef SCHEMA_JSON_H
#define SCHEMA_JSON_H

#include "json_write.h"

/* Members of an open object: protocol, limits, errors, methods, events. */
void schema_json(struct json_out *out);

/* docs/protocol.md, whole. */
void schema_markdown(struct json_out *out);

#endif
