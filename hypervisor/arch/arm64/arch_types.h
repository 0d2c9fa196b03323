/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arm64: the types the core embeds. Plain C, so that stage2.c also compiles on the host. */
#ifndef ARCH_TYPES_H
#define ARCH_TYPES_H

#include "hv_types.h"

#define VGIC_PRIVATE 32u /* SGIs 0..15 and PPIs 16..31 (GICv3 2.2.1) */
#define VGIC_WORDS (HV_MAX_INTIDS / 32u)

struct arch_lock {
	uint32_t next; /* ticket the next caller draws */
	uint32_t owner;
};

struct arch_stage2 {
	uint64_t *root; /* two concatenated level-1 tables; NULL: not initialised */
	uint64_t vttbr; /* root's address and the VMID (VTTBR_EL2) */
};

/*
 * What an INTID looks like in the upper 16 bits of a list register (ICH_LR):
 * state, HW, group, priority. The state bits are "pending" for an interrupt
 * the zone may see and zero for all others.
 */
typedef uint16_t vgic_attr;

/*
 * A vCPU's interrupts. "pending" holds what may be signalled but has no list
 * register; any CPU sets bits, the vCPU's own CPU takes them. "latched" and
 * "enabled" are those of SGIs, which have no hardware behind them.
 */
struct arch_vcpu {
	uint64_t kick;         /* ICC_SGI1R_EL1 word that reaches its CPU */
	uint64_t gicd_base;    /* IPA, as in the config */
	uint64_t sgi_base;     /* IPA of its own SGI frame */
	uint64_t vcpus;        /* bit n: vCPU n of its zone exists */
	uint32_t news;         /* bit w: pending[w] may have bits, w >= 1; bit 0: GICD_CTLR changed; atomic */
	uint32_t lrs;          /* list registers that exist */
	uint32_t sgi_enabled;  /* atomic */
	uint32_t sgi_latched;  /* pending while disabled; atomic */
	uint32_t waker;        /* GICR_WAKER.ProcessorSleep */
	uint32_t timer_ctl[2]; /* CNTV_CTL_EL0, CNTP_CTL_EL0 of a parked vCPU */
	uint32_t pending[VGIC_WORDS]; /* atomic */
	vgic_attr attr[VGIC_PRIVATE];
};

struct vgic_spi {
	vgic_attr attr;
	uint8_t route; /* vCPU that gets it */
	uint8_t any;   /* GICD_IROUTER.Interrupt_Routing_Mode */
};

struct arch_zone {
	uint64_t time_offset;         /* CNTVOFF_EL2: how long it was paused */
	uint64_t stopped_at;          /* CNTPCT_EL0 when it was paused last */
	uint32_t ctlr;                /* GICD_CTLR enable bits */
	uint32_t typer;               /* GICD_TYPER */
	struct arch_lock lock;        /* virtual SPIs' state, routes */
	uint32_t enabled[VGIC_WORDS]; /* virtual SPIs */
	uint32_t latched[VGIC_WORDS]; /* virtual SPIs pending while disabled */
	uint32_t edges[VGIC_WORDS];   /* virtual SPIs that the zone calls edges; means nothing to EL2 */
	struct vgic_spi spi[HV_MAX_INTIDS];
};

#endif
