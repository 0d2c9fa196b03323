/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Zone files: from JSON text to a checked zone. Used by hvisord and by
 * `hvisorctl check`; needs no daemon, no driver, no privilege. Never logs,
 * never exits, never writes.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hv_validate.h"

#define CONFIG_MAX_FILE (1024u * 1024u) /* bytes of a zone or virtio file */
#define CONFIG_MAX_DEPTH 32u
#define CONFIG_MAX_DEVICES 32u /* virtio devices of one zone */
#define CONFIG_MAX_IMAGES 8u   /* kernel, tree, initramfs and modules of one zone */

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
	CONFIG_DEVICE_POWER_KEY, /* no virtio: a PL061 whose line 0 is a key */
	CONFIG_DEVICE_RNG,
	CONFIG_DEVICE_PL011, /* no virtio: a serial port */
	CONFIG_DEVICE_TYPES
};

#define CONFIG_MAC_SIZE 6u
#define CONFIG_SERIAL_SIZE 20u    /* of a disk, without a NUL (virtio 1.2 section 5.2.6.2) */
#define CONFIG_INTERFACE_SIZE 16u /* of a network interface's name, with its NUL: Linux' IFNAMSIZ */
#define CONFIG_MAX_QUEUES 8u      /* of a disk; pairs of a network interface */
#define CONFIG_MAX_PORTS 8u       /* of a console */
#define CONFIG_MAX_CONSOLES 16u   /* of a zone: ports of its consoles, and serial ports */

/* A device that the zone's device process serves, from a zone file or a virtio file. */
struct config_device {
	enum config_device_type type;
	uint64_t ipa; /* of its window, within a virtio region of the zone */
	uint64_t size;
	uint32_t intid;
	char *path; /* blk: the image, resolved; else NULL */
	bool readonly;
	uint32_t block_size; /* blk: in bytes, 512 or 4096 */
	char serial[CONFIG_SERIAL_SIZE + 1];
	uint32_t queues;                    /* blk; net: pairs */
	char tap[CONFIG_INTERFACE_SIZE];    /* net; never "" */
	char bridge[CONFIG_INTERFACE_SIZE]; /* net; "": none */
	uint8_t mac[CONFIG_MAC_SIZE];       /* net; never zeros */
	uint32_t ports;                     /* console */
};

/* Consoles of the zone that it carries; they are numbered in the order of the devices and their ports. */
static inline unsigned config_device_consoles(const struct config_device *device)
{
	if (device->type == CONFIG_DEVICE_PL011)
		return 1;
	return device->type == CONFIG_DEVICE_CONSOLE ? device->ports : 0;
}

enum config_image_kind {
	CONFIG_IMAGE_KERNEL,
	CONFIG_IMAGE_DTB,
	CONFIG_IMAGE_INITRD,
	CONFIG_IMAGE_MODULE,
};

#define CONFIG_SHA256_SIZE 32u

/* What goes into the zone's RAM before it starts. */
struct config_image {
	enum config_image_kind kind;
	char *path;      /* resolved against the zone file's folder; NULL: there is no file, data was made */
	uint64_t paddr;  /* host physical, in one RAM region of the zone */
	uint64_t size;   /* bytes to be loaded: of data if there is any, else of the file */
	bool has_sha256; /* of the file at path; see config_image_verify() */
	uint8_t sha256[CONFIG_SHA256_SIZE];
	void *data; /* what to load in place of the file: a tree made or patched here; or NULL */
};

enum config_restart {
	CONFIG_RESTART_NO,
	CONFIG_RESTART_ON_FAILURE,
	CONFIG_RESTART_ALWAYS,
};

/* What becomes of a zone whose device process died. */
enum config_device_failure {
	CONFIG_DEVICE_FAILURE_NEEDS_RESET,  /* another takes its place, and says so to the drivers */
	CONFIG_DEVICE_FAILURE_RESTART_ZONE, /* it counts as the zone's failure */
};

/* What the daemon does with the zone by itself. */
struct config_policy {
	bool autostart;
	enum config_restart restart;
	uint32_t restart_limit;    /* restarts in a row; 0: any number */
	uint32_t restart_delay_ms; /* before the first of them; doubles up to a minute */
	uint32_t stop_timeout_ms;  /* how long a guest may take to power off */
	enum config_device_failure device_failure;
	unsigned num_after;
	char *after[HV_MAX_ZONES]; /* names or ids as written; checked to be zones, and free of cycles */
};

/* A checked zone file. Opaque parts are the library's own. */
struct config_zone {
	char *file;      /* path as given */
	char *name;      /* from the file, or the file's stem */
	HvZoneConfig hv; /* ready for HV_CALL_ZONE_CREATE once there are no errors */
	unsigned num_images;
	struct config_image images[CONFIG_MAX_IMAGES]; /* one kernel, a tree and an initramfs at most */
	struct config_policy policy;
	unsigned num_devices;
	struct config_device devices[CONFIG_MAX_DEVICES];
	bool good; /* see config_zone_is_good() */
};

/* The zone's image of a kind (the first one of modules), or NULL. */
const struct config_image *config_zone_image(const struct config_zone *zone, enum config_image_kind kind);

void config_zone_free(struct config_zone *zone);

/* What zones are checked against. Nothing here is owned; see config_board_load() for one that is. */
struct config_board {
	const HvPlatform *platform;
	const HvZoneConfig *root; /* or NULL: nothing is checked against the root zone */
	const void *root_tree;    /* flattened device tree of the root zone; or NULL */
	size_t root_tree_size;
};

/* The board compiled in under that name ("qemu-virt"), or NULL; and its root zone. */
const HvPlatform *config_platform(const char *name);
const HvZoneConfig *config_platform_root(const char *name);

/*
 * A board from files. platform is the name of a compiled-in board, or a JSON
 * platform description (anything with a '/' or ending with .json). root_config
 * is a zone file with zone_id 0, or NULL: a compiled-in board's own root zone,
 * else none. root_tree is the file of a device tree, or NULL.
 *
 * 0 with *ret_board, to be freed with config_board_free(), and *ret_findings
 * (which may hold warnings); -EINVAL with *ret_findings alone: what is wrong;
 * -ENOMEM with both untouched.
 */
int config_board_load(const char *platform, const char *root_config, const char *root_tree,
		      struct config_board **ret_board, struct config_findings *ret_findings);

/* Only of what config_board_load() made, or NULL. */
void config_board_free(struct config_board *board);

/*
 * Reads and checks files as one set, as if they lay in one directory: zone
 * files, and virtio files (zones at top level, no zone_id) whose zones[].id
 * names one of them. Every zone is checked against itself, the board, its
 * images (exist, not empty, fit; the tree is a tree and describes the zone) and
 * its virtio devices, then all against each other and against root (if the
 * board has one). All findings are reported, not just the first; those of one file
 * stand together, by line.
 *
 * Returns 0 and *ret_zones (malloc'ed array of *ret_count, entries never NULL;
 * a zone file too broken to give a zone has none) with the findings. Unreadable
 * files are findings. A zone is good if no error names its file:
 * config_zone_is_good(). Or, with all outputs untouched, a negative errno that
 * is no file's fault and passes by itself: -ENOMEM, -EMFILE, -ENFILE …
 */
int config_check(const char *const *paths, unsigned num_paths, const struct config_board *board,
		 struct config_zone ***ret_zones, unsigned *ret_count, struct config_findings *ret_findings);

/* No finding of severity error names the zone's file or a virtio file that serves it. */
static inline bool config_zone_is_good(const struct config_zone *zone)
{
	return zone->good;
}

/* What a zone was started with, as far as somebody kept it. Nothing is owned. */
struct config_view {
	const HvZoneConfig *hv;
	const char *name;
	unsigned num_images;
	const struct config_image *images;
	unsigned num_devices;
	const struct config_device *devices;
	const struct config_policy *policy; /* or NULL: not compared */
};

/* One thing that is not as it was. */
struct config_difference {
	char *pointer; /* into the zone file (RFC 6901), whether the key stands there or not */
	char *then;    /* in words; NULL: it was not there */
	char *now;     /* in words; NULL: it is not there any more */
};

/*
 * In what a checked zone differs from what it was. 0 with a malloc'ed list, in
 * the order of the reference (NULL, 0: nothing), or -ENOMEM.
 */
int config_zone_diff(const struct config_zone *now, const struct config_view *then,
		     struct config_difference **ret_list, unsigned *ret_count);
void config_differences_free(struct config_difference *list, unsigned count);

/* "console", "blk" … as zone files have it. */
const char *config_device_name(enum config_device_type type);
/* "no", "on-failure", "always" */
const char *config_restart_name(enum config_restart restart);
/* "needs-reset", "restart-zone" */
const char *config_device_failure_name(enum config_device_failure failure);

/* NAME.json, and no hidden or editor's temporary file: name is without a directory. */
bool config_is_zone_file(const char *name);

/*
 * Lists DIR/NAME.json, sorted by name, hidden and editors' temporary files left out.
 * 0, or a negative errno.
 */
int config_list_dir(const char *dir, char ***ret_paths, unsigned *ret_count);

/*
 * The same of several directories, of which an earlier one goes before a later
 * one: of files with one name only the first counts, and if that is empty or a
 * link to /dev/null none does. An empty file with none below it is listed. A
 * directory that does not exist is as an empty one. Sorted by name.
 */
int config_list_dirs(const char *const *dirs, unsigned num_dirs, char ***ret_paths, unsigned *ret_count);

/*
 * Reads an image's file and compares it with sha256. 0: the same, or there is
 * nothing to compare with; -EKEYREJECTED: another content; -ECANCELED: *abort
 * became true (abort may be NULL); or a negative errno of reading. For worker
 * threads; config_check() does not read kernels.
 */
int config_image_verify(const struct config_image *image, const atomic_bool *abort);

/*
 * The same for all images of a zone, for people who check files. What is wrong
 * is added to the findings, and the zone is not good any more. 0, or a shortage
 * as of config_check().
 */
int config_zone_verify(struct config_zone *zone, struct config_findings *findings);

#endif
