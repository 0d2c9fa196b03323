/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The trapped distributor (GICv3 12.9). A zone sees the bits of SPIs it owns:
 * hardware ones are the machine's own bits, virtual ones are kept here. All
 * else reads as zero and ignores writes, and so does what GICv3 leaves to
 * the redistributors.
 */
#include "vgic.h"

#include "arch_lock.h"

#define PRIORITY_SIZE 0x400u
#define CTLR_ENABLES 0x3u
#define ROUTER_ANY (1u << 31)

static uint32_t hardware(const struct vcpu *vcpu, uint32_t n)
{
	return vcpu->zone->config.interrupts.word[n];
}

static uint32_t virtual(const struct vcpu *vcpu, uint32_t n)
{
	return vcpu->zone->config.virtual_interrupts.word[n];
}

static struct vcpu *route_of(const struct vcpu *vcpu, uint32_t intid)
{
	return vcpu->zone->vcpu[vcpu->zone->arch.spi[intid].route];
}

static uint32_t read_group(struct vcpu *vcpu, uint32_t n)
{
	const struct vgic_spi *spi = &vcpu->zone->arch.spi[n * 32];
	uint32_t value = 0;

	for (uint32_t i = 0; i < 32; i++)
		value |= spi[i].attr & VGIC_ATTR_GROUP1 ? 1u << i : 0;
	return value;
}

static void write_group(struct vcpu *vcpu, uint32_t n, uint32_t value)
{
	struct vgic_spi *spi = &vcpu->zone->arch.spi[n * 32];

	arch_lock(&vcpu->zone->arch.lock);
	for (uint32_t left = hardware(vcpu, n) | virtual(vcpu, n); left != 0; left &= left - 1) {
		uint32_t i = (uint32_t)__builtin_ctz(left);
		vgic_attr attr = spi[i].attr & (vgic_attr)~VGIC_ATTR_GROUP1;

		if (value & 1u << i)
			attr |= VGIC_ATTR_GROUP1;
		spi[i].attr = attr;
	}
	arch_unlock(&vcpu->zone->arch.lock);
}

static uint32_t read_enable(struct vcpu *vcpu, uint32_t n)
{
	return (gicd_read(GICD_ISENABLER + n * 4) & hardware(vcpu, n)) | vcpu->zone->arch.enabled[n];
}

static void write_set_enable(struct vcpu *vcpu, uint32_t n, uint32_t value)
{
	struct arch_zone *arch = &vcpu->zone->arch;
	uint32_t ready;

	if ((value & hardware(vcpu, n)) != 0)
		gicd_write(GICD_ISENABLER + n * 4, value & hardware(vcpu, n));
	if ((value & virtual(vcpu, n)) == 0)
		return;
	arch_lock(&arch->lock);
	arch->enabled[n] |= value & virtual(vcpu, n);
	ready = arch->latched[n] & arch->enabled[n];
	arch->latched[n] &= ~ready;
	for (; ready != 0; ready &= ready - 1) {
		uint32_t intid = n * 32 + (uint32_t)__builtin_ctz(ready);

		vgic_raise(route_of(vcpu, intid), intid);
		isb();
	}
	arch_unlock(&arch->lock);
}

/* A level comes back by itself; an edge that EL2 has taken must be made pending again. */
static void make_pending_again(uint32_t intid)
{
	uint32_t config = gicd_read(GICD_ICFGR + intid / 16 * 4) >> (intid % 16 * 2);

	if (config & 2)
		gicd_write(GICD_ISPENDR + intid / 32 * 4, 1u << intid % 32);
}

static void write_clear_enable(struct vcpu *vcpu, uint32_t n, uint32_t value)
{
	struct arch_zone *arch = &vcpu->zone->arch;
	uint32_t hw = value & hardware(vcpu, n), soft = value & virtual(vcpu, n);

	if (hw != 0) {
		gicd_write(GICD_ICENABLER + n * 4, hw);
		gic_sync_distributor();
	}
	arch_lock(&arch->lock);
	for (uint32_t left = hw | (soft & arch->enabled[n]); left != 0; left &= left - 1) {
		uint32_t bit = left & -left, intid = n * 32 + (uint32_t)__builtin_ctz(left);

		if (!vgic_retract(route_of(vcpu, intid), intid))
			continue;
		if (bit & soft)
			arch->latched[n] |= bit;
		else
			make_pending_again(intid);
	}
	arch->enabled[n] &= ~soft;
	arch_unlock(&arch->lock);
}

/* In a pending set of any vCPU, or in this CPU's list registers. */
static uint32_t waiting(struct vcpu *vcpu, uint32_t n)
{
	uint32_t bits = vgic_listed(n).pending;

	for (uint32_t i = 0; i < vcpu->zone->num_vcpus; i++)
		bits |= __atomic_load_n(&vcpu->zone->vcpu[i]->arch.pending[n], __ATOMIC_RELAXED);
	return bits;
}

static uint32_t read_pending(struct vcpu *vcpu, uint32_t n)
{
	uint32_t own = hardware(vcpu, n) | virtual(vcpu, n);

	return (gicd_read(GICD_ISPENDR + n * 4) & hardware(vcpu, n)) |
	       ((waiting(vcpu, n) | vcpu->zone->arch.latched[n]) & own);
}

static void write_set_pending(struct vcpu *vcpu, uint32_t n, uint32_t value)
{
	struct arch_zone *arch = &vcpu->zone->arch;
	uint32_t soft = value & virtual(vcpu, n);

	if ((value & hardware(vcpu, n)) != 0)
		gicd_write(GICD_ISPENDR + n * 4, value & hardware(vcpu, n));
	arch_lock(&arch->lock);
	arch->latched[n] |= soft & ~arch->enabled[n];
	for (soft &= arch->enabled[n]; soft != 0; soft &= soft - 1) {
		uint32_t intid = n * 32 + (uint32_t)__builtin_ctz(soft);

		vgic_raise(route_of(vcpu, intid), intid);
		isb();
	}
	arch_unlock(&arch->lock);
}

static void write_clear_pending(struct vcpu *vcpu, uint32_t n, uint32_t value)
{
	struct arch_zone *arch = &vcpu->zone->arch;
	uint32_t own = value & (hardware(vcpu, n) | virtual(vcpu, n));

	if ((value & hardware(vcpu, n)) != 0)
		gicd_write(GICD_ICPENDR + n * 4, value & hardware(vcpu, n));
	arch_lock(&arch->lock);
	arch->latched[n] &= ~own;
	for (; own != 0; own &= own - 1) {
		uint32_t intid = n * 32 + (uint32_t)__builtin_ctz(own);

		vgic_retract(route_of(vcpu, intid), intid);
	}
	arch_unlock(&arch->lock);
}

/* What waits in EL2 is active in hardware, but not yet for the guest. */
static uint32_t read_active(struct vcpu *vcpu, uint32_t n)
{
	uint32_t hw = gicd_read(GICD_ISACTIVER + n * 4) & hardware(vcpu, n);

	return (hw & ~waiting(vcpu, n)) | (vgic_listed(n).active & (hardware(vcpu, n) | virtual(vcpu, n)));
}

static void write_set_active(struct vcpu *vcpu, uint32_t n, uint32_t value)
{
	if ((value & hardware(vcpu, n)) != 0)
		gicd_write(GICD_ISACTIVER + n * 4, value & hardware(vcpu, n));
}

static void write_clear_active(struct vcpu *vcpu, uint32_t n, uint32_t value)
{
	uint32_t own = value & (hardware(vcpu, n) | virtual(vcpu, n));
	uint32_t hw = value & hardware(vcpu, n) & ~waiting(vcpu, n);

	for (uint32_t left = own & vgic_listed(n).active; left != 0; left &= left - 1)
		vgic_end_active(n * 32 + (uint32_t)__builtin_ctz(left));
	if (hw != 0)
		gicd_write(GICD_ICACTIVER + n * 4, hw);
}

/* ICFGR n has two bits for each of 16 INTIDs: half of a word of the others. Spreads that half. */
static uint32_t spread(uint32_t bits, uint32_t n, uint32_t each)
{
	uint32_t half = bits >> (n % 2 * 16) & 0xffff;
	uint32_t config = 0;

	for (; half != 0; half &= half - 1)
		config |= each << (2 * __builtin_ctz(half));
	return config;
}

/* A zone reads back what it wrote, or Linux refuses the interrupt; so virtual SPIs remember it. */
static uint32_t read_config(struct vcpu *vcpu, uint32_t n)
{
	uint32_t edges = vcpu->zone->arch.edges[n / 2] & virtual(vcpu, n / 2);

	return (gicd_read(GICD_ICFGR + n * 4) & spread(hardware(vcpu, n / 2), n, 3)) | spread(edges, n, 2);
}

static void write_virtual_config(struct vcpu *vcpu, uint32_t n, uint32_t value)
{
	struct arch_zone *arch = &vcpu->zone->arch;
	uint32_t left = virtual(vcpu, n / 2) & (0xffffu << (n % 2 * 16));

	arch_lock(&arch->lock);
	for (; left != 0; left &= left - 1) {
		uint32_t bit = (uint32_t)__builtin_ctz(left);

		if ((value >> (bit % 16 * 2) & 2) != 0)
			arch->edges[n / 2] |= 1u << bit;
		else
			arch->edges[n / 2] &= ~(1u << bit);
	}
	arch_unlock(&arch->lock);
}

static void write_config(struct vcpu *vcpu, uint32_t n, uint32_t value)
{
	static struct arch_lock lock; /* one register has bits of several zones */
	uint32_t mask = spread(hardware(vcpu, n / 2), n, 3);

	write_virtual_config(vcpu, n, value);
	if (mask == 0)
		return;
	arch_lock(&lock);
	gicd_write(GICD_ICFGR + n * 4, (gicd_read(GICD_ICFGR + n * 4) & ~mask) | (value & mask));
	arch_unlock(&lock);
}

static uint32_t read_control(struct vcpu *vcpu, uint32_t n)
{
	const struct arch_zone *arch = &vcpu->zone->arch;

	if (n == GICD_TYPER / 4)
		return arch->typer;
	if (n == GICD_CTLR / 4)
		return arch->ctlr | GICD_CTLR_ARE | GICD_CTLR_DS | (gicd_read(GICD_CTLR) & GICD_CTLR_RWP);
	return n == GICD_IIDR / 4 ? VGIC_IIDR : 0;
}

static void write_control(struct vcpu *vcpu, uint32_t n, uint32_t value)
{
	if (n != GICD_CTLR / 4)
		return;
	__atomic_store_n(&vcpu->zone->arch.ctlr, value & CTLR_ENABLES, __ATOMIC_RELEASE);
	vgic_announce_ctlr(vcpu);
}

/* By offset in 128-byte steps up to the priorities; then configuration. */
const struct vgic_bank vgic_dist_banks[32] = {
	[0] = { 0, read_control, write_control },
	[1] = { GICD_IGROUPR, read_group, write_group },
	[2] = { GICD_ISENABLER, read_enable, write_set_enable },
	[3] = { GICD_ICENABLER, read_enable, write_clear_enable },
	[4] = { GICD_ISPENDR, read_pending, write_set_pending },
	[5] = { GICD_ICPENDR, read_pending, write_clear_pending },
	[6] = { GICD_ISACTIVER, read_active, write_set_active },
	[7] = { GICD_ICACTIVER, read_active, write_clear_active },
	[24] = { GICD_ICFGR, read_config, write_config },
	[25] = { GICD_ICFGR, read_config, write_config },
};

static void access_priority(struct vcpu *vcpu, struct mmio_access *access, uint32_t offset)
{
	struct arch_zone *arch = &vcpu->zone->arch;
	struct vgic_spi *spi = &arch->spi[offset - GICD_IPRIORITYR];
	uint64_t value = 0;

	arch_lock(&arch->lock);
	for (uint32_t i = 0; i < access->size; i++) {
		uint32_t priority = (uint32_t)(access->value >> (8 * i)) & gic_priority_mask();

		if (access->write && spi[i].attr != 0)
			spi[i].attr = (vgic_attr)((spi[i].attr & ~VGIC_ATTR_PRIORITY) | priority);
		value |= (uint64_t)(spi[i].attr & VGIC_ATTR_PRIORITY) << (8 * i);
	}
	arch_unlock(&arch->lock);
	access->value = value;
}

/* vCPU n is affinity 0.0.(n / 16).(n % 16); what exists nowhere goes to vCPU 0. */
static void set_route(struct vcpu *vcpu, uint32_t intid, uint32_t value)
{
	struct zone *zone = vcpu->zone;
	struct vgic_spi *spi = &zone->arch.spi[intid];
	struct vcpu *old;
	uint32_t index = (value & 0xff) % 16 + (value >> 8 & 0xff) * 16;
	bool any = (value & ROUTER_ANY) != 0;

	if (any || (value & 0xff00f0) != 0 || index >= zone->num_vcpus)
		index = 0;
	arch_lock(&zone->arch.lock);
	old = route_of(vcpu, intid);
	spi->route = (uint8_t)index;
	spi->any = any;
	if (spi->attr & VGIC_ATTR_HW)
		mmio_write64(platform_board.gic.gicd_base + GICD_IROUTER + intid * 8ull,
			     platform_board.cpu_mpidr[zone->vcpu[index]->cpu]);
	__atomic_thread_fence(__ATOMIC_SEQ_CST); /* see vgic_park() */
	if (old->index != index && vgic_take_pending(old, intid))
		vgic_raise(zone->vcpu[index], intid);
	arch_unlock(&zone->arch.lock);
}

/* 64-bit registers, also as halves; affinity 3, the upper half, is always zero. */
static void access_router(struct vcpu *vcpu, struct mmio_access *access, uint32_t offset)
{
	uint32_t intid = (offset - GICD_IROUTER) / 8;
	const struct vgic_spi *spi;

	if (intid > HV_LAST_SPI || access->size < 4 || offset % 8 != 0 ||
	    vcpu->zone->arch.spi[intid].attr == 0) {
		access->value = 0;
		return;
	}
	spi = &vcpu->zone->arch.spi[intid];
	if (access->write)
		set_route(vcpu, intid, (uint32_t)access->value);
	access->value = (uint32_t)(spi->any ? ROUTER_ANY : (spi->route / 16u) << 8 | spi->route % 16u);
}

void vgic_dist_access(struct vcpu *vcpu, struct mmio_access *access, uint32_t offset)
{
	if (offset < VGIC_BANKS_SIZE && access->size == 4 &&
	    vgic_dist_banks[offset >> VGIC_BANK_SHIFT].read != NULL) {
		const struct vgic_bank *bank = &vgic_dist_banks[offset >> VGIC_BANK_SHIFT];
		uint32_t n = (offset - bank->first) / 4;

		if (access->write)
			bank->write(vcpu, n, (uint32_t)access->value);
		else
			access->value = bank->read(vcpu, n);
	} else if (offset - GICD_IPRIORITYR < PRIORITY_SIZE && (access->size == 1 || access->size == 4)) {
		access_priority(vcpu, access, offset);
	} else if (offset >= GICD_IROUTER && offset < GICD_IROUTER + 8 * HV_MAX_INTIDS) {
		access_router(vcpu, access, offset);
	} else {
		access->value = offset == GIC_PIDR2 ? VGIC_PIDR2 : 0;
	}
}
