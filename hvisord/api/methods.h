/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What each method does. Parameters have been checked against the schema and
 * the peer may do it; a method asks zones or config, and answers.
 */
#ifndef METHODS_H
#define METHODS_H

#include <cJSON.h>

#include "json_write.h"
#include "request.h"
#include "schema.h"

typedef void (*method_fn)(struct request *request, const cJSON *params);
extern const method_fn methods[SCHEMA_METHOD_COUNT];

/* The zone that the parameter names, or NULL. */
struct zone *method_find_zone(const struct request *request, const cJSON *params);
/* The same; NULL: answered with an error. */
struct zone *method_zone(struct request *request, const cJSON *params);
/* The number of the last event that the answer includes. */
void method_put_seq(const struct request *request, struct json_out *out);

/* The name matches one of the patterns; patterns NULL: any name does. */
bool method_matches(const cJSON *patterns, const char *name);

/* methods_zone.c */
void method_zone_list(struct request *request, const cJSON *params);
void method_zone_get(struct request *request, const cJSON *params);

/* methods_config.c */
void method_zone_check(struct request *request, const cJSON *params);
void method_zone_diff(struct request *request, const cJSON *params);
void method_config_reload(struct request *request, const cJSON *params);

/* methods_wait.c */
void method_zone_wait(struct request *request, const cJSON *params);

/* methods_change.c: start, stop, kill, restart, pause, resume, enable, disable */
void method_zone_change(struct request *request, const cJSON *params);

/* methods_resources.c */
void method_resources_get(struct request *request, const cJSON *params);

/* methods_metrics.c */
void method_metrics_get(struct request *request, const cJSON *params);

/* methods_events.c */
void method_events_subscribe(struct request *request, const cJSON *params);
void method_cancel(struct request *request, const cJSON *params);

/* methods_console.c */
void method_console_attach(struct request *request, const cJSON *params);
void method_console_log(struct request *request, const cJSON *params);
void method_console_write(struct request *request, const cJSON *params);
void method_console_resize(struct request *request, const cJSON *params);

/* methods_system.c */
void method_system_info(struct request *request, const cJSON *params);
void method_schema_get(struct request *request, const cJSON *params);

#endif
