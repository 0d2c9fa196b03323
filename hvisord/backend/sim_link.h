/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between the simulator backend and hvisor-sim: a SOCK_SEQPACKET Unix socket,
 * one struct each way. The simulator is a process of its own, so that its
 * zones outlive the daemon as real ones do.
 */
#ifndef SIM_LINK_H
#define SIM_LINK_H

#include "hv_call.h"
#include "hv_platform.h"

enum sim_op {
	SIM_PLATFORM,
	SIM_ROOT_CONFIG,
	SIM_STATS,
	SIM_CREATE, /* violation in the answer */
	SIM_START,
	SIM_STOP,
	SIM_DESTROY,
	SIM_STATUS,
	SIM_CONFIG,
	SIM_LIST,
	SIM_BIND,  /* a descriptor with the answer: RAM, to be mapped as hv_ioctl.h has it */
	SIM_EVENT, /* a descriptor with the answer: the eventfd of this connection */
	SIM_GUEST, /* the zone's guest does arg */
	SIM_OP_COUNT
};

/* What a guest may do. A kernel image that begins with "sim:" and one of these names does it at once. */
enum sim_guest {
	SIM_GUEST_RUN,   /* "run" */
	SIM_GUEST_OFF,   /* "off": PSCI SYSTEM_OFF */
	SIM_GUEST_RESET, /* "reset": PSCI SYSTEM_RESET */
	SIM_GUEST_FAULT, /* "fault": reads an address that nobody gave it */
	SIM_GUEST_COUNT
};

struct sim_request {
	uint32_t op;
	uint32_t zone;
	uint32_t arg;
	uint32_t reserved;
	HvZoneConfig config; /* CREATE; others send only what is before */
};

struct sim_reply {
	int64_t result; /* 0, or a negative errno as hv_ioctl.h lists them */
	uint64_t word;  /* LIST: zones; CREATE: the violation */
	union {
		HvPlatform platform;
		HvZoneConfig config;
		struct hv_stats stats;
		struct hv_zone_status status;
	};
};

#define SIM_REQUEST_SHORT offsetof(struct sim_request, config)

#endif
