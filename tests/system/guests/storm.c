/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Everything a guest can throw at the hypervisor, fast and with arguments that
 * make no sense. arg: low byte the kind, bit 8: never stop. A bounded storm
 * ends with SYSTEM_OFF; a zone may also be ended for it, its neighbours and
 * EL2 may not notice.
 */
#include "guest.h"

#define FOREVER 0x100u
#define ROUNDS 2000u
#define VIRTIO_REGION 0x0a003c00ull

static uint64_t seed = 88172645463325252ull;

static uint64_t noise(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* Values that break careless range checks more often than noise does. */
static uint64_t edge(void)
{
	static const uint64_t edges[] = {
		0,
		1,
		31,
		32,
		63,
		64,
		1023,
		1024,
		0x7fffffff,
		0x80000000,
		0xffffffff,
		0x100000000,
		0x7fffffffffffffff,
		0x8000000000000000,
		0xffffffffffffffff,
		0x40200000,
		0x42000000,
		0x50400000,
	};
	uint64_t n = noise();

	return (n & 3) == 0 ? noise() : edges[n % (sizeof(edges) / sizeof(edges[0]))];
}

static void call(uint64_t function)
{
	uint64_t x[5] = { function, edge(), edge(), edge(), edge() };

	if ((noise() & 1) != 0)
		guest_hvc(x);
	else
		guest_smc(x);
}

static void hypercalls(void)
{
	call(0xc6000000 + noise() % 32);
	call(noise());
	call(0xc6000000 | (noise() & 0xffff));
}

/* All but the two that would end the storm, and CPU_OFF. */
static void psci(void)
{
	uint64_t number = noise() % 0x20;

	if (number == 2 || number == 8 || number == 9 || number == 0x12 || number == 1)
		return;
	call(0x84000000 + number);
	call(0xc4000000 + number);
	call(0x80000000 + noise() % 8);
}

/* One access of each size, read and write, to an offset of a window. */
static void device(uint64_t base, uint64_t offset)
{
	uint64_t a = base + offset;
	uint64_t v = noise();

	__asm__ volatile("ldrb w2, [%0]\n\tstrb %w1, [%0]" ::"r"(a), "r"(v) : "x2", "memory");
	a &= ~1ull;
	__asm__ volatile("ldrsh x2, [%0]\n\tstrh %w1, [%0]" ::"r"(a), "r"(v) : "x2", "memory");
	a &= ~3ull;
	__asm__ volatile("ldrsw x2, [%0]\n\tstr %w1, [%0]" ::"r"(a), "r"(v) : "x2", "memory");
	__asm__ volatile("ldar w2, [%0]\n\tstlr wzr, [%0]" ::"r"(a) : "x2", "memory");
	a &= ~7ull;
	__asm__ volatile("ldr x2, [%0]\n\tstr %1, [%0]\n\tstr xzr, [%0]" ::"r"(a), "r"(v) : "x2", "memory");
}

static void distributor(void)
{
	device(GUEST_GICD, noise() & 0xffff);
}

static void redistributor(void)
{
	device(GUEST_GICR, noise() & 0x1ffff);
	device(GUEST_GICR, noise() % 0xf60000);
}

static void sgis(void)
{
	uint64_t v = (noise() & 0x00ff00ff0f00ffffull) | ((noise() & 1) << 40);

	__asm__ volatile(
		"msr icc_sgi1r_el1, %0\n\tmsr icc_asgi1r_el1, %0\n\tmsr icc_sgi0r_el1, %0\n\tisb" ::"r"(v));
}

/* Notifications do not wait; where no device answers the rest would sleep for good. */
static void virtio(void)
{
	guest_write32(VIRTIO_REGION + 0x50, (uint32_t)noise());
}

/* An MRS or MSR of any encoding, written where it is run. */
static void system_register(uint64_t encoding, bool read)
{
	static uint32_t code[4] __attribute__((aligned(64)));
	uint64_t run = (uint64_t)code;

	code[0] = (uint32_t)(0xd5100000u | (read ? 1u << 21 : 0) | (encoding & 0xfffff) << 5);
	code[1] = 0xd65f03c0; /* ret */
	__asm__ volatile(
		"dc cvau, %0\n\tdsb sy\n\tic ivau, %0\n\tdsb sy\n\tisb\n\tmov x0, %1\n\tblr %0" ::"r"(run),
		"r"(noise())
		: "x0", "x30", "memory");
}

/* op0 3, CRn 1 to 4, 10, 12: control of this vCPU itself; a write ends the storm, not the hypervisor. */
static bool own_control(uint64_t encoding)
{
	uint64_t crn = encoding >> 7 & 0xf;

	return (encoding >> 14 & 1) != 0 && ((crn >= 1 && crn <= 6) || crn == 10 || crn == 12 || crn == 13);
}

static void system_reads(void)
{
	for (uint64_t encoding = 0; encoding < 0x8000; encoding++)
		system_register(encoding, true);
}

static void system_writes(void)
{
	for (uint64_t encoding = 0; encoding < 0x8000; encoding++) {
		if (!own_control(encoding))
			system_register(encoding, false);
	}
}

/* HVC and SMC with immediates that mean nothing; maintenance by set and way. */
static void odd_instructions(void)
{
	__asm__ volatile("mov x0, %0\n\thvc #0x1234\n\tmov x0, %0\n\thvc #0xffff\n\tmov x0, %0\n\tsmc #1\n\t"
			 "mov x0, %0\n\tsmc #0xfffe" ::"r"(edge())
			 : "x0", "x1", "x2", "x3", "memory");
	__asm__ volatile("dc isw, xzr\n\tdc cisw, xzr\n\tic ialluis\n\ttlbi vmalle1is\n\ttlbi alle1is\n\t"
			 "tlbi vmalls12e1is\n\tat s12e1r, xzr\n\tdsb sy\n\tisb" ::
				 : "memory");
}

/* With interrupts masked, so that the pending timer ends the sleep before the handler stops it. */
static void timer(void)
{
	guest_irq_off();
	guest_timer_at(guest_ticks() - 1);
	__asm__ volatile(
		"msr cntp_cval_el0, xzr\n\tmsr cntp_ctl_el0, %0\n\tisb\n\tmsr cntkctl_el1, %1" ::"r"(1ull),
		"r"(edge() & 0x3ff));
	guest_wfi();
	guest_irq_on();
}

static void (*const kinds[])(void) = {
	hypercalls, psci,         distributor,   redistributor,    sgis,
	virtio,     system_reads, system_writes, odd_instructions, timer,
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static uint32_t rounds(uint32_t kind)
{
	return kinds[kind] == system_reads || kinds[kind] == system_writes ? 1 : ROUNDS;
}

/* A timer that noise has set would interrupt for ever. */
static void interrupt(uint32_t intid)
{
	if (intid == GUEST_TIMER_INTID)
		guest_timer_off();
}

void guest_main(uint64_t x0)
{
	uint32_t kind = guest_params.arg & 0xff;

	(void)x0;
	if (kind >= KINDS) {
		guest_puts("no such storm\n");
		return;
	}
	guest_faults_skip = true;
	guest_irq_handler = interrupt;
	guest_gic_init();
	guest_irq_on();
	guest_puts("storm\n");
	do {
		for (uint32_t i = 0; i < rounds(kind); i++)
			kinds[kind]();
	} while ((guest_params.arg & FOREVER) != 0);
	guest_puts("over");
	guest_put_field("faults", guest_faults);
	guest_puts("\n");
}
