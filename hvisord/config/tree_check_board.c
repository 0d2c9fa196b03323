/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CPUs, interrupt controller, timer and PSCI: what EL2 gives to every zone. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "tree_private.h"

#define AFFINITY_MASK 0xff00ffffffull /* MPIDR_EL1 Aff3..Aff0 */
#define GICR_FRAMES 0x20000u          /* of one CPU: RD_base and SGI_base (GICv3 12.10) */

struct cpus {
	uint64_t seen; /* bit n: vCPU n */
	unsigned count;
};

/* A disabled CPU is one that its enable-method starts; only status fail takes it away (Devicetree spec 3.8). */
static bool is_cpu(struct tree_index *index, uint32_t node)
{
	const char *type = tree_string(index, node, "device_type");
	const char *status = tree_string(index, node, "status");

	return type && strcmp(type, "cpu") == 0 && !(status && strncmp(status, "fail", 4) == 0);
}

static bool find_vcpu(const HvZoneConfig *hv, uint64_t affinity, uint32_t *ret_vcpu)
{
	for (uint32_t i = 0; i < hv->num_cpus && i < HV_MAX_CPUS; i++) {
		if (tree_cpu_affinity(i) != affinity)
			continue;
		*ret_vcpu = i;
		return true;
	}
	return false;
}

static void check_enable_method(struct tree_view *view, uint32_t node, uint32_t vcpu)
{
	const char *method = tree_string(view->index, node, "enable-method");

	/* Nobody starts the first CPU. */
	if ((!method && vcpu == 0) || (method && strcmp(method, "psci") == 0))
		return;
	tree_error(view, REASON_DTB_CPUS, node, "its enable-method must be \"psci\"");
}

static void check_cpu(struct tree_view *view, uint32_t node, struct cpus *cpus)
{
	struct tree_index *index = view->index;
	const struct tree_prop *reg = tree_prop(index, node, "reg");
	uint32_t cells = index->nodes[index->nodes[node].parent].address_cells, vcpu = 0;
	uint64_t affinity;

	cpus->count++;
	if (!reg || (cells != 1 && cells != 2) || reg->size != cells * 4) {
		tree_error(view, REASON_DTB_CPUS, node, "its reg is no affinity of #address-cells cells");
		return;
	}
	affinity = tree_cells(reg->data, 0, cells) & AFFINITY_MASK;
	if (!find_vcpu(view->zone->hv, affinity, &vcpu)) {
		tree_error(view, REASON_DTB_CPUS, node,
			   "no CPU of the zone has affinity 0x%" PRIx64 ": it has %u, counted from 0",
			   affinity, view->zone->hv->num_cpus);
		return;
	}
	if ((cpus->seen >> vcpu & 1) != 0)
		tree_error(view, REASON_DTB_CPUS, node, "another node has affinity 0x%" PRIx64 " too",
			   affinity);
	cpus->seen |= 1ull << vcpu;
	check_enable_method(view, node, vcpu);
}

void tree_check_cpus(struct tree_view *view)
{
	struct tree_index *index = view->index;
	uint32_t parent = tree_child_named(index, TREE_ROOT, "cpus");
	uint32_t node = parent == TREE_NONE ? TREE_NONE : tree_child(index, parent, TREE_NONE);
	uint32_t num_cpus = view->zone->hv->num_cpus;
	struct cpus cpus = { 0 };

	if (num_cpus == 0)
		return;
	for (; node != TREE_NONE; node = tree_child(index, parent, node))
		if (is_cpu(index, node))
			check_cpu(view, node, &cpus);
	if ((cpus.seen & 1) == 0)
		tree_error(view, REASON_DTB_CPUS, parent,
			   "no node has the affinity 0 of the zone's first CPU");
	else if (cpus.count < num_cpus)
		tree_warning(view, REASON_DTB_CPUS, parent, "there are %u CPUs, the zone has %u", cpus.count,
			     num_cpus);
}

static void check_distributor(struct tree_view *view, uint32_t node)
{
	const struct hv_gic_config *gic = &view->zone->hv->gic;
	struct hv_range range = { 0, 0 };

	if (tree_reg(view->index, node, 0, &range) < 0)
		tree_error(view, REASON_DTB_GIC, node, "its reg cannot be read");
	else if (range.start != gic->gicd_base || range.size > gic->gicd_size)
		tree_error(view, REASON_DTB_GIC, node,
			   "its distributor is at 0x%" PRIx64 " with size 0x%" PRIx64
			   ", the zone's at 0x%" PRIx64 " with size 0x%" PRIx64,
			   range.start, range.size, gic->gicd_base, gic->gicd_size);
}

static void check_redistributors(struct tree_view *view, uint32_t node)
{
	const struct hv_gic_config *gic = &view->zone->hv->gic;
	uint32_t count = 1;
	uint64_t total = 0;

	tree_u32(view->index, node, "#redistributor-regions", &count);
	for (uint32_t n = 1; n <= count; n++) {
		struct hv_range range = { 0, 0 };

		if (tree_reg(view->index, node, n, &range) < 0) {
			tree_error(view, REASON_DTB_GIC, node, "its reg lacks the redistributors");
			return;
		}
		if ((n == 1 && range.start != gic->gicr_base) || range.size == 0 ||
		    !hv_range_contains(gic->gicr_base, gic->gicr_size, range.start, range.size))
			tree_error(view, REASON_DTB_GIC, node,
				   "its redistributors are at 0x%" PRIx64 " with size 0x%" PRIx64
				   ", the zone's at 0x%" PRIx64 " with size 0x%" PRIx64,
				   range.start, range.size, gic->gicr_base, gic->gicr_size);
		total += range.size / GICR_FRAMES;
	}
	if (total < view->zone->hv->num_cpus)
		tree_error(view, REASON_DTB_GIC, node, "its redistributors are for %u CPUs, the zone has %u",
			   (unsigned)total, view->zone->hv->num_cpus);
}

void tree_check_gic(struct tree_view *view)
{
	static const char *const older[] = { "arm,gic-400", "arm,cortex-a15-gic", "arm,cortex-a7-gic",
					     "arm,cortex-a9-gic", NULL };
	struct tree_index *index = view->index;
	uint32_t node = tree_find_compatible(index, TREE_ROOT, older), cells = 0;

	if (node != TREE_NONE) {
		tree_error(view, REASON_DTB_GIC, node, "the zone has a GICv3, not a GICv2");
		return;
	}
	node = tree_find_compatible(index, TREE_ROOT, tree_gics);
	if (node == TREE_NONE) {
		tree_warning(view, REASON_DTB_GIC, TREE_NONE,
			     "it has no GICv3: the guest finds no interrupts");
		return;
	}
	if (!tree_u32(index, node, "#interrupt-cells", &cells) || cells < TREE_GIC_CELLS ||
	    cells > TREE_MAX_CELLS)
		tree_error(view, REASON_DTB_GIC, node, "#interrupt-cells must be 3 or 4");
	check_distributor(view, node);
	check_redistributors(view, node);
}

/* A timer's interrupts in their order; with interrupt-names in that one (the binding arm,arch_timer). */
static const struct {
	const char *name;
	uint32_t intid;
} timers[] = {
	{ "sec-phys", 29 }, { "phys", 30 }, { "virt", 27 }, { "hyp-phys", 26 }, { "hyp-virt", 28 },
};
#define NUM_TIMERS (sizeof(timers) / sizeof(timers[0]))
#define VIRTUAL_TIMER 27u

/* String n of a list, NUL-terminated; NULL: there is none. */
static const char *nth_string(const struct tree_prop *list, uint32_t n)
{
	const uint8_t *at = list->data, *end = list->data + list->size;

	for (;; n--) {
		const uint8_t *stop = at < end ? memchr(at, '\0', (size_t)(end - at)) : NULL;

		if (!stop || n == 0)
			return stop ? (const char *)at : NULL;
		at = stop + 1;
	}
}

/* The INTID that interrupt n of a timer node should have; 0: any. */
static uint32_t expected_intid(struct tree_index *index, uint32_t node, uint32_t n)
{
	const struct tree_prop *names = tree_prop(index, node, "interrupt-names");
	const char *name;

	if (!names)
		return n < NUM_TIMERS ? timers[n].intid : 0;
	name = nth_string(names, n);
	for (size_t i = 0; name && i < NUM_TIMERS; i++)
		if (strcmp(name, timers[i].name) == 0)
			return timers[i].intid;
	return 0;
}

static void check_timer_node(struct tree_view *view, uint32_t node)
{
	bool has_virtual = false;
	struct tree_irq irq;

	for (uint32_t n = 0; n < NUM_TIMERS && tree_irq(view->index, node, n, &irq) == 0; n++) {
		uint32_t intid = tree_gic_intid(&irq), expected = expected_intid(view->index, node, n);

		if (expected != 0 && intid != expected)
			tree_error(view, REASON_DTB_TIMER, node, "interrupt %u must be PPI %u", n,
				   expected - TREE_GIC_FIRST_PPI);
		has_virtual |= intid == VIRTUAL_TIMER;
	}
	if (!has_virtual)
		tree_error(view, REASON_DTB_TIMER, node, "it lacks the virtual timer, PPI 11");
}

void tree_check_timer(struct tree_view *view)
{
	uint32_t node = tree_find_compatible(view->index, TREE_ROOT, tree_timers);

	if (node == TREE_NONE)
		tree_warning(view, REASON_DTB_TIMER, TREE_NONE, "it has no timer node");
	else
		check_timer_node(view, node);
}

void tree_check_psci(struct tree_view *view)
{
	static const char *const versions[] = { "arm,psci-1.0", "arm,psci-0.2", "arm,psci", NULL };
	uint32_t node = tree_find_compatible(view->index, TREE_ROOT, versions);
	const char *method;

	if (node == TREE_NONE) {
		tree_find(view, view->zone->hv->num_cpus > 1 ? CONFIG_ERROR : CONFIG_WARNING, REASON_DTB_PSCI,
			  TREE_NONE, "it has no PSCI node: the guest can start no CPU and not power off");
		return;
	}
	method = tree_string(view->index, node, "method");
	if (!method || (strcmp(method, "hvc") != 0 && strcmp(method, "smc") != 0))
		tree_error(view, REASON_DTB_PSCI, node, "its method must be \"hvc\" or \"smc\"");
}
