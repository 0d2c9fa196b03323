/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stable reasons of findings: a program may test for them, so they are never
 * renamed. With these go json.* (proto/json_strict.h) and, from the validator
 * that EL2 runs as well, the zone.* of hv_violation_name().
 */
#ifndef CONFIG_REASON_H
#define CONFIG_REASON_H

/* The file itself. */
#define REASON_FILE_UNREADABLE "file.unreadable"   /* does not exist, no permission … */
#define REASON_FILE_NOT_REGULAR "file.not_regular" /* a folder, a device, a pipe */
#define REASON_FILE_TOO_LARGE "file.too_large"     /* past CONFIG_MAX_FILE */

/* A platform description. */
#define REASON_BOARD_UNKNOWN "board.unknown"       /* no board of this name is compiled in */
#define REASON_BOARD_RANGE "board.range"           /* not whole pages, or past 2^64 */
#define REASON_BOARD_OVERLAP "board.overlap"       /* two ranges that meet */
#define REASON_BOARD_HYPERVISOR "board.hypervisor" /* the hypervisor's range is no RAM */
#define REASON_BOARD_GIC "board.gic"               /* not a GICv3 as the hypervisor needs it */
#define REASON_BOARD_CPU "board.cpu"               /* an affinity twice */

/* One value, whatever it means. */
#define REASON_TYPE "config.type"               /* the wrong JSON type */
#define REASON_MISSING "config.missing"         /* a key without default is not there */
#define REASON_UNKNOWN_KEY "config.unknown_key" /* no such key in this object */
#define REASON_NUMBER "config.number"           /* no whole number as zone files write it */
#define REASON_RANGE "config.range"             /* a whole number, but too small or too large */
#define REASON_WORD "config.word"               /* none of the words that may stand there */
#define REASON_LENGTH "config.length"           /* a string too short or too long */
#define REASON_TOO_MANY "config.too_many"       /* more elements than fit */
#define REASON_DUPLICATE "config.duplicate"     /* an element twice */
#define REASON_UNSUPPORTED "config.unsupported" /* a known key that asks for what is not there yet */
#define REASON_MORE "config.more_findings"      /* the file has more findings than are shown */

/* A zone. */
#define REASON_ZONE_ARCH "zone.arch"               /* made for another architecture */
#define REASON_ZONE_NO_PCI "zone.no_pci"           /* the board has no PCI that zones may own */
#define REASON_ZONE_NAME "zone.name"               /* shared with HV_VIOLATION_NAME */
#define REASON_ZONE_NAME_SHARED "zone.name_shared" /* warning: two zones of one name */

#define REASON_ZONE_AFTER_UNKNOWN "zone.after_unknown" /* no zone of the set has this name or id */
#define REASON_ZONE_AFTER_CYCLE "zone.after_cycle"     /* the zone waits for itself */

/* Its images. */
#define REASON_IMAGE_MISSING "zone.image_missing"
#define REASON_IMAGE_NOT_REGULAR "zone.image_not_regular"
#define REASON_IMAGE_UNREADABLE "zone.image_unreadable"
#define REASON_IMAGE_EMPTY "zone.image_empty"
#define REASON_IMAGE_TOO_LARGE "zone.image_too_large"
#define REASON_IMAGE_BSS "zone.image_bss"         /* warning: the kernel needs more RAM than it finds */
#define REASON_IMAGE_RANGE "zone.image_range"     /* not in one RAM region; kernel and tree: *_range */
#define REASON_IMAGE_NO_ROOM "zone.image_no_room" /* there is no RAM left for it */
#define REASON_IMAGE_OVERLAP "zone.image_overlap" /* shared with HV_VIOLATION_IMAGE_OVERLAP */
#define REASON_IMAGE_SHA256 "zone.image_sha256"   /* not the content that sha256 asks for */
#define REASON_DTB_BAD "zone.dtb_bad"             /* no flattened device tree */
#define REASON_DTB_MEMORY "zone.dtb_memory"       /* its memory and the zone's RAM differ */
#define REASON_DTB_CHOSEN "zone.dtb_chosen"       /* /chosen: bootargs, stdout-path */
#define REASON_DTB_INITRD "zone.dtb_initrd" /* the initramfs of /chosen: outside RAM, or over something */
#define REASON_DTB_CPUS "zone.dtb_cpus"     /* its CPUs and the zone's differ */
#define REASON_DTB_GIC "zone.dtb_gic"       /* its interrupt controller is not the zone's */
#define REASON_DTB_TIMER "zone.dtb_timer"   /* its timer has other interrupts, or is missing */
#define REASON_DTB_PSCI "zone.dtb_psci"     /* PSCI by another method, or missing */
#define REASON_DTB_VIRTIO "zone.dtb_virtio" /* its virtio nodes and the zone's devices differ */
#define REASON_DTB_DEVICE "zone.dtb_device" /* a device's registers are not the zone's */
#define REASON_DTB_INTERRUPT "zone.dtb_interrupt" /* a device's interrupt is not the zone's */
#define REASON_DTB_REFERENCE "zone.dtb_reference" /* a phandle of nothing, or a circle of them */
#define REASON_DTB_DROPPED "zone.dtb_dropped"     /* warning: left out of a tree that was made */

/* Its virtio devices. */
#define REASON_VIRTIO_NO_ZONE "virtio.no_zone" /* warning: no zone file has that id */
#define REASON_VIRTIO_UNSUPPORTED "virtio.unsupported"
#define REASON_VIRTIO_WINDOW "virtio.window"   /* not aligned, or not in a virtio region of the zone */
#define REASON_VIRTIO_OVERLAP "virtio.overlap" /* two devices in one window */
#define REASON_VIRTIO_IRQ "virtio.irq"         /* not one of the zone's interrupts, or two devices' */
#define REASON_VIRTIO_IMAGE "virtio.image"     /* a disk that cannot be read, or of the wrong kind */
#define REASON_VIRTIO_IMAGE_FORMAT "virtio.image_format" /* not raw */
#define REASON_VIRTIO_IMAGE_SIZE "virtio.image_size"     /* nothing, or no whole blocks */
#define REASON_VIRTIO_IMAGE_SHARED "virtio.image_shared" /* of two devices, of which one writes */
#define REASON_VIRTIO_INTERFACE "virtio.interface" /* no name of an interface, or another device's tap */
#define REASON_VIRTIO_MAC "virtio.mac"             /* not of one interface, or another device's */
#define REASON_VIRTIO_NO_ID "virtio.no_id"         /* an older virtio file's device names no zone */
#define REASON_VIRTIO_MEMORY "virtio.memory"       /* does not agree with the zone's RAM */

#endif
