/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of this folder: connections, their requests, what the api holds. */
#ifndef CONNECTION_H
#define CONNECTION_H

#include <sys/queue.h>

#include "access.h"
#include "api.h"
#include "codec.h"
#include "events.h"
#include "json_write.h"
#include "listener.h"
#include "params.h"
#include "methods.h"
#include "metrics.h"
#include "request.h"

/* Output queued at which streams wait and no more requests are read. */
#define CONNECTION_HIGH_WATER 65536u

struct connection;

TAILQ_HEAD(request_list, request);

struct connection {
	TAILQ_ENTRY(connection) entry;
	struct api *api;
	uv_pipe_t pipe;
	uid_t uid;
	pid_t pid;
	bool owner; /* root, or the user whom the daemon runs as */
	bool may_change;
	bool closing;
	bool at_end; /* the peer sends no more */
	bool reading;
	bool paused; /* the codec holds lines that wait for room in the output, or for their turn */
	bool yielded;
	uint64_t turn, turn_ns; /* the present turn, by uv_now(), and when it began, by uv_hrtime() */
	struct codec codec;
	struct json_out out;     /* not given to the kernel yet */
	struct json_out writing; /* being written by write */
	uv_write_t write;
	bool write_busy;
	struct request_list requests;
	unsigned num_requests;
	struct subscription subscription;
	struct zone *raw; /* bytes in both directions are those of this zone's console; NULL: lines */
	unsigned raw_port;
	uint64_t raw_pos;
	struct zone_input *raw_input; /* typed, but not taken yet: no more is read meanwhile */
	bool types;                   /* into a console, of the zone with this id */
	int types_into;
	struct keyed *keyed; /* no client, but the one that asks for all who gave the same key */
};

TAILQ_HEAD(connection_list, connection);

struct api {
	uv_loop_t *loop;
	struct api_options options;
	struct zones *zones;
	struct listener listener;
	bool listening;
	struct access_groups groups;
	char boot_id[33];
	uint64_t started_ms;
	struct connection_list connections;
	unsigned num_connections;
	uv_idle_t turns; /* active while a connection has yielded; without data until one has */
	struct event_ring events;
	struct metrics metrics;
	struct keys *keys;
	char read_buffer[65536];
};

/* connection.c */
/* A listener_fn; user: the api. */
void connection_accept(void *user, int fd);
void connection_close(struct connection *connection);
/* Bytes that the client has not taken. */
size_t connection_queued(const struct connection *connection);
/*
 * After a request: true if its connection's requests have kept the others waiting long enough. The rest is
 * gone on with after them, even where nothing is answered that the client would have to read.
 */
bool connection_yield(struct connection *connection);
/* A uv_idle_cb: the turns of those that have yielded. */
void connection_turns(uv_idle_t *turns);
/* Gives what is in out to the kernel. */
void connection_flush(struct connection *connection);
/* Answers with an error that belongs to no request, and closes. */
void connection_break(struct connection *connection, enum schema_error_id error, const char *message);

/* methods_console.c */
/* Sends what a stream's client can take; may end the request. */
void console_pump(struct request *request);
/* All streams of a connection. */
void console_pump_all(struct connection *connection);
/* What a client of a raw connection types. */
void console_raw_input(struct connection *connection, const char *data, size_t length);
/* Ends streams and raw connections of a zone that goes away. */
void console_end(struct api *api, const struct zone *zone);

/* zone_json.c: members of an open object */
void zone_json_summary(const struct zone *zone, struct json_out *out);
/* What brought the zone's last change about. */
void zone_json_cause(const struct zone *zone, struct json_out *out);
/* How long it is until the zone is started by itself, if that is known. */
void zone_json_delay(const struct zone *zone, struct json_out *out);
void zone_json_full(struct zone *zone, struct json_out *out);
/* An array of findings; of one file if file is not NULL. Returns how many are errors. */
unsigned zone_json_findings(const struct config_findings *findings, const char *file, struct json_out *out);

#endif
