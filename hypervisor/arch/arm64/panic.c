/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The end: what EL2 says when EL2 itself is broken. */
#include "el2.h"

#include "arch_cpu.h"

#define MAX_DEPTH 32u

/* vectors.S: x0..x30, then SP. */
struct panic_frame {
	uint64_t x[31];
	uint64_t sp;
};

uint32_t panic_owned; /* vectors.S sets it too */

static const char *const kinds[] = { "synchronous exception", "interrupt", "fast interrupt", "SError" };

/* A frame record lies on this CPU's stack and leads upwards, or the walk ends. */
static bool on_stack(uint64_t fp)
{
	return fp % 16 == 0 && fp >= (uintptr_t)el2_stacks && fp < (uintptr_t)el2_end - 16;
}

static void backtrace(uint64_t pc, uint64_t link, uint64_t fp)
{
	console_print("backtrace: %x %x", pc, link);
	for (uint32_t i = 0; i < MAX_DEPTH && on_stack(fp); i++) {
		const uint64_t *record = (const uint64_t *)(uintptr_t)fp;

		console_print(" %x", record[1]);
		if (record[0] <= fp)
			break;
		fp = record[0];
	}
	console_print("\n");
}

/* Takes the CPUs that run guests out of them; each finds panic_owned and stops. */
static _Noreturn void halt(void)
{
	for (uint32_t cpu = 0; cpu < platform_board.num_cpus; cpu++)
		if (el2_cpu[cpu].started && cpu != this_cpu()->id)
			arch_cpu_kick(cpu);
	for (;;)
		wfi();
}

_Noreturn void panic_exception(struct panic_frame *frame, uint64_t kind)
{
	console_print("\nhvisor: panic on CPU %u: %s in EL2\n", (uint64_t)this_cpu()->id, kinds[kind % 4]);
	console_print("esr %x far %x elr %x spsr %x sp %x\n", read_sysreg(esr_el2), read_sysreg(far_el2),
		      read_sysreg(elr_el2), read_sysreg(spsr_el2), frame->sp);
	for (uint32_t i = 0; i < 31; i++)
		console_print("x%u %x%s", (uint64_t)i, frame->x[i], i % 4 == 3 || i == 30 ? "\n" : "  ");
	backtrace(read_sysreg(elr_el2), frame->x[30], frame->x[29]);
	halt();
}

void panic_halt_if_other(void)
{
	while (__atomic_load_n(&panic_owned, __ATOMIC_RELAXED) != 0)
		wfi();
}

_Noreturn void arch_panic(const char *what)
{
	if (__atomic_exchange_n(&panic_owned, 1, __ATOMIC_ACQ_REL) != 0)
		panic_halt_if_other();
	console_print("\nhvisor: panic on CPU %u: %s\n", (uint64_t)this_cpu()->id, what);
	backtrace((uintptr_t)arch_panic, (uintptr_t)__builtin_return_address(0),
		  *(const uint64_t *)__builtin_frame_address(0));
	halt();
}
