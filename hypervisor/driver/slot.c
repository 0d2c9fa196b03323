// SPDX-License-Identifier: GPL-2.0-or-later
#include "slot.h"

#include <linux/nospec.h>
#include <linux/slab.h>

#include "call.h"
#include "events.h"
#include "handle.h"
#include "memory.h"

static struct slot slots[HV_MAX_ZONES];

void slot_init_all(void)
{
	u32 id;

	for (id = 0; id < HV_MAX_ZONES; id++) {
		init_rwsem(&slots[id].sem);
		slots[id].id = id;
		INIT_LIST_HEAD(&slots[id].handles);
	}
}

struct slot *slot_get(u32 id)
{
	return id < HV_MAX_ZONES ? &slots[array_index_nospec(id, HV_MAX_ZONES)] : NULL;
}

/* The one way into a slot for start, destroy and bind, none of which is for the root zone. */
static struct slot *slot_of_guest(u32 id)
{
	return id ? slot_get(id) : NULL;
}

int slot_create(HvZoneConfig *config, u64 *ret_violation)
{
	struct slot *slot = slot_of_guest(config->zone_id);
	struct call_result result;
	int err;

	/* EL2 says what is wrong with an id that has no slot. */
	if (slot)
		down_write(&slot->sem);
	err = call_buffer(HV_CALL_ZONE_CREATE, config, sizeof(*config), &result);
	if (err == -EDOM || err == -EADDRINUSE)
		*ret_violation = result.x1;
	if (slot && !err) {
		memory_zap(slot);
		events_retire(slot);
		slot->ram_hidden = false;
	}
	if (slot)
		up_write(&slot->sem);
	return err;
}

/* Will the zone's RAM leave the root zone when it starts? 1, 0 or a negative errno. */
static int slot_hides_ram(u32 id)
{
	HvZoneConfig *config = kzalloc(sizeof(*config), GFP_KERNEL);
	int err;

	if (!config)
		return -ENOMEM;
	err = call_zone_buffer(HV_CALL_ZONE_CONFIG, id, config, sizeof(*config));
	if (!err)
		err = !(config->flags & HV_CONFIG_ROOT_SEES_RAM);
	kfree(config);
	return err;
}

int slot_start(u32 id)
{
	struct slot *slot = slot_of_guest(id);
	int hides, err;

	if (!slot)
		return -EINVAL;
	down_write(&slot->sem);
	hides = slot_hides_ram(id);
	err = min(hides, 0);
	if (err)
		goto unlock;
	if (hides)
		memory_zap(slot);
	err = call(HV_CALL_ZONE_START, id, 0, 0, 0, NULL);
	if (!err && hides)
		slot->ram_hidden = true;
unlock:
	up_write(&slot->sem);
	return err;
}

/* The zone's state if it can be bound to or destroyed: it exists, and is not on its way out. */
static int slot_status(u32 id, struct hv_zone_status *status)
{
	int err = call_zone_buffer(HV_CALL_ZONE_STATUS, id, status, sizeof(*status));

	if (!err && (status->state == HV_ZONE_NONE || status->state == HV_ZONE_SCRUBBING))
		err = -ENOENT;
	return err;
}

int slot_destroy(u32 id)
{
	struct slot *slot = slot_of_guest(id);
	int err;

	if (!slot)
		return -EINVAL;
	down_write(&slot->sem);
	/* Before EL2 takes the pages from under us. If EL2 refuses, the mappings come back by faults. */
	memory_zap(slot);
	err = call(HV_CALL_ZONE_DESTROY, id, 0, 0, 0, NULL);
	if (!err)
		events_retire(slot);
	up_write(&slot->sem);
	return err;
}

static int slot_bind_locked(struct slot *slot, struct handle *handle, struct hv_zone_status *status,
			    HvZoneConfig *config)
{
	int err = slot_status(slot->id, status);

	if (!err)
		err = call_zone_buffer(HV_CALL_ZONE_CONFIG, slot->id, config, sizeof(*config));
	if (err)
		return err;
	/* Known from our own calls already, unless this module was loaded after they were made. */
	slot->ram_hidden = status->state != HV_ZONE_LOADING && !(config->flags & HV_CONFIG_ROOT_SEES_RAM);
	handle->epoch = slot->epoch;
	handle->ring = status->ring;
	handle->config = config;
	events_bind(handle, slot);
	smp_store_release(&handle->slot, slot);
	return 0;
}

int slot_bind(u32 id, struct handle *handle)
{
	struct slot *slot = slot_of_guest(id);
	struct hv_zone_status *status;
	HvZoneConfig *config;
	int err = -ENOMEM;

	if (!slot)
		return -EINVAL;
	status = kzalloc(sizeof(*status), GFP_KERNEL);
	config = kzalloc(sizeof(*config), GFP_KERNEL);
	if (status && config) {
		down_write(&slot->sem);
		err = slot_bind_locked(slot, handle, status, config);
		up_write(&slot->sem);
	}
	if (err)
		kfree(config);
	kfree(status);
	return err;
}

void slot_unbind(struct handle *handle)
{
	struct slot *slot = handle->slot;

	down_write(&slot->sem);
	events_remove(handle);
	up_write(&slot->sem);
	kfree(handle->config);
}

int slot_enter(struct handle *handle)
{
	struct slot *slot = handle_slot(handle);

	down_read(&slot->sem);
	if (handle->epoch == slot->epoch)
		return 0;
	up_read(&slot->sem);
	return -ENOENT;
}

void slot_leave(struct handle *handle)
{
	up_read(&handle->slot->sem);
}
