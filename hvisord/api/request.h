/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a line to a method, and from its outcome to a line. */
#ifndef REQUEST_H
#define REQUEST_H

#include <sys/queue.h>

#include "json_write.h"
#include "params.h"
#include "schema.h"
#include "zone.h"

struct connection;

/*
 * A request. Lives on the dispatcher's stack; one that cannot be answered at
 * once is kept with request_keep() and ends with request_done().
 */
struct request {
	TAILQ_ENTRY(request) entry;
	struct connection *connection;
	enum schema_method_id method;
	uint64_t began_ns; /* uv_hrtime() */
	char *id;          /* JSON text, or NULL: a notification, no answer */
	struct zone_op *op;
	bool dry_run; /* of op */
	struct zone_input *input;
	size_t input_length;
	/* whatever else it waits for is told that it does not any more; NULL: nothing */
	void (*detach)(struct request *request);
	/* $/cancel in place of an error and detach; it may be answered later. NULL: nothing special */
	void (*cancel)(struct request *request);
	void *waits_for;
	/* console.attach with more */
	struct zone *stream;
	unsigned port; /* number of its console */
	uint64_t pos;
};

/* Handles one line; non-zero when the connection is closing. */
int request_line(const char *line, size_t length, void *connection);
/* Opens the answer's "result" object in the returned buffer; NULL: a notification, nobody listens. */
struct json_out *request_reply(struct request *request);
/* Closes it. more: the request stays open. */
void request_reply_end(struct request *request, bool more);
/* An answer that was made for somebody else: the members of its object but jsonrpc and id. */
void request_forward(struct request *request, const char *members, size_t length, bool more);
void request_fail_params(struct request *request, const struct params_error *error);
void request_fail(struct request *request, const struct zone_failure *failure, const struct zone *zone);
void request_error(struct request *request, enum schema_error_id error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* A heap copy in the connection's list, or NULL: answered with an error. */
struct request *request_keep(struct request *request);
/* Gives a kept request up: it is answered with CANCELLED, at once or soon. */
void request_cancel(struct request *request);
/* Takes a kept request out of the list and frees it. */
void request_done(struct request *request);
/* The same, and what it waits for is told. For a connection that goes. */
void request_drop(struct request *request);

#endif
