/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include "ctl.h"

static bool is_shown_before(const char *key)
{
	static const char *const keys[] = { "seq", "time", "type", "zone", "from", "to" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strcmp(keys[i], key) == 0)
			return true;
	}
	return false;
}

static void print_field(const cJSON *field)
{
	putchar(' ');
	ctl_put_text(stdout, field->string);
	putchar('=');
	if (cJSON_IsString(field))
		ctl_put_text(stdout, field->valuestring);
	else if (cJSON_IsNumber(field))
		printf("%.15g", field->valuedouble);
	else if (cJSON_IsBool(field))
		fputs(cJSON_IsTrue(field) ? "yes" : "no", stdout);
	else
		putchar('-');
}

/* Every field on the line; those of an object as if they were the event's own. */
static void print_fields(const cJSON *object)
{
	const cJSON *field;

	cJSON_ArrayForEach(field, object) {
		if (cJSON_IsObject(field)) {
			const cJSON *inner;

			cJSON_ArrayForEach(inner, field) {
				print_field(inner);
			}
		} else if (!is_shown_before(field->string)) {
			print_field(field);
		}
	}
}

static void print_event(const cJSON *event)
{
	const char *to = ctl_string(event, "to");

	printf("%.0f ", ctl_number(event, "seq"));
	ctl_put_text(stdout, ctl_string(event, "time"));
	putchar(' ');
	ctl_put_text(stdout, ctl_string(event, "type"));
	if (ctl_string(event, "zone") != NULL) {
		putchar(' ');
		ctl_put_text(stdout, ctl_string(event, "zone"));
	}
	if (to != NULL) {
		putchar(' ');
		ctl_put_text(stdout, ctl_string(event, "from"));
		fputs(" -> ", stdout);
		tone_begin(stdout, tone_of_state(to));
		ctl_put_text(stdout, to);
		tone_end(stdout, tone_of_state(to));
	}
	print_fields(event);
	putchar('\n');
}

struct events {
	struct ctl *ctl;
	int64_t left; /* -1: any number */
};

static void take(const struct hvisor_message *message, void *user)
{
	struct events *events = user;

	if (message->id != NULL || message->params == NULL || events->left == 0)
		return;
	if (ctl_is_json(events->ctl))
		ctl_print_json(stdout, message->params);
	else
		print_event(message->params);
	fflush(stdout);
	if (events->left > 0)
		events->left--;
}

static int subscribe(struct ctl *ctl)
{
	struct json_out out = { 0 };
	struct hvisor_message message;
	const char *params;
	int status = CTL_FAILED;

	json_open_object(&out, NULL);
	ctl_put_patterns(&out, "match", &ctl->match);
	ctl_put_patterns(&out, "zones", &ctl->zones);
	if (ctl->since >= 0)
		json_put_int(&out, "since", ctl->since);
	params = ctl_params(&out);
	if (params != NULL)
		status = ctl_call(ctl, "events.subscribe", params, &message);
	json_out_fini(&out);
	if (status != CTL_OK)
		return status;
	if (ctl_number(message.result, "lost") > 0)
		fprintf(stderr, "hvisorctl: %.0f older events are no longer kept\n",
			ctl_number(message.result, "lost"));
	hvisor_message_fini(&message);
	return CTL_OK;
}

int ctl_events(struct ctl *ctl, int argc, char **argv)
{
	struct events events = { .ctl = ctl, .left = ctl->number };
	int64_t deadline = ctl_deadline(ctl);
	int r = 0, status = ctl_connect(ctl);

	(void)argc;
	(void)argv;
	if (status != CTL_OK)
		return status;
	hvisor_client_on_other(ctl->client, take, &events);
	status = subscribe(ctl);
	if (status != CTL_OK)
		return status;
	while (events.left != 0 && ferror(stdout) == 0) {
		struct hvisor_message message;

		r = hvisor_client_receive(ctl->client, ctl_time_left(deadline), &message);
		if (r != 0)
			break;
		take(&message, &events);
		hvisor_message_fini(&message);
	}
	/* its time being up is how it was meant to end */
	if (r == -ETIMEDOUT)
		return CTL_TIMEOUT;
	return r == 0 ? CTL_OK : ctl_transport_error(ctl, r);
}
