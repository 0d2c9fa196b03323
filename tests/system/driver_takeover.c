// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A zone's device process that was taken over: in its sandbox, with the handle
 * bound to its zone, it tries to reach another zone, the manager and the root
 * zone's files. First without the filter of system calls: what is behind that
 * must hold alone.
 */
#include "driver_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "sandbox.h"

#define HANDLE 3
#define GIB (1ull << 30)
#define STEP (1ull << 21) /* of looking for memory: no region is smaller and aligned to less */

static const unsigned long management_calls[] = {
	HV_IOC_VERSION,    HV_IOC_PLATFORM,  HV_IOC_ROOT_CONFIG,  HV_IOC_STATS,       HV_IOC_ZONE_CREATE,
	HV_IOC_ZONE_START, HV_IOC_ZONE_STOP, HV_IOC_ZONE_DESTROY, HV_IOC_ZONE_STATUS, HV_IOC_ZONE_CONFIG,
	HV_IOC_ZONE_LIST,  HV_IOC_EVENTFD,   HV_IOC_BIND,         HV_IOC_ZONE_PAUSE,  HV_IOC_ZONE_RESUME,
};

static void enter(void)
{
	const char *step;
	int isolated;

	if (dup2(open_bound(ZONE), HANDLE) != HANDLE || sandbox_begin(HANDLE + 1, &step) ||
	    sandbox_enter(ZONE, &isolated, &step) || isolated != 0)
		_exit(100);
}

static bool manages(void)
{
	uint32_t zone[1024] = { OTHER_ZONE };

	for (size_t i = 0; i < COUNT(management_calls); i++) {
		zone[0] = OTHER_ZONE;
		if (call(HANDLE, management_calls[i], zone) != -EBADF)
			return true;
	}
	return false;
}

static bool is_own(uint64_t ipa)
{
	return (ipa >= RAM_IPA && ipa < RAM_IPA + RAM_SIZE) ||
	       (ipa >= HIGH_IPA && ipa < HIGH_IPA + HIGH_SIZE);
}

/* Guest-physical addresses of its own zone are all that there is: none of the machine's, none of another's. */
static bool maps_more(void)
{
	for (uint64_t at = 0; at < 4 * GIB; at += STEP) {
		const bool mapped = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, HANDLE,
					 (off_t)(HV_MMAP_RAM + at)) != MAP_FAILED;

		if (mapped != is_own(at))
			return true;
	}
	return mmap(NULL, PAGE, PROT_READ, MAP_SHARED, HANDLE, (off_t)(HV_MMAP_RING + PAGE)) != MAP_FAILED;
}

static bool interrupts_more(void)
{
	for (uint32_t intid = 0; intid < 1100; intid++) {
		if (intid != VIRTIO_INTID && call(HANDLE, HV_IOC_INJECT, &intid) == 0)
			return true;
	}
	return false;
}

static bool answers_others(void)
{
	for (uint32_t vcpu = 0; vcpu < 64; vcpu++) {
		const struct hv_ioc_complete complete = { .vcpu = vcpu, .seq = 1 };

		if (call(HANDLE, HV_IOC_COMPLETE, &complete) == 0)
			return true;
	}
	return false;
}

static bool opens_files(void)
{
	static const char *const paths[] = { "/dev/hvisor", "/proc/1/root/dev/hvisor",
					     "/proc/1/mem", "/run/hvisor",
					     "/init",       "../../../dev/hvisor" };

	for (size_t i = 0; i < COUNT(paths); i++) {
		if (open(paths[i], O_RDONLY) >= 0)
			return true;
	}
	return mkdir("/x", 0700) == 0 || mknod("/x", S_IFCHR | 0600, makedev(10, 0)) == 0 ||
	       chroot("..") == 0;
}

static bool signals_others(void)
{
	for (pid_t pid = 1; pid < 1000; pid++) {
		if (pid != getpid() && kill(pid, 0) == 0)
			return true;
	}
	return setuid(0) == 0 || setgid(0) == 0;
}

static bool speaks_to_others(void)
{
	/* abstract names belong to a network, and it has one of its own */
	const int fd = socket(AF_INET, SOCK_DGRAM, 0);
	const uint8_t address[16] = { AF_INET, 0, 0, 53, 127, 0, 0, 1 };

	return fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof(address)) == 0 &&
	       send(fd, "x", 1, 0) == 1;
}

static bool (*const attacks[])(void) = { manages,     maps_more,      interrupts_more, answers_others,
					 opens_files, signals_others, speaks_to_others };

static int run(void (*child)(void))
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		child();
		_exit(0);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	return status;
}

static void attack(void)
{
	enter();
	for (size_t i = 0; i < COUNT(attacks); i++) {
		if (attacks[i]())
			_exit((int)i + 1);
	}
}

static void reaches_no_other_zone(const void *arg)
{
	int status;

	(void)arg;
	create_good(ZONE, HV_CONFIG_ROOT_SEES_RAM);
	create_good(OTHER_ZONE, 0);
	status = run(attack);
	if (status != 0)
		printf("# attack %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	CHECK_EQ(status, 0);
	CHECK_EQ(status_of(OTHER_ZONE).state, HV_ZONE_LOADING);
	CHECK_EQ(status_of(ZONE).state, HV_ZONE_LOADING);
}

static void open_sealed(void)
{
	enter();
	if (sandbox_seal())
		_exit(100);
	(void)open("/", O_RDONLY);
}

static void bind_sealed(void)
{
	uint32_t zone = OTHER_ZONE;

	enter();
	if (sandbox_seal())
		_exit(100);
	(void)call(HANDLE, HV_IOC_BIND, &zone);
}

static void works_sealed(void)
{
	const struct hv_ioc_complete complete = { .vcpu = 0, .seq = 1 };
	const uint32_t intid = VIRTIO_INTID;

	enter();
	if (sandbox_seal())
		_exit(100);
	/* nobody waits, and the zone does not run: answered, not killed */
	if (call(HANDLE, HV_IOC_COMPLETE, &complete) == 0 || call(HANDLE, HV_IOC_INJECT, &intid) == 0)
		_exit(1);
}

static void sealed(const void *arg)
{
	int status;

	(void)arg;
	create_good(ZONE, HV_CONFIG_ROOT_SEES_RAM);
	CHECK_EQ(run(works_sealed), 0);
	status = run(open_sealed);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
	status = run(bind_sealed);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}

static const struct driver_case cases[] = {
	CASE(reaches_no_other_zone),
	CASE(sealed),
};

const struct driver_suite driver_takeover = { cases, COUNT(cases) };
