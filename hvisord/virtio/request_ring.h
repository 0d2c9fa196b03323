/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The consumer's end of a zone's request ring (hv_ring.h). Its state is in
 * the ring alone, so a new process goes on where a dead one stopped.
 */
#ifndef REQUEST_RING_H
#define REQUEST_RING_H

#include "hv_ring.h"

/* 0, or -EPROTO: not a ring of this version. */
int request_ring_check(const struct hv_ring *ring);

/* Somebody served this ring before us. */
bool request_ring_is_used(const struct hv_ring *ring);

/*
 * Copies the oldest request: 1, or 0 if there is none, or -EPROTO if head and
 * tail contradict each other. It stays in the ring until request_ring_release(),
 * which comes after it was answered: a process that dies in between leaves it
 * to the next one.
 */
int request_ring_peek(const struct hv_ring *ring, struct hv_request *ret_request);
void request_ring_release(struct hv_ring *ring);

/* Forgets what the process before listed; before the first request is answered. */
void request_ring_clear_windows(struct hv_ring *ring);

/*
 * Lists the virtio window at ipa, and returns the word that holds its
 * InterruptStatus from now on, 0 at first; NULL: there is no place for it, and
 * the window's registers all come as requests.
 */
uint32_t *request_ring_list_window(struct hv_ring *ring, uint64_t ipa);

/* Notifications were dropped since the last call. */
bool request_ring_take_overflow(struct hv_ring *ring);

#endif
