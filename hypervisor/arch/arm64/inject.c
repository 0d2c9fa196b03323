/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exceptions that a guest gets from EL2 as it would from its CPU: AArch64 EL1
 * takes them (Arm ARM D1.3.5).
 */
#include "el2.h"

#define SPSR_MODE 0xfull
#define SPSR_PAN BIT64(22)
#define SPSR_DIT BIT64(24)
#define SPSR_NZCV (0xfull << 28)
#define SPSR_TCO BIT64(25)
#define SPSR_SSBS BIT64(12)
#define SCTLR_SPAN BIT64(23)
#define SCTLR_DSSBS BIT64(44)
#define MODE_EL0T 0x0
#define MODE_EL1T 0x4

static bool from_el0(uint64_t spsr)
{
	return (spsr & SPSR_AARCH32) || (spsr & SPSR_MODE) == MODE_EL0T;
}

static uint64_t vector_of(uint64_t spsr)
{
	if (spsr & SPSR_AARCH32)
		return 0x600;
	if ((spsr & SPSR_MODE) == MODE_EL0T)
		return 0x400;
	return (spsr & SPSR_MODE) == MODE_EL1T ? 0x000 : 0x200;
}

static uint64_t feature(uint64_t id, uint32_t shift)
{
	return id >> shift & 0xf;
}

/* PSTATE at the handler's first instruction. */
static uint64_t entry_state(uint64_t spsr)
{
	const uint64_t sctlr = read_sysreg(sctlr_el1);
	uint64_t state = SPSR_DAIF | SPSR_EL1H | (spsr & SPSR_NZCV);

	if (!(spsr & SPSR_AARCH32))
		state |= spsr & (SPSR_DIT | SPSR_PAN);
	if (feature(read_sysreg(id_aa64mmfr1_el1), 20) != 0 && !(sctlr & SCTLR_SPAN))
		state |= SPSR_PAN;
	if (feature(read_sysreg(id_aa64pfr1_el1), 4) != 0 && (sctlr & SCTLR_DSSBS))
		state |= SPSR_SSBS;
	if (feature(read_sysreg(id_aa64pfr1_el1), 8) >= 2)
		state |= SPSR_TCO;
	return state;
}

static void inject(uint64_t esr)
{
	const uint64_t spsr = read_sysreg(spsr_el2);

	write_sysreg(esr_el1, esr);
	write_sysreg(elr_el1, read_sysreg(elr_el2));
	write_sysreg(spsr_el1, spsr);
	write_sysreg(elr_el2, read_sysreg(vbar_el1) + vector_of(spsr));
	write_sysreg(spsr_el2, entry_state(spsr));
}

void inject_undefined(uint64_t esr)
{
	inject(esr & ESR_IL); /* class 0: unknown reason */
}

void inject_external_abort(uint64_t esr, uint64_t far)
{
	const bool el0 = from_el0(read_sysreg(spsr_el2));
	uint64_t class, syndrome = esr & ESR_IL;

	if (ESR_EC(esr) == EC_IABORT_LOWER) {
		class = el0 ? EC_IABORT_LOWER : EC_IABORT_SAME;
	} else {
		class = el0 ? EC_DABORT_LOWER : EC_DABORT_SAME;
		syndrome |= esr & ESR_WNR;
	}
	syndrome |= (esr & ESR_S1PTW) ? FSC_SEA_WALK : FSC_SEA;
	write_sysreg(far_el1, far);
	inject(class << 26 | syndrome);
}

void inject_serror(void)
{
	if (feature(read_sysreg(id_aa64pfr0_el1), 28) != 0)
		write_sysreg(s3_4_c5_c2_3, 0); /* VSESR_EL2: the syndrome the guest will read */
	write_sysreg(hcr_el2, read_sysreg(hcr_el2) | HCR_VSE);
}
