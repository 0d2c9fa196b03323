/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What changes zones, and waiting for it. */
#include <string.h>

#include "batch.h"
#include "progress.h"

/* The daemon answers when the time is up; we wait a little longer for that answer. */
#define GRACE_MS 5000
/* The longest that the daemon takes for zone.wait. */
#define WAIT_MS 3600000

/* When the daemon has answered at the latest, unless --timeout was given. */
#define START_MS 60000
#define STOP_MS 120000
#define SOON_MS 30000

#define DOWN "stopped crashed"
#define UP "loading starting running paused stopping"

static void put_common(struct ctl *ctl, struct json_out *out, unsigned index)
{
	char key[80];

	if (ctl->dry_run)
		json_put_bool(out, "dry_run", true);
	if (ctl->request_key == NULL)
		return;
	/* one key for one change */
	snprintf(key, sizeof(key), "%s", ctl->request_key);
	if (index != 0)
		snprintf(key, sizeof(key), "%s/%u", ctl->request_key, index);
	json_put_string(out, "request_key", key);
}

static void fill_plain(struct ctl *ctl, struct json_out *out, unsigned index, const struct zone_operand *zone)
{
	(void)zone;
	put_common(ctl, out, index);
}

static void fill_timed(struct ctl *ctl, struct json_out *out, unsigned index, const struct zone_operand *zone)
{
	(void)zone;
	put_common(ctl, out, index);
	if (ctl->timeout_ms > 0)
		json_put_int(out, "timeout_ms", ctl->timeout_ms);
	if (ctl->mode != NULL)
		json_put_string(out, "mode", ctl->mode);
}

static bool shows_progress(const struct ctl *ctl)
{
	return progress_is_possible() && !ctl_is_json(ctl) && !ctl->dry_run;
}

static void fill_start(struct ctl *ctl, struct json_out *out, unsigned index, const struct zone_operand *zone)
{
	fill_timed(ctl, out, index, zone);
	if (shows_progress(ctl) && hvisor_client_can(ctl->client, "progress"))
		json_put_bool(out, "more", true);
}

static void fill_wait(struct ctl *ctl, struct json_out *out, unsigned index, const struct zone_operand *zone)
{
	(void)index;
	(void)zone;
	json_put_string(out, "state", ctl->state);
	json_put_int(out, "timeout_ms", ctl->timeout_ms > 0 ? ctl->timeout_ms : WAIT_MS);
}

static int print_line(struct ctl *ctl, const struct zone_operand *zone, const cJSON *result, const char *done)
{
	const char *state = ctl_string(result, "state"), *reason = ctl_string(result, "reason");

	ctl_put_text(stdout, zone->name);
	fputs(ctl->dry_run ? ": would be " : ": ", stdout);
	ctl_put_text(stdout, state != NULL ? state : done);
	if (reason != NULL) {
		fputs(": ", stdout);
		ctl_put_text(stdout, reason);
	}
	putchar('\n');
	return CTL_OK;
}

#define PRINTER(word)                                                                                        \
	static int print_##word(struct ctl *ctl, const struct zone_operand *zone, const cJSON *result)       \
	{                                                                                                    \
		return print_line(ctl, zone, result, #word);                                                 \
	}

PRINTER(running)
PRINTER(stopped)
PRINTER(paused)
PRINTER(enabled)
PRINTER(disabled)

static int run(struct ctl *ctl, struct batch batch, int64_t usual_ms, int argc, char **argv)
{
	batch.answer_ms = (ctl->timeout_ms > 0 ? ctl->timeout_ms : usual_ms) + GRACE_MS;
	batch.progress = batch.progress && shows_progress(ctl);
	return batch_run(ctl, &batch, argc, argv);
}

int ctl_start(struct ctl *ctl, int argc, char **argv)
{
	return run(ctl,
		   (struct batch){ .method = "zone.start",
				   .states = DOWN,
				   .fill = fill_start,
				   .print = print_running,
				   .progress = true },
		   START_MS, argc, argv);
}

int ctl_stop(struct ctl *ctl, int argc, char **argv)
{
	return run(ctl,
		   (struct batch){
			   .method = "zone.stop", .states = UP, .fill = fill_timed, .print = print_stopped },
		   STOP_MS, argc, argv);
}

int ctl_kill(struct ctl *ctl, int argc, char **argv)
{
	return run(ctl,
		   (struct batch){
			   .method = "zone.kill", .states = UP, .fill = fill_timed, .print = print_stopped },
		   SOON_MS, argc, argv);
}

int ctl_restart(struct ctl *ctl, int argc, char **argv)
{
	return run(ctl,
		   (struct batch){ .method = "zone.restart",
				   .states = UP,
				   .fill = fill_start,
				   .print = print_running,
				   .progress = true },
		   START_MS + STOP_MS, argc, argv);
}

int ctl_pause(struct ctl *ctl, int argc, char **argv)
{
	return run(ctl,
		   (struct batch){ .method = "zone.pause",
				   .states = "running",
				   .fill = fill_timed,
				   .print = print_paused },
		   SOON_MS, argc, argv);
}

int ctl_resume(struct ctl *ctl, int argc, char **argv)
{
	return run(ctl,
		   (struct batch){ .method = "zone.resume",
				   .states = "paused",
				   .fill = fill_timed,
				   .print = print_running },
		   SOON_MS, argc, argv);
}

int ctl_enable(struct ctl *ctl, int argc, char **argv)
{
	return run(
		ctl,
		(struct batch){
			.method = "zone.enable", .states = NULL, .fill = fill_plain, .print = print_enabled },
		SOON_MS, argc, argv);
}

int ctl_disable(struct ctl *ctl, int argc, char **argv)
{
	return run(ctl,
		   (struct batch){ .method = "zone.disable",
				   .states = NULL,
				   .fill = fill_plain,
				   .print = print_disabled },
		   SOON_MS, argc, argv);
}

int ctl_wait(struct ctl *ctl, int argc, char **argv)
{
	struct batch batch = { .method = "zone.wait",
			       .states = NULL,
			       .fill = fill_wait,
			       .print = print_stopped,
			       .repeat = true };

	if (ctl->state == NULL) {
		fputs("hvisorctl: wait: --for is missing; try help wait\n", stderr);
		return CTL_USAGE;
	}
	return run(ctl, batch, WAIT_MS, argc, argv);
}
