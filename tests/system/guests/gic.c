/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interrupt controller as a zone with two vCPUs sees it: more interrupts
 * at once than there are list registers, priorities, disabling, other vCPUs'
 * redistributors, routing. Prints a line for each surprise. The zone has the
 * hardware SPIs 128..135 and the virtual SPIs 160..163.
 */
#include "guest.h"

#define GICD_ISENABLER 0x100u
#define GICD_ICENABLER 0x180u
#define GICD_ISPENDR 0x200u
#define GICD_ICPENDR 0x280u
#define GICD_ISACTIVER 0x300u
#define GICD_IPRIORITYR 0x400u
#define GICD_ICFGR 0xc00u
#define GICD_IROUTER 0x6000u
#define SGI_FRAME 0x10000u
#define MAX_SEEN 64

static volatile uint32_t seen[MAX_SEEN];
static volatile uint32_t seen_cpu[MAX_SEEN];
static volatile uint32_t num_seen;
static volatile bool second_up, second_leave;

static void handler(uint32_t intid)
{
	uint32_t n = num_seen;

	if (n < MAX_SEEN) {
		seen[n] = intid;
		seen_cpu[n] = guest_cpu_self();
		num_seen = n + 1;
	}
}

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

static uint64_t gicr(uint32_t cpu)
{
	return GUEST_GICR + cpu * GUEST_GICR_STRIDE + SGI_FRAME;
}

static void priority(uint32_t intid, uint32_t value)
{
	uint64_t at = (intid < 32 ? gicr(guest_cpu_self()) : GUEST_GICD) + GICD_IPRIORITYR + intid;

	__asm__ volatile("strb %w1, [%0]" ::"r"(at), "r"(value) : "memory");
}

static void spin(void)
{
	uint64_t end = guest_ticks() + guest_ticks_per_second() / 500;

	while (guest_ticks() < end)
		guest_yield();
}

static void take_all(void)
{
	num_seen = 0;
	guest_irq_on();
	spin();
	guest_irq_off();
}

/* Each of first..last once, in this order */
static void expect_seen(const char *what, uint32_t count)
{
	expect(what, num_seen, count);
	for (uint32_t i = 0; i < num_seen; i++)
		for (uint32_t j = 0; j < i; j++)
			if (seen[i] == seen[j])
				bad("twice", seen[i], i);
}

static void many_sgis(void)
{
	for (uint32_t i = 0; i < 16; i++)
		priority(i, (15 - i) << 4);
	for (uint32_t i = 0; i < 16; i++)
		guest_sgi(1, i);
	for (uint32_t i = 0; i < 16; i++)
		guest_sgi(1, i);
	expect("ISPENDR0 of all SGIs", guest_read32(gicr(0) + GICD_ISPENDR) & 0xffff, 0xffff);
	/* all but the four in list registers, which the first SGIs took in their time, come by urgency */
	take_all();
	expect_seen("16 SGIs", 15); /* SGI 0 has priority 0xf0: masked by PMR 0xf0 */
	for (uint32_t i = 0; i < num_seen; i++)
		expect("order", seen[i], 15 - i);
	priority(0, 0);
	guest_write32(gicr(0) + GICD_ICPENDR, 0xffff);
	take_all();
	expect("cleared", num_seen, 0);
	for (uint32_t i = 0; i < 16; i++)
		priority(i, 0x80);
}

static void spis(void)
{
	for (uint32_t i = 128; i < 136; i++) {
		guest_write32(GUEST_GICD + GICD_IROUTER + i * 8, 0);
		priority(i, 0x80);
	}
	guest_write32(GUEST_GICD + GICD_ICFGR + 128 / 4, 0xaaaa);
	expect("ICFGR", guest_read32(GUEST_GICD + GICD_ICFGR + 128 / 4), 0xaaaa);
	guest_write32(GUEST_GICD + GICD_ISENABLER + 16, ~0u);
	expect("ISENABLER4", guest_read32(GUEST_GICD + GICD_ISENABLER + 16), 0xff);
	guest_write32(GUEST_GICD + GICD_ISENABLER + 20, ~0u);
	expect("ISENABLER5", guest_read32(GUEST_GICD + GICD_ISENABLER + 20), 0xf);
	for (uint32_t i = 0; i < 16; i++)
		guest_sgi(1, i);
	guest_write32(GUEST_GICD + GICD_ISPENDR + 16, ~0u);
	guest_write32(GUEST_GICD + GICD_ISPENDR + 20, ~0u);
	expect("ISPENDR4", guest_read32(GUEST_GICD + GICD_ISPENDR + 16), 0xff);
	expect("ISPENDR5", guest_read32(GUEST_GICD + GICD_ISPENDR + 20), 0xf);
	expect("ISACTIVER4", guest_read32(GUEST_GICD + GICD_ISACTIVER + 16), 0);
	take_all();
	expect_seen("16 SGIs, 8 SPIs, 4 virtual", 28);
	expect("ISPENDR4 after", guest_read32(GUEST_GICD + GICD_ISPENDR + 16), 0);
	expect("ISACTIVER4 after", guest_read32(GUEST_GICD + GICD_ISACTIVER + 16), 0);
	/* once more: they were deactivated */
	guest_write32(GUEST_GICD + GICD_ISPENDR + 16, ~0u);
	guest_write32(GUEST_GICD + GICD_ISPENDR + 20, ~0u);
	take_all();
	expect_seen("again", 12);
}

static void disabling(void)
{
	guest_write32(GUEST_GICD + GICD_ISPENDR + 16, 0xff);
	guest_write32(GUEST_GICD + GICD_ISPENDR + 20, 0xf);
	guest_sgi(1, 5);
	guest_write32(GUEST_GICD + GICD_ICENABLER + 16, 0x0f);
	guest_write32(GUEST_GICD + GICD_ICENABLER + 20, 0x3);
	guest_write32(gicr(0) + GICD_ICENABLER, 1u << 5);
	expect("still pending", guest_read32(GUEST_GICD + GICD_ISPENDR + 16), 0xff);
	take_all();
	expect_seen("enabled ones", 6);
	expect("the others wait", guest_read32(GUEST_GICD + GICD_ISPENDR + 16), 0x0f);
	expect("virtual ones too", guest_read32(GUEST_GICD + GICD_ISPENDR + 20), 0x3);
	guest_write32(GUEST_GICD + GICD_ISENABLER + 16, 0x0f);
	guest_write32(GUEST_GICD + GICD_ISENABLER + 20, 0x3);
	guest_write32(gicr(0) + GICD_ISENABLER, 1u << 5);
	take_all();
	expect_seen("enabled again", 7);
	guest_write32(GUEST_GICD + GICD_ISPENDR + 16, 0xff);
	guest_write32(GUEST_GICD + GICD_ISPENDR + 20, 0xf);
	guest_write32(GUEST_GICD + GICD_ICPENDR + 16, 0xfe);
	guest_write32(GUEST_GICD + GICD_ICPENDR + 20, 0xe);
	take_all();
	expect_seen("pending cleared", 2);
	guest_write32(GUEST_GICD, 0x10);
	guest_sgi(1, 3);
	take_all();
	expect("distributor off", num_seen, 0);
	guest_write32(GUEST_GICD, 0x12);
	take_all();
	expect_seen("distributor on", 1);
}

static void second(void *arg)
{
	(void)arg;
	guest_gic_init();
	guest_irq_on();
	second_up = true;
	while (!second_leave)
		guest_wfi();
	guest_irq_off();
}

static void wait_seen(const char *what, uint32_t count)
{
	uint64_t end = guest_ticks() + guest_ticks_per_second() / 10;

	while (num_seen < count && guest_ticks() < end)
		guest_yield();
	expect(what, num_seen, count);
}

static void two_cpus(void)
{
	expect("CPU_ON", (uint64_t)guest_cpu_on(1, second, NULL), 0);
	while (!second_up)
		guest_yield();
	num_seen = 0;
	guest_sgi(2, 7);
	wait_seen("SGI to the other", 1);
	expect("its CPU", seen_cpu[0], 1);
	num_seen = 0;
	guest_write32(gicr(1) + GICD_ISPENDR, 1u << 9);
	wait_seen("its ISPENDR0", 1);
	expect("its CPU", seen_cpu[0], 1);
	for (uint32_t i = 0; i < 8; i++)
		guest_write32(GUEST_GICD + GICD_IROUTER + (128 + i) * 8, 1);
	for (uint32_t i = 0; i < 4; i++)
		guest_write32(GUEST_GICD + GICD_IROUTER + (160 + i) * 8, 1);
	num_seen = 0;
	guest_write32(GUEST_GICD + GICD_ISPENDR + 16, 0xff);
	guest_write32(GUEST_GICD + GICD_ISPENDR + 20, 0xf);
	wait_seen("routed", 12);
	for (uint32_t i = 0; i < num_seen; i++)
		expect("its CPU", seen_cpu[i], 1);
	num_seen = 0;
	second_leave = true;
	guest_sgi(2, 1);
	while (guest_psci(PSCI_AFFINITY_INFO, 1, 0, 0) != 1)
		guest_yield();
	/* an SPI for a vCPU that is off waits for it */
	num_seen = 0;
	guest_write32(GUEST_GICD + GICD_ISPENDR + 16, 0x1);
	guest_write32(GUEST_GICD + GICD_ISPENDR + 20, 0x1);
	spin();
	expect("nobody there", num_seen, 0);
	guest_write32(GUEST_GICD + GICD_IROUTER + 128 * 8, 0);
	guest_write32(GUEST_GICD + GICD_IROUTER + 160 * 8, 0);
	take_all();
	expect_seen("routed back", 2);
}

void guest_main(uint64_t x0)
{
	(void)x0;
	guest_irq_handler = handler;
	guest_gic_init();
	expect("GICR_TYPER", guest_read32(GUEST_GICR + GUEST_GICR_STRIDE + 8), 1u << 8 | 1u << 4);
	many_sgis();
	spis();
	disabling();
	two_cpus();
	guest_puts("done\n");
}
