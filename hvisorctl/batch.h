/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One request for each of several zones, a few of them side by side. */
#ifndef BATCH_H
#define BATCH_H

#include "ctl.h"

/* The zones that operands or --all stand for, each once. */
struct zones {
	struct zone_operand {
		char *name; /* as given, or as the daemon calls it */
		int64_t id; /* -1: name is what was given */
	} * list;
	unsigned count;
};

/*
 * Patterns and --all are looked up, other operands are taken as they are.
 * states: of those that a pattern or --all stands for, only zones in one of
 * these states (words with one space between), never the root zone; NULL: all.
 * The exit status is CTL_NO_ZONE if a pattern fits no zone; *ret_zones has the others then.
 */
int zones_select(struct ctl *ctl, int argc, char **argv, const char *states, struct zones *ret_zones);
void zones_fini(struct zones *zones);

/*
 * Takes all zones out of an array of zone.list that no operand (id, name or
 * pattern) means; without operands none. CTL_NO_ZONE if an operand means none.
 */
int zones_keep(cJSON *zones, int argc, char **argv);

/* Adds "zone". */
void zones_put(struct json_out *out, const struct zone_operand *zone);

struct batch {
	const char *method;
	const char *states; /* for zones_select() */
	/* Adds parameters beside the zone; or NULL. index counts zones. */
	void (*fill)(struct ctl *ctl, struct json_out *out, unsigned index, const struct zone_operand *zone);
	/* Prints a good answer that is not to be JSON; gives the exit status. */
	int (*print)(struct ctl *ctl, const struct zone_operand *zone, const cJSON *result);
	int64_t answer_ms;  /* within this time something must be heard; -1: whenever */
	const char *member; /* of the result, which is all of it that --json prints; NULL: the whole */
	bool repeat;        /* ask again when the daemon's own time is up */
	bool progress;      /* the answer streams loaded and total */
};

/*
 * Asks, and prints answers as they come. All are tried; the exit status is
 * that of the first operand that failed.
 */
int batch_run(struct ctl *ctl, const struct batch *batch, int argc, char **argv);

#endif
