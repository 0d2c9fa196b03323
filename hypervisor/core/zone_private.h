/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What zone.c, zone_memory.c, vcpu.c and mmio.c share. Nobody else includes it. */
#ifndef CORE_ZONE_PRIVATE_H
#define CORE_ZONE_PRIVATE_H

#include "arch_lock.h"
#include "zone.h"

/* zone.c */

/* Holds off every other create, start, stop, destroy. Never taken on behalf of a guest. */
void zone_lock(void);
void zone_unlock(void);

static inline uint32_t zone_state(const struct zone *zone)
{
	return __atomic_load_n(&zone->state, __ATOMIC_ACQUIRE);
}

/* The one setter of zone->state, under zone->lock; tells the root zone. */
void zone_set_state(struct zone *zone, uint32_t state);

/*
 * Sets the zone's bit in an event word of HV_CALL_EVENTS and raises the root
 * zone's event interrupt if the bit was not waiting to be read already.
 */
void zone_raise_event(uint64_t *events, const struct zone *zone);

/* The last step of destroy, on the zone's first CPU with its RAM cleared: gives all back. */
void zone_dissolve(struct zone *zone);

/* zone_memory.c, all but zone_memory_scrub() under zone_lock() */

/* Request ring (not for the root zone) and stage 2 by the config. HV_OK, or HV_ERR_NO_MEMORY with
 * nothing left behind. */
int64_t zone_memory_build(struct zone *zone);
void zone_memory_free(struct zone *zone);

/* Maps the zone's RAM into the root zone, so that images can be loaded. HV_OK or HV_ERR_NO_MEMORY. */
int64_t zone_windows_open(struct zone *zone);
void zone_windows_close(struct zone *zone);

/* Which regions nobody will use any more once this zone is gone. */
uint64_t zone_scrub_plan(const struct zone *zone);
/* True, with *ret_violation, if the zone shares RAM with one that is about to clear it. */
bool zone_scrub_meets(const struct zone *zone, struct hv_violation *ret_violation);
void zone_memory_scrub(const struct zone *zone);

/* vcpu.c */

/* Binds the config's CPUs to the zone as vCPUs 0, 1, …, all off. Under zone_lock(). */
void vcpu_attach(struct zone *zone);
void vcpu_detach(struct zone *zone);

/* Vcpu 0 shall start at the config's entry point. Under zone->lock; kick its CPU after. */
void vcpu_prepare_first(struct zone *zone);

/* From RUNNING to STOPPING, or to ENDED if no vCPU is on. Under zone->lock. */
void vcpu_stop_all(struct zone *zone, uint32_t reason);

/* Under zone->lock: tells a vCPU that is on, and kicks its CPU. */
void vcpu_give_order(struct vcpu *vcpu, uint32_t order);

static inline uint32_t vcpu_order(const struct vcpu *vcpu)
{
	return __atomic_load_n(&vcpu->order, __ATOMIC_ACQUIRE);
}

static inline uint32_t vcpu_power(const struct vcpu *vcpu)
{
	return __atomic_load_n(&vcpu->power, __ATOMIC_ACQUIRE);
}

/* pause.c, all but pause_vcpu() under zone->lock */

/* HV_OK or HV_ERR_STATE. */
int64_t pause_hold(struct zone *zone);
int64_t pause_release(struct zone *zone);

/* A vCPU that had to park is off instead. */
void pause_left(struct vcpu *vcpu);

/* On the vCPU's own CPU, which has the order to park: returns when it has another one or none. */
void pause_vcpu(struct vcpu *vcpu);

#endif
