/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints CNTVCT, for scripts that measure under -icount. */
#include <inttypes.h>
#include <stdio.h>

int main(void)
{
	uint64_t value;

	__asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(value));
	return printf("%" PRIu64 "\n", value) < 0;
}
