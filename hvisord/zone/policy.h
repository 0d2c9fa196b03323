/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the daemon does with zones by itself: it starts them with the machine,
 * in order, and again when they ended and their policy says so. What an operator
 * asks for goes before. For the files of this folder.
 */
#ifndef POLICY_H
#define POLICY_H

#include "zone.h"

/* Reads what is wanted; a file that cannot be read is set aside. 0, or -ENOMEM. */
int policy_open(struct zones *zones);

/*
 * A zone is gone, and its daemon did not come to the end of that: whether it was
 * still to run then, and if so, whether the daemon was about to start it.
 */
void policy_gone(struct zones *zones, const struct zone_plan *plan, bool wanted, bool cut_off);

/* What runs has been adopted: starts what is to run and does not. */
void policy_begin(struct zones *zones);

/* Nothing is started any more, and what is wanted is written. */
void policy_close(struct zones *zones);

/* An operator starts the zone: what was pending and counted is forgotten. */
void policy_start_asked(struct zone *zone);

/* An operator restarts it, and it is active: a daemon that comes after this one brings it up again. */
void policy_restart_asked(struct zone *zone);

/*
 * An operator stops it, or does not want that any more. True: it did not run,
 * but was about to be started, and is not now.
 */
bool policy_stop_asked(struct zone *zone);
void policy_stop_given_up(struct zone *zone);

/* It does not run, but will be started by itself. */
bool policy_is_pending(const struct zone *zone);

/* What an operator wants now is on disk, as far as that can be. */
bool policy_is_kept(const struct zones *zones);

/* The zone runs. */
void policy_runs(struct zone *zone);

/* The zone ended, after so many milliseconds, and nothing of it is left; its state is set. */
void policy_ended(struct zone *zone, uint64_t ran_ms);

/* The zone is about to be forgotten. */
void policy_forget(struct zone *zone);

/* The zone, which does not run, is about to get another name or id. */
void policy_renamed(const struct zone *zone, const char *name, int id);

/* enabled: start it with the machine, or not, whatever its file says. Returns the touch that says so, or 0 without memory. */
uint64_t policy_enable(struct zone *zone, bool enabled);
/* Back to what it was before. */
void policy_unenable(struct zone *zone, const char *before);

#endif
