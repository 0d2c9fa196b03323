/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Taps that are set up or down in the root zone: the zone's driver sees the
 * link of its network device go up or down (virtio 1.2 section 5.1.4.2). And
 * bridges that are made anew: the taps that belong there are put in again.
 */
#ifndef NET_LINK_H
#define NET_LINK_H

#include "zone_private.h"

/*
 * The zone's device process is there, and maybe knows nothing yet: it is told
 * of all its taps, and of every change from now on. Without a way to hear of
 * changes that is logged, and zones run as if links never changed.
 */
void net_link_begin(struct zone *zone);

/* Lets go; the loop must run until it is empty. Accepts NULL. */
void net_link_close(struct net_link *link);

#endif
