/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events: numbered, the last ones kept, sent to whoever subscribed. */
#ifndef EVENTS_H
#define EVENTS_H

#include <cJSON.h>
#include <stdbool.h>

#include "json_write.h"
#include "schema.h"

#define EVENTS_KEPT 256u
#define EVENTS_PATTERNS 16u

/* Longer ones are rare (a file's long path) and stand elsewhere. */
#define EVENTS_LINE 256u

struct event_line {
	char *text; /* with LF; NULL: there was no memory for it */
	size_t length;
	uint64_t seq;
	enum schema_event_id type;
	char inline_text[EVENTS_LINE];
};

struct event_ring {
	uint64_t seq;                        /* of the last event; 0: none yet */
	struct event_line line[EVENTS_KEPT]; /* event seq is in [seq % EVENTS_KEPT] */
};

/* What one connection wants. */
struct subscription {
	bool active;
	unsigned num_patterns; /* 0: all */
	char *patterns[EVENTS_PATTERNS];
	uint64_t lost;     /* not sent since the last one that was */
	uint64_t lost_seq; /* the last of them */
};

struct api;
struct connection;

void events_init(struct event_ring *ring);
void events_fini(struct event_ring *ring);

/*
 * One event: the caller puts the type's fields between. begin opens the
 * notification's params with seq, time and type.
 */
void events_begin(struct api *api, enum schema_event_id type, struct json_out *out);
void events_end(struct api *api, enum schema_event_id type, struct json_out *out);

/* Replaces the connection's subscription. match: NULL for all. 0, or -ENOMEM with none active. */
int subscription_set(struct subscription *subscription, const cJSON *match);
void subscription_fini(struct subscription *subscription);

/* Sends what came after since; returns how many of those are no longer kept. */
uint64_t events_lost_since(const struct event_ring *ring, uint64_t since);
void events_replay(struct connection *connection, uint64_t since);

/* Tells the client of lost events, now that there is room. */
void events_tell_lost(struct connection *connection);

/* '*' any text, '?' any one character. */
bool events_match(const char *pattern, const char *text);

#endif
