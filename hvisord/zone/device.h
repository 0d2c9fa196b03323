/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A zone's device process as the daemon sees it: started or found again, its
 * link, its end. The process outlives the daemon. See device_link.h.
 */
#ifndef DEVICE_H
#define DEVICE_H

#include <stdbool.h>
#include <sys/types.h>
#include <uv.h>

#include "device_files.h"

#define DEVICE_LINES 32u

struct device;

/* Called from the loop, never from within a call into this file. */
struct device_hooks {
	void (*ready)(void *user); /* the link is up */
	/* Output of console port, less than DEVICE_LINK_CONSOLES; pos counts from 0 since the process began. */
	void (*output)(void *user, unsigned port, uint64_t pos, const char *data, size_t length);
	void (*writable)(void *user); /* input that was refused may be sent again */
	/* A line for the log, which may hold anything; no more than DEVICE_LINES of one process. */
	void (*said)(void *user, const char *line, size_t length);
	/* The process is gone, or the link broke and it was killed. Last call; device_free() may follow. */
	void (*gone)(void *user);
};

struct device_options {
	uv_loop_t *loop;
	const char *program;
	const char *run_dir;
	const struct device_hooks *hooks;
	void *user;
};

/*
 * Starts the process with bound_fd as its handle and with files for its
 * devices (both still the caller's), and connects. ready or gone follows. 0,
 * or a negative errno, and there is no process.
 */
int device_spawn(const struct device_options *options, const struct zone_plan *plan, int bound_fd,
		 const struct device_files *files, struct device **ret_device);

/*
 * Connects to a process that an earlier daemon started. start_time guards
 * against another process with the same id. 0, -ESRCH (it is gone), or another
 * negative errno: it could not be reached, and was killed.
 */
int device_adopt(const struct device_options *options, uint32_t zone, pid_t pid, uint64_t start_time,
		 struct device **ret_device);

/* Asks the process to exit; kills it if it does not within a second. gone follows. */
void device_quit(struct device *device);

/*
 * Presses the zone's power key, if it has one; what the guest makes of it is
 * its affair. 0, or a negative errno: nobody was told.
 */
int device_press_power_key(struct device *device);

/*
 * A tap was set up or down: the network device at that guest-physical address
 * has a link or has none. 0, or a negative errno: nobody was told.
 */
int device_set_link(struct device *device, uint64_t ipa, bool up);

/* Forgets the process, which lives on; no hook is called any more. Takes NULL. */
void device_free(struct device *device);

/* The process has that console; true too as long as it has not said how many there are. */
bool device_has_console(const struct device *device, unsigned port);

/* Sends typed bytes. Returns how many were taken: maybe none, and more after the next writable. */
size_t device_input(struct device *device, unsigned port, const char *data, size_t length);

/* Held: no output is read; the process keeps what it can. */
void device_hold(struct device *device, bool held);

void device_resize(struct device *device, unsigned port, unsigned columns, unsigned rows);

pid_t device_pid(const struct device *device);
uint64_t device_start_time(const struct device *device);

/* Removes the zone's link socket; absent is well. A process that still listens there is asked to exit. */
void device_unlink(const char *run_dir, uint32_t zone);

#endif
