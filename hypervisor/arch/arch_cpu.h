/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Contract: physical CPUs, numbered as in HvPlatform. */
#ifndef ARCH_CPU_H
#define ARCH_CPU_H

#include <arch_types.h>

#include "hv_call.h"

struct vcpu;
struct zone;

/* The physical CPU we run on. */
uint32_t arch_cpu_self(void);

/*
 * Powers a CPU on if it was never on. It will call cpu_main() on its own EL2
 * stack. Returns at once: 0, or HV_ERR_HARDWARE. Idempotent, any CPU may call.
 */
int arch_cpu_power_on(uint32_t cpu);

/*
 * Makes the target take an EL2 interrupt soon; there it calls cpu_poll() if a
 * vCPU runs, or wakes from arch_cpu_wait(). Writes made before are visible to
 * it. A kick is never lost.
 */
void arch_cpu_kick(uint32_t cpu);

/*
 * Sleeps until an interrupt or a kick, and handles what came (hardware
 * interrupts for the current vCPU are queued for it). May return early for no
 * reason; callers loop on their condition. Does not call cpu_poll().
 */
void arch_cpu_wait(void);

/*
 * Gives a vCPU the architected reset state on this CPU: all EL1 registers,
 * virtual GIC CPU interface and private interrupts, timers off; vcpu->entry
 * in the PC and vcpu->context in x0. arch_vcpu_run() then enters it. In EL2
 * arch_vcpu_run() does not return; on the host it does.
 */
void arch_vcpu_reset(struct vcpu *vcpu);
void arch_vcpu_run(struct vcpu *vcpu);

/*
 * Takes the vCPU's private interrupts, list registers and timer out of this
 * CPU, and its stage-2 tables with them: on return this CPU walks none of them.
 */
void arch_vcpu_quiesce(struct vcpu *vcpu);

/*
 * A running vCPU stays on this CPU but out of its guest: its timers do not
 * fire, interrupts that come (in arch_cpu_wait()) wait for it. Then it is
 * unparked or quiesced.
 */
void arch_vcpu_park(struct vcpu *vcpu);
void arch_vcpu_unpark(struct vcpu *vcpu);

/*
 * The zone's virtual time stands still from the one to the other. All its
 * vCPUs are parked or off; each follows when it is unparked or started. Under
 * zone->lock.
 */
void arch_time_stop(struct zone *zone);
void arch_time_go(struct zone *zone);

/* What the root zone's SYSTEM_OFF and SYSTEM_RESET do. In EL2 neither returns; on the host both do. */
void arch_machine_off(void);
void arch_machine_reset(void);

/* A broken invariant of the hypervisor itself: says so and halts. */
_Noreturn void arch_panic(const char *what);

/* Fills image_bytes and boot_ticks. */
void arch_stats(struct hv_stats *stats);

#endif
