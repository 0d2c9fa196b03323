/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_cpu.h"

#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "arch_cpu.h"
#include "fake.h"
#include "mmio.h"
#include "sim_guest.h"
#include "sim_memory.h"
#include "sim_stack.h"

#define STACK_SIZE (128u * 1024u)
#define BAD_ADDRESS 0xdead0000ull
#define ESR_LOAD 0x93800006u /* a data abort of a 4-byte load: translation fault, level 2 */

struct sim_cpu {
	struct vcpu *vcpu; /* NULL: no guest */
	ucontext_t context;
	struct sim_stack stack; /* kept for the next run */
	uint8_t *ram;
	uint64_t ram_ipa;
	bool kicked;
	bool takes_interrupts; /* while it waits */
	int64_t wake;          /* microseconds, or SIM_FOREVER */
};

static struct sim_cpu cpus[HV_MAX_ZONES]; /* by zone */
static struct sim_cpu *current;
static ucontext_t machine;
static struct sim_stack machine_stack;

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Back to the machine; returns when it is the guest's turn again. */
static void yield(struct sim_cpu *cpu)
{
	void *kept;

	current = NULL;
	fake_set_cpu(0);
	kept = sim_stack_leave(&machine_stack);
	if (swapcontext(&cpu->context, &machine) != 0)
		arch_panic("sim: swapcontext");
	sim_stack_entered(kept, &machine_stack);
}

/* The vCPU is off; its coroutine is never entered again. */
static _Noreturn void leave(struct sim_cpu *cpu)
{
	cpu->vcpu = NULL;
	yield(cpu);
	arch_panic("sim: a vCPU that is off was run");
}

const HvZoneConfig *sim_cpu_config(const struct sim_cpu *cpu)
{
	return &cpu->vcpu->zone->config;
}

static uint64_t access_at(struct sim_cpu *cpu, struct mmio_access access)
{
	switch (mmio_access(cpu->vcpu, &access)) {
	case MMIO_DONE:
		return access.value;
	case MMIO_NOT_VIRTIO:
		(void)zone_fault(cpu->vcpu, HV_REASON_BAD_ACCESS, ESR_LOAD, access.ipa, access.ipa,
				 cpu->vcpu->zone->config.entry_point);
		break;
	case MMIO_LEAVE:
		break;
	}
	leave(cpu);
}

uint64_t sim_cpu_read(struct sim_cpu *cpu, uint64_t ipa, uint8_t size)
{
	return access_at(cpu, (struct mmio_access){ .ipa = ipa, .size = size });
}

void sim_cpu_write(struct sim_cpu *cpu, uint64_t ipa, uint8_t size, uint64_t value)
{
	(void)access_at(cpu, (struct mmio_access){ .ipa = ipa, .size = size, .value = value, .write = true });
}

static const struct hv_memory_region *entry_region(const HvZoneConfig *config)
{
	for (uint32_t i = 0; i < config->num_regions; i++) {
		const struct hv_memory_region *region = &config->regions[i];

		if (region->type == HV_REGION_RAM &&
		    hv_range_contains(region->virtual_start, region->size, config->entry_point, 4))
			return region;
	}
	return NULL;
}

void *sim_cpu_ram(struct sim_cpu *cpu, uint64_t *ret_ipa)
{
	const struct hv_memory_region *region = entry_region(sim_cpu_config(cpu));
	void *map;

	if (cpu->ram == NULL) {
		if (region == NULL || region->size < 2 * SIM_CPU_RAM)
			return NULL;
		cpu->ram_ipa = region->virtual_start + region->size - SIM_CPU_RAM;
		map = mmap(NULL, SIM_CPU_RAM, PROT_READ | PROT_WRITE, MAP_SHARED,
			   sim_memory_fd(cpu->vcpu->zone->id), (off_t)(HV_MMAP_RAM + cpu->ram_ipa));
		if (map == MAP_FAILED)
			return NULL;
		cpu->ram = map;
	}
	*ret_ipa = cpu->ram_ipa;
	return cpu->ram;
}

size_t sim_cpu_image(struct sim_cpu *cpu, char *to, size_t size)
{
	const ssize_t n = pread(sim_memory_fd(cpu->vcpu->zone->id), to, size,
				(off_t)(HV_MMAP_RAM + sim_cpu_config(cpu)->entry_point));

	return n > 0 ? (size_t)n : 0;
}

int64_t sim_cpu_in(uint64_t ms)
{
	return now_us() + (int64_t)ms * 1000;
}

static bool is_interrupted(const struct sim_cpu *cpu)
{
	const struct hv_intid_set *pending = &cpu->vcpu->zone->arch.pending;

	for (uint32_t i = 0; i < HV_MAX_INTIDS / 32; i++) {
		if (pending->word[i] != 0)
			return true;
	}
	return false;
}

/* Where a kicked vCPU comes by: it may be taken away, or parked for a while. */
static void poll_cpu(struct sim_cpu *cpu, int64_t *until)
{
	const int64_t before = now_us();

	if (cpu_poll(cpu->vcpu) == VCPU_LEAVE)
		leave(cpu);
	if (*until != SIM_FOREVER)
		*until += now_us() - before;
}

bool sim_cpu_wait(struct sim_cpu *cpu, int64_t *until, bool masked)
{
	for (;;) {
		poll_cpu(cpu, until);
		if (!masked && is_interrupted(cpu)) {
			memset(&cpu->vcpu->zone->arch.pending, 0, sizeof(struct hv_intid_set));
			return true;
		}
		if (*until != SIM_FOREVER && now_us() >= *until)
			return false;
		cpu->takes_interrupts = !masked;
		cpu->wake = *until;
		yield(cpu);
	}
}

void sim_cpu_end(struct sim_cpu *cpu, uint32_t reason)
{
	(void)zone_end(cpu->vcpu, reason);
	leave(cpu);
}

static void fault(struct vcpu *vcpu)
{
	(void)zone_fault(vcpu, HV_REASON_BAD_ACCESS, ESR_LOAD, 0xffff800008001234, BAD_ADDRESS,
			 vcpu->zone->config.entry_point + 0x40);
}

void sim_cpu_fault(struct sim_cpu *cpu)
{
	fault(cpu->vcpu);
	leave(cpu);
}

/* The machine's side. */

static void begin(void)
{
	sim_stack_entered(NULL, &machine_stack);
	sim_guest_main(current);
	arch_panic("sim: a guest came to its end");
}

static void forget(struct sim_cpu *cpu)
{
	cpu->vcpu = NULL;
	if (cpu->ram != NULL)
		munmap(cpu->ram, SIM_CPU_RAM);
	cpu->ram = NULL;
}

/* Kept for the zone's next run. */
static void need_stack(struct sim_cpu *cpu)
{
	void *stack;

	if (cpu->stack.bottom != NULL)
		return;
	stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1,
		     0);
	if (stack == MAP_FAILED)
		arch_panic("sim: no stack for a guest");
	cpu->stack = (struct sim_stack){ stack, STACK_SIZE };
}

static void on_run(struct vcpu *vcpu)
{
	struct sim_cpu *cpu = &cpus[vcpu->zone->id];

	forget(cpu);
	need_stack(cpu);
	if (getcontext(&cpu->context) != 0)
		arch_panic("sim: no context for a guest");
	cpu->context.uc_stack.ss_sp = (void *)(uintptr_t)cpu->stack.bottom;
	cpu->context.uc_stack.ss_size = STACK_SIZE;
	cpu->context.uc_link = NULL;
	makecontext(&cpu->context, begin, 0);
	cpu->vcpu = vcpu;
	cpu->kicked = true;
	cpu->takes_interrupts = false;
	cpu->wake = SIM_FOREVER;
}

static void on_kick(uint32_t number)
{
	const struct vcpu *vcpu = vcpu_of_cpu(number);

	if (vcpu->zone != NULL)
		cpus[vcpu->zone->id].kicked = true;
}

/* Called by the core on behalf of a guest: for the answer to a trapped access, or parked. */
static void on_wait(uint32_t number)
{
	if (current == NULL || current->vcpu->cpu != number)
		arch_panic("sim: the machine itself waits");
	current->takes_interrupts = false;
	current->wake = SIM_FOREVER;
	yield(current);
}

void sim_guest_init(void)
{
	fake_behaviour.on_run = on_run;
	fake_behaviour.on_kick = on_kick;
	fake_behaviour.on_wait = on_wait;
}

bool sim_guest_turn(uint32_t zone)
{
	struct sim_cpu *cpu = &cpus[zone];
	struct sim_stack from;
	void *kept;

	if (cpu->vcpu == NULL)
		return false;
	if (!cpu->kicked && !(cpu->takes_interrupts && is_interrupted(cpu)) &&
	    (cpu->wake == SIM_FOREVER || now_us() < cpu->wake))
		return false;
	cpu->kicked = false;
	cpu->wake = SIM_FOREVER;
	cpu->takes_interrupts = false;
	current = cpu;
	fake_set_cpu(cpu->vcpu->cpu);
	kept = sim_stack_leave(&cpu->stack);
	if (swapcontext(&machine, &cpu->context) != 0)
		arch_panic("sim: swapcontext");
	sim_stack_entered(kept, &from);
	fake_set_cpu(0);
	return true;
}

int sim_guest_timeout_ms(void)
{
	int64_t first = SIM_FOREVER, left;

	for (uint32_t zone = 0; zone < HV_MAX_ZONES; zone++) {
		const struct sim_cpu *cpu = &cpus[zone];

		if (cpu->vcpu != NULL && cpu->wake != SIM_FOREVER &&
		    (first == SIM_FOREVER || cpu->wake < first))
			first = cpu->wake;
	}
	if (first == SIM_FOREVER)
		return -1;
	left = (first - now_us() + 999) / 1000;
	return left < 0 ? 0 : left > 60000 ? 60000 : (int)left;
}

static void act(struct vcpu *vcpu, enum sim_guest_act what)
{
	static const uint32_t reasons[] = {
		[SIM_GUEST_OFF] = HV_REASON_GUEST_OFF,
		[SIM_GUEST_RESET] = HV_REASON_GUEST_RESET,
	};

	fake_set_cpu(vcpu->cpu);
	if (what == SIM_GUEST_FAULT)
		fault(vcpu);
	else
		(void)zone_end(vcpu, reasons[what]);
	fake_set_cpu(0);
}

bool sim_guest_act(uint32_t zone, enum sim_guest_act what)
{
	struct sim_cpu *cpu = &cpus[zone];

	if (cpu->vcpu == NULL)
		return false;
	if (what == SIM_GUEST_RUN)
		return true;
	act(cpu->vcpu, what);
	forget(cpu);
	return true;
}

void sim_guest_gone(uint32_t zone)
{
	forget(&cpus[zone]);
}
