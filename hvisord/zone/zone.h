/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Zones as the API sees them: what is known of each, and requests to change
 * it. One thread: that of the loop. What runs is always asked of the
 * hypervisor; this only adds names, files and intentions.
 */
#ifndef ZONE_H
#define ZONE_H

#include <uv.h>

#include "backend.h"
#include "config.h"
#include "lifecycle.h"
#include "plan.h"
#include "schema.h"

/* Why a request did not succeed. error SCHEMA_OK: it did. */
struct zone_failure {
	enum schema_error_id error;
	char reason[48]; /* stable name; "": that of error */
	char message[256];
	int number;     /* REFUSED: the hypervisor's answer, a negative errno */
	char other[64]; /* CONFIG from the hypervisor: what it collides with */
};

/* What brought something about. Kinds: see zone_cause_ below. */
struct zone_cause {
	const char *kind; /* static text; NULL: not known */
	uid_t uid;        /* of a client */
	pid_t pid;        /* of a client; 0: none */
};

#define ZONE_CAUSE_CLIENT "client"         /* a request */
#define ZONE_CAUSE_AUTOSTART "autostart"   /* the machine booted */
#define ZONE_CAUSE_RESTART "restart"       /* the zone's restart policy */
#define ZONE_CAUSE_GUEST "guest"           /* its guest powered off, reset, or did what it may not */
#define ZONE_CAUSE_DEVICE "device"         /* its device process died, and its policy is to restart then */
#define ZONE_CAUSE_HYPERVISOR "hypervisor" /* ended by something else than this daemon */
#define ZONE_CAUSE_CONFIG "config"         /* its file changed */
#define ZONE_CAUSE_ADOPTED "adopted"       /* found so by a new daemon */

/* Since the daemon's start. */
struct zone_counters {
	uint64_t starts;   /* came to run, resets and restarts included */
	uint64_t restarts; /* started again by its restart policy */
	uint64_t resets;   /* started again because its guest asked for it */
	uint64_t crashes;  /* ended by a fault */
	uint64_t failures; /* starts that were undone by themselves */
};

struct zones;
struct zone_op;

enum zone_device_state {
	ZONE_DEVICE_NONE,
	ZONE_DEVICE_CONNECTING,
	ZONE_DEVICE_READY,
	ZONE_DEVICE_DIED,
	ZONE_DEVICE_UNSERVED, /* died, and no other comes */
};

/* Reading these fields is all that others may do with them. */
struct zone {
	int id; /* -1: not known, its file is broken */
	char *name;
	char *file; /* NULL: no file (any more) */
	enum zone_state state;
	const char *reason;               /* of the last change; static text; NULL if none */
	struct zone_cause cause;          /* of the last change */
	const struct config_zone *config; /* of the last look at the directory; NULL: none could be made */
	bool good;                        /* config has no errors */
	struct zone_plan *plan;           /* of the present or last run; NULL: never ran */
	struct hv_zone_status status;     /* of the present or last run, as last asked */
	struct zone_failure failure;      /* of the last start */
	enum zone_device_state device_state;
	pid_t device_pid;
	uint64_t started_ms; /* CLOCK_BOOTTIME; 0: not known */
	/*
	 * It does not run, but will be started by itself: "after" (when the zones it
	 * waits for run), "backoff" (when its time has come). NULL: it will not.
	 */
	const char *pending;
	uint64_t until_ms; /* CLOCK_BOOTTIME, of "backoff" */
	struct zone_counters counters;
	struct zone_private *private;
};

/* Called from the loop when something happened. None may free a zone. */
struct zones_hooks {
	/* reason and cause of the change are in the zone */
	void (*state)(void *user, const struct zone *zone, enum zone_state from);
	/* zone->pending or until_ms changed; reason: static text, why. May be NULL. */
	void (*pending)(void *user, const struct zone *zone, const char *reason);
	void (*config)(void *user, const struct zone *zone, const char *change);
	void (*device)(void *user, const struct zone *zone, pid_t pid, const char *state);
	/* There is new output, or the zone has settled: look at console and state. */
	void (*console)(void *user, const struct zone *zone);
	/* The zone is about to be forgotten: its file went away. */
	void (*removed)(void *user, const struct zone *zone);
};

struct zones_options {
	const char *config_dir;
	const char *vendor_dir; /* more zone files, hidden by those of the same name in config_dir; or NULL */
	const char *root_tree;  /* file of the root zone's device tree; or NULL */
	const char *run_dir;
	const char *state_dir; /* made if it is not there; what cannot be written there is tried again */
	const char *device_program;
};

/*
 * Takes over the backend's zones: what runs is adopted, with its device
 * process; what is half started or ended is cleaned up. The strings and hooks
 * must stay. 0 and *ret_zones, or a negative errno.
 */
int zones_new(uv_loop_t *loop, struct backend *backend, const struct zones_options *options,
	      const struct zones_hooks *hooks, void *user, struct zones **ret_zones);

/* Lets go of everything; zones and device processes live on. The loop must run until it is empty. */
void zones_close(struct zones *zones);

/* After zones_close() and the loop's end. */
void zones_free(struct zones *zones);

/* In order of id, those without one last. NULL at the end; zone NULL: the first. */
struct zone *zones_next(struct zones *zones, const struct zone *zone);

/* By id or name; a zone that runs is preferred. NULL if there is none. */
struct zone *zones_find_id(struct zones *zones, uint64_t id);
struct zone *zones_find_name(struct zones *zones, const char *name);

struct backend *zones_backend(struct zones *zones);
const HvPlatform *zones_platform(struct zones *zones);
/* What zone files are checked against; the same as long as the zones live. */
const struct config_board *zones_board(const struct zones *zones);
const struct config_findings *zones_findings(const struct zones *zones);
const struct config_findings *zones_findings_of(const struct zone *zone);

/*
 * Reads the config directories anew in a worker; done is called later, once.
 * as_it_is: what is there now counts, half written or not. error: a negative
 * errno; nothing could be read, what was known stays, and it is tried again.
 */
typedef void (*zones_refreshed_fn)(void *user, int error);
int zones_refresh(struct zones *zones, bool as_it_is, zones_refreshed_fn done, void *user);

/* Asks the hypervisor again. 0, or a negative errno: status is as it was, and is asked for again soon. */
int zone_update_status(struct zone *zone);

enum zone_request {
	ZONE_REQUEST_START,
	ZONE_REQUEST_STOP,
	ZONE_REQUEST_RESTART,
	ZONE_REQUEST_PAUSE,
	ZONE_REQUEST_RESUME,
	ZONE_REQUEST_ENABLE, /* start it when the machine boots, whatever its file says; done when that is on disk */
	ZONE_REQUEST_DISABLE,
};

enum zone_stop_mode {
	ZONE_STOP_AUTO,     /* as GRACEFUL if the zone can be asked, and by force when its time is up */
	ZONE_STOP_GRACEFUL, /* presses the power key; a zone that does not power off in time runs on */
	ZONE_STOP_FORCE,
};

/* Called from the loop while images are read: how many bytes of all lie in the zone's RAM. */
typedef void (*zone_progress_fn)(void *user, const struct zone *zone, uint64_t loaded, uint64_t total);

struct zone_ask {
	enum zone_request request;
	enum zone_stop_mode mode; /* of STOP */
	uint64_t timeout_ms;      /* 0: what is usual; of a graceful stop, how long the guest may take */
	bool dry_run; /* only says whether it would be begun: config, conflicts, state. Nothing changes. */
	struct zone_cause cause;
	zone_progress_fn progress; /* of START and RESTART; or NULL. Not after done. */
};

/* Called once, maybe before zone_request() returns. failure->error is SCHEMA_OK on success. */
typedef void (*zone_done_fn)(void *user, const struct zone *zone, const struct zone_failure *failure);

/*
 * Asks for a change. *ret_op (set before done is called) names it until done
 * was called. 0, or -ENOMEM with nothing done.
 */
int zone_request(struct zone *zone, const struct zone_ask *ask, zone_done_fn done, void *user,
		 struct zone_op **ret_op);

/* Gives a request up: done is called with CANCELLED; a start is undone. */
void zone_op_cancel(struct zone_op *op);

/* The asker is gone: done will not be called, the zone goes on. */
void zone_op_detach(struct zone_op *op);

/*
 * Consoles of a zone have numbers from 0 (the main one) on, in the order of its
 * devices and their ports. As many as its present or last run has, or its file
 * if those are more; CONFIG_MAX_CONSOLES at most. Below, port is the number of
 * one, less than CONFIG_MAX_CONSOLES.
 */
unsigned zone_num_consoles(const struct zone *zone);

/*
 * Types into a console of the zone. done as above, when all of it was taken;
 * NO_CONSOLE: this run does not have it. 0 and *ret_input, or -ENOMEM.
 */
struct zone_input;
int zone_type(struct zone *zone, unsigned port, const char *data, size_t length, zone_done_fn done,
	      void *user, struct zone_input **ret_input);

/* Drops what was not taken yet; done is not called. */
void zone_input_detach(struct zone_input *input);

/* False: no device process that could be told. */
bool zone_resize(struct zone *zone, unsigned port, unsigned columns, unsigned rows);

/*
 * Console output from pos on, of memory or disk. *pos moves to the next byte
 * kept where its own is not any more. Returns how many bytes, at most size; 0
 * at the end.
 */
size_t zone_console_read(struct zone *zone, unsigned port, uint64_t *pos, char *buffer, size_t size);

/* Positions of the oldest byte kept and behind the newest; equal: there is none. */
uint64_t zone_console_start(struct zone *zone, unsigned port);
uint64_t zone_console_end(struct zone *zone, unsigned port);

/* Bytes printed on all of them, as far as this daemon knows without looking on disk. */
uint64_t zone_console_printed(const struct zone *zone);

/* It is started when the machine boots: so says its file, or an operator who enabled or disabled it. */
bool zone_autostart(const struct zone *zone);

/* "enabled" or "disabled" by an operator, or NULL: its file counts. */
const char *zone_override(const struct zone *zone);

/* Milliseconds of CLOCK_BOOTTIME. */
uint64_t zone_now_ms(void);

/* "guest_off"; HV_REASON_ */
const char *zone_reason_name(uint32_t reason);

#endif
