/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PSCI as a zone with two vCPUs sees it: on, off and on again, and all the
 * wrong targets. Prints a line for each answer that is not what it must be.
 */
#include "guest.h"

#define PSCI_INVALID (-2)
#define PSCI_DENIED (-3)
#define PSCI_ALREADY_ON (-4)
#define PSCI_ON_PENDING (-5)
#define PSCI_INVALID_ADDRESS (-9)
#define AFFINITY_ON 0
#define AFFINITY_OFF 1

static volatile uint32_t rounds;
static volatile uint32_t leave;

static void second(void *arg)
{
	rounds = rounds + 1;
	if (arg != (void *)&rounds || guest_cpu_self() != 1)
		guest_puts("bad: second vCPU's context\n");
	while (leave == 0)
		guest_yield();
}

static void expect(const char *what, int64_t got, int64_t want)
{
	if (got == want)
		return;
	guest_puts("bad: ");
	guest_puts(what);
	guest_put_field("got", (uint64_t)got);
	guest_put_field("want", (uint64_t)want);
	guest_puts("\n");
}

static void round_trip(uint32_t round)
{
	int64_t again;

	leave = 0;
	expect("CPU_ON", guest_cpu_on(1, second, (void *)&rounds), 0);
	again = guest_cpu_on(1, second, (void *)&rounds);
	if (again != PSCI_ON_PENDING)
		expect("CPU_ON again", again, PSCI_ALREADY_ON);
	while (rounds != round)
		guest_yield();
	expect("AFFINITY_INFO on", guest_psci(PSCI_AFFINITY_INFO, 1, 0, 0), AFFINITY_ON);
	leave = 1;
	while (guest_psci(PSCI_AFFINITY_INFO, 1, 0, 0) != AFFINITY_OFF)
		guest_yield();
}

void guest_main(uint64_t x0)
{
	(void)x0;
	expect("CPU_ON self", guest_psci(PSCI_CPU_ON, 0, (uint64_t)&guest_params - 64, 0), PSCI_ALREADY_ON);
	expect("CPU_ON vCPU 2", guest_psci(PSCI_CPU_ON, 2, (uint64_t)&guest_params - 64, 0), PSCI_INVALID);
	expect("CPU_ON Aff1", guest_psci(PSCI_CPU_ON, 0x101, (uint64_t)&guest_params - 64, 0), PSCI_INVALID);
	expect("CPU_ON Aff3", guest_psci(PSCI_CPU_ON, 1ull << 32, (uint64_t)&guest_params - 64, 0),
	       PSCI_INVALID);
	expect("CPU_ON outside RAM", guest_psci(PSCI_CPU_ON, 1, 0, 0), PSCI_INVALID_ADDRESS);
	expect("AFFINITY_INFO vCPU 2", guest_psci(PSCI_AFFINITY_INFO, 2, 0, 0), PSCI_INVALID);
	for (uint32_t round = 1; round <= 20; round++)
		round_trip(round);
	guest_puts("done");
	guest_put_field("rounds", rounds);
	guest_puts("\n");
}
