/* SPDX-License-Identifier: GPL-2.0-or-later */
/* list, start, stop, restart, version, schema */
#include <string.h>

#include "ctl.h"
#include "schema_json.h"

/* The daemon answers when the time is up; we wait a little longer for that answer. */
#define GRACE_MS 5000
#define START_MS 60000
#define STOP_MS 30000

int ctl_list(struct ctl *ctl, int argc, char **argv)
{
	struct hvisor_message message;
	int status = ctl_call(ctl, "zone.list", NULL, 0, &message);

	(void)argc;
	(void)argv;
	if (status != CTL_OK)
		return status;
	if (ctl->json)
		status = ctl_print_json(message.result);
	else
		ctl_print_zones(cJSON_GetObjectItemCaseSensitive(message.result, "zones"));
	hvisor_message_fini(&message);
	return status;
}

static int change_one(struct ctl *ctl, const char *method, const char *zone, int timeout_ms, const char *done)
{
	struct json_out out = { 0 };
	struct hvisor_message message;
	const char *params, *reason;
	int status = CTL_FAILED;

	json_open_object(&out, NULL);
	ctl_put_zone(&out, zone);
	json_put_int(&out, "timeout_ms", timeout_ms);
	if (ctl->mode != NULL)
		json_put_string(&out, "mode", ctl->mode);
	params = ctl_params(&out);
	if (params != NULL)
		status = ctl_call(ctl, method, params, timeout_ms + GRACE_MS, &message);
	json_out_fini(&out);
	if (status != CTL_OK)
		return status;
	if (ctl->json) {
		status = ctl_print_json(message.result);
	} else {
		reason = ctl_string(message.result, "reason");
		ctl_put_text(stdout, zone);
		printf(": %s%s%s\n", done, reason != NULL ? ": " : "", reason != NULL ? reason : "");
	}
	hvisor_message_fini(&message);
	return status;
}

/* Every zone is tried; the first failure's status counts. */
static int change(struct ctl *ctl, const char *method, int argc, char **argv, int timeout_ms,
		  const char *done)
{
	int status = CTL_OK;

	if (ctl->timeout_ms != 0)
		timeout_ms = ctl->timeout_ms;
	for (int i = 0; i < argc; i++) {
		int one = change_one(ctl, method, argv[i], timeout_ms, done);

		if (status == CTL_OK)
			status = one;
		if (ctl->client == NULL)
			break;
	}
	return status;
}

int ctl_start(struct ctl *ctl, int argc, char **argv)
{
	return change(ctl, "zone.start", argc, argv, START_MS, "running");
}

int ctl_stop(struct ctl *ctl, int argc, char **argv)
{
	return change(ctl, "zone.stop", argc, argv, STOP_MS, "stopped");
}

int ctl_restart(struct ctl *ctl, int argc, char **argv)
{
	return change(ctl, "zone.restart", argc, argv, START_MS, "running");
}

int ctl_version(struct ctl *ctl, int argc, char **argv)
{
	bool daemon;

	(void)argc;
	(void)argv;
	/* our own version is an answer also without a daemon */
	daemon = hvisor_client_new(ctl->socket, 1000, &ctl->client) == 0;
	if (ctl->json) {
		struct json_out out = { 0 };

		json_open_object(&out, NULL);
		json_put_string(&out, "hvisorctl", HVISOR_VERSION);
		json_put_string(&out, "hvisord", daemon ? hvisor_client_version(ctl->client) : NULL);
		json_close_object(&out);
		json_append(&out, "\n", 1);
		fwrite(out.text, 1, out.length, stdout);
		json_out_fini(&out);
		return CTL_OK;
	}
	printf("hvisorctl %s\n", HVISOR_VERSION);
	if (daemon) {
		fputs("hvisord ", stdout);
		ctl_put_text(stdout, hvisor_client_version(ctl->client));
		putchar('\n');
	}
	return CTL_OK;
}

int ctl_schema(struct ctl *ctl, int argc, char **argv)
{
	struct json_out out = { 0 };
	bool failed;

	(void)argc;
	(void)argv;
	if (ctl->markdown) {
		schema_markdown(&out);
	} else {
		json_open_object(&out, NULL);
		schema_json(&out);
		json_close_object(&out);
		json_append(&out, "\n", 1);
	}
	failed = out.failed || fwrite(out.text, 1, out.length, stdout) != out.length;
	json_out_fini(&out);
	return failed ? CTL_FAILED : CTL_OK;
}
