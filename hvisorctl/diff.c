/* SPDX-License-Identifier: GPL-2.0-or-later */
/* diff: how a zone's file differs from what runs. */
#include <string.h>

#include "batch.h"

static void print_side(char sign, enum tone tone, const char *text)
{
	if (text == NULL)
		return;
	tone_begin(stdout, tone);
	putchar(sign);
	ctl_put_text(stdout, text);
	tone_end(stdout, tone);
	putchar('\n');
}

static void print_difference(const cJSON *difference)
{
	const char *pointer = ctl_string(difference, "pointer");

	fputs("@@ ", stdout);
	ctl_put_text(stdout, pointer != NULL && pointer[0] != '\0' ? pointer : "/");
	fputs(" @@\n", stdout);
	print_side('-', TONE_BAD, ctl_string(difference, "running"));
	print_side('+', TONE_GOOD, ctl_string(difference, "file"));
}

static int print(struct ctl *ctl, const struct zone_operand *zone, const cJSON *result)
{
	const cJSON *difference;

	if (!cJSON_IsTrue(ctl_item(result, "differs")))
		return CTL_OK;
	tone_begin(stdout, TONE_HEAD);
	fputs("--- ", stdout);
	ctl_put_text(stdout, zone->name);
	fputs(", as it runs\n+++ ", stdout);
	ctl_put_text(stdout, zone->name);
	fputs(", as its file says\n", stdout);
	tone_end(stdout, TONE_HEAD);
	cJSON_ArrayForEach(difference, ctl_item(result, "differences")) {
		print_difference(difference);
	}
	return ctl->exit_code ? CTL_FAILED : CTL_OK;
}

int ctl_diff(struct ctl *ctl, int argc, char **argv)
{
	const struct batch batch = { .method = "zone.diff",
				     .states = ctl->all ? "running paused" : NULL,
				     .print = print,
				     .answer_ms = ctl_patience(ctl) };

	return batch_run(ctl, &batch, argc, argv);
}
