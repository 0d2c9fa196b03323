/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's socket: who connects, what they ask, what they are told. */
#ifndef API_H
#define API_H

#include <uv.h>

#include "zone.h"

struct api;

struct api_options {
	const char *socket;      /* path; not used if listen_fd >= 0 */
	int listen_fd;           /* a listening socket from systemd, or -1 */
	const char *group;       /* name or number; whose members may read */
	const char *admin_group; /* whose members may change */
	const char *version;
	const char *backend;    /* name, for system.info */
	const char *config_dir; /* for system.info */
	const char *state_dir;  /* exists; for what outlives the daemon */
};

/* For zones_new(), with the api as user. */
extern const struct zones_hooks api_zones_hooks;

/* 0 and *ret_api, or a negative errno. Strings must stay. */
int api_new(uv_loop_t *loop, const struct api_options *options, struct api **ret_api);

/* Zones are there: listens. 0, or a negative errno. */
int api_listen(struct api *api, struct zones *zones);

/* Closes every connection and handle; the loop must run until it is empty. */
void api_close(struct api *api);

/* After the loop's end. Takes NULL. */
void api_free(struct api *api);

#endif
