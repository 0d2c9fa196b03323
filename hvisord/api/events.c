/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "events.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "connection.h"

bool events_match(const char *pattern, const char *text)
{
	const char *star = NULL, *retry = NULL;

	while (*text != '\0') {
		if (*pattern == '*') {
			star = pattern++;
			retry = text;
		} else if (*pattern == '?' || *pattern == *text) {
			pattern++;
			text++;
		} else if (star != NULL) {
			pattern = star + 1;
			text = ++retry;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

void events_init(struct event_ring *ring)
{
	/* written, not only zero: the daemon has its full size from the beginning and does not grow with age */
	memset(ring->line, 0xff, sizeof(ring->line));
	for (unsigned i = 0; i < EVENTS_KEPT; i++)
		ring->line[i].text = NULL;
}

static void line_clear(struct event_line *line)
{
	if (line->text != line->inline_text)
		free(line->text);
	line->text = NULL;
}

void events_fini(struct event_ring *ring)
{
	for (unsigned i = 0; i < EVENTS_KEPT; i++)
		line_clear(&ring->line[i]);
}

/* Takes the text. */
static void line_set(struct event_line *line, uint64_t seq, enum schema_event_id type,
		     const struct zone *zone, struct json_out *out)
{
	line_clear(line);
	snprintf(line->zone, sizeof(line->zone), "%s", zone != NULL ? zone->name : "");
	line->seq = seq;
	line->type = type;
	line->length = out->length;
	if (!out->failed && out->length <= sizeof(line->inline_text)) {
		memcpy(line->inline_text, out->text, out->length);
		line->text = line->inline_text;
	} else if (!out->failed) {
		line->text = out->text;
		*out = (struct json_out){ 0 };
	}
	json_out_fini(out);
}

static void patterns_fini(struct event_patterns *patterns)
{
	for (unsigned i = 0; i < patterns->count; i++)
		free(patterns->list[i]);
	patterns->count = 0;
}

/* The schema allows no more than there is room for. */
static int patterns_set(struct event_patterns *patterns, const cJSON *strings)
{
	const cJSON *string;

	cJSON_ArrayForEach(string, strings) {
		char *copy = strdup(string->valuestring);

		if (copy == NULL)
			return -ENOMEM;
		patterns->list[patterns->count++] = copy;
	}
	return 0;
}

static bool patterns_match(const struct event_patterns *patterns, const char *text)
{
	bool found = patterns->count == 0;

	for (unsigned i = 0; i < patterns->count && !found; i++)
		found = events_match(patterns->list[i], text);
	return found;
}

void subscription_fini(struct subscription *subscription)
{
	patterns_fini(&subscription->types);
	patterns_fini(&subscription->zones);
	*subscription = (struct subscription){ 0 };
}

int subscription_set(struct subscription *subscription, const cJSON *types, const cJSON *zones)
{
	subscription_fini(subscription);
	if (patterns_set(&subscription->types, types) != 0 ||
	    patterns_set(&subscription->zones, zones) != 0) {
		subscription_fini(subscription);
		return -ENOMEM;
	}
	subscription->active = true;
	return 0;
}

static bool wants(const struct subscription *subscription, const struct event_line *line)
{
	return subscription->active && patterns_match(&subscription->types, schema_events[line->type].name) &&
	       patterns_match(&subscription->zones, line->zone);
}

static void send_line(struct connection *connection, const struct event_line *line)
{
	struct subscription *subscription = &connection->subscription;

	if (!wants(subscription, line) || connection->closing)
		return;
	if (subscription->lost != 0 ||
	    connection_queued(connection) + line->length > SCHEMA_LIMIT_QUEUED - CONNECTION_HIGH_WATER) {
		subscription->lost++;
		connection->api->metrics.events_dropped++;
		subscription->lost_seq = line->seq;
		return;
	}
	json_append(&connection->out, line->text, line->length);
}

void events_tell_lost(struct connection *connection)
{
	struct subscription *subscription = &connection->subscription;
	char text[160];
	int length;

	if (subscription->lost == 0 || connection_queued(connection) > CONNECTION_HIGH_WATER)
		return;
	length = snprintf(text, sizeof(text),
			  "{\"jsonrpc\":\"2.0\",\"method\":\"event\",\"params\":{\"seq\":%llu,"
			  "\"type\":\"%s\",\"count\":%llu}}\n",
			  (unsigned long long)subscription->lost_seq, schema_events[SCHEMA_EVENT_LOST].name,
			  (unsigned long long)subscription->lost);
	subscription->lost = 0;
	json_append(&connection->out, text, (size_t)length);
}

static void put_time(struct json_out *out)
{
	struct timespec now;
	struct tm tm;
	char date[32], text[48];

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, sizeof(text), "%s.%03ldZ", date, now.tv_nsec / 1000000);
	json_put_string(out, "time", text);
}

void events_begin(struct api *api, enum schema_event_id type, const struct zone *zone, struct json_out *out)
{
	json_open_object(out, NULL);
	json_put_string(out, "jsonrpc", "2.0");
	json_put_string(out, "method", "event");
	json_open_object(out, "params");
	json_put_uint(out, "seq", api->events.seq + 1);
	put_time(out);
	json_put_string(out, "type", schema_events[type].name);
	if (zone == NULL)
		return;
	json_put_string(out, "zone", zone->name);
	if (zone->id >= 0)
		json_put_int(out, "id", zone->id);
}

void events_end(struct api *api, enum schema_event_id type, const struct zone *zone, struct json_out *out)
{
	struct event_ring *ring = &api->events;
	uint64_t seq = ++ring->seq;
	struct event_line *line = &ring->line[seq % EVENTS_KEPT];
	struct connection *connection;

	json_close_object(out);
	json_close_object(out);
	json_append(out, "\n", 1);
	/* without memory the event has a number and nothing else: subscribers see the gap */
	line_set(line, seq, type, zone, out);
	if (line->text == NULL)
		return;
	TAILQ_FOREACH(connection, &api->connections, entry)
	{
		send_line(connection, line);
		connection_flush(connection);
	}
}

/* The oldest number still kept; seq + 1 if none is. */
static uint64_t oldest(const struct event_ring *ring)
{
	return ring->seq > EVENTS_KEPT ? ring->seq - EVENTS_KEPT + 1 : 1;
}

uint64_t events_lost_since(const struct event_ring *ring, uint64_t since)
{
	uint64_t first = oldest(ring);

	return since + 1 < first ? first - since - 1 : 0;
}

void events_replay(struct connection *connection, uint64_t since)
{
	const struct event_ring *ring = &connection->api->events;
	uint64_t seq = since + 1 > oldest(ring) ? since + 1 : oldest(ring);

	for (; seq <= ring->seq; seq++) {
		const struct event_line *line = &ring->line[seq % EVENTS_KEPT];

		if (line->text != NULL)
			send_line(connection, line);
	}
}
