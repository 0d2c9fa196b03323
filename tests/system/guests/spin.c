/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Masks interrupts and never gives the CPU up. arg 1: without the yield. */
#include "guest.h"

void guest_main(uint64_t x0)
{
	(void)x0;
	guest_irq_off();
	guest_puts("spinning\n");
	if (guest_params.arg == 1)
		__asm__ volatile("1: b 1b");
	for (;;)
		guest_yield();
}
