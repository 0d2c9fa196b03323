/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ioctl() of the device process under test, put in its place by the linker (--wrap). */
#include "virtio_fake_driver.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
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

static int request_fd;

static void on_alarm(int number)
{
	const uint64_t one = 1;

	(void)number;
	if (write(request_fd, &one, sizeof(one)) < 0)
		_exit(97);
}

/* A clock in place of events: the process hears of requests each millisecond, posted or not. */
static int watch_requests(int fd)
{
	const struct sigaction action = { .sa_handler = on_alarm };
	const struct itimerval each = { { 0, 1000 }, { 0, 1000 } };

	request_fd = fd;
	return sigaction(SIGALRM, &action, NULL) < 0 ? -1 : setitimer(ITIMER_REAL, &each, NULL);
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
