/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first instructions: an arm64 Image header (Linux, Documentation/arm64/
 * booting.rst), then the way from "MMU off" to C with everything on, for the
 * boot CPU and for those that PSCI brings later.
 */
#include "el2.h"

	.section .head, "ax"
	.global head
head:
	b	primary
	.long	0
	.quad	EL2_BASE & 0x3fffffff /* text offset: from the start of RAM, a 1 GiB boundary */
	.quad	EL2_SIZE
	.quad	0x2                   /* little endian, 4 KiB pages */
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.long	0

	.text
	/* Invalidates [x0, x1) to the point of coherency. Clobbers x0, x2, x3. */
invalidate:
	mrs	x2, ctr_el0
	ubfx	x2, x2, #16, #4
	mov	x3, #4
	lsl	x2, x3, x2 /* bytes of the smallest data cache line */
	sub	x3, x2, #1
	bic	x0, x0, x3
1:	dc	ivac, x0
	add	x0, x0, x2
	cmp	x0, x1
	b.lo	1b
	dsb	sy
	ret

	/* Translation on, for any CPU. Clobbers x0..x18 and x21. */
mmu_on:
	mov	x21, x30
	bl	mmu_tcr
	msr	tcr_el2, x0
	ldr	x0, =0xff04 /* attribute 0: Device-nGnRE, 1: write-back */
	msr	mair_el2, x0
	adrp	x0, mmu_tables
	msr	ttbr0_el2, x0
	tlbi	alle2
	ic	iallu
	dsb	nsh
	isb
	ldr	x0, =(SCTLR_EL2_RES1 | SCTLR_M | SCTLR_C | SCTLR_SA | SCTLR_I | SCTLR_WXN)
	msr	sctlr_el2, x0
	isb
	ret	x21

	/* Common start of a CPU: masked, vectors, stack and data of CPU x20. Clobbers x0..x2. */
cpu_setup:
	msr	daifset, #0xf
	ldr	x0, =SCTLR_EL2_RES1
	msr	sctlr_el2, x0
	msr	hcr_el2, xzr
	adrp	x0, vectors
	add	x0, x0, :lo12:vectors
	msr	vbar_el2, x0
	msr	spsel, #1
	isb
	adrp	x0, el2_stacks
	add	x1, x20, #1
	mov	x2, #(4096 + EL2_STACK_SIZE)
	madd	x0, x1, x2, x0
	sub	x0, x0, #FRAME_SIZE
	mov	sp, x0
	adrp	x0, el2_cpu
	add	x0, x0, :lo12:el2_cpu
	add	x0, x0, x20, lsl #CPU_SHIFT
	msr	tpidr_el2, x0
	mov	x29, #0
	ret

primary:
	mov	x19, x0
	mov	x20, #0
	mrs	x0, CurrentEL
	cmp	x0, #8
	b.ne	.
	bl	cpu_setup
	bl	mmu_build
	/* What was written with caches off must not hide behind stale clean lines. */
	adrp	x0, el2_tables
	adrp	x1, el2_tables_end
	bl	invalidate
	bl	mmu_on
	/* Clear the bss, its ends are multiples of 64. */
	adrp	x0, el2_bss
	add	x0, x0, :lo12:el2_bss
	adrp	x1, el2_bss_end
	add	x1, x1, :lo12:el2_bss_end
2:	stp	xzr, xzr, [x0], #64
	stp	xzr, xzr, [x0, #-48]
	stp	xzr, xzr, [x0, #-32]
	stp	xzr, xzr, [x0, #-16]
	cmp	x0, x1
	b.lo	2b
	mov	x0, x19
	mov	x30, #0
	b	boot_primary

	.global head_secondary
head_secondary:
	mov	x20, x0
	bl	cpu_setup
	bl	mmu_on
	mov	x0, x20
	mov	x30, #0
	b	boot_secondary
	.ltorg
