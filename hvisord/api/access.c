/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "access.h"

#include <errno.h>
#include <grp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define NO_GROUP ((gid_t)-1)
#define USUAL_GROUPS 64u
/* Linux's NGROUPS_MAX */
#define MAX_GROUPS 65536u

struct peer_groups {
	gid_t some[USUAL_GROUPS];
	gid_t *ids; /* some, or on the heap */
	size_t count;
};

gid_t access_find_group(const char *name)
{
	const struct group *group = getgrnam(name);
	unsigned long number;
	char *end;

	if (group != NULL)
		return group->gr_gid;
	if (*name < '0' || *name > '9')
		return NO_GROUP;
	errno = 0;
	number = strtoul(name, &end, 10);
	return errno == 0 && *end == '\0' && number < NO_GROUP ? (gid_t)number : NO_GROUP;
}

/* The supplementary groups; the kernel says how many there are if they are more than there is room for. */
static int get_groups(int fd, struct peer_groups *groups)
{
	socklen_t size = sizeof(groups->some);

	groups->ids = groups->some;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups->ids, &size) != 0) {
		if (errno != ERANGE || size > MAX_GROUPS * sizeof(gid_t))
			return -errno;
		groups->ids = malloc(size);
		if (groups->ids == NULL)
			return -ENOMEM;
		if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups->ids, &size) != 0) {
			int error = errno;

			free(groups->ids);
			return -error;
		}
	}
	groups->count = size / sizeof(gid_t);
	return 0;
}

static bool is_member(const struct peer_groups *groups, gid_t primary, gid_t wanted)
{
	if (wanted == NO_GROUP)
		return false;
	if (primary == wanted)
		return true;
	for (size_t i = 0; i < groups->count; i++) {
		if (groups->ids[i] == wanted)
			return true;
	}
	return false;
}

int access_identify(int fd, const struct access_groups *groups, struct access_peer *ret_peer)
{
	struct peer_groups theirs;
	struct ucred peer;
	socklen_t size = sizeof(peer);
	int r;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
		return -errno;
	*ret_peer = (struct access_peer){ .uid = peer.uid, .pid = peer.pid };
	ret_peer->owner = peer.uid == 0 || peer.uid == geteuid();
	if (ret_peer->owner) {
		ret_peer->right = ACCESS_CHANGE;
		return 0;
	}
	r = get_groups(fd, &theirs);
	if (r != 0)
		return r;
	if (is_member(&theirs, peer.gid, groups->admins))
		ret_peer->right = ACCESS_CHANGE;
	else if (is_member(&theirs, peer.gid, groups->readers))
		ret_peer->right = ACCESS_READ;
	if (theirs.ids != theirs.some)
		free(theirs.ids);
	return 0;
}
