/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --watch: printed anew when the daemon tells of a change, never by the clock. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ctl.h"

/* Changes that come together are shown together. */
#define SETTLE_MS 50

static void on_other(const struct hvisor_message *message, void *user)
{
	bool *changed = user;

	if (message->params != NULL)
		*changed = true;
}

void ctl_redraw(const char *text, size_t length)
{
	struct winsize size = { 0 };
	unsigned rows =
		ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 1 ? size.ws_row - 1u : 23;
	const char *end = text + length;

	/* home, no wrapping; each line clears what is left of the old one, the end the old lines below */
	fputs("\033[H\033[?7l", stdout);
	while (text < end && rows-- != 0) {
		const char *lf = memchr(text, '\n', (size_t)(end - text));
		size_t line = lf != NULL ? (size_t)(lf - text) : (size_t)(end - text);

		fwrite(text, 1, line, stdout);
		fputs("\033[K\n", stdout);
		text += line + 1;
	}
	fputs("\033[J\033[?7h", stdout);
	fflush(stdout);
}

static int print_once(struct ctl *ctl, ctl_render_fn render, int argc, char **argv, bool in_place)
{
	char *text = NULL;
	size_t length = 0;
	FILE *to = open_memstream(&text, &length);
	int status;

	if (to == NULL)
		return ctl_no_memory();
	status = render(ctl, to, argc, argv);
	if (fclose(to) != 0)
		status = ctl_no_memory();
	else if (in_place)
		ctl_redraw(text, length);
	else
		fwrite(text, 1, length, stdout);
	free(text);
	return fflush(stdout) == 0 ? status : CTL_FAILED;
}

static int subscribe(struct ctl *ctl)
{
	struct hvisor_message message;
	int status = ctl_call(ctl, "events.subscribe", "{\"match\":[\"zone.*\",\"events.*\"]}", &message);

	if (status == CTL_OK)
		hvisor_message_fini(&message);
	return status;
}

/* Waits for an event, and takes the ones that come with it. */
static int wait_for_change(struct ctl *ctl, bool *changed, int64_t deadline)
{
	struct hvisor_message message;
	int r = 0;

	while (!*changed && r == 0) {
		r = hvisor_client_receive(ctl->client, ctl_time_left(deadline), &message);
		if (r == 0) {
			on_other(&message, changed);
			hvisor_message_fini(&message);
		}
	}
	poll(NULL, 0, r == 0 ? SETTLE_MS : 0);
	while (r == 0) {
		r = hvisor_client_receive(ctl->client, 0, &message);
		if (r == 0)
			hvisor_message_fini(&message);
		else if (r == -ETIMEDOUT)
			return 0;
	}
	return r;
}

int ctl_render(struct ctl *ctl, ctl_render_fn render, int argc, char **argv)
{
	bool in_place = ctl->watch && !ctl_is_json(ctl) && isatty(STDOUT_FILENO) != 0;
	int64_t deadline = ctl_deadline(ctl);
	bool changed = false;
	int status, r = 0;

	if (!ctl->watch)
		return render(ctl, stdout, argc, argv);
	status = subscribe(ctl);
	if (status != CTL_OK)
		return status;
	hvisor_client_on_other(ctl->client, on_other, &changed);
	if (in_place)
		fputs("\033[2J", stdout);
	while (r == 0) {
		changed = false;
		status = print_once(ctl, render, argc, argv, in_place);
		/* a zone that is not there may come */
		if (status != CTL_OK && status != CTL_NO_ZONE)
			return status;
		r = wait_for_change(ctl, &changed, deadline);
	}
	return r == -ETIMEDOUT ? CTL_TIMEOUT : ctl_transport_error(ctl, r);
}
