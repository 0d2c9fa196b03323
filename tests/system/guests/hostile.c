/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hostile driver (tests/hostile) as a guest. arg when it starts: 0: all
 * cases but races; 1: races, with a second vCPU; from 1000 on: a neighbour that
 * uses its console and its disk for ever, and counts in arg how often.
 *
 * As a driver it stops after every HOSTILE_BATCH cases, with "@" at the end of
 * its log, until arg is another number; then the log begins anew.
 */
#include "../../hostile/hostile.h"
#include "guest.h"

#define HOSTILE_BATCH 20u
#define PATIENCE 60u /* seconds */
#define NEIGHBOUR 1000u

static volatile unsigned interrupts[1024];
static unsigned batch;

static volatile uint32_t *arg(void)
{
	return &guest_params.arg;
}

uint64_t hostile_load(uint64_t ipa, uint32_t size)
{
	uint64_t value = 0;

	if (size == 1)
		__asm__ volatile("ldrb %w0, [%1]" : "=r"(value) : "r"(ipa) : "memory");
	else if (size == 2)
		__asm__ volatile("ldrh %w0, [%1]" : "=r"(value) : "r"(ipa) : "memory");
	else if (size == 4)
		__asm__ volatile("ldr %w0, [%1]" : "=r"(value) : "r"(ipa) : "memory");
	else
		__asm__ volatile("ldr %0, [%1]" : "=r"(value) : "r"(ipa) : "memory");
	return value;
}

void hostile_store(uint64_t ipa, uint32_t size, uint64_t value)
{
	__asm__ volatile("dsb sy" ::: "memory");
	if (size == 1)
		__asm__ volatile("strb %w0, [%1]" ::"r"(value), "r"(ipa) : "memory");
	else if (size == 2)
		__asm__ volatile("strh %w0, [%1]" ::"r"(value), "r"(ipa) : "memory");
	else if (size == 4)
		__asm__ volatile("str %w0, [%1]" ::"r"(value), "r"(ipa) : "memory");
	else
		__asm__ volatile("str %0, [%1]" ::"r"(value), "r"(ipa) : "memory");
}

void *hostile_at(uint64_t ipa)
{
	return (void *)ipa;
}

bool hostile_until(bool (*done)(void *argument), void *argument)
{
	const uint64_t end = guest_ticks() + PATIENCE * guest_ticks_per_second();

	while (!done(argument)) {
		if (guest_ticks() > end)
			return false;
		guest_yield();
	}
	return true;
}

unsigned hostile_interrupts(uint32_t intid)
{
	return interrupts[intid];
}

static void count_interrupt(uint32_t intid)
{
	interrupts[intid]++;
}

void hostile_say(const char *text)
{
	guest_puts(text);
}

static void hand_over(void)
{
	const uint32_t before = *arg();

	guest_puts("@");
	while (*arg() == before)
		guest_yield();
	guest_params.log_used = 0;
	batch = 0;
}

void hostile_go_on(void)
{
	if (batch++ == HOSTILE_BATCH)
		hand_over();
}

static struct {
	void (*volatile work)(struct hostile_device *device);
	struct hostile_device *volatile device;
	volatile bool idle;
} other;

static void second(void *argument)
{
	(void)argument;
	for (;;) {
		void (*work)(struct hostile_device * device) = other.work;

		if (work)
			work(other.device);
		else
			other.idle = true;
	}
}

void hostile_race(void (*work)(struct hostile_device *device), struct hostile_device *device)
{
	other.idle = false;
	other.device = device;
	__asm__ volatile("dsb sy" ::: "memory");
	other.work = work;
}

void hostile_race_end(void)
{
	other.work = NULL;
	__asm__ volatile("dsb sy" ::: "memory");
	other.idle = false;
	while (!other.idle)
		guest_yield();
}

/* Whatever the zone beside it does. A failure stops the count. */
static void be_neighbour(void)
{
	struct hostile_device *used[] = { &hostile_device[H_CONSOLE], &hostile_device[H_BLK] };

	for (unsigned i = 0; i < 2; i++) {
		used[i]->arena = HOSTILE_ARENA + i * HOSTILE_SHARE;
		h_start(used[i], H_F_INDIRECT | used[i]->features);
	}
	while (!hostile_failure()) {
		for (unsigned i = 0; i < 2; i++)
			h_check_works(used[i]);
		*arg() = *arg() + 1;
	}
	guest_puts(hostile_failure());
	for (;;)
		guest_wfi();
}

void guest_main(uint64_t x0)
{
	const uint32_t mode = *arg();
	unsigned cases = 0, failed;

	(void)x0;
	guest_gic_init();
	guest_irq_handler = count_interrupt;
	guest_faults_skip = true;
	for (unsigned i = 0; i < H_KINDS; i++)
		guest_gic_enable_spi(hostile_device[i].intid);
	guest_irq_on();
	if (mode >= NEIGHBOUR)
		be_neighbour();
	if (mode == 1 && guest_cpu_on(1, second, NULL) != 0)
		guest_puts("FAIL no second CPU\n");
	failed = hostile_run(mode == 1, &cases);
	guest_puts("done ");
	guest_put_dec(cases);
	guest_puts(" ");
	guest_put_dec(failed);
	guest_puts("\n");
	hand_over();
}
