/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Software generated interrupts: trapped ICC_SGI*R_EL1 writes and their state bits. */
#include "vgic.h"

#define AFFINITY_321 0x00ff00ff00ff0000ull
#define RANGE_SELECTOR (0xfull << 44)
#define ALL_BUT_SELF (1ull << 40)

/* vCPU n has affinity 0.0.(n / 16).(n % 16). Bits of vCPUs that exist. */
static uint64_t targets_of(const struct vcpu *vcpu, uint64_t value)
{
	uint64_t all = vcpu->zone->arch.vcpus;
	uint64_t aff1 = (value >> 16) & 0xff;

	if (value & ALL_BUT_SELF)
		return all & ~(1ull << vcpu->index);
	if ((value & (AFFINITY_321 & ~0xff0000ull)) != 0 || (value & RANGE_SELECTOR) != 0 || aff1 >= 4)
		return 0;
	return (value & 0xffff) << (aff1 * 16) & all;
}

static void raise_sgi(struct vcpu *target, uint32_t intid, bool group0_only)
{
	uint32_t bit = 1u << intid;

	if (group0_only && (target->arch.attr[intid] & VGIC_ATTR_GROUP1))
		return;
	if (__atomic_load_n(&target->arch.sgi_enabled, __ATOMIC_RELAXED) & bit)
		vgic_raise(target, intid);
	else
		__atomic_fetch_or(&target->arch.sgi_latched, bit, __ATOMIC_RELAXED);
}

void vgic_send_sgi(struct vcpu *vcpu, uint64_t value, bool group0_only)
{
	uint32_t intid = (uint32_t)(value >> 24) & 0xf;

	for (uint64_t left = targets_of(vcpu, value); left != 0; left &= left - 1)
		raise_sgi(vcpu->zone->vcpu[__builtin_ctzll(left)], intid, group0_only);
}
