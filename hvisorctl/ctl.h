/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hvisorctl: what its files share. Exit statuses and options are explained in hvisorctl(1). */
#ifndef CTL_H
#define CTL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "hvisor/client.h"
#include "json_write.h"
#include "output.h"

/* Exit statuses. Those of errors from the daemon stand in its schema. */
#define CTL_OK 0
#define CTL_FAILED 1
#define CTL_USAGE 2
#define CTL_NOT_RUNNING 3
#define CTL_NO_ZONE 4
#define CTL_CONFIG 5
#define CTL_PERMISSION 6
#define CTL_NO_DAEMON 7
#define CTL_TIMEOUT 124

/* Values of --output, in the order of its choices. */
enum ctl_output {
	CTL_OUTPUT_TABLE,
	CTL_OUTPUT_WIDE,
	CTL_OUTPUT_NAME,
	CTL_OUTPUT_JSON,
};

enum ctl_color {
	CTL_COLOR_AUTO,
	CTL_COLOR_ALWAYS,
	CTL_COLOR_NEVER,
};

#define CTL_MAX_PATTERNS 16u

struct ctl_patterns {
	const char *list[CTL_MAX_PATTERNS];
	unsigned count;
};

/* Everything the options say; numbers that were not given are -1. */
struct ctl {
	const char *socket;
	const char *host; /* -H, or NULL */
	int64_t output;   /* enum ctl_output */
	int64_t color;    /* enum ctl_color */
	int64_t timeout_ms;
	bool help;
	bool all;
	bool dry_run;
	const char *request_key;
	const char *mode;
	bool watch;
	bool follow;
	int64_t number;
	int64_t delay_ms;
	int64_t since;
	struct ctl_patterns match;
	struct ctl_patterns zones;
	const char *state; /* wait --for */
	int64_t port;      /* 0 if not given */
	int64_t replay;
	int64_t idle_ms;
	int64_t wait_ms;
	const char *platform;
	const char *root_config;
	const char *root_dtb;
	const char *svg; /* file; "-": standard output; NULL: not wanted */
	bool markdown;
	bool exit_code;
	struct hvisor_client *client;
	int helper; /* pid of ssh, or 0 */
};

/* A command gets its operands and returns the exit status. */
typedef int (*ctl_fn)(struct ctl *ctl, int argc, char **argv);

static inline bool ctl_is_json(const struct ctl *ctl)
{
	return ctl->output == CTL_OUTPUT_JSON;
}

/* change.c */
int ctl_start(struct ctl *ctl, int argc, char **argv);
int ctl_stop(struct ctl *ctl, int argc, char **argv);
int ctl_kill(struct ctl *ctl, int argc, char **argv);
int ctl_restart(struct ctl *ctl, int argc, char **argv);
int ctl_pause(struct ctl *ctl, int argc, char **argv);
int ctl_resume(struct ctl *ctl, int argc, char **argv);
int ctl_enable(struct ctl *ctl, int argc, char **argv);
int ctl_disable(struct ctl *ctl, int argc, char **argv);
int ctl_wait(struct ctl *ctl, int argc, char **argv);
/* one file each */
int ctl_list(struct ctl *ctl, int argc, char **argv);
int ctl_status(struct ctl *ctl, int argc, char **argv);
int ctl_show(struct ctl *ctl, int argc, char **argv);
int ctl_console(struct ctl *ctl, int argc, char **argv);
int ctl_logs(struct ctl *ctl, int argc, char **argv);
int ctl_events(struct ctl *ctl, int argc, char **argv);
int ctl_top(struct ctl *ctl, int argc, char **argv);
int ctl_resources(struct ctl *ctl, int argc, char **argv);
int ctl_check(struct ctl *ctl, int argc, char **argv);
int ctl_diff(struct ctl *ctl, int argc, char **argv);
int ctl_proxy(struct ctl *ctl, int argc, char **argv);
int ctl_complete(struct ctl *ctl, int argc, char **argv);
int ctl_help(struct ctl *ctl, int argc, char **argv);
/* system.c */
int ctl_reload(struct ctl *ctl, int argc, char **argv);
int ctl_version(struct ctl *ctl, int argc, char **argv);
int ctl_schema(struct ctl *ctl, int argc, char **argv);

/* call.c: each says on stderr what went wrong and returns the exit status. */
int ctl_connect(struct ctl *ctl);
void ctl_disconnect(struct ctl *ctl);
/* One request; *ret_message holds a result on CTL_OK. */
int ctl_call(struct ctl *ctl, const char *method, const char *params, struct hvisor_message *ret_message);
int ctl_transport_error(const struct ctl *ctl, int r);
/* zone: whom it is about, or NULL. */
int ctl_error_reply(const struct ctl *ctl, const char *zone, const cJSON *error);
int ctl_no_memory(void);
/* Milliseconds that an answer may take which should come at once. */
int ctl_patience(const struct ctl *ctl);
/* The moment at which --timeout is over; -1: it was not given. */
int64_t ctl_deadline(const struct ctl *ctl);
/* What is left of it in milliseconds; HVISOR_CLIENT_FOREVER if it is -1. */
int ctl_time_left(int64_t deadline);
int64_t ctl_now_ms(void);
/* Adds "zone": a number if text is one, else a name. */
void ctl_put_zone(struct json_out *out, const char *text);
/* Zone and, if it is not the first, number of its console. */
void ctl_put_console(const struct ctl *ctl, struct json_out *out, const char *zone);
/* An array of strings, if there are any. */
void ctl_put_patterns(struct json_out *out, const char *key, const struct ctl_patterns *patterns);
/* Closes the object, ends the text. NULL without memory. */
const char *ctl_params(struct json_out *out);

/* watch.c */
/* Prints something to a stream; returns an exit status. */
typedef int (*ctl_render_fn)(struct ctl *ctl, FILE *to, int argc, char **argv);
/* Renders once, or with --watch anew after every event. */
int ctl_render(struct ctl *ctl, ctl_render_fn render, int argc, char **argv);
/* Puts a rendered text in place of the one before, cut to the terminal's size. */
void ctl_redraw(const char *text, size_t length);

/* finding.c */
void ctl_print_finding(FILE *to, const cJSON *finding);
void ctl_print_findings(FILE *to, const cJSON *findings);

#endif
