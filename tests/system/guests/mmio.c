/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trapped accesses of every size, signedness and register, to a virtio region
 * that the monitor answers (see answer_to() in root.c) and to the interrupt
 * controller. Prints a line for each register or value that is not right.
 */
#include "guest.h"

/* Bits 7, 15 and 31 of the address are set, so that sign extension shows. */
#define REGION 0x8a00fe00ull
#define ECHO (REGION + 0x80)
#define ANSWER 0x8a00fe80u
#define LAST_VALUE (REGION + 0x1f0)
#define LAST_SIZE (REGION + 0x1f8)
#define PIDR2 (GUEST_GICR + 0xffe8)
#define GICD_PIDR2 (GUEST_GICD + 0xffe8)
#define ROUTER (GUEST_GICD + 0x6000 + 8 * 78)
#define REGISTERS 31u
#define VARIANT 1024u

extern char registers_load[], registers_store[], registers_send[], registers_hvc[], registers_smc[];

static volatile uint32_t sgis;

static void expect(const char *what, uint64_t got, uint64_t want)
{
	if (got == want)
		return;
	guest_puts("bad: ");
	guest_puts(what);
	guest_put_field("got", got);
	guest_put_field("want", want);
	guest_puts("\n");
}

#define LOAD(what, instruction, width, address, want)                                                        \
	do {                                                                                                 \
		uint64_t value_ = 0x5555555555555555;                                                        \
		__asm__ volatile(instruction " %" width "0, [%1]" : "+r"(value_) : "r"(address) : "memory"); \
		expect(what, value_, want);                                                                  \
	} while (0)

static void loads(void)
{
	LOAD("ldrb", "ldrb", "w", ECHO, 0x80);
	LOAD("ldrh", "ldrh", "w", ECHO, 0xfe80);
	LOAD("ldr w", "ldr", "w", ECHO, ANSWER);
	LOAD("ldr x", "ldr", "x", ECHO, ANSWER);
	LOAD("ldrsb w", "ldrsb", "w", ECHO, 0xffffff80);
	LOAD("ldrsb x", "ldrsb", "x", ECHO, 0xffffffffffffff80);
	LOAD("ldrsh w", "ldrsh", "w", ECHO, 0xfffffe80);
	LOAD("ldrsh x", "ldrsh", "x", ECHO, 0xfffffffffffffe80);
	LOAD("ldrsw", "ldrsw", "x", ECHO, 0xffffffff8a00fe80);
	LOAD("ldar", "ldar", "w", ECHO, ANSWER);
	LOAD("ldarb", "ldarb", "w", ECHO, 0x80);
	LOAD("ldrb of GICR_PIDR2", "ldr", "w", PIDR2, 0x3b);
	LOAD("ldrsb of a priority", "ldrsb", "x", GUEST_GICD + 0x400 + 78, 0xfffffffffffffff0);
	LOAD("ldr x of GICD_IROUTER", "ldr", "x", ROUTER, 0);
	__asm__ volatile("ldr wzr, [%0]\n\tldrsb xzr, [%0]\n\tldr wzr, [%1]" ::"r"(ECHO), "r"(PIDR2));
}

#define STORE(what, instruction, width, stored, bytes)                                                       \
	do {                                                                                                 \
		uint64_t value_ = 0x1122334455667788;                                                        \
		__asm__ volatile(instruction " %" width "0, [%1]" ::"r"(value_), "r"(ECHO) : "memory");      \
		expect(what ": value", *(volatile uint64_t *)LAST_VALUE, stored);                            \
		expect(what ": size", *(volatile uint64_t *)LAST_SIZE, bytes);                               \
	} while (0)

static void stores(void)
{
	STORE("strb", "strb", "w", 0x88, 1);
	STORE("strh", "strh", "w", 0x7788, 2);
	STORE("str w", "str", "w", 0x55667788, 4);
	STORE("str x", "str", "x", 0x1122334455667788, 8);
	STORE("stlr", "stlr", "w", 0x55667788, 4);
	__asm__ volatile("str xzr, [%0]" ::"r"(ECHO) : "memory");
	expect("str xzr", *(volatile uint64_t *)LAST_VALUE, 0);
	__asm__ volatile("strb wzr, [%0]" ::"r"(ECHO) : "memory");
	expect("strb wzr: size", *(volatile uint64_t *)LAST_SIZE, 1);
}

static void run(const char *code, uint32_t n, uint64_t out[REGISTERS], uint64_t argument)
{
	((void (*)(uint64_t * out, uint64_t argument))(code + n * VARIANT))(out, argument);
}

/* Every register but those named holds its pattern. */
static void untouched(const char *what, const uint64_t out[REGISTERS], uint64_t but)
{
	for (uint32_t i = 0; i < REGISTERS; i++) {
		if ((but >> i & 1) == 0)
			expect(what, out[i], i + 0x100);
	}
}

static void load_each(const char *what, uint64_t address, uint64_t want)
{
	uint64_t out[REGISTERS];

	for (uint32_t n = 0; n < REGISTERS; n++) {
		uint32_t base = n == 0;

		run(registers_load, n, out, address);
		expect(what, out[n], want);
		expect("base register", out[base], address);
		untouched("load: another register", out, 1ull << n | 1ull << base);
	}
}

static void each_register(void)
{
	uint64_t out[REGISTERS];

	load_each("load from the region", ECHO, ANSWER);
	load_each("load from GICR", PIDR2, 0x3b);
	load_each("load from GICD", GICD_PIDR2, 0x3b);
	for (uint32_t n = 0; n < REGISTERS; n++) {
		run(registers_store, n, out, ECHO);
		expect("stored", *(volatile uint64_t *)LAST_VALUE, n + 0x100);
		untouched("store: another register", out, 1ull << (n == 0));
		run(registers_send, n, out, 1ull << 24 | 1);
		expect("SGIs taken", sgis, n + 1);
		untouched("SGI: another register", out, 1ull << n);
	}
}

/* SMCCC 1.1 and later: x4 and up are the caller's. */
static void calls(void)
{
	static const uint64_t functions[] = { PSCI_VERSION, PSCI_FEATURES, 0x80000000, 0xc6000000,
					      0xdeadbeef };
	uint64_t out[REGISTERS];

	for (uint32_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		run(registers_hvc, 0, out, functions[i]);
		untouched("HVC: x4 and up", out, 0xf);
		run(registers_smc, 0, out, functions[i]);
		untouched("SMC: x4 and up", out, 0xf);
	}
}

static void interrupt(uint32_t intid)
{
	sgis += intid == 1;
}

void guest_main(uint64_t x0)
{
	(void)x0;
	guest_irq_handler = interrupt;
	guest_gic_init();
	guest_gic_enable_spi(78);
	__asm__ volatile("strb %w0, [%1]" ::"r"(0xf0), "r"(GUEST_GICD + 0x400 + 78) : "memory");
	guest_irq_on();
	loads();
	stores();
	each_register();
	calls();
	guest_puts("done\n");
}
