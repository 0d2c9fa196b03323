/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The benchmark guest. Prints a line for each operation: its name, what was
 * counted in all, the unit of the count, and the iterations. The runner makes
 * instructions per operation of it. arg: bit n leaves out group n; bit 31: sleep
 * at the end, so that the zone's memory stays to be read.
 */
#include "guest.h"
#include "hv_call.h"

#define CALLS 10000u
#define INTERRUPTS 1000u
#define DEVICE_READS 1000u
#define TIMER_TICKS 500u
#define VIRTIO_REGION 0x0a003c00ull

#define SLEEP_AT_END (1u << 31)
#define SGI 1ull
#define SGI_TO(cpu) (SGI << 24 | 1ull << (cpu))

uint64_t bench_empty(uint64_t count, uint64_t unused);
uint64_t bench_load(uint64_t count, uint64_t address);
uint64_t bench_hvc(uint64_t count, uint64_t function);
uint64_t bench_smc(uint64_t count, uint64_t function);
uint64_t bench_self_sgi(uint64_t count, uint64_t sgi);
uint64_t bench_timer_busy(uint64_t count, uint64_t ticks);
uint64_t bench_timer_wfi(uint64_t count, uint64_t ticks);
uint64_t bench_ping_pong(uint64_t count, uint64_t sgi, uint64_t leader);

enum group {
	GROUP_CALLS,
	GROUP_INTERRUPTS,
	GROUP_PING_PONG, /* wants two vCPUs */
	GROUP_DEVICE,    /* wants a virtio region that someone answers */
};

#define TICKS " ticks "
#define INSTRUCTIONS " instructions "

static const struct {
	const char *name;
	uint64_t (*run)(uint64_t count, uint64_t argument);
	uint64_t argument;
	uint64_t count;
	const char *unit;
	uint32_t group;
} loops[] = {
	{ "empty_loop", bench_empty, 0, CALLS, TICKS, GROUP_CALLS },
	{ "psci_version", bench_hvc, PSCI_VERSION, CALLS, TICKS, GROUP_CALLS },
	{ "psci_version_smc", bench_smc, PSCI_VERSION, CALLS, TICKS, GROUP_CALLS },
	{ "hypercall_refused", bench_hvc, HV_CALL_BASE, CALLS, TICKS, GROUP_CALLS },
	{ "gicd_typer", bench_load, GUEST_GICD + 0x4, CALLS, TICKS, GROUP_CALLS },
	{ "gicd_isenabler1", bench_load, GUEST_GICD + 0x104, CALLS, TICKS, GROUP_CALLS },
	{ "gicr_isenabler0", bench_load, GUEST_GICR + 0x10100, CALLS, TICKS, GROUP_CALLS },
	{ "self_sgi", bench_self_sgi, SGI_TO(0), INTERRUPTS, INSTRUCTIONS, GROUP_INTERRUPTS },
	{ "timer_busy", bench_timer_busy, TIMER_TICKS, INTERRUPTS, INSTRUCTIONS, GROUP_INTERRUPTS },
	{ "timer_wfi", bench_timer_wfi, TIMER_TICKS, INTERRUPTS, INSTRUCTIONS, GROUP_INTERRUPTS },
	{ "device_read", bench_load, VIRTIO_REGION, DEVICE_READS, TICKS, GROUP_DEVICE },
};

static bool wanted(uint32_t group)
{
	return (guest_params.arg >> group & 1) == 0;
}

static void report(const char *name, uint64_t sum, const char *unit, uint64_t count)
{
	guest_puts("bench ");
	guest_puts(name);
	guest_puts(" ");
	guest_put_dec(sum);
	guest_puts(unit);
	guest_put_dec(count);
	guest_puts("\n");
}

static volatile bool ponging;

static void pong(void *arg)
{
	(void)arg;
	guest_gic_init();
	ponging = true;
	bench_ping_pong(INTERRUPTS, SGI_TO(0), 0);
}

static void ping_pong(void)
{
	int64_t result = guest_cpu_on(1, pong, NULL);

	if (result != 0) {
		guest_puts("bench ping_pong has no second CPU\n");
		return;
	}
	while (!ponging)
		guest_yield();
	/* the other end is in its loop soon; the first round's wait does not count among a thousand */
	report("ping_pong", bench_ping_pong(INTERRUPTS, SGI_TO(1), 1), TICKS, INTERRUPTS);
}

void guest_main(uint64_t x0)
{
	(void)x0;
	guest_gic_init();
	guest_puts("bench start ");
	guest_put_dec(guest_params.entry_ticks);
	guest_puts(TICKS "1\n");
	for (size_t i = 0; i < sizeof(loops) / sizeof(loops[0]); i++) {
		if (wanted(loops[i].group))
			report(loops[i].name, loops[i].run(loops[i].count, loops[i].argument), loops[i].unit,
			       loops[i].count);
	}
	if (wanted(GROUP_PING_PONG))
		ping_pong();
	guest_puts("bench end\n");
	while ((guest_params.arg & SLEEP_AT_END) != 0)
		guest_wfi();
}
