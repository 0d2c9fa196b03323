/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests to the daemon, and what to say when they fail. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl.h"
#include "remote.h"
#include "schema.h"

#define CONNECT_TIMEOUT_MS 5000
/* ssh may ask for a password first */
#define REMOTE_TIMEOUT_MS 120000
#define CALL_TIMEOUT_MS 15000

int64_t ctl_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t ctl_deadline(const struct ctl *ctl)
{
	return ctl->timeout_ms < 0 ? -1 : ctl_now_ms() + ctl->timeout_ms;
}

int ctl_time_left(int64_t deadline)
{
	int64_t left = deadline - ctl_now_ms();

	if (deadline < 0)
		return HVISOR_CLIENT_FOREVER;
	return left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

int ctl_patience(const struct ctl *ctl)
{
	return ctl->timeout_ms < 0 ? CALL_TIMEOUT_MS : (int)ctl->timeout_ms;
}

int ctl_no_memory(void)
{
	fputs("hvisorctl: out of memory\n", stderr);
	return CTL_FAILED;
}

int ctl_transport_error(const struct ctl *ctl, int r)
{
	static const struct {
		int error;
		int status;
		const char *text;
	} table[] = {
		{ -ENOENT, CTL_NO_DAEMON, "hvisord does not run here" },
		{ -ECONNREFUSED, CTL_NO_DAEMON, "hvisord does not run here" },
		{ -EPIPE, CTL_NO_DAEMON, "hvisord closed the connection" },
		{ -ECONNRESET, CTL_NO_DAEMON, "hvisord closed the connection" },
		{ -EACCES, CTL_PERMISSION, "hvisord does not let this user in" },
		{ -EPERM, CTL_PERMISSION, "hvisord does not let this user in" },
		{ -ETIMEDOUT, CTL_TIMEOUT, "no answer in time" },
		{ -EPROTO, CTL_FAILED, "what answers there does not speak this protocol" },
	};
	const char *where = ctl->host != NULL     ? ctl->host
			    : ctl->socket != NULL ? ctl->socket
						  : HVISOR_CLIENT_SOCKET;
	const char *text = strerror(-r);
	int status = CTL_FAILED;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (table[i].error == r) {
			text = table[i].text;
			status = table[i].status;
		}
	}
	fputs("hvisorctl: ", stderr);
	ctl_put_text(stderr, where);
	fprintf(stderr, ": %s\n", text);
	return status;
}

int ctl_connect(struct ctl *ctl)
{
	int fd, r;

	if (ctl->client != NULL)
		return CTL_OK;
	if (ctl->host == NULL) {
		r = hvisor_client_new(ctl->socket, CONNECT_TIMEOUT_MS, &ctl->client);
		return r == 0 ? CTL_OK : ctl_transport_error(ctl, r);
	}
	r = remote_open(ctl->host, ctl->socket, &fd, &ctl->helper);
	if (r == -EINVAL)
		return CTL_USAGE;
	if (r == 0)
		r = hvisor_client_new_fd(fd, fd, REMOTE_TIMEOUT_MS, &ctl->client);
	if (r == 0)
		return CTL_OK;
	/* the far hvisorctl has said on stderr what went wrong there; it also says it with its status */
	if (r == -EPIPE || r == -ECONNRESET) {
		int status = remote_status(&ctl->helper);

		if (status == CTL_PERMISSION || status == CTL_NO_DAEMON)
			return status;
	}
	return ctl_transport_error(ctl, r);
}

void ctl_disconnect(struct ctl *ctl)
{
	hvisor_client_free(ctl->client);
	ctl->client = NULL;
	remote_status(&ctl->helper);
}

/* All findings of a config error, or the one place it names. */
static void print_places(const cJSON *data)
{
	const cJSON *findings = ctl_item(data, "findings");

	ctl_print_findings(stderr, findings);
	if (findings == NULL && ctl_string(data, "other") != NULL) {
		fputs("  collides with ", stderr);
		ctl_put_text(stderr, ctl_string(data, "other"));
		fputc('\n', stderr);
	}
}

static void print_error_json(const char *zone, const cJSON *error)
{
	cJSON *copy = cJSON_Duplicate(error, true);

	if (zone != NULL)
		cJSON_AddStringToObject(copy, "zone", zone);
	ctl_print_json(stdout, copy);
	cJSON_Delete(copy);
}

int ctl_error_reply(const struct ctl *ctl, const char *zone, const cJSON *error)
{
	const cJSON *data = ctl_item(error, "data");
	const char *message = ctl_string(error, "message");

	if (ctl_is_json(ctl)) {
		print_error_json(zone, error);
	} else {
		fputs("hvisorctl: ", stderr);
		if (zone != NULL) {
			ctl_put_text(stderr, zone);
			fputs(": ", stderr);
		}
		ctl_put_text(stderr, message != NULL ? message : "the daemon refused");
		fputs(" [", stderr);
		ctl_put_text(stderr, ctl_string(data, "reason"));
		fputs("]\n", stderr);
		print_places(data);
	}
	return schema_errors[schema_find_error((int64_t)ctl_number(error, "code"))].exit;
}

int ctl_call(struct ctl *ctl, const char *method, const char *params, struct hvisor_message *ret_message)
{
	int r, status = ctl_connect(ctl);

	if (status != CTL_OK)
		return status;
	r = hvisor_client_call(ctl->client, method, params, ctl_patience(ctl), ret_message);
	if (r != 0)
		return ctl_transport_error(ctl, r);
	if (ret_message->error == NULL)
		return CTL_OK;
	status = ctl_error_reply(ctl, NULL, ret_message->error);
	hvisor_message_fini(ret_message);
	return status;
}

void ctl_put_zone(struct json_out *out, const char *text)
{
	size_t length = strlen(text);

	if (length != 0 && length < 10 && strspn(text, "0123456789") == length)
		json_put_uint(out, "zone", strtoull(text, NULL, 10));
	else
		json_put_string(out, "zone", text);
}

void ctl_put_console(const struct ctl *ctl, struct json_out *out, const char *zone)
{
	ctl_put_zone(out, zone);
	/* an older daemon knows one */
	if (ctl->port != 0)
		json_put_int(out, "port", ctl->port);
}

void ctl_put_patterns(struct json_out *out, const char *key, const struct ctl_patterns *patterns)
{
	if (patterns->count == 0)
		return;
	json_open_array(out, key);
	for (unsigned i = 0; i < patterns->count; i++)
		json_put_string(out, NULL, patterns->list[i]);
	json_close_array(out);
}

const char *ctl_params(struct json_out *out)
{
	json_close_object(out);
	json_append(out, "", 1);
	if (!out->failed)
		return out->text;
	ctl_no_memory();
	return NULL;
}
