/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file in place of the driver's bound handle: guest RAM and the request ring
 * lie in it where mmap() of the handle has them, behind them a page in which
 * the test and the linked-in ioctl() meet.
 */
#ifndef VIRTIO_FAKE_DRIVER_H
#define VIRTIO_FAKE_DRIVER_H

#include "hv_ioctl.h"

#define FAKE_CONTROL (HV_MMAP_RING + HV_PAGE_SIZE) /* offset of struct fake_control */
#define FAKE_SIZE (FAKE_CONTROL + HV_PAGE_SIZE)

struct fake_control {
	HvZoneConfig config;
	int32_t config_error; /* errno that BOUND_CONFIG fails with, 0: none */
	int32_t complete_error;
	uint32_t completions; /* release-stored after last */
	uint32_t injections;
	struct hv_ioc_complete last;
};
static_assert(sizeof(struct fake_control) <= HV_PAGE_SIZE, "one page");

#endif
