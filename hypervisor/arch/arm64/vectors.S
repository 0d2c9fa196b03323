/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exceptions. From a guest SP_EL2 points at its frame. Interrupts and calls
 * keep only what C may change; aborts and trapped registers need them all,
 * because any register may be the operand. A handler returns true if the vCPU
 * is off: then this CPU goes to cpu_main() on an empty stack.
 */
#include "el2.h"

	.macro save_caller
	stp	x0, x1, [sp, #16 * 0]
	stp	x2, x3, [sp, #16 * 1]
	stp	x4, x5, [sp, #16 * 2]
	stp	x6, x7, [sp, #16 * 3]
	stp	x8, x9, [sp, #16 * 4]
	stp	x10, x11, [sp, #16 * 5]
	stp	x12, x13, [sp, #16 * 6]
	stp	x14, x15, [sp, #16 * 7]
	stp	x16, x17, [sp, #16 * 8]
	stp	x18, x19, [sp, #16 * 9]
	stp	x29, x30, [sp, #232]
	.endm

	.macro restore_caller
	ldp	x2, x3, [sp, #16 * 1]
	ldp	x4, x5, [sp, #16 * 2]
	ldp	x6, x7, [sp, #16 * 3]
	ldp	x8, x9, [sp, #16 * 4]
	ldp	x10, x11, [sp, #16 * 5]
	ldp	x12, x13, [sp, #16 * 6]
	ldp	x14, x15, [sp, #16 * 7]
	ldp	x16, x17, [sp, #16 * 8]
	ldp	x18, x19, [sp, #16 * 9]
	ldp	x29, x30, [sp, #232]
	ldp	x0, x1, [sp, #16 * 0]
	.endm

	.macro enter_guest
	eret
	dsb	nsh /* no speculation past the return */
	isb
	.endm

	/* .org refuses to go back: a slot that is too long does not assemble. */
	.macro slot offset label
	.org	vectors + \offset
	b	\label
	.endm

	.macro fatal kind
	.org	vectors + \kind * 128
	msr	sp_el0, x0
	mov	x0, #\kind
	b	fatal_entry
	.endm

	.section .vectors, "ax"
	.balign 2048
	.global vectors
vectors:
	fatal	0
	fatal	1
	fatal	2
	fatal	3
	fatal	4
	fatal	5
	fatal	6
	fatal	7

	.org	vectors + 0x400 /* AArch64 guest: synchronous */
lower_sync:
	save_caller
	mrs	x1, esr_el2
	mov	x0, sp
	lsr	x2, x1, #27
	cmp	x2, #(EC_HVC64 >> 1) /* and SMC64, the next */
	b.ne	sync_other
	tbnz	x1, #26, sync_smc
	bl	trap_call
	cbnz	w0, cpu_restart
	b	back_to_guest

	.org	vectors + 0x480 /* interrupt */
lower_irq:
	save_caller
	bl	irq_from_guest
	cbnz	w0, cpu_restart
	restore_caller
	enter_guest

	slot	0x500 lower_irq	/* FIQ: not used by EL2; acknowledged as an interrupt would be */
	slot	0x580 lower_serror
	slot	0x600 lower_sync	/* AArch32 at EL0 */
	slot	0x680 lower_irq
	slot	0x700 lower_irq
	slot	0x780 lower_serror

	.text
sync_other:
	stp	x20, x21, [sp, #16 * 10]
	stp	x22, x23, [sp, #16 * 11]
	stp	x24, x25, [sp, #16 * 12]
	stp	x26, x27, [sp, #16 * 13]
	str	x28, [sp, #16 * 14]
	bl	trap_fast
	cbz	w0, sync_slow
	restore_caller
	enter_guest

sync_slow:
	mov	x0, sp
	mrs	x1, esr_el2
	bl	trap_other
	cbnz	w0, cpu_restart
	ldp	x20, x21, [sp, #16 * 10]
	ldp	x22, x23, [sp, #16 * 11]
	ldp	x24, x25, [sp, #16 * 12]
	ldp	x26, x27, [sp, #16 * 13]
	ldr	x28, [sp, #16 * 14]
	restore_caller
	enter_guest

sync_smc:
	mrs	x3, elr_el2 /* SMC comes here before it is executed: step over it */
	add	x3, x3, #4
	msr	elr_el2, x3
	bl	trap_call
	cbnz	w0, cpu_restart
back_to_guest:
	restore_caller
	enter_guest

lower_serror:
	save_caller
	bl	inject_serror
	restore_caller
	enter_guest

	/* The C stack is empty again: SP is the frame. */
cpu_restart:
	mov	x29, #0
	mov	x30, #0
	b	cpu_idle

	/* guest_enter(x0, frame): every other register is zero. */
	.global guest_enter
guest_enter:
	mov	sp, x1
	.irp	n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
	mov	x\n, #0
	.endr
	enter_guest

	/*
	 * EL2 itself failed, maybe with its stack. x0 is in SP_EL0, the kind of
	 * exception in x0. Everything goes to the panic stack; the first CPU here
	 * has it, others stop.
	 */
fatal_entry:
	msr	tpidr_el0, x1
	msr	tpidrro_el0, x2
	msr	sp_el1, x3
	adrp	x1, panic_owned
	add	x1, x1, :lo12:panic_owned
1:	ldaxr	w2, [x1]
	cbnz	w2, 2f
	mov	w2, #1
	stxr	w3, w2, [x1]
	cbnz	w3, 1b
	mov	x1, sp
	adrp	x2, el2_panic_stack_top
	mov	sp, x2
	sub	sp, sp, #288
	str	x1, [sp, #31 * 8]
	mrs	x1, tpidr_el0
	mrs	x2, tpidrro_el0
	mrs	x3, sp_el1
	stp	x2, x3, [sp, #16 * 1]
	stp	x4, x5, [sp, #16 * 2]
	stp	x6, x7, [sp, #16 * 3]
	stp	x8, x9, [sp, #16 * 4]
	stp	x10, x11, [sp, #16 * 5]
	stp	x12, x13, [sp, #16 * 6]
	stp	x14, x15, [sp, #16 * 7]
	stp	x16, x17, [sp, #16 * 8]
	stp	x18, x19, [sp, #16 * 9]
	stp	x20, x21, [sp, #16 * 10]
	stp	x22, x23, [sp, #16 * 11]
	stp	x24, x25, [sp, #16 * 12]
	stp	x26, x27, [sp, #16 * 13]
	stp	x28, x29, [sp, #16 * 14]
	str	x30, [sp, #30 * 8]
	mov	x3, x0
	mrs	x0, sp_el0
	stp	x0, x1, [sp]
	mov	x0, sp
	mov	x1, x3
	bl	panic_exception
2:	wfi
	b	2b
