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

#define NETLINK_ANSWER 16384u /* bytes: an interface with all that the kernel says of it */

/* The attributes of an answer, or those within one of them. */
struct netlink_attributes {
	const void *data;
	size_t size;
};

/*
 * Asks (RTM_GETLINK …) and points *ret_attributes into answer, which has
 * NETLINK_ANSWER bytes and the alignment of a pointer. 0, or a negative errno.
 */
int netlink_ask(struct netlink_request *request, void *answer, struct netlink_attributes *ret_attributes);

/* The first attribute of that type; of size 0 and NULL: there is none. */
struct netlink_attributes netlink_find(struct netlink_attributes attributes, unsigned short type);

#endif
