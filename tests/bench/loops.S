/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The measured loops. Time is CNTVCT; under "-icount shift=0" and a counter of
 * 62.5 MHz one tick is 16 instructions. Where single instructions matter the
 * counter is read 16 times in a row: the sum over j = 0..15 of
 * floor((t + j) / 16) is t itself, so the sum of the 16 reads is the moment of
 * the first read in instructions.
 */

	.macro	save
	stp	x29, x30, [sp, #-96]!
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	.endm

	.macro	restore
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	x29, x30, [sp], #96
	.endm

	/* sum = this moment in instructions; takes x0 to x15 */
	.macro	fine_time sum
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	mrs	x\n, cntvct_el0
	.endr
	add	\sum, x0, x1
	.irp	n, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	add	\sum, \sum, x\n
	.endr
	.endm

	/* x0: iterations, x1: for the body in x22; returns ticks */
	.macro	loop name, body
	.global	\name
	.balign	64
\name:
	save
	mov	x21, x0
	mov	x22, x1
	isb
	mrs	x23, cntvct_el0
1:	\body
	subs	x21, x21, #1
	b.ne	1b
	mrs	x24, cntvct_el0
	sub	x0, x24, x23
	restore
	ret
	.endm

	.text
	loop	bench_empty, "nop"
	loop	bench_load, "ldr w0, [x22]"
	loop	bench_hvc, "mov x0, x22; hvc #0"
	loop	bench_smc, "mov x0, x22; smc #0"

/*
 * Interrupts. The handler counts in x26; the timed one leaves its first
 * instruction's moment in x25 and takes x0 to x15. Both take x27.
 */
	.macro	vectors name, prologue
	.balign	0x800
\name:
	.irp	n, 0, 1, 2, 3, 4
	.balign	0x80
	b	guest_vectors + 0x80 * \n
	.endr
	.balign	0x80
	\prologue
	mrs	x27, icc_iar1_el1
	msr	icc_eoir1_el1, x27
	add	x26, x26, #1
	eret
	.irp	n, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	.balign	0x80
	b	guest_vectors + 0x80 * \n
	.endr
	.endm

	vectors	timed_vectors, "fine_time x25; msr cntv_ctl_el0, xzr"
	vectors	plain_vectors, ""

	.macro	use_vectors name
	mrs	x28, vbar_el1
	adrp	x27, \name
	add	x27, x27, :lo12:\name
	msr	vbar_el1, x27
	isb
	mov	x26, #0
	.endm

	.macro	unuse_vectors
	msr	daifset, #2
	msr	vbar_el1, x28
	isb
	.endm

/* x0: iterations, x1: ICC_SGI1R_EL1 value that hits ourselves. Returns instructions from send to handler. */
	.global	bench_self_sgi
bench_self_sgi:
	save
	mov	x21, x0
	mov	x22, x1
	mov	x19, #0
	use_vectors timed_vectors
	msr	daifclr, #2
1:	mov	x23, x26
2:	fine_time x24
3:	msr	icc_sgi1r_el1, x22
	isb
4:	yield
	cmp	x23, x26
	b.eq	4b
	sub	x0, x25, x24
	sub	x0, x0, #((3b - 2b) / 4)
	add	x19, x19, x0
	subs	x21, x21, #1
	b.ne	1b
	unuse_vectors
	mov	x0, x19
	restore
	ret

/* x0: iterations, x1: ticks until expiry. Returns instructions from expiry to handler. */
	.macro	timer_loop name, pause
	.global	\name
\name:
	save
	mov	x21, x0
	mov	x22, x1
	mov	x19, #0
	use_vectors timed_vectors
	msr	daifclr, #2
1:	mov	x23, x26
	mrs	x24, cntvct_el0
	add	x24, x24, x22
	msr	cntv_cval_el0, x24
	mov	x0, #1
	msr	cntv_ctl_el0, x0
	isb
2:	\pause
	cmp	x23, x26
	b.eq	2b
	sub	x0, x25, x24, lsl #4
	add	x19, x19, x0
	subs	x21, x21, #1
	b.ne	1b
	unuse_vectors
	mov	x0, x19
	restore
	ret
	.endm

	timer_loop bench_timer_busy, yield
	timer_loop bench_timer_wfi, wfi

/*
 * One end of the ping-pong: sleeps with interrupts masked until one is
 * pending, takes it, and sends its own. The leader sends first.
 * x0: rounds, x1: ICC_SGI1R_EL1 value for the other end, x2: leader. Returns ticks.
 */
	.global	bench_ping_pong
bench_ping_pong:
	save
	mov	x21, x0
	mov	x22, x1
	mov	x24, x2
	use_vectors plain_vectors
	isb
	mrs	x20, cntvct_el0
1:	mov	x23, x26
	cbz	x24, 2f
	msr	icc_sgi1r_el1, x22
	isb
2:	wfi
	msr	daifclr, #2
	isb
	msr	daifset, #2
	cmp	x23, x26
	b.eq	2b
	cbnz	x24, 3f
	msr	icc_sgi1r_el1, x22
	isb
3:	subs	x21, x21, #1
	b.ne	1b
	mrs	x0, cntvct_el0
	sub	x20, x0, x20
	unuse_vectors
	mov	x0, x20
	restore
	ret
