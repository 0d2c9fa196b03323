/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hypercall.h"

#include <string.h>

#include "arch_cpu.h"
#include "arch_lock.h"
#include "arch_memory.h"
#include "mmio.h"
#include "pool.h"

#define BUFFER_ALIGN 8u

struct call {
	uint64_t arg[4];
	uint64_t result[2]; /* x1, x2 */
};

/* The one copy of a config on its way in: too large for a stack, so under a lock. */
static struct arch_lock snapshot_lock;
static HvZoneConfig snapshot;

/* Where EL2 sees a buffer of the root zone that must be just that large. */
static int64_t buffer(uint64_t ipa, uint64_t size, uint64_t expected, void **ret_buffer)
{
	const HvZoneConfig *root = &zone_get(0)->config;

	if (size != expected)
		return HV_ERR_INVALID;
	if (ipa % BUFFER_ALIGN != 0 || !hv_range_valid(ipa, size))
		return HV_ERR_ADDRESS;
	for (uint32_t i = 0; i < root->num_regions; i++) {
		const struct hv_memory_region *r = &root->regions[i];

		if (r->type != HV_REGION_RAM || !hv_range_contains(r->virtual_start, r->size, ipa, size))
			continue;
		*ret_buffer = arch_memory_at(r->physical_start + (ipa - r->virtual_start), size);
		return *ret_buffer != NULL ? HV_OK : HV_ERR_ADDRESS;
	}
	return HV_ERR_ADDRESS;
}

static int64_t copy_out(uint64_t ipa, uint64_t size, const void *from, uint64_t expected)
{
	void *to;
	int64_t err = buffer(ipa, size, expected, &to);

	if (err == HV_OK)
		memcpy(to, from, expected);
	return err;
}

static int64_t call_version(struct call *call)
{
	call->result[0] = HV_ABI_VERSION;
	return HV_OK;
}

static int64_t call_platform(struct call *call)
{
	return copy_out(call->arg[0], call->arg[1], &platform_board, sizeof(platform_board));
}

static int64_t call_root_config(struct call *call)
{
	return copy_out(call->arg[0], call->arg[1], &platform_root_zone, sizeof(platform_root_zone));
}

static int64_t call_stats(struct call *call)
{
	struct hv_stats stats = {
		.version = HV_ABI_VERSION,
		.size = sizeof(stats),
		.reserved_bytes = platform_board.hypervisor.size,
		.zone_bytes = sizeof(struct zone),
	};

	pool_stats(&stats);
	arch_stats(&stats);
	return copy_out(call->arg[0], call->arg[1], &stats, sizeof(stats));
}

static int64_t call_zone_create(struct call *call)
{
	struct hv_violation violation = { 0 };
	void *from;
	int64_t err = buffer(call->arg[0], call->arg[1], sizeof(snapshot), &from);

	if (err != HV_OK)
		return err;
	arch_lock(&snapshot_lock);
	memcpy(&snapshot, from, sizeof(snapshot));
	err = zone_create(&snapshot, &violation);
	arch_unlock(&snapshot_lock);
	if (err == HV_ERR_CONFIG || err == HV_ERR_CONFLICT)
		call->result[0] = hv_violation_pack(violation);
	return err;
}

static int64_t call_zone_start(struct call *call)
{
	return zone_start(call->arg[0]);
}

static int64_t call_zone_stop(struct call *call)
{
	return zone_stop(call->arg[0]);
}

static int64_t call_zone_destroy(struct call *call)
{
	return zone_destroy(call->arg[0]);
}

static int64_t call_zone_pause(struct call *call)
{
	return zone_pause(call->arg[0]);
}

static int64_t call_zone_resume(struct call *call)
{
	return zone_resume(call->arg[0]);
}

static int64_t call_zone_status(struct call *call)
{
	struct hv_zone_status status;
	int64_t err = zone_status(call->arg[0], &status);

	return err == HV_OK ? copy_out(call->arg[1], call->arg[2], &status, sizeof(status)) : err;
}

static int64_t call_zone_config(struct call *call)
{
	void *to;
	int64_t err = buffer(call->arg[1], call->arg[2], sizeof(HvZoneConfig), &to);

	return err == HV_OK ? zone_config(call->arg[0], to) : err;
}

static int64_t call_zone_list(struct call *call)
{
	call->result[0] = zone_list();
	return HV_OK;
}

static int64_t call_zone_inject(struct call *call)
{
	return zone_inject(call->arg[0], call->arg[1]);
}

static int64_t call_zone_complete(struct call *call)
{
	return mmio_complete(call->arg[0], call->arg[1], call->arg[2], call->arg[3]);
}

static int64_t call_events(struct call *call)
{
	call->result[0] = mmio_take_requests();
	call->result[1] = zone_take_changes();
	return HV_OK;
}

static int64_t (*const calls[HV_CALL_COUNT])(struct call *call) = {
	[HV_CALL_VERSION - HV_CALL_BASE] = call_version,
	[HV_CALL_PLATFORM - HV_CALL_BASE] = call_platform,
	[HV_CALL_ROOT_CONFIG - HV_CALL_BASE] = call_root_config,
	[HV_CALL_STATS - HV_CALL_BASE] = call_stats,
	[HV_CALL_ZONE_CREATE - HV_CALL_BASE] = call_zone_create,
	[HV_CALL_ZONE_START - HV_CALL_BASE] = call_zone_start,
	[HV_CALL_ZONE_STOP - HV_CALL_BASE] = call_zone_stop,
	[HV_CALL_ZONE_DESTROY - HV_CALL_BASE] = call_zone_destroy,
	[HV_CALL_ZONE_STATUS - HV_CALL_BASE] = call_zone_status,
	[HV_CALL_ZONE_CONFIG - HV_CALL_BASE] = call_zone_config,
	[HV_CALL_ZONE_LIST - HV_CALL_BASE] = call_zone_list,
	[HV_CALL_ZONE_INJECT - HV_CALL_BASE] = call_zone_inject,
	[HV_CALL_ZONE_COMPLETE - HV_CALL_BASE] = call_zone_complete,
	[HV_CALL_EVENTS - HV_CALL_BASE] = call_events,
	[HV_CALL_ZONE_PAUSE - HV_CALL_BASE] = call_zone_pause,
	[HV_CALL_ZONE_RESUME - HV_CALL_BASE] = call_zone_resume,
};

void hypercall(struct vcpu *vcpu, uint64_t x[5])
{
	struct call call = { .arg = { x[1], x[2], x[3], x[4] } };
	uint32_t number = (uint32_t)x[0] - HV_CALL_BASE; /* SMCCC: the function is in W0 */
	int64_t err = HV_ERR_NOT_SUPPORTED;

	/* The trap path refuses other zones first; here it is a second lock on the same door. */
	if (!zone_is_root(vcpu->zone))
		err = HV_ERR_PERMISSION;
	else if (number < HV_CALL_COUNT)
		err = calls[number](&call);
	x[0] = (uint64_t)err;
	x[1] = call.result[0];
	x[2] = call.result[1];
	x[3] = 0;
}
