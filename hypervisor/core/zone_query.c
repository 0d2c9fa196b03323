/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the root zone may ask about zones, and the interrupts it may raise in them. */
#include "zone.h"

#include "arch_irq.h"
#include "arch_memory.h"
#include "zone_private.h"

static void fill_status(const struct zone *zone, struct hv_zone_status *status)
{
	*status = zone->fault;
	status->version = HV_ABI_VERSION;
	status->size = sizeof(*status);
	status->zone_id = zone->id;
	status->state = zone->state;
	status->reason = zone->reason;
	status->generation = zone->generation;
	status->runs = zone->runs;
	status->num_cpus = zone->num_vcpus;
	status->pages = zone->pages;
	status->ring = zone->ring == NULL ? 0 : arch_memory_address(zone->ring);
	for (uint32_t i = 0; i < zone->num_vcpus; i++) {
		status->cpus_on += vcpu_power(zone->vcpu[i]) == VCPU_ON;
		status->exits += __atomic_load_n(&zone->vcpu[i]->exits, __ATOMIC_RELAXED);
	}
}

int64_t zone_status(uint64_t id, struct hv_zone_status *ret_status)
{
	struct zone *zone = zone_get(id);
	int64_t err = HV_OK;

	if (zone == NULL)
		return HV_ERR_INVALID;
	zone_lock();
	arch_lock(&zone->lock);
	if (zone->generation == 0)
		err = HV_ERR_NO_ZONE;
	else
		fill_status(zone, ret_status);
	arch_unlock(&zone->lock);
	zone_unlock();
	return err;
}

int64_t zone_config(uint64_t id, HvZoneConfig *ret_config)
{
	struct zone *zone = zone_get(id);
	int64_t err = HV_OK;

	if (zone == NULL)
		return HV_ERR_INVALID;
	zone_lock();
	if (zone_state(zone) == HV_ZONE_NONE)
		err = HV_ERR_NO_ZONE;
	else
		*ret_config = zone->config;
	zone_unlock();
	return err;
}

uint64_t zone_list(void)
{
	uint64_t zones = 0;

	for (uint32_t id = 0; id < HV_MAX_ZONES; id++)
		if (zone_state(zone_get(id)) != HV_ZONE_NONE)
			zones |= 1ull << id;
	return zones;
}

int64_t zone_inject(uint64_t id, uint64_t intid)
{
	struct zone *zone = zone_get(id);
	int64_t err = HV_OK;

	if (zone == NULL || zone_is_root(zone))
		return HV_ERR_INVALID;
	/* The zone's own lock keeps it from being dissolved meanwhile. */
	arch_lock(&zone->lock);
	if (zone->state == HV_ZONE_NONE)
		err = HV_ERR_NO_ZONE;
	else if (zone->state != HV_ZONE_RUNNING && zone->state != HV_ZONE_PAUSED)
		err = HV_ERR_STATE;
	else if (intid >= HV_MAX_INTIDS || !hv_intid_test(&zone->config.virtual_interrupts, (uint32_t)intid))
		err = HV_ERR_INVALID;
	else
		arch_irq_inject(zone, (uint32_t)intid);
	arch_unlock(&zone->lock);
	return err;
}
