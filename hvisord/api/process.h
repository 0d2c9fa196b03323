/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel knows of a process. */
#ifndef PROCESS_H
#define PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct process_usage {
	uint64_t cpu_ms; /* user and system */
	uint64_t rss;    /* bytes resident */
};

/* From /proc/PID/stat. False: there is none, or it cannot be read. */
bool process_usage(pid_t pid, struct process_usage *ret_usage);

/* Open descriptors of this process; 0: not known. */
unsigned process_descriptors(void);

#endif
