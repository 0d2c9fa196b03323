/* SPDX-License-Identifier: MIT */
/*
 * /dev/hvisor. A fresh open file is a management handle. HV_IOC_BIND turns it
 * for good into a handle of one existing zone, which may do nothing but what
 * is listed under "bound" and loses its rights when that zone is destroyed.
 *
 * Errors are errno values:
 *   HV_ERR_NOT_SUPPORTED ENOTTY    HV_ERR_PERMISSION EPERM   HV_ERR_INVALID EINVAL
 *   HV_ERR_ADDRESS EFAULT          HV_ERR_NO_ZONE ENOENT     HV_ERR_EXISTS EEXIST
 *   HV_ERR_STATE EBUSY             HV_ERR_CONFIG EDOM        HV_ERR_CONFLICT EADDRINUSE
 *   HV_ERR_NO_MEMORY ENOMEM        HV_ERR_HARDWARE EIO       wrong kind of handle EBADF
 */
#ifndef HV_IOCTL_H
#define HV_IOCTL_H

#include "hv_call.h"
#include "hv_platform.h"
#include "hv_ring.h"

#ifdef __KERNEL__
#include <linux/ioctl.h>
#else
#include <sys/ioctl.h>
#endif

#define HV_IOC_TYPE 0xB7

struct hv_ioc_create {
	uint64_t config;    /* in: user address of an HvZoneConfig */
	uint64_t violation; /* out: on EDOM and EADDRINUSE, see hv_validate.h */
};

struct hv_ioc_get {        /* ask for zone's status or config */
	uint32_t zone_id;  /* in */
	uint32_t reserved; /* zero */
	uint64_t buffer;   /* in: user address of the struct to fill */
};

struct hv_ioc_complete {
	uint32_t vcpu;
	uint32_t seq;
	uint64_t value;
};

/* management */
#define HV_IOC_VERSION _IOR(HV_IOC_TYPE, 0, uint32_t)
#define HV_IOC_PLATFORM _IOR(HV_IOC_TYPE, 1, HvPlatform)
#define HV_IOC_ROOT_CONFIG _IOR(HV_IOC_TYPE, 2, HvZoneConfig)
#define HV_IOC_STATS _IOR(HV_IOC_TYPE, 3, struct hv_stats)
#define HV_IOC_ZONE_CREATE _IOWR(HV_IOC_TYPE, 4, struct hv_ioc_create)
#define HV_IOC_ZONE_START _IOW(HV_IOC_TYPE, 5, uint32_t)
#define HV_IOC_ZONE_STOP _IOW(HV_IOC_TYPE, 6, uint32_t)
#define HV_IOC_ZONE_DESTROY _IOW(HV_IOC_TYPE, 7, uint32_t) /* takes the RAM from every mapping first */
#define HV_IOC_ZONE_STATUS _IOWR(HV_IOC_TYPE, 8, struct hv_ioc_get)
#define HV_IOC_ZONE_CONFIG _IOWR(HV_IOC_TYPE, 9, struct hv_ioc_get)
#define HV_IOC_ZONE_LIST _IOR(HV_IOC_TYPE, 10, uint64_t)
#define HV_IOC_EVENTFD                                                                                       \
	_IOW(HV_IOC_TYPE, 11, int32_t)              /* signalled when any zone's status changes;
						       * -1 takes it back */
#define HV_IOC_BIND _IOW(HV_IOC_TYPE, 12, uint32_t) /* ENOENT: no such zone, or it is being destroyed */
#define HV_IOC_ZONE_PAUSE _IOW(HV_IOC_TYPE, 13, uint32_t)
#define HV_IOC_ZONE_RESUME _IOW(HV_IOC_TYPE, 14, uint32_t)

/* bound; each but the first gives ENOENT once the zone was destroyed, also if another has its id now */
#define HV_IOC_REQUEST_EVENTFD                                                                               \
	_IOW(HV_IOC_TYPE, 16, int32_t)                /* signalled on new requests, and once when
							       * the zone is destroyed; -1 takes it back */
#define HV_IOC_INJECT _IOW(HV_IOC_TYPE, 17, uint32_t) /* INTID */
#define HV_IOC_COMPLETE _IOW(HV_IOC_TYPE, 18, struct hv_ioc_complete)
#define HV_IOC_BOUND_CONFIG _IOR(HV_IOC_TYPE, 19, HvZoneConfig) /* the bound zone's own */

/*
 * mmap of a bound handle (MAP_SHARED): offset HV_MMAP_RING maps the ring page;
 * offset HV_MMAP_RAM + IPA maps guest RAM, within one RAM region. A touch after
 * the zone was destroyed, or of RAM after the zone was started without
 * HV_CONFIG_ROOT_SEES_RAM, raises SIGBUS. A child process does not inherit the
 * mapping. Errors: EBADF not bound, ENOENT the zone is gone, EPERM executable,
 * EINVAL private or a range that is neither the ring nor within one RAM region.
 */
#define HV_MMAP_RAM 0ull
#define HV_MMAP_RING (1ull << HV_IPA_BITS)

#endif
