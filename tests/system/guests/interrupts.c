/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interrupt controller as a zone with two vCPUs sees it. Prints a line for
 * every answer that is not what GICv3 says. arg 1: instead counts the virtual
 * SPI that its device process raises, one letter of the log for each.
 */
#include "guest.h"

#define SPI 78u
#define OTHER_ZONES_SPI 75u
#define GICD_SPI_WORD (SPI / 32 * 4)
#define GICD_SPI_BIT (1u << (SPI % 32))

#define SGI_FRAME (GUEST_GICR + 0x10000)
#define IGROUPR 0x080u
#define ISENABLER 0x100u
#define ICENABLER 0x180u
#define ISPENDR 0x200u
#define ICPENDR 0x280u
#define ISACTIVER 0x300u
#define ICACTIVER 0x380u
#define IPRIORITYR 0x400u
#define ICFGR 0xc00u
#define IROUTER 0x6000u
#define GICR_TYPER 0x8u
#define GICR_TYPER_LAST (1u << 4)

#define PATIENCE 10u /* seconds that what must come may take */
#define LIST 64u

static volatile uint32_t taken[GUEST_MAX_CPUS]; /* in all, by vCPU */
static volatile uint32_t order[LIST];           /* INTIDs that vCPU 0 took */
static volatile uint32_t active_seen;
static volatile uint32_t timer_left;
static volatile uint32_t second_order;
static volatile bool second_ready;

static void bad(const char *what, uint64_t got, uint64_t want)
{
	guest_puts("bad: ");
	guest_puts(what);
	guest_put_field("got", got);
	guest_put_field("want", want);
	guest_puts("\n");
}

static void expect(const char *what, uint64_t got, uint64_t want)
{
	if (got != want)
		bad(what, got, want);
}

static void handler(uint32_t intid)
{
	uint32_t cpu = guest_cpu_self();
	uint32_t n = taken[cpu];

	if (cpu == 0 && n < LIST)
		order[n] = intid;
	if (cpu == 0 && intid < 32)
		active_seen |= guest_read32(SGI_FRAME + ISACTIVER) & (1u << intid);
	if (intid == GUEST_TIMER_INTID && (timer_left == 0 || --timer_left == 0))
		guest_timer_off();
	taken[cpu] = n + 1;
}

static void forget(void)
{
	taken[0] = 0;
	active_seen = 0;
}

/* Until vCPU cpu has taken count; then a little longer, for those that should not come. */
static void wait_taken(const char *what, uint32_t cpu, uint32_t count)
{
	uint64_t end = guest_ticks() + PATIENCE * guest_ticks_per_second();

	while (taken[cpu] < count && guest_ticks() < end)
		guest_yield();
	for (uint32_t i = 0; i < 1000; i++)
		guest_yield();
	expect(what, taken[cpu], count);
}

static void set_priority(uint32_t sgi, uint8_t priority)
{
	__asm__ volatile("strb %w0, [%1]" ::"r"(priority), "r"(SGI_FRAME + IPRIORITYR + sgi) : "memory");
}

static void set_mask(uint64_t priority)
{
	__asm__ volatile("msr icc_pmr_el1, %0\n\tisb" ::"r"(priority) : "memory");
}

/* SGI n gets a more urgent priority the larger n is: they must come from 15 down. */
static void by_priority(const char *what)
{
	for (uint32_t i = 0; i < 16; i++)
		expect(what, order[i], 15 - i);
}

static void sixteen_to_self(void)
{
	forget();
	guest_irq_off();
	for (uint32_t sgi = 0; sgi < 16; sgi++)
		guest_sgi(1, sgi);
	expect("16 SGIs: pending", guest_read32(SGI_FRAME + ISPENDR) & 0xffff, 0xffff);
	guest_irq_on();
	wait_taken("16 SGIs to self", 0, 16);
	by_priority("16 SGIs to self: order");
	expect("16 SGIs: each active while it was handled", active_seen, 0xffff);
	expect("16 SGIs: none pending", guest_read32(SGI_FRAME + ISPENDR) & 0xffff, 0);
	expect("16 SGIs: none active", guest_read32(SGI_FRAME + ISACTIVER) & 0xffff, 0);
}

/* An SGI that is pending already is not pending twice. */
static void merged(void)
{
	forget();
	guest_irq_off();
	for (uint32_t i = 0; i < 5; i++)
		guest_sgi(1, 3);
	guest_irq_on();
	wait_taken("the same SGI five times", 0, 1);
}

static void by_registers(void)
{
	forget();
	guest_irq_off();
	guest_write32(SGI_FRAME + ISPENDR, 1u << 7);
	expect("ISPENDR0", guest_read32(SGI_FRAME + ISPENDR) & 0xffff, 1u << 7);
	guest_write32(SGI_FRAME + ICPENDR, 1u << 7);
	expect("ICPENDR0", guest_read32(SGI_FRAME + ISPENDR) & 0xffff, 0);
	guest_irq_on();
	wait_taken("withdrawn", 0, 0);
	guest_write32(SGI_FRAME + ISPENDR, 1u << 7);
	wait_taken("ISPENDR0 raises", 0, 1);

	forget();
	guest_write32(SGI_FRAME + ICENABLER, 1u << 9);
	expect("ICENABLER0", guest_read32(SGI_FRAME + ISENABLER) & 0xffff, 0xffff & ~(1u << 9));
	guest_sgi(1, 9);
	wait_taken("disabled", 0, 0);
	expect("disabled, but pending", guest_read32(SGI_FRAME + ISPENDR) & 0xffff, 1u << 9);
	guest_write32(SGI_FRAME + ISENABLER, 1u << 9);
	wait_taken("enabled again", 0, 1);
}

static void masked_by_priority(void)
{
	forget();
	set_mask(0x40);
	guest_sgi(1, 2); /* priority 0xd0 */
	wait_taken("less urgent than ICC_PMR_EL1", 0, 0);
	guest_sgi(1, 14); /* priority 0x10 */
	wait_taken("more urgent than ICC_PMR_EL1", 0, 1);
	set_mask(0xf8);
	wait_taken("ICC_PMR_EL1 gives way", 0, 2);
}

/* EOI drops the priority only; the interrupt stays active until ICC_DIR_EL1. */
static void split_end(void)
{
	uint64_t intid;

	forget();
	guest_irq_off();
	__asm__ volatile("msr icc_ctlr_el1, %0\n\tisb" ::"r"(2ull));
	guest_sgi(1, 5);
	__asm__ volatile("isb\n\tmrs %0, icc_iar1_el1\n\tdsb sy" : "=r"(intid));
	expect("split EOI: taken", intid, 5);
	__asm__ volatile("msr icc_eoir1_el1, %0\n\tisb" ::"r"(intid));
	guest_sgi(1, 5);
	__asm__ volatile("isb\n\tmrs %0, icc_iar1_el1\n\tdsb sy" : "=r"(intid));
	expect("split EOI: not again while active", intid, GUEST_NO_INTID);
	/* private interrupts are none of the distributor's */
	guest_write32(GUEST_GICD + ICACTIVER, ~0u);
	expect("split EOI: still active", guest_read32(SGI_FRAME + ISACTIVER) & 0xffff, 1u << 5);
	__asm__ volatile("msr icc_dir_el1, %0\n\tisb" ::"r"(5ull));
	__asm__ volatile("isb\n\tmrs %0, icc_iar1_el1\n\tdsb sy" : "=r"(intid));
	expect("split EOI: again once ended", intid, 5);
	__asm__ volatile("msr icc_eoir1_el1, %0\n\tisb\n\tmsr icc_dir_el1, %0\n\tisb" ::"r"(intid));
	__asm__ volatile("msr icc_ctlr_el1, xzr\n\tisb");
	guest_irq_on();
	wait_taken("split EOI: nothing left", 0, 0);
}

static void timer(void)
{
	forget();
	timer_left = 3;
	guest_timer_at(guest_ticks() + 1000);
	wait_taken("the timer's level comes back until it is off", 0, 3);
	forget();
	guest_write32(SGI_FRAME + ICENABLER, 1u << GUEST_TIMER_INTID);
	timer_left = 1;
	guest_timer_at(guest_ticks());
	wait_taken("timer disabled in the redistributor", 0, 0);
	expect("timer pending there", guest_read32(SGI_FRAME + ISPENDR) >> GUEST_TIMER_INTID & 1, 1);
	guest_write32(SGI_FRAME + ISENABLER, 1u << GUEST_TIMER_INTID);
	wait_taken("timer enabled again", 0, 1);
	for (uint32_t i = 0; i < 200; i++) {
		forget();
		timer_left = 1;
		guest_irq_off();
		guest_timer_at(guest_ticks() + 100);
		while (taken[0] == 0) {
			guest_wfi();
			guest_irq_on();
			guest_irq_off();
		}
		guest_irq_on();
	}
}

static void virtual_spi(void)
{
	forget();
	guest_gic_enable_spi(SPI);
	expect("SPI enabled", guest_read32(GUEST_GICD + ISENABLER + GICD_SPI_WORD), GICD_SPI_BIT);
	guest_write32(GUEST_GICD + ISPENDR + GICD_SPI_WORD, GICD_SPI_BIT);
	wait_taken("SPI by ISPENDR", 0, 1);
	guest_write32(GUEST_GICD + ICENABLER + GICD_SPI_WORD, GICD_SPI_BIT);
	guest_write32(GUEST_GICD + ISPENDR + GICD_SPI_WORD, GICD_SPI_BIT);
	wait_taken("SPI disabled", 0, 1);
	expect("SPI pending", guest_read32(GUEST_GICD + ISPENDR + GICD_SPI_WORD), GICD_SPI_BIT);
	taken[1] = 0;
	guest_write32(GUEST_GICD + IROUTER + 8 * SPI, 1);
	expect("SPI routed", guest_read32(GUEST_GICD + IROUTER + 8 * SPI), 1);
	guest_write32(GUEST_GICD + ISENABLER + GICD_SPI_WORD, GICD_SPI_BIT);
	wait_taken("SPI routed to vCPU 1: there", 1, 1);
	expect("SPI routed to vCPU 1: not here", taken[0], 1);
	guest_write32(GUEST_GICD + ICENABLER + GICD_SPI_WORD, GICD_SPI_BIT);
}

/* Bits of SPIs that are not the zone's read as zero and ignore writes. */
static void not_ours(void)
{
	static const uint32_t banks[] = { IGROUPR, ISENABLER, ISPENDR, ISACTIVER };

	for (uint32_t bank = 0; bank < 4; bank++) {
		expect("private bits", guest_read32(GUEST_GICD + banks[bank]), 0);
		for (uint32_t word = 1; word < 32; word++) {
			uint32_t own = word == SPI / 32 ? GICD_SPI_BIT : 0;

			guest_write32(GUEST_GICD + banks[bank] + word * 4, ~own);
			expect("foreign SPI bits", guest_read32(GUEST_GICD + banks[bank] + word * 4) & ~own,
			       0);
		}
	}
	guest_write32(GUEST_GICD + IPRIORITYR + (OTHER_ZONES_SPI & ~3u), 0xa0a0a0a0);
	expect("foreign priorities", guest_read32(GUEST_GICD + IPRIORITYR + (OTHER_ZONES_SPI & ~3u)), 0);
	guest_write32(GUEST_GICD + IROUTER + 8 * OTHER_ZONES_SPI, 1);
	expect("foreign route", guest_read32(GUEST_GICD + IROUTER + 8 * OTHER_ZONES_SPI), 0);
	expect("GICR_TYPER of vCPU 0", guest_read32(GUEST_GICR + GICR_TYPER) & GICR_TYPER_LAST, 0);
	expect("GICR_TYPER of vCPU 1",
	       guest_read32(GUEST_GICR + GUEST_GICR_STRIDE + GICR_TYPER) & GICR_TYPER_LAST, GICR_TYPER_LAST);
	expect("GICR of no vCPU", guest_read32(GUEST_GICR + 2 * GUEST_GICR_STRIDE + GICR_TYPER), 0);
}

/* On vCPU 1: sends vCPU 0 what it is told to. */
static void second(void *arg)
{
	(void)arg;
	guest_gic_init();
	guest_irq_on();
	second_ready = true;
	for (;;) {
		if (second_order == 1) {
			for (uint32_t sgi = 0; sgi < 16; sgi++)
				guest_sgi(1, sgi);
			second_order = 0;
		}
		if (second_order == 2) {
			guest_sgi(1, 9);
			second_order = 3;
		}
		guest_yield();
	}
}

static void sixteen_from_other(void)
{
	forget();
	guest_irq_off();
	second_order = 1;
	while (second_order != 0)
		guest_yield();
	guest_irq_on();
	wait_taken("16 SGIs from vCPU 1", 0, 16);
	taken[1] = 0;
	__asm__ volatile("msr icc_sgi1r_el1, %0\n\tisb" ::"r"(1ull << 40 | 6ull << 24));
	wait_taken("SGI to all but self: there", 1, 1);
	expect("SGI to all but self: not here", taken[0], 16);
}

/* SGIs come while they are being switched off and on: none is lost. */
static void against_enabling(void)
{
	uint64_t end = guest_ticks() + PATIENCE * guest_ticks_per_second();

	forget();
	for (uint32_t sent = 1; sent <= 3000; sent++) {
		second_order = 2;
		do {
			guest_write32(SGI_FRAME + ICENABLER, 1u << 9);
			guest_write32(SGI_FRAME + ISENABLER, 1u << 9);
		} while ((second_order != 3 || taken[0] < sent) && guest_ticks() < end);
	}
	second_order = 0;
	expect("SGIs against enabling", taken[0], 3000);
}

static void (*const tests[])(void) = {
	sixteen_to_self, merged,      by_registers, masked_by_priority, split_end,
	timer,           virtual_spi, not_ours,     sixteen_from_other, against_enabling,
};

static void count_letter(uint32_t intid)
{
	if (intid == SPI)
		guest_puts(".");
}

static void count_for_ever(void)
{
	guest_irq_handler = count_letter;
	guest_gic_enable_spi(SPI);
	guest_irq_on();
	for (;;)
		guest_wfi();
}

void guest_main(uint64_t x0)
{
	(void)x0;
	guest_gic_init();
	if (guest_params.arg == 1)
		count_for_ever();
	guest_irq_handler = handler;
	set_mask(0xf8);
	for (uint32_t sgi = 0; sgi < 16; sgi++)
		set_priority(sgi, (uint8_t)((15 - sgi) * 16));
	guest_irq_on();
	expect("CPU_ON", (uint64_t)guest_cpu_on(1, second, NULL), 0);
	while (!second_ready)
		guest_yield();
	for (uint32_t round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
			tests[i]();
	}
	guest_puts("done\n");
}
