/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of this port share: a CPU's own data, the guest frame, boot steps. */
#ifndef ARM64_EL2_H
#define ARM64_EL2_H

#define EL2_MAX_CPUS 16
#define EL2_STACK_SIZE 8192 /* a guard page lies under each */
#define FRAME_SIZE 256
#define CPU_SHIFT 5 /* sizeof(struct cpu) */

#include "sysreg.h"

#ifndef __ASSEMBLER__
#include "zone.h"

/*
 * A guest's general registers, at the top of its CPU's stack. SP_EL2 points
 * here while a guest runs. PC and PSTATE stay in ELR_EL2 and SPSR_EL2: EL2
 * itself takes no exception it comes back from.
 */
struct frame {
	uint64_t x[31];
	uint64_t unused;
};
HV_ASSERT_SIZE(struct frame, FRAME_SIZE);

struct cpu {
	struct vcpu *vcpu; /* whose registers this CPU holds; NULL: none */
	uint32_t id;
	uint32_t started; /* atomic: powered on, or being so */
	uint64_t kick;    /* ICC_SGI1R_EL1 word that kicks it */
	uintptr_t gicr;   /* its redistributor */
};

HV_ASSERT_SIZE(struct cpu, 1 << CPU_SHIFT);

extern struct cpu el2_cpu[EL2_MAX_CPUS];

static inline struct cpu *this_cpu(void)
{
	return (struct cpu *)read_sysreg(tpidr_el2);
}

/* Top of a CPU's stack, where its frame lies (layout: hvisor.lds.S). */
uintptr_t el2_stack_top(uint32_t cpu);
uintptr_t el2_stack_guard(uint32_t cpu);

/* Linker's symbols. */
extern char el2_start[], el2_text_end[], el2_rodata_end[], el2_image_end[], el2_stacks[], el2_end[];

/* boot.c */
void boot_primary(uint64_t tree) __attribute__((noreturn));
void boot_secondary(uint32_t cpu) __attribute__((noreturn));

/* head.S: where PSCI CPU_ON enters, x0 = CPU number. */
void head_secondary(void);
/* vectors.S */
extern char vectors[];
void guest_enter(uint64_t x0, struct frame *frame) __attribute__((noreturn));
/* registers.S: what C without floating point and without computed register names cannot do. */
void registers_clear_fp(void);
void registers_clear_breakpoints(uint64_t dfr0);

/* mmu.c */
void mmu_build(void);
uint64_t mmu_tcr(void);

/* fdt.c: stops with a message unless the board's tree has what platform_board says. */
void fdt_check_board(uint64_t tree);

/* guest.c */
void guest_init_cpu(void);

/* firmware.c: PSCI of the machine below us. */
int64_t firmware_call(uint64_t function, uint64_t a, uint64_t b, uint64_t c);

/* inject.c */
void inject_undefined(uint64_t esr);
void inject_external_abort(uint64_t esr, uint64_t far);
void inject_serror(void);

/* console.c: %s %u %x (64-bit argument each for %u and %x). Any CPU, before and after the MMU. */
uintptr_t console_base(void);
void console_init(void);
void console_print(const char *format, ...);

/* panic.c */
struct panic_frame;
_Noreturn void panic_exception(struct panic_frame *frame, uint64_t kind);
extern uint32_t panic_owned; /* the first CPU to panic sets it; the others stop */
void panic_halt_if_other(void);
#endif
#endif
