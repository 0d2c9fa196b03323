/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vCPUs and the physical CPUs below them: power, leaving a guest, what an idle CPU does. */
#include "zone.h"

#include <string.h>

#include "arch_cpu.h"
#include "arch_memory.h"
#include "zone_private.h"

static struct vcpu vcpus[HV_MAX_CPUS];

struct vcpu *vcpu_of_cpu(uint32_t cpu)
{
	return cpu < HV_MAX_CPUS ? &vcpus[cpu] : NULL;
}

static void set_power(struct vcpu *vcpu, enum vcpu_power power)
{
	__atomic_store_n(&vcpu->power, power, __ATOMIC_RELEASE);
}

static void set_zone(struct vcpu *vcpu, struct zone *zone)
{
	__atomic_store_n(&vcpu->zone, zone, __ATOMIC_RELEASE);
}

/* All but vcpu->zone, which the CPU itself may be looking at. */
static void clear(struct vcpu *vcpu, uint32_t index, uint32_t cpu)
{
	vcpu->index = index;
	vcpu->cpu = cpu;
	set_power(vcpu, VCPU_OFF);
	vcpu->order = 0;
	vcpu->parked = false;
	vcpu->entry = 0;
	vcpu->context = 0;
	vcpu->exits = 0;
	vcpu->region = 0;
	vcpu->wait_seq = 0;
	vcpu->last_seq = 0;
	vcpu->wait_value = 0;
	memset(&vcpu->arch, 0, sizeof(vcpu->arch));
}

void vcpu_attach(struct zone *zone)
{
	arch_lock(&zone->lock);
	for (uint64_t left = zone->config.cpus; left != 0; left &= left - 1) {
		uint32_t cpu = (uint32_t)__builtin_ctzll(left);
		struct vcpu *vcpu = &vcpus[cpu];

		clear(vcpu, zone->num_vcpus, cpu);
		zone->vcpu[zone->num_vcpus++] = vcpu;
		set_zone(vcpu, zone);
	}
	arch_unlock(&zone->lock);
}

void vcpu_detach(struct zone *zone)
{
	arch_lock(&zone->lock);
	for (uint32_t i = 0; i < zone->num_vcpus; i++) {
		zone->fault.exits += zone->vcpu[i]->exits;
		set_zone(zone->vcpu[i], NULL);
		zone->vcpu[i] = NULL;
	}
	zone->num_vcpus = 0;
	arch_unlock(&zone->lock);
}

void vcpu_prepare_first(struct zone *zone)
{
	const HvZoneConfig *config = &zone->config;
	struct vcpu *vcpu = zone->vcpu[0];

	vcpu->entry = config->entry_point;
	vcpu->context = 0;
	if (config->dtb_size != 0)
		(void)hv_config_ram_ipa(config, config->dtb_load_paddr, config->dtb_size, &vcpu->context);
	set_power(vcpu, VCPU_ON_PENDING);
}

void vcpu_give_order(struct vcpu *vcpu, uint32_t order)
{
	__atomic_store_n(&vcpu->order, order, __ATOMIC_RELEASE);
	arch_cpu_kick(vcpu->cpu);
}

static void end_if_empty(struct zone *zone)
{
	if (zone->cpus_in == 0)
		zone_set_state(zone, HV_ZONE_ENDED);
}

void vcpu_stop_all(struct zone *zone, uint32_t reason)
{
	zone->reason = reason;
	zone->cpus_in = 0;
	zone->held = false;
	zone_set_state(zone, HV_ZONE_STOPPING);
	for (uint32_t i = 0; i < zone->num_vcpus; i++) {
		struct vcpu *vcpu = zone->vcpu[i];

		if (vcpu_power(vcpu) == VCPU_ON) {
			zone->cpus_in++;
			vcpu_give_order(vcpu, VCPU_ORDER_LEAVE);
		} else {
			set_power(vcpu, VCPU_OFF);
		}
	}
	end_if_empty(zone);
}

/*
 * The vCPU is off from here. Its CPU may be another zone's a moment after the
 * lock is free, so nothing touches the vCPU any more.
 */
static void leave(struct vcpu *vcpu)
{
	struct zone *zone = vcpu->zone;

	__atomic_store_n(&vcpu->wait_seq, 0, __ATOMIC_RELEASE);
	__atomic_store_n(&vcpu->order, 0, __ATOMIC_RELEASE);
	set_power(vcpu, VCPU_OFF);
	if (zone->state == HV_ZONE_STOPPING) {
		zone->cpus_in--;
		end_if_empty(zone);
	} else {
		pause_left(vcpu);
	}
}

/* What switching the root zone off means is not for the core to undo: see arch_cpu.h. */
static void end_machine(const struct zone *zone, uint32_t reason)
{
	if (!zone_is_root(zone))
		return;
	if (reason == HV_REASON_GUEST_OFF)
		arch_machine_off();
	else if (reason == HV_REASON_GUEST_RESET)
		arch_machine_reset();
}

enum vcpu_action zone_fault(struct vcpu *vcpu, uint32_t reason, uint64_t esr, uint64_t far, uint64_t ipa,
			    uint64_t pc)
{
	struct zone *zone = vcpu->zone;

	end_machine(zone, reason);
	arch_vcpu_quiesce(vcpu);
	arch_lock(&zone->lock);
	if (zone->state == HV_ZONE_RUNNING) {
		zone->fault.vcpu = vcpu->index;
		zone->fault.esr = esr;
		zone->fault.far = far;
		zone->fault.ipa = ipa;
		zone->fault.pc = pc;
		vcpu_stop_all(zone, reason);
	}
	leave(vcpu);
	arch_unlock(&zone->lock);
	return VCPU_LEAVE;
}

enum vcpu_action zone_end(struct vcpu *vcpu, uint32_t reason)
{
	return zone_fault(vcpu, reason, 0, 0, 0, 0);
}

static bool is_last_on(const struct vcpu *vcpu)
{
	const struct zone *zone = vcpu->zone;

	for (uint32_t i = 0; i < zone->num_vcpus; i++)
		if (zone->vcpu[i] != vcpu && vcpu_power(zone->vcpu[i]) != VCPU_OFF)
			return false;
	return true;
}

enum vcpu_action vcpu_power_off(struct vcpu *vcpu)
{
	struct zone *zone = vcpu->zone;
	bool last;

	arch_vcpu_quiesce(vcpu);
	arch_lock(&zone->lock);
	last = zone->state == HV_ZONE_RUNNING && is_last_on(vcpu);
	if (last)
		vcpu_stop_all(zone, HV_REASON_GUEST_OFF);
	leave(vcpu);
	arch_unlock(&zone->lock);
	if (last)
		end_machine(zone, HV_REASON_GUEST_OFF);
	return VCPU_LEAVE;
}

enum vcpu_action cpu_poll(struct vcpu *vcpu)
{
	struct zone *zone = vcpu->zone;

	uint32_t order;

	while ((order = vcpu_order(vcpu)) == VCPU_ORDER_PARK)
		pause_vcpu(vcpu);
	if (order == 0)
		return VCPU_RESUME;
	arch_vcpu_quiesce(vcpu);
	arch_lock(&zone->lock);
	leave(vcpu);
	arch_unlock(&zone->lock);
	return VCPU_LEAVE;
}

/* The guest starts with its caches off and must find in memory what the root zone wrote. */
static void clean_images(const HvZoneConfig *config)
{
	arch_memory_clean(config->kernel_load_paddr, config->kernel_size);
	if (config->dtb_size != 0)
		arch_memory_clean(config->dtb_load_paddr, config->dtb_size);
}

static void start(struct vcpu *vcpu, bool clean)
{
	if (clean)
		clean_images(&vcpu->zone->config);
	arch_vcpu_reset(vcpu);
	arch_vcpu_run(vcpu);
}

bool cpu_step(uint32_t cpu)
{
	struct vcpu *vcpu = &vcpus[cpu];
	struct zone *zone = __atomic_load_n(&vcpu->zone, __ATOMIC_ACQUIRE);
	bool pending, clean, scrub;

	if (zone == NULL)
		return false;
	arch_lock(&zone->lock);
	/* Until the lock was ours the CPU may have changed hands; the next step sees whose it is. */
	if (vcpu->zone != zone) {
		arch_unlock(&zone->lock);
		return true;
	}
	pending = vcpu_power(vcpu) == VCPU_ON_PENDING && !zone->held;
	scrub = zone->state == HV_ZONE_SCRUBBING && vcpu->index == 0;
	clean = pending && zone->images_dirty;
	if (pending) {
		zone->images_dirty = false;
		set_power(vcpu, VCPU_ON);
	}
	arch_unlock(&zone->lock);
	if (scrub) {
		zone_memory_scrub(zone);
		zone_dissolve(zone);
	} else if (pending) {
		start(vcpu, clean);
	}
	return scrub || pending;
}

void cpu_main(uint32_t cpu)
{
	for (;;)
		if (!cpu_step(cpu))
			arch_cpu_wait();
}
