/* SPDX-License-Identifier: MIT */
/*
 * Fixed-width types and the assertion that every ABI header uses. The headers
 * in this folder are read by EL2 (freestanding), by the Linux driver and by
 * user space; nothing else of the project may be included from here.
 */
#ifndef HV_TYPES_H
#define HV_TYPES_H

#ifdef __KERNEL__
#include <linux/build_bug.h>
#include <linux/stddef.h>
#include <linux/types.h>
#else
#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#endif

#define HV_ASSERT_OFFSET(type, field, offset)                                                                \
	static_assert(offsetof(type, field) == (offset), #type "." #field " moved")
#define HV_ASSERT_SIZE(type, bytes) static_assert(sizeof(type) == (bytes), #type " changed size")

/* Stage-2 granule: all RAM and device claims are whole pages (Arm ARM D8.2). */
#define HV_PAGE_SIZE 4096u

#define HV_MAX_ZONES 32u    /* zone ids 0..31; 0 is the root zone */
#define HV_MAX_CPUS 64u     /* physical CPU numbers 0..63, bits of a u64 */
#define HV_MAX_REGIONS 64u  /* memory regions of one zone */
#define HV_MAX_INTIDS 1024u /* INTIDs 0..1023; SPIs are 32..1019 (GICv3 2.2) */
#define HV_FIRST_SPI 32u
#define HV_LAST_SPI 1019u
#define HV_NAME_SIZE 32u /* bytes with the terminating NUL: 31 characters at most */
#define HV_IPA_BITS 40u  /* guest-physical addresses are below 2^40 */

/* One bit per INTID. */
struct hv_intid_set {
	uint32_t word[HV_MAX_INTIDS / 32];
};

static inline bool hv_intid_test(const struct hv_intid_set *set, uint32_t intid)
{
	return intid < HV_MAX_INTIDS && ((set->word[intid / 32] >> (intid % 32)) & 1u) != 0;
}

static inline void hv_intid_add(struct hv_intid_set *set, uint32_t intid)
{
	if (intid < HV_MAX_INTIDS)
		set->word[intid / 32] |= 1u << (intid % 32);
}

/* A byte range [start, start + size). */
struct hv_range {
	uint64_t start;
	uint64_t size;
};
HV_ASSERT_SIZE(struct hv_range, 16);

/* True if the range is not empty and does not wrap past 2^64 - 1. */
static inline bool hv_range_valid(uint64_t start, uint64_t size)
{
	return size != 0 && start <= ~(size - 1); /* no UINT64_MAX in the kernel */
}

/* Both helpers take valid ranges only; neither computes start + size. */
static inline bool hv_range_overlaps(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	return a <= b ? b - a < a_size : a - b < b_size;
}

static inline bool hv_range_contains(uint64_t outer, uint64_t outer_size, uint64_t inner, uint64_t inner_size)
{
	return inner >= outer && inner - outer < outer_size && inner_size <= outer_size - (inner - outer);
}

#endif
