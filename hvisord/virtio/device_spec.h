/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A device on the device process's command line: TYPE,IPA,SIZE,INTID[,KEY=VALUE]…
 *
 * | type      | what it is                                            | keys                              |
 * | console   | virtio console (5.3)                                  | ports=N                           |
 * | blk       | virtio block device (5.2)                             | fd=N ro=0|1 queues=N block=N serial=HEX |
 * | net       | virtio network device (5.1)                           | fd=N queues=N mac=HEX             |
 * | rng       | virtio entropy device (5.4)                           |                                   |
 * | pl011     | PL011, a serial port, see pl011.h                     |                                   |
 * | power_key | PL061 whose line 0 is the key, see gpio_pl061.h       |                                   |
 * | region    | windows of 0x200 bytes in which devices may lie       |                                   |
 *
 * fd is that of the disk, or of the first of as many taps as there are queues;
 * block bytes are a block; serial and mac are bytes, two digits each.
 */
#ifndef DEVICE_SPEC_H
#define DEVICE_SPEC_H

#include <stdbool.h>
#include <stdint.h>

#define DEVICE_MAC_SIZE 6u
#define DEVICE_SERIAL_SIZE 20u /* virtio 1.2 section 5.2.6.2 */
#define DEVICE_MAX_QUEUES 8u   /* of a disk; pairs of a network device */
#define DEVICE_MAX_PORTS 8u    /* of a console */

enum device_kind {
	DEVICE_KIND_CONSOLE,
	DEVICE_KIND_BLK,
	DEVICE_KIND_NET,
	DEVICE_KIND_RNG,
	DEVICE_KIND_PL011,
	DEVICE_KIND_POWER_KEY,
	DEVICE_KIND_REGION,
	DEVICE_KINDS
};

struct device_spec {
	enum device_kind kind;
	uint64_t ipa;
	uint64_t size;
	uint32_t intid;
	int fd; /* -1: none */
	bool readonly;
	uint32_t queues;
	uint32_t block;
	uint32_t ports;
	uint8_t mac[DEVICE_MAC_SIZE];
	char serial[DEVICE_SERIAL_SIZE + 1];
};

/* 0, or -EINVAL. */
int device_spec_parse(const char *text, struct device_spec *ret_spec);

#endif
