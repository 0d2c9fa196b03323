/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hvisorctl: what its files share. */
#ifndef CTL_H
#define CTL_H

#include <stdbool.h>
#include <stdio.h>

#include "hvisor_client.h"
#include "json_write.h"

/* Exit statuses; documented in hvisorctl(1). Those of errors from the daemon stand in its schema. */
#define CTL_OK 0
#define CTL_FAILED 1
#define CTL_USAGE 2
#define CTL_NOT_RUNNING 3
#define CTL_CONFIG 5
#define CTL_PERMISSION 6
#define CTL_NO_DAEMON 7
#define CTL_TIMEOUT 124

/* Options that only some commands take. */
#define CTL_OPTION_TIMEOUT 0x1u
#define CTL_OPTION_MODE 0x2u
#define CTL_OPTION_PLATFORM 0x4u
#define CTL_OPTION_REPLAY 0x8u
#define CTL_OPTION_IDLE 0x10u
#define CTL_OPTION_WAIT 0x20u
#define CTL_OPTION_MARKDOWN 0x40u

struct ctl {
	const char *socket;
	const char *platform;
	const char *mode; /* of stop */
	bool json;
	bool markdown;
	int timeout_ms; /* 0: not given */
	long replay;    /* bytes; -1: not given */
	int idle_ms;    /* -1: not given */
	int wait_ms;    /* 0: not given */
	unsigned given; /* CTL_OPTION_ bits */
	struct hvisor_client *client;
};

/* A command gets its operands and returns the exit status. */
typedef int (*ctl_fn)(struct ctl *ctl, int argc, char **argv);

int ctl_list(struct ctl *ctl, int argc, char **argv);
int ctl_start(struct ctl *ctl, int argc, char **argv);
int ctl_stop(struct ctl *ctl, int argc, char **argv);
int ctl_restart(struct ctl *ctl, int argc, char **argv);
int ctl_status(struct ctl *ctl, int argc, char **argv);
int ctl_console(struct ctl *ctl, int argc, char **argv);
int ctl_check(struct ctl *ctl, int argc, char **argv);
int ctl_version(struct ctl *ctl, int argc, char **argv);
int ctl_schema(struct ctl *ctl, int argc, char **argv);

/* call.c: each says on stderr what went wrong and returns the exit status. */
int ctl_connect(struct ctl *ctl);
/* One request; *ret_message holds a result on CTL_OK. timeout_ms 0: a usual one. */
int ctl_call(struct ctl *ctl, const char *method, const char *params, int timeout_ms,
	     struct hvisor_message *ret_message);
int ctl_transport_error(const struct ctl *ctl, int r);
int ctl_error_reply(const struct ctl *ctl, const cJSON *error);
/* Adds "zone": a number if text is one, else a name. */
void ctl_put_zone(struct json_out *out, const char *text);
/* Closes the object, ends the text. NULL without memory. */
const char *ctl_params(struct json_out *out);

/* output.c */
/* Text that may hold anything, without what a terminal would act on. */
void ctl_put_text(FILE *to, const char *text);
const char *ctl_string(const cJSON *object, const char *key);
double ctl_number(const cJSON *object, const char *key);
/* "0-1,3" */
const char *ctl_cpus(const cJSON *cpus, char *buffer, size_t size);
/* "768 MiB" */
const char *ctl_bytes(double bytes, char *buffer, size_t size);
/* The JSON text of an item, on a line. */
int ctl_print_json(const cJSON *item);
void ctl_print_zones(const cJSON *zones);
void ctl_print_finding(FILE *to, const cJSON *finding);

#endif
