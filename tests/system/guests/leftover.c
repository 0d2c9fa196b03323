/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a zone leaves in its CPU. arg 0: fills every register it can reach and
 * switches off. arg 1: prints a line for each of them that has what arg 0
 * wrote, in the next zone on that CPU.
 */
#include "guest.h"

#define PATTERN 0x5a5a5a5a5a5a5a50ull

#define REGISTERS(do_)                                                                                       \
	do_(tpidr_el0) do_(tpidrro_el0) do_(tpidr_el1) do_(contextidr_el1) do_(sp_el0) do_(ttbr1_el1)        \
		do_(mair_el1) do_(amair_el1) do_(afsr0_el1) do_(afsr1_el1) do_(far_el1) do_(esr_el1)         \
			do_(elr_el1) do_(spsr_el1) do_(csselr_el1) do_(cntkctl_el1) do_(cntv_cval_el0)       \
				do_(cntp_cval_el0) do_(mdscr_el1) do_(mdccint_el1) do_(osdlr_el1)            \
					do_(dbgbvr0_el1) do_(dbgbvr5_el1) do_(dbgwvr0_el1) do_(dbgwvr3_el1)  \
						do_(pmccfiltr_el0) do_(pmuserenr_el0) do_(pmselr_el0)        \
							do_(pmevtyper0_el0) do_(pmevtyper3_el0)              \
								do_(pmevcntr0_el0) do_(pmccntr_el0)          \
									do_(pmcntenset_el0)                  \
										do_(pmintenset_el1)

#define VECTORS(do_)                                                                                         \
	do_(0) do_(1) do_(2) do_(3) do_(4) do_(5) do_(6) do_(7) do_(8) do_(9) do_(10) do_(11) do_(12)        \
		do_(13) do_(14) do_(15) do_(16) do_(17) do_(18) do_(19) do_(20) do_(21) do_(22) do_(23)      \
			do_(24) do_(25) do_(26) do_(27) do_(28) do_(29) do_(30) do_(31)

static uint64_t filled; /* registers that kept something of the pattern */

#define FILL(name)                                                                                           \
	do {                                                                                                 \
		uint64_t before, after;                                                                      \
		__asm__ volatile("mrs %0, " #name "\n\tmsr " #name ", %2\n\tisb\n\tmrs %1, " #name           \
				 : "=&r"(before), "=&r"(after)                                               \
				 : "r"(PATTERN));                                                            \
		filled += before != after;                                                                   \
	} while (0);

#define LOOK(name)                                                                                           \
	do {                                                                                                 \
		uint64_t value;                                                                              \
		__asm__ volatile("mrs %0, " #name : "=r"(value));                                            \
		if (value != 0 && (value & ~PATTERN) == 0) {                                                 \
			guest_puts(#name);                                                                   \
			guest_put_field("left", value);                                                      \
			guest_puts("\n");                                                                    \
		}                                                                                            \
	} while (0);

#define FILL_VECTOR(n) __asm__ volatile(".arch_extension simd\n\tdup v" #n ".2d, %0" ::"r"(PATTERN));
#define LOOK_VECTOR(n)                                                                                       \
	do {                                                                                                 \
		uint64_t low, high;                                                                          \
		__asm__ volatile(".arch_extension simd\n\tmov %0, v" #n ".d[0]\n\tmov %1, v" #n ".d[1]"      \
				 : "=r"(low), "=r"(high));                                                   \
		if ((low | high) != 0)                                                                       \
			guest_puts("v" #n " left\n");                                                        \
	} while (0);

/* Where there are error records at all, a zone sees none, and may look. */
static void error_records(void)
{
	uint64_t pfr0, records, faults = guest_faults;

	__asm__ volatile("mrs %0, id_aa64pfr0_el1" : "=r"(pfr0));
	if ((pfr0 >> 28 & 0xf) == 0)
		return;
	__asm__ volatile("mrs %0, s3_0_c5_c3_0" : "=r"(records)); /* ERRIDR_EL1 */
	if (guest_faults == faults && records == 0)
		return;
	guest_puts("error records");
	guest_put_field("records", records);
	guest_put_field("esr", guest_fault_esr);
	guest_puts("\n");
}

void guest_main(uint64_t x0)
{
	(void)x0;
	__asm__ volatile("msr cpacr_el1, %0\n\tisb" ::"r"(3ull << 20));
	guest_faults_skip = true; /* where the CPU lacks one */
	if (guest_params.arg == 1) {
		REGISTERS(LOOK)
		VECTORS(LOOK_VECTOR)
		error_records();
		guest_puts("looked\n");
		return;
	}
	REGISTERS(FILL)
	VECTORS(FILL_VECTOR)
	guest_puts("filled");
	guest_put_field("registers", filled);
	guest_put_field("faults", guest_faults);
	guest_puts("\n");
}
