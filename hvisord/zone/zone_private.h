/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of this folder only. */
#ifndef ZONE_PRIVATE_H
#define ZONE_PRIVATE_H

#include <stdatomic.h>
#include <sys/queue.h>

#include "console.h"
#include "console_log.h"
#include "device.h"
#include "intent.h"
#include "state.h"
#include "store.h"
#include "zone.h"

struct zone_load;
struct zone_respawn;
struct net_link;

#define LINK_UNKNOWN 0u
#define LINK_UP 1u
#define LINK_DOWN 2u

/* One of a zone's consoles. */
struct zone_console {
	struct zone *zone;
	unsigned port;
	struct console kept;     /* the newest output, in memory */
	struct console_log *log; /* NULL: not opened yet, or there is no place for it */
	bool held;               /* the log has no room for more */
	uint64_t base;           /* position of the device process's byte 0 */
};

struct zone_private {
	TAILQ_ENTRY(zone_private) entry;
	struct zone *zone;
	struct zones *zones;
	unsigned refs; /* the table's, and one for each request under way */
	bool in_table;
	bool unsettled;      /* its file may be half written; config is of before that */
	uint64_t missing_ms; /* since when its file is not there; 0: it is */
	bool seen;           /* while a new look at the directory is merged in */
	bool created;        /* the hypervisor holds something of it that we must destroy */
	bool stop_called;    /* ZONE_STOP was called for this run */
	bool destroy_called;
	bool refused;     /* one of them was, and that was logged */
	bool quit_called; /* QUIT was sent to the device process */
	bool stop_wanted; /* a guest reset is not to be followed */
	unsigned quick_resets;
	uint64_t content;            /* of the file, to tell a change */
	int bound_fd;                /* -1 */
	struct zone_plan *next_plan; /* what to run when the present run is gone */
	struct zone_cause next_cause;
	struct zone_cause hold_cause; /* who paused or resumed it last */
	struct zone_load *load;
	struct device_files files; /* opened for a device process that is not started yet */
	struct device *device;
	struct zone_respawn *respawn;                       /* another device process is on its way; NULL */
	unsigned respawns;                                  /* in a row */
	uint64_t respawn_ms;                                /* when the last of them began */
	bool device_failed;                                 /* that is what this run ends for */
	uint8_t links[CONFIG_MAX_DEVICES];                  /* what the process was told of its taps: LINK_ */
	unsigned bridges[CONFIG_MAX_DEVICES];               /* index of each tap's bridge; 0: there is none */
	struct zone_console *consoles[CONFIG_MAX_CONSOLES]; /* NULL: nobody asked for it yet */
	/* loading: before a quick guest reset is followed, then between reports of progress; pending: the rest of it */
	uv_timer_t delay;
	struct zone_op *policy_op; /* a start by the zone's policy */
	TAILQ_HEAD(, zone_op) ops;
	TAILQ_HEAD(, zone_input) inputs;
};

TAILQ_HEAD(zone_list, zone_private);

struct refresh_waiter {
	STAILQ_ENTRY(refresh_waiter) entry;
	zones_refreshed_fn done;
	bool as_it_is;
	void *user;
};
STAILQ_HEAD(refresh_list, refresh_waiter);

/* What a look at the config directory found. */
struct zone_set {
	struct config_zone **zones;
	unsigned count;
	char **paths;
	unsigned num_paths;
	struct config_findings findings; /* of all paths */
	bool as_it_is;                   /* somebody asked: nothing is held back */
	bool *held;    /* for each path: may be half written, and is not in zones; NULL: none */
	bool any_held; /* or missing only for now */
	int error;     /* for want of our own resources nothing could be found */
};

/* A directory with zone files. */
struct zone_dir {
	struct zones *zones;
	const char *path;
	uv_fs_event_t watch;
	int fd; /* what is watched, so that nothing else gets its inode's number; -1: nothing is */
};

#define ZONE_DIRS 2u

struct zones {
	uv_loop_t *loop;
	struct backend *backend;
	struct zones_options options;
	const struct zones_hooks *hooks;
	void *user;
	HvPlatform platform;
	HvZoneConfig root_config;
	struct config_board board; /* of those, and root_tree; workers read it too */
	char *root_tree;
	struct zone_list list;
	struct zone_set set;
	struct intents intents;
	struct state_file *state; /* holds them; NULL: closed */
	uint64_t touched;         /* its last touch */
	bool booted;              /* the machine did, since the last daemon */
	bool closing;
	uint64_t unadopted; /* ids that nothing could be learned of yet */
	unsigned adopt_tries;
	uv_timer_t again; /* something could not be asked or told: tried again */
	uv_poll_t events;
	bool events_open;
	struct net_link *net_link; /* NULL: no zone with a network was there yet */
	/* config directories */
	struct zone_dir dirs[ZONE_DIRS];
	unsigned num_dirs;
	uv_timer_t poll;              /* for those that are swapped */
	uv_timer_t settle;            /* to the next look */
	uint64_t rest_until_ms;       /* none before that but by request */
	bool look_again;              /* something changed during the present look */
	int look_error;               /* of the last look */
	struct refresh_work *refresh; /* under way */
	struct refresh_list waiting;  /* for the next one */
};

/* zone.c */
struct zone *zone_new(struct zones *zones, int id, const char *name, const char *file);
void zone_get(struct zone *zone);
void zone_put(struct zone *zone);
void zone_insert(struct zone *zone);
void zone_remove(struct zone *zone);
/*
 * The one setter of state: checks the table, logs, tells. reason is static
 * text or NULL. The cause is the event's own kind if it has one (a changed file,
 * an adoption), else that of the change before.
 */
void zone_event(struct zone *zone, enum zone_event event, const char *reason);
void zone_event_by(struct zone *zone, enum zone_event event, const char *reason, struct zone_cause cause);
void zone_fail(struct zone *zone, enum schema_error_id error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* -EDOM, -EADDRINUSE with the violation; other errors by number. */
void zone_fail_refused(struct zone *zone, const char *call, int number, const struct hv_violation *violation);

/* zones.c: a call to the hypervisor failed that will be good later: look at all zones again soon */
void zones_again(struct zones *zones);

/* zone_set.c */
/* Reads and checks. For workers. */
void zone_set_read(struct zone_set *set, const char *const *dirs, unsigned num_dirs,
		   const struct config_board *board, bool as_it_is);
/* Zones become what the set says; it is taken over. */
void zone_set_merge(struct zones *zones, struct zone_set *set);
void zone_set_fini(struct zone_set *set);

/* zone_watch.c */
/* Reads at once, for the daemon's start. */
void zone_watch_read_now(struct zones *zones);
void zone_watch_begin(struct zones *zones);
void zone_watch_close(struct zones *zones);

/* zone_start.c: the zone is in loading; takes the plan */
void zone_begin(struct zone *zone, struct zone_plan *plan, unsigned delay_ms);
void zone_load_abort(struct zone *zone);
/* Lets go of the handle through which images and the device process reach the zone. */
void zone_close_bound(struct zone *zone);

/* zone_end.c: in stopping, does whatever can be done now; call it whenever something changed */
void zone_progress(struct zone *zone);
/* Takes a zone that is loading, starting or running to stopping. */
void zone_halt(struct zone *zone, enum zone_event event, const char *reason, struct zone_cause cause);
/* The hypervisor's status of the zone may have changed. */
void zone_changed(struct zone *zone);
/* What a new daemon must know, to disk; logged if that fails. 0, or a negative errno. */
int zone_store(struct zone *zone);

/* zone_device.c */
int zone_device_spawn(struct zone *zone);
int zone_device_adopt(struct zone *zone, const struct store_record *record);
void zone_device_drop(struct zone *zone); /* forget it; the process lives on, if it lives */

/* zone_respawn.c: the device process of a zone that runs is gone, unasked: what its policy says */
void zone_device_failed(struct zone *zone);
/* No other comes. False: a worker still opens files for it, and zone_progress() is called after that. */
bool zone_respawn_cancel(struct zone *zone);

/* zone_start.c: the device process is there, or is not */
void zone_device_is_ready(struct zone *zone);

/* zone_op.c: what became of the zone, for those who wait for it */
void zone_ops_running(struct zone *zone);
void zone_ops_paused(struct zone *zone);  /* or resumed: the requests for what is the case now */
void zone_ops_stopped(struct zone *zone); /* of those, only the requests to stop */
void zone_ops_settled(struct zone *zone); /* the zone is stopped, crashed or invalid, and stays so */
/* All touches of the state file up to this one are on disk, or could not be written. */
void zone_ops_written(struct zone *zone, uint64_t touch, int error);
/* Tells those who want to know; false: nobody does. */
bool zone_ops_progress(const struct zone *zone, uint64_t loaded, uint64_t total);
/* zone_ask.c: another zone that runs and has what the config claims; NULL: none. */
const struct zone *zone_conflict(struct zones *zones, const HvZoneConfig *hv, int own_id,
				 struct hv_violation *ret_violation);

/* zone_console.c */
/* A new device process: the byte 0 of each console comes behind all there is. */
void zone_consoles_begin(struct zone *zone);
/* One that runs already, as the record has it. */
void zone_consoles_adopt(struct zone *zone, const struct store_record *record);
void zone_consoles_store(const struct zone *zone, struct store_record *record);
/* Output of the device process. */
void zone_console_output(struct zone *zone, unsigned port, uint64_t pos, const char *data, size_t length);
/* Another log of each, when there is output. */
void zone_consoles_renamed(struct zone *zone);
void zone_consoles_close(struct zone *zone);

/* zone_input.c */
void zone_inputs_send(struct zone *zone);
void zone_inputs_fail(struct zone *zone);

/* zone_adopt.c */
int zone_adopt_all(struct zones *zones);
/* Those that could not be asked at the time. */
void zone_adopt_rest(struct zones *zones);

#endif
