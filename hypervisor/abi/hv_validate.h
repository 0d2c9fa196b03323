/* SPDX-License-Identifier: MIT */
/*
 * The one validator of HvZoneConfig, run by EL2 on its own copy and by
 * hvisord and hvisorctl before. Pure: no allocation, no I/O, no globals.
 */
#ifndef HV_VALIDATE_H
#define HV_VALIDATE_H

#include "hv_platform.h"

/* What is wrong. The numbers are append-only; names in hv_violation_name(). */
enum hv_violation_code {
	HV_VIOLATION_NONE = 0,
	HV_VIOLATION_HEADER,   /* magic, version, size */
	HV_VIOLATION_RESERVED, /* a reserved field, unused slot or unknown flag is not zero */
	HV_VIOLATION_ZONE_ID,  /* 0 for a non-root zone, or HV_MAX_ZONES and above */
	HV_VIOLATION_NAME,     /* empty, not terminated, not printable UTF-8 */
	HV_VIOLATION_NO_CPUS,
	HV_VIOLATION_CPU_RANGE,    /* index: the CPU; the board has no such CPU */
	HV_VIOLATION_CPU_COUNT,    /* num_cpus differs from cpus */
	HV_VIOLATION_REGION_COUNT, /* more than HV_MAX_REGIONS */
	HV_VIOLATION_REGION_TYPE,  /* index: the region, here and below */
	HV_VIOLATION_REGION_EMPTY,
	HV_VIOLATION_REGION_ALIGN,      /* not whole pages (VIRTIO: 0x200) */
	HV_VIOLATION_REGION_WRAP,       /* physical or guest-physical end past 2^64, or IPA past 2^40 */
	HV_VIOLATION_REGION_OVERLAP,    /* other_index: the region of the same zone it meets */
	HV_VIOLATION_REGION_NOT_RAM,    /* type RAM, but the board has no RAM there */
	HV_VIOLATION_REGION_NOT_DEVICE, /* type IO, but the board has no assignable device there */
	HV_VIOLATION_REGION_HYPERVISOR, /* reaches into the hypervisor's memory */
	HV_VIOLATION_REGION_GIC,        /* guest-physical range meets the zone's GICD or GICR */
	HV_VIOLATION_NO_RAM,
	HV_VIOLATION_INTERRUPT_RANGE, /* index: the INTID, here and below; not an SPI */
	HV_VIOLATION_INTERRUPT_BOARD, /* the board does not give this SPI away */
	HV_VIOLATION_INTERRUPT_BOTH,  /* both hardware and virtual */
	HV_VIOLATION_GIC_VERSION,
	HV_VIOLATION_GIC_RANGE,     /* sizes too small, misaligned, past 2^40, or overlapping */
	HV_VIOLATION_ENTRY,         /* entry point not in RAM */
	HV_VIOLATION_KERNEL_RANGE,  /* image empty, or not wholly in one RAM region */
	HV_VIOLATION_DTB_RANGE,     /* tree not wholly in one RAM region, or misaligned */
	HV_VIOLATION_IMAGE_OVERLAP, /* kernel and tree overlap */
	/* between zones: other_zone is set */
	HV_VIOLATION_CPU_CONFLICT,       /* index: the CPU */
	HV_VIOLATION_RAM_CONFLICT,       /* index, other_index: regions */
	HV_VIOLATION_DEVICE_CONFLICT,    /* index, other_index: regions */
	HV_VIOLATION_INTERRUPT_CONFLICT, /* index: the INTID */
	HV_VIOLATION_ID_CONFLICT,
	HV_VIOLATION_REGION_IDENTITY, /* root zone only: physical and guest-physical start differ */
	HV_VIOLATION_COUNT
};

struct hv_violation {
	uint16_t code; /* enum hv_violation_code */
	uint16_t index;
	uint16_t other_zone;
	uint16_t other_index;
};

/* One word for the trip through a register. */
static inline uint64_t hv_violation_pack(struct hv_violation v)
{
	return (uint64_t)v.code | (uint64_t)v.index << 16 | (uint64_t)v.other_zone << 32 |
	       (uint64_t)v.other_index << 48;
}

static inline struct hv_violation hv_violation_unpack(uint64_t word)
{
	struct hv_violation v = { (uint16_t)word, (uint16_t)(word >> 16), (uint16_t)(word >> 32),
				  (uint16_t)(word >> 48) };
	return v;
}

/* Stable name of a code, as hvisord reports it: "zone.cpu_conflict". Never NULL. */
const char *hv_violation_name(uint16_t code);

/*
 * Checks one config against itself and the board. is_root allows zone id 0
 * and devices and SPIs that are not assignable. Returns true if all is well;
 * else false with *ret_violation filled (untouched on success).
 */
bool hv_config_validate(const HvZoneConfig *config, const HvPlatform *platform, bool is_root,
			struct hv_violation *ret_violation);

/*
 * Checks two validated configs against each other: CPUs, RAM, device pages,
 * interrupts. RAM may be shared where both regions are HV_REGION_SHARED and
 * exactly the same range. Returns true if they can run side by side; index
 * fields of *ret_violation speak of a, other_* of b.
 */
bool hv_config_compatible(const HvZoneConfig *a, const HvZoneConfig *b, struct hv_violation *ret_violation);

/*
 * Translates a host-physical range to the IPA at which the zone sees it.
 * Returns false if [paddr, paddr + size) is not wholly in one RAM region.
 */
bool hv_config_ram_ipa(const HvZoneConfig *config, uint64_t paddr, uint64_t size, uint64_t *ret_ipa);

#endif
