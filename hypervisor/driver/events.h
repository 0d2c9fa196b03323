/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From EL2's event words to eventfds. One lock of its own, innermost, usable in interrupts. */
#ifndef DRIVER_EVENTS_H
#define DRIVER_EVENTS_H

#include <linux/types.h>

struct eventfd_ctx;
struct handle;
struct slot;

/* A management handle comes, becomes the slot's, goes. The slot's sem is held for writing in the latter two
 * for a bound handle. */
void events_add(struct handle *handle);
void events_bind(struct handle *handle, struct slot *slot);
void events_remove(struct handle *handle);

/* Sets the handle's eventfd (NULL: none) and returns the old one, whose reference is now the caller's. */
struct eventfd_ctx *events_exchange(struct handle *handle, struct eventfd_ctx *ctx);

/* Moves the slot on to its next epoch and wakes who was bound to the last one. slot->sem held for writing. */
void events_retire(struct slot *slot);

/* Fetches and delivers all waiting events. False: there were none. Any context. */
bool events_deliver(void);

#endif
