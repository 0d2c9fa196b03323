/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A driver that may do anything to a virtio device of any type, led by a
 * fuzzer's input: any register access, any bytes in guest memory, and now and
 * then something sensible, so that queues are walked deeply and requests come
 * close to being right. RAM ends in pages that nobody may touch. After each
 * input a reset must give back a device that serves a chain.
 */
#ifndef FUZZ_DRIVER_H
#define FUZZ_DRIVER_H

#include "fuzz.h"
#include "virtio_mmio.h"

#define FUZZ_PAGE 4096u
#define FUZZ_RAM 0x50000000ull
#define FUZZ_RAM_SIZE (48u * FUZZ_PAGE)
#define FUZZ_HIGH 0x58000000ull /* one page more */
#define FUZZ_INTID 78u

struct fuzz_driver {
	struct fuzz_input input;
	struct guest_memory memory;
	struct virtio_host host;
	uint8_t *ram;
	struct virtio_device *device;
	unsigned interrupts;
	bool waiting; /* for the host's side, which may take its time */
};

/* What is special about a type of device; pointers may be NULL but works. */
struct fuzz_type {
	uint64_t features; /* of the type: any of them is agreed on, or not */
	/* A request's first bytes, 64 at most, likely ones: how many. */
	uint32_t (*head)(struct fuzz_driver *driver, uint32_t queue, uint8_t *head);
	/* Something that happens on the host's side. */
	void (*outside)(struct fuzz_driver *driver);
	/* Lets the host's side do what was asked of it; called until false. */
	bool (*settle)(struct fuzz_driver *driver);
	/* What a working device takes: puts head bytes at head, says the size and direction of what follows. */
	uint32_t (*works)(uint8_t *head, uint32_t *ret_queue, uint32_t *ret_data, bool *ret_writable);
};

/* Once: RAM and host. The device is the caller's to make, and to put into driver. */
void fuzz_driver_init(struct fuzz_driver *driver);

/* One input, from reset to reset. */
void fuzz_driver_run(struct fuzz_driver *driver, const struct fuzz_type *type, const uint8_t *data,
		     size_t size);

#endif
