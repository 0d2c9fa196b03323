/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ioctl() of the device process under test, put in its place by the linker (--wrap). */
#include "virtio_fake_driver.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <unistd.h>

int __wrap_ioctl(int fd, unsigned long request, ...);

static struct fake_control *control(int fd)
{
	static struct fake_control *page;

	if (!page)
		page = mmap(NULL, HV_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)FAKE_CONTROL);
	return page;
}

static int fail(int err)
{
	errno = err;
	return err ? -1 : 0;
}

/* A clock instead of an event: the process looks at its ring each millisecond. */
static int watch_requests(int fd)
{
	const struct itimerspec each = { { 0, 1000000 }, { 0, 1000000 } };
	const int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);

	if (timer < 0 || timerfd_settime(timer, 0, &each, NULL) < 0 || dup2(timer, fd) < 0)
		return -1;
	return close(timer);
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	struct fake_control *c = control(fd);
	void *arg;
	va_list args;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	switch (request) {
	case HV_IOC_BOUND_CONFIG:
		memcpy(arg, &c->config, sizeof(c->config));
		return fail(c->config_error);
	case HV_IOC_REQUEST_EVENTFD:
		return watch_requests(*(int32_t *)arg);
	case HV_IOC_COMPLETE:
		memcpy(&c->last, arg, sizeof(c->last));
		__atomic_add_fetch(&c->completions, 1, __ATOMIC_RELEASE);
		return fail(c->complete_error);
	case HV_IOC_INJECT:
		__atomic_add_fetch(&c->injections, 1, __ATOMIC_RELEASE);
		return 0;
	}
	return fail(ENOTTY);
}
