/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "batch.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "progress.h"
#include "schema.h"

struct task {
	uint64_t request; /* 0: not sent */
	bool done;
	int status;
	double loaded, total;
};

struct run {
	struct ctl *ctl;
	const struct batch *batch;
	struct zones zones;
	struct task *tasks;
	unsigned sent, done;
	struct progress progress;
};

static int send_task(struct run *run, unsigned index)
{
	const struct zone_operand *zone = &run->zones.list[index];
	struct json_out out = { 0 };
	const char *params;
	int r;

	json_open_object(&out, NULL);
	zones_put(&out, zone);
	if (run->batch->fill != NULL)
		run->batch->fill(run->ctl, &out, index, zone);
	params = ctl_params(&out);
	r = params != NULL ? hvisor_client_send(run->ctl->client, run->batch->method, params,
						&run->tasks[index].request)
			   : -ENOMEM;
	json_out_fini(&out);
	return r;
}

/* Sends what the daemon's limit for one connection allows. */
static int send_more(struct run *run)
{
	int r = 0;

	while (r == 0 && run->sent < run->zones.count && run->sent - run->done < SCHEMA_LIMIT_IN_FLIGHT)
		r = send_task(run, run->sent++);
	return r;
}

static void show_progress(struct run *run)
{
	double loaded = 0, total = 0;

	for (unsigned i = 0; i < run->sent; i++) {
		loaded += run->tasks[i].loaded;
		total += run->tasks[i].total;
	}
	progress_show(&run->progress, loaded, total);
}

static int print_json(const struct batch *batch, const struct zone_operand *zone, const cJSON *result)
{
	cJSON *copy;
	int r;

	if (batch->member != NULL)
		return ctl_print_json(stdout, ctl_item(result, batch->member)) == 0 ? CTL_OK : CTL_FAILED;
	copy = cJSON_Duplicate(result, true);
	cJSON_AddStringToObject(copy, "zone", zone->name);
	r = ctl_print_json(stdout, copy);
	cJSON_Delete(copy);
	return r == 0 ? CTL_OK : CTL_FAILED;
}

static int print_result(struct run *run, unsigned index, const cJSON *result)
{
	const struct zone_operand *zone = &run->zones.list[index];
	int status;

	progress_clear(&run->progress);
	if (ctl_is_json(run->ctl)) {
		status = print_json(run->batch, zone, result);
	} else if (run->ctl->output == CTL_OUTPUT_NAME) {
		ctl_put_text(stdout, zone->name);
		putchar('\n');
		status = CTL_OK;
	} else {
		status = run->batch->print(run->ctl, zone, result);
	}
	fflush(stdout);
	return status;
}

static bool is_time_up(const cJSON *error)
{
	int64_t code = (int64_t)ctl_number(error, "code");

	return schema_errors[schema_find_error(code)].exit == CTL_TIMEOUT;
}

static int on_answer(struct run *run, unsigned index, const struct hvisor_message *message)
{
	struct task *task = &run->tasks[index];

	if (message->continues) {
		task->loaded = ctl_number(message->result, "loaded");
		task->total = ctl_number(message->result, "total");
		show_progress(run);
		return 0;
	}
	if (message->error != NULL && run->batch->repeat && run->ctl->timeout_ms < 0 &&
	    is_time_up(message->error))
		return send_task(run, index);
	task->done = true;
	run->done++;
	if (message->error == NULL) {
		task->status = print_result(run, index, message->result);
		return 0;
	}
	progress_clear(&run->progress);
	task->status = ctl_error_reply(run->ctl, run->zones.list[index].name, message->error);
	return 0;
}

static int on_message(struct run *run, const struct hvisor_message *message)
{
	for (unsigned i = 0; i < run->sent; i++) {
		if (!run->tasks[i].done && hvisor_message_answers(message, run->tasks[i].request))
			return on_answer(run, i, message);
	}
	return 0;
}

static int run_all(struct run *run)
{
	int64_t patience = run->batch->answer_ms;
	int timeout_ms = patience < 0 ? HVISOR_CLIENT_FOREVER : patience > INT_MAX ? INT_MAX : (int)patience;
	int r = 0;

	while (r == 0 && run->done < run->zones.count) {
		struct hvisor_message message;

		r = send_more(run);
		if (r == 0)
			r = hvisor_client_receive(run->ctl->client, timeout_ms, &message);
		if (r != 0)
			break;
		r = on_message(run, &message);
		hvisor_message_fini(&message);
	}
	progress_clear(&run->progress);
	return r;
}

int batch_run(struct ctl *ctl, const struct batch *batch, int argc, char **argv)
{
	struct run run = { .ctl = ctl, .batch = batch };
	int status = zones_select(ctl, argc, argv, batch->states, &run.zones);
	int connected, r;

	if (run.zones.count == 0)
		goto out;
	run.tasks = calloc(run.zones.count, sizeof(*run.tasks));
	if (run.tasks == NULL) {
		status = ctl_no_memory();
		goto out;
	}
	connected = ctl_connect(ctl);
	if (connected != CTL_OK) {
		status = connected;
		goto out;
	}
	progress_init(&run.progress, batch->progress);
	r = run_all(&run);
	for (unsigned i = 0; i < run.zones.count && status == CTL_OK; i++)
		status = run.tasks[i].status;
	if (r != 0)
		status = ctl_transport_error(ctl, r);
out:
	free(run.tasks);
	zones_fini(&run.zones);
	return status;
}
