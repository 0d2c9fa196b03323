/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers and interrupts of every enabled node that is not known by itself. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "tree_private.h"

#define RAM (1u << HV_REGION_RAM)
#define IO (1u << HV_REGION_IO)
#define VIRTIO (1u << HV_REGION_VIRTIO)

const char *const tree_timers[] = { "arm,armv8-timer", "arm,armv7-timer", NULL };

struct devices {
	struct tree_view *view;
	uint32_t served; /* bit n: the tree shows device n of the zone */
};

static bool is_one_of(struct tree_index *index, uint32_t node, const char *const *compatibles)
{
	for (; *compatibles; compatibles++)
		if (tree_compatible(index, node, *compatibles))
			return true;
	return false;
}

/* Subtrees whose reg means something else, or that are checked elsewhere. */
static bool is_skipped(struct tree_index *index, uint32_t node)
{
	static const char *const names[] = { "cpus", "chosen", "aliases", "reserved-memory" };
	const char *type;

	if (index->nodes[node].parent != TREE_ROOT)
		return false;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(index->nodes[node].name, names[i]) == 0)
			return true;
	type = tree_string(index, node, "device_type");
	return type && strcmp(type, "memory") == 0;
}

/* What nodes call the devices that are no virtio devices. */
static const char *const primecells[CONFIG_DEVICE_TYPES] = {
	[CONFIG_DEVICE_POWER_KEY] = "arm,pl061",
	[CONFIG_DEVICE_PL011] = "arm,pl011",
};

/* What the zone's device process serves at an address, and what the node calls it. */
static const struct config_device *check_served(struct devices *devices, uint32_t node,
						const struct hv_range *range)
{
	struct tree_view *view = devices->view;
	const struct config_device *device = tree_device_at(view->zone, range->start);
	const char *compatible;

	if (!device) {
		tree_warning(view, REASON_DTB_VIRTIO, node, "the zone has no virtio device at 0x%" PRIx64,
			     range->start);
		return NULL;
	}
	devices->served |= 1u << (device - view->zone->devices);
	compatible = primecells[device->type] ? primecells[device->type] : "virtio,mmio";
	if (!tree_compatible(view->index, node, compatible))
		tree_error(view, REASON_DTB_VIRTIO, node,
			   "the zone's device at 0x%" PRIx64 " is compatible with \"%s\"", range->start,
			   compatible);
	if (range->size > device->size)
		tree_error(view, REASON_DTB_VIRTIO, node,
			   "its 0x%" PRIx64
			   " bytes of registers are more than the zone's device has: 0x%" PRIx64,
			   range->size, device->size);
	return device;
}

static const struct config_device *check_range(struct devices *devices, uint32_t node,
					       const struct hv_range *range)
{
	struct tree_view *view = devices->view;
	const HvZoneConfig *hv = view->zone->hv;

	if (range->size == 0)
		return NULL;
	if (tree_is_covered(hv, VIRTIO, range->start, range->size))
		return check_served(devices, node, range);
	if (tree_is_covered(hv, IO, range->start, range->size) ||
	    tree_is_covered(hv, RAM, range->start, range->size))
		return NULL;
	tree_error(view, REASON_DTB_DEVICE, node,
		   "0x%" PRIx64 " with size 0x%" PRIx64 " lies in no region of the zone", range->start,
		   range->size);
	return NULL;
}

static void report_range(struct tree_view *view, uint32_t node, const char *property, int r)
{
	/* Not found: that was the last one. On a bus of its own, as I2C is one: nothing to compare. */
	if (r == -ENOENT || r == -EXDEV)
		return;
	tree_error(view, REASON_DTB_DEVICE, node, "its %s %s", property,
		   r == -ERANGE ? "lies outside the ranges of a bus above it"
				: "cannot be read: its length does not fit #address-cells and #size-cells, "
				  "or it wraps");
}

static const struct config_device *check_registers(struct devices *devices, uint32_t node)
{
	const struct config_device *served = NULL;
	struct hv_range range;
	int r;

	for (uint32_t n = 0; (r = tree_reg(devices->view->index, node, n, &range)) == 0; n++) {
		const struct config_device *device = check_range(devices, node, &range);

		served = n == 0 ? device : served;
	}
	report_range(devices->view, node, "reg", r);
	for (uint32_t n = 0; (r = tree_window(devices->view->index, node, n, &range)) == 0; n++)
		check_range(devices, node, &range);
	report_range(devices->view, node, "ranges", r);
	return served;
}

static bool report_irq(struct tree_view *view, uint32_t node, const char *property, int r)
{
	static const struct {
		int error;
		const char *reason;
		const char *message;
	} known[] = {
		{ -EINVAL, REASON_DTB_INTERRUPT, "cannot be read: its length does not fit #interrupt-cells" },
		{ -ELOOP, REASON_DTB_REFERENCE, "leads to no interrupt controller" },
		{ -ENXIO, REASON_DTB_REFERENCE, "has a phandle that no node has" },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].error == r)
			tree_error(view, known[i].reason, node, "its %s %s", property, known[i].message);
	return r == 0;
}

/* An interrupt of a node; device: what the node is the window of, if the zone serves that. */
static void check_irq(struct tree_view *view, uint32_t node, const struct tree_irq *irq,
		      const struct config_device *device)
{
	const HvZoneConfig *hv = view->zone->hv;
	uint32_t intid;

	/* Another controller's interrupts are its own business; what it sends on itself is checked as its own. */
	if (!is_one_of(view->index, irq->controller, tree_gics))
		return;
	intid = tree_gic_intid(irq);
	if (intid == 0)
		tree_error(view, REASON_DTB_INTERRUPT, node, "<%u %u ...> is no SPI and no PPI",
			   irq->cells[0], irq->cells[1]);
	else if (device && intid != device->intid)
		tree_error(view, REASON_DTB_INTERRUPT, node,
			   "its interrupt is %u, that of the zone's device is %u", intid, device->intid);
	else if (!tree_owns_intid(hv, intid))
		tree_error(view, REASON_DTB_INTERRUPT, node, "interrupt %u (%s %u) is not the zone's", intid,
			   intid < HV_FIRST_SPI ? "PPI" : "SPI", irq->cells[1]);
	else if (!device && hv_intid_test(&hv->virtual_interrupts, intid))
		tree_error(view, REASON_DTB_INTERRUPT, node,
			   "interrupt %u belongs to a virtio device of the zone", intid);
}

static void check_interrupts(struct tree_view *view, uint32_t node, const struct config_device *device)
{
	struct tree_irq irq;
	uint32_t n;
	int r;

	for (n = 0; (r = tree_irq(view->index, node, n, &irq)) == 0; n++)
		check_irq(view, node, &irq, device);
	report_irq(view, node, "interrupts", r);
	if (n == 0 && r == -ENOENT && device)
		tree_error(view, REASON_DTB_INTERRUPT, node, "it lacks interrupt %u of the zone's device",
			   device->intid);
	for (n = 0; (r = tree_irq_map(view->index, node, n, &irq)) == 0; n++)
		check_irq(view, node, &irq, NULL);
	report_irq(view, node, "interrupt-map", r);
}

static void check_node(struct devices *devices, uint32_t node)
{
	struct tree_index *index = devices->view->index;
	const struct config_device *device;

	if (is_one_of(index, node, tree_gics))
		return;
	device = check_registers(devices, node);
	if (!is_one_of(index, node, tree_timers))
		check_interrupts(devices->view, node, device);
}

void tree_check_devices(struct tree_view *view)
{
	struct tree_index *index = view->index;
	struct devices devices = { .view = view };

	for (uint32_t node = 0; node < index->num_nodes;) {
		if (!index->nodes[node].enabled || is_skipped(index, node)) {
			node = index->nodes[node].end;
			continue;
		}
		check_node(&devices, node++);
	}
	for (unsigned i = 0; i < view->zone->num_devices; i++)
		if ((devices.served >> i & 1) == 0)
			tree_warning(view, REASON_DTB_VIRTIO, TREE_NONE,
				     "no enabled node has the zone's device at 0x%" PRIx64,
				     view->zone->devices[i].ipa);
}
