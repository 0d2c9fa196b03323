/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The zone as the device process holds it: its RAM, its request ring, and the
 * two things that can be done to it: a driver's handle bound to the zone, or
 * what the simulator gives in its place; tests bring their own.
 */
#ifndef DEVICE_HANDLE_H
#define DEVICE_HANDLE_H

#include "guest_memory.h"
#include "hv_config.h"
#include "hv_ring.h"

struct device_handle {
	/* Answers a waiting request / raises an interrupt. 0 or a negative errno. */
	int (*complete)(struct device_handle *handle, uint32_t vcpu, uint32_t seq, uint64_t value);
	int (*inject)(struct device_handle *handle, uint32_t intid);
	struct guest_memory memory;
	struct hv_ring *ring;
	uint32_t zone_id;
	struct hv_intid_set interrupts; /* that inject() takes */
	int request_fd;                 /* an eventfd, readable when the ring has new requests */
	int fd;                         /* the driver's, or the simulator's file */
	int link;                       /* to the simulator, hung up at its end; 0: none */
};

/*
 * Takes a driver handle that is bound to a zone, or the simulator's for one: maps its ring and all of its
 * RAM (the zone may not have been started yet), and asks for notifications.
 * Memory stays mapped until the process ends. Touching it after the zone was
 * destroyed raises SIGBUS. A negative errno of the driver or of mmap(), or
 * -EPROTO: config or ring are not of our version.
 */
int device_handle_open(struct device_handle *handle, int fd);

/*
 * For device_handle_open(), when fd is no driver's: all but RAM and ring, which
 * are mapped as the driver's are. -ENOTTY: it is not the simulator's either.
 */
int device_handle_simulated(struct device_handle *handle, HvZoneConfig *ret_config);

#endif
