/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "draft.h"

#include <inttypes.h>

struct config_pointer config_describe_region(const struct hv_memory_region *region)
{
	static const char *const names[] = {
		[HV_REGION_RAM] = "RAM", [HV_REGION_IO] = "device", [HV_REGION_VIRTIO] = "virtio"
	};
	uint64_t start = region->type == HV_REGION_VIRTIO ? region->virtual_start : region->physical_start;

	if (!hv_range_valid(start, region->size))
		return config_pointer("%s 0x%" PRIx64 " with size 0x%" PRIx64, names[region->type], start,
				      region->size);
	return config_pointer("%s 0x%" PRIx64 "-0x%" PRIx64, names[region->type], start,
			      start + (region->size - 1));
}

/* "/cpus/1" if that is where the value stands, else the array. */
static struct config_pointer element_pointer(const char *array, const uint64_t *values, uint64_t count,
					     uint64_t value)
{
	for (uint64_t i = 0; i < count; i++)
		if (values[i] == value)
			return config_pointer("%s/%u", array, (unsigned)i);
	return config_pointer("%s", array);
}

struct config_pointer config_cpu_pointer(const struct config_draft *draft, uint32_t cpu)
{
	return element_pointer("/cpus", draft->fields.cpus, draft->fields.num_cpus, cpu);
}

struct config_pointer config_interrupt_pointer(const struct config_draft *draft, uint32_t intid)
{
	return element_pointer("/interrupts", draft->fields.interrupts, draft->fields.num_interrupts, intid);
}
