/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Figures: what the daemon counts of itself, and one way of writing them down
 * for both formats of metrics.get. Names, types and units as in OpenMetrics 1.0.
 */
#ifndef METRICS_H
#define METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include "json_write.h"
#include "schema.h"

/* Since the daemon's start. */
struct metrics {
	uint64_t requests[SCHEMA_METHOD_COUNT];
	uint64_t answered[SCHEMA_METHOD_COUNT];
	uint64_t answered_ns[SCHEMA_METHOD_COUNT]; /* from the request's line to its last answer, in all */
	uint64_t errors[SCHEMA_ERROR_COUNT];
	uint64_t events_dropped; /* not sent to a subscriber that did not read */
};

enum metric_type {
	METRIC_COUNTER,
	METRIC_GAUGE,
	METRIC_SUMMARY, /* samples: a count and a sum */
	METRIC_STATESET,
	METRIC_INFO,
};

struct metric_family {
	const char *name; /* ends with _unit, if there is one */
	enum metric_type type;
	const char *unit; /* or NULL */
	const char *help;
};

struct metric_label {
	const char *name;
	const char *value; /* any text */
};

#define METRIC_MAX_LABELS 3u

/* Writes families, with all samples of one together; as text, or as elements of an open JSON array. */
struct metric_writer {
	struct json_out *out;
	bool text;
	const struct metric_family *family;
	struct metric_label labels[METRIC_MAX_LABELS]; /* of the samples to come; name NULL: no more */
};

void metric_begin(struct metric_writer *writer, const struct metric_family *family);
void metric_end(struct metric_writer *writer);

/* Of the labels; in the family's unit, given in whole numbers or in millionths. */
void metric_put(struct metric_writer *writer, uint64_t value);
void metric_put_micro(struct metric_writer *writer, uint64_t micros);
/* METRIC_SUMMARY: how many, and their sum in nanoseconds, for a family in seconds. */
void metric_put_summary(struct metric_writer *writer, uint64_t count, uint64_t sum_ns);

#endif
