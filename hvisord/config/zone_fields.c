/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "zone_fields.h"

#include "field_table.h"

static const struct config_word region_words[] = {
	{ "ram", HV_REGION_RAM },
	{ "io", HV_REGION_IO },
	{ "virtio", HV_REGION_VIRTIO },
	{ NULL, 0 },
};

static const struct config_field region_table[] = {
	[REGION_TYPE] = { "type", FIELD_WORD, .required = true, .words = region_words,
			  .offset = offsetof(struct region_fields, type),
			  .doc = "memory of the zone's own, device pages passed through, or windows whose "
				 "accesses go to the zone's virtio devices" },
	[REGION_PHYSICAL_START] = { "physical_start", FIELD_NUMBER, .required = true,
				    .offset = offsetof(struct region_fields, physical_start),
				    .doc = "host physical address; means nothing for a virtio region" },
	[REGION_VIRTUAL_START] = { "virtual_start", FIELD_NUMBER, .required = true,
				   .offset = offsetof(struct region_fields, virtual_start),
				   .doc = "guest-physical address, below 2^40" },
	[REGION_SIZE] = { "size", FIELD_NUMBER, .required = true,
			  .offset = offsetof(struct region_fields, size),
			  .doc = "in bytes: whole pages of 4096, for a virtio region a multiple of 0x200" },
	[REGION_SHARED] = { "shared", FIELD_BOOL, .initial = "false",
			    .offset = offsetof(struct region_fields, shared),
			    .doc = "RAM that another zone also has, whose file says so too of exactly this "
				   "range" },
};
static const struct config_object region_object = OBJECT("a memory region", region_table);
static const struct config_field region_element = { .type = FIELD_OBJECT, .object = &region_object };

static const struct config_word gic_words[] = {
	{ "v2", 2 },
	{ "v3", 3 },
	{ NULL, 0 },
};

#define GIC_NUMBER(name, about)                                                                              \
	{                                                                                                    \
		.key = #name, .type = FIELD_NUMBER, .offset = offsetof(struct gic_fields, name),             \
		.initial = "the board's", .doc = about                                                       \
	}

/* Of a GICv2 and of no use to the GICv3 a zone is given; real files carry them all the same. */
#define GICV2_NUMBER(name)                                                                                   \
	{                                                                                                    \
		.key = name, .type = FIELD_NUMBER, .offset = offsetof(struct gic_fields, unused),            \
		.initial = "nothing", .doc = "of a GICv2; without effect"                                    \
	}

/* Of the interrupt controllers and the ways to boot that other architectures have. */
#define FOREIGN(name, of)                                                                                    \
	{                                                                                                    \
		.key = name, .type = FIELD_UNSUPPORTED, .reason = REASON_ZONE_ARCH, .initial = "nothing",    \
		.doc = "made for another architecture: this key is of " of                                   \
	}

static const struct config_field gic_table[] = {
	[GIC_VERSION] = { "gic_version", FIELD_WORD, .words = gic_words, .initial = "the board's",
			  .offset = offsetof(struct gic_fields, version),
			  .doc = "the interrupt controller the zone sees; must be what the board has" },
	[GIC_GICD_BASE] = GIC_NUMBER(gicd_base, "guest-physical address of the distributor"),
	[GIC_GICD_SIZE] = GIC_NUMBER(gicd_size, "in bytes, 0x10000 or more"),
	[GIC_GICR_BASE] = GIC_NUMBER(gicr_base, "guest-physical address of the redistributors"),
	[GIC_GICR_SIZE] = GIC_NUMBER(gicr_size, "in bytes, 0x20000 or more for each CPU"),
	[GIC_GITS_BASE] = GIC_NUMBER(gits_base, "guest-physical address of an ITS; zones are given none"),
	[GIC_GITS_SIZE] = GIC_NUMBER(gits_size, "in bytes"),
	GICV2_NUMBER("gicc_base"),
	GICV2_NUMBER("gicc_size"),
	GICV2_NUMBER("gicc_offset"),
	GICV2_NUMBER("gich_base"),
	GICV2_NUMBER("gich_size"),
	GICV2_NUMBER("gicv_base"),
	GICV2_NUMBER("gicv_size"),
	{ "is_aarch32", FIELD_UNSUPPORTED, .json_type = cJSON_True | cJSON_False, .initial = "false",
	  .doc = "a guest that starts in AArch32" },
	FOREIGN("plic_*", "riscv"),
	FOREIGN("aplic_*", "riscv"),
	FOREIGN("dummy", "loongarch"),
	FOREIGN("ioapic_*", "x86_64"),
	FOREIGN("boot_*", "x86_64"),
	FOREIGN("cmdline*", "x86_64"),
	FOREIGN("setup_*", "x86_64"),
	FOREIGN("initrd_*", "x86_64"),
	FOREIGN("kernel_entry_gpa", "x86_64"),
	FOREIGN("rsdp_memory_region_id", "x86_64"),
	FOREIGN("acpi_memory_region_id", "x86_64"),
	FOREIGN("uefi_memory_region_id", "x86_64"),
	FOREIGN("screen_base", "x86_64"),
};
const struct config_object gic_object = OBJECT("arch_config", gic_table);

static const struct config_word device_words[] = {
	{ "console", CONFIG_DEVICE_CONSOLE },
	{ "blk", CONFIG_DEVICE_BLK },
	{ "net", CONFIG_DEVICE_NET },
	{ "gpu", CONFIG_DEVICE_GPU },
	{ "scmi", DEVICE_SCMI },
	{ "power_key", CONFIG_DEVICE_POWER_KEY },
	{ "rng", CONFIG_DEVICE_RNG },
	{ "pl011", CONFIG_DEVICE_PL011 },
	{ NULL, 0 },
};

static const struct config_word status_words[] = {
	{ "enable", 0 },
	{ "disable", 1 },
	{ NULL, 0 },
};

static const struct config_field mac_element = { .type = FIELD_NUMBER, .max = 0xff };

static const struct config_field device_table[] = {
	[DEVICE_TYPE] = { "type", FIELD_WORD, .required = true, .words = device_words,
			  .offset = offsetof(struct device_fields, type),
			  .doc = "what kind of device; gpu and scmi are not served" },
	[DEVICE_ADDR] = { "addr", FIELD_NUMBER, .required = true,
			  .offset = offsetof(struct device_fields, addr),
			  .doc = "guest-physical address of its window, within a virtio region" },
	[DEVICE_LEN] = { "len", FIELD_NUMBER, .required = true, .offset = offsetof(struct device_fields, len),
			 .doc = "of its window, in bytes: a multiple of 0x200; of a power key and a pl011 "
				"0x1000" },
	[DEVICE_IRQ] = { "irq", FIELD_NUMBER, .required = true, .max = HV_LAST_SPI,
			 .offset = offsetof(struct device_fields, irq),
			 .doc = "its interrupt, one of the zone's interrupts, 32 or more; no claim on "
				"hardware" },
	[DEVICE_STATUS] = { "status", FIELD_WORD, .words = status_words, .initial = "\"enable\"",
			    .offset = offsetof(struct device_fields, disabled),
			    .doc = "a disabled device is as if it were not there" },
	[DEVICE_ZONE_ID] = { "zone_id", FIELD_NUMBER, .min = 1, .max = HV_MAX_ZONES - 1,
			     .offset = offsetof(struct device_fields, zone_id), .initial = "the zone's own",
			     .doc = "its zone, in a virtio file whose devices stand at top level; needed "
				    "there" },
	[DEVICE_IMG] = { "img", FIELD_STRING, .max = FIELDS_MAX_PATH, .initial = "nothing",
			 .offset = offsetof(struct device_fields, img),
			 .doc = "blk: the disk, a raw image file or a block device; a relative path starts "
				"at "
				"the file's folder; needed" },
	[DEVICE_READONLY] = { "readonly", FIELD_BOOL, .initial = "false",
			      .offset = offsetof(struct device_fields, readonly),
			      .doc = "blk: nothing can be written" },
	[DEVICE_BLOCK_SIZE] = { "block_size", FIELD_NUMBER, .preset = 512,
				.offset = offsetof(struct device_fields, block_size),
				.doc = "blk: bytes of a block, 512 or 4096" },
	[DEVICE_SERIAL] = { "serial", FIELD_STRING, .max = CONFIG_SERIAL_SIZE, .initial = "\"\"",
			    .offset = offsetof(struct device_fields, serial),
			    .doc = "blk: what the disk says when asked who it is" },
	[DEVICE_QUEUES] = { "queues", FIELD_NUMBER, .min = 1, .max = CONFIG_MAX_QUEUES, .preset = 1,
			    .offset = offsetof(struct device_fields, queues),
			    .doc = "blk: queues; net: pairs of them" },
	[DEVICE_TAP] = { "tap", FIELD_STRING, .max = CONFIG_INTERFACE_SIZE - 1,
			 .initial = "hvZnI, of zone Z's device I",
			 .offset = offsetof(struct device_fields, tap),
			 .doc = "net: the tap interface in the root zone, made if there is none" },
	[DEVICE_BRIDGE] = { "bridge", FIELD_STRING, .max = CONFIG_INTERFACE_SIZE - 1, .initial = "\"\"",
			    .offset = offsetof(struct device_fields, bridge),
			    .doc = "net: the bridge in the root zone that the tap is put into" },
	[DEVICE_MAC] = { "mac", ARRAY_IN(struct device_fields, mac_count, mac, mac_element),
			 .initial = "derived, and stays the same",
			 .doc = "net: the six bytes of its address" },
	[DEVICE_PORTS] = { "ports", FIELD_NUMBER, .min = 1, .max = CONFIG_MAX_PORTS, .preset = 1,
			   .offset = offsetof(struct device_fields, ports),
			   .doc = "console: its ports; 0 is the guest's console, the others are streams of "
				  "bytes" },
	[DEVICE_WIDTH] = { "width", FIELD_NUMBER, .max = 16384, .initial = "nothing",
			   .offset = offsetof(struct device_fields, width), .doc = "gpu: pixels" },
	[DEVICE_HEIGHT] = { "height", FIELD_NUMBER, .max = 16384, .initial = "nothing",
			    .offset = offsetof(struct device_fields, height), .doc = "gpu: pixels" },
	{ "clock_*", FIELD_IGNORED, .initial = "nothing", .doc = "scmi: its clocks" },
	{ "reset_*", FIELD_IGNORED, .initial = "nothing", .doc = "scmi: its resets" },
	{ "power_*", FIELD_IGNORED, .initial = "nothing", .doc = "scmi: its power domains" },
	{ "allowed_list", FIELD_IGNORED, .initial = "nothing", .doc = "scmi: what the zone may use" },
};
static const struct config_object device_object = OBJECT("a virtio device", device_table);
static const struct config_field device_element = { .type = FIELD_OBJECT, .object = &device_object };

static const struct config_field cpu_element = { .type = FIELD_INTEGER, .max = HV_MAX_CPUS - 1 };
static const struct config_field interrupt_element = { .type = FIELD_NUMBER,
						       .min = HV_FIRST_SPI,
						       .max = HV_LAST_SPI };

#define UNSUPPORTED(name, holds, none, about)                                                                \
	{                                                                                                    \
		.key = name, .type = FIELD_UNSUPPORTED, .json_type = holds, .initial = none, .doc = about    \
	}
#define NO_PCI(name, holds, none, about)                                                                     \
	{                                                                                                    \
		.key = name, .type = FIELD_UNSUPPORTED, .json_type = holds, .initial = none, .doc = about,   \
		.reason = REASON_ZONE_NO_PCI                                                                 \
	}

static const struct config_field module_table[] = {
	[MODULE_NAME] = { "name", FIELD_STRING, .max = FIELDS_MAX_PATH, .initial = "nothing",
			  .offset = offsetof(struct module_fields, name), .doc = "for people" },
	[MODULE_FILEPATH] = { "filepath", FIELD_STRING, .required = true, .min = 1, .max = FIELDS_MAX_PATH,
			      .offset = offsetof(struct module_fields, filepath),
			      .doc = "a raw binary; a relative path starts at the zone file's folder" },
	[MODULE_LOAD_PADDR] = { "load_paddr", FIELD_NUMBER, .required = true,
				.offset = offsetof(struct module_fields, load_paddr),
				.doc = "host physical address, in the zone's RAM" },
};
static const struct config_object module_object = OBJECT("a module", module_table);
static const struct config_field module_element = { .type = FIELD_OBJECT, .object = &module_object };

#define DIGEST(name, member)                                                                                 \
	{                                                                                                    \
		.key = name, .type = FIELD_DIGEST, .offset = offsetof(struct digest_fields, member),         \
		.initial = "not checked", .doc = "SHA-256 of that file"                                      \
	}

static const struct config_field digest_table[] = {
	[DIGEST_KERNEL] = DIGEST("kernel_filepath", kernel),
	[DIGEST_DTB] = DIGEST("dtb_filepath", dtb),
	[DIGEST_INITRD] = DIGEST("initrd_filepath", initrd),
};
static const struct config_object digest_object = OBJECT("sha256", digest_table);

static const struct config_word restart_words[] = {
	{ "no", CONFIG_RESTART_NO },
	{ "on-failure", CONFIG_RESTART_ON_FAILURE },
	{ "always", CONFIG_RESTART_ALWAYS },
	{ NULL, 0 },
};

static const struct config_word device_failure_words[] = {
	{ "needs-reset", CONFIG_DEVICE_FAILURE_NEEDS_RESET },
	{ "restart-zone", CONFIG_DEVICE_FAILURE_RESTART_ZONE },
	{ NULL, 0 },
};

static const struct config_word dtb_check_words[] = {
	{ "error", DTB_CHECK_ERROR },
	{ "warn", DTB_CHECK_WARN },
	{ NULL, 0 },
};

static const struct config_field after_element = { .type = FIELD_NAME, .min = 1, .max = HV_NAME_SIZE - 1 };

static const struct config_field zone_table[] = {
	[ZONE_ARCH] = { "arch", FIELD_STRING, .min = 1, .max = HV_NAME_SIZE - 1, .initial = "the board's",
			.offset = offsetof(struct zone_fields, arch),
			.doc = "the architecture of the board: \"arm64\"" },
	[ZONE_NAME] = { "name", FIELD_STRING, .min = 1, .max = HV_NAME_SIZE - 1,
			.initial = "the file's name without .json",
			.offset = offsetof(struct zone_fields, name),
			.doc = "what people call it; not digits alone, and not root's" },
	[ZONE_ID] = { "zone_id", FIELD_NUMBER, .required = true, .max = HV_MAX_ZONES - 1,
		      .offset = offsetof(struct zone_fields, zone_id),
		      .doc = "the zone's number, 1 or more; 0 is the root zone" },
	[ZONE_CPUS] = { "cpus", ARRAY_IN(struct zone_fields, num_cpus, cpus, cpu_element), .required = true,
			.doc = "the numbers of the physical CPUs it owns, as JSON numbers; the lowest is its "
			       "CPU 0" },
	[ZONE_MEMORY_REGIONS] = { "memory_regions",
				  ARRAY_IN(struct zone_fields, num_regions, regions, region_element),
				  .required = true, .doc = "what it finds at which address" },
	[ZONE_INTERRUPTS] = { "interrupts",
			      ARRAY_IN(struct zone_fields, num_interrupts, interrupts, interrupt_element),
			      .initial = "[]",
			      .doc = "the interrupts it owns: INTIDs of shared peripheral interrupts; those "
				     "of its virtio devices as well" },
	[ZONE_KERNEL_FILEPATH] = { "kernel_filepath", FIELD_STRING, .required = true, .min = 1,
				   .max = FIELDS_MAX_PATH,
				   .offset = offsetof(struct zone_fields, kernel_filepath),
				   .doc = "the kernel, any raw binary; a relative path starts at the "
					  "zone file's folder" },
	[ZONE_DTB_FILEPATH] = { "dtb_filepath", FIELD_STRING, .max = FIELDS_MAX_PATH, .initial = "\"\"",
				.offset = offsetof(struct zone_fields, dtb_filepath),
				.doc = "its flattened device tree; with \"\" and \"null\" it is made from "
				       "this "
				       "file and the root zone's tree" },
	[ZONE_INITRD_FILEPATH] = { "initrd_filepath", FIELD_STRING, .max = FIELDS_MAX_PATH, .initial = "\"\"",
				   .offset = offsetof(struct zone_fields, initrd_filepath),
				   .doc = "an initramfs; its place is put into the tree's /chosen" },
	[ZONE_KERNEL_LOAD_PADDR] = { "kernel_load_paddr", FIELD_NUMBER,
				     .initial = "the first 2 MiB of RAM with room for it",
				     .offset = offsetof(struct zone_fields, kernel_load_paddr),
				     .doc = "host physical address of the kernel, in its RAM" },
	[ZONE_DTB_LOAD_PADDR] = { "dtb_load_paddr", FIELD_NUMBER, .initial = "behind the kernel",
				  .offset = offsetof(struct zone_fields, dtb_load_paddr),
				  .doc = "host physical address of the device tree, in its RAM, 8-byte "
					 "aligned" },
	[ZONE_INITRD_LOAD_PADDR] = { "initrd_load_paddr", FIELD_NUMBER, .initial = "behind the kernel",
				     .offset = offsetof(struct zone_fields, initrd_load_paddr),
				     .doc = "host physical address of the initramfs, in its RAM" },
	[ZONE_ENTRY_POINT] = { "entry_point", FIELD_NUMBER, .initial = "the kernel's start",
			       .offset = offsetof(struct zone_fields, entry_point),
			       .doc = "guest-physical address of its first instruction, in its RAM" },
	[ZONE_MODULES] = { "modules", ARRAY_IN(struct zone_fields, num_modules, modules, module_element),
			   .initial = "[]", .doc = "more files to load into its RAM" },
	[ZONE_SHA256] = { "sha256", FIELD_OBJECT, .object = &digest_object, .initial = "not checked",
			  .offset = offsetof(struct zone_fields, sha256),
			  .doc = "what its files must be, looked at before any is loaded" },
	[ZONE_BOOTARGS] = { "bootargs", FIELD_STRING, .max = FIELDS_MAX_BOOTARGS, .initial = "the tree's own",
			    .offset = offsetof(struct zone_fields, bootargs),
			    .doc = "the kernel's command line, put into the tree's /chosen" },
	[ZONE_KERNEL_ARGS] = { "kernel_args", FIELD_STRING, .max = FIELDS_MAX_BOOTARGS,
			       .initial = "the tree's own",
			       .offset = offsetof(struct zone_fields, kernel_args),
			       .doc = "the older name of bootargs; \"\" asks for nothing" },
	[ZONE_DTB_CHECK] = { "dtb_check", FIELD_WORD, .words = dtb_check_words, .initial = "\"error\"",
			     .offset = offsetof(struct zone_fields, dtb_check),
			     .doc = "what it is when the tree has what the zone has not" },
	[ZONE_ARCH_CONFIG] = { "arch_config", FIELD_OBJECT, .object = &gic_object, .initial = "the board's",
			       .offset = offsetof(struct zone_fields, gic),
			       .doc = "its interrupt controller" },
	[ZONE_VIRTIO_DEVICES] = { "virtio_devices",
				  ARRAY_IN(struct zone_fields, num_virtio_devices, virtio_devices,
					   device_element),
				  .initial = "[]", .doc = "as devices in a virtio file" },
	[ZONE_DEVICES] = { "devices", ARRAY_IN(struct zone_fields, num_devices, devices, device_element),
			   .initial = "[]", .doc = "the same" },
	[ZONE_AUTOSTART] = { "autostart", FIELD_BOOL, .initial = "false",
			     .offset = offsetof(struct zone_fields, autostart),
			     .doc = "start it when the board starts" },
	[ZONE_AFTER] = { "after", ARRAY_IN(struct zone_fields, num_after, after, after_element),
			 .initial = "[]",
			 .doc = "the zones, by name or id, that must run before it is started by itself" },
	[ZONE_RESTART] = { "restart", FIELD_WORD, .words = restart_words, .initial = "\"no\"",
			   .offset = offsetof(struct zone_fields, restart),
			   .doc = "start it again after it ended: never, unless it powered itself off, or "
				  "always" },
	[ZONE_RESTART_LIMIT] = { "restart_limit", FIELD_NUMBER, .max = UINT32_MAX, .preset = 5,
				 .offset = offsetof(struct zone_fields, restart_limit),
				 .doc = "how often in a row; 0: without end" },
	[ZONE_RESTART_DELAY_MS] = { "restart_delay_ms", FIELD_NUMBER, .max = 60000, .preset = 1000,
				    .offset = offsetof(struct zone_fields, restart_delay_ms),
				    .doc = "the wait before the first of them, in ms; it doubles, to a "
					   "minute "
					   "at most" },
	[ZONE_STOP_TIMEOUT_MS] = { "stop_timeout_ms", FIELD_NUMBER, .max = 3600000, .preset = 30000,
				   .offset = offsetof(struct zone_fields, stop_timeout_ms),
				   .doc = "how long its guest may take to power off, in ms" },
	[ZONE_DEVICE_FAILURE] = { "device_failure", FIELD_WORD, .words = device_failure_words,
				  .initial = "\"needs-reset\"",
				  .offset = offsetof(struct zone_fields, device_failure),
				  .doc = "when the process that serves its devices dies: they ask their "
					 "drivers "
					 "for a reset, or the zone is restarted" },
	{ "note", FIELD_IGNORED, .initial = "nothing", .doc = "for people" },
	NO_PCI("pci_config", cJSON_Array | cJSON_Object, "[]", "the board has no PCI that zones may own"),
	NO_PCI("num_pci_devs", cJSON_Number | cJSON_String, "0", "the board has no PCI that zones may own"),
	NO_PCI("alloc_pci_devs", cJSON_Array, "[]", "the board has no PCI that zones may own"),
	UNSUPPORTED("ivc_configs", cJSON_Array, "[]", "shared memory and doorbells between zones"),
	UNSUPPORTED("boot_protocol", 0, "\"\"", "an entry other than that of an arm64 Linux"),
	UNSUPPORTED("boot_method", 0, "\"\"", "an entry other than that of an arm64 Linux"),
	UNSUPPORTED("memory_map_*", 0, "0", "a memory map beside the device tree's"),
};
const struct config_object zone_object = OBJECT("a zone file", zone_table);

/* The boot loader has loaded its kernel. */
const struct config_object zone_root_object = {
	.title = "a root zone's file",
	.fields = zone_table,
	.count = COUNT(zone_table),
	.optional = 1ull << ZONE_KERNEL_FILEPATH,
};

/* The first fields of zone_table, at the same places. */
static const struct config_field identity_table[] = {
	[ZONE_ARCH] = { "arch", FIELD_STRING, .min = 1, .max = HV_NAME_SIZE - 1,
			.offset = offsetof(struct zone_fields, arch) },
	[ZONE_NAME] = { "name", FIELD_STRING, .min = 1, .max = HV_NAME_SIZE - 1,
			.offset = offsetof(struct zone_fields, name) },
	[ZONE_ID] = { "zone_id", FIELD_NUMBER, .max = HV_MAX_ZONES - 1,
		      .offset = offsetof(struct zone_fields, zone_id) },
	{ .key = "*", .type = FIELD_IGNORED },
};
const struct config_object zone_identity_object = OBJECT("a zone file", identity_table);

static const struct config_field mapping_table[] = {
	[MAPPING_ZONE0_IPA] = { "zone0_ipa", FIELD_NUMBER, .initial = "the zone file's",
				.offset = offsetof(struct mapping_fields, zone0_ipa),
				.doc = "where the root zone sees it: its host physical address" },
	[MAPPING_ZONEX_IPA] = { "zonex_ipa", FIELD_NUMBER, .required = true,
				.offset = offsetof(struct mapping_fields, zonex_ipa),
				.doc = "where the zone sees it" },
	[MAPPING_SIZE] = { "size", FIELD_NUMBER, .required = true,
			   .offset = offsetof(struct mapping_fields, size), .doc = "in bytes" },
	{ "type", FIELD_IGNORED, .initial = "nothing", .doc = "for people" },
};
static const struct config_object mapping_object = OBJECT("a mapping of a zone's RAM", mapping_table);
static const struct config_field mapping_element = { .type = FIELD_OBJECT, .object = &mapping_object };

static const struct config_field virtio_zone_table[] = {
	[VIRTIO_ZONE_ID] = { "id", FIELD_NUMBER, .required = true, .min = 1, .max = HV_MAX_ZONES - 1,
			     .offset = offsetof(struct virtio_zone_fields, id),
			     .doc = "the zone_id of the zone that the devices belong to" },
	[VIRTIO_ZONE_MEMORY_REGION] = { "memory_region",
					ARRAY_IN(struct virtio_zone_fields, num_mappings, mappings,
						 mapping_element),
					.initial = "[]",
					.doc = "the zone's RAM once more; must agree with the zone file" },
	[VIRTIO_ZONE_DEVICES] = { "devices",
				  ARRAY_IN(struct virtio_zone_fields, num_devices, devices, device_element),
				  .initial = "[]", .doc = "its devices" },
	[VIRTIO_ZONE_NAME] = { "name", FIELD_STRING, .max = FIELDS_MAX_PATH, .initial = "nothing",
			       .offset = offsetof(struct virtio_zone_fields, name), .doc = "for people" },
};
static const struct config_object virtio_zone_object = OBJECT("a zone of a virtio file", virtio_zone_table);
static const struct config_field virtio_zone_element = { .type = FIELD_OBJECT,
							 .object = &virtio_zone_object };

static const struct config_field virtio_table[] = {
	[VIRTIO_ZONES] = { "zones", ARRAY_IN(struct virtio_fields, num_zones, zones, virtio_zone_element),
			   .initial = "[]", .doc = "the zones that have virtio devices" },
	[VIRTIO_DEVICES] = { "devices", ARRAY_IN(struct virtio_fields, num_devices, devices, device_element),
			     .initial = "[]", .doc = "older files: devices that each name their zone_id" },
	[VIRTIO_MEMORY_REGION] = { "memory_region",
				   ARRAY_IN(struct virtio_fields, num_mappings, mappings, mapping_element),
				   .initial = "[]", .doc = "older files: RAM of the zone of those devices" },
	{ "note", FIELD_IGNORED, .initial = "nothing", .doc = "for people" },
};
const struct config_object virtio_object = OBJECT("a virtio file", virtio_table);
