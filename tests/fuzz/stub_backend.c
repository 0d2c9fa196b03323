/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stub_backend.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config.h"
#include "fuzz.h"
#include "hv_ioctl.h"

#define RAM_END (HV_MMAP_RAM + (UINT64_C(8) << 30))

static struct {
	struct backend backend;
	int events;
	struct hv_zone_status zones[HV_MAX_ZONES];
	HvZoneConfig configs[HV_MAX_ZONES];
} stub;

static struct hv_zone_status *zone_of(uint32_t id)
{
	ALWAYS(id > 0 && id < HV_MAX_ZONES);
	return &stub.zones[id];
}

static int change(uint32_t id, uint32_t state, uint32_t reason)
{
	struct hv_zone_status *zone = zone_of(id);
	const uint64_t one = 1;

	zone->state = state;
	zone->reason = reason;
	zone->generation++;
	return write(stub.events, &one, sizeof(one)) == sizeof(one) ? 0 : -errno;
}

/* The changes that a call makes: allowed from, to. */
static int move(uint32_t id, uint32_t from, uint32_t to, uint32_t reason)
{
	return zone_of(id)->state == from ? change(id, to, reason) : -EBUSY;
}

static int stub_platform(struct backend *backend, HvPlatform *ret_platform)
{
	(void)backend;
	*ret_platform = *config_platform("qemu-virt");
	return 0;
}

static int stub_root_config(struct backend *backend, HvZoneConfig *ret_config)
{
	(void)backend;
	*ret_config = *config_platform_root("qemu-virt");
	return 0;
}

static int stub_stats(struct backend *backend, struct hv_stats *ret_stats)
{
	(void)backend;
	*ret_stats = (struct hv_stats){ .pool_pages = 16, .pool_used = 1, .pool_peak = 2 };
	return 0;
}

static int stub_create(struct backend *backend, const HvZoneConfig *config,
		       struct hv_violation *ret_violation)
{
	HvPlatform platform;

	stub_platform(backend, &platform);
	if (!hv_config_validate(config, &platform, false, ret_violation))
		return -EDOM;
	if (zone_of(config->zone_id)->state != HV_ZONE_NONE)
		return -EEXIST;
	stub.configs[config->zone_id] = *config;
	return change(config->zone_id, HV_ZONE_LOADING, HV_REASON_NONE);
}

static int stub_start(struct backend *backend, uint32_t zone)
{
	(void)backend;
	zone_of(zone)->runs++;
	return move(zone, HV_ZONE_LOADING, HV_ZONE_RUNNING, HV_REASON_NONE);
}

static int stub_stop(struct backend *backend, uint32_t zone)
{
	uint32_t state = zone_of(zone)->state;

	(void)backend;
	if (state != HV_ZONE_RUNNING && state != HV_ZONE_PAUSED)
		return -EBUSY;
	return change(zone, HV_ZONE_ENDED, HV_REASON_STOPPED);
}

static int stub_destroy(struct backend *backend, uint32_t zone)
{
	(void)backend;
	return change(zone, HV_ZONE_NONE, zone_of(zone)->reason);
}

static int stub_pause(struct backend *backend, uint32_t zone)
{
	(void)backend;
	return move(zone, HV_ZONE_RUNNING, HV_ZONE_PAUSED, HV_REASON_NONE);
}

static int stub_resume(struct backend *backend, uint32_t zone)
{
	(void)backend;
	return move(zone, HV_ZONE_PAUSED, HV_ZONE_RUNNING, HV_REASON_NONE);
}

static int stub_status(struct backend *backend, uint32_t zone, struct hv_zone_status *ret_status)
{
	(void)backend;
	ALWAYS(zone < HV_MAX_ZONES);
	*ret_status = stub.zones[zone];
	return 0;
}

static int stub_config(struct backend *backend, uint32_t zone, HvZoneConfig *ret_config)
{
	(void)backend;
	ALWAYS(zone < HV_MAX_ZONES);
	*ret_config = stub.configs[zone];
	return 0;
}

static int stub_list(struct backend *backend, uint64_t *ret_zones)
{
	(void)backend;
	*ret_zones = stub_backend_zones() | 1;
	return 0;
}

/* Memory that takes no place until it is written. */
static int stub_bind(struct backend *backend, uint32_t zone)
{
	int fd = memfd_create("ram", MFD_CLOEXEC);

	(void)backend, (void)zone;
	ALWAYS(fd >= 0 && ftruncate(fd, (off_t)RAM_END) == 0);
	return fd;
}

static int stub_event_fd(struct backend *backend)
{
	(void)backend;
	return stub.events;
}

static void stub_free(struct backend *backend)
{
	(void)backend;
}

static const struct backend_ops ops = {
	.platform = stub_platform,
	.root_config = stub_root_config,
	.stats = stub_stats,
	.create = stub_create,
	.start = stub_start,
	.stop = stub_stop,
	.destroy = stub_destroy,
	.pause = stub_pause,
	.resume = stub_resume,
	.status = stub_status,
	.config = stub_config,
	.list = stub_list,
	.bind = stub_bind,
	.event_fd = stub_event_fd,
	.free = stub_free,
};

uint64_t stub_backend_zones(void)
{
	uint64_t zones = 0;

	for (unsigned id = 1; id < HV_MAX_ZONES; id++)
		zones |= (uint64_t)(stub.zones[id].state != HV_ZONE_NONE) << id;
	return zones;
}

struct backend *stub_backend(void)
{
	stub.backend.ops = &ops;
	stub.events = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	stub.zones[0].state = HV_ZONE_RUNNING;
	stub.configs[0] = *config_platform_root("qemu-virt");
	ALWAYS(stub.events >= 0);
	return &stub.backend;
}
