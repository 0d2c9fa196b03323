/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net_header.h"
#include "netlink.h"

#define TUN_PATH "/dev/net/tun"

static_assert(CONFIG_INTERFACE_SIZE == IFNAMSIZ, "names are Linux'");

struct tap {
	const struct config_device *device;
	struct device_files_error *error;
	int *fds;
	unsigned count; /* of fds open */
	int index;      /* of the interface */
	int bridge;     /* index; 0: none */
	bool made;      /* by us, just now */
};

/* Says what is wrong with the device's interface, and returns r. */
__attribute__((format(printf, 3, 4))) static int fail(const struct tap *tap, int r, const char *format, ...)
{
	char what[192];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	snprintf(tap->error->message, sizeof(tap->error->message), "net at 0x%llx: %s",
		 (unsigned long long)tap->device->ipa, what);
	return r;
}

static void name_request(struct ifreq *request, const char *name)
{
	memset(request, 0, sizeof(*request));
	memcpy(request->ifr_name, name, strnlen(name, IFNAMSIZ - 1));
}

/* An ioctl about the interface that request names: any socket does. */
static int ask(unsigned long what, struct ifreq *request)
{
	const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int r;

	if (fd < 0)
		return -errno;
	r = ioctl(fd, what, request) < 0 ? -errno : 0;
	close(fd);
	return r;
}

/* Of the interface: positive, or a negative errno. */
static int index_of(const char *name)
{
	struct ifreq request;
	int r;

	name_request(&request, name);
	r = ask(SIOCGIFINDEX, &request);
	return r < 0 ? r : request.ifr_ifindex;
}

/* Its driver is that one, of that kind ("": any). */
static bool is_of(const char *name, const char *driver, const char *kind)
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
	struct ifreq request;

	name_request(&request, name);
	request.ifr_data = (char *)&info;
	return ask(SIOCETHTOOL, &request) == 0 && strcmp(info.driver, driver) == 0 &&
	       (kind[0] == '\0' || strcmp(info.bus_info, kind) == 0);
}

/* What TUNSETIFF did not like about an interface that is there. */
static int explain(const struct tap *tap, int r)
{
	const char *name = tap->device->tap;

	if (r == -EINVAL && !is_of(name, "tun", "tap"))
		return fail(tap, -EEXIST, "interface %s is there, and is no tap", name);
	if (r == -EINVAL)
		return fail(tap, r,
			    "tap %s is not made for %u queues: delete it, or make it with multi_queue", name,
			    tap->device->queues);
	if (r == -EBUSY)
		return fail(tap, r, "tap %s is in use by another", name);
	if (r == -EPERM)
		return fail(tap, r, "tap %s: no permission to use it, which needs CAP_NET_ADMIN", name);
	return fail(tap, r, "tap %s: %s", name, strerror(-r));
}

/* A descriptor for one queue of the tap. */
static int attach_queue(struct tap *tap, int flags)
{
	const int header_size = sizeof(struct net_header);
	struct ifreq request;
	int r, fd = open(TUN_PATH, O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return fail(tap, -errno, "%s: %s", TUN_PATH, strerror(errno));
	name_request(&request, tap->device->tap);
	request.ifr_flags = (short)flags;
	if (ioctl(fd, TUNSETIFF, &request) < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	if (ioctl(fd, TUNSETVNETHDRSZ, &header_size) < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	tap->fds[tap->count++] = fd;
	return 0;
}

/*
 * The queues that the tap has, ours and others', detached ones included. Of a
 * tap without multi_queue the kernel tells none: it lets nobody share it.
 */
static int count_queues(const struct tap *tap, unsigned *ret_count)
{
	static const unsigned short counts[] = { IFLA_TUN_NUM_QUEUES, IFLA_TUN_NUM_DISABLED_QUEUES };
	void *answer = malloc(NETLINK_ANSWER);
	struct netlink_attributes found;
	struct netlink_request request;
	int r = -ENOMEM;

	*ret_count = 0;
	netlink_link(&request, RTM_GETLINK, tap->index);
	if (answer != NULL)
		r = netlink_ask(&request, answer, &found);
	for (size_t i = 0; r == 0 && i < sizeof(counts) / sizeof(counts[0]); i++) {
		const struct netlink_attributes info =
			netlink_find(netlink_find(found, IFLA_LINKINFO), IFLA_INFO_DATA);
		const struct netlink_attributes count = netlink_find(info, counts[i]);
		uint32_t value = 0;

		if (count.size == sizeof(value))
			memcpy(&value, count.data, sizeof(value));
		*ret_count += value;
	}
	free(answer);
	return r;
}

/* The queues that we have are all there are: whoever has another gets a share of what is sent to the zone. */
static int check_alone(struct tap *tap)
{
	unsigned count;
	int r;

	tap->index = index_of(tap->device->tap);
	if (tap->index < 0)
		return tap->index;
	r = count_queues(tap, &count);
	return r != 0 ? r : count > tap->count ? -EBUSY : 0;
}

/*
 * All queues. Who made a tap with multi_queue may have meant it for one pair
 * as well. A tap that was not there must be ours alone, whoever else makes one.
 */
static int attach(struct tap *tap)
{
	const bool multi = tap->device->queues > 1;
	const int flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
	int r;

	tap->error->message[0] = '\0';
	tap->made = index_of(tap->device->tap) < 0;
	r = attach_queue(tap, flags | (multi ? IFF_MULTI_QUEUE : 0) | (tap->made ? IFF_TUN_EXCL : 0));
	if (r == -EINVAL && !multi && !tap->made)
		r = attach_queue(tap, flags | IFF_MULTI_QUEUE);
	while (r == 0 && tap->count < tap->device->queues)
		r = attach_queue(tap, flags | IFF_MULTI_QUEUE);
	if (r == 0)
		r = check_alone(tap);
	return r == 0 || tap->error->message[0] != '\0' ? r : explain(tap, r);
}

static int find_bridge(struct tap *tap)
{
	const char *name = tap->device->bridge;

	tap->bridge = 0;
	if (name[0] == '\0')
		return 0;
	tap->bridge = index_of(name);
	if (tap->bridge < 0)
		return fail(tap, tap->bridge, "there is no bridge %s", name);
	if (!is_of(name, "bridge", ""))
		return fail(tap, -EINVAL, "interface %s is no bridge", name);
	return 0;
}

/*
 * The tap's own address is of no use to anybody. A bridge without an address of
 * its own takes the lowest of its ports, and must not change when zones come
 * and go: so it is high, and not the zone's, which lies behind it.
 */
static void put_address(struct netlink_request *request, const struct config_device *device)
{
	uint8_t address[CONFIG_MAC_SIZE];

	memcpy(address, device->mac, sizeof(address));
	address[0] = address[0] == 0xfe ? 0xfa : 0xfe;
	netlink_put(request, IFLA_ADDRESS, address, sizeof(address));
}

/* Into its bridge, if it has one. */
static int join(const struct tap *tap)
{
	struct netlink_request request;
	int r;

	netlink_link(&request, RTM_NEWLINK, tap->index);
	if (tap->made)
		put_address(&request, tap->device);
	if (tap->bridge != 0)
		netlink_put(&request, IFLA_MASTER, &tap->bridge, sizeof(tap->bridge));
	r = netlink_do(&request);
	return r == 0 ? 0
		      : fail(tap, r, "cannot put tap %s into bridge %s: %s", tap->device->tap,
			     tap->device->bridge, strerror(-r));
}

/* The bridge first: a tap that is refused there stays as it was. */
static int set_up(const struct tap *tap)
{
	struct netlink_request request;
	int r = join(tap);

	if (r != 0)
		return r;
	netlink_link(&request, RTM_NEWLINK, tap->index);
	request.link.ifi_flags = request.link.ifi_change = IFF_UP;
	r = netlink_do(&request);
	return r == 0 ? 0 : fail(tap, r, "cannot set up tap %s: %s", tap->device->tap, strerror(-r));
}

int tap_join(const struct config_device *device, struct device_files_error *ret_error)
{
	struct tap tap = { .device = device, .error = ret_error };
	int r = find_bridge(&tap);

	if (r != 0)
		return r;
	tap.index = index_of(device->tap);
	return tap.index < 0 ? explain(&tap, tap.index) : join(&tap);
}

int tap_open(const struct config_device *device, int *fds, struct device_files_error *ret_error)
{
	struct tap tap = { .device = device, .error = ret_error, .fds = fds };
	int r = find_bridge(&tap);

	if (r == 0)
		r = attach(&tap);
	if (r == 0)
		r = set_up(&tap);
	while (r != 0 && tap.count > 0)
		close(fds[--tap.count]);
	return r;
}
