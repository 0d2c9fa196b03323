/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "zone.h"

#include <string.h>

#include "arch_cpu.h"
#include "arch_irq.h"
#include "board.h"
#include "ledger.h"
#include "zone_private.h"

#define BIT(n) (1u << (n))

static struct zone zones[HV_MAX_ZONES];
static struct arch_lock table_lock;
static uint64_t changes;
static uint32_t event_intid; /* of the root zone; 0: it has none */

/* To which states each state may go. The root zone passes LOADING on its way up. */
static const uint32_t transitions[] = {
	[HV_ZONE_NONE] = BIT(HV_ZONE_LOADING),
	[HV_ZONE_LOADING] = BIT(HV_ZONE_RUNNING) | BIT(HV_ZONE_ENDED) | BIT(HV_ZONE_SCRUBBING),
	[HV_ZONE_RUNNING] = BIT(HV_ZONE_STOPPING) | BIT(HV_ZONE_PAUSED),
	[HV_ZONE_STOPPING] = BIT(HV_ZONE_ENDED),
	[HV_ZONE_ENDED] = BIT(HV_ZONE_SCRUBBING),
	[HV_ZONE_SCRUBBING] = BIT(HV_ZONE_NONE),
	[HV_ZONE_PAUSED] = BIT(HV_ZONE_RUNNING) | BIT(HV_ZONE_STOPPING),
};

void zone_lock(void)
{
	arch_lock(&table_lock);
}

void zone_unlock(void)
{
	arch_unlock(&table_lock);
}

struct zone *zone_get(uint64_t id)
{
	return id < HV_MAX_ZONES ? &zones[id] : NULL;
}

static uint32_t first_interrupt(const struct hv_intid_set *set)
{
	for (uint32_t intid = HV_FIRST_SPI; intid <= HV_LAST_SPI; intid++)
		if (hv_intid_test(set, intid))
			return intid;
	return 0;
}

void zone_raise_event(uint64_t *events, const struct zone *zone)
{
	struct zone *root = &zones[0];
	uint64_t bit = 1ull << zone->id;

	if ((__atomic_fetch_or(events, bit, __ATOMIC_ACQ_REL) & bit) != 0)
		return;
	if (event_intid != 0 && zone_state(root) == HV_ZONE_RUNNING)
		arch_irq_inject(root, event_intid);
}

void zone_set_state(struct zone *zone, uint32_t state)
{
	if ((transitions[zone->state] & BIT(state)) == 0)
		arch_panic("zone: impossible change of state");
	zone->generation++;
	__atomic_store_n(&zone->state, state, __ATOMIC_RELEASE);
	if (!zone_is_root(zone))
		zone_raise_event(&changes, zone);
}

uint64_t zone_take_changes(void)
{
	return __atomic_exchange_n(&changes, 0, __ATOMIC_ACQ_REL);
}

/* A zone that the root zone may act on: it exists and is not the root zone itself. */
static int64_t pick(uint64_t id, struct zone **ret_zone)
{
	if (id == 0 || id >= HV_MAX_ZONES)
		return HV_ERR_INVALID;
	if (zone_state(&zones[id]) == HV_ZONE_NONE)
		return HV_ERR_NO_ZONE;
	*ret_zone = &zones[id];
	return HV_OK;
}

static void set_state_locked(struct zone *zone, uint32_t state)
{
	arch_lock(&zone->lock);
	zone_set_state(zone, state);
	arch_unlock(&zone->lock);
}

typedef void interrupt_fn(struct zone *zone, uint32_t intid);

static void for_each_interrupt(struct zone *zone, interrupt_fn *fn)
{
	for (uint32_t intid = HV_FIRST_SPI; intid <= HV_LAST_SPI; intid++)
		if (hv_intid_test(&zone->config.interrupts, intid))
			fn(zone, intid);
}

/* All that cannot fail: the record of the last run gives way to this one's. */
static void furnish(struct zone *zone)
{
	memset(&zone->fault, 0, sizeof(zone->fault));
	memcpy(zone->fault.name, zone->config.name, sizeof(zone->fault.name));
	zone->reason = HV_REASON_NONE;
	zone->scrub = 0;
	zone->held = false;
	zone->ring_head = 0;
	zone->images_dirty = !zone_is_root(zone);
	vcpu_attach(zone);
	arch_irq_zone_init(zone);
	for_each_interrupt(zone, arch_irq_assign);
}

static int64_t build(struct zone *zone, const HvZoneConfig *config, struct hv_violation *ret_violation)
{
	int64_t err;

	if (zone_state(zone) != HV_ZONE_NONE)
		return HV_ERR_EXISTS;
	zone->config = *config;
	err = ledger_claim(&zone->config, ret_violation);
	if (err != HV_OK)
		return err;
	if (zone_scrub_meets(zone, ret_violation)) {
		err = HV_ERR_CONFLICT;
		goto release;
	}
	err = zone_memory_build(zone);
	if (err != HV_OK)
		goto release;
	err = zone_windows_open(zone);
	if (err != HV_OK)
		goto free_memory;
	furnish(zone);
	set_state_locked(zone, HV_ZONE_LOADING);
	return HV_OK;

free_memory:
	zone_memory_free(zone);
release:
	ledger_release(zone->id);
	return err;
}

int64_t zone_create(const HvZoneConfig *config, struct hv_violation *ret_violation)
{
	int64_t err;

	if (!hv_config_validate(config, &platform_board, false, ret_violation))
		return HV_ERR_CONFIG;
	zone_lock();
	err = build(&zones[config->zone_id], config, ret_violation);
	zone_unlock();
	return err;
}

int zone_init_root(struct hv_violation *ret_violation)
{
	struct zone *root = &zones[0];
	int64_t err;

	for (uint32_t id = 0; id < HV_MAX_ZONES; id++)
		zones[id].id = id;
	if (!board_valid(&platform_board))
		return HV_ERR_HARDWARE;
	if (!hv_config_validate(&platform_root_zone, &platform_board, true, ret_violation))
		return HV_ERR_CONFIG;
	event_intid = first_interrupt(&platform_root_zone.virtual_interrupts);
	zone_lock();
	err = build(root, &platform_root_zone, ret_violation);
	if (err == HV_OK) {
		arch_lock(&root->lock);
		zone_set_state(root, HV_ZONE_RUNNING);
		root->runs++;
		vcpu_prepare_first(root);
		arch_unlock(&root->lock);
	}
	zone_unlock();
	return (int)err;
}

static int64_t power_on_all(const struct zone *zone)
{
	for (uint32_t i = 0; i < zone->num_vcpus; i++)
		if (arch_cpu_power_on(zone->vcpu[i]->cpu) != 0)
			return HV_ERR_HARDWARE;
	return HV_OK;
}

static int64_t start(struct zone *zone)
{
	int64_t err;

	if (zone_state(zone) != HV_ZONE_LOADING)
		return HV_ERR_STATE;
	err = power_on_all(zone);
	if (err != HV_OK)
		return err;
	if ((zone->config.flags & HV_CONFIG_ROOT_SEES_RAM) == 0)
		zone_windows_close(zone);
	arch_lock(&zone->lock);
	zone_set_state(zone, HV_ZONE_RUNNING);
	zone->runs++;
	vcpu_prepare_first(zone);
	arch_unlock(&zone->lock);
	arch_cpu_kick(zone->vcpu[0]->cpu);
	return HV_OK;
}

static int64_t stop(struct zone *zone)
{
	int64_t err = HV_OK;

	arch_lock(&zone->lock);
	if (zone->state == HV_ZONE_RUNNING || zone->state == HV_ZONE_PAUSED) {
		vcpu_stop_all(zone, HV_REASON_STOPPED);
	} else if (zone->state == HV_ZONE_LOADING) {
		zone->reason = HV_REASON_STOPPED;
		zone_set_state(zone, HV_ZONE_ENDED);
	} else if (zone->state != HV_ZONE_STOPPING) { /* on its way already: as asked */
		err = HV_ERR_STATE;
	}
	arch_unlock(&zone->lock);
	return err;
}

static int64_t destroy(struct zone *zone)
{
	uint32_t cpu = zone->vcpu[0]->cpu;

	if (zone_state(zone) != HV_ZONE_LOADING && zone_state(zone) != HV_ZONE_ENDED)
		return HV_ERR_STATE;
	/* Its CPU clears the RAM. It was never needed so far if the zone did not run. */
	if (arch_cpu_power_on(cpu) != 0)
		return HV_ERR_HARDWARE;
	zone_windows_close(zone);
	zone->scrub = zone_scrub_plan(zone);
	arch_lock(&zone->lock);
	if (zone->state == HV_ZONE_LOADING)
		zone->reason = HV_REASON_DESTROYED;
	zone_set_state(zone, HV_ZONE_SCRUBBING);
	arch_unlock(&zone->lock);
	arch_cpu_kick(cpu);
	return HV_OK;
}

static int64_t pause(struct zone *zone)
{
	int64_t err;

	arch_lock(&zone->lock);
	err = pause_hold(zone);
	arch_unlock(&zone->lock);
	return err;
}

static int64_t resume(struct zone *zone)
{
	int64_t err;

	arch_lock(&zone->lock);
	err = pause_release(zone);
	arch_unlock(&zone->lock);
	return err;
}

static int64_t change(uint64_t id, int64_t (*fn)(struct zone *zone))
{
	struct zone *zone;
	int64_t err;

	zone_lock();
	err = pick(id, &zone);
	if (err == HV_OK)
		err = fn(zone);
	zone_unlock();
	return err;
}

int64_t zone_start(uint64_t id)
{
	return change(id, start);
}

int64_t zone_stop(uint64_t id)
{
	return change(id, stop);
}

int64_t zone_destroy(uint64_t id)
{
	return change(id, destroy);
}

int64_t zone_pause(uint64_t id)
{
	return change(id, pause);
}

int64_t zone_resume(uint64_t id)
{
	return change(id, resume);
}

void zone_dissolve(struct zone *zone)
{
	zone_lock();
	for_each_interrupt(zone, arch_irq_release);
	arch_irq_zone_fini(zone);
	vcpu_detach(zone);
	zone_memory_free(zone);
	ledger_release(zone->id);
	set_state_locked(zone, HV_ZONE_NONE);
	zone_unlock();
}
