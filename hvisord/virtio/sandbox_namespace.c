/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Away from the machine's files, networks and names. A user namespace gives the
 * right to do so, whoever the process is: gain_nothing() in sandbox.c takes it
 * away again, and in it nobody has a file.
 */
#include "sandbox_private.h"

#include <errno.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NAMESPACES                                                                                           \
	(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP)

/* Any folder that every system has; what lies in it is hidden first and gone then. */
#define PLACE "/proc"

/* The old root ends up below the new one, and is let go. */
static int pivot(void)
{
	if (syscall(SYS_pivot_root, ".", ".") < 0)
		return -errno;
	return umount2(".", MNT_DETACH) < 0 ? -errno : 0;
}

/* An initramfs cannot be left that way (pivot_root(2)): it is covered, and nothing leads below the cover. */
static int cover(void)
{
	return mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 ? -errno : 0;
}

static int empty_root(void)
{
	int err;

	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", PLACE, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY,
		  "size=4k,nr_inodes=1,mode=555") < 0 ||
	    chdir(PLACE) < 0)
		return -errno;
	err = pivot();
	if (err == -EINVAL)
		err = cover();
	if (!err && chdir("/") < 0)
		err = -errno;
	return err;
}

int sandbox_leave_machine(void)
{
	return unshare(NAMESPACES) < 0 ? -errno : empty_root();
}
