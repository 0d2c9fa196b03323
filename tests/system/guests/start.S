/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entry, relocation, vectors. The image starts with the header that arm64
 * boot loaders and QEMU's -kernel know, then the parameters of guest.h.
 */
#define R_AARCH64_RELATIVE 1027
#define STACK_SHIFT 13
#define FRAME_SIZE 272

	.section .head, "awx"
	.global guest_start
guest_start:
	mrs	x20, cntvct_el0
	b	guest_entry
	.quad	0			/* text offset */
	.quad	guest_image_size	/* memory needed */
	.quad	0xa			/* little endian, 4 KiB pages, anywhere */
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.long	0

	.global guest_params
guest_params:
	.ascii	"HVGUEST1"
	.long	GUEST_CONSOLE_DEFAULT
	.long	0			/* arg */
	.quad	0			/* entry_ticks */
	.quad	guest_log		/* offset of the log until relocated */
	.quad	0			/* log_used */

	.text
guest_entry:
	msr	daifset, #0xf
	mov	x19, x0
	/* MMU and caches off whatever we come from; little endian, stack aligned */
	ldr	x0, =0x30d00800
	msr	sctlr_el1, x0
	isb

	adrp	x0, guest_bss_start
	add	x0, x0, :lo12:guest_bss_start
	adrp	x1, guest_bss_end
	add	x1, x1, :lo12:guest_bss_end
1:	cmp	x0, x1
	b.hs	2f
	str	xzr, [x0], #8
	b	1b

	/* every relocation of a position-independent image without imports adds the load address */
2:	adrp	x2, guest_start
	add	x2, x2, :lo12:guest_start
	adrp	x0, guest_rela_start
	add	x0, x0, :lo12:guest_rela_start
	adrp	x1, guest_rela_end
	add	x1, x1, :lo12:guest_rela_end
3:	cmp	x0, x1
	b.hs	4f
	ldp	x3, x4, [x0], #16
	ldr	x5, [x0], #8
	cmp	w4, #R_AARCH64_RELATIVE
	b.ne	3b
	add	x5, x5, x2
	str	x5, [x2, x3]
	b	3b
4:
	adrp	x0, guest_params
	add	x0, x0, :lo12:guest_params
	str	x20, [x0, #16]
	mov	x0, #0
	bl	guest_cpu_setup
	mov	x0, x19
	bl	guest_main
	bl	guest_off
	b	.

/* x0: number of the vCPU. Gives it its stack and the vectors. */
guest_cpu_setup:
	adrp	x1, guest_stacks
	add	x1, x1, :lo12:guest_stacks
	add	x0, x0, #1
	add	x1, x1, x0, lsl #STACK_SHIFT
	mov	sp, x1
	adrp	x1, guest_vectors
	add	x1, x1, :lo12:guest_vectors
	msr	vbar_el1, x1
	isb
	ret

/* Where PSCI CPU_ON enters a further vCPU: x0 is its number. */
	.global guest_secondary
guest_secondary:
	msr	daifset, #0xf
	mov	x19, x0
	ldr	x1, =0x30d00800
	msr	sctlr_el1, x1
	isb
	bl	guest_cpu_setup
	mov	x0, x19
	bl	guest_secondary_main
	bl	guest_cpu_off
	b	.

	.macro	vector kind
	.balign	0x80
	sub	sp, sp, #FRAME_SIZE
	stp	x0, x1, [sp]
	mov	x0, #\kind
	b	guest_vector_common
	.endm

	.balign	0x800
	.global guest_vectors
guest_vectors:
	.irp	kind, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	vector	\kind
	.endr

guest_vector_common:
	stp	x2, x3, [sp, #16]
	stp	x4, x5, [sp, #32]
	stp	x6, x7, [sp, #48]
	stp	x8, x9, [sp, #64]
	stp	x10, x11, [sp, #80]
	stp	x12, x13, [sp, #96]
	stp	x14, x15, [sp, #112]
	stp	x16, x17, [sp, #128]
	stp	x18, x19, [sp, #144]
	stp	x20, x21, [sp, #160]
	stp	x22, x23, [sp, #176]
	stp	x24, x25, [sp, #192]
	stp	x26, x27, [sp, #208]
	stp	x28, x29, [sp, #224]
	mrs	x1, elr_el1
	stp	x30, x1, [sp, #240]
	mrs	x1, spsr_el1
	str	x1, [sp, #256]
	mov	x1, sp
	bl	guest_exception
	ldr	x1, [sp, #256]
	msr	spsr_el1, x1
	ldp	x30, x1, [sp, #240]
	msr	elr_el1, x1
	ldp	x28, x29, [sp, #224]
	ldp	x26, x27, [sp, #208]
	ldp	x24, x25, [sp, #192]
	ldp	x22, x23, [sp, #176]
	ldp	x20, x21, [sp, #160]
	ldp	x18, x19, [sp, #144]
	ldp	x16, x17, [sp, #128]
	ldp	x14, x15, [sp, #112]
	ldp	x12, x13, [sp, #96]
	ldp	x10, x11, [sp, #80]
	ldp	x8, x9, [sp, #64]
	ldp	x6, x7, [sp, #48]
	ldp	x4, x5, [sp, #32]
	ldp	x2, x3, [sp, #16]
	ldp	x0, x1, [sp]
	add	sp, sp, #FRAME_SIZE
	eret

/* uint64_t guest_hvc(x[4]), guest_smc(x[4]): x0..x3 in and out through memory. */
	.macro	conduit name, instruction
	.global	\name
\name:
	str	x0, [sp, #-16]!
	mov	x8, x0
	ldp	x2, x3, [x8, #16]
	ldr	x4, [x8, #32]
	ldp	x0, x1, [x8]
	\instruction #0
	ldr	x8, [sp], #16
	stp	x0, x1, [x8]
	stp	x2, x3, [x8, #16]
	ret
	.endm

	conduit	guest_hvc, hvc
	conduit	guest_smc, smc

	.bss
	.balign	16
guest_stacks:
	.space	8 << STACK_SHIFT
