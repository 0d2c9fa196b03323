/* SPDX-License-Identifier: MIT */
/*
 * HvZoneConfig: everything the hypervisor needs to know of one zone. The root
 * zone's is compiled in (hypervisor/platform/BOARD); all others are made by
 * hvisord from JSON and cross the border in HV_CALL_ZONE_CREATE.
 *
 * Addresses are in bytes. "physical" means host physical; "virtual" is the
 * specification's word for guest-physical (IPA).
 */
#ifndef HV_CONFIG_H
#define HV_CONFIG_H

#include "hv_types.h"

#define HV_CONFIG_MAGIC 0x435a5648u /* "HVZC" */
#define HV_CONFIG_VERSION 1u

/* Region types; the numbers are append-only. */
#define HV_REGION_RAM 1u    /* normal memory, owned by the zone alone */
#define HV_REGION_IO 2u     /* device pages, passed through */
#define HV_REGION_VIRTIO 3u /* traps to the zone's device process; no claim on hardware */

/* Region flags. */
#define HV_REGION_SHARED 0x1u /* RAM that another zone, which says so too, may also have */

struct hv_memory_region {
	uint32_t type;
	uint32_t flags;
	uint64_t physical_start; /* RAM, IO: host physical; VIRTIO: not used, may be anything */
	uint64_t virtual_start;  /* IPA */
	uint64_t size;           /* RAM, IO: whole pages; VIRTIO: a multiple of 0x200 */
};
HV_ASSERT_SIZE(struct hv_memory_region, 32);

/* The zone's view of the interrupt controller. Bases are IPAs. */
struct hv_gic_config {
	uint32_t version;  /* 3 */
	uint32_t reserved; /* zero */
	uint64_t gicd_base;
	uint64_t gicd_size; /* 0x10000 or more (GICv3 12.8) */
	uint64_t gicr_base;
	uint64_t gicr_size; /* 0x20000 for each CPU of the zone, or more (GICv3 12.10) */
	uint64_t gits_base; /* not emulated: a zone finds nothing there; 0 if none */
	uint64_t gits_size;
};
HV_ASSERT_SIZE(struct hv_gic_config, 56);

/* Config flags. */
#define HV_CONFIG_ROOT_SEES_RAM                                                                              \
	0x1u /* keep RAM mapped in the root zone while running: the
				      * zone's virtio devices need it */

typedef struct HvZoneConfig {
	uint32_t magic;
	uint32_t version;
	uint32_t size; /* sizeof(HvZoneConfig) */
	uint32_t flags;
	uint32_t zone_id;
	uint32_t num_cpus; /* bits set in cpus */
	uint64_t cpus;     /* bit n: physical CPU n. vCPU numbers follow ascending CPU numbers */
	uint32_t num_regions;
	uint32_t reserved;          /* zero */
	uint64_t entry_point;       /* IPA, in RAM */
	uint64_t kernel_load_paddr; /* host physical, in a RAM region */
	uint64_t kernel_size;       /* bytes */
	uint64_t dtb_load_paddr;    /* host physical, in a RAM region; 8-byte aligned */
	uint64_t dtb_size;          /* bytes; 0: no device tree, x0 is 0 at entry */
	struct hv_gic_config gic;
	char name[HV_NAME_SIZE];                         /* UTF-8, NUL-terminated, zero-filled, not empty */
	struct hv_intid_set interrupts;                  /* SPIs of hardware, owned by this zone alone */
	struct hv_intid_set virtual_interrupts;          /* SPIs of the zone's virtio devices: raised by the
						 * device process only, no claim on hardware */
	struct hv_memory_region regions[HV_MAX_REGIONS]; /* unused ones all zero */
} HvZoneConfig;
HV_ASSERT_OFFSET(HvZoneConfig, zone_id, 16);
HV_ASSERT_OFFSET(HvZoneConfig, num_cpus, 20);
HV_ASSERT_OFFSET(HvZoneConfig, cpus, 24);
HV_ASSERT_OFFSET(HvZoneConfig, num_regions, 32);
HV_ASSERT_OFFSET(HvZoneConfig, entry_point, 40);
HV_ASSERT_OFFSET(HvZoneConfig, kernel_load_paddr, 48);
HV_ASSERT_OFFSET(HvZoneConfig, kernel_size, 56);
HV_ASSERT_OFFSET(HvZoneConfig, dtb_load_paddr, 64);
HV_ASSERT_OFFSET(HvZoneConfig, dtb_size, 72);
HV_ASSERT_OFFSET(HvZoneConfig, gic, 80);
HV_ASSERT_OFFSET(HvZoneConfig, name, 136);
HV_ASSERT_OFFSET(HvZoneConfig, interrupts, 168);
HV_ASSERT_OFFSET(HvZoneConfig, virtual_interrupts, 296);
HV_ASSERT_OFFSET(HvZoneConfig, regions, 424);
HV_ASSERT_SIZE(HvZoneConfig, 2472);

#endif
