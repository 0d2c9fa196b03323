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
	uint64_t unused; /* of a GICv2 */
};

enum device_field {
	DEVICE_TYPE,
	DEVICE_ADDR,
	DEVICE_LEN,
	DEVICE_IRQ,
	DEVICE_STATUS,
	DEVICE_ZONE_ID,
	DEVICE_IMG,
	DEVICE_READONLY,
	DEVICE_BLOCK_SIZE,
	DEVICE_SERIAL,
	DEVICE_QUEUES,
	DEVICE_TAP,
	DEVICE_BRIDGE,
	DEVICE_MAC,
	DEVICE_PORTS,
	DEVICE_WIDTH,
	DEVICE_HEIGHT,
};

struct device_fields {
	struct config_seen seen;
	uint64_t type; /* enum config_device_type, or DEVICE_SCMI */
	uint64_t addr;
	uint64_t len;
	uint64_t irq;
	uint64_t disabled;
	uint64_t zone_id; /* in the oldest virtio files */
	const char *img;
	uint64_t readonly;
	uint64_t block_size;
	const char *serial;
	uint64_t queues;
	const char *tap;
	const char *bridge;
	uint64_t mac_count;
	uint64_t mac[CONFIG_MAC_SIZE];
	uint64_t ports;
	uint64_t width, height;
};

/* A type that files have and that is not served; not one of enum config_device_type. */
#define DEVICE_SCMI 100u

enum module_field {
	MODULE_NAME,
	MODULE_FILEPATH,
	MODULE_LOAD_PADDR,
};

struct module_fields {
	struct config_seen seen;
	const char *name;
	const char *filepath;
	uint64_t load_paddr;
};

enum digest_field {
	DIGEST_KERNEL,
	DIGEST_DTB,
	DIGEST_INITRD,
};

struct digest_fields {
	struct config_seen seen;
	uint8_t kernel[FIELD_DIGEST_SIZE];
	uint8_t dtb[FIELD_DIGEST_SIZE];
	uint8_t initrd[FIELD_DIGEST_SIZE];
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
	ZONE_INITRD_FILEPATH,
	ZONE_KERNEL_LOAD_PADDR,
	ZONE_DTB_LOAD_PADDR,
	ZONE_INITRD_LOAD_PADDR,
	ZONE_ENTRY_POINT,
	ZONE_MODULES,
	ZONE_SHA256,
	ZONE_BOOTARGS,
	ZONE_KERNEL_ARGS,
	ZONE_DTB_CHECK,
	ZONE_ARCH_CONFIG,
	ZONE_VIRTIO_DEVICES,
	ZONE_DEVICES,
	ZONE_AUTOSTART,
	ZONE_AFTER,
	ZONE_RESTART,
	ZONE_RESTART_LIMIT,
	ZONE_RESTART_DELAY_MS,
	ZONE_STOP_TIMEOUT_MS,
	ZONE_DEVICE_FAILURE,
};

/* Of an arm64 kernel's command line (its COMMAND_LINE_SIZE), without the NUL. */
#define FIELDS_MAX_BOOTARGS 2047u
#define FIELDS_MAX_MODULES (CONFIG_MAX_IMAGES - 3u)

/* dtb_check: what a difference between the tree and the zone is. */
#define DTB_CHECK_ERROR 0u
#define DTB_CHECK_WARN 1u

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
	const char *initrd_filepath;
	uint64_t kernel_load_paddr;
	uint64_t dtb_load_paddr;
	uint64_t initrd_load_paddr;
	uint64_t entry_point;
	uint64_t num_modules;
	struct module_fields modules[FIELDS_MAX_MODULES];
	struct digest_fields sha256;
	const char *bootargs;
	const char *kernel_args;
	uint64_t dtb_check;
	struct gic_fields gic;
	uint64_t num_virtio_devices;
	struct device_fields virtio_devices[CONFIG_MAX_DEVICES];
	uint64_t num_devices;
	struct device_fields devices[CONFIG_MAX_DEVICES];
	uint64_t autostart;
	uint64_t num_after;
	const char *after[HV_MAX_ZONES]; /* NULL: broken */
	uint64_t restart;                /* enum config_restart */
	uint64_t restart_limit;
	uint64_t restart_delay_ms;
	uint64_t stop_timeout_ms;
	uint64_t device_failure; /* enum config_device_failure */
};

extern const struct config_object zone_object;
/* The same for the root zone, which needs no kernel_filepath. */
extern const struct config_object zone_root_object;
/* arch_config of an arm64 zone or board */
extern const struct config_object gic_object;
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
	VIRTIO_ZONE_NAME,
};

struct virtio_zone_fields {
	struct config_seen seen;
	uint64_t id;
	const char *name;
	uint64_t num_mappings;
	struct mapping_fields mappings[HV_MAX_REGIONS];
	uint64_t num_devices;
	struct device_fields devices[CONFIG_MAX_DEVICES];
};

enum virtio_field {
	VIRTIO_ZONES,
	VIRTIO_DEVICES,
	VIRTIO_MEMORY_REGION,
};

/* Either zones, or (older) devices that each name their zone. */
struct virtio_fields {
	struct config_seen seen;
	uint64_t num_zones;
	struct virtio_zone_fields zones[HV_MAX_ZONES];
	uint64_t num_devices;
	struct device_fields devices[CONFIG_MAX_DEVICES];
	uint64_t num_mappings;
	struct mapping_fields mappings[HV_MAX_REGIONS];
};

extern const struct config_object virtio_object;

#endif
