/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine's GICv3, as EL2 uses it (Arm IHI 0069). */
#ifndef ARM64_GIC_H
#define ARM64_GIC_H

#include "el2.h"

#define GIC_KICK_SGI 0u
#define GIC_MAINTENANCE_PPI 25u
/* Private interrupts that are EL2's own: maintenance, EL2 timer, EL2 virtual timer. */
#define GIC_EL2_PPIS (1u << 25 | 1u << 26 | 1u << 28)
#define GIC_FIRST_SPECIAL 1020u

/* Distributor. */
#define GICD_CTLR 0x0000u
#define GICD_TYPER 0x0004u
#define GICD_IIDR 0x0008u
#define GICD_IGROUPR 0x0080u
#define GICD_ISENABLER 0x0100u
#define GICD_ICENABLER 0x0180u
#define GICD_ISPENDR 0x0200u
#define GICD_ICPENDR 0x0280u
#define GICD_ISACTIVER 0x0300u
#define GICD_ICACTIVER 0x0380u
#define GICD_IPRIORITYR 0x0400u
#define GICD_ICFGR 0x0c00u
#define GICD_IROUTER 0x6000u
#define GIC_PIDR2 0xffe8u
#define GICD_CTLR_RWP (1u << 31)
#define GICD_CTLR_DS (1u << 6)
#define GICD_CTLR_ARE (1u << 4)

/* Redistributor: the SGI frame is the second 64 KiB and has the distributor's layout. */
#define GICR_CTLR 0x0000u
#define GICR_IIDR 0x0004u
#define GICR_TYPER 0x0008u
#define GICR_WAKER 0x0014u
#define GICR_SGI_FRAME 0x10000u
#define GICR_STRIDE 0x20000u
#define GICR_TYPER_VLPIS (1u << 1)
#define GICR_TYPER_LAST (1u << 4)
#define GICR_WAKER_SLEEP (1u << 1)
#define GICR_WAKER_ASLEEP (1u << 2)
#define GICR_CTLR_RWP (1u << 3)

static inline uint32_t mmio_read32(uintptr_t address)
{
	return *(volatile uint32_t *)address;
}

static inline void mmio_write32(uintptr_t address, uint32_t value)
{
	*(volatile uint32_t *)address = value;
}

static inline uint64_t mmio_read64(uintptr_t address)
{
	return *(volatile uint64_t *)address;
}

static inline void mmio_write64(uintptr_t address, uint64_t value)
{
	*(volatile uint64_t *)address = value;
}

static inline uint32_t gicd_read(uint32_t offset)
{
	return mmio_read32(platform_board.gic.gicd_base + offset);
}

static inline void gicd_write(uint32_t offset, uint32_t value)
{
	mmio_write32(platform_board.gic.gicd_base + offset, value);
}

/* Boot CPU, once: distributor on, all SPIs off; finds every CPU's redistributor. */
void gic_init(void);
/* Every CPU: its redistributor and CPU interface; kick and maintenance on. */
void gic_init_cpu(void);

/* ICC_SGI1R_EL1 word that sends the kick to one CPU. */
uint64_t gic_kick_word(uint32_t cpu);

/* Number of INTIDs of the distributor; bits of priority list registers keep. */
uint32_t gic_intids(void);
uint32_t gic_priority_mask(void);

/* Waits until writes to enables of the distributor, or of one redistributor, have taken effect. */
void gic_sync_distributor(void);
void gic_sync_redistributor(uintptr_t gicr);

static inline void gic_drop(uint32_t intid)
{
	write_sysreg(icc_eoir1_el1, intid);
}

static inline void gic_deactivate(uint32_t intid)
{
	write_sysreg(icc_dir_el1, intid);
}

/* The same from a CPU it was not acknowledged on. */
void gic_deactivate_spi(uint32_t intid);

#endif
