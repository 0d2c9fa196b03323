/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One access that nobody allowed, chosen by arg: low byte the kind, the rest
 * the address's index. A zone must end at once with the address recorded.
 */
#include "guest.h"

static void load(uint64_t address)
{
	guest_read32(address);
}

static void store(uint64_t address)
{
	guest_write32(address, 0xdeadbeef);
}

static void execute(uint64_t address)
{
	__asm__ volatile("br %0" ::"r"(address));
}

/* No syndrome (ISV = 0) for these three. */
static void load_pair(uint64_t address)
{
	__asm__ volatile("ldp x2, x3, [%0]" ::"r"(address) : "x2", "x3", "memory");
}

static void store_writeback(uint64_t address)
{
	__asm__ volatile("str w2, [%0], #4" : "+r"(address)::"memory");
}

static void load_exclusive(uint64_t address)
{
	__asm__ volatile("ldxr w2, [%0]" ::"r"(address) : "x2", "memory");
}

static void zero_line(uint64_t address)
{
	__asm__ volatile("dc zva, %0" ::"r"(address) : "memory");
}

/* Stage 1 walks tables that are not the zone's. */
static void walk(uint64_t address)
{
	__asm__ volatile(
		"msr tcr_el1, %1\n\tmsr ttbr0_el1, %0\n\tisb\n\ttlbi vmalle1\n\tdsb sy\n\t"
		"mrs x2, sctlr_el1\n\torr x2, x2, #1\n\tmsr sctlr_el1, x2\n\tisb\n\tnop" ::"r"(address),
		"r"(0x200000019ull)
		: "x2", "memory");
}

static void vectors(uint64_t address)
{
	__asm__ volatile("msr vbar_el1, %0\n\tisb\n\tsvc #0" ::"r"(address & ~0x7ffull) : "memory");
}

static void (*const kinds[])(uint64_t address) = {
	load, store, execute, load_pair, store_writeback, load_exclusive, zero_line, walk, vectors,
};

static const uint64_t addresses[] = {
	0x0,                                             /* flash */
	0x09000000,                                      /* the root zone's UART */
	0x40200000,                                      /* the hypervisor */
	0x42000000,                                      /* the root zone's kernel */
	0x3eff0000,                                      /* a hole */
	0xfffffff000,                                    /* top of the IPA space */
	0x0a000000,                                      /* a virtio slot of the root zone */
	0xa0000000,                                      /* the root zone's upper RAM */
	GUEST_GICD,    GUEST_GICR + 0x10100, 0x0a003c00, /* the zone's own virtio region, where it has one */
	0x08080000,                                      /* ITS */
	0x10000000000,                                   /* past the IPA space */
};

void guest_main(uint64_t x0)
{
	uint32_t kind = guest_params.arg & 0xff;
	uint32_t address = guest_params.arg >> 8;

	(void)x0;
	if (kind >= sizeof(kinds) / sizeof(kinds[0]) || address >= sizeof(addresses) / sizeof(addresses[0])) {
		guest_puts("no such access\n");
		return;
	}
	guest_puts("access");
	guest_put_field("kind", kind);
	guest_put_field("address", addresses[address]);
	guest_puts("\n");
	kinds[kind](addresses[address]);
	guest_puts("survived\n");
}
