/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The contract's part: which SPIs a zone has, and its virtual ones. */
#include "vgic.h"

#include <string.h>

#include "arch_irq.h"
#include "arch_lock.h"

#define TYPER_IDBITS (9u << 19) /* ten bits of INTID */
#define TYPER_NO_1N (1u << 25)  /* an SPI goes to one CPU, never to any */

static void set_spi(struct zone *zone, uint32_t intid, vgic_attr attr)
{
	zone->arch.spi[intid] = (struct vgic_spi){ .attr = attr };
}

/* As many INTIDs as the machine has, or as the zone's virtual ones need. */
static uint32_t typer_of(const HvZoneConfig *config)
{
	uint32_t lines = gic_intids() / 32 - 1;

	for (uint32_t w = lines + 1; w < VGIC_WORDS; w++)
		if (config->virtual_interrupts.word[w] != 0)
			lines = w;
	return TYPER_NO_1N | TYPER_IDBITS | lines;
}

static void init_vcpu(const struct zone *zone, struct vcpu *vcpu)
{
	const struct hv_gic_config *gic = &zone->config.gic;
	const uint32_t beyond = HV_MAX_CPUS - zone->num_vcpus;

	vcpu->arch.kick = gic_kick_word(vcpu->cpu);
	vcpu->arch.gicd_base = gic->gicd_base;
	vcpu->arch.sgi_base = gic->gicr_base + vcpu->index * (uint64_t)GICR_STRIDE + GICR_SGI_FRAME;
	vcpu->arch.vcpus = UINT64_MAX >> beyond;
}

void arch_irq_zone_init(struct zone *zone)
{
	memset(&zone->arch, 0, sizeof(zone->arch));
	zone->arch.typer = typer_of(&zone->config);
	for (uint32_t i = 0; i < zone->num_vcpus; i++)
		init_vcpu(zone, zone->vcpu[i]);
	for (uint32_t intid = HV_FIRST_SPI; intid <= HV_LAST_SPI; intid++)
		if (hv_intid_test(&zone->config.virtual_interrupts, intid))
			set_spi(zone, intid, VGIC_ATTR_PENDING | VGIC_ATTR_GROUP1);
}

void arch_irq_zone_fini(struct zone *zone)
{
	memset(&zone->arch, 0, sizeof(zone->arch));
}

static void silence(uint32_t intid)
{
	uint32_t offset = intid / 32 * 4, bit = 1u << intid % 32;

	gicd_write(GICD_ICENABLER + offset, bit);
	gic_sync_distributor();
	gicd_write(GICD_ICPENDR + offset, bit);
	gicd_write(GICD_ICACTIVER + offset, bit);
}

void arch_irq_assign(struct zone *zone, uint32_t intid)
{
	if (intid >= gic_intids())
		return; /* the board gives away what the machine lacks: it never comes */
	silence(intid);
	mmio_write64(platform_board.gic.gicd_base + GICD_IROUTER + intid * 8ull,
		     platform_board.cpu_mpidr[zone->vcpu[0]->cpu]);
	set_spi(zone, intid, VGIC_ATTR_PENDING | VGIC_ATTR_GROUP1 | VGIC_ATTR_HW);
}

void arch_irq_release(struct zone *zone, uint32_t intid)
{
	if (intid >= gic_intids())
		return;
	set_spi(zone, intid, 0);
	silence(intid);
}

void arch_irq_inject(struct zone *zone, uint32_t intid)
{
	struct arch_zone *arch = &zone->arch;
	uint32_t word = intid / 32, bit = 1u << intid % 32;

	arch_lock(&arch->lock);
	if (arch->enabled[word] & bit)
		vgic_raise(zone->vcpu[arch->spi[intid].route], intid);
	else
		arch->latched[word] |= bit;
	arch_unlock(&arch->lock);
}
