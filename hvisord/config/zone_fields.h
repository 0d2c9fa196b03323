/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What zone files and virtio files hold, as parsed: no value is related to another yet. */
#ifndef CONFIG_ZONE_FIELDS_H
#define CONFIG_ZONE_FIELDS_H

#include "field.h"

#define FIELDS_MAX_INTERRUPTS (HV_LAST_SPI - HV_FIRST_SPI + 1)
#define FIELDS_MAX_PATH 4095u

enum region_field {
	REGION_TYPE,
	REGION_PHYSICAL_START,
	REGION_VIRTUAL_START,
	REGION_SIZE,
	REGION_SHARED,
};

struct region_fields {
	struct config_seen seen;
	uint64_t type; /* HV_REGION_ */
	uint64_t physical_start;
	uint64_t virtual_start;
	uint64_t size;
	uint64_t shared;
};

enum gic_field {
	GIC_VERSION,
	GIC_GICD_BASE,
	GIC_GICD_SIZE,
	GIC_GICR_BASE,
	GIC_GICR_SIZE,
	GIC_GITS_BASE,
	GIC_GITS_SIZE,
};

struct gic_fields {
	struct config_seen seen;
	uint64_t version;
	uint64_t gicd_base, gicd_size;
	uint64_t gicr_base, gicr_size;
	uint64_t gits_base, gits_size;
};

enum device_field {
	DEVICE_TYPE,
	DEVICE_ADDR,
	DEVICE_LEN,
	DEVICE_IRQ,
	DEVICE_STATUS,
};

struct device_fields {
	struct config_seen seen;
	uint64_t type; /* enum config_device_type */
	uint64_t addr;
	uint64_t len;
	uint64_t irq;
	uint64_t disabled;
};

enum zone_field {
	ZONE_ARCH,
	ZONE_NAME,
	ZONE_ID,
	ZONE_CPUS,
	ZONE_MEMORY_REGIONS,
	ZONE_INTERRUPTS,
	ZONE_KERNEL_FILEPATH,
	ZONE_DTB_FILEPATH,
	ZONE_KERNEL_LOAD_PADDR,
	ZONE_DTB_LOAD_PADDR,
	ZONE_ENTRY_POINT,
	ZONE_ARCH_CONFIG,
	ZONE_VIRTIO_DEVICES,
};

struct zone_fields {
	struct config_seen seen;
	const char *arch;
	const char *name;
	uint64_t zone_id;
	uint64_t num_cpus;
	uint64_t cpus[HV_MAX_CPUS]; /* or FIELD_BROKEN */
	uint64_t num_regions;
	struct region_fields regions[HV_MAX_REGIONS];
	uint64_t num_interrupts;
	uint64_t interrupts[FIELDS_MAX_INTERRUPTS]; /* or FIELD_BROKEN */
	const char *kernel_filepath;
	const char *dtb_filepath;
	uint64_t kernel_load_paddr;
	uint64_t dtb_load_paddr;
	uint64_t entry_point;
	struct gic_fields gic;
	uint64_t num_devices;
	struct device_fields devices[CONFIG_MAX_DEVICES];
};

extern const struct config_object zone_object;
/* Only arch, name and zone_id of a zone file: all there is to know of one for another architecture. */
extern const struct config_object zone_identity_object;

enum mapping_field {
	MAPPING_ZONE0_IPA,
	MAPPING_ZONEX_IPA,
	MAPPING_SIZE,
};

struct mapping_fields {
	struct config_seen seen;
	uint64_t zone0_ipa;
	uint64_t zonex_ipa;
	uint64_t size;
};

enum virtio_zone_field {
	VIRTIO_ZONE_ID,
	VIRTIO_ZONE_MEMORY_REGION,
	VIRTIO_ZONE_DEVICES,
};

struct virtio_zone_fields {
	struct config_seen seen;
	uint64_t id;
	uint64_t num_mappings;
	struct mapping_fields mappings[HV_MAX_REGIONS];
	uint64_t num_devices;
	struct device_fields devices[CONFIG_MAX_DEVICES];
};

struct virtio_fields {
	struct config_seen seen;
	uint64_t num_zones;
	struct virtio_zone_fields zones[HV_MAX_ZONES];
};

extern const struct config_object virtio_object;

#endif
