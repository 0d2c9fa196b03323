/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The runtime of the bare-metal guests: EL1, MMU off, position-independent,
 * entered like an arm64 kernel. Used by the guests that tests run as zones,
 * by the monitor that tests run as root zone, and by the benchmark guest.
 */
#ifndef GUEST_H
#define GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GUEST_GICD 0x08000000ull
#define GUEST_GICR 0x080a0000ull
#define GUEST_GICR_STRIDE 0x20000ull
#define GUEST_UART 0x09000000ull

#define GUEST_MAX_CPUS 8u
#define GUEST_LOG_SIZE 0x4000u
#define GUEST_TIMER_INTID 27u /* virtual timer, a PPI */
#define GUEST_NO_INTID 1023u

enum guest_console {
	GUEST_CONSOLE_LOG = 0,  /* text goes to guest_log, for whoever can read the zone's RAM */
	GUEST_CONSOLE_UART = 1, /* and to the PL011 */
};

/*
 * Behind the 64-byte header of the image. Whoever loads the image may change
 * console and arg; the rest tells the loader what happened. Read by tools as
 * offsets from the start of the image: 64 magic, 72 console, 76 arg,
 * 80 entry_ticks, 88 log (address once running), 96 log_used.
 */
struct guest_params {
	char magic[8]; /* "HVGUEST1" */
	uint32_t console;
	uint32_t arg;         /* what the guest is to do; see each guest */
	uint64_t entry_ticks; /* CNTVCT at the first instruction */
	uint64_t log;
	volatile uint64_t log_used;
};
extern struct guest_params guest_params;

/* What each guest defines. x0 is what the boot protocol handed over. Returning is SYSTEM_OFF. */
void guest_main(uint64_t x0);

/* As in <string.h>; the compiler calls them too. */
void *memcpy(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);

/* Console */
void guest_puts(const char *text);
void guest_put_hex(uint64_t value);
void guest_put_dec(uint64_t value);
/* " name=0xvalue" */
void guest_put_field(const char *name, uint64_t value);

/*
 * A call by HVC #0 or SMC #0: x[0..4] in, x[0..3] out.
 */
void guest_hvc(uint64_t x[5]);
void guest_smc(uint64_t x[5]);

/* PSCI (Arm DEN 0022), through HVC. */
#define PSCI_VERSION 0x84000000u
#define PSCI_CPU_SUSPEND 0xc4000001u
#define PSCI_CPU_OFF 0x84000002u
#define PSCI_CPU_ON 0xc4000003u
#define PSCI_AFFINITY_INFO 0xc4000004u
#define PSCI_SYSTEM_OFF 0x84000008u
#define PSCI_SYSTEM_RESET 0x84000009u
#define PSCI_FEATURES 0x8400000au
int64_t guest_psci(uint32_t function, uint64_t a, uint64_t b, uint64_t c);
void guest_off(void);
void guest_cpu_off(void);

/* Runs work(arg) on vCPU cpu, which must be off; PSCI's answer. One start at a time per cpu. */
int64_t guest_cpu_on(uint32_t cpu, void (*work)(void *arg), void *arg);
uint32_t guest_cpu_self(void);

/*
 * Exceptions. A synchronous one is fatal, unless guest_faults_skip is set:
 * then the instruction is stepped over and counted. An interrupt is
 * acknowledged, given to the handler, and ended. vCPUs share the handler.
 */
extern volatile bool guest_faults_skip;
extern volatile uint64_t guest_faults;
extern volatile uint64_t guest_fault_esr;
extern void (*volatile guest_irq_handler)(uint32_t intid);
extern char guest_vectors[];

/* GICv3 (IHI 0069): this vCPU's CPU interface and redistributor; SGIs and the virtual timer enabled. */
void guest_gic_init(void);
void guest_gic_enable_spi(uint32_t intid);
void guest_sgi(uint32_t target_cpus, uint32_t sgi);

static inline void guest_irq_on(void)
{
	__asm__ volatile("msr daifclr, #2" ::: "memory");
}

static inline void guest_irq_off(void)
{
	__asm__ volatile("msr daifset, #2" ::: "memory");
}

static inline void guest_wfi(void)
{
	__asm__ volatile("dsb sy\n\twfi" ::: "memory");
}

static inline void guest_yield(void)
{
	__asm__ volatile("yield" ::: "memory");
}

static inline uint64_t guest_ticks(void)
{
	uint64_t ticks;

	__asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(ticks)::"memory");
	return ticks;
}

static inline uint64_t guest_ticks_per_second(void)
{
	uint64_t frequency;

	__asm__ volatile("mrs %0, cntfrq_el0" : "=r"(frequency));
	return frequency;
}

/* The virtual timer fires at ticks, or never. */
static inline void guest_timer_at(uint64_t ticks)
{
	__asm__ volatile("msr cntv_cval_el0, %0\n\tmsr cntv_ctl_el0, %1\n\tisb" ::"r"(ticks), "r"(1ull));
}

static inline void guest_timer_off(void)
{
	__asm__ volatile("msr cntv_ctl_el0, xzr\n\tisb");
}

/* Device accesses, one instruction each, with a syndrome. */
static inline uint32_t guest_read32(uint64_t address)
{
	uint32_t value;

	__asm__ volatile("ldr %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
	return value;
}

static inline void guest_write32(uint64_t address, uint32_t value)
{
	__asm__ volatile("str %w0, [%1]" ::"r"(value), "r"(address) : "memory");
}

#endif
