/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtio-mmio transport, version 2 (virtio 1.2 section 4.2.2): what a
 * load or store in a device's window means. Control registers take aligned
 * 32-bit accesses (4.2.2.2), the configuration space behind them aligned ones
 * of 1, 2, 4 or 8 bytes. Anything else reads as zero and writes nothing, as
 * do registers of the other direction and offsets that hold none.
 */
#ifndef VIRTIO_MMIO_H
#define VIRTIO_MMIO_H

#include "device_bus.h"
#include "virtio_device.h"

#define VIRTIO_MMIO_WINDOW 0x200u       /* bytes of a window without further need */
#define VIRTIO_MMIO_MAGIC 0x74726976u   /* "virt" */
#define VIRTIO_MMIO_VERSION 2u          /* not legacy */
#define VIRTIO_MMIO_VENDOR 0x4f535648u  /* "HVSO" */
#define VIRTIO_MMIO_CONFIG 0x100u       /* where the configuration space begins */
#define VIRTIO_MMIO_QUEUE_NOTIFY 0x050u /* the register whose stores nobody waits for */

/*
 * device may be NULL: a window without a device, which answers with magic,
 * version and DeviceID 0 so that a driver passes it by (4.2.3.1.1). offset
 * counts from the start of the window.
 */
uint64_t virtio_mmio_read(struct virtio_device *device, uint64_t offset, uint32_t size);
void virtio_mmio_write(struct virtio_device *device, uint64_t offset, uint32_t size, uint64_t value);

/* The same for the bus; they take a struct virtio_device. */
extern const struct device_ops virtio_mmio_ops;

#endif
