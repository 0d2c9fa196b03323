/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The trapped redistributors (GICv3 12.11): frame n is vCPU n's. PPIs are the
 * bits of its CPU's redistributor, without EL2's own; SGIs are kept here.
 */
#include "vgic.h"

#define PRIORITY_SIZE 0x20u
#define CONFIG_SGIS_EDGE 0xaaaaaaaau

static uintptr_t sgi_frame(const struct vcpu *vcpu)
{
	return el2_cpu[vcpu->cpu].gicr + GICR_SGI_FRAME;
}

static uint32_t read_group(struct vcpu *vcpu, uint32_t n)
{
	uint32_t value = 0;

	if (n != 0)
		return 0;
	for (uint32_t i = 0; i < VGIC_PRIVATE; i++)
		value |= vcpu->arch.attr[i] & VGIC_ATTR_GROUP1 ? 1u << i : 0;
	return value;
}

static void write_group(struct vcpu *vcpu, uint32_t n, uint32_t value)
{
	for (uint32_t i = 0; n == 0 && i < VGIC_PRIVATE; i++) {
		vgic_attr attr = vcpu->arch.attr[i] & (vgic_attr)~VGIC_ATTR_GROUP1;

		if (attr == 0)
			continue;
		vcpu->arch.attr[i] = value & 1u << i ? attr | VGIC_ATTR_GROUP1 : attr;
	}
}

static uint32_t read_enable(struct vcpu *vcpu, uint32_t n)
{
	if (n != 0)
		return 0;
	return (mmio_read32(sgi_frame(vcpu) + GICD_ISENABLER) & VGIC_PPIS) | vcpu->arch.sgi_enabled;
}

static void write_set_enable(struct vcpu *vcpu, uint32_t n, uint32_t value)
{
	uint32_t ready;

	if (n != 0)
		return;
	if ((value & VGIC_PPIS) != 0)
		mmio_write32(sgi_frame(vcpu) + GICD_ISENABLER, value & VGIC_PPIS);
	__atomic_fetch_or(&vcpu->arch.sgi_enabled, value & VGIC_SGIS, __ATOMIC_SEQ_CST);
	ready = __atomic_fetch_and(&vcpu->arch.sgi_latched, ~value, __ATOMIC_SEQ_CST) & value;
	for (; ready != 0; ready &= ready - 1) {
		vgic_raise(vcpu, (uint32_t)__builtin_ctz(ready));
		isb();
	}
}

static void make_pending_again(struct vcpu *vcpu, uint32_t intid)
{
	uint32_t config = mmio_read32(sgi_frame(vcpu) + GICD_ICFGR + 4) >> (intid % 16 * 2);

	if (intid < 16)
		__atomic_fetch_or(&vcpu->arch.sgi_latched, 1u << intid, __ATOMIC_RELAXED);
	else if (config & 2)
		mmio_write32(sgi_frame(vcpu) + GICD_ISPENDR, 1u << intid);
}

static void write_clear_enable(struct vcpu *vcpu, uint32_t n, uint32_t value)
{
	uint32_t own = value & (VGIC_PPIS | VGIC_SGIS);

	if (n != 0)
		return;
	if ((value & VGIC_PPIS) != 0) {
		mmio_write32(sgi_frame(vcpu) + GICD_ICENABLER, value & VGIC_PPIS);
		gic_sync_redistributor(el2_cpu[vcpu->cpu].gicr);
	}
	__atomic_fetch_and(&vcpu->arch.sgi_enabled, ~value, __ATOMIC_SEQ_CST);
	for (; own != 0; own &= own - 1) {
		uint32_t intid = (uint32_t)__builtin_ctz(own);

		if (vgic_retract(vcpu, intid))
			make_pending_again(vcpu, intid);
	}
}

static struct vgic_listed listed(const struct vcpu *vcpu)
{
	if (vcpu == this_cpu()->vcpu)
		return vgic_listed(0);
	return (struct vgic_listed){ 0, 0 };
}

static uint32_t waiting(struct vcpu *vcpu)
{
	return listed(vcpu).pending | __atomic_load_n(&vcpu->arch.pending[0], __ATOMIC_RELAXED);
}

static uint32_t read_pending(struct vcpu *vcpu, uint32_t n)
{
	if (n != 0)
		return 0;
	return (mmio_read32(sgi_frame(vcpu) + GICD_ISPENDR) & VGIC_PPIS) | waiting(vcpu) |
	       vcpu->arch.sgi_latched;
}

static void write_set_pending(struct vcpu *vcpu, uint32_t n, uint32_t value)
{
	if (n != 0)
		return;
	if ((value & VGIC_PPIS) != 0)
		mmio_write32(sgi_frame(vcpu) + GICD_ISPENDR, value & VGIC_PPIS);
	for (uint32_t sgis = value & VGIC_SGIS; sgis != 0; sgis &= sgis - 1) {
		vgic_raise_sgi(vcpu, (uint32_t)__builtin_ctz(sgis));
		isb();
	}
}

static void write_clear_pending(struct vcpu *vcpu, uint32_t n, uint32_t value)
{
	uint32_t own = value & (VGIC_PPIS | VGIC_SGIS);

	if (n != 0)
		return;
	if ((value & VGIC_PPIS) != 0)
		mmio_write32(sgi_frame(vcpu) + GICD_ICPENDR, value & VGIC_PPIS);
	__atomic_fetch_and(&vcpu->arch.sgi_latched, ~value, __ATOMIC_RELAXED);
	for (; own != 0; own &= own - 1)
		vgic_retract(vcpu, (uint32_t)__builtin_ctz(own));
}

/* What waits in EL2 is active in hardware, but not yet for the guest. */
static uint32_t read_active(struct vcpu *vcpu, uint32_t n)
{
	if (n != 0)
		return 0;
	return (mmio_read32(sgi_frame(vcpu) + GICD_ISACTIVER) & VGIC_PPIS & ~waiting(vcpu)) |
	       listed(vcpu).active;
}

static void write_set_active(struct vcpu *vcpu, uint32_t n, uint32_t value)
{
	if (n == 0 && (value & VGIC_PPIS) != 0)
		mmio_write32(sgi_frame(vcpu) + GICD_ISACTIVER, value & VGIC_PPIS);
}

static void write_clear_active(struct vcpu *vcpu, uint32_t n, uint32_t value)
{
	uint32_t ppis = value & VGIC_PPIS & ~waiting(vcpu);

	if (n != 0)
		return;
	for (uint32_t left = value & listed(vcpu).active; left != 0; left &= left - 1)
		vgic_end_active((uint32_t)__builtin_ctz(left));
	if (ppis != 0)
		mmio_write32(sgi_frame(vcpu) + GICD_ICACTIVER, ppis);
}

/* ICFGR0 says that SGIs are edges; ICFGR1 has two bits for each PPI. */
static uint32_t config_mask(void)
{
	uint32_t mask = 0;

	for (uint32_t left = VGIC_PPIS >> 16; left != 0; left &= left - 1)
		mask |= 3u << (2 * __builtin_ctz(left));
	return mask;
}

static uint32_t read_config(struct vcpu *vcpu, uint32_t n)
{
	if (n == 0)
		return CONFIG_SGIS_EDGE;
	return n == 1 ? mmio_read32(sgi_frame(vcpu) + GICD_ICFGR + 4) & config_mask() : 0;
}

static void write_config(struct vcpu *vcpu, uint32_t n, uint32_t value)
{
	uintptr_t icfgr1 = sgi_frame(vcpu) + GICD_ICFGR + 4;

	if (n == 1)
		mmio_write32(icfgr1, (mmio_read32(icfgr1) & ~config_mask()) | (value & config_mask()));
}

/* The SGI frame has the distributor's layout. */
const struct vgic_bank vgic_sgi_banks[32] = {
	[1] = { GICD_IGROUPR, read_group, write_group },
	[2] = { GICD_ISENABLER, read_enable, write_set_enable },
	[3] = { GICD_ICENABLER, read_enable, write_clear_enable },
	[4] = { GICD_ISPENDR, read_pending, write_set_pending },
	[5] = { GICD_ICPENDR, read_pending, write_clear_pending },
	[6] = { GICD_ISACTIVER, read_active, write_set_active },
	[7] = { GICD_ICACTIVER, read_active, write_clear_active },
	[24] = { GICD_ICFGR, read_config, write_config },
};

static void access_priority(struct vcpu *vcpu, struct mmio_access *access, uint32_t offset)
{
	vgic_attr *attr = &vcpu->arch.attr[offset - GICD_IPRIORITYR];
	uint64_t value = 0;

	for (uint32_t i = 0; i < access->size; i++) {
		uint32_t priority = (uint32_t)(access->value >> (8 * i)) & gic_priority_mask();

		if (access->write && attr[i] != 0)
			attr[i] = (vgic_attr)((attr[i] & ~VGIC_ATTR_PRIORITY) | priority);
		value |= (uint64_t)(attr[i] & VGIC_ATTR_PRIORITY) << (8 * i);
	}
	access->value = value;
}

static void access_sgi_frame(struct vcpu *vcpu, struct mmio_access *access, uint32_t offset)
{
	if (offset < VGIC_BANKS_SIZE && access->size == 4 &&
	    vgic_sgi_banks[offset >> VGIC_BANK_SHIFT].read != NULL) {
		const struct vgic_bank *bank = &vgic_sgi_banks[offset >> VGIC_BANK_SHIFT];
		uint32_t n = (offset - bank->first) / 4;

		if (access->write)
			bank->write(vcpu, n, (uint32_t)access->value);
		else
			access->value = bank->read(vcpu, n);
	} else if (offset - GICD_IPRIORITYR < PRIORITY_SIZE && (access->size == 1 || access->size == 4)) {
		access_priority(vcpu, access, offset);
	} else {
		access->value = 0;
	}
}

/* GICR_TYPER: affinity, processor number, Last. No LPIs. */
static uint64_t typer_of(const struct vcpu *vcpu)
{
	uint64_t affinity = (vcpu->index / 16u) << 8 | vcpu->index % 16u;
	bool last = vcpu->index == vcpu->zone->num_vcpus - 1;

	return affinity << 32 | (uint64_t)vcpu->index << 8 | (last ? GICR_TYPER_LAST : 0);
}

static void access_control_frame(struct vcpu *vcpu, struct mmio_access *access, uint32_t offset)
{
	uint64_t typer = typer_of(vcpu);

	if (access->write) {
		if (offset == GICR_WAKER && access->size == 4)
			vcpu->arch.waker = (uint32_t)access->value & GICR_WAKER_SLEEP;
		return;
	}
	access->value = 0;
	if (offset == GICR_TYPER && access->size >= 4)
		access->value = access->size == 8 ? typer : (uint32_t)typer;
	else if (access->size != 4)
		return;
	else if (offset == GICR_TYPER + 4)
		access->value = typer >> 32;
	else if (offset == GICR_WAKER) /* ChildrenAsleep follows ProcessorSleep at once */
		access->value = vcpu->arch.waker | vcpu->arch.waker << 1;
	else if (offset == GICR_CTLR)
		access->value = mmio_read32(el2_cpu[vcpu->cpu].gicr + GICR_CTLR) & GICR_CTLR_RWP;
	else if (offset == GICR_IIDR)
		access->value = VGIC_IIDR;
	else if (offset == GIC_PIDR2)
		access->value = VGIC_PIDR2;
}

void vgic_redist_access(struct vcpu *vcpu, struct mmio_access *access, uint64_t offset)
{
	uint64_t frame = offset / GICR_STRIDE;
	uint32_t within = (uint32_t)(offset % GICR_STRIDE);

	if (frame >= vcpu->zone->num_vcpus)
		access->value = 0;
	else if (within >= GICR_SGI_FRAME)
		access_sgi_frame(vcpu->zone->vcpu[frame], access, within - GICR_SGI_FRAME);
	else
		access_control_frame(vcpu->zone->vcpu[frame], access, within);
}
