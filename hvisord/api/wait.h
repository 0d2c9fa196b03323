/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests that wait for a zone's state. */
#ifndef WAIT_H
#define WAIT_H

struct api;
struct zone;

/* The zone came into another state: who waits for that is answered. */
void wait_check(struct api *api, const struct zone *zone);

/* The zone goes away: nobody need wait for it any more. */
void wait_end(struct api *api, const struct zone *zone);

#endif
