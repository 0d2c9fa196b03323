/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers that C cannot name: floating point, and those numbered in the instruction. */
	.arch	armv8.2-a+fp+simd+sve
	.text

	/* Vector registers, and SVE's where there is SVE. Nothing of the zone before stays. */
	.global registers_clear_fp
registers_clear_fp:
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	movi	v\n\().2d, #0
	.endr
	msr	fpcr, xzr
	msr	fpsr, xzr
	mrs	x0, id_aa64pfr0_el1
	ubfx	x0, x0, #32, #4
	cbz	x0, 1f
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
	pfalse	p\n\().b
	.endr
	wrffr	p0.b
1:	ret

	/* registers_clear_breakpoints(ID_AA64DFR0_EL1): all of them, as many as there are. */
	.global registers_clear_breakpoints
registers_clear_breakpoints:
	ubfx	x1, x0, #12, #4 /* breakpoints - 1 */
	ubfx	x2, x0, #20, #4 /* watchpoints - 1 */
	mov	x4, #15
	sub	x1, x4, x1
	sub	x2, x4, x2
	adr	x3, 1f
	add	x3, x3, x1, lsl #3 /* two instructions for each that is not there */
	br	x3
1:
	.irp	n, 15,14,13,12,11,10,9,8,7,6,5,4,3,2,1,0
	msr	dbgbcr\n\()_el1, xzr
	msr	dbgbvr\n\()_el1, xzr
	.endr
	adr	x3, 2f
	add	x3, x3, x2, lsl #3
	br	x3
2:
	.irp	n, 15,14,13,12,11,10,9,8,7,6,5,4,3,2,1,0
	msr	dbgwcr\n\()_el1, xzr
	msr	dbgwvr\n\()_el1, xzr
	.endr
	ret
