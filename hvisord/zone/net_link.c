/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net_link.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"
#include "tap.h"

#define AGAIN_MS 200u
#define MESSAGES_A_TURN 64u

struct net_link {
	struct zones *zones;
	int watch; /* what the kernel says of interfaces comes here */
	int query;
	unsigned handles; /* not closed yet */
	uv_poll_t poll;
	uv_timer_t again; /* a device process could not be told */
};

static bool is_up(const struct net_link *link, const char *name)
{
	struct ifreq request = { 0 };

	memcpy(request.ifr_name, name, strnlen(name, IFNAMSIZ - 1));
	/* one that is not there any more carries nothing */
	return ioctl(link->query, SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_UP) != 0;
}

/* Tells the zone's device process what it does not know. False: it could not be told. */
static bool tell(const struct net_link *link, struct zone *zone)
{
	struct zone_private *private = zone->private;

	if (zone->device_state != ZONE_DEVICE_READY)
		return true;
	for (unsigned i = 0; i < zone->plan->num_devices; i++) {
		const struct config_device *device = &zone->plan->devices[i];
		const bool up = device->type == CONFIG_DEVICE_NET && is_up(link, device->tap);

		if (device->type != CONFIG_DEVICE_NET || private->links[i] == (up ? LINK_UP : LINK_DOWN))
			continue;
		if (device_set_link(private->device, device->ipa, up) != 0)
			return false;
		private->links[i] = up ? LINK_UP : LINK_DOWN;
	}
	return true;
}

/* A bridge that was taken away and made anew has none of its taps; one of which somebody took a tap knows why. */
static void follow_bridge(struct zone *zone, unsigned index)
{
	const struct config_device *device = &zone->plan->devices[index];
	const unsigned before = zone->private->bridges[index], now = if_nametoindex(device->bridge);
	struct device_files_error error;

	zone->private->bridges[index] = now;
	if (now == before)
		return;
	if (now == 0)
		log_zone_warning(zone->name, "net at 0x%llx: bridge %s is gone",
				 (unsigned long long)device->ipa, device->bridge);
	else if (tap_join(device, &error) != 0)
		log_zone_error(zone->name, "%s", error.message);
	else
		log_zone_notice(zone->name, "net at 0x%llx: in bridge %s again",
				(unsigned long long)device->ipa, device->bridge);
}

static void follow_bridges(struct zone *zone)
{
	if (zone->device_state != ZONE_DEVICE_READY)
		return;
	for (unsigned i = 0; i < zone->plan->num_devices; i++) {
		if (zone->plan->devices[i].bridge[0] != '\0')
			follow_bridge(zone, i);
	}
}

static void on_again(uv_timer_t *timer);

static void tell_all(struct net_link *link)
{
	struct zone_private *private;
	bool all = true;

	TAILQ_FOREACH(private, &link->zones->list, entry)
	{
		follow_bridges(private->zone);
		all = tell(link, private->zone) && all;
	}
	if (!all)
		uv_timer_start(&link->again, on_again, AGAIN_MS, 0);
}

static void on_again(uv_timer_t *timer)
{
	tell_all(timer->data);
}

/* What is said does not matter, nor that some of it may be lost: what is the case is asked for. */
static void on_watch(uv_poll_t *poll, int status, int events)
{
	struct net_link *link = poll->data;
	char message[1024];

	(void)status;
	(void)events;
	for (unsigned i = 0; i < MESSAGES_A_TURN; i++) {
		if (recv(link->watch, message, sizeof(message), 0) < 0 && errno != EINTR && errno != ENOBUFS)
			break;
	}
	tell_all(link);
}

static void release(struct net_link *link)
{
	if (link->watch >= 0)
		close(link->watch);
	if (link->query >= 0)
		close(link->query);
	free(link);
}

static void on_closed(uv_handle_t *handle)
{
	struct net_link *link = handle->data;

	if (--link->handles == 0)
		release(link);
}

void net_link_close(struct net_link *link)
{
	if (link == NULL)
		return;
	uv_close((uv_handle_t *)&link->poll, on_closed);
	uv_close((uv_handle_t *)&link->again, on_closed);
}

static int open_sockets(struct net_link *link)
{
	const struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
	const int flags = SOCK_CLOEXEC | SOCK_NONBLOCK;

	link->query = socket(AF_UNIX, SOCK_DGRAM | flags, 0);
	link->watch = socket(AF_NETLINK, SOCK_RAW | flags, NETLINK_ROUTE);
	if (link->query < 0 || link->watch < 0 ||
	    bind(link->watch, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return 0;
}

static int net_link_new(struct zones *zones, struct net_link **ret_link)
{
	struct net_link *link = calloc(1, sizeof(*link));
	int r;

	if (link == NULL)
		return -ENOMEM;
	*link = (struct net_link){ .zones = zones, .watch = -1, .query = -1 };
	r = open_sockets(link);
	if (r == 0)
		r = uv_poll_init(zones->loop, &link->poll, link->watch);
	if (r != 0) {
		release(link);
		return r;
	}
	uv_timer_init(zones->loop, &link->again);
	link->poll.data = link->again.data = link;
	link->handles = 2;
	uv_poll_start(&link->poll, UV_READABLE, on_watch);
	*ret_link = link;
	return 0;
}

static bool has_network(const struct zone *zone)
{
	for (unsigned i = 0; i < zone->plan->num_devices; i++) {
		if (zone->plan->devices[i].type == CONFIG_DEVICE_NET)
			return true;
	}
	return false;
}

void net_link_begin(struct zone *zone)
{
	struct zones *zones = zone->private->zones;
	int r = 0;

	memset(zone->private->links, LINK_UNKNOWN, sizeof(zone->private->links));
	/* where its taps were put just now, or by the daemon before */
	for (unsigned i = 0; i < zone->plan->num_devices; i++)
		zone->private->bridges[i] = if_nametoindex(zone->plan->devices[i].bridge);
	if (!has_network(zone))
		return;
	if (zones->net_link == NULL)
		r = net_link_new(zones, &zones->net_link);
	if (r != 0)
		log_zone_error(zone->name, "its links cannot be watched: %s", strerror(-r));
	else
		tell_all(zones->net_link);
}
