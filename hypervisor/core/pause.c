/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pausing. Each vCPU that is on stays where the kick finds it, on its CPU in
 * EL2; one that is about to start does not. With the last of them parked the
 * zone's time stops and it is PAUSED. Nothing of a vCPU is moved or copied, so
 * there is nothing to fail and nothing to lose.
 */
#include "zone.h"

#include "arch_cpu.h"
#include "zone_private.h"

static void count_parked(struct zone *zone)
{
	if (--zone->cpus_in != 0)
		return;
	arch_time_stop(zone);
	zone_set_state(zone, HV_ZONE_PAUSED);
}

int64_t pause_hold(struct zone *zone)
{
	if (zone->state != HV_ZONE_RUNNING)
		return HV_ERR_STATE;
	if (zone->held) /* on its way already: as asked */
		return HV_OK;
	zone->held = true;
	zone->cpus_in = 1; /* this call, so that the count does not run out before it ends */
	for (uint32_t i = 0; i < zone->num_vcpus; i++) {
		struct vcpu *vcpu = zone->vcpu[i];

		if (vcpu_power(vcpu) != VCPU_ON)
			continue;
		zone->cpus_in++;
		vcpu->parked = false;
		vcpu_give_order(vcpu, VCPU_ORDER_PARK);
	}
	count_parked(zone);
	return HV_OK;
}

int64_t pause_release(struct zone *zone)
{
	if (zone->state != HV_ZONE_PAUSED)
		return HV_ERR_STATE;
	zone->held = false;
	arch_time_go(zone);
	zone_set_state(zone, HV_ZONE_RUNNING);
	for (uint32_t i = 0; i < zone->num_vcpus; i++) {
		struct vcpu *vcpu = zone->vcpu[i];

		if (vcpu_power(vcpu) != VCPU_OFF)
			vcpu_give_order(vcpu, 0);
	}
	return HV_OK;
}

void pause_left(struct vcpu *vcpu)
{
	if (vcpu->zone->held && !vcpu->parked)
		count_parked(vcpu->zone);
}

/*
 * Looked at anew after every sleep: the zone may have been resumed and paused
 * again before this CPU woke, and then it must be counted again.
 */
static uint32_t take_place(struct vcpu *vcpu)
{
	struct zone *zone = vcpu->zone;
	uint32_t order;

	arch_lock(&zone->lock);
	order = vcpu_order(vcpu);
	if (order == VCPU_ORDER_PARK && !vcpu->parked) {
		vcpu->parked = true;
		count_parked(zone);
	}
	arch_unlock(&zone->lock);
	return order;
}

void pause_vcpu(struct vcpu *vcpu)
{
	uint32_t order;

	arch_vcpu_park(vcpu);
	while ((order = take_place(vcpu)) == VCPU_ORDER_PARK)
		arch_cpu_wait();
	if (order == 0)
		arch_vcpu_unpark(vcpu);
}
