/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls: HVC #0 from EL1 of the root zone, SMCCC register use (function
 * in x0, arguments in x1..x4, results in x0..x3). Function numbers lie in the
 * vendor-specific hypervisor range (SMCCC 1.2 section 6: 0xC6000000, fast,
 * 64-bit). Any other zone gets HV_ERR_PERMISSION, an unknown number
 * HV_ERR_NOT_SUPPORTED. docs/hypercalls.md lists every call and error.
 *
 * "ipa, size": a buffer wholly inside one RAM region of the root zone, 8-byte
 * aligned; size must be the struct's exactly. EL2 copies it once.
 */
#ifndef HV_CALL_H
#define HV_CALL_H

#include "hv_config.h"

#define HV_ABI_VERSION 1u

#define HV_CALL_BASE 0xC6000000u
/* x0 = number. Results beside x0 are named; x0 is 0 or a HV_ERR_. */
#define HV_CALL_VERSION (HV_CALL_BASE + 0)     /* () -> x1 HV_ABI_VERSION */
#define HV_CALL_PLATFORM (HV_CALL_BASE + 1)    /* (ipa, size of HvPlatform) */
#define HV_CALL_ROOT_CONFIG (HV_CALL_BASE + 2) /* (ipa, size of HvZoneConfig) */
#define HV_CALL_STATS (HV_CALL_BASE + 3)       /* (ipa, size of struct hv_stats) */
/* ZONE_CREATE: (ipa, size of HvZoneConfig) -> x1: after HV_ERR_CONFIG or
 * HV_ERR_CONFLICT an hv_violation_pack() word */
#define HV_CALL_ZONE_CREATE (HV_CALL_BASE + 4)
#define HV_CALL_ZONE_START (HV_CALL_BASE + 5)     /* (zone) */
#define HV_CALL_ZONE_STOP (HV_CALL_BASE + 6)      /* (zone) forced; ends with a change event */
#define HV_CALL_ZONE_DESTROY (HV_CALL_BASE + 7)   /* (zone) ends with a change event */
#define HV_CALL_ZONE_STATUS (HV_CALL_BASE + 8)    /* (zone, ipa, size of struct hv_zone_status) */
#define HV_CALL_ZONE_CONFIG (HV_CALL_BASE + 9)    /* (zone, ipa, size of HvZoneConfig) */
#define HV_CALL_ZONE_LIST (HV_CALL_BASE + 10)     /* () -> x1 bit n: zone n exists */
#define HV_CALL_ZONE_INJECT (HV_CALL_BASE + 11)   /* (zone, intid in virtual_interrupts) */
#define HV_CALL_ZONE_COMPLETE (HV_CALL_BASE + 12) /* (zone, vcpu, seq, value) */
/* EVENTS: () -> x1 zones with new requests, x2 zones whose status changed; read and cleared */
#define HV_CALL_EVENTS (HV_CALL_BASE + 13)
#define HV_CALL_ZONE_PAUSE (HV_CALL_BASE + 14)  /* (zone) ends with a change event */
#define HV_CALL_ZONE_RESUME (HV_CALL_BASE + 15) /* (zone) */
#define HV_CALL_COUNT 16u

/* Errors, in x0 as a signed 64-bit number. Append-only. */
#define HV_OK 0
#define HV_ERR_NOT_SUPPORTED (-1) /* no such call (SMCCC 1.2 section 5.2) */
#define HV_ERR_PERMISSION (-2)    /* the caller is not the root zone */
#define HV_ERR_INVALID (-3)       /* an argument is out of range */
#define HV_ERR_ADDRESS (-4)       /* the buffer is not the root zone's RAM, or not aligned */
#define HV_ERR_NO_ZONE (-5)       /* no zone with that id exists */
#define HV_ERR_EXISTS (-6)        /* a zone with that id exists already */
#define HV_ERR_STATE (-7)         /* not in this state of the zone */
#define HV_ERR_CONFIG (-8)        /* the config is not valid; x1 says where */
#define HV_ERR_CONFLICT (-9)      /* the config claims what is another's; x1 says what */
#define HV_ERR_NO_MEMORY (-10)    /* the hypervisor's page pool is used up */
#define HV_ERR_HARDWARE (-11)     /* a CPU did not come up, a board property is missing */

/* Zone states. */
#define HV_ZONE_NONE 0u    /* owns nothing; the status is that of its last run, if any */
#define HV_ZONE_LOADING 1u /* created: RAM mapped in the root zone, no CPU runs */
#define HV_ZONE_RUNNING 2u
#define HV_ZONE_STOPPING 3u  /* CPUs are being taken back */
#define HV_ZONE_ENDED 4u     /* no CPU runs; still owns all, until destroyed */
#define HV_ZONE_SCRUBBING 5u /* destroyed; its RAM is being cleared */
#define HV_ZONE_PAUSED 6u    /* its CPUs are held in EL2 and its virtual time stands still */
#define HV_ZONE_STATES 7u

/* Why a zone ended. */
#define HV_REASON_NONE 0u
#define HV_REASON_GUEST_OFF 1u   /* PSCI SYSTEM_OFF, or its last CPU did CPU_OFF */
#define HV_REASON_GUEST_RESET 2u /* PSCI SYSTEM_RESET */
#define HV_REASON_STOPPED 3u     /* HV_CALL_ZONE_STOP */
#define HV_REASON_BAD_ACCESS 4u  /* an address that nobody gave the zone */
#define HV_REASON_BAD_MMIO 5u    /* a trapped access without a usable syndrome (ISV = 0) */
#define HV_REASON_BAD_TRAP 6u    /* an exception class or system register EL2 cannot emulate */
#define HV_REASON_DEVICE 7u      /* the device process broke the request ring */
#define HV_REASON_DESTROYED 8u   /* destroyed before it was started */

struct hv_zone_status {
	uint32_t version; /* HV_ABI_VERSION */
	uint32_t size;    /* sizeof(struct hv_zone_status) */
	uint32_t zone_id;
	uint32_t state;
	uint32_t reason;
	uint32_t num_cpus;
	uint32_t cpus_on;
	uint32_t vcpu;       /* of the fault */
	uint64_t generation; /* grows with every change of state */
	uint64_t runs;       /* times this id was started since boot */
	uint64_t ring;       /* host physical address of the ring page; root's IPA too. 0: none */
	uint64_t esr;        /* BAD_*: ESR_EL2 (Arm ARM D19.2.37) */
	uint64_t ipa;
	uint64_t far;
	uint64_t pc;
	uint64_t exits; /* traps to EL2 by this zone that were not fast-path interrupts */
	uint64_t pages; /* pool pages the zone holds */
	char name[HV_NAME_SIZE];
};
HV_ASSERT_OFFSET(struct hv_zone_status, generation, 32);
HV_ASSERT_OFFSET(struct hv_zone_status, name, 104);
HV_ASSERT_SIZE(struct hv_zone_status, 136);

struct hv_stats {
	uint32_t version; /* HV_ABI_VERSION */
	uint32_t size;
	uint64_t pool_pages; /* in all */
	uint64_t pool_used;
	uint64_t pool_peak;
	uint64_t image_bytes;    /* text, rodata, data */
	uint64_t reserved_bytes; /* RAM the hypervisor keeps in all */
	uint64_t zone_bytes;     /* fixed bytes for each zone in EL2's tables */
	uint64_t boot_ticks;     /* CNTPCT at the root zone's first instruction */
};
HV_ASSERT_SIZE(struct hv_stats, 64);

#endif
