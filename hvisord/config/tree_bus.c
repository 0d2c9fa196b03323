/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tree_bus.h"

#include <errno.h>
#include <string.h>

#define CELL 4u

/* One or two cells make an address that the CPU may see. */
static bool is_number(uint32_t cells)
{
	return cells == 1 || cells == 2;
}

/* Translates from a bus' own addresses to those of the bus it is on. */
static int translate_up(struct tree_index *index, uint32_t bus, struct hv_range *range)
{
	const struct tree_node *node = &index->nodes[bus];
	const struct tree_prop *ranges = tree_prop(index, bus, "ranges");
	uint32_t child = node->address_cells, size_cells = node->size_cells, up, entry;

	if (!ranges)
		return -EXDEV;
	if (ranges->size == 0)
		return 0;
	up = index->nodes[node->parent].address_cells;
	if (!is_number(child) || !is_number(up) || !is_number(size_cells))
		return -EXDEV;
	entry = child + up + size_cells;
	if (ranges->size % (entry * CELL) != 0)
		return -EINVAL;
	for (uint32_t i = 0; i < ranges->size / (entry * CELL) && tree_work(index, 1); i++) {
		uint64_t from = tree_cells(ranges->data, i * entry, child);
		uint64_t to = tree_cells(ranges->data, i * entry + child, up);
		uint64_t size = tree_cells(ranges->data, i * entry + child + up, size_cells);

		if (!hv_range_valid(from, size) || !hv_range_valid(to, size) ||
		    !hv_range_contains(from, size, range->start, range->size))
			continue;
		range->start = to + (range->start - from);
		return 0;
	}
	return -ERANGE;
}

/* From the addresses of a bus to the CPU's. */
static int translate(struct tree_index *index, uint32_t bus, struct hv_range *range)
{
	int r = 0;

	/* A claim of nothing is valid wherever it lies. */
	if (range->size != 0 && !hv_range_valid(range->start, range->size))
		return -EINVAL;
	for (; bus != TREE_ROOT && r == 0; bus = index->nodes[bus].parent) {
		if (range->size != 0)
			r = translate_up(index, bus, range);
		else if (!tree_prop(index, bus, "ranges"))
			r = -EXDEV;
	}
	return r;
}

int tree_reg(struct tree_index *index, uint32_t node, uint32_t n, struct hv_range *ret_range)
{
	const struct tree_prop *reg = tree_prop(index, node, "reg");
	uint32_t bus = index->nodes[node].parent, address_cells, size_cells, entry;
	struct hv_range range;
	int r;

	if (!reg || bus == TREE_NONE)
		return -ENOENT;
	address_cells = index->nodes[bus].address_cells;
	size_cells = index->nodes[bus].size_cells;
	if (!is_number(address_cells) || !is_number(size_cells))
		return -EXDEV;
	entry = address_cells + size_cells;
	if (n > 0 && n >= reg->size / (entry * CELL))
		return -ENOENT;
	if (reg->size == 0 || reg->size % (entry * CELL) != 0) {
		range = (struct hv_range){ 0, 0 };
		r = translate(index, bus, &range);
		return r < 0 ? r : -EINVAL;
	}
	range.start = tree_cells(reg->data, n * entry, address_cells);
	range.size = tree_cells(reg->data, n * entry + address_cells, size_cells);
	r = translate(index, bus, &range);
	if (r == 0)
		*ret_range = range;
	return r;
}

int tree_window(struct tree_index *index, uint32_t node, uint32_t n, struct hv_range *ret_range)
{
	const struct tree_prop *ranges = tree_prop(index, node, "ranges");
	const struct tree_node *bus = &index->nodes[node];
	uint32_t up, entry;
	struct hv_range range;
	int r;

	if (!ranges || bus->address_cells != 3 || bus->parent == TREE_NONE)
		return -ENOENT;
	up = index->nodes[bus->parent].address_cells;
	if (!is_number(up) || !is_number(bus->size_cells))
		return -EXDEV;
	entry = 3 + up + bus->size_cells;
	if (ranges->size % (entry * CELL) != 0)
		return -EINVAL;
	if (n >= ranges->size / (entry * CELL))
		return -ENOENT;
	range.start = tree_cells(ranges->data, n * entry + 3, up);
	range.size = tree_cells(ranges->data, n * entry + 3 + up, bus->size_cells);
	r = translate(index, bus->parent, &range);
	if (r == 0)
		*ret_range = range;
	return r;
}

/* How many words an interrupt of a controller has; 0: it is none, or they are too many. */
static uint32_t interrupt_cells(struct tree_index *index, uint32_t node)
{
	uint32_t cells = 0;

	return tree_u32(index, node, "#interrupt-cells", &cells) && cells <= TREE_MAX_CELLS ? cells : 0;
}

/*
 * Where a node's interrupts go: interrupt-parent, its own or the nearest
 * parent's; each step ends at something with #interrupt-cells or goes on from
 * there (Devicetree spec 2.4). Steps are counted: phandles can form a circle.
 */
static int find_controller(struct tree_index *index, uint32_t node, uint32_t *ret_controller)
{
	for (uint32_t steps = 0; steps < TREE_MAX_DEPTH; steps++) {
		uint32_t phandle;

		if (tree_u32(index, node, "interrupt-parent", &phandle))
			node = tree_phandle(index, phandle);
		else
			node = index->nodes[node].parent;
		if (node == TREE_NONE)
			return -ELOOP;
		if (tree_prop(index, node, "#interrupt-cells")) {
			*ret_controller = node;
			return 0;
		}
	}
	return -ELOOP;
}

static void take_cells(struct tree_irq *irq, const struct tree_prop *prop, uint32_t at)
{
	for (uint32_t i = 0; i < irq->num_cells; i++)
		irq->cells[i] = tree_cell(prop->data, at + i);
}

static int plain_irq(struct tree_index *index, uint32_t node, uint32_t n, struct tree_irq *ret_irq)
{
	const struct tree_prop *prop = tree_prop(index, node, "interrupts");
	struct tree_irq irq = { 0 };
	int r;

	if (!prop)
		return -ENOENT;
	r = find_controller(index, node, &irq.controller);
	if (r < 0)
		return n == 0 ? r : -ENOENT;
	irq.num_cells = interrupt_cells(index, irq.controller);
	if (irq.num_cells == 0 || prop->size % (irq.num_cells * CELL) != 0)
		return n == 0 ? -EINVAL : -ENOENT;
	if (n >= prop->size / (irq.num_cells * CELL))
		return -ENOENT;
	take_cells(&irq, prop, n * irq.num_cells);
	*ret_irq = irq;
	return 0;
}

/* One phandle of a controller and what follows it; *at goes behind. */
static int take_reference(struct tree_index *index, const struct tree_prop *prop, uint32_t *at, bool has_unit,
			  struct tree_irq *irq)
{
	uint32_t cells = prop->size / CELL, unit = 0;

	irq->controller = tree_phandle(index, tree_cell(prop->data, *at));
	if (irq->controller == TREE_NONE)
		return -ENXIO;
	irq->num_cells = interrupt_cells(index, irq->controller);
	/* Here a missing #address-cells means none, not two. */
	if (has_unit && tree_prop(index, irq->controller, "#address-cells"))
		unit = index->nodes[irq->controller].address_cells;
	if (irq->num_cells == 0 || unit > TREE_MAX_CELLS || cells - *at - 1 < unit + irq->num_cells)
		return -EINVAL;
	take_cells(irq, prop, *at + 1 + unit);
	*at += 1 + unit + irq->num_cells;
	return 0;
}

/* Entries differ in length, so the n-th is found by reading those before; each has lead cells in front. */
static int listed_irq(struct tree_index *index, const struct tree_prop *prop, uint32_t lead, bool has_unit,
		      uint32_t n, struct tree_irq *ret_irq)
{
	uint32_t cells = prop->size / CELL, at = 0;

	for (uint32_t i = 0; at < cells && tree_work(index, 1); i++) {
		struct tree_irq irq = { 0 };
		int r;

		if (cells - at <= lead)
			return i == n ? -EINVAL : -ENOENT;
		at += lead;
		r = take_reference(index, prop, &at, has_unit, &irq);
		if (r < 0)
			return i == n ? r : -ENOENT;
		if (i == n) {
			*ret_irq = irq;
			return 0;
		}
	}
	return -ENOENT;
}

int tree_irq(struct tree_index *index, uint32_t node, uint32_t n, struct tree_irq *ret_irq)
{
	const struct tree_prop *extended = tree_prop(index, node, "interrupts-extended");

	if (!extended)
		return plain_irq(index, node, n, ret_irq);
	if (extended->size % CELL != 0)
		return n == 0 ? -EINVAL : -ENOENT;
	return listed_irq(index, extended, 0, false, n, ret_irq);
}

int tree_irq_map(struct tree_index *index, uint32_t nexus, uint32_t n, struct tree_irq *ret_irq)
{
	const struct tree_prop *map = tree_prop(index, nexus, "interrupt-map");
	uint32_t unit = index->nodes[nexus].address_cells, own = interrupt_cells(index, nexus);

	if (!map)
		return -ENOENT;
	if (own == 0 || unit > TREE_MAX_CELLS || map->size % CELL != 0)
		return n == 0 ? -EINVAL : -ENOENT;
	return listed_irq(index, map, unit + own, true, n, ret_irq);
}

const char *const tree_gics[] = { "arm,gic-v3", "qcom,msm8996-gic-v3", NULL };

uint32_t tree_gic_intid(const struct tree_irq *irq)
{
	if (irq->num_cells < TREE_GIC_CELLS)
		return 0;
	if (irq->cells[0] == TREE_GIC_SPI && irq->cells[1] <= HV_LAST_SPI - HV_FIRST_SPI)
		return HV_FIRST_SPI + irq->cells[1];
	if (irq->cells[0] == TREE_GIC_PPI && irq->cells[1] < HV_FIRST_SPI - TREE_GIC_FIRST_PPI)
		return TREE_GIC_FIRST_PPI + irq->cells[1];
	return 0;
}
