/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A request under way: zone_op.c holds its life, zone_ask.c what it does. */
#ifndef ZONE_OP_H
#define ZONE_OP_H

#include "zone_private.h"

/* The usual time for a stop: the guest's own, and that of the hypervisor. */
#define ZONE_STOP_TIMEOUT_MS 30000u

struct zone_op {
	TAILQ_ENTRY(zone_op) entry;
	struct zone *zone;
	struct zone_ask ask;
	bool asked;        /* the guest was asked to power off, and has time for it */
	zone_done_fn done; /* NULL: nobody waits any more */
	void *user;
	uv_timer_t timer;
	uint64_t touch;     /* of the state file, when ENABLE or DISABLE is in it; else 0 */
	const char *before; /* zone_override() before them */
	bool checking;      /* the config directory is being read */
	bool finished;
	bool closed; /* the timer's handle */
};

/* Tells the asker; the op may be gone afterwards. */
void zone_op_finish(struct zone_op *op, const struct zone_failure *failure);

/* The same; format has one %s, the zone's name, or is NULL. */
void zone_op_finish_with(struct zone_op *op, enum schema_error_id error, const char *format);

/* Gives the asker time; what happens then depends on the request. */
void zone_op_set_time(struct zone_op *op, uint64_t ms);

/* Looks at the config directory, then zone_ask_checked(). */
void zone_op_check(struct zone_op *op);

static inline bool zone_op_wants_running(const struct zone_op *op)
{
	return op->ask.request == ZONE_REQUEST_START || op->ask.request == ZONE_REQUEST_RESTART;
}

/* zone_ask.c: does, or begins, what is asked for. */
void zone_ask_begin(struct zone_op *op);
/* The directory has been read. */
void zone_ask_checked(struct zone_op *op);
/* The asker is to wait no longer; what is still to be done or undone is. */
void zone_ask_give_up(struct zone_op *op, enum schema_error_id error, const char *format);
/* What is asked for is on disk, or could not be written. */
void zone_ask_written(struct zone_op *op, int error);
/* The guest had its time to power off. */
void zone_ask_force(struct zone_op *op);

#endif
