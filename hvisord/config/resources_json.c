/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "resources.h"

static const char *kind_name(enum config_owner_kind kind)
{
	static const char *const names[] = {
		[CONFIG_OWNER_NOBODY] = "nobody",
		[CONFIG_OWNER_BOARD] = "board",
		[CONFIG_OWNER_HYPERVISOR] = "hypervisor",
		[CONFIG_OWNER_ROOT] = "root",
		[CONFIG_OWNER_ZONE] = "zone",
	};

	return names[kind];
}

static void put_owner(struct json_out *out, const struct config_resources *resources, uint32_t index)
{
	const struct config_owner *owner = &resources->owners[index];

	json_put_string(out, "owner", kind_name(owner->kind));
	if (owner->kind != CONFIG_OWNER_ZONE && owner->kind != CONFIG_OWNER_ROOT)
		return;
	json_put_uint(out, "zone", owner->id);
	json_put_string(out, "name", owner->name);
}

/* Whoever claims it as well: by right, with shared, or in conflict. */
static void put_other(struct json_out *out, const struct config_resources *resources, uint32_t index)
{
	if (index == CONFIG_NO_OWNER)
		return;
	json_open_object(out, "also");
	put_owner(out, resources, index);
	json_close_object(out);
}

static void put_cpus(struct json_out *out, const struct config_resources *resources)
{
	json_open_array(out, "cpus");
	for (unsigned i = 0; i < resources->num_cpus; i++) {
		json_open_object(out, NULL);
		json_put_uint(out, "cpu", i);
		json_put_hex(out, "mpidr", resources->cpus[i].mpidr);
		put_owner(out, resources, resources->cpus[i].owner);
		put_other(out, resources, resources->cpus[i].other);
		json_close_object(out);
	}
	json_close_array(out);
}

static void put_ranges(struct json_out *out, const struct config_resources *resources)
{
	json_open_array(out, "memory");
	for (unsigned i = 0; i < resources->num_ranges; i++) {
		const struct config_range_resource *range = &resources->ranges[i];

		json_open_object(out, NULL);
		json_put_string(out, "type", range->kind == CONFIG_RANGE_RAM ? "ram" : "io");
		json_put_hex(out, "start", range->start);
		json_put_hex(out, "size", range->size);
		if (range->name[0] != '\0')
			json_put_string(out, "device", range->name);
		put_owner(out, resources, range->owner);
		if (range->guest_start != range->start)
			json_put_hex(out, "guest_start", range->guest_start);
		if (range->shared)
			json_put_bool(out, "shared", true);
		put_other(out, resources, range->other);
		json_close_object(out);
	}
	json_close_array(out);
}

static void put_interrupts(struct json_out *out, const struct config_resources *resources)
{
	json_open_array(out, "interrupts");
	for (unsigned i = 0; i < resources->num_interrupts; i++) {
		const struct config_interrupt_resource *interrupt = &resources->interrupts[i];

		json_open_object(out, NULL);
		json_put_uint(out, "intid", interrupt->intid);
		if (interrupt->is_virtual)
			json_put_bool(out, "virtual", true);
		put_owner(out, resources, interrupt->owner);
		put_other(out, resources, interrupt->other);
		json_close_object(out);
	}
	json_close_array(out);
}

void config_resources_json(const struct config_resources *resources, struct json_out *out)
{
	json_open_object(out, NULL);
	json_put_string(out, "board", resources->board);
	json_put_string(out, "arch", resources->arch);
	put_cpus(out, resources);
	put_ranges(out, resources);
	put_interrupts(out, resources);
	json_close_object(out);
}
