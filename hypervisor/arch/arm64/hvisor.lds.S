/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One flat image at EL2_BASE. Each part starts on a page of its own, because
 * each has its own permissions (mmu.c). What follows el2_image_end is not in
 * the file; el2_bss is cleared at boot, the pool and the stacks are not.
 */
#include "el2.h"

OUTPUT_ARCH(aarch64)
ENTRY(head)

SECTIONS
{
	. = EL2_BASE;
	el2_start = .;
	.text : {
		*(.head)
		. = ALIGN(2048);
		*(.vectors)
		*(.text .text.*)
		. = ALIGN(4096);
	}
	el2_text_end = .;
	.rodata : {
		*(.rodata .rodata.*)
		. = ALIGN(4096);
	}
	el2_rodata_end = .;
	.data : {
		*(.data .data.*)
		. = ALIGN(64);
	}
	el2_image_end = .;
	.bss (NOLOAD) : {
		. = ALIGN(64);
		el2_bss = .;
		*(.bss COMMON)
		. = ALIGN(64);
		el2_bss_end = .;
		. = ALIGN(4096);
		el2_tables = .;
		*(.bss.tables)
		. = ALIGN(4096);
		el2_tables_end = .;
		. = ALIGN(4096);
		*(.bss.pool)
		. = ALIGN(4096);
		el2_stacks = .;
		. += EL2_MAX_CPUS * (4096 + EL2_STACK_SIZE);
		el2_stacks_end = .;
		. += 4096; /* the panic stack */
		el2_panic_stack_top = .;
	}
	el2_end = .;
	/DISCARD/ : { *(.comment) *(.note*) *(.eh_frame*) *(.interp) *(.dyn*) *(.gnu.*) }
	ASSERT(el2_end <= EL2_BASE + EL2_SIZE, "the hypervisor does not fit its memory")
}
