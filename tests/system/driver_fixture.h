/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the driver's tests share. They run in the root zone of QEMU virt, as
 * root, with nobody else using zones 5 and 6, CPUs 2 and 3 and the RAM from
 * 0x90000000. Each case is a process of its own (unit/test.h): a failed CHECK
 * ends it, and the fixture takes away the zones it left.
 */
#ifndef DRIVER_FIXTURE_H
#define DRIVER_FIXTURE_H

#include "hv_ioctl.h"
#include "hv_validate.h"
#include "test.h"

#define ZONE 5u
#define OTHER_ZONE 6u

/* Two regions that adjoin for the guest and lie apart in the machine, then a gap. */
#define RAM_IPA 0x40000000ull
#define RAM_SIZE 0x400000ull
#define RAM_PA 0x90000000ull
#define HIGH_IPA (RAM_IPA + RAM_SIZE)
#define HIGH_SIZE 0x10000ull
#define HIGH_PA 0x90800000ull
#define VIRTIO_IPA 0x0a003c00ull
#define VIRTIO_INTID 78u
#define PAGE 4096ull

struct driver_case {
	const char *name;
	void (*fn)(const void *arg);
	const void *arg;
};

struct driver_suite {
	const struct driver_case *cases;
	size_t count;
};

#define CASE(function)                                                                                       \
	{                                                                                                    \
		.name = #function, .fn = function                                                            \
	}

extern const struct driver_suite driver_calls, driver_configs, driver_memory, driver_guests, driver_takeover;

/* Where the module lies, for the cases that load it again; NULL: they are left out. */
extern const char *driver_module;

/* 0 or a negative errno. */
int call(int fd, unsigned long cmd, const void *arg);
int call_zone(int fd, unsigned long cmd, uint32_t zone);

/* Handles; a failure ends the case. */
int open_driver(void);
int open_bound(uint32_t zone);

/* A config that is fine: ZONE on CPU 3, or OTHER_ZONE on CPU 2 with its RAM 16 MiB higher. */
HvZoneConfig good_config(uint32_t zone);
int create(const HvZoneConfig *config, struct hv_violation *ret_violation);
void create_good(uint32_t zone, uint32_t flags);

struct hv_zone_status status_of(uint32_t zone);
/* As a TAP comment. */
void print_status(uint32_t zone);
/* False, with the status printed, if the zone is not in that state after 20 s. */
bool wait_state(uint32_t zone, uint32_t state);
void start_zone(uint32_t zone);
/* From whatever state to none at all; quiet if there is no such zone. */
void remove_zone(uint32_t zone);

/* MAP_FAILED as mmap gives it. */
void *map(int fd, uint64_t offset, uint64_t size);
/* As mmap, but a failure ends the case. */
void *map_ram(int fd, uint64_t offset, uint64_t size);

/* 0, or the signal that reading (and writing) a byte there raises. Any thread. */
int touch(volatile void *at);
int peek(const volatile void *at);

/* An eventfd that does not block; its count since the last look, waiting up to timeout_ms for one. */
int make_eventfd(void);
uint64_t take_events(int fd, int timeout_ms);

/* Guests of a few instructions, loaded at a zone's RAM_IPA. */
struct guest {
	const void *code;
	size_t size;
};
struct guest guest_park(void);   /* sleeps for ever */
struct guest guest_notify(void); /* stores to QueueNotify for ever */
struct guest guest_ask(void);    /* loads a word from VIRTIO_IPA, stores it at RAM_IPA + PAGE, powers off */

#endif
