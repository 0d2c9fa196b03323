/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sleeps for ever. arg 1: in WFE. */
#include "guest.h"

void guest_main(uint64_t x0)
{
	(void)x0;
	guest_puts("sleeping\n");
	for (;;) {
		if (guest_params.arg == 1)
			__asm__ volatile("wfe");
		else
			guest_wfi();
	}
}
