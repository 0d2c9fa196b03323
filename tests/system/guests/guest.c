/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest.h"

#define UART_DR 0x00u
#define UART_FR 0x18u
#define UART_FR_TXFF (1u << 5)

#define VECTOR_SYNC 4u /* from EL1 with its own stack pointer (Arm ARM D1.3.1) */
#define VECTOR_IRQ 5u

#define GICD_CTLR 0x0u
#define GICD_CTLR_GROUP1_ARE 0x12u /* one security state: EnableGrp1, ARE */
#define GICR_WAKER 0x14u
#define GICR_WAKER_SLEEP (1u << 1)
#define GICR_WAKER_ASLEEP (1u << 2)
#define GICR_SGI_FRAME 0x10000u
#define GIC_IGROUPR 0x80u
#define GIC_ISENABLER 0x100u
#define GICD_IROUTER 0x6000u

struct frame {
	uint64_t x[31];
	uint64_t elr;
	uint64_t spsr;
};

volatile bool guest_faults_skip;
volatile uint64_t guest_faults;
volatile uint64_t guest_fault_esr;
void (*volatile guest_irq_handler)(uint32_t intid);

char guest_log[GUEST_LOG_SIZE];

static struct {
	void (*work)(void *arg);
	void *arg;
} secondary[GUEST_MAX_CPUS];

extern char guest_secondary[];
void guest_secondary_main(uint64_t cpu);
void guest_exception(uint64_t kind, struct frame *frame);

void *memcpy(void *to, const void *from, size_t size)
{
	char *t = to;
	const char *f = from;

	for (size_t i = 0; i < size; i++)
		t[i] = f[i];
	return to;
}

void *memset(void *to, int byte, size_t size)
{
	char *t = to;

	for (size_t i = 0; i < size; i++)
		t[i] = (char)byte;
	return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
	const unsigned char *x = a;
	const unsigned char *y = b;

	for (size_t i = 0; i < size; i++) {
		if (x[i] != y[i])
			return x[i] < y[i] ? -1 : 1;
	}
	return 0;
}

static void put_char(char c)
{
	uint64_t used = guest_params.log_used;

	if (used < GUEST_LOG_SIZE) {
		guest_log[used] = c;
		guest_params.log_used = used + 1;
	}
	if (guest_params.console != GUEST_CONSOLE_UART)
		return;
	while ((guest_read32(GUEST_UART + UART_FR) & UART_FR_TXFF) != 0)
		guest_yield();
	guest_write32(GUEST_UART + UART_DR, (uint8_t)c);
}

void guest_puts(const char *text)
{
	for (; *text != '\0'; text++)
		put_char(*text);
}

void guest_put_hex(uint64_t value)
{
	int shift = 60;

	guest_puts("0x");
	while (shift > 0 && (value >> shift) == 0)
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		put_char("0123456789abcdef"[(value >> shift) & 0xf]);
}

void guest_put_dec(uint64_t value)
{
	char digits[20];
	size_t n = 0;

	do {
		digits[n++] = (char)('0' + value % 10);
		value /= 10;
	} while (value != 0);
	while (n > 0)
		put_char(digits[--n]);
}

void guest_put_field(const char *name, uint64_t value)
{
	guest_puts(" ");
	guest_puts(name);
	guest_puts("=");
	guest_put_hex(value);
}

int64_t guest_psci(uint32_t function, uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t x[5] = { function, a, b, c, 0 };

	guest_hvc(x);
	return (int64_t)x[0];
}

void guest_off(void)
{
	guest_psci(PSCI_SYSTEM_OFF, 0, 0, 0);
}

void guest_cpu_off(void)
{
	guest_psci(PSCI_CPU_OFF, 0, 0, 0);
}

int64_t guest_cpu_on(uint32_t cpu, void (*work)(void *arg), void *arg)
{
	secondary[cpu].work = work;
	secondary[cpu].arg = arg;
	__asm__ volatile("dsb sy" ::: "memory");
	return guest_psci(PSCI_CPU_ON, cpu, (uint64_t)guest_secondary, cpu);
}

void guest_secondary_main(uint64_t cpu)
{
	secondary[cpu].work(secondary[cpu].arg);
}

uint32_t guest_cpu_self(void)
{
	uint64_t mpidr;

	__asm__ volatile("mrs %0, mpidr_el1" : "=r"(mpidr));
	return (uint32_t)(mpidr & 0xff);
}

static void interrupt(void)
{
	uint64_t intid;

	__asm__ volatile("mrs %0, icc_iar1_el1" : "=r"(intid)::"memory");
	if (intid >= 1020)
		return;
	if (guest_irq_handler != NULL)
		guest_irq_handler((uint32_t)intid);
	__asm__ volatile("msr icc_eoir1_el1, %0\n\tisb" ::"r"(intid) : "memory");
}

void guest_exception(uint64_t kind, struct frame *frame)
{
	uint64_t esr, far;

	if (kind == VECTOR_IRQ) {
		interrupt();
		return;
	}
	__asm__ volatile("mrs %0, esr_el1\n\tmrs %1, far_el1" : "=r"(esr), "=r"(far));
	guest_faults = guest_faults + 1;
	guest_fault_esr = esr;
	if (kind == VECTOR_SYNC && guest_faults_skip) {
		frame->elr += 4;
		return;
	}
	guest_puts("exception");
	guest_put_field("vector", kind);
	guest_put_field("esr", esr);
	guest_put_field("far", far);
	guest_put_field("elr", frame->elr);
	guest_put_field("start", (uint64_t)&guest_params - 64);
	guest_puts("\n");
	guest_off();
	for (;;)
		guest_wfi();
}

void guest_gic_init(void)
{
	uint64_t gicr = GUEST_GICR + guest_cpu_self() * GUEST_GICR_STRIDE;

	guest_write32(GUEST_GICD + GICD_CTLR, GICD_CTLR_GROUP1_ARE);
	guest_write32(gicr + GICR_WAKER, guest_read32(gicr + GICR_WAKER) & ~GICR_WAKER_SLEEP);
	while ((guest_read32(gicr + GICR_WAKER) & GICR_WAKER_ASLEEP) != 0)
		guest_yield();
	guest_write32(gicr + GICR_SGI_FRAME + GIC_IGROUPR, 0xffffffff);
	guest_write32(gicr + GICR_SGI_FRAME + GIC_ISENABLER, 0xffffu | 1u << GUEST_TIMER_INTID);
	/* icc_sre, icc_pmr, icc_bpr1, icc_ctlr (one-step EOI), icc_igrpen1 */
	__asm__ volatile("msr icc_sre_el1, %0\n\tisb\n\tmsr icc_pmr_el1, %1\n\tmsr icc_bpr1_el1, xzr\n\t"
			 "msr icc_ctlr_el1, xzr\n\tmsr icc_igrpen1_el1, %2\n\tisb" ::"r"(7ull),
			 "r"(0xf0ull), "r"(1ull)
			 : "memory");
}

void guest_gic_enable_spi(uint32_t intid)
{
	uint64_t word = intid / 32 * 4ull;
	uint32_t bit = 1u << (intid % 32);

	guest_write32(GUEST_GICD + GIC_IGROUPR + word, guest_read32(GUEST_GICD + GIC_IGROUPR + word) | bit);
	guest_write32(GUEST_GICD + GICD_IROUTER + intid * 8ull, guest_cpu_self());
	guest_write32(GUEST_GICD + GICD_IROUTER + intid * 8ull + 4, 0);
	guest_write32(GUEST_GICD + GIC_ISENABLER + word, bit);
}

void guest_sgi(uint32_t target_cpus, uint32_t sgi)
{
	uint64_t value = (uint64_t)sgi << 24 | target_cpus;

	__asm__ volatile("dsb sy\n\tmsr icc_sgi1r_el1, %0\n\tisb" ::"r"(value) : "memory");
}
