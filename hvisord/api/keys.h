/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests with a key: whoever asks again with the same key, over whatever
 * connection, gets the answer of the first time, or waits for it. A key is
 * its user's; it is kept for an hour after its answer, over the daemon's end.
 *
 * The record of a key is on disk before anything is begun, and its answer
 * before it is sent. A daemon that finds a record without an answer cannot know
 * how far its predecessor came: asking again is an error then, and never done
 * twice.
 */
#ifndef KEYS_H
#define KEYS_H

#include <cJSON.h>

#include "request.h"

#define KEYS_MAX 256u
#define KEYS_KEPT_S 3600u
/* Longer answers are errors with many findings: nothing was begun, and asking again does no harm. */
#define KEYS_MAX_ANSWER 8192u

struct api;
struct keys;

/* Reads what is kept in the directory. 0 and *ret_keys, or -ENOMEM. */
int keys_new(struct api *api, const char *state_dir, struct keys **ret_keys);

/* Nothing is begun or recorded any more; the loop must run until it is empty. Takes NULL. */
void keys_close(struct keys *keys);

/* After the loop's end. Takes NULL. */
void keys_free(struct keys *keys);

/* A request that changes something and has a key. It is answered, now or later. */
void keys_take(struct keys *keys, struct request *request, const cJSON *params);

/* The output of a connection that stands for a key has one more line, the last one unless more. */
void keys_answered(struct connection *agent, bool more);

#endif
