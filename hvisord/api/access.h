/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is at the other end of a connection, and what may they do? */
#ifndef ACCESS_H
#define ACCESS_H

#include <sys/types.h>

enum access_right {
	ACCESS_NONE,
	ACCESS_READ,   /* members of the readers' group */
	ACCESS_CHANGE, /* members of the admins' group, root, and the user whom the daemon runs as */
};

/* Group ids; (gid_t)-1: there is no such group. */
struct access_groups {
	gid_t readers;
	gid_t admins;
};

struct access_peer {
	uid_t uid;
	pid_t pid;
	enum access_right right;
	_Bool owner; /* root, or the user whom the daemon runs as: its connections are not limited as others' are */
};

/* By name or number. Looks names up: may take its time, so at start. (gid_t)-1: there is no such group. */
gid_t access_find_group(const char *name);

/*
 * Asks the kernel about the peer of a connected Unix socket: user, group and
 * supplementary groups as they were when it connected. 0, or a negative errno.
 */
int access_identify(int fd, const struct access_groups *groups, struct access_peer *ret_peer);

#endif
