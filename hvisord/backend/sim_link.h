/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between the simulator backend and hvisor-sim: a SOCK_SEQPACKET Unix socket,
 * one struct each way. The simulator is a process of its own, so that its
 * zones outlive the daemon as real ones do.
 */
#ifndef SIM_LINK_H
#define SIM_LINK_H

#include "hv_call.h"
#include "hv_ioctl.h"
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
	SIM_BIND,  /* a descriptor with the answer: see "bound" below */
	SIM_EVENT, /* a descriptor with the answer: the eventfd of this connection */
	SIM_GUEST, /* the zone's guest does arg */
	SIM_PAUSE,
	SIM_RESUME,
	SIM_OP_COUNT
};

/* What can be done to a guest from outside, whatever its script says. */
enum sim_guest_act {
	SIM_GUEST_RUN,   /* nothing */
	SIM_GUEST_OFF,   /* PSCI SYSTEM_OFF */
	SIM_GUEST_RESET, /* PSCI SYSTEM_RESET */
	SIM_GUEST_FAULT, /* reads an address that nobody gave it */
	SIM_GUEST_COUNT
};

struct sim_request {
	uint32_t op;
	uint32_t zone;
	uint32_t arg;
	uint32_t seq;        /* comes back with the answer */
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
	uint32_t seq;
};

#define SIM_REQUEST_SHORT offsetof(struct sim_request, config)

/*
 * Bound. The descriptor of SIM_BIND is a memory file: RAM and request ring are
 * mapped from it as hv_ioctl.h has it of the driver's; a touch after the zone
 * was destroyed raises SIGBUS. What are ioctls there goes over a link of its
 * own: struct sim_bound stands in the page behind the ring, and says where to
 * connect (an abstract SOCK_SEQPACKET address) and with which words to prove
 * that one holds the file. Each message has its answer; OPEN comes first, and
 * an eventfd with its answer, signalled as HV_IOC_REQUEST_EVENTFD says.
 */
#define SIM_BOUND_OFFSET (HV_MMAP_RING + HV_PAGE_SIZE)
#define SIM_MEMORY_SIZE (SIM_BOUND_OFFSET + HV_PAGE_SIZE)
#define SIM_BOUND_MAGIC 0x4253564875u

struct sim_bound {
	uint64_t magic;
	uint64_t token[2];
	uint32_t address_size;
	char address[64]; /* behind the family, of a struct sockaddr_un */
	HvZoneConfig config;
};
static_assert(sizeof(struct sim_bound) <= HV_PAGE_SIZE, "one page");

enum sim_bound_op {
	SIM_BOUND_OPEN,     /* token */
	SIM_BOUND_COMPLETE, /* vcpu, seq, value: HV_IOC_COMPLETE */
	SIM_BOUND_INJECT,   /* intid: HV_IOC_INJECT */
	SIM_BOUND_COUNT
};

struct sim_bound_request {
	uint32_t op;
	uint32_t zone; /* OPEN */
	union {
		uint64_t token[2];
		struct hv_ioc_complete complete;
		uint32_t intid;
	};
};

struct sim_bound_reply {
	int64_t result; /* 0, or a negative errno; ENOENT: the zone is gone */
};

#endif
