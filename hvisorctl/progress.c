/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "progress.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ctl.h"

#define DRAW_MS 50
#define DEFAULT_COLUMNS 80
#define OTHER_COLUMNS 40 /* beside the bar */
#define MAX_BAR 60

bool progress_is_possible(void)
{
	return isatty(STDERR_FILENO) != 0;
}

void progress_init(struct progress *progress, bool wanted)
{
	*progress = (struct progress){ .wanted = wanted && progress_is_possible() };
}

static int bar_width(void)
{
	struct winsize size = { 0 };
	int columns = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col != 0 ? size.ws_col
										       : DEFAULT_COLUMNS;
	int width = columns - OTHER_COLUMNS;

	return width > MAX_BAR ? MAX_BAR : width;
}

void progress_show(struct progress *progress, double done, double total)
{
	int width = bar_width(), filled;
	char text[32];
	int64_t now = ctl_now_ms();

	if (!progress->wanted || total <= 0 || (progress->shown && now - progress->drawn_ms < DRAW_MS))
		return;
	if (done > total)
		done = total;
	fputs("\rloading ", stderr);
	if (width >= 10) {
		filled = (int)(done / total * width);
		fputc('[', stderr);
		for (int i = 0; i < width; i++)
			fputc(i < filled ? '#' : '.', stderr);
		fputs("] ", stderr);
	}
	fprintf(stderr, "%3.0f %% of %s\033[K", done / total * 100, ctl_bytes(total, text, sizeof(text)));
	fflush(stderr);
	progress->shown = true;
	progress->drawn_ms = now;
}

void progress_clear(struct progress *progress)
{
	if (progress->shown)
		fputs("\r\033[K", stderr);
	progress->shown = false;
}
