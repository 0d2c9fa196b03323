/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a zone sees of its time while others pause it. arg: 0 one vCPU looks
 * at the counter with interrupts masked; 1 it takes a timer tick every
 * millisecond, asleep between; 2 both at once, on two vCPUs; 3 loads from a
 * device, and looks at the counter before and after. When arg becomes
 * CLOCK_ENOUGH it prints one line of what was seen and switches off.
 */
#include "guest.h"

#define CLOCK_ENOUGH 0x100u
#define VIRTIO 0x0a003c00ull

/* All in ticks of the counter. Written by one vCPU each. */
static volatile uint64_t gap;          /* longest time between two looks, by CNTVCT */
static volatile uint64_t physical_gap; /* the same two by CNTPCT */
static volatile uint64_t backwards;    /* looks that came before the other vCPU's last one */
static volatile uint64_t ticks, early, late;
static volatile uint64_t next_tick, period;
static volatile uint64_t seen_by[2]; /* last look of each vCPU */
static volatile bool second_done;

static uint64_t physical(void)
{
	uint64_t count;

	__asm__ volatile("isb\n\tmrs %0, cntpct_el0" : "=r"(count)::"memory");
	return count;
}

static bool enough(void)
{
	return (*(volatile uint32_t *)&guest_params.arg & CLOCK_ENOUGH) != 0;
}

/* Later than whatever the other one saw before. */
static uint64_t look(uint32_t self)
{
	uint64_t other = seen_by[1 - self];
	uint64_t now;

	__asm__ volatile("dmb sy" ::: "memory");
	now = guest_ticks();
	if (now < other)
		backwards = backwards + 1;
	seen_by[self] = now;
	return now;
}

static void watch(uint32_t self)
{
	uint64_t last = look(self), last_physical = physical();

	while (!enough()) {
		uint64_t now = look(self), now_physical = physical();

		if (now - last > gap)
			gap = now - last;
		if (now_physical - last_physical > physical_gap)
			physical_gap = now_physical - last_physical;
		last = now;
		last_physical = now_physical;
	}
}

static void second(void *arg)
{
	(void)arg;
	watch(1);
	second_done = true;
}

static void tick(uint32_t intid)
{
	uint64_t now = look(0);

	if (intid != GUEST_TIMER_INTID)
		return;
	if (now < next_tick)
		early = early + 1;
	else if (now - next_tick > late)
		late = now - next_tick;
	ticks = ticks + 1;
	next_tick = next_tick + period;
	guest_timer_at(next_tick);
}

/* Each millisecond gives one tick; how many there should have been comes with them. */
static uint64_t take_ticks(void)
{
	uint64_t start = guest_ticks();

	period = guest_ticks_per_second() / 1000;
	next_tick = start + period;
	guest_irq_handler = tick;
	guest_timer_at(next_tick);
	while (!enough()) {
		guest_irq_off();
		guest_wfi();
		guest_irq_on();
	}
	guest_irq_off();
	guest_timer_off();
	return (guest_ticks() - start) / period;
}

static void load(void)
{
	uint64_t before = guest_ticks(), before_physical = physical();
	uint32_t value = guest_read32(VIRTIO);

	gap = guest_ticks() - before;
	physical_gap = physical() - before_physical;
	guest_puts("loaded");
	guest_put_field("value", value);
	guest_puts("\n");
}

void guest_main(uint64_t x0)
{
	uint32_t what = guest_params.arg;
	uint64_t due = 0;

	(void)x0;
	guest_gic_init();
	if (what == 2)
		(void)guest_cpu_on(1, second, NULL);
	if (what == 0)
		watch(0);
	else if (what == 3)
		load();
	else
		due = take_ticks();
	while (what == 2 && !second_done)
		guest_yield();
	guest_puts("clock");
	guest_put_field("gap", gap);
	guest_put_field("physical_gap", physical_gap);
	guest_put_field("backwards", backwards);
	guest_put_field("due", due);
	guest_put_field("ticks", ticks);
	guest_put_field("early", early);
	guest_put_field("late", late);
	guest_put_field("second", guest_ticks_per_second());
	guest_puts("\n");
}
