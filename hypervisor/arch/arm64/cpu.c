/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Physical CPUs: power, kicks, sleep. */
#include "arch_cpu.h"

#include "gic.h"
#include "irq.h"

#define PSCI_CPU_ON 0xc4000003ull
#define PSCI_SYSTEM_OFF 0x84000008ull
#define PSCI_SYSTEM_RESET 0x84000009ull
#define PSCI_ALREADY_ON (-4)
#define PSCI_ON_PENDING (-5)
#define MPIDR_AFFINITY 0xff00ffffffull

struct cpu el2_cpu[EL2_MAX_CPUS];

uintptr_t el2_stack_guard(uint32_t cpu)
{
	return (uintptr_t)el2_stacks + cpu * (uintptr_t)(HV_PAGE_SIZE + EL2_STACK_SIZE);
}

uintptr_t el2_stack_top(uint32_t cpu)
{
	return el2_stack_guard(cpu) + HV_PAGE_SIZE + EL2_STACK_SIZE;
}

int64_t firmware_call(uint64_t function, uint64_t a, uint64_t b, uint64_t c)
{
	register uint64_t x0 __asm__("x0") = function;
	register uint64_t x1 __asm__("x1") = a;
	register uint64_t x2 __asm__("x2") = b;
	register uint64_t x3 __asm__("x3") = c;

	__asm__ volatile("smc #0"
			 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)
			 :
			 : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15",
			   "x16", "x17", "x18", "memory");
	return (int64_t)x0;
}

uint32_t arch_cpu_self(void)
{
	return this_cpu()->id;
}

int arch_cpu_power_on(uint32_t cpu)
{
	int32_t result;

	if (cpu >= platform_board.num_cpus)
		return HV_ERR_HARDWARE;
	if (__atomic_exchange_n(&el2_cpu[cpu].started, 1, __ATOMIC_ACQ_REL) != 0)
		return 0;
	result = (int32_t)firmware_call(PSCI_CPU_ON, platform_board.cpu_mpidr[cpu] & MPIDR_AFFINITY,
					(uintptr_t)head_secondary, cpu);
	if (result == 0 || result == PSCI_ALREADY_ON || result == PSCI_ON_PENDING)
		return 0;
	__atomic_store_n(&el2_cpu[cpu].started, 0, __ATOMIC_RELEASE);
	return HV_ERR_HARDWARE;
}

void arch_cpu_kick(uint32_t cpu)
{
	if (cpu >= platform_board.num_cpus)
		return;
	dsb(ishst);
	write_sysreg(icc_sgi1r_el1, el2_cpu[cpu].kick);
	isb();
}

void arch_cpu_wait(void)
{
	dsb(sy);
	wfi();
	irq_in_el2();
}

void arch_machine_off(void)
{
	firmware_call(PSCI_SYSTEM_OFF, 0, 0, 0);
	arch_panic("the firmware did not switch off");
}

void arch_machine_reset(void)
{
	firmware_call(PSCI_SYSTEM_RESET, 0, 0, 0);
	arch_panic("the firmware did not reset");
}
