/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage2_hw.h"

#include "arch_memory.h"
#include "sysreg.h"

uint64_t stage2_table_address(const void *table)
{
	return arch_memory_address(table);
}

uint64_t *stage2_table_at(uint64_t address)
{
	return (uint64_t *)(uintptr_t)address; /* EL2 is mapped one to one */
}

void stage2_publish(uint64_t *entry, uint64_t descriptor)
{
	dsb(ishst);
	*(volatile uint64_t *)entry = descriptor;
}

void stage2_publish_done(void)
{
	dsb(ishst);
	isb();
}

/* TLBI by VMID means the current one: become that zone for a moment. */
void stage2_invalidate(uint64_t vttbr)
{
	uint64_t current = read_sysreg(vttbr_el2);

	dsb(ishst);
	if (current != vttbr) {
		write_sysreg(vttbr_el2, vttbr);
		isb();
	}
	tlbi(vmalls12e1is);
	dsb(ish);
	isb();
	if (current != vttbr) {
		write_sysreg(vttbr_el2, current);
		isb();
	}
}
