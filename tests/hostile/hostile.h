/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A driver that does everything wrong that virtio 1.2 names: one table of
 * cases, run by a bare-metal guest in a zone of the real stack
 * (tests/system/hostile_test.py), and natively against the device process's
 * library, where sanitizers see it (tests/unit/test_hostile.c).
 *
 * Each case meets a device that works, and says whether that must break it
 * (DEVICE_NEEDS_RESET) or must not. After each, every other device of the zone
 * still does its work without a reset, and after a reset this one does.
 */
#ifndef HOSTILE_H
#define HOSTILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The zone, the same natively and in QEMU. */
#define HOSTILE_RAM 0x50000000ull
#define HOSTILE_RAM_SIZE 0x1000000ull
#define HOSTILE_RAM_END (HOSTILE_RAM + HOSTILE_RAM_SIZE)
#define HOSTILE_ARENA 0x50800000ull /* what the driver uses of it: HOSTILE_SHARE for each device */
#define HOSTILE_SHARE 0x80000ull
#define HOSTILE_FOREIGN 0x60000000ull /* RAM of another zone, if of anybody */
#define HOSTILE_REGION 0x0a000000ull  /* windows, with devices or without */
#define HOSTILE_EMPTY 0x0a000e00ull   /* a window without a device */
#define HOSTILE_DISK_SECTORS 2048ull  /* of both disks */
#define HOSTILE_QUEUES 6u             /* of a device, at most */
#define HOSTILE_SIZE 8u               /* entries of its queues */

enum hostile_kind { H_CONSOLE, H_BLK, H_BLK_RO, H_NET, H_RNG, H_PL011, H_KEY, H_KINDS };

#define H_ON(kind) (1u << (kind))
#define H_VIRTIO (H_ON(H_CONSOLE) | H_ON(H_BLK) | H_ON(H_NET) | H_ON(H_RNG))

struct hostile_device {
	const char *name;
	enum hostile_kind kind;
	uint64_t ipa;
	uint32_t intid;
	uint32_t id; /* virtio's, or 0 */
	uint32_t queues;
	uint64_t features; /* of its type, that are agreed on */
	uint32_t queue;    /* one that takes what the driver gives at once */
	bool writable;     /* and those are buffers for the device to write */
	uint64_t arena;
	uint16_t offered[HOSTILE_QUEUES];
	uint16_t used[HOSTILE_QUEUES];
};

extern struct hostile_device hostile_device[H_KINDS];

enum hostile_outcome {
	H_BREAKS,   /* the device asks for a reset */
	H_SURVIVES, /* it does not, and goes on */
	H_EITHER,   /* as it comes */
};

struct hostile_case {
	const char *name;
	uint32_t kinds; /* H_ON() of those it is for */
	enum hostile_outcome want;
	void (*run)(struct hostile_device *device);
};

/* The platform's part. */
uint64_t hostile_load(uint64_t ipa, uint32_t size);
void hostile_store(uint64_t ipa, uint32_t size, uint64_t value);
void *hostile_at(uint64_t ipa);                         /* a place in RAM */
bool hostile_until(bool (*done)(void *arg), void *arg); /* false: it did not come about in good time */
unsigned hostile_interrupts(uint32_t intid);            /* taken so far */
void hostile_say(const char *text);
void hostile_go_on(void); /* before each case */
/* Runs work() again and again on another CPU until hostile_race_end(). */
void hostile_race(void (*work)(struct hostile_device *device), struct hostile_device *device);
void hostile_race_end(void);

/* Runs the cases that need another CPU, or the others. Returns how many failed; *ret_cases: of how many. */
unsigned hostile_run(bool races, unsigned *ret_cases);

/* Notes that something is not as it must be; the first one counts. */
void h_fail(const char *what);
const char *hostile_failure(void); /* or NULL */
#define H_CHECK(condition, what)                                                                             \
	do {                                                                                                 \
		if (!(condition))                                                                            \
			h_fail(what);                                                                        \
	} while (0)

/* Registers (virtio 1.2 section 4.2.2). */
enum {
	H_MAGIC = 0x000,
	H_DEVICE_ID = 0x008,
	H_DEVICE_FEATURES = 0x010,
	H_DEVICE_FEATURES_SEL = 0x014,
	H_DRIVER_FEATURES = 0x020,
	H_DRIVER_FEATURES_SEL = 0x024,
	H_QUEUE_SEL = 0x030,
	H_QUEUE_NUM_MAX = 0x034,
	H_QUEUE_NUM = 0x038,
	H_QUEUE_READY = 0x044,
	H_QUEUE_NOTIFY = 0x050,
	H_INTERRUPT_STATUS = 0x060,
	H_INTERRUPT_ACK = 0x064,
	H_STATUS = 0x070,
	H_QUEUE_DESC = 0x080,
	H_QUEUE_DRIVER = 0x090,
	H_QUEUE_DEVICE = 0x0a0,
	H_QUEUE_RESET = 0x0c0,
	H_GENERATION = 0x0fc,
	H_CONFIG = 0x100,
};

/* Bits of the status (2.1), of features (6), of descriptors (2.7.5). */
#define H_DRIVER_OK 0x04u
#define H_FEATURES_OK 0x08u
#define H_NEEDS_RESET 0x40u
#define H_F_INDIRECT (1ull << 28)
#define H_F_EVENT_IDX (1ull << 29)
#define H_F_VERSION_1 (1ull << 32)
#define H_F_RING_RESET (1ull << 40)
#define H_NEXT 1u
#define H_WRITE 2u
#define H_INDIRECT 4u

/* A device's share of the arena. */
static inline uint64_t h_desc(const struct hostile_device *device, uint32_t q)
{
	return device->arena + q * 0x4000ull;
}

static inline uint64_t h_avail(const struct hostile_device *device, uint32_t q)
{
	return h_desc(device, q) + 0x1000;
}

static inline uint64_t h_used(const struct hostile_device *device, uint32_t q)
{
	return h_desc(device, q) + 0x2000;
}

static inline uint64_t h_table(const struct hostile_device *device)
{
	return device->arena + 0x18000;
}

static inline uint64_t h_buffer(const struct hostile_device *device)
{
	return device->arena + 0x20000;
}

uint32_t h_get(const struct hostile_device *device, uint32_t offset);
void h_set(const struct hostile_device *device, uint32_t offset, uint32_t value);
void h_set64(const struct hostile_device *device, uint32_t offset, uint64_t value);
void h_fill(uint64_t ipa, uint8_t byte, size_t size);
void h_put(uint64_t ipa, const void *from, size_t size);

/* From reset: what a driver does up to FEATURES_OK, for a queue, and to the end. */
bool h_negotiate(struct hostile_device *device, uint64_t features);
void h_place(struct hostile_device *device, uint32_t q, uint32_t size);
void h_live(struct hostile_device *device);
void h_start(struct hostile_device *device, uint64_t features);

/* A descriptor of a queue's table, and of an indirect one; a head for the device, without notification. */
void h_describe(struct hostile_device *device, uint32_t q, uint32_t index, uint64_t addr, uint32_t len,
		unsigned flags, unsigned next);
void h_describe_at(uint64_t table, uint32_t index, uint64_t addr, uint32_t len, unsigned flags,
		   unsigned next);
void h_offer(struct hostile_device *device, uint32_t q, unsigned head);
void h_notify(const struct hostile_device *device, uint32_t q);
/* One descriptor in the device's own queue, of the direction that is right or not, notified. */
void h_send(struct hostile_device *device, uint64_t addr, uint32_t len, unsigned flags, unsigned next);
/* The flag that a buffer in the device's own queue has. */
static inline unsigned h_way(const struct hostile_device *device)
{
	return device->writable ? H_WRITE : 0;
}

/* What was notified has been looked at. */
void h_settle(const struct hostile_device *device);
/* Waits for one more used element of a queue; false if there is none, or the device broke. */
bool h_await(struct hostile_device *device, uint32_t q, uint32_t *ret_id, uint32_t *ret_len);
bool h_is_broken(const struct hostile_device *device);
/* As it is, live, the device does what it is for. */
void h_check_works(struct hostile_device *device);

/* Each file's cases. */
extern const struct hostile_case hostile_registers[], hostile_queues[], hostile_blk[], hostile_net[],
	hostile_serial[], hostile_races[];
extern const unsigned hostile_num_registers, hostile_num_queues, hostile_num_blk, hostile_num_net,
	hostile_num_serial, hostile_num_races;

/* Disk: a request's answer, or 0xff. data of that many bytes at h_buffer() + 0x1000. */
uint8_t h_request(struct hostile_device *device, uint32_t type, uint64_t sector, uint32_t bytes);

#endif
