/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What vectors.S calls for synchronous exceptions of a guest. True: the vCPU is off. */
#include "trap.h"

#include "hypercall.h"
#include "psci.h"
#include "vgic.h"

#define CALL_RANGE_MASK 0xffff0000u

/* Op0, Op1, CRn, CRm, Op2 where ESR_EL2.ISS has them. */
#define SYSREG(op0, op1, crn, crm, op2) ((op0) << 20 | (op2) << 17 | (op1) << 14 | (crn) << 10 | (crm) << 1)
#define SYSREG_MASK SYSREG(3u, 7u, 15u, 15u, 7u)
#define SYSREG_READ 1u
#define ICC_SGI1R SYSREG(3u, 0u, 12u, 11u, 5u)
#define ICC_ASGI1R SYSREG(3u, 0u, 12u, 11u, 6u)
#define ICC_SGI0R SYSREG(3u, 0u, 12u, 11u, 7u)
#define ACTLR SYSREG(3u, 0u, 1u, 0u, 1u)
#define ERROR_RECORDS SYSREG(3u, 0u, 5u, 3u, 0u) /* ERR* have CRm 3 to 5 */
#define SYSREG_REGISTER (0x1full << 5)
#define SGI1R_WRITE ((uint64_t)EC_SYSREG << 26 | ESR_IL | ICC_SGI1R)

static uint32_t sysreg_register(uint64_t esr)
{
	return esr >> 5 & 0x1f;
}

static uint64_t *operand(struct frame *frame, uint32_t reg)
{
	frame->unused = 0; /* x31 is XZR: reads as zero, and keeps no write */
	return reg == 31 ? &frame->unused : &frame->x[reg];
}

/* ESR_EL2.ISS of a data abort with ISV set (Arm ARM D19.2.37). */
static uint8_t access_size(uint64_t esr)
{
	return (uint8_t)(1u << (esr >> 22 & 3));
}

static uint32_t access_register(uint64_t esr)
{
	return esr >> 16 & 0x1f;
}

static uint64_t fault_ipa(uint64_t far)
{
	return (read_sysreg(hpfar_el2) & ~0xfull) << 8 | (far & 0xfff);
}

static bool leaves(enum vcpu_action action)
{
	return action == VCPU_LEAVE;
}

/* ESR_EL2 of an aligned word access that the GIC's registers are made for. */
#define WORD_ACCESS_MASK (0x3full << 26 | ESR_IL | ESR_ISV | 3ull << 22 | BIT64(21) | ESR_S1PTW | 0x3cull)
#define WORD_ACCESS ((uint64_t)EC_DABORT_LOWER << 26 | ESR_IL | ESR_ISV | 2ull << 22 | 0x04ull)

/* Registers that the fast way back does not load, because C keeps them; and x31 is none. */
static bool is_kept(uint32_t reg)
{
	return ((0x9ff00000u >> reg) & 1) != 0;
}

static bool gic_word(struct frame *frame, struct vcpu *vcpu, uint64_t esr)
{
	const uint64_t ipa = fault_ipa(read_sysreg(far_el2));
	const uint32_t reg = access_register(esr);
	const struct vgic_bank *bank = vgic_dist_banks;
	uint64_t offset = ipa - vcpu->arch.gicd_base;
	uint32_t n;

	if (offset >= VGIC_BANKS_SIZE) {
		bank = vgic_sgi_banks;
		offset = ipa - vcpu->arch.sgi_base;
		if (offset >= VGIC_BANKS_SIZE)
			return false;
	}
	bank += offset >> VGIC_BANK_SHIFT;
	if (bank->read == NULL || (ipa & 3) != 0 || (!(esr & ESR_WNR) && is_kept(reg)))
		return false;
	vcpu->exits++;
	n = ((uint32_t)offset - bank->first) / 4;
	if (esr & ESR_WNR)
		bank->write(vcpu, n, (uint32_t)*operand(frame, reg));
	else
		frame->x[reg] = bank->read(vcpu, n);
	write_sysreg(elr_el2, read_sysreg(elr_el2) + 4);
	return true;
}

static bool sgi_write(struct frame *frame, struct vcpu *vcpu, uint64_t esr)
{
	vcpu->exits++;
	vgic_send_sgi(vcpu, *operand(frame, sysreg_register(esr)), false);
	write_sysreg(elr_el2, read_sysreg(elr_el2) + 4);
	return true;
}

bool trap_fast(struct frame *frame, uint64_t esr)
{
	struct vcpu *vcpu = this_cpu()->vcpu;

	if ((esr & ~SYSREG_REGISTER) == SGI1R_WRITE)
		return sgi_write(frame, vcpu, esr);
	if ((esr & WORD_ACCESS_MASK) == WORD_ACCESS)
		return gic_word(frame, vcpu, esr);
	return false;
}

bool trap_call(struct frame *frame)
{
	struct vcpu *vcpu = this_cpu()->vcpu;
	uint32_t function = (uint32_t)frame->x[0];

	vcpu->exits++;
	if (function == PSCI_VERSION) {
		frame->x[0] = PSCI_VERSION_1_1;
		return false;
	}
	if ((function & CALL_RANGE_MASK) != HV_CALL_BASE)
		return leaves(psci_call(vcpu, frame->x));
	if (!zone_is_root(vcpu->zone)) {
		frame->x[0] = (uint64_t)HV_ERR_PERMISSION;
		return false;
	}
	hypercall(vcpu, frame->x);
	return false;
}

/*
 * Nobody gave the zone that address, or EL2 cannot see what the instruction
 * wanted. A zone ends there; the root zone, like on a bare machine, gets an
 * abort from the bus.
 */
static bool bad_access(struct vcpu *vcpu, uint32_t reason, uint64_t esr, uint64_t far, uint64_t ipa)
{
	if (!zone_is_root(vcpu->zone))
		return leaves(zone_fault(vcpu, reason, esr, far, ipa, read_sysreg(elr_el2)));
	inject_external_abort(esr, far);
	return false;
}

/*
 * A stage-2 fault that is no missing mapping (execution from a device page),
 * or an abort from the bus. The bus answers the guest; the rest is a bad access.
 */
static bool memory_fault(struct vcpu *vcpu, uint64_t esr, uint64_t far)
{
	const uint32_t fsc = ESR_FSC(esr);
	uint64_t ipa = 0;

	if (!FSC_IS_STAGE2(fsc)) {
		inject_external_abort(esr, far);
		return false;
	}
	/* HPFAR_EL2 is not valid for all faults outside a table walk. */
	if (FSC_TRANSLATION(fsc) || FSC_ACCESS_FLAG(fsc) || (esr & ESR_S1PTW))
		ipa = fault_ipa(far);
	return bad_access(vcpu, HV_REASON_BAD_ACCESS, esr, far, ipa);
}

static uint64_t extend(uint64_t value, uint64_t esr)
{
	const bool sign = esr & BIT64(21), wide = esr & BIT64(15);
	const uint32_t unused = 64 - 8u * access_size(esr);

	value <<= unused;
	value = sign ? (uint64_t)((int64_t)value >> unused) : value >> unused;
	return wide ? value : (uint32_t)value;
}

/* Writes the operand, steps over the instruction. */
static void finish(struct frame *frame, const struct mmio_access *access, uint64_t esr)
{
	uint32_t reg = access_register(esr);

	if (!access->write && reg != 31)
		frame->x[reg] = extend(access->value, esr);
	write_sysreg(elr_el2, read_sysreg(elr_el2) + (esr & ESR_IL ? 4 : 2));
}

static enum mmio_result emulate(struct vcpu *vcpu, struct mmio_access *access)
{
	const struct hv_gic_config *gic = &vcpu->zone->config.gic;
	const uint64_t in_gicd = access->ipa - gic->gicd_base, in_gicr = access->ipa - gic->gicr_base;

	if (access->ipa % access->size != 0 && (in_gicd < gic->gicd_size || in_gicr < gic->gicr_size))
		access->value = 0;
	else if (in_gicd < gic->gicd_size)
		vgic_dist_access(vcpu, access, (uint32_t)in_gicd);
	else if (in_gicr < gic->gicr_size)
		vgic_redist_access(vcpu, access, in_gicr);
	else
		return mmio_access(vcpu, access);
	return MMIO_DONE;
}

static bool is_emulated(const struct vcpu *vcpu, uint64_t ipa)
{
	const HvZoneConfig *config = &vcpu->zone->config;

	if (ipa - config->gic.gicd_base < config->gic.gicd_size ||
	    ipa - config->gic.gicr_base < config->gic.gicr_size)
		return true;
	for (uint32_t i = 0; i < config->num_regions; i++)
		if (config->regions[i].type == HV_REGION_VIRTIO &&
		    ipa - config->regions[i].virtual_start < config->regions[i].size)
			return true;
	return false;
}

static bool data_abort(struct frame *frame, struct vcpu *vcpu, uint64_t esr)
{
	const uint64_t far = read_sysreg(far_el2);
	const uint32_t reg = access_register(esr);
	struct mmio_access access = { .ipa = fault_ipa(far) };

	if (!FSC_TRANSLATION(ESR_FSC(esr)))
		return memory_fault(vcpu, esr, far);
	if (!(esr & ESR_ISV) || (esr & ESR_S1PTW))
		return bad_access(vcpu,
				  is_emulated(vcpu, access.ipa) ? HV_REASON_BAD_MMIO : HV_REASON_BAD_ACCESS,
				  esr, far, access.ipa);
	access.size = access_size(esr);
	access.write = (esr & ESR_WNR) != 0;
	if (access.write && reg != 31)
		access.value =
			access.size == 8 ? frame->x[reg] : frame->x[reg] & ((1ull << 8 * access.size) - 1);
	switch (emulate(vcpu, &access)) {
	case MMIO_DONE:
		finish(frame, &access, esr);
		return false;
	case MMIO_NOT_VIRTIO:
		return bad_access(vcpu, HV_REASON_BAD_ACCESS, esr, far, access.ipa);
	case MMIO_LEAVE:
		break;
	}
	return true;
}

/* Of the CPU's error records, which are the machine's, a zone sees that there are none. */
static bool is_error_record(uint32_t name)
{
	const uint32_t rest = name - ERROR_RECORDS;

	return (rest & ~SYSREG(0u, 0u, 0u, 3u, 7u)) == 0 &&
	       (rest & SYSREG(0u, 0u, 0u, 3u, 0u)) != SYSREG(0u, 0u, 0u, 3u, 0u);
}

static bool system_register(struct frame *frame, struct vcpu *vcpu, uint64_t esr)
{
	const uint32_t name = (uint32_t)esr & SYSREG_MASK;
	const bool is_read = (esr & SYSREG_READ) != 0;
	uint64_t *value = operand(frame, sysreg_register(esr));

	if (name == ICC_SGI1R && !is_read) {
		vgic_send_sgi(vcpu, *value, false);
	} else if (name == ICC_SGI0R && !is_read) {
		vgic_send_sgi(vcpu, *value, true);
	} else if (name == ICC_ASGI1R && !is_read) {
		/* there is no other security state to send to */
	} else if (name == ACTLR || is_error_record(name)) {
		if (is_read)
			*value = 0;
	} else {
		inject_undefined(esr);
		return false;
	}
	write_sysreg(elr_el2, read_sysreg(elr_el2) + 4);
	return false;
}

bool trap_other(struct frame *frame, uint64_t esr)
{
	struct vcpu *vcpu = this_cpu()->vcpu;

	vcpu->exits++;
	switch (ESR_EC(esr)) {
	case EC_DABORT_LOWER:
		return data_abort(frame, vcpu, esr);
	case EC_SYSREG:
		return system_register(frame, vcpu, esr);
	case EC_IABORT_LOWER:
		return memory_fault(vcpu, esr, read_sysreg(far_el2));
	}
	inject_undefined(esr);
	return false;
}
