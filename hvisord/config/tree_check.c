/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tree.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "tree_private.h"

#define MESSAGE_SIZE 512u
#define AFFINITY_0_CPUS 16u /* as many as one write of ICC_SGI1R_EL1 can name */

/* INTIDs: the GIC's maintenance interrupt, EL2's physical and virtual timer. */
#define EL2_PPIS (1u << 25 | 1u << 26 | 1u << 28)

uint64_t tree_cpu_affinity(uint32_t vcpu)
{
	return (uint64_t)(vcpu / AFFINITY_0_CPUS) << 8 | vcpu % AFFINITY_0_CPUS;
}

bool tree_is_el2_ppi(uint32_t intid)
{
	return intid < HV_FIRST_SPI && (EL2_PPIS >> intid & 1) != 0;
}

bool tree_owns_intid(const HvZoneConfig *hv, uint32_t intid)
{
	if (intid < HV_FIRST_SPI)
		return !tree_is_el2_ppi(intid);
	return hv_intid_test(&hv->interrupts, intid) || hv_intid_test(&hv->virtual_interrupts, intid);
}

const struct config_device *tree_device_at(const struct tree_zone *zone, uint64_t ipa)
{
	for (unsigned i = 0; i < zone->num_devices; i++)
		if (zone->devices[i].ipa == ipa)
			return &zone->devices[i];
	return NULL;
}

bool tree_is_covered(const HvZoneConfig *hv, uint32_t types, uint64_t ipa, uint64_t size)
{
	/* Each round gets past a region at least, in whatever order they stand. */
	for (uint32_t round = 0; round < hv->num_regions && size != 0; round++) {
		for (uint32_t i = 0; i < hv->num_regions && size != 0; i++) {
			const struct hv_memory_region *region = &hv->regions[i];
			uint64_t room;

			if ((types >> region->type & 1) == 0 || ipa < region->virtual_start ||
			    ipa - region->virtual_start >= region->size)
				continue;
			room = region->size - (ipa - region->virtual_start);
			room = room < size ? room : size;
			ipa += room;
			size -= room;
		}
	}
	return size == 0;
}

void tree_find(const struct tree_view *view, enum config_severity severity, const char *reason, uint32_t node,
	       const char *format, ...)
{
	char message[MESSAGE_SIZE], path[TREE_PATH_SIZE];
	int length = 0;
	va_list arguments;

	if (node != TREE_NONE)
		length = snprintf(message, sizeof(message), "%s: ", tree_path(view->index, node, path));
	va_start(arguments, format);
	vsnprintf(message + length, sizeof(message) - (size_t)length, format, arguments);
	va_end(arguments);
	/* Names of properties are the tree's, and may be anything. */
	for (char *at = message; *at != '\0'; at++)
		*at = *at >= ' ' && *at < '\x7f' ? *at : '?';
	view->sink->add(view->sink->user, severity, reason, message);
}

static void check_all(struct tree_view *view)
{
	tree_check_memory(view);
	tree_check_cpus(view);
	tree_check_chosen(view);
	tree_check_gic(view);
	tree_check_timer(view);
	tree_check_psci(view);
	tree_check_devices(view);
	if (tree_index_spent(view->index))
		tree_error(view, REASON_DTB_BAD, TREE_NONE, "it is too intricate to be checked");
}

int tree_check(const void *tree, size_t size, const struct tree_zone *zone, const struct tree_sink *sink)
{
	struct tree_view view = { .zone = zone, .sink = sink };
	const char *fault = NULL;
	int r = tree_index_new(tree, size, &view.index, &fault);

	if (r == -EBADMSG)
		tree_error(&view, REASON_DTB_BAD, TREE_NONE, "no flattened device tree: %s", fault);
	if (r < 0)
		return r;
	check_all(&view);
	tree_index_free(view.index);
	return 0;
}
