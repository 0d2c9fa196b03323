/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of this folder: connections, their requests, what the api holds. */
#ifndef CONNECTION_H
#define CONNECTION_H

#include <sys/queue.h>

#include "api.h"
#include "codec.h"
#include "events.h"
#include "json_write.h"
#include "params.h"

/* Output queued at which streams wait and no more requests are read. */
#define CONNECTION_HIGH_WATER 65536u

struct connection;

/*
 * A request. Lives on the dispatcher's stack; one that cannot be answered at
 * once is kept with request_keep() and ends with request_done().
 */
struct request {
	TAILQ_ENTRY(request) entry;
	struct connection *connection;
	enum schema_method_id method;
	char *id; /* JSON text, or NULL: a notification, no answer */
	struct zone_op *op;
	struct zone_input *input;
	size_t input_length;
	/* console.attach with more */
	struct zone *stream;
	uint64_t pos;
};

TAILQ_HEAD(request_list, request);

struct connection {
	TAILQ_ENTRY(connection) entry;
	struct api *api;
	uv_pipe_t pipe;
	uid_t uid;
	pid_t pid;
	bool may_change;
	bool closing;
	bool at_end; /* the peer sends no more */
	bool reading;
	bool paused; /* the codec holds lines that wait for room in the output */
	struct codec codec;
	struct json_out out;     /* not given to the kernel yet */
	struct json_out writing; /* being written by write */
	uv_write_t write;
	bool write_busy;
	struct request_list requests;
	unsigned num_requests;
	struct subscription subscription;
};

TAILQ_HEAD(connection_list, connection);

struct api {
	uv_loop_t *loop;
	struct api_options options;
	struct zones *zones;
	uv_pipe_t listener;
	bool listening;
	char boot_id[33];
	uint64_t started_ms;
	struct connection_list connections;
	unsigned num_connections;
	struct event_ring events;
	char read_buffer[65536];
};

/* connection.c */
void connection_accept(uv_stream_t *listener, int status);
void connection_close(struct connection *connection);
/* Bytes that the client has not taken. */
size_t connection_queued(const struct connection *connection);
/* Gives what is in out to the kernel. */
void connection_flush(struct connection *connection);
/* Answers with an error that belongs to no request, and closes. */
void connection_break(struct connection *connection, const char *message);

/* request.c */
/* Handles one line; non-zero when the connection is closing. */
int request_line(const char *line, size_t length, void *connection);
/* Opens the answer's "result" object in the returned buffer; NULL: a notification, nobody listens. */
struct json_out *request_reply(struct request *request);
/* Closes it. more: the request stays open. */
void request_reply_end(struct request *request, bool more);
void request_fail(struct request *request, const struct zone_failure *failure, const struct zone *zone);
void request_error(struct request *request, enum schema_error_id error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* A heap copy in the connection's list, or NULL: answered with an error. */
struct request *request_keep(struct request *request);
/* Takes a kept request out of the list and frees it. */
void request_done(struct request *request);
/* The same, and what it waits for is told. For a connection that goes. */
void request_drop(struct request *request);

/* methods.c */
typedef void (*method_fn)(struct request *request, const cJSON *params);
extern const method_fn methods[SCHEMA_METHOD_COUNT];
/* The zone that the parameter names; NULL: answered with an error. */
struct zone *method_zone(struct request *request, const cJSON *params);

/* methods_console.c */
void method_console_attach(struct request *request, const cJSON *params);
void method_console_write(struct request *request, const cJSON *params);
void method_console_resize(struct request *request, const cJSON *params);
/* Sends what a stream's client can take; may end the request. */
void console_pump(struct request *request);
/* All streams of a connection. */
void console_pump_all(struct connection *connection);
/* Ends streams of a zone that goes away. */
void console_end(struct api *api, const struct zone *zone);

/* zone_json.c: members of an open object */
void zone_json_summary(const struct zone *zone, struct json_out *out);
void zone_json_full(struct zone *zone, struct json_out *out);
/* An array of findings; of one file if file is not NULL. Returns how many are errors. */
unsigned zone_json_findings(const struct config_findings *findings, const char *file, struct json_out *out);

#endif
