/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "device_bus.h"
#include "device_link.h"
#include "link_server.h"
#include "sandbox_private.h"

/* Links, loop, an eventfd or a timer for each device, the rest; beside what was handed down. */
#define MORE_DESCRIPTORS (LINK_SERVER_MAX + DEVICE_BUS_MAX + 16u)

/* Linux from 6.10 on counts the rings of disks among locked memory: less than 64 KiB each. */
#define RING_BYTES (DEVICE_BUS_MAX * 65536u)

static int close_rest(unsigned keep)
{
	return syscall(SYS_close_range, keep, UINT_MAX, 0) < 0 ? -errno : 0;
}

static int silence(unsigned keep)
{
	const int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	int err = 0;

	(void)keep;
	if (fd < 0)
		return -errno;
	for (int i = 0; i < 2 && !err; i++) {
		if (fd != i && dup2(fd, i) < 0)
			err = -errno;
	}
	if (fd > 2)
		close(fd);
	return err;
}

/* A terminal's or a parent's end is no business of ours; EPERM: it leads one already. */
static int leave_session(unsigned keep)
{
	(void)keep;
	return setsid() < 0 && errno != EPERM ? -errno : 0;
}

/* No file system is kept busy by where we happen to stand. */
static int leave_folder(unsigned keep)
{
	(void)keep;
	return chdir("/") < 0 ? -errno : 0;
}

/* That of the largest image, which no write makes larger. Without one: as it is, which is the most there can be. */
static rlim_t file_size(unsigned keep)
{
	struct rlimit now = { RLIM_INFINITY, RLIM_INFINITY };
	rlim_t largest = 0;
	struct stat st;

	(void)getrlimit(RLIMIT_FSIZE, &now);
	for (unsigned fd = DEVICE_FD_FILES; fd < keep; fd++) {
		if (fstat((int)fd, &st) == 0 && S_ISREG(st.st_mode) && (rlim_t)st.st_size > largest)
			largest = (rlim_t)st.st_size;
	}
	return largest > 0 && largest < now.rlim_max ? largest : now.rlim_max;
}

static int limit(unsigned keep)
{
	const struct {
		__rlimit_resource_t resource;
		rlim_t value;
	} limits[] = {
		{ RLIMIT_CORE, 0 },
		{ RLIMIT_MSGQUEUE, 0 },
		{ RLIMIT_MEMLOCK, RING_BYTES },
		{ RLIMIT_NOFILE, keep + MORE_DESCRIPTORS },
		{ RLIMIT_FSIZE, file_size(keep) },
	};

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		const struct rlimit value = { limits[i].value, limits[i].value };

		if (setrlimit(limits[i].resource, &value) < 0)
			return -errno;
	}
	return 0;
}

static const struct {
	const char *name;
	int (*take)(unsigned keep);
} steps[] = {
	{ "close descriptors", close_rest },
	{ "open /dev/null", silence },
	{ "start a session", leave_session },
	{ "change to /", leave_folder },
	{ "set limits", limit },
};

int sandbox_begin(unsigned keep, const char **ret_step)
{
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		const int err = steps[i].take(keep);

		if (err) {
			*ret_step = steps[i].name;
			return err;
		}
	}
	return 0;
}

static int change_user(uint32_t zone_id)
{
	const uid_t uid = SANDBOX_FIRST_UID + zone_id;

	if (geteuid() != 0)
		return 0;
	if (setgroups(0, NULL) < 0 || setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0)
		return -errno;
	return 0;
}

/* Those that a namespace gave, and those of a daemon that is not root but capable. */
static int gain_nothing(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 ||
	    syscall(SYS_capset, &header, none) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return -errno;
	return 0;
}

int sandbox_enter(uint32_t zone_id, int *ret_isolated, const char **ret_step)
{
	int err;

	*ret_step = "change user";
	err = change_user(zone_id);
	if (err)
		return err;
	*ret_isolated = sandbox_leave_machine();
	*ret_step = "give up privileges";
	return gain_nothing();
}

int sandbox_seal(void)
{
	return sandbox_filter_calls();
}
