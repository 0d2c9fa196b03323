// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel driver's ioctls behind struct backend. Every call may run in any thread. */
#include "backend.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "hv_ioctl.h"

struct driver {
	struct backend backend;
	char *path;
	int device;
	int events;
};

static struct driver *driver_of(struct backend *backend)
{
	return (struct driver *)((char *)backend - offsetof(struct driver, backend));
}

static int driver_ioctl(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg) < 0 ? -errno : 0;
}

static int driver_call(struct backend *backend, unsigned long request, void *arg)
{
	return driver_ioctl(driver_of(backend)->device, request, arg);
}

static int driver_platform(struct backend *backend, HvPlatform *ret_platform)
{
	return driver_call(backend, HV_IOC_PLATFORM, ret_platform);
}

static int driver_root_config(struct backend *backend, HvZoneConfig *ret_config)
{
	return driver_call(backend, HV_IOC_ROOT_CONFIG, ret_config);
}

static int driver_stats(struct backend *backend, struct hv_stats *ret_stats)
{
	return driver_call(backend, HV_IOC_STATS, ret_stats);
}

static int driver_create(struct backend *backend, const HvZoneConfig *config,
			 struct hv_violation *ret_violation)
{
	struct hv_ioc_create request = { .config = (uintptr_t)config };
	int err = driver_call(backend, HV_IOC_ZONE_CREATE, &request);

	if (err == -EDOM || err == -EADDRINUSE)
		*ret_violation = hv_violation_unpack(request.violation);
	return err;
}

static int driver_start(struct backend *backend, uint32_t zone)
{
	return driver_call(backend, HV_IOC_ZONE_START, &zone);
}

static int driver_stop(struct backend *backend, uint32_t zone)
{
	return driver_call(backend, HV_IOC_ZONE_STOP, &zone);
}

static int driver_destroy(struct backend *backend, uint32_t zone)
{
	return driver_call(backend, HV_IOC_ZONE_DESTROY, &zone);
}

static int driver_pause(struct backend *backend, uint32_t zone)
{
	return driver_call(backend, HV_IOC_ZONE_PAUSE, &zone);
}

static int driver_resume(struct backend *backend, uint32_t zone)
{
	return driver_call(backend, HV_IOC_ZONE_RESUME, &zone);
}

static int driver_status(struct backend *backend, uint32_t zone, struct hv_zone_status *ret_status)
{
	struct hv_ioc_get request = { .zone_id = zone, .buffer = (uintptr_t)ret_status };

	return driver_call(backend, HV_IOC_ZONE_STATUS, &request);
}

static int driver_config(struct backend *backend, uint32_t zone, HvZoneConfig *ret_config)
{
	struct hv_ioc_get request = { .zone_id = zone, .buffer = (uintptr_t)ret_config };

	return driver_call(backend, HV_IOC_ZONE_CONFIG, &request);
}

static int driver_list(struct backend *backend, uint64_t *ret_zones)
{
	return driver_call(backend, HV_IOC_ZONE_LIST, ret_zones);
}

static int driver_open(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int driver_bind(struct backend *backend, uint32_t zone)
{
	int fd = driver_open(driver_of(backend)->path);
	int err;

	if (fd < 0)
		return fd;
	err = driver_ioctl(fd, HV_IOC_BIND, &zone);
	if (err == 0)
		return fd;
	close(fd);
	return err;
}

static int driver_event_fd(struct backend *backend)
{
	return driver_of(backend)->events;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void driver_free(struct backend *backend)
{
	struct driver *driver = backend == NULL ? NULL : driver_of(backend);

	if (driver == NULL)
		return;
	close_fd(driver->device);
	close_fd(driver->events);
	free(driver->path);
	free(driver);
}

static const struct backend_ops driver_ops = {
	.platform = driver_platform,
	.root_config = driver_root_config,
	.stats = driver_stats,
	.create = driver_create,
	.start = driver_start,
	.stop = driver_stop,
	.destroy = driver_destroy,
	.pause = driver_pause,
	.resume = driver_resume,
	.status = driver_status,
	.config = driver_config,
	.list = driver_list,
	.bind = driver_bind,
	.event_fd = driver_event_fd,
	.free = driver_free,
};

static int check_version(int device)
{
	uint32_t version;
	int err = driver_ioctl(device, HV_IOC_VERSION, &version);

	/* Whatever answers ENOTTY here is no hypervisor's driver, or a very different one. */
	if (err == -ENOTTY || (err == 0 && version != HV_ABI_VERSION))
		return -EPROTO;
	return err;
}

/* On failure driver_free() takes what was opened so far. */
static int driver_init(struct driver *driver, const char *path)
{
	int err;

	driver->path = strdup(path);
	if (driver->path == NULL)
		return -ENOMEM;
	driver->device = driver_open(path);
	if (driver->device < 0)
		return driver->device;
	err = check_version(driver->device);
	if (err != 0)
		return err;
	driver->events = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (driver->events < 0)
		return -errno;
	return driver_ioctl(driver->device, HV_IOC_EVENTFD, &driver->events);
}

int backend_driver_new(const char *path, struct backend **ret_backend)
{
	struct driver *driver = calloc(1, sizeof(*driver));
	int err;

	if (driver == NULL)
		return -ENOMEM;
	driver->backend.ops = &driver_ops;
	driver->device = -1;
	driver->events = -1;
	err = driver_init(driver, path);
	if (err != 0) {
		driver_free(&driver->backend);
		return err;
	}
	*ret_backend = &driver->backend;
	return 0;
}
