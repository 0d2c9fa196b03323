/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a new daemon must know of a zone that runs: one small JSON file for
 * each in the run directory. What runs is the hypervisor's to say; this only
 * adds what it cannot know.
 */
#ifndef STORE_H
#define STORE_H

#include <sys/types.h>

#include "plan.h"

struct store_record {
	struct zone_plan *plan; /* store_read(): made from hv */
	pid_t device_pid;       /* 0: none */
	uint64_t device_start;  /* start time of that process, clock ticks since boot (proc(5) stat, 22) */
	uint64_t started_ms;    /* when the run began, CLOCK_BOOTTIME; 0: not yet */
	/* of each console, the position of that process's byte 0 */
	uint64_t console_base[CONFIG_MAX_CONSOLES];
	bool wanted; /* it is to run: a guest reset that the old daemon did not see through */
};

/* Writes DIR/zone-ID.json: whole and on disk, or not at all. 0, or a negative errno. */
int store_write(const char *dir, uint32_t zone, const struct store_record *record);

/*
 * Reads it; hv is the hypervisor's own copy of the config, or NULL if the
 * zone is not there any more: then the copy in the file counts.
 * 0 (give ret_record->plan to plan_free()), or a negative errno: -ENOENT, -EBADMSG …
 */
int store_read(const char *dir, uint32_t zone, const HvZoneConfig *hv, struct store_record *ret_record);

/* Removes it; absent is well. */
void store_remove(const char *dir, uint32_t zone);

#endif
