/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A zone's interrupt controller. Interrupts reach a guest through the list
 * registers of the CPU it runs on, which only that CPU can write; what other
 * CPUs raise, and what finds no list register, waits in vcpu->arch.pending.
 *
 * Hardware interrupts stay active in the machine's controller from the moment
 * EL2 takes them until the guest's EOI, which deactivates them through the
 * list register's HW bit. So an INTID is never in two places at once.
 */
#ifndef ARM64_VGIC_H
#define ARM64_VGIC_H

#include "gic.h"
#include "mmio.h"

#define VGIC_ATTR_PENDING 0x4000u
#define VGIC_ATTR_HW 0x2000u
#define VGIC_ATTR_GROUP1 0x1000u
#define VGIC_ATTR_PRIORITY 0xffu
#define VGIC_PPIS (0xffff0000u & ~GIC_EL2_PPIS)
#define VGIC_SGIS 0x0000ffffu
#define VGIC_NONE HV_MAX_INTIDS

static inline vgic_attr *vgic_attr_of(struct vcpu *vcpu, uint32_t intid)
{
	return intid < VGIC_PRIVATE ? &vcpu->arch.attr[intid] : &vcpu->zone->arch.spi[intid].attr;
}

/* Sets the vCPU's private interrupts to reset state. Its own CPU only. */
void vgic_reset(struct vcpu *vcpu);
/* Loads the CPU interface of a vCPU about to run; what is pending goes in. Its own CPU only. */
void vgic_load(struct vcpu *vcpu);
/* Takes everything out of this CPU's list registers; SPIs nobody has taken stay pending. */
void vgic_unload(struct vcpu *vcpu);

/*
 * Between the two nothing is signalled to the vCPU, whose CPU sleeps in EL2;
 * interrupts still find their place. Its own CPU only.
 */
void vgic_hush(void);
void vgic_speak(struct vcpu *vcpu);

/* Makes an interrupt pending for a vCPU, from any CPU. */
void vgic_raise(struct vcpu *vcpu, uint32_t intid);
/* The same for an SGI, which waits while it is disabled. */
void vgic_raise_sgi(struct vcpu *vcpu, uint32_t intid);

/* An SPI that EL2 holds waits for the vCPU it is routed to; vcpu is where it came. */
void vgic_park(struct zone *zone, struct vcpu *vcpu, uint32_t intid);

/* Moves what is pending into list registers; follows GICD_CTLR. The vCPU's own CPU only. */
void vgic_flush(struct vcpu *vcpu);

/* True if it was in the vCPU's pending set, where it is no more. */
bool vgic_take_pending(struct vcpu *vcpu, uint32_t intid);

/* Makes every other vCPU of the zone look at GICD_CTLR again. */
void vgic_announce_ctlr(struct vcpu *vcpu);

/* A trapped write to ICC_SGI1R_EL1 or, with group0_only, to ICC_SGI0R_EL1. */
void vgic_send_sgi(struct vcpu *vcpu, uint64_t value, bool group0_only);

/* Of this CPU's list registers: INTIDs of 32 * word .. + 31 that are pending, that are active. */
struct vgic_listed {
	uint32_t pending;
	uint32_t active;
};
struct vgic_listed vgic_listed(uint32_t word);

/*
 * Takes a pending interrupt back if it is still to be had: from the vCPU's
 * pending set, or from a list register if the vCPU is this CPU's. The
 * hardware's active state goes with it. Returns true if it was there.
 */
bool vgic_retract(struct vcpu *vcpu, uint32_t intid);
/* Ends the active state of an interrupt in this CPU's list registers. */
void vgic_end_active(uint32_t intid);

/* One bank of 32-bit registers; n counts registers from its start. */
struct vgic_bank {
	uint32_t first; /* offset */
	uint32_t (*read)(struct vcpu *vcpu, uint32_t n);
	void (*write)(struct vcpu *vcpu, uint32_t n, uint32_t value);
};
#define VGIC_BANK_SHIFT 7u
#define VGIC_BANKS_SIZE 0x1000u

/* Register banks, by offset in 128-byte steps; read is NULL where no 32-bit registers are. */
extern const struct vgic_bank vgic_dist_banks[32];
extern const struct vgic_bank vgic_sgi_banks[32];

/* Trapped accesses, offset from GICD's or GICR's base. access->value is in or out. */
void vgic_dist_access(struct vcpu *vcpu, struct mmio_access *access, uint32_t offset);
void vgic_redist_access(struct vcpu *vcpu, struct mmio_access *access, uint64_t offset);

/* Hardware's answers that guests see as they are. */
#define VGIC_IIDR 0x0000043bu
#define VGIC_PIDR2 0x3bu /* GICv3 */

#endif
