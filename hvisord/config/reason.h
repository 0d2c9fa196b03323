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

/* Its images. */
#define REASON_IMAGE_MISSING "zone.image_missing"
#define REASON_IMAGE_NOT_REGULAR "zone.image_not_regular"
#define REASON_IMAGE_UNREADABLE "zone.image_unreadable"
#define REASON_IMAGE_EMPTY "zone.image_empty"
#define REASON_IMAGE_TOO_LARGE "zone.image_too_large"
#define REASON_IMAGE_BSS "zone.image_bss"   /* warning: the kernel needs more RAM than it finds */
#define REASON_DTB_BAD "zone.dtb_bad"       /* no flattened device tree */
#define REASON_DTB_MEMORY "zone.dtb_memory" /* the tree names memory that the zone does not have */
#define REASON_DTB_INITRD "zone.dtb_initrd" /* the initramfs of /chosen lies outside the zone's RAM */
#define REASON_DTB_CPUS "zone.dtb_cpus"     /* warning: the tree has more CPUs than the zone */

/* Its virtio devices. */
#define REASON_VIRTIO_NO_ZONE "virtio.no_zone" /* warning: no zone file has that id */
#define REASON_VIRTIO_UNSUPPORTED "virtio.unsupported"
#define REASON_VIRTIO_WINDOW "virtio.window"   /* not aligned, or not in a virtio region of the zone */
#define REASON_VIRTIO_OVERLAP "virtio.overlap" /* two devices in one window */
#define REASON_VIRTIO_IRQ "virtio.irq"         /* not one of the zone's interrupts, or two devices' */
#define REASON_VIRTIO_MEMORY "virtio.memory"   /* does not agree with the zone's RAM */

#endif
