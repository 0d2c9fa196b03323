/* SPDX-License-Identifier: MIT */
/*
 * HvPlatform: what a board has. EL2 compiles one in; hvisorctl and hvisord
 * compile the same data for checks without a driver; on a running system the
 * driver hands out EL2's own copy (HV_CALL_PLATFORM).
 */
#ifndef HV_PLATFORM_H
#define HV_PLATFORM_H

#include "hv_config.h"

#define HV_PLATFORM_MAGIC 0x46505648u /* "HVPF" */
#define HV_PLATFORM_VERSION 1u
#define HV_PLATFORM_MAX_RAM 8u
#define HV_PLATFORM_MAX_DEVICES 32u

/* Device window flags. */
#define HV_DEVICE_ASSIGNABLE 0x1u /* any zone may claim whole pages of it (else: root only) */

struct hv_device_window {
	struct hv_range range; /* host physical, whole pages */
	uint32_t flags;
	uint32_t reserved;       /* zero */
	char name[HV_NAME_SIZE]; /* what a person calls it: "uart0" */
};
HV_ASSERT_SIZE(struct hv_device_window, 56);

typedef struct HvPlatform {
	uint32_t magic;
	uint32_t version;
	uint32_t size; /* sizeof(HvPlatform) */
	uint32_t num_cpus;
	char name[HV_NAME_SIZE]; /* "qemu-virt" */
	char arch[HV_NAME_SIZE]; /* "arm64", as in the zone file's arch */
	uint32_t num_ram;
	uint32_t num_devices;
	struct hv_range hypervisor;          /* RAM that EL2 keeps for itself */
	struct hv_gic_config gic;            /* physical; also a zone's default view */
	struct hv_intid_set assignable_spis; /* SPIs that a zone other than root may own */
	struct hv_range ram[HV_PLATFORM_MAX_RAM];
	struct hv_device_window devices[HV_PLATFORM_MAX_DEVICES];
	uint64_t cpu_mpidr[HV_MAX_CPUS]; /* affinity of CPU n (MPIDR_EL1 bits Aff3..Aff0) */
} HvPlatform;
HV_ASSERT_OFFSET(HvPlatform, name, 16);
HV_ASSERT_OFFSET(HvPlatform, num_ram, 80);
HV_ASSERT_OFFSET(HvPlatform, hypervisor, 88);
HV_ASSERT_OFFSET(HvPlatform, gic, 104);
HV_ASSERT_OFFSET(HvPlatform, assignable_spis, 160);
HV_ASSERT_OFFSET(HvPlatform, ram, 288);
HV_ASSERT_OFFSET(HvPlatform, devices, 416);
HV_ASSERT_OFFSET(HvPlatform, cpu_mpidr, 2208);
HV_ASSERT_SIZE(HvPlatform, 2720);

#endif
