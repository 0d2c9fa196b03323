/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One trapped instruction with each register as its operand, all others
 * holding patterns: register n holds n + 0x100. The registers found afterwards
 * go to out[0..30].
 */
#define FRAME 384
#define OUT 256
#define ARGUMENT 264
#define SAVED 272

	.macro	enter
	sub	sp, sp, #FRAME
	stp	x19, x20, [sp, #SAVED]
	stp	x21, x22, [sp, #SAVED + 16]
	stp	x23, x24, [sp, #SAVED + 32]
	stp	x25, x26, [sp, #SAVED + 48]
	stp	x27, x28, [sp, #SAVED + 64]
	stp	x29, x30, [sp, #SAVED + 80]
	stp	x0, x1, [sp, #OUT]
	.irp	i, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
	mov	x\i, #(\i + 0x100)
	.endr
	.endm

	.macro	leave
	.irp	i, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
	str	x\i, [sp, #8 * \i]
	.endr
	ldr	x0, [sp, #OUT]
	.irp	i, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
	ldr	x1, [sp, #8 * \i]
	str	x1, [x0, #8 * \i]
	.endr
	ldp	x19, x20, [sp, #SAVED]
	ldp	x21, x22, [sp, #SAVED + 16]
	ldp	x23, x24, [sp, #SAVED + 32]
	ldp	x25, x26, [sp, #SAVED + 48]
	ldp	x27, x28, [sp, #SAVED + 64]
	ldp	x29, x30, [sp, #SAVED + 80]
	add	sp, sp, #FRAME
	ret
	.endm

	/* The base register is x0, for x0 it is x1. */
	.macro	load n, base
	.balign	1024
	enter
	ldr	x\base, [sp, #ARGUMENT]
	ldr	w\n, [x\base]
	leave
	.endm

	.macro	store n, base
	.balign	1024
	enter
	ldr	x\base, [sp, #ARGUMENT]
	str	w\n, [x\base]
	leave
	.endm

	.macro	send n
	.balign	1024
	enter
	ldr	x\n, [sp, #ARGUMENT]
	msr	icc_sgi1r_el1, x\n
	leave
	.endm

	.macro	call instruction
	.balign	1024
	enter
	ldr	x0, [sp, #ARGUMENT]
	\instruction	#0
	leave
	.endm

	.text
	/* void (uint64_t out[31], uint64_t address or value), 1024 bytes apart */
	.balign	1024
	.global	registers_load, registers_store, registers_send, registers_hvc, registers_smc
registers_load:
	load	0, 1
	.irp	n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
	load	\n, 0
	.endr
	.balign	1024
registers_store:
	store	0, 1
	.irp	n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
	store	\n, 0
	.endr
	.balign	1024
registers_send:
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
	send	\n
	.endr
	.balign	1024
registers_hvc:
	call	hvc
	.balign	1024
registers_smc:
	call	smc
