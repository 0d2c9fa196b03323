/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A vCPU's registers: what EL2 lets it touch, its reset state, the way in and out. */
#include "el2.h"

#include "arch_cpu.h"
#include "boot.h"
#include "vgic.h"

#define HCR_GUEST                                                                                            \
	(HCR_VM | HCR_SWIO | HCR_FMO | HCR_IMO | HCR_AMO | HCR_FB | HCR_BSU_INNER | HCR_TSC | HCR_TIDCP |    \
	 HCR_TACR | HCR_RW | HCR_APK | HCR_API)

/* VTCR_EL2: 40 bits, from level 1, write-back, inner shareable, 4 KiB (Arm ARM D19.2.159) */
#define VTCR (1ull << 31 | 2ull << 16 | 3ull << 12 | 1ull << 10 | 1ull << 8 | 1ull << 6 | (64 - HV_IPA_BITS))

#define CPTR_RES1 0x32ffull
#define CPTR_TTA BIT64(20) /* trace: nobody's */
#define CPTR_TAM BIT64(30) /* activity monitors: counted over all zones */
#define CPTR_TZ BIT64(8)
#define CPTR_TSM BIT64(12)
#define MDCR_HPMD BIT64(17) /* no counting in EL2 */
#define MDCR_TTRF BIT64(19)

#define SCTLR_EL1_RESET 0x30d00800ull /* MMU and caches off, reserved bits as they must be */
#define PMCR_RESET 0x6ull             /* clear all counters */
#define CNTHCTL_GUEST 0x3ull          /* physical counter and timer are the guest's too */

/* Nothing is mapped here: what a CPU without a vCPU would walk. */
_Alignas(2 * HV_PAGE_SIZE) static uint64_t empty_stage2[2 * HV_PAGE_SIZE / 8];

static uint64_t field(uint64_t id, uint32_t shift)
{
	return id >> shift & 0xf;
}

static uint64_t cptr_value(void)
{
	const uint64_t pfr0 = read_sysreg(id_aa64pfr0_el1);
	uint64_t value = CPTR_RES1 | CPTR_TTA | CPTR_TSM;

	/* SME is not handed out; SVE is, where there is SVE. */
	if (field(pfr0, 32) == 0)
		value |= CPTR_TZ;
	if (field(pfr0, 44) != 0)
		value |= CPTR_TAM;
	return value;
}

static uint64_t pmu_version(uint64_t dfr0)
{
	uint64_t version = field(dfr0, 8);

	return version == 0xf ? 0 : version;
}

static uint64_t mdcr_value(void)
{
	const uint64_t dfr0 = read_sysreg(id_aa64dfr0_el1);
	uint64_t value = MDCR_TTRF;

	if (pmu_version(dfr0) != 0) /* all counters are the guest's */
		value |= (read_sysreg(pmcr_el0) >> 11) & 0x1f;
	if (pmu_version(dfr0) >= 4)
		value |= MDCR_HPMD;
	return value;
}

/* Traps of later architectures, whose reset values nobody promises: by encoding, all off. */
static void clear_fine_traps(void)
{
	if (field(read_sysreg(id_aa64mmfr0_el1), 56) != 0) {
		write_sysreg(s3_4_c1_c1_4, 0); /* HFGRTR_EL2 */
		write_sysreg(s3_4_c1_c1_5, 0); /* HFGWTR_EL2 */
		write_sysreg(s3_4_c1_c1_6, 0); /* HFGITR_EL2 */
		write_sysreg(s3_4_c3_c1_4, 0); /* HDFGRTR_EL2 */
		write_sysreg(s3_4_c3_c1_5, 0); /* HDFGWTR_EL2 */
	}
	if (field(read_sysreg(id_aa64mmfr1_el1), 40) != 0)
		write_sysreg(s3_4_c1_c2_2, 0); /* HCRX_EL2 */
}

static void park_stage2(void)
{
	write_sysreg(vttbr_el2, (uintptr_t)empty_stage2);
	isb();
}

void guest_init_cpu(void)
{
	write_sysreg(hcr_el2, HCR_GUEST);
	write_sysreg(vtcr_el2, VTCR);
	park_stage2();
	write_sysreg(cptr_el2, cptr_value());
	write_sysreg(hstr_el2, 0);
	write_sysreg(mdcr_el2, mdcr_value());
	write_sysreg(cnthctl_el2, CNTHCTL_GUEST);
	write_sysreg(cntvoff_el2, 0);
	write_sysreg(cnthp_ctl_el2, 0);
	clear_fine_traps();
	isb();
	if (field(read_sysreg(id_aa64pfr0_el1), 32) != 0)
		write_sysreg(s3_4_c1_c2_0, 0xf); /* ZCR_EL2: as long as the CPU's vectors are */
}

static void reset_translation(void)
{
	write_sysreg(sctlr_el1, SCTLR_EL1_RESET);
	write_sysreg(cpacr_el1, 0);
	write_sysreg(ttbr0_el1, 0);
	write_sysreg(ttbr1_el1, 0);
	write_sysreg(tcr_el1, 0);
	write_sysreg(mair_el1, 0);
	write_sysreg(amair_el1, 0);
	write_sysreg(contextidr_el1, 0);
	write_sysreg(par_el1, 0);
	write_sysreg(csselr_el1, 0);
}

static void reset_exceptions(void)
{
	write_sysreg(vbar_el1, 0);
	write_sysreg(esr_el1, 0);
	write_sysreg(far_el1, 0);
	write_sysreg(afsr0_el1, 0);
	write_sysreg(afsr1_el1, 0);
	write_sysreg(elr_el1, 0);
	write_sysreg(spsr_el1, 0);
	write_sysreg(sp_el0, 0);
	write_sysreg(sp_el1, 0);
	write_sysreg(tpidr_el0, 0);
	write_sysreg(tpidrro_el0, 0);
	write_sysreg(tpidr_el1, 0);
}

static void stop_timers(void)
{
	write_sysreg(cntkctl_el1, 0);
	write_sysreg(cntv_ctl_el0, 0);
	write_sysreg(cntv_cval_el0, 0);
	write_sysreg(cntp_ctl_el0, 0);
	write_sysreg(cntp_cval_el0, 0);
}

static void reset_counters(void)
{
	write_sysreg(pmcr_el0, PMCR_RESET);
	write_sysreg(pmcntenclr_el0, 0xffffffff);
	write_sysreg(pmintenclr_el1, 0xffffffff);
	write_sysreg(pmovsclr_el0, 0xffffffff);
	write_sysreg(pmuserenr_el0, 0);
	for (uint64_t n = read_sysreg(pmcr_el0) >> 11 & 0x1f; n > 0; n--) {
		write_sysreg(pmselr_el0, n - 1);
		isb();
		write_sysreg(pmxevtyper_el0, 0);
	}
	write_sysreg(pmselr_el0, 0);
	write_sysreg(pmccfiltr_el0, 0);
}

static void reset_debug(void)
{
	const uint64_t dfr0 = read_sysreg(id_aa64dfr0_el1);

	write_sysreg(mdscr_el1, 0);
	write_sysreg(mdccint_el1, 0);
	write_sysreg(osdlr_el1, 0);
	write_sysreg(oslar_el1, 1);
	registers_clear_breakpoints(dfr0);
	if (pmu_version(dfr0) != 0)
		reset_counters();
}

/* Pointer authentication keys, where the CPU has them, by encoding: APIA, APIB, APDA, APDB, APGA. */
static void reset_keys(void)
{
	const uint64_t isar1 = read_sysreg(id_aa64isar1_el1);

	if ((isar1 & 0xff000ff0) == 0)
		return;
	write_sysreg(s3_0_c2_c1_0, 0);
	write_sysreg(s3_0_c2_c1_1, 0);
	write_sysreg(s3_0_c2_c1_2, 0);
	write_sysreg(s3_0_c2_c1_3, 0);
	write_sysreg(s3_0_c2_c2_0, 0);
	write_sysreg(s3_0_c2_c2_1, 0);
	write_sysreg(s3_0_c2_c2_2, 0);
	write_sysreg(s3_0_c2_c2_3, 0);
	write_sysreg(s3_0_c2_c3_0, 0);
	write_sysreg(s3_0_c2_c3_1, 0);
}

/* The root zone may look after the machine's errors. */
static uint64_t hcr_value(const struct vcpu *vcpu)
{
	const bool ras = field(read_sysreg(id_aa64pfr0_el1), 28) != 0;

	return ras && !zone_is_root(vcpu->zone) ? HCR_GUEST | HCR_TERR : HCR_GUEST;
}

void arch_vcpu_reset(struct vcpu *vcpu)
{
	write_sysreg(hcr_el2, hcr_value(vcpu));
	write_sysreg(vpidr_el2, read_sysreg(midr_el1));
	write_sysreg(vmpidr_el2, BIT64(31) | (uint64_t)(vcpu->index / 16) << 8 | vcpu->index % 16);
	reset_translation();
	reset_exceptions();
	stop_timers();
	reset_debug();
	reset_keys();
	registers_clear_fp();
	vgic_reset(vcpu);
	write_sysreg(elr_el2, vcpu->entry);
	write_sysreg(spsr_el2, SPSR_EL1H | SPSR_DAIF);
}

void arch_vcpu_run(struct vcpu *vcpu)
{
	struct cpu *cpu = this_cpu();

	write_sysreg(vttbr_el2, vcpu->zone->stage2.vttbr);
	write_sysreg(cntvoff_el2, vcpu->zone->arch.time_offset);
	isb();
	/* Nothing this CPU knows of the VMID, or of code that was loaded as data, is true any more. */
	tlbi(vmalls12e1);
	__asm__ volatile("ic iallu" : : : "memory");
	dsb(nsh);
	isb();
	cpu->vcpu = vcpu;
	vgic_load(vcpu);
	boot_first_guest();
	guest_enter(vcpu->context, (struct frame *)(el2_stack_top(cpu->id) - FRAME_SIZE));
}

/* An expired timer's line is high as long as the timer is enabled: off it neither fires nor is lost. */
void arch_vcpu_park(struct vcpu *vcpu)
{
	vcpu->arch.timer_ctl[0] = (uint32_t)read_sysreg(cntv_ctl_el0);
	vcpu->arch.timer_ctl[1] = (uint32_t)read_sysreg(cntp_ctl_el0);
	write_sysreg(cntv_ctl_el0, 0);
	write_sysreg(cntp_ctl_el0, 0);
	vgic_hush();
}

void arch_vcpu_unpark(struct vcpu *vcpu)
{
	write_sysreg(cntvoff_el2, vcpu->zone->arch.time_offset);
	isb();
	write_sysreg(cntv_ctl_el0, vcpu->arch.timer_ctl[0]);
	write_sysreg(cntp_ctl_el0, vcpu->arch.timer_ctl[1]);
	vgic_speak(vcpu);
	isb();
}

/* No earlier than any count that the zone's vCPUs have seen: they are parked, and said so. */
static uint64_t count_now(void)
{
	isb();
	return read_sysreg(cntpct_el0);
}

void arch_time_stop(struct zone *zone)
{
	zone->arch.stopped_at = count_now();
}

void arch_time_go(struct zone *zone)
{
	zone->arch.time_offset += count_now() - zone->arch.stopped_at;
}

void arch_vcpu_quiesce(struct vcpu *vcpu)
{
	stop_timers();
	isb();
	vgic_unload(vcpu);
	park_stage2();
}
