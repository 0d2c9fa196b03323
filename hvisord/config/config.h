/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Zone files: from JSON text to a checked zone. Used by hvisord and by
 * `hvisorctl check`; needs no daemon, no driver, no privilege. Never logs,
 * never exits, never writes.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "hv_validate.h"

#define CONFIG_MAX_FILE (1024u * 1024u) /* bytes of a zone or virtio file */
#define CONFIG_MAX_DEPTH 32u
#define CONFIG_MAX_DEVICES 32u /* virtio devices of one zone */

enum config_severity {
	CONFIG_WARNING,
	CONFIG_ERROR,
};

/* One finding. All strings are owned by the list; never NULL but where said. */
struct config_finding {
	enum config_severity severity;
	char *file;         /* as given by the caller */
	unsigned line;      /* 1-based; 0 if the finding is of no line */
	char *pointer;      /* JSON pointer (RFC 6901), "" for the whole file */
	const char *reason; /* stable name: "zone.cpu_conflict", "json.syntax" … */
	char *message;      /* one sentence for people */
	char *other;        /* what it collides with ("zone root", "FILE:/pointer"), or NULL */
};

struct config_findings {
	struct config_finding *list;
	unsigned count;
	unsigned errors; /* of severity CONFIG_ERROR */
};

void config_findings_fini(struct config_findings *findings);

enum config_device_type {
	CONFIG_DEVICE_CONSOLE,
	CONFIG_DEVICE_BLK,
	CONFIG_DEVICE_NET,
	CONFIG_DEVICE_GPU,
};

/* A virtio device from a virtio file (`zones` at top level). */
struct config_device {
	enum config_device_type type;
	uint64_t ipa; /* of its window, within a virtio region of the zone */
	uint64_t size;
	uint32_t intid;
	char *path; /* blk: the image, resolved; net: the tap's name; else NULL */
};

/* A checked zone file. Opaque parts are the library's own. */
struct config_zone {
	char *file;        /* path as given */
	char *name;        /* from the file, or the file's stem */
	char *kernel_path; /* resolved against the file's folder */
	char *dtb_path;    /* or NULL: no device tree */
	HvZoneConfig hv;   /* ready for HV_CALL_ZONE_CREATE once there are no errors */
	unsigned num_devices;
	struct config_device devices[CONFIG_MAX_DEVICES];
	struct config_draft *draft; /* what later findings need: text, lines */
};

void config_zone_free(struct config_zone *zone);

/* The board compiled in under that name ("qemu-virt"), or NULL; and its root zone. */
const HvPlatform *config_platform(const char *name);
const HvZoneConfig *config_platform_root(const char *name);

/*
 * Reads and checks files as one set, as if they lay in one directory: zone
 * files, and virtio files (zones at top level, no zone_id) whose zones[].id
 * names one of them. Every zone is checked against itself, the board, its
 * images (exist, not empty, fit; the tree is a tree and describes the zone) and
 * its virtio devices, then all against each other and against root (NULL: no
 * such check). All findings are reported, not just the first; those of one file
 * stand together, by line.
 *
 * Returns 0 and *ret_zones (malloc'ed array of *ret_count, entries never NULL;
 * a zone file too broken to give a zone has none) with the findings, or
 * -ENOMEM with all outputs untouched. Unreadable files are findings. A zone
 * is good if no error names its file: config_zone_is_good().
 */
int config_check(const char *const *paths, unsigned num_paths, const HvPlatform *platform,
		 const HvZoneConfig *root, struct config_zone ***ret_zones, unsigned *ret_count,
		 struct config_findings *ret_findings);

/* No finding of severity error names the zone's file or a virtio file that serves it. */
bool config_zone_is_good(const struct config_zone *zone, const struct config_findings *findings);

/*
 * Lists DIR/NAME.json, sorted by name, hidden and editors' temporary files left out.
 * 0, or a negative errno.
 */
int config_list_dir(const char *dir, char ***ret_paths, unsigned *ret_count);

#endif
