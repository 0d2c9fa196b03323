/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "connection.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit.h"
#include "log.h"

/* A buffer that grew beyond this is given back once it is empty. */
#define KEEP_CAPACITY 16384u
/* So long one connection's requests are gone on with while others wait; one request may take longer. */
#define TURN_NS 1000000u

size_t connection_queued(const struct connection *connection)
{
	return connection->out.length +
	       uv_stream_get_write_queue_size((const uv_stream_t *)&connection->pipe);
}

static void on_closed(uv_handle_t *handle)
{
	struct connection *connection = handle->data;

	codec_fini(&connection->codec);
	json_out_fini(&connection->out);
	json_out_fini(&connection->writing);
	subscription_fini(&connection->subscription);
	free(connection);
}

void connection_close(struct connection *connection)
{
	struct request *request;

	if (connection->closing)
		return;
	connection->closing = true;
	while ((request = TAILQ_FIRST(&connection->requests)) != NULL)
		request_drop(request);
	if (connection->raw_input != NULL)
		zone_input_detach(connection->raw_input);
	TAILQ_REMOVE(&connection->api->connections, connection, entry);
	connection->api->num_connections--;
	uv_close((uv_handle_t *)&connection->pipe, on_closed);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buffer)
{
	struct connection *connection = handle->data;

	(void)suggested;
	/* one for all: what a read leaves unfinished is copied by the codec */
	*ret_buffer = uv_buf_init(connection->api->read_buffer, sizeof(connection->api->read_buffer));
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer);

/* Reads only from those that read us. */
static void steer(struct connection *connection)
{
	bool want = !connection->at_end && !connection->paused && connection->raw_input == NULL &&
		    connection_queued(connection) < CONNECTION_HIGH_WATER;

	if (want == connection->reading || connection->closing)
		return;
	connection->reading = want;
	if (want)
		uv_read_start((uv_stream_t *)&connection->pipe, on_alloc, on_read);
	else
		uv_read_stop((uv_stream_t *)&connection->pipe);
}

/* After the peer's end: stays for answers that are still due, not for streams. */
static void close_if_over(struct connection *connection)
{
	const struct request *request;

	if (!connection->at_end || connection->paused || connection->raw_input != NULL ||
	    connection_queued(connection) != 0)
		return;
	TAILQ_FOREACH(request, &connection->requests, entry)
	{
		if (request->stream == NULL)
			return;
	}
	connection_close(connection);
}

/* After a feed of the codec. */
static void after_lines(struct connection *connection, int r)
{
	if (connection->raw != NULL && !connection->closing) {
		/* what came behind the line that asked for it */
		console_raw_input(connection, connection->codec.tail, connection->codec.length);
		codec_fini(&connection->codec);
		return connection_flush(connection);
	}
	connection->paused = r == CODEC_PAUSE;
	if (r == -EMSGSIZE)
		return connection_break(connection, SCHEMA_ERROR_LIMIT, "a line is longer than the limit");
	if (r == -ENOMEM)
		return connection_break(connection, SCHEMA_ERROR_INTERNAL, "out of memory for a line");
	connection_flush(connection);
}

/* All reads of one turn of the loop are one turn. */
static void begin_turn(struct connection *connection)
{
	uint64_t turn = uv_now(connection->api->loop);

	if (connection->turn != turn)
		connection->turn_ns = uv_hrtime();
	connection->turn = turn;
}

/* There is room again: requests that were read but not looked at come first. */
static void resume(struct connection *connection)
{
	if (!connection->paused || connection->yielded || connection->closing ||
	    connection_queued(connection) >= CONNECTION_HIGH_WATER)
		return;
	begin_turn(connection);
	after_lines(connection, codec_resume(&connection->codec, request_line, connection));
}

bool connection_yield(struct connection *connection)
{
	struct api *api = connection->api;

	if (uv_hrtime() - connection->turn_ns < TURN_NS)
		return false;
	if (api->turns.data == NULL)
		uv_idle_init(api->loop, &api->turns);
	api->turns.data = api;
	connection->yielded = true;
	uv_idle_start(&api->turns, connection_turns);
	return true;
}

void connection_turns(uv_idle_t *turns)
{
	struct connection *connection, *next;
	struct api *api = turns->data;

	uv_idle_stop(turns);
	for (connection = TAILQ_FIRST(&api->connections); connection != NULL; connection = next) {
		next = TAILQ_NEXT(connection, entry);
		if (!connection->yielded)
			continue;
		connection->yielded = false;
		resume(connection);
	}
}

static void on_written(uv_write_t *write, int status)
{
	struct connection *connection = write->data;

	connection->write_busy = false;
	json_out_fini(&connection->writing);
	if (connection->closing)
		return;
	if (status != 0)
		return connection_close(connection);
	connection_flush(connection);
	resume(connection);
}

/* What the kernel did not take at once waits in a buffer of its own. */
static void write_rest(struct connection *connection, size_t done)
{
	uv_buf_t rest = uv_buf_init(connection->out.text + done, (unsigned)(connection->out.length - done));

	connection->writing = connection->out;
	connection->out = (struct json_out){ 0 };
	connection->write.data = connection;
	if (uv_write(&connection->write, (uv_stream_t *)&connection->pipe, &rest, 1, on_written) != 0)
		return connection_close(connection);
	connection->write_busy = true;
}

/* Writes what is in out: at once, or with on_written() to come. */
static void write_out(struct connection *connection)
{
	struct json_out *out = &connection->out;
	uv_buf_t buffer = uv_buf_init(out->text, (unsigned)out->length);
	int n;

	if (out->length == 0)
		return;
	n = uv_try_write((uv_stream_t *)&connection->pipe, &buffer, 1);
	if (n < 0 && n != UV_EAGAIN)
		return connection_close(connection);
	if (n != (int)out->length)
		return write_rest(connection, n > 0 ? (size_t)n : 0);
	out->length = 0;
	if (out->capacity > KEEP_CAPACITY)
		json_out_fini(out);
}

void connection_flush(struct connection *connection)
{
	if (connection->keyed != NULL)
		return;
	while (!connection->closing && !connection->write_busy) {
		if (connection->out.failed) {
			log_error("out of memory for an answer: connection closed");
			return connection_close(connection);
		}
		write_out(connection);
		if (connection->closing || connection->write_busy)
			break;
		/* all was taken: what waited for room may come now */
		events_tell_lost(connection);
		console_pump_all(connection);
		if (connection->out.length == 0)
			break;
	}
	if (connection->closing)
		return;
	steer(connection);
	close_if_over(connection);
}

void connection_break(struct connection *connection, enum schema_error_id error, const char *message)
{
	struct json_out *out = &connection->out;

	if (connection->closing)
		return;
	json_open_object(out, NULL);
	json_put_string(out, "jsonrpc", "2.0");
	json_put_raw(out, "id", "null", 4);
	json_open_object(out, "error");
	json_put_int(out, "code", schema_errors[error].code);
	json_put_string(out, "message", message);
	json_open_object(out, "data");
	json_put_string(out, "reason", schema_errors[error].reason);
	json_close_object(out);
	json_close_object(out);
	json_close_object(out);
	json_append(out, "\n", 1);
	log_notice("connection of uid %u, pid %d closed: %s", (unsigned)connection->uid, (int)connection->pid,
		   message);
	/* a last word, if the client reads at all */
	if (!connection->write_busy && !out->failed) {
		uv_buf_t buffer = uv_buf_init(out->text, (unsigned)out->length);

		uv_try_write((uv_stream_t *)&connection->pipe, &buffer, 1);
	}
	connection_close(connection);
}

/* The peer not only sends no more, as who pipes requests into a socket: nobody is there for an answer. */
static bool is_gone(const struct connection *connection)
{
	struct pollfd peer = { .events = 0 };

	return uv_fileno((const uv_handle_t *)&connection->pipe, &peer.fd) == 0 && poll(&peer, 1, 0) == 1 &&
	       (peer.revents & POLLHUP) != 0;
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
	struct connection *connection = stream->data;

	if (size == UV_EOF && is_gone(connection))
		return connection_close(connection);
	if (size == UV_EOF) {
		connection->at_end = true;
		connection->reading = false;
		uv_read_stop(stream);
		return connection_flush(connection);
	}
	if (size < 0)
		return connection_close(connection);
	if (connection->raw != NULL) {
		console_raw_input(connection, buffer->base, (size_t)size);
		return connection_flush(connection);
	}
	begin_turn(connection);
	after_lines(connection,
		    codec_feed(&connection->codec, buffer->base, (size_t)size, request_line, connection));
}

static unsigned count_uid(const struct api *api, uid_t uid)
{
	const struct connection *connection;
	unsigned count = 0;

	TAILQ_FOREACH(connection, &api->connections, entry)
	count += connection->uid == uid;
	return count;
}

static void greet(struct connection *connection)
{
	static const char *const caps[] = { "events", "console", "more", "cancel", "progress" };
	struct json_out *out = &connection->out;

	json_open_object(out, NULL);
	json_open_object(out, "hvisord");
	json_put_string(out, "version", connection->api->options.version);
	json_put_int(out, "protocol", SCHEMA_PROTOCOL);
	json_open_array(out, "caps");
	for (unsigned i = 0; i < sizeof(caps) / sizeof(caps[0]); i++)
		json_put_string(out, NULL, caps[i]);
	json_close_array(out);
	json_put_string(out, "boot_id", connection->api->boot_id);
	json_open_object(out, "limits");
	for (size_t i = 0; i < schema_num_limits; i++)
		json_put_int(out, schema_limits[i].name, schema_limits[i].value);
	json_close_object(out);
	json_close_object(out);
	json_close_object(out);
	json_append(out, "\n", 1);
	connection_flush(connection);
}

/* NULL, or why not: whoever may not use the daemon, or has taken his share of it. */
static const char *refuse(const struct connection *connection, enum access_right right)
{
	const struct api *api = connection->api;

	if (right == ACCESS_NONE)
		return "this user may not use hvisord";
	if (api->num_connections > SCHEMA_LIMIT_CONNECTIONS)
		return "too many connections";
	if (connection->owner)
		return NULL;
	if (api->num_connections > SCHEMA_LIMIT_CONNECTIONS - SCHEMA_LIMIT_CONNECTIONS_KEPT)
		return "too many connections";
	if (count_uid(api, connection->uid) > SCHEMA_LIMIT_CONNECTIONS_UID)
		return "too many connections of this user";
	return NULL;
}

static void admit(struct connection *connection, const struct access_peer *peer)
{
	struct api *api = connection->api;
	const char *refused;

	connection->uid = peer->uid;
	connection->pid = peer->pid;
	connection->owner = peer->owner;
	connection->may_change = peer->right == ACCESS_CHANGE;
	TAILQ_INSERT_TAIL(&api->connections, connection, entry);
	api->num_connections++;
	refused = refuse(connection, peer->right);
	if (refused == NULL)
		return greet(connection);
	audit_refused(connection, "a connection", refused);
	connection_break(connection,
			 peer->right == ACCESS_NONE ? SCHEMA_ERROR_PERMISSION : SCHEMA_ERROR_LIMIT, refused);
}

void connection_accept(void *user, int fd)
{
	struct connection *connection;
	struct access_peer peer;
	struct api *api = user;
	int r = access_identify(fd, &api->groups, &peer);

	connection = r == 0 ? calloc(1, sizeof(*connection)) : NULL;
	if (connection == NULL) {
		log_error("connection refused: %s", strerror(r != 0 ? -r : ENOMEM));
		close(fd);
		return;
	}
	connection->api = api;
	codec_init(&connection->codec, SCHEMA_LIMIT_LINE);
	TAILQ_INIT(&connection->requests);
	uv_pipe_init(api->loop, &connection->pipe, 0);
	connection->pipe.data = connection;
	r = uv_pipe_open(&connection->pipe, fd);
	if (r != 0) {
		log_error("connection refused: %s", uv_strerror(r));
		close(fd);
		uv_close((uv_handle_t *)&connection->pipe, on_closed);
		return;
	}
	admit(connection, &peer);
}
