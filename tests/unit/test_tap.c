/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Taps and bridges of the root zone, in a network namespace of the test's own. Needs root. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "netlink.h"
#include "tap.h"
#include "test.h"

#define BRIDGE "brtest"

static struct device_files_error error;

static void need(bool good, const char *what)
{
	if (good)
		return;
	printf("# cannot %s: %s (this test needs root and /dev/net/tun)\n", what, strerror(errno));
	exit(1);
}

static void enter(void)
{
	need(unshare(CLONE_NEWNET) == 0, "make a network namespace");
}

static void make_bridge(void)
{
	static const struct {
		struct rtattr kind;
		char name[8];
	} info = { { RTA_LENGTH(6), IFLA_INFO_KIND }, "bridge" };
	struct netlink_request request;
	int r;

	netlink_link(&request, RTM_NEWLINK, 0);
	request.header.nlmsg_flags |= NLM_F_CREATE | NLM_F_EXCL;
	netlink_put(&request, IFLA_IFNAME, BRIDGE, sizeof(BRIDGE));
	netlink_put(&request, IFLA_LINKINFO, &info, sizeof(info));
	r = netlink_do(&request);
	errno = -r;
	need(r == 0, "make a bridge");
}

static struct config_device device(const char *tap, const char *bridge, unsigned queues)
{
	struct config_device made = {
		.type = CONFIG_DEVICE_NET, .ipa = 0xa000200, .queues = queues, .mac = { 0x02, 1, 2, 3, 4, 5 }
	};

	memcpy(made.tap, tap, strlen(tap));
	memcpy(made.bridge, bridge, strlen(bridge));
	return made;
}

static int interface_ioctl(unsigned long what, struct ifreq *request, const char *name)
{
	const int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	int r;

	memcpy(request->ifr_name, name, strlen(name) + 1);
	r = ioctl(fd, what, request) < 0 ? -errno : 0;
	close(fd);
	return r;
}

static unsigned flags_of(const char *name)
{
	struct ifreq request;

	CHECK_EQ(interface_ioctl(SIOCGIFFLAGS, &request, name), 0);
	return (unsigned short)request.ifr_flags;
}

/* Takes it out of the bridge, if it is in there. */
static bool was_in_bridge(const char *name)
{
	struct ifreq request = { .ifr_ifindex = (int)if_nametoindex(name) };

	return interface_ioctl(SIOCBRDELIF, &request, BRIDGE) == 0;
}

/* One that is there before the zone. */
static void make_tap(const char *name, int flags)
{
	struct ifreq request = { .ifr_flags = (short)(IFF_TAP | IFF_NO_PI | flags) };
	const int fd = open("/dev/net/tun", O_RDWR);

	memcpy(request.ifr_name, name, strlen(name) + 1);
	need(fd >= 0 && ioctl(fd, TUNSETIFF, &request) == 0, "make a tap");
	need(ioctl(fd, TUNSETPERSIST, 1) == 0, "make a tap that stays");
	close(fd);
}

static void opens(const char *tap, const char *bridge, unsigned queues, int *fds)
{
	const struct config_device made = device(tap, bridge, queues);
	const int r = tap_open(&made, fds, &error);

	if (r != 0)
		printf("# %s\n", error.message);
	CHECK_EQ(r, 0);
}

/* The reason names the device and all of what is given. Nothing stays open. */
static void fails(const char *tap, const char *bridge, unsigned queues, int r, const char *why)
{
	const int free_fd = open("/dev/null", O_RDONLY);
	const struct config_device made = device(tap, bridge, queues);
	int fds[8], again;

	close(free_fd);
	CHECK_EQ(tap_open(&made, fds, &error), r);
	if (strstr(error.message, why) == NULL || strstr(error.message, "net at 0xa000200: ") == NULL)
		printf("# %s\n", error.message);
	CHECK(strstr(error.message, why) != NULL);
	CHECK(strstr(error.message, "net at 0xa000200: ") != NULL);
	again = open("/dev/null", O_RDONLY);
	CHECK_EQ(again, free_fd);
	close(again);
}

static void made_and_gone(void)
{
	int fds[8], size = 0;
	struct ifreq request = { .ifr_flags = 0 };

	enter();
	opens("hvt0", "", 1, fds);
	CHECK(flags_of("hvt0") & IFF_UP);
	CHECK_EQ(fcntl(fds[0], F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	CHECK_EQ(fcntl(fds[0], F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	CHECK_EQ(ioctl(fds[0], TUNGETVNETHDRSZ, &size), 0);
	CHECK_EQ(size, 12);
	/* No bridge takes its address, nor is it the zone's. */
	CHECK_EQ(interface_ioctl(SIOCGIFHWADDR, &request, "hvt0"), 0);
	CHECK(memcmp(request.ifr_hwaddr.sa_data, "\xfe\1\2\3\4\5", 6) == 0);
	close(fds[0]);
	CHECK_EQ(if_nametoindex("hvt0"), 0);

	opens("hvt0", "", 8, fds);
	for (unsigned i = 0; i < 8; i++) {
		CHECK_EQ(ioctl(fds[i], TUNGETIFF, &request), 0);
		CHECK(request.ifr_flags & IFF_MULTI_QUEUE);
		CHECK(if_nametoindex("hvt0") != 0);
		close(fds[i]);
	}
	CHECK_EQ(if_nametoindex("hvt0"), 0);
}

static void into_a_bridge(void)
{
	int fds[2];

	enter();
	make_bridge();
	opens("hvt0", BRIDGE, 1, fds);
	opens("hvt1", BRIDGE, 1, fds + 1);
	CHECK(was_in_bridge("hvt0") && was_in_bridge("hvt1"));
	close(fds[0]);
	/* There before, and in the bridge before. */
	make_tap("given", IFF_VNET_HDR);
	opens("given", BRIDGE, 1, fds);
	close(fds[0]);
	opens("given", BRIDGE, 1, fds);
	CHECK(flags_of("given") & IFF_UP);
	close(fds[0]);
	CHECK(was_in_bridge("given"));
	close(fds[1]);
}

static void wrong_bridge(void)
{
	enter();
	fails("hvt0", "nowhere", 1, -ENODEV, "there is no bridge nowhere");
	CHECK_EQ(if_nametoindex("hvt0"), 0);
	fails("hvt0", "lo", 1, -EINVAL, "interface lo is no bridge");
	CHECK_EQ(if_nametoindex("hvt0"), 0);
	make_tap("given", IFF_VNET_HDR);
	fails("given", "nowhere", 1, -ENODEV, "nowhere");
	CHECK(!(flags_of("given") & IFF_UP));
}

static void given(void)
{
	int fds[8];

	enter();
	make_tap("one", 0); /* without the header: it is of the descriptor, not of the tap */
	opens("one", "", 1, fds);
	CHECK(flags_of("one") & IFF_UP);
	close(fds[0]);
	CHECK(if_nametoindex("one") != 0);
	make_tap("many", IFF_VNET_HDR | IFF_MULTI_QUEUE);
	opens("many", "", 1, fds);
	close(fds[0]);
	opens("many", "", 4, fds);
	for (unsigned i = 0; i < 4; i++)
		close(fds[i]);
	CHECK(if_nametoindex("many") != 0);
}

static void not_for_us(void)
{
	struct ifreq request = { .ifr_name = "layer3", .ifr_flags = IFF_TUN | IFF_NO_PI };
	int fds[2], tun;

	enter();
	make_bridge();
	fails(BRIDGE, "", 1, -EEXIST, "interface " BRIDGE " is there, and is no tap");
	tun = open("/dev/net/tun", O_RDWR);
	need(tun >= 0 && ioctl(tun, TUNSETIFF, &request) == 0, "make a tun");
	fails("layer3", "", 1, -EEXIST, "interface layer3 is there, and is no tap");
	make_tap("one", IFF_VNET_HDR);
	fails("one", "", 2, -EINVAL, "tap one is not made for 2 queues");
	opens("one", "", 1, fds);
	fails("one", "", 1, -EBUSY, "tap one is in use by another");
	CHECK(if_nametoindex("one") != 0);
	close(fds[0]);
	opens("hvt0", "", 1, fds);
	fails("hvt0", "", 1, -EBUSY, "tap hvt0 is in use by another");
	close(fds[0]);
	close(tun);
}

/* Other than without multi_queue, the kernel would let us. */
static void multi_queue_in_use(void)
{
	struct ifreq request = { .ifr_flags = IFF_DETACH_QUEUE };
	int fds[2], more[3];

	enter();
	make_tap("many", IFF_VNET_HDR | IFF_MULTI_QUEUE);
	opens("many", "", 2, fds);
	for (unsigned queues = 1; queues <= 3; queues++)
		fails("many", "", queues, -EBUSY, "tap many is in use by another");
	CHECK_EQ(ioctl(fds[0], TUNSETQUEUE, &request), 0);
	CHECK_EQ(ioctl(fds[1], TUNSETQUEUE, &request), 0);
	fails("many", "", 2, -EBUSY, "tap many is in use by another");
	close(fds[0]);
	fails("many", "", 1, -EBUSY, "tap many is in use by another");
	close(fds[1]);
	opens("many", "", 3, more);
	for (unsigned i = 0; i < 3; i++)
		close(more[i]);
}

static void no_privilege(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

	enter();
	need(syscall(SYS_capset, &header, none) == 0, "give up privileges");
	fails("hvt0", "", 1, -EPERM, "tap hvt0: no permission");
	CHECK_EQ(if_nametoindex("hvt0"), 0);
}

static const struct test tests[] = {
	TEST(made_and_gone), TEST(into_a_bridge),      TEST(wrong_bridge), TEST(given),
	TEST(not_for_us),    TEST(multi_queue_in_use), TEST(no_privilege),
};

int main(int argc, char **argv)
{
	return test_main(tests, COUNT(tests), argc, argv);
}
