/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The virtual CPU interface as a whole, and looks into its list registers. */
#include "vgic.h"

#include "vgic_lr.h"

struct vgic_listed vgic_listed(uint32_t word)
{
	struct vgic_listed listed = { 0, 0 };

	for (uint32_t left = lr_mask() & ~lr_free(); left != 0; left &= left - 1) {
		uint64_t lr = lr_read((uint32_t)__builtin_ctz(left));
		uint32_t bit = 1u << lr_intid(lr) % 32;

		if (lr_intid(lr) / 32 != word)
			continue;
		if (lr & ICH_LR_PENDING)
			listed.pending |= bit;
		if (lr & ICH_LR_ACTIVE)
			listed.active |= bit;
	}
	return listed;
}

static bool retract_listed(uint32_t intid)
{
	for (uint32_t left = lr_mask() & ~lr_free(); left != 0; left &= left - 1) {
		uint32_t n = (uint32_t)__builtin_ctz(left);
		uint64_t lr = lr_read(n);

		if (lr_intid(lr) != intid || !(lr & ICH_LR_PENDING))
			continue;
		lr &= ~ICH_LR_PENDING;
		lr_write(n, lr & ICH_LR_ACTIVE ? lr : 0);
		isb();
		return true;
	}
	return false;
}

/* Interrupts of hardware are active there as long as they wait here. */
static void deactivate_hardware(const struct vcpu *vcpu, uint32_t intid)
{
	if (intid >= VGIC_PRIVATE)
		gic_deactivate_spi(intid);
	else
		mmio_write32(el2_cpu[vcpu->cpu].gicr + GICR_SGI_FRAME + GICD_ICACTIVER, 1u << intid);
}

bool vgic_retract(struct vcpu *vcpu, uint32_t intid)
{
	bool found = vgic_take_pending(vcpu, intid);

	if (!found && vcpu == this_cpu()->vcpu)
		found = retract_listed(intid);
	if (found && (*vgic_attr_of(vcpu, intid) & VGIC_ATTR_HW))
		deactivate_hardware(vcpu, intid);
	return found;
}

void vgic_end_active(uint32_t intid)
{
	for (uint32_t left = lr_mask() & ~lr_free(); left != 0; left &= left - 1) {
		uint32_t n = (uint32_t)__builtin_ctz(left);
		uint64_t lr = lr_read(n);

		if (lr_intid(lr) != intid || !(lr & ICH_LR_ACTIVE))
			continue;
		lr &= ~ICH_LR_ACTIVE;
		lr_write(n, lr & ICH_LR_PENDING ? lr : 0);
		isb();
	}
}

/* PPIs off and forgotten; EL2's own stay as they are. */
static void reset_ppis(const struct vcpu *vcpu)
{
	uintptr_t gicr = el2_cpu[vcpu->cpu].gicr, sgi = gicr + GICR_SGI_FRAME;

	mmio_write32(sgi + GICD_ICENABLER, VGIC_PPIS);
	gic_sync_redistributor(gicr);
	mmio_write32(sgi + GICD_ICPENDR, VGIC_PPIS);
	mmio_write32(sgi + GICD_ICACTIVER, VGIC_PPIS);
	mmio_write32(sgi + GICD_ICFGR + 4, 0);
}

static void clear_interface(void)
{
	for (uint32_t left = lr_mask(); left != 0; left &= left - 1)
		lr_write((uint32_t)__builtin_ctz(left), 0);
	/* Priority bits (ICH_VTR_EL2.PREbits) say how many active-priority registers there are. */
	write_sysreg(ich_ap0r0_el2, 0);
	write_sysreg(ich_ap1r0_el2, 0);
	if (((read_sysreg(ich_vtr_el2) >> 26) & 7) >= 5) {
		write_sysreg(ich_ap0r1_el2, 0);
		write_sysreg(ich_ap1r1_el2, 0);
	}
	if (((read_sysreg(ich_vtr_el2) >> 26) & 7) >= 6) {
		write_sysreg(ich_ap0r2_el2, 0);
		write_sysreg(ich_ap1r2_el2, 0);
		write_sysreg(ich_ap0r3_el2, 0);
		write_sysreg(ich_ap1r3_el2, 0);
	}
	write_sysreg(ich_vmcr_el2, 0);
}

void vgic_reset(struct vcpu *vcpu)
{
	struct arch_vcpu *arch = &vcpu->arch;

	arch->sgi_enabled = 0;
	arch->sgi_latched = 0;
	arch->lrs = lr_mask();
	arch->waker = GICR_WAKER_SLEEP;
	arch->pending[0] = 0;
	for (uint32_t i = 0; i < VGIC_PRIVATE; i++) {
		uint32_t bit = 1u << i;

		arch->attr[i] = 0;
		if (bit & VGIC_SGIS)
			arch->attr[i] = VGIC_ATTR_PENDING | VGIC_ATTR_GROUP1;
		else if (bit & VGIC_PPIS)
			arch->attr[i] = VGIC_ATTR_PENDING | VGIC_ATTR_GROUP1 | VGIC_ATTR_HW;
	}
	reset_ppis(vcpu);
}

void vgic_hush(void)
{
	write_sysreg(ich_hcr_el2, read_sysreg(ich_hcr_el2) & ~ICH_HCR_EN);
	isb();
}

void vgic_speak(struct vcpu *vcpu)
{
	/* As if GICD_CTLR had changed: whether to signal is looked up there. */
	__atomic_fetch_or(&vcpu->arch.news, 1, __ATOMIC_RELEASE);
	vgic_flush(vcpu);
}

void vgic_load(struct vcpu *vcpu)
{
	clear_interface();
	write_sysreg(ich_hcr_el2, 0);
	isb();
	vgic_speak(vcpu);
}

/* An SPI that the guest has not taken goes where it would be routed now; a taken one is over. */
static void give_back(struct vcpu *vcpu, uint64_t lr)
{
	uint32_t intid = lr_intid(lr);

	if ((lr & ICH_LR_PENDING) && intid >= VGIC_PRIVATE)
		vgic_park(vcpu->zone, vcpu, intid);
	else if (lr & ICH_LR_HW)
		deactivate_hardware(vcpu, intid);
}

void vgic_unload(struct vcpu *vcpu)
{
	this_cpu()->vcpu = NULL;
	write_sysreg(ich_hcr_el2, 0);
	for (uint32_t left = lr_mask() & ~lr_free(); left != 0; left &= left - 1)
		give_back(vcpu, lr_read((uint32_t)__builtin_ctz(left)));
	clear_interface();
	isb();
	reset_ppis(vcpu);
}
