/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests to rtnetlink(7), one at a time, each with its answer. */
#ifndef NETLINK_H
#define NETLINK_H

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stddef.h>

#define NETLINK_ROOM 256u /* bytes of attributes */

/* A request that is being put together; begin with netlink_link(). */
struct netlink_request {
	struct nlmsghdr header;
	struct ifinfomsg link;
	char attributes[NETLINK_ROOM];
};

/* A change (RTM_NEWLINK …) of the interface with that index. */
void netlink_link(struct netlink_request *request, int type, int index);

/* Adds an attribute; what does not fit is a bug of ours. */
void netlink_put(struct netlink_request *request, unsigned short type, const void *data, size_t size);

/* Sends it and waits for the kernel's answer: 0, or a negative errno. */
int netlink_do(struct netlink_request *request);

#endif
