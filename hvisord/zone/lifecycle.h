/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of a zone as hvisord sees it: states, events, and one table of what
 * follows what. Pure; zone.c holds the one setter.
 *
 *   invalid <-> stopped --START--> loading --LOADED--> starting --STARTED--> running
 *                  ^                  | FAIL, STOP        | FAIL, STOP         | STOP, ENDED
 *                  |                  v                   v                    v
 *                  +----- GONE ---------------------- stopping ---CRASHED--> crashed
 *
 * running --PAUSED--> paused --RESUMED--> running; paused ends as running does.
 * "stopping" lasts until the hypervisor has taken everything back, cleared
 * memory included. RESTART leads from there straight to loading.
 */
#ifndef LIFECYCLE_H
#define LIFECYCLE_H

enum zone_state {
	ZONE_INVALID, /* its file has errors: it cannot be started */
	ZONE_STOPPED,
	ZONE_LOADING,  /* created in the hypervisor; images are being read */
	ZONE_STARTING, /* waits for its device process */
	ZONE_RUNNING,
	ZONE_PAUSED,   /* as running, but the hypervisor holds its CPUs */
	ZONE_STOPPING, /* its CPUs, its device process and its memory are being taken back */
	ZONE_CRASHED,  /* as stopped, but its last run ended by a fault */
	ZONE_STATE_COUNT
};

enum zone_event {
	ZONE_EVENT_CONFIG_GOOD,
	ZONE_EVENT_CONFIG_BAD,
	ZONE_EVENT_START,
	ZONE_EVENT_LOADED,
	ZONE_EVENT_STARTED,
	ZONE_EVENT_PAUSED, /* the last of its CPUs is held */
	ZONE_EVENT_RESUMED,
	ZONE_EVENT_FAIL,          /* a start did not succeed and is being undone */
	ZONE_EVENT_STOP,          /* somebody asked */
	ZONE_EVENT_ENDED,         /* the hypervisor says that it ended */
	ZONE_EVENT_GONE,          /* nothing of it is left */
	ZONE_EVENT_CRASHED,       /* the same after a fault */
	ZONE_EVENT_RESTART,       /* the same, and it is to run again */
	ZONE_EVENT_ADOPT_RUNNING, /* found running by a new daemon */
	ZONE_EVENT_ADOPT_PAUSED,
	ZONE_EVENT_ADOPT_ENDING, /* found in any other state */
	ZONE_EVENT_COUNT
};

/* The state after the event, or -1: the event is not allowed in this state. */
int lifecycle_next(enum zone_state state, enum zone_event event);

/* "stopped" */
const char *lifecycle_state_name(enum zone_state state);

/* Has a part in the hypervisor: loading, starting, running, paused, stopping. */
_Bool lifecycle_is_active(enum zone_state state);

#endif
