/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest_memory.h"

#include <errno.h>

int guest_memory_add(struct guest_memory *memory, uint64_t ipa, uint64_t size, void *host)
{
	struct guest_range *last = memory->count > 0 ? &memory->range[memory->count - 1] : NULL;

	if (!hv_range_valid(ipa, size))
		return -EINVAL;
	for (unsigned i = 0; i < memory->count; i++) {
		if (hv_range_overlaps(memory->range[i].ipa, memory->range[i].size, ipa, size))
			return -EINVAL;
	}
	if (last && ipa > last->ipa && ipa - last->ipa == last->size &&
	    (uint8_t *)host == last->host + last->size) {
		last->size += size;
		return 0;
	}
	if (memory->count == HV_MAX_REGIONS)
		return -ENOSPC;
	memory->range[memory->count++] = (struct guest_range){ .ipa = ipa, .size = size, .host = host };
	return 0;
}

void *guest_memory_at(const struct guest_memory *memory, uint64_t ipa, uint64_t size)
{
	if (!hv_range_valid(ipa, size))
		return NULL;
	for (unsigned i = 0; i < memory->count; i++) {
		const struct guest_range *range = &memory->range[i];

		if (hv_range_contains(range->ipa, range->size, ipa, size))
			return range->host + (ipa - range->ipa);
	}
	return NULL;
}
