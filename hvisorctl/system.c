/* SPDX-License-Identifier: GPL-2.0-or-later */
/* reload, version, schema */
#include "ctl.h"
#include "schema_json.h"

int ctl_reload(struct ctl *ctl, int argc, char **argv)
{
	struct hvisor_message message;
	int status = ctl_call(ctl, "config.reload", NULL, &message);
	bool good;

	(void)argc;
	(void)argv;
	if (status != CTL_OK)
		return status;
	good = !cJSON_IsFalse(ctl_item(message.result, "good"));
	if (ctl_is_json(ctl))
		ctl_print_json(stdout, message.result);
	else
		ctl_print_findings(stderr, ctl_item(message.result, "findings"));
	if (!ctl_is_json(ctl) && ctl_has_number(message.result, "zones"))
		printf("%.0f zones\n", ctl_number(message.result, "zones"));
	hvisor_message_fini(&message);
	return good ? CTL_OK : CTL_CONFIG;
}

static int version_json(const char *daemon)
{
	struct json_out out = { 0 };
	bool failed;

	json_open_object(&out, NULL);
	json_put_string(&out, "hvisorctl", HVISOR_VERSION);
	json_put_string(&out, "hvisord", daemon);
	json_close_object(&out);
	json_append(&out, "\n", 1);
	failed = out.failed || fwrite(out.text, 1, out.length, stdout) != out.length;
	json_out_fini(&out);
	return failed ? CTL_FAILED : CTL_OK;
}

int ctl_version(struct ctl *ctl, int argc, char **argv)
{
	const char *daemon = NULL;

	(void)argc;
	(void)argv;
	/* our own version is an answer also without a daemon; one that was asked for has to be there */
	if (ctl->host != NULL) {
		int status = ctl_connect(ctl);

		if (status != CTL_OK)
			return status;
		daemon = hvisor_client_version(ctl->client);
	} else if (hvisor_client_new(ctl->socket, 1000, &ctl->client) == 0) {
		daemon = hvisor_client_version(ctl->client);
	}
	if (ctl_is_json(ctl))
		return version_json(daemon);
	printf("hvisorctl %s\n", HVISOR_VERSION);
	if (daemon != NULL) {
		fputs("hvisord ", stdout);
		ctl_put_text(stdout, daemon);
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
