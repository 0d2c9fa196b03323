/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Says hello and resets. arg 1: by SMC. */
#include "guest.h"

void guest_main(uint64_t x0)
{
	uint64_t x[5] = { PSCI_SYSTEM_RESET };

	(void)x0;
	guest_puts("hello\n");
	if (guest_params.arg == 1)
		guest_smc(x);
	else
		guest_hvc(x);
	guest_puts("still here\n");
	for (;;)
		guest_wfi();
}
