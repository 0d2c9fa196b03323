/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vgic.h"

#include "arch_cpu.h"
#include "irq.h"
#include "vgic_lr.h"

/* ICC_SGI1R_EL1 (GICv3 12.2.20) */
#define AFFINITY_321 0x00ff00ff00ff0000ull
#define RANGE_SELECTOR (0xfull << 44)
#define ALL_BUT_SELF (1ull << 40)

static uint64_t lr_of(vgic_attr attr, uint32_t intid)
{
	uint64_t lr = (uint64_t)attr << 48 | intid;

	return attr & VGIC_ATTR_HW ? lr | (uint64_t)intid << 32 : lr;
}

static uint32_t lr_priority(uint64_t lr)
{
	return (uint32_t)(lr >> ICH_LR_PRIORITY_SHIFT) & VGIC_ATTR_PRIORITY;
}

static void set_pending(struct vcpu *vcpu, uint32_t intid)
{
	uint32_t word = intid / 32;

	__atomic_fetch_or(&vcpu->arch.pending[word], 1u << intid % 32, __ATOMIC_RELAXED);
	if (word != 0) /* the first is always looked at */
		__atomic_fetch_or(&vcpu->arch.news, 1u << word, __ATOMIC_RELEASE);
}

bool vgic_take_pending(struct vcpu *vcpu, uint32_t intid)
{
	uint32_t bit = 1u << intid % 32;

	return (__atomic_fetch_and(&vcpu->arch.pending[intid / 32], ~bit, __ATOMIC_RELAXED) & bit) != 0;
}

/*
 * No list register is free. The least urgent one that the guest has not taken
 * gives way if it is less urgent than the new one; the other of the two waits.
 * Maintenance comes when all listed ones are taken (NPIE) or one at most is
 * left (UIE); NPIE only where something is there to be taken, or it would
 * come for ever.
 */
static void overflow(struct vcpu *vcpu, uint32_t intid)
{
	vgic_attr attr = *vgic_attr_of(vcpu, intid);
	uint32_t worst = VGIC_NONE, worst_priority = 0;
	uint64_t enable = ICH_HCR_UIE;

	for (uint32_t left = lr_mask(); left != 0; left &= left - 1) {
		uint32_t n = (uint32_t)__builtin_ctz(left);
		uint64_t lr = lr_read(n);

		if ((lr & (ICH_LR_PENDING | ICH_LR_ACTIVE)) != ICH_LR_PENDING)
			continue;
		enable |= ICH_HCR_NPIE;
		if (worst == VGIC_NONE || lr_priority(lr) > worst_priority) {
			worst = n;
			worst_priority = lr_priority(lr);
		}
	}
	if (worst != VGIC_NONE && (attr & VGIC_ATTR_PRIORITY) < worst_priority) {
		uint32_t evicted = lr_intid(lr_read(worst));

		lr_write(worst, lr_of(attr, intid));
		intid = evicted;
	}
	set_pending(vcpu, intid);
	write_sysreg(ich_hcr_el2, read_sysreg(ich_hcr_el2) | enable);
}

/* The one free list register most often is the first. Returns false if there is none. */
static inline bool list(uint32_t free, uint64_t lr)
{
	if (free & 1)
		write_sysreg(ich_lr0_el2, lr);
	else if (free != 0)
		lr_write((uint32_t)__builtin_ctz(free), lr);
	return free != 0;
}

/*
 * An interrupt without hardware behind it may be in a list register already:
 * then it is pending there, or becomes pending and active.
 */
static bool merge(uint32_t used, uint32_t intid)
{
	for (uint32_t left = used; left != 0; left &= left - 1) {
		uint32_t n = (uint32_t)__builtin_ctz(left);
		uint64_t lr = lr_read(n);

		if (lr_intid(lr) == intid) {
			lr_write(n, lr | ICH_LR_PENDING);
			return true;
		}
	}
	return false;
}

/* Returns false if it had to go to the pending set. */
static bool deliver(struct vcpu *vcpu, uint32_t intid)
{
	vgic_attr attr = *vgic_attr_of(vcpu, intid);
	uint32_t free = lr_free();

	if (!(attr & VGIC_ATTR_PENDING)) /* not this zone's, or not any more */
		return true;
	if (!(attr & VGIC_ATTR_HW) && (free ^ vcpu->arch.lrs) != 0 && merge(vcpu->arch.lrs & ~free, intid))
		return true;
	if (list(free, lr_of(attr, intid)))
		return true;
	overflow(vcpu, intid);
	return false;
}

void vgic_raise(struct vcpu *vcpu, uint32_t intid)
{
	if (vcpu == this_cpu()->vcpu) {
		deliver(vcpu, intid);
		return;
	}
	set_pending(vcpu, intid);
	dsb(ishst);
	write_sysreg(icc_sgi1r_el1, vcpu->arch.kick);
}

/* vCPU n has affinity 0.0.(n / 16).(n % 16). Bits of vCPUs that exist. */
static uint64_t targets_of(const struct vcpu *vcpu, uint64_t value)
{
	uint64_t all = vcpu->arch.vcpus;
	uint64_t aff1 = (value >> 16) & 0xff;

	if ((value & (AFFINITY_321 | RANGE_SELECTOR | ALL_BUT_SELF)) == 0)
		return value & 0xffff & all;
	if (value & ALL_BUT_SELF)
		return all & ~(1ull << vcpu->index);
	if ((value & (AFFINITY_321 & ~0xff0000ull)) != 0 || (value & RANGE_SELECTOR) != 0 || aff1 >= 4)
		return 0;
	return (value & 0xffff) << (aff1 * 16) & all;
}

/*
 * Disabled, it is latched. Who enables it stores that first and then takes
 * what is latched; here it is the other way round. So one of the two sees it.
 */
static __attribute__((noinline, cold)) bool is_latched(struct vcpu *target, uint32_t bit)
{
	__atomic_fetch_or(&target->arch.sgi_latched, bit, __ATOMIC_SEQ_CST);
	if (!(__atomic_load_n(&target->arch.sgi_enabled, __ATOMIC_SEQ_CST) & bit))
		return true;
	return !(__atomic_fetch_and(&target->arch.sgi_latched, ~bit, __ATOMIC_SEQ_CST) & bit);
}

static void raise_sgi(struct vcpu *target, uint32_t intid, bool group0_only)
{
	uint32_t bit = 1u << intid;

	if (group0_only && (target->arch.attr[intid] & VGIC_ATTR_GROUP1))
		return;
	if ((__atomic_load_n(&target->arch.sgi_enabled, __ATOMIC_RELAXED) & bit) || !is_latched(target, bit))
		vgic_raise(target, intid);
}

void vgic_raise_sgi(struct vcpu *vcpu, uint32_t intid)
{
	raise_sgi(vcpu, intid, false);
}

void vgic_send_sgi(struct vcpu *vcpu, uint64_t value, bool group0_only)
{
	uint32_t intid = (uint32_t)(value >> 24) & 0xf;

	uint64_t left = targets_of(vcpu, value);

	for (; left != 0; left &= left - 1)
		raise_sgi(vcpu->zone->vcpu[__builtin_ctzll(left)], intid, group0_only);
}

/* En is the zone's GICD_CTLR as far as this CPU is concerned. */
static void follow_ctlr(const struct vcpu *vcpu)
{
	uint64_t hcr = read_sysreg(ich_hcr_el2) & ~ICH_HCR_EN;

	if (__atomic_load_n(&vcpu->zone->arch.ctlr, __ATOMIC_ACQUIRE) != 0)
		hcr |= ICH_HCR_EN;
	write_sysreg(ich_hcr_el2, hcr);
}

/* The most urgent of the pending set; lowest INTID among equals. */
static uint32_t most_urgent(struct vcpu *vcpu)
{
	uint32_t words = __atomic_exchange_n(&vcpu->arch.news, 0, __ATOMIC_ACQUIRE);
	uint32_t best = VGIC_NONE, best_priority = 0x100, used = 0;

	if (words & 1)
		follow_ctlr(vcpu);
	for (words |= 1; words != 0; words &= words - 1) {
		uint32_t word = (uint32_t)__builtin_ctz(words);
		uint32_t bits = __atomic_load_n(&vcpu->arch.pending[word], __ATOMIC_RELAXED);

		if (bits != 0 && word != 0)
			used |= 1u << word;
		for (; bits != 0; bits &= bits - 1) {
			uint32_t intid = word * 32 + (uint32_t)__builtin_ctz(bits);
			uint32_t priority = *vgic_attr_of(vcpu, intid) & VGIC_ATTR_PRIORITY;

			if (priority < best_priority) {
				best = intid;
				best_priority = priority;
			}
		}
	}
	if (used != 0)
		__atomic_fetch_or(&vcpu->arch.news, used, __ATOMIC_RELEASE);
	return best;
}

static __attribute__((noinline)) void flush_all(struct vcpu *vcpu)
{
	uint32_t intid;

	while ((intid = most_urgent(vcpu)) != VGIC_NONE) {
		if (vgic_take_pending(vcpu, intid) && !deliver(vcpu, intid))
			break;
		isb(); /* the next look at ICH_ELRSR_EL2 must see this list register used */
	}
}

void vgic_flush(struct vcpu *vcpu)
{
	uint32_t bits = __atomic_load_n(&vcpu->arch.pending[0], __ATOMIC_RELAXED);

	/* Most often it is one SGI. */
	if (__atomic_load_n(&vcpu->arch.news, __ATOMIC_ACQUIRE) != 0 || (bits & (bits - 1)) != 0) {
		flush_all(vcpu);
	} else if (bits != 0) {
		__atomic_fetch_and(&vcpu->arch.pending[0], ~bits, __ATOMIC_RELAXED);
		deliver(vcpu, (uint32_t)__builtin_ctz(bits));
	}
}

void vgic_announce_ctlr(struct vcpu *vcpu)
{
	struct zone *zone = vcpu->zone;

	for (uint32_t i = 0; i < zone->num_vcpus; i++) {
		__atomic_fetch_or(&zone->vcpu[i]->arch.news, 1, __ATOMIC_RELEASE);
		if (zone->vcpu[i] != vcpu)
			arch_cpu_kick(zone->vcpu[i]->cpu);
	}
	vgic_flush(vcpu);
}

/* A list register is free again. */
static void maintain(struct vcpu *vcpu)
{
	write_sysreg(ich_hcr_el2, read_sysreg(ich_hcr_el2) & ~(ICH_HCR_UIE | ICH_HCR_NPIE));
	isb();
	vgic_flush(vcpu);
}

/*
 * Whoever changes a route stores it first and then looks at the old vCPU's
 * pending set; here it is the other way round. So one of the two sees it.
 */
void vgic_park(struct zone *zone, struct vcpu *vcpu, uint32_t intid)
{
	struct vcpu *target = vcpu;

	do {
		vcpu = target;
		set_pending(vcpu, intid);
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		target = zone->vcpu[zone->arch.spi[intid].route];
	} while (target != NULL && target != vcpu && vgic_take_pending(vcpu, intid));
	if (vcpu->cpu != this_cpu()->id)
		arch_cpu_kick(vcpu->cpu);
}

/* Nobody runs here. An SPI waits, active, for its vCPU to come back or its zone to end. */
static void keep_for_later(uint32_t intid)
{
	struct vcpu *vcpu = vcpu_of_cpu(this_cpu()->id);
	struct zone *zone = __atomic_load_n(&vcpu->zone, __ATOMIC_ACQUIRE);

	if (intid >= VGIC_PRIVATE && zone != NULL)
		vgic_park(zone, vcpu, intid);
	else
		gic_deactivate(intid);
}

static inline void deliver_hardware(struct vcpu *vcpu, uint32_t intid)
{
	vgic_attr attr = *vgic_attr_of(vcpu, intid);

	if (!(attr & VGIC_ATTR_HW)) {
		gic_deactivate(intid); /* it changed hands on its way here */
		return;
	}
	if (!list(lr_free(), (uint64_t)attr << 48 | (uint64_t)intid << 32 | intid))
		overflow(vcpu, intid);
}

/* The barrier: what the sender wrote before its kick must not have been looked at before we took it. */
static void serve_el2(struct vcpu *vcpu, uint32_t intid)
{
	dsb(sy);
	gic_drop(intid);
	gic_deactivate(intid);
	if (vcpu == NULL)
		return;
	if (intid == GIC_MAINTENANCE_PPI)
		maintain(vcpu);
	else
		vgic_flush(vcpu);
}

static bool is_guests(uint32_t intid)
{
	return intid >= 16 && intid != GIC_MAINTENANCE_PPI;
}

bool irq_from_guest(void)
{
	uint32_t intid = (uint32_t)read_sysreg(icc_iar1_el1);
	struct vcpu *vcpu = this_cpu()->vcpu;

	if (intid >= GIC_FIRST_SPECIAL)
		return false;
	if (is_guests(intid)) {
		gic_drop(intid);
		deliver_hardware(vcpu, intid);
		return false;
	}
	serve_el2(vcpu, intid);
	if (__atomic_load_n(&panic_owned, __ATOMIC_RELAXED) != 0)
		panic_halt_if_other();
	return __atomic_load_n(&vcpu->order, __ATOMIC_ACQUIRE) != 0 && cpu_poll(vcpu) == VCPU_LEAVE;
}

void irq_in_el2(void)
{
	struct vcpu *vcpu = this_cpu()->vcpu;
	uint32_t intid;

	while ((intid = (uint32_t)read_sysreg(icc_iar1_el1)) < GIC_FIRST_SPECIAL) {
		if (!is_guests(intid)) {
			serve_el2(vcpu, intid);
			panic_halt_if_other();
			return; /* the caller may have been waiting for just this */
		}
		gic_drop(intid);
		if (vcpu != NULL)
			deliver_hardware(vcpu, intid);
		else
			keep_for_later(intid);
		isb();
	}
}
