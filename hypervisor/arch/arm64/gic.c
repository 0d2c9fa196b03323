/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine's interrupt controller. Everything is group 1 with one priority:
 * guests' priorities are those of list registers and never keep EL2 waiting.
 */
#include "gic.h"

#define PRIORITY_ALL 0xa0a0a0a0u
#define CTLR_ENABLE_GROUP1 (1u << 1)
#define ICC_SRE_ALL 0xf    /* SRE, no bypass, EL1 may use it */
#define ICC_CTLR_EOIMODE 2 /* priority drop and deactivation apart */

static uint32_t intids;
static uint32_t priority_mask;

void gic_sync_distributor(void)
{
	while (gicd_read(GICD_CTLR) & GICD_CTLR_RWP)
		;
}

void gic_sync_redistributor(uintptr_t gicr)
{
	while (mmio_read32(gicr + GICR_CTLR) & GICR_CTLR_RWP)
		;
}

static uint64_t affinity_bits(uint64_t mpidr)
{
	return mpidr & 0xff00ffffffull;
}

/* GICR_TYPER has the affinity packed in its upper half. */
static uint64_t typer_affinity(uint64_t typer)
{
	uint64_t a = typer >> 32;

	return (a & 0xffffff) | (a >> 24) << 32;
}

static void find_redistributors(void)
{
	const struct hv_gic_config *gic = &platform_board.gic;
	uint64_t typer;
	uint64_t offset = 0;

	do {
		typer = mmio_read64(gic->gicr_base + offset + GICR_TYPER);
		for (uint32_t cpu = 0; cpu < platform_board.num_cpus; cpu++)
			if (affinity_bits(platform_board.cpu_mpidr[cpu]) == typer_affinity(typer))
				el2_cpu[cpu].gicr = gic->gicr_base + offset;
		offset += typer & GICR_TYPER_VLPIS ? 2 * GICR_STRIDE : GICR_STRIDE;
	} while (!(typer & GICR_TYPER_LAST) && offset < gic->gicr_size);
}

uint64_t gic_kick_word(uint32_t cpu)
{
	uint64_t mpidr = platform_board.cpu_mpidr[cpu];
	uint64_t aff0 = mpidr & 0xff;

	/* GICv3 12.2.20: affinities 3, 2, 1, then 16 targets of one range of Aff0 */
	return (mpidr >> 32 & 0xff) << 48 | (aff0 / 16) << 44 | (mpidr >> 16 & 0xff) << 32 |
	       (uint64_t)GIC_KICK_SGI << 24 | (mpidr >> 8 & 0xff) << 16 | 1ull << (aff0 % 16);
}

uint32_t gic_intids(void)
{
	return intids;
}

uint32_t gic_priority_mask(void)
{
	return priority_mask;
}

void gic_deactivate_spi(uint32_t intid)
{
	gicd_write(GICD_ICACTIVER + intid / 32 * 4, 1u << intid % 32);
}

void gic_init(void)
{
	gicd_write(GICD_CTLR, 0);
	gic_sync_distributor();
	gicd_write(GICD_CTLR, GICD_CTLR_ARE);
	intids = ((gicd_read(GICD_TYPER) & 0x1f) + 1) * 32;
	for (uint32_t i = 1; i < intids / 32; i++) {
		gicd_write(GICD_IGROUPR + i * 4, ~0u);
		gicd_write(GICD_ICENABLER + i * 4, ~0u);
		gicd_write(GICD_ICPENDR + i * 4, ~0u);
		gicd_write(GICD_ICACTIVER + i * 4, ~0u);
	}
	for (uint32_t i = 8; i < intids / 4; i++)
		gicd_write(GICD_IPRIORITYR + i * 4, PRIORITY_ALL);
	gic_sync_distributor();
	gicd_write(GICD_CTLR, GICD_CTLR_ARE | CTLR_ENABLE_GROUP1);
	find_redistributors();
	/* ICH_VTR_EL2.PRIbits is one less than the bits list registers keep of eight. */
	priority_mask = (0xff00u >> ((read_sysreg(ich_vtr_el2) >> 29) + 1)) & 0xff;
}

static void redistributor_init(uintptr_t gicr)
{
	uintptr_t sgi = gicr + GICR_SGI_FRAME;

	mmio_write32(gicr + GICR_WAKER, mmio_read32(gicr + GICR_WAKER) & ~GICR_WAKER_SLEEP);
	while (mmio_read32(gicr + GICR_WAKER) & GICR_WAKER_ASLEEP)
		;
	mmio_write32(sgi + GICD_IGROUPR, ~0u);
	mmio_write32(sgi + GICD_ICENABLER, ~0u);
	mmio_write32(sgi + GICD_ICACTIVER, ~0u);
	for (uint32_t i = 0; i < 8; i++)
		mmio_write32(sgi + GICD_IPRIORITYR + i * 4, PRIORITY_ALL);
	gic_sync_redistributor(gicr);
	mmio_write32(sgi + GICD_ISENABLER, 1u << GIC_KICK_SGI | 1u << GIC_MAINTENANCE_PPI);
}

void gic_init_cpu(void)
{
	write_sysreg(icc_sre_el2, ICC_SRE_ALL);
	isb();
	write_sysreg(icc_sre_el1, ICC_SRE_ALL & 7);
	isb();
	redistributor_init(this_cpu()->gicr);
	write_sysreg(ich_hcr_el2, 0);
	write_sysreg(icc_pmr_el1, 0xff);
	write_sysreg(icc_bpr1_el1, 0);
	write_sysreg(icc_ctlr_el1, ICC_CTLR_EOIMODE);
	write_sysreg(icc_igrpen1_el1, 1);
	isb();
}
