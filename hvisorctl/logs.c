/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * logs: what the daemon kept of a zone's console, and with --follow what comes.
 * Positions grow over all runs of a zone and of the daemon, so that nothing is
 * shown twice and a hole is seen.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base64.h"
#include "ctl.h"
#include "schema.h"

#define PIECE 262144
#define DEFAULT_BYTES 65536

struct logs {
	struct ctl *ctl;
	const char *zone;
	int64_t pos;
	bool is_tty;
	struct escape escape;
	int64_t deadline;
	uint64_t attached; /* the stream's request; 0: none */
};

static int put(struct logs *logs, const char *data, size_t length)
{
	if (logs->is_tty)
		escape_bytes(&logs->escape, stdout, data, length);
	else
		fwrite(data, 1, length, stdout);
	return ferror(stdout) ? -EIO : 0;
}

static void say_gap(const struct logs *logs, int64_t pos)
{
	fflush(stdout);
	fprintf(stderr, "\nhvisorctl: %lld bytes before this are no longer kept\n",
		(long long)(pos - logs->pos));
}

/* A piece that stands at pos. What was shown already is left out. */
static int take_piece(struct logs *logs, const cJSON *result)
{
	const char *text = ctl_string(result, "b64");
	size_t length = text != NULL ? strlen(text) : 0;
	int64_t pos = (int64_t)ctl_number(result, "pos");
	char *data = malloc(length / 4 * 3 + 1);
	ssize_t size = data != NULL ? base64_decode(text != NULL ? text : "", length, data) : -ENOMEM;
	int64_t skip = logs->pos > pos ? logs->pos - pos : 0;
	int r = size < 0 ? (int)size : 0;

	if (r == 0 && skip < size) {
		if (logs->pos >= 0 && pos > logs->pos)
			say_gap(logs, pos);
		r = put(logs, data + skip, (size_t)(size - skip));
		logs->pos = pos + size;
	} else if (r == 0 && logs->pos < 0) {
		logs->pos = pos + size;
	}
	free(data);
	return r;
}

/* One answer of console.log from a position, or (-1) of the last bytes. */
static int read_piece(struct logs *logs, int64_t pos, int64_t limit, struct hvisor_message *ret_message)
{
	struct json_out out = { 0 };
	const char *params;
	int status = CTL_FAILED;

	json_open_object(&out, NULL);
	ctl_put_console(logs->ctl, &out, logs->zone);
	if (pos >= 0)
		json_put_int(&out, "pos", pos);
	json_put_int(&out, "limit", limit);
	params = ctl_params(&out);
	if (params != NULL)
		status = ctl_call(logs->ctl, "console.log", params, ret_message);
	json_out_fini(&out);
	return status;
}

/* All there is from the position on. */
static int read_kept(struct logs *logs)
{
	bool more = true;
	int status = CTL_OK;

	while (more && status == CTL_OK) {
		struct hvisor_message message;
		int64_t before = logs->pos;

		status = read_piece(logs, logs->pos, PIECE, &message);
		if (status != CTL_OK)
			return status;
		if (take_piece(logs, message.result) != 0)
			status = CTL_FAILED;
		more = logs->pos > before && logs->pos < (int64_t)ctl_number(message.result, "end");
		hvisor_message_fini(&message);
	}
	return status;
}

/* Where to begin: --since, or so many bytes before the end. */
static int find_start(struct logs *logs)
{
	int64_t wanted = logs->ctl->number >= 0 ? logs->ctl->number : DEFAULT_BYTES;
	struct hvisor_message message;
	int64_t start, end;
	int status;

	if (logs->ctl->since >= 0) {
		logs->pos = logs->ctl->since;
		return CTL_OK;
	}
	status = read_piece(logs, -1, 1, &message);
	if (status != CTL_OK)
		return status;
	start = (int64_t)ctl_number(message.result, "start");
	end = (int64_t)ctl_number(message.result, "end");
	logs->pos = end - start > wanted ? end - wanted : start;
	hvisor_message_fini(&message);
	return CTL_OK;
}

static int attach(struct logs *logs)
{
	struct json_out out = { 0 };
	const char *params;
	int r = -ENOMEM;

	json_open_object(&out, NULL);
	ctl_put_console(logs->ctl, &out, logs->zone);
	json_put_int(&out, "replay", 0);
	json_put_bool(&out, "more", true);
	params = ctl_params(&out);
	if (params != NULL)
		r = hvisor_client_send(logs->ctl->client, "console.attach", params, &logs->attached);
	json_out_fini(&out);
	return r;
}

/* A piece from the stream. One that does not follow what was shown has its beginning in the log. */
static int on_stream(struct logs *logs, const struct hvisor_message *message)
{
	int status = CTL_OK;

	if (!message->continues)
		logs->attached = 0;
	if (message->error != NULL) {
		int64_t code = (int64_t)ctl_number(message->error, "code");

		/* it will be attached to when it runs again */
		if (schema_errors[schema_find_error(code)].exit == CTL_NOT_RUNNING)
			return CTL_OK;
		return ctl_error_reply(logs->ctl, logs->zone, message->error);
	}
	if ((int64_t)ctl_number(message->result, "pos") > logs->pos)
		status = read_kept(logs);
	if (status == CTL_OK && take_piece(logs, message->result) != 0)
		status = CTL_FAILED;
	fflush(stdout);
	return status;
}

static int on_message(struct logs *logs, const struct hvisor_message *message)
{
	const char *to = message->params != NULL ? ctl_string(message->params, "to") : NULL;

	if (logs->attached != 0 && hvisor_message_answers(message, logs->attached))
		return on_stream(logs, message);
	/* a new run */
	if (to != NULL && strcmp(to, "running") == 0 && logs->attached == 0) {
		int r = attach(logs);

		return r == 0 ? read_kept(logs) : ctl_transport_error(logs->ctl, r);
	}
	return CTL_OK;
}

static int follow(struct logs *logs)
{
	struct hvisor_message message;
	int r, status = ctl_call(logs->ctl, "events.subscribe", "{\"match\":[\"zone.state\"]}", &message);

	if (status != CTL_OK)
		return status;
	hvisor_message_fini(&message);
	r = attach(logs);
	/* what came between the first reading and this */
	if (r == 0)
		status = read_kept(logs);
	while (r == 0 && status == CTL_OK) {
		fflush(stdout);
		r = hvisor_client_receive(logs->ctl->client, ctl_time_left(logs->deadline), &message);
		if (r != 0)
			break;
		status = on_message(logs, &message);
		hvisor_message_fini(&message);
	}
	if (r == -ETIMEDOUT)
		return CTL_TIMEOUT;
	return r == 0 ? status : ctl_transport_error(logs->ctl, r);
}

int ctl_logs(struct ctl *ctl, int argc, char **argv)
{
	struct logs logs = { .ctl = ctl,
			     .zone = argv[0],
			     .pos = -1,
			     .is_tty = isatty(STDOUT_FILENO) != 0,
			     .escape = { .lines = true },
			     .deadline = ctl_deadline(ctl) };
	int status = find_start(&logs);

	(void)argc;
	if (status == CTL_OK)
		status = read_kept(&logs);
	if (status == CTL_OK && ctl->follow)
		status = follow(&logs);
	escape_end(&logs.escape, stdout);
	return status;
}
