/* SPDX-License-Identifier: GPL-2.0-or-later */
/* top: what zones are doing, as differences between two readings. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "batch.h"

#define DEFAULT_DELAY_MS 2000
#define MAX_ZONES 64u

struct sample {
	int64_t id;
	int64_t taken_ms;
	double exits, console_end, cpu_ms;
};

struct top {
	struct ctl *ctl;
	int argc;
	char **argv;
	bool has_keys; /* the terminal gives single keys */
	bool in_place;
	struct termios saved;
	struct sample samples[MAX_ZONES];
	unsigned num_samples;
};

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	interrupted = number;
}

static struct sample *sample_of(struct top *top, int64_t id)
{
	for (unsigned i = 0; i < top->num_samples; i++) {
		if (top->samples[i].id == id)
			return &top->samples[i];
	}
	if (top->num_samples == MAX_ZONES)
		return NULL;
	top->samples[top->num_samples] = (struct sample){ .id = id };
	return &top->samples[top->num_samples++];
}

/* Per second since the last reading; -1: there is none, or the counter began anew. */
static double rate(double *before, double now, double seconds)
{
	double result = seconds > 0 && now >= *before ? (now - *before) / seconds : -1;

	*before = now;
	return result;
}

static void put_rate(struct table *table, double value)
{
	if (value < 0)
		table_put(table, TONE_PLAIN, NULL);
	else
		table_printf(table, "%.0f", value);
}

static void put_size(struct table *table, double bytes)
{
	char text[32];

	table_put(table, TONE_PLAIN,
		  bytes >= 0 ? ctl_bytes((double)(int64_t)bytes, text, sizeof(text)) : NULL);
}

static void put_zone(struct top *top, struct table *table, const cJSON *zone)
{
	const cJSON *device = ctl_item(zone, "device"), *console = ctl_item(zone, "console");
	struct sample none = { 0 }, *sample = sample_of(top, (int64_t)ctl_number(zone, "id"));
	const char *state = ctl_string(zone, "state");
	int64_t now = ctl_now_ms();
	double seconds, value;
	char text[40];

	sample = sample != NULL ? sample : &none;
	seconds = sample->taken_ms != 0 ? (double)(now - sample->taken_ms) / 1000 : 0;
	sample->taken_ms = now;
	table_printf(table, "%.0f", ctl_number(zone, "id"));
	table_put(table, TONE_PLAIN, ctl_string(zone, "name"));
	table_put(table, tone_of_state(state), state);
	table_printf(table, "%.0f", ctl_number(zone, "runs"));
	table_put(table, TONE_PLAIN,
		  ctl_has_number(zone, "uptime_ms")
			  ? ctl_duration(ctl_number(zone, "uptime_ms"), text, sizeof(text))
			  : NULL);
	put_rate(table, rate(&sample->exits, ctl_number(zone, "exits"), seconds));
	value = rate(&sample->cpu_ms, ctl_number(device, "cpu_ms"), seconds);
	if (value >= 0 && ctl_has_number(device, "cpu_ms"))
		table_printf(table, "%.1f", value / 10);
	else
		table_put(table, TONE_PLAIN, NULL);
	put_size(table, ctl_has_number(device, "rss") ? ctl_number(device, "rss") : -1);
	value = rate(&sample->console_end, ctl_number(console, "end"), seconds);
	put_size(table, ctl_has_number(console, "end") ? value : -1);
}

static int get_zone(struct top *top, const cJSON *summary, struct hvisor_message *ret_message)
{
	struct json_out out = { 0 };
	const char *params;
	int status = CTL_FAILED;

	json_open_object(&out, NULL);
	json_put_int(&out, "zone", (int64_t)ctl_number(summary, "id"));
	params = ctl_params(&out);
	if (params != NULL)
		status = ctl_call(top->ctl, "zone.get", params, ret_message);
	json_out_fini(&out);
	return status;
}

/* Reads all zones and prints them, unless to is NULL. */
static int print(struct top *top, FILE *to)
{
	static const char *const headers[] = { "ID",      "NAME",  "STATE",   "RUNS",     "UPTIME",
					       "EXITS/S", "DEV %", "DEV RSS", "CONSOLE/S" };
	struct hvisor_message list;
	struct table table;
	cJSON *zones;
	const cJSON *summary;
	int status = ctl_call(top->ctl, "zone.list", NULL, &list);

	if (status != CTL_OK)
		return status;
	zones = cJSON_GetObjectItemCaseSensitive(list.root, "result");
	zones = cJSON_GetObjectItemCaseSensitive(zones, "zones");
	status = zones_keep(zones, top->argc, top->argv);
	table_init(&table, 9, headers);
	cJSON_ArrayForEach(summary, zones) {
		struct hvisor_message message;

		if (!ctl_has_number(summary, "id"))
			continue;
		/* one that went away since is not worth ending for */
		if (get_zone(top, summary, &message) != CTL_OK)
			continue;
		put_zone(top, &table, ctl_item(message.result, "zone"));
		if (ctl_is_json(top->ctl) && to != NULL)
			ctl_print_json(to, ctl_item(message.result, "zone"));
		hvisor_message_fini(&message);
	}
	if (to != NULL && !ctl_is_json(top->ctl))
		table_print(&table, to);
	table_fini(&table);
	hvisor_message_fini(&list);
	return status;
}

static int print_round(struct top *top)
{
	char *text = NULL;
	size_t length = 0;
	FILE *to = open_memstream(&text, &length);
	int status;

	if (to == NULL)
		return ctl_no_memory();
	status = print(top, to);
	if (fclose(to) != 0)
		status = ctl_no_memory();
	else if (top->in_place)
		ctl_redraw(text, length);
	else
		fwrite(text, 1, length, stdout);
	free(text);
	return fflush(stdout) == 0 ? status : CTL_FAILED;
}

static void open_keys(struct top *top)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct termios single;

	top->in_place = isatty(STDOUT_FILENO) != 0 && !ctl_is_json(top->ctl);
	if (!top->in_place || isatty(STDIN_FILENO) == 0 || tcgetattr(STDIN_FILENO, &top->saved) != 0)
		return;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	single = top->saved;
	single.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	top->has_keys = tcsetattr(STDIN_FILENO, TCSADRAIN, &single) == 0;
}

/* Until the time for the next table; false: it is time to leave. */
static bool pause_between(struct top *top, int64_t deadline, int *status)
{
	int64_t until = ctl_now_ms() + (top->ctl->delay_ms > 0 ? top->ctl->delay_ms : DEFAULT_DELAY_MS);
	struct pollfd key = { .fd = top->has_keys ? STDIN_FILENO : -1, .events = POLLIN };
	char c;

	if (deadline >= 0 && deadline < until)
		until = deadline;
	while (interrupted == 0 && ctl_time_left(until) > 0) {
		if (poll(&key, 1, ctl_time_left(until)) <= 0)
			continue;
		if (read(STDIN_FILENO, &c, 1) != 1 || c == 'q' || c == 'Q')
			return false;
	}
	if (interrupted != 0)
		*status = 128 + (int)interrupted;
	else if (until == deadline)
		*status = CTL_TIMEOUT;
	return interrupted == 0 && until != deadline;
}

int ctl_top(struct ctl *ctl, int argc, char **argv)
{
	struct top top = { .ctl = ctl, .argc = argc, .argv = argv };
	int64_t deadline = ctl_deadline(ctl), left = ctl->number;
	int status = ctl_connect(ctl);

	if (status != CTL_OK)
		return status;
	open_keys(&top);
	if (top.in_place)
		fputs("\033[2J", stdout);
	else
		status = print(&top, NULL);
	/* whoever reads a file wants rates in its first table */
	if (status == CTL_OK && !top.in_place && left != 0 && !pause_between(&top, deadline, &status))
		left = 0;
	while (status == CTL_OK && left != 0) {
		status = print_round(&top);
		if (status != CTL_OK || (left > 0 && --left == 0) || !pause_between(&top, deadline, &status))
			break;
	}
	if (top.has_keys)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &top.saved);
	return status;
}
