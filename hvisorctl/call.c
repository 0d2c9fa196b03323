/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests to the daemon, and what to say when they fail. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "schema.h"

#define CONNECT_TIMEOUT_MS 5000
#define CALL_TIMEOUT_MS 15000

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

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (table[i].error == r) {
			fprintf(stderr, "hvisorctl: %s: %s\n", ctl->socket, table[i].text);
			return table[i].status;
		}
	}
	fprintf(stderr, "hvisorctl: %s: %s\n", ctl->socket, strerror(-r));
	return CTL_FAILED;
}

int ctl_connect(struct ctl *ctl)
{
	int r = ctl->client != NULL ? 0 : hvisor_client_new(ctl->socket, CONNECT_TIMEOUT_MS, &ctl->client);

	return r == 0 ? CTL_OK : ctl_transport_error(ctl, r);
}

/* All findings of a config error, or the one place it names. */
static void print_places(const cJSON *data)
{
	const cJSON *findings = cJSON_GetObjectItemCaseSensitive(data, "findings"), *finding;

	cJSON_ArrayForEach(finding, findings) {
		ctl_print_finding(stderr, finding);
	}
	if (findings == NULL && ctl_string(data, "other") != NULL) {
		fputs("  collides with ", stderr);
		ctl_put_text(stderr, ctl_string(data, "other"));
		fputc('\n', stderr);
	}
}

int ctl_error_reply(const struct ctl *ctl, const cJSON *error)
{
	const cJSON *data = cJSON_GetObjectItemCaseSensitive(error, "data");
	const char *message = ctl_string(error, "message"), *reason = ctl_string(data, "reason");

	if (ctl->json) {
		ctl_print_json(error);
	} else {
		fputs("hvisorctl: ", stderr);
		ctl_put_text(stderr, message != NULL ? message : "the daemon refused");
		fputs(" [", stderr);
		ctl_put_text(stderr, reason != NULL ? reason : "?");
		fputs("]\n", stderr);
		print_places(data);
	}
	return schema_errors[schema_find_error((int64_t)ctl_number(error, "code"))].exit;
}

int ctl_call(struct ctl *ctl, const char *method, const char *params, int timeout_ms,
	     struct hvisor_message *ret_message)
{
	int r, status = ctl_connect(ctl);

	if (status != CTL_OK)
		return status;
	r = hvisor_client_call(ctl->client, method, params, timeout_ms != 0 ? timeout_ms : CALL_TIMEOUT_MS,
			       ret_message);
	if (r != 0)
		return ctl_transport_error(ctl, r);
	if (ret_message->error == NULL)
		return CTL_OK;
	status = ctl_error_reply(ctl, ret_message->error);
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

const char *ctl_params(struct json_out *out)
{
	json_close_object(out);
	json_append(out, "", 1);
	if (!out->failed)
		return out->text;
	fputs("hvisorctl: out of memory\n", stderr);
	return NULL;
}
