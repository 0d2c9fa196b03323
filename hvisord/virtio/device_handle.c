/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "device_handle.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hv_ioctl.h"
#include "request_ring.h"

static int driver_complete(struct device_handle *handle, uint32_t vcpu, uint32_t seq, uint64_t value)
{
	struct hv_ioc_complete complete = { .vcpu = vcpu, .seq = seq, .value = value };

	return ioctl(handle->fd, HV_IOC_COMPLETE, &complete) < 0 ? -errno : 0;
}

static int driver_inject(struct device_handle *handle, uint32_t intid)
{
	return ioctl(handle->fd, HV_IOC_INJECT, &intid) < 0 ? -errno : 0;
}

/* Indices of the RAM regions in ascending order of IPA. */
static unsigned sort_ram(const HvZoneConfig *config, uint8_t order[HV_MAX_REGIONS])
{
	unsigned count = 0;

	for (unsigned i = 0; i < config->num_regions; i++) {
		unsigned at = count;

		if (config->regions[i].type != HV_REGION_RAM)
			continue;
		for (; at > 0 &&
		       config->regions[order[at - 1]].virtual_start > config->regions[i].virtual_start;
		     at--)
			order[at] = order[at - 1];
		order[at] = (uint8_t)i;
		count++;
	}
	return count;
}

/* Regions that follow each other without a hole, from order[0] on: how many, and their bytes. */
static unsigned measure_run(const HvZoneConfig *config, const uint8_t *order, unsigned count,
			    uint64_t *ret_size)
{
	const struct hv_memory_region *region = &config->regions[order[0]];
	uint64_t size = region->size;
	unsigned run = 1;

	for (; run < count; run++) {
		const struct hv_memory_region *next = &config->regions[order[run]];

		if (next->virtual_start - region->virtual_start != size)
			break;
		size += next->size;
	}
	*ret_size = size;
	return run;
}

/*
 * Neighbours in guest memory become neighbours here, so that a buffer may
 * reach across their border: the space is taken first and then filled.
 */
static int map_run(struct device_handle *handle, const HvZoneConfig *config, const uint8_t *order,
		   unsigned run, uint64_t size)
{
	uint8_t *base = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	uint8_t *at = base;

	if (base == MAP_FAILED)
		return -errno;
	for (unsigned i = 0; i < run; i++) {
		const struct hv_memory_region *region = &config->regions[order[i]];

		if (mmap(at, region->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, handle->fd,
			 (off_t)(HV_MMAP_RAM + region->virtual_start)) == MAP_FAILED)
			return -errno;
		at += region->size;
	}
	return guest_memory_add(&handle->memory, config->regions[order[0]].virtual_start, size, base);
}

static int map_ram(struct device_handle *handle, const HvZoneConfig *config)
{
	uint8_t order[HV_MAX_REGIONS];
	const unsigned count = sort_ram(config, order);
	unsigned run;

	for (unsigned i = 0; i < count; i += run) {
		uint64_t size;
		int err;

		run = measure_run(config, order + i, count - i, &size);
		err = map_run(handle, config, order + i, run, size);
		if (err)
			return err;
	}
	return 0;
}

static int map_ring(struct device_handle *handle)
{
	void *ring = mmap(NULL, sizeof(struct hv_ring), PROT_READ | PROT_WRITE, MAP_SHARED, handle->fd,
			  (off_t)HV_MMAP_RING);

	if (ring == MAP_FAILED)
		return -errno;
	handle->ring = ring;
	return request_ring_check(handle->ring);
}

static int ask_notifications(struct device_handle *handle)
{
	int32_t fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int err;

	if (fd < 0)
		return -errno;
	if (ioctl(handle->fd, HV_IOC_REQUEST_EVENTFD, &fd) < 0) {
		err = -errno;
		close(fd);
		return err;
	}
	handle->request_fd = fd;
	return 0;
}

int device_handle_open(struct device_handle *handle, int fd)
{
	HvZoneConfig config;
	int err;

	*handle = (struct device_handle){
		.complete = driver_complete, .inject = driver_inject, .request_fd = -1, .fd = fd
	};
	err = ioctl(fd, HV_IOC_BOUND_CONFIG, &config) < 0 ? -errno : 0;
	if (err == -ENOTTY) /* no driver's */
		err = device_handle_simulated(handle, &config);
	if (err)
		return err;
	if (config.magic != HV_CONFIG_MAGIC || config.version != HV_CONFIG_VERSION ||
	    config.size != sizeof(config) || config.num_regions > HV_MAX_REGIONS)
		return -EPROTO;
	handle->zone_id = config.zone_id;
	handle->interrupts = config.virtual_interrupts;
	err = map_ram(handle, &config);
	if (!err)
		err = map_ring(handle);
	if (!err && handle->request_fd < 0)
		err = ask_notifications(handle);
	return err;
}
