/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A zone's RAM as the device process has it mapped, and the only way to it.
 * The guest may write to every byte of it at any time: each word is loaded
 * exactly once, with the helpers below, and judged afterwards.
 *
 * Guest and process are both little-endian (virtio 1.2 section 1.4), and run
 * coherently on CPUs of one inner-shareable domain, so that C11 ordering of
 * plain memory is all the ordering there is.
 */
#ifndef GUEST_MEMORY_H
#define GUEST_MEMORY_H

#include <stdint.h>
#include <string.h>

#include "hv_types.h"

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "virtio structures are read in place");

/* [ipa, ipa + size) lies at host. */
struct guest_range {
	uint64_t ipa;
	uint64_t size;
	uint8_t *host;
};

/* Zeroed: no memory. Ranges do not overlap. */
struct guest_memory {
	unsigned count;
	struct guest_range range[HV_MAX_REGIONS];
};

/*
 * Adds a range; one that continues the last one added, in guest and host
 * addresses, becomes part of it, so that a buffer may reach across.
 * -EINVAL: empty, wraps or overlaps. -ENOSPC: too many.
 */
int guest_memory_add(struct guest_memory *memory, uint64_t ipa, uint64_t size, void *host);

/* Where [ipa, ipa + size) is; NULL if it is empty, wraps, or is not wholly in one range. */
void *guest_memory_at(const struct guest_memory *memory, uint64_t ipa, uint64_t size);

/* Single loads and stores of naturally aligned words. */
static inline uint16_t guest_load16(const uint16_t *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

static inline uint16_t guest_load16_acquire(const uint16_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static inline void guest_store16(uint16_t *word, uint16_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELAXED);
}

static inline void guest_store16_release(uint16_t *word, uint16_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

static inline void guest_store32(uint32_t *word, uint32_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELAXED);
}

/* Orders our earlier stores before our later loads. */
static inline void guest_fence(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* A snapshot, of any alignment: the compiler may not go back to the source afterwards. */
static inline void guest_snapshot(void *to, const void *from, size_t size)
{
	memcpy(to, from, size);
	__asm__ volatile("" : : : "memory");
}

#endif
