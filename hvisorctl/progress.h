/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A bar on standard error, if that is a terminal. */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	bool wanted;
	bool shown;
	int64_t drawn_ms;
};

void progress_init(struct progress *progress, bool wanted);
/* Whether there is a terminal to show it on. */
bool progress_is_possible(void);
/* Bytes; drawn now and then. */
void progress_show(struct progress *progress, double done, double total);
/* Takes the bar away, before other output and at the end. */
void progress_clear(struct progress *progress);

#endif
