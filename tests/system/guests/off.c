/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Says hello and powers off. arg 1: by SMC. arg 2: by CPU_OFF of its last CPU. */
#include "guest.h"

void guest_main(uint64_t x0)
{
	uint64_t x[5] = { PSCI_SYSTEM_OFF };

	guest_puts("hello");
	guest_put_field("x0", x0);
	guest_puts("\n");
	if (guest_params.arg == 1)
		guest_smc(x);
	else if (guest_params.arg == 2)
		guest_cpu_off();
	else
		guest_off();
	guest_puts("still here\n");
	for (;;)
		guest_wfi();
}
