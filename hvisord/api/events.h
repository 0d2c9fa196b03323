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
#define EVENTS_ZONE 64u /* bytes of a zone's name; a longer one is cut */

/* Longer ones are rare (a file's long path) and stand elsewhere. */
#define EVENTS_LINE 256u

struct event_line {
	char *text; /* with LF; NULL: there was no memory for it */
	size_t length;
	uint64_t seq;
	enum schema_event_id type;
	char zone[EVENTS_ZONE]; /* its name, "": none */
	char inline_text[EVENTS_LINE];
};

struct event_ring {
	uint64_t seq;                        /* of the last event; 0: none yet */
	struct event_line line[EVENTS_KEPT]; /* event seq is in [seq % EVENTS_KEPT] */
};

struct event_patterns {
	unsigned count; /* 0: everything matches */
	char *list[EVENTS_PATTERNS];
};

/* What one connection wants. */
struct subscription {
	bool active;
	struct event_patterns types;
	struct event_patterns zones;
	uint64_t lost;     /* not sent since the last one that was */
	uint64_t lost_seq; /* the last of them */
};

struct api;
struct connection;
struct zone;

void events_init(struct event_ring *ring);
void events_fini(struct event_ring *ring);

/*
 * One event: the caller puts the type's fields between. begin opens the
 * notification's params with seq, time, type and the zone.
 */
void events_begin(struct api *api, enum schema_event_id type, const struct zone *zone, struct json_out *out);
void events_end(struct api *api, enum schema_event_id type, const struct zone *zone, struct json_out *out);

/*
 * Replaces the connection's subscription: patterns of types and of zones'
 * names, NULL for all. 0, or -ENOMEM with none active.
 */
int subscription_set(struct subscription *subscription, const cJSON *types, const cJSON *zones);
void subscription_fini(struct subscription *subscription);

/* Sends what came after since; returns how many of those are no longer kept. */
uint64_t events_lost_since(const struct event_ring *ring, uint64_t since);
void events_replay(struct connection *connection, uint64_t since);

/* Tells the client of lost events, now that there is room. */
void events_tell_lost(struct connection *connection);

/* '*' any text, '?' any one character. */
bool events_match(const char *pattern, const char *text);

#endif
