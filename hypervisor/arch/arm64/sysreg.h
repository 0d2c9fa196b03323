/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System registers, barriers and field values EL2 uses (Arm ARM D19, GICv3 12). */
#ifndef ARM64_SYSREG_H
#define ARM64_SYSREG_H

#ifndef __ASSEMBLER__
#include <stdint.h>

#define read_sysreg(name)                                                                                    \
	({                                                                                                   \
		uint64_t read_value_;                                                                        \
		__asm__ volatile("mrs %0, " #name : "=r"(read_value_));                                      \
		read_value_;                                                                                 \
	})

#define write_sysreg(name, value)                                                                            \
	do {                                                                                                 \
		uint64_t write_value_ = (value);                                                             \
		__asm__ volatile("msr " #name ", %x0" : : "rZ"(write_value_));                               \
	} while (0)

#define isb() __asm__ volatile("isb" : : : "memory")
#define dsb(kind) __asm__ volatile("dsb " #kind : : : "memory")
#define wfi() __asm__ volatile("wfi" : : : "memory")
#define wfe() __asm__ volatile("wfe" : : : "memory")
#define tlbi(kind) __asm__ volatile("tlbi " #kind : : : "memory")
#endif

#ifdef __ASSEMBLER__
#define BIT64(n) (1 << (n))
#else
#define BIT64(n) (UINT64_C(1) << (n))
#endif

/* Exception classes, ESR_EL2.EC. */
#define EC_HVC64 0x16 /* 0x17: SMC64 */
#define EC_SYSREG 0x18
#define EC_IABORT_LOWER 0x20
#define EC_IABORT_SAME 0x21
#define EC_DABORT_LOWER 0x24
#define EC_DABORT_SAME 0x25

#define ESR_IL BIT64(25)
#define ESR_EC(esr) ((uint32_t)((esr) >> 26) & 0x3f)
#define ESR_ISV BIT64(24)
#define ESR_S1PTW BIT64(7)
#define ESR_WNR BIT64(6)
#define ESR_FSC(esr) ((uint32_t)(esr)&0x3f)
#define FSC_TRANSLATION(fsc) (((fsc)&0x3c) == 0x04)
#define FSC_ACCESS_FLAG(fsc) (((fsc)&0x3c) == 0x08)
#define FSC_IS_STAGE2(fsc) ((fsc) < 0x10) /* address size, translation, access flag, permission */
#define FSC_SEA 0x10                      /* synchronous external abort, not on a table walk */
#define FSC_SEA_WALK 0x14                 /* on a table walk, plus the level */

/* HCR_EL2 (Arm ARM D19.2.48). */
#define HCR_VM BIT64(0)
#define HCR_SWIO BIT64(1)
#define HCR_FMO BIT64(3)
#define HCR_IMO BIT64(4)
#define HCR_AMO BIT64(5)
#define HCR_VSE BIT64(8)
#define HCR_FB BIT64(9)
#define HCR_BSU_INNER BIT64(10)
#define HCR_TSC BIT64(19)
#define HCR_TIDCP BIT64(20)
#define HCR_TACR BIT64(21)
#define HCR_RW BIT64(31)
#define HCR_TERR BIT64(36)
#define HCR_APK BIT64(40)
#define HCR_API BIT64(41)

/* SCTLR_EL2 */
#define SCTLR_EL2_RES1 0x30c50830
#define SCTLR_M BIT64(0)
#define SCTLR_C BIT64(2)
#define SCTLR_SA BIT64(3)
#define SCTLR_I BIT64(12)
#define SCTLR_WXN BIT64(19)

/* SPSR_EL2 */
#define SPSR_EL1H 0x5
#define SPSR_DAIF 0x3c0
#define SPSR_AARCH32 0x10

/* ICH_HCR_EL2, ICH_LR<n>_EL2 (GICv3 12.4) */
#define ICH_HCR_EN BIT64(0)
#define ICH_HCR_UIE BIT64(1)
#define ICH_HCR_NPIE BIT64(3)
#define ICH_LR_PENDING BIT64(62)
#define ICH_LR_ACTIVE BIT64(63)
#define ICH_LR_HW BIT64(61)
#define ICH_LR_PRIORITY_SHIFT 48

#endif
