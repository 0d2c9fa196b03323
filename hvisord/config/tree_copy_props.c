/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What of a copied node's properties makes sense in another zone. */
#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "tree_make.h"

#define MAX_IRQS 16u   /* of one node that is copied */
#define MAX_CLOCKS 32u /* likewise */

enum action {
	COPY,
	SKIP,      /* goes, or is written elsewhere */
	REFERENCE, /* begins with a phandle: goes, with a warning, unless that node is copied too */
	DROP,      /* goes, with a warning */
};

/* Patterns of names; the first that matches counts. */
static const struct {
	const char *pattern;
	enum action action;
} rules[] = {
	{ "reg", SKIP },
	{ "status", SKIP },
	{ "linux,phandle", SKIP },
	{ "interrupt-parent", SKIP },
	{ "interrupts", SKIP },
	{ "interrupts-extended", SKIP },
	{ "clocks", SKIP },
	{ "assigned-clock*", SKIP },
	{ "pinctrl-names", SKIP },
	{ "iommu-map-mask", SKIP },
	{ "dma-names", SKIP },
	{ "power-domain-names", SKIP },
	{ "reset-names", SKIP },
	{ "interconnect-names", SKIP },
	{ "phy-names", SKIP },
	{ "nvmem-cell-names", SKIP },
	{ "mbox-names", SKIP },
	{ "io-channel-names", SKIP },
	{ "interrupt-map*", DROP },
	{ "pinctrl-[0-9]*", REFERENCE },
	{ "iommus", REFERENCE },
	{ "iommu-map", REFERENCE },
	{ "dmas", REFERENCE },
	{ "power-domains", REFERENCE },
	{ "resets", REFERENCE },
	{ "interconnects", REFERENCE },
	{ "phys", REFERENCE },
	{ "*-supply", REFERENCE },
	{ "gpios", REFERENCE },
	{ "*-gpio", REFERENCE },
	{ "*-gpios", REFERENCE },
	{ "nvmem-cells", REFERENCE },
	{ "memory-region", REFERENCE },
	{ "mboxes", REFERENCE },
	{ "msi-parent", REFERENCE },
	{ "msi-map", REFERENCE },
	{ "io-channels", REFERENCE },
	{ "operating-points-v2", REFERENCE },
	{ "hwlocks", REFERENCE },
};

static enum action find_action(const char *name, bool is_bus)
{
	static const char *const of_bus[] = { "ranges", "dma-ranges", "#address-cells", "#size-cells" };

	for (size_t i = 0; is_bus && i < sizeof(of_bus) / sizeof(of_bus[0]); i++)
		if (strcmp(name, of_bus[i]) == 0)
			return SKIP;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (fnmatch(rules[i].pattern, name, 0) == 0)
			return rules[i].action;
	return COPY;
}

static bool is_copied(const struct tree_maker *maker, uint32_t node)
{
	return node != TREE_NONE && maker->copied[node];
}

/* Its first phandle is that of a copied node. */
static bool refers_to_copy(struct tree_maker *maker, const struct tree_prop *prop)
{
	return prop->size >= 4 && is_copied(maker, tree_phandle(maker->root.index, tree_cell(prop->data, 0)));
}

static void copy_prop(struct tree_maker *maker, uint32_t node, const struct tree_prop *prop, bool is_bus)
{
	enum action action = find_action(prop->name, is_bus);

	if (action == SKIP)
		return;
	if (action == COPY || (action == REFERENCE && refers_to_copy(maker, prop)))
		tree_put(maker, prop->name, prop->data, prop->size);
	else
		tree_warning(
			&maker->root, REASON_DTB_DROPPED, node,
			"%s is left out of the tree that is made: it refers to what the zone does not have",
			prop->name);
}

/* A passed-through device raises hardware's interrupts only. */
static bool is_given(const HvZoneConfig *hv, uint32_t intid)
{
	return intid < HV_FIRST_SPI ? intid != 0 && tree_owns_intid(hv, intid)
				    : hv_intid_test(&hv->interrupts, intid);
}

/* One interrupt as phandle and words; false: it is reported, or leads nowhere. */
static bool convert_irq(struct tree_maker *maker, uint32_t node, const struct tree_irq *irq, uint32_t *cells)
{
	struct tree_index *root = maker->root.index;
	uint32_t intid = tree_gic_intid(irq);

	memcpy(cells + 1, irq->cells, irq->num_cells * sizeof(cells[0]));
	if (is_copied(maker, irq->controller)) {
		cells[0] = root->nodes[irq->controller].phandle;
		return cells[0] != 0;
	}
	cells[0] = maker->gic;
	for (const char *const *name = tree_gics; *name; name++) {
		if (!tree_compatible(root, irq->controller, *name))
			continue;
		if (is_given(maker->zone->hv, intid))
			return true;
		tree_error(&maker->root, REASON_DTB_INTERRUPT, node,
			   "interrupt %u of the device that is passed through is not among the zone's "
			   "interrupts",
			   intid);
		return false;
	}
	tree_warning(&maker->root, REASON_DTB_DROPPED, node,
		     "an interrupt is left out of the tree that is made: its controller is not the zone's");
	return false;
}

static void copy_interrupts(struct tree_maker *maker, uint32_t node, bool top)
{
	uint32_t cells[MAX_IRQS * (1 + TREE_MAX_CELLS)], plain[MAX_IRQS * TREE_GIC_CELLS];
	uint32_t used = 0, count = 0;
	bool only_gic = true;
	struct tree_irq irq;

	for (uint32_t n = 0; n < MAX_IRQS && tree_irq(maker->root.index, node, n, &irq) == 0; n++) {
		if (!convert_irq(maker, node, &irq, cells + used))
			continue;
		if (cells[used] == maker->gic) {
			/* The fourth word of some GICs names a partition of CPUs, which the zone has not. */
			irq.num_cells = TREE_GIC_CELLS;
			memcpy(plain + count * TREE_GIC_CELLS, irq.cells, TREE_GIC_CELLS * sizeof(plain[0]));
		} else {
			only_gic = false;
		}
		used += 1 + irq.num_cells;
		count++;
	}
	if (count == 0)
		return;
	/* At the root all interrupts go to the GIC; further down a parent may be a controller itself. */
	if (top && only_gic)
		tree_put_cells(maker, "interrupts", plain, count * TREE_GIC_CELLS);
	else
		tree_put_cells(maker, "interrupts-extended", cells, used);
}

/* One clock as phandle and words: that of a copied node stays, any other becomes a fixed one. Returns cells. */
static uint32_t convert_clock(struct tree_maker *maker, uint32_t node, const struct tree_reference *clock,
			      uint32_t *cells)
{
	struct tree_index *root = maker->root.index;
	char path[TREE_PATH_SIZE];
	uint64_t rate = 0;

	if (clock->node == TREE_NONE) {
		cells[0] = 0;
		return 1;
	}
	if (is_copied(maker, clock->node)) {
		cells[0] = root->nodes[clock->node].phandle;
		for (uint32_t i = 0; i < clock->num_cells; i++)
			cells[1 + i] = tree_cell(clock->cells, i);
		return 1 + clock->num_cells;
	}
	if (!tree_clock_rate(root, node, clock, &rate)) {
		rate = 0;
		tree_warning(&maker->root, REASON_DTB_DROPPED, node,
			     "the rate of a clock of %s cannot be told: the zone is told 0 Hz",
			     tree_path(root, clock->node, path));
	}
	cells[0] = tree_clock(maker, rate);
	return 1;
}

static void copy_clocks(struct tree_maker *maker, uint32_t node)
{
	const struct tree_prop *clocks = tree_prop(maker->root.index, node, "clocks");
	uint32_t cells[MAX_CLOCKS], used = 0, at = 0;
	struct tree_reference clock;

	if (!clocks)
		return;
	while (tree_next_reference(maker->root.index, clocks, "#clock-cells", &at, &clock)) {
		if (clock.num_cells >= MAX_CLOCKS || used > MAX_CLOCKS - 1 - clock.num_cells)
			break;
		used += convert_clock(maker, node, &clock, cells + used);
	}
	if (at * 4 != clocks->size)
		tree_warning(&maker->root, REASON_DTB_DROPPED, node, "not all of its clocks could be read");
	tree_put_cells(maker, "clocks", cells, used);
}

void tree_copy_props(struct tree_maker *maker, uint32_t node, bool top, bool is_bus)
{
	const struct tree_index *root = maker->root.index;

	if (is_bus) {
		tree_put_u32(maker, "#address-cells", 2);
		tree_put_u32(maker, "#size-cells", 2);
		tree_put_flag(maker, "ranges");
	}
	for (uint32_t i = 0; i < root->nodes[node].num_props; i++)
		copy_prop(maker, node, &root->props[root->nodes[node].prop + i], is_bus);
	copy_interrupts(maker, node, top);
	copy_clocks(maker, node);
}
