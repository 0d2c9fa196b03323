/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "draft.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW_ALIGN 0x200u /* of virtio-mmio registers, as EL2 tells notifications by their offset */

#define PRIMECELL_SIZE 0x1000u /* of a PL061's and a PL011's registers (Arm DDI 0190, 3.2; DDI 0183, 3.2) */

static bool is_served(uint64_t type)
{
	return type < CONFIG_DEVICE_TYPES && type != CONFIG_DEVICE_GPU;
}

/* It has no queues in the zone's memory. */
static bool is_primecell(uint64_t type)
{
	return type == CONFIG_DEVICE_POWER_KEY || type == CONFIG_DEVICE_PL011;
}

static bool in_virtio_region(const HvZoneConfig *hv, uint64_t ipa, uint64_t size)
{
	for (uint32_t i = 0; i < hv->num_regions; i++) {
		const struct hv_memory_region *region = &hv->regions[i];

		if (region->type == HV_REGION_VIRTIO && hv_range_valid(region->virtual_start, region->size) &&
		    hv_range_contains(region->virtual_start, region->size, ipa, size))
			return true;
	}
	return false;
}

/* Checks where the window lies. */
static bool check_window(const struct config_draft *draft, struct config_source *source, const char *pointer,
			 const struct device_fields *device)
{
	const struct config_zone *zone = draft->zone;

	if (device->addr % WINDOW_ALIGN != 0 || device->len % WINDOW_ALIGN != 0 || device->len == 0 ||
	    !hv_range_valid(device->addr, device->len)) {
		config_source_error(source, pointer, REASON_VIRTIO_WINDOW,
				    "addr and len must be multiples of 0x200, and len not 0");
		return false;
	}
	if (is_primecell(device->type) &&
	    (device->len != PRIMECELL_SIZE || device->addr % PRIMECELL_SIZE != 0)) {
		config_source_error(source, pointer, REASON_VIRTIO_WINDOW,
				    "a %s has 0x1000 bytes, at a multiple of that",
				    device->type == CONFIG_DEVICE_PL011 ? "pl011" : "power key");
		return false;
	}
	if (!in_virtio_region(&zone->hv, device->addr, device->len)) {
		if ((draft->lost & LOST_REGIONS) == 0)
			config_source_error(source, pointer, REASON_VIRTIO_WINDOW,
					    "its window does not lie in a virtio region of zone %u",
					    zone->hv.zone_id);
		return false;
	}
	for (unsigned i = 0; i < zone->num_devices; i++) {
		if (!hv_range_overlaps(device->addr, device->len, zone->devices[i].ipa,
				       zone->devices[i].size))
			continue;
		config_source_error(source, pointer, REASON_VIRTIO_OVERLAP,
				    "its window overlaps that of the zone's device at 0x%" PRIx64,
				    zone->devices[i].ipa);
		return false;
	}
	return true;
}

/* The interrupt becomes a virtual one: no claim on hardware, so several zones may use the number. */
static bool take_interrupt(struct config_draft *draft, struct config_source *source, const char *pointer,
			   uint32_t intid)
{
	HvZoneConfig *hv = &draft->zone->hv;

	if (intid < HV_FIRST_SPI) {
		config_source_error(source, config_pointer("%s/irq", pointer).text, REASON_RANGE,
				    "a number from %u to %u belongs here", HV_FIRST_SPI, HV_LAST_SPI);
		return false;
	}
	if (hv_intid_test(&hv->virtual_interrupts, intid)) {
		config_source_error(source, config_pointer("%s/irq", pointer).text, REASON_VIRTIO_IRQ,
				    "another device of the zone has interrupt %u", intid);
		return false;
	}
	if (!hv_intid_test(&hv->interrupts, intid)) {
		if (!config_broken(&draft->fields.seen, ZONE_INTERRUPTS))
			config_source_error(source, config_pointer("%s/irq", pointer).text, REASON_VIRTIO_IRQ,
					    "interrupt %u is not among the interrupts of zone %u", intid,
					    hv->zone_id);
		return false;
	}
	hv->interrupts.word[intid / 32] &= ~(1u << (intid % 32));
	hv_intid_add(&hv->virtual_interrupts, intid);
	return true;
}

/* What only some types have; wrong is what no key's own type tells. */
static bool fill_blk(struct config_draft *draft, struct config_source *source, const char *pointer,
		     const struct device_fields *fields, struct config_device *device)
{
	if (fields->img == NULL || fields->img[0] == '\0') {
		config_source_error(source, config_pointer("%s/img", pointer).text, REASON_MISSING,
				    "a disk needs an image");
		return false;
	}
	if (fields->block_size != 512 && fields->block_size != 4096) {
		config_source_error(source, config_pointer("%s/block_size", pointer).text, REASON_RANGE,
				    "512 or 4096 belongs here");
		return false;
	}
	device->readonly = fields->readonly != 0;
	device->block_size = (uint32_t)fields->block_size;
	snprintf(device->serial, sizeof(device->serial), "%s", fields->serial != NULL ? fields->serial : "");
	device->path = config_draft_resolve(draft, fields->img);
	return device->path != NULL;
}

static bool fill(struct config_draft *draft, struct config_source *source, const char *pointer,
		 const struct device_fields *fields, struct config_device *device)
{
	device->queues = (uint32_t)fields->queues;
	device->ports = (uint32_t)fields->ports;
	if (fields->type == CONFIG_DEVICE_BLK)
		return fill_blk(draft, source, pointer, fields, device);
	if (fields->type == CONFIG_DEVICE_NET)
		return config_net_fill(draft, source, pointer, fields, device);
	return true;
}

/* There is room for it among the zone's devices and their consoles. */
static bool check_room(const struct config_draft *draft, struct config_source *source, const char *pointer,
		       const struct config_device *device)
{
	const struct config_zone *zone = draft->zone;
	unsigned consoles = config_device_consoles(device);

	for (unsigned i = 0; i < zone->num_devices; i++)
		consoles += config_device_consoles(&zone->devices[i]);
	if (zone->num_devices < CONFIG_MAX_DEVICES && consoles <= CONFIG_MAX_CONSOLES)
		return true;
	config_source_error(source, pointer, REASON_TOO_MANY,
			    "a zone has %u devices and %u consoles at most, all ports counted",
			    CONFIG_MAX_DEVICES, CONFIG_MAX_CONSOLES);
	return false;
}

static void add_device(struct config_draft *draft, struct config_source *source, const char *pointer,
		       const struct device_fields *device)
{
	struct config_device made = {
		.type = (enum config_device_type)device->type,
		.ipa = device->addr,
		.size = device->len,
		.intid = (uint32_t)device->irq,
	};
	struct config_zone *zone = draft->zone;
	bool good = check_window(draft, source, pointer, device);

	good = take_interrupt(draft, source, pointer, (uint32_t)device->irq) && good;
	if (!is_served(device->type)) {
		config_source_error(source, config_pointer("%s/type", pointer).text,
				    REASON_VIRTIO_UNSUPPORTED,
				    "devices of this type are not served yet: disable it or take it out");
		return;
	}
	if (!good || !fill(draft, source, pointer, device, &made))
		return;
	if (!check_room(draft, source, pointer, &made)) {
		free(made.path);
		return;
	}
	draft->device_places[zone->num_devices].source = source;
	draft->device_places[zone->num_devices].pointer = config_pointer("%s", pointer);
	zone->devices[zone->num_devices++] = made;
	if (!is_primecell(device->type))
		zone->hv.flags |= HV_CONFIG_ROOT_SEES_RAM;
}

/* A device that names a zone is of that one only. */
static bool is_of(const struct config_draft *draft, const struct device_fields *device)
{
	return !config_given(&device->seen, DEVICE_ZONE_ID) || device->zone_id == draft->fields.zone_id;
}

void config_devices_add(struct config_draft *draft, struct config_source *source, const char *pointer,
			const struct device_fields *devices, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
		if (devices[i].seen.broken == 0 && devices[i].disabled == 0 && is_of(draft, &devices[i]))
			add_device(draft, source, config_pointer("%s/%u", pointer, (unsigned)i).text,
				   &devices[i]);
}

/* Some RAM region holds the guest-physical range. */
static bool find_ram(const HvZoneConfig *hv, uint64_t ipa, uint64_t size)
{
	for (uint32_t i = 0; i < hv->num_regions; i++) {
		const struct hv_memory_region *region = &hv->regions[i];

		if (region->type == HV_REGION_RAM && hv_range_valid(ipa, size) &&
		    hv_range_valid(region->virtual_start, region->size) &&
		    hv_range_contains(region->virtual_start, region->size, ipa, size))
			return true;
	}
	return false;
}

void config_mappings_check(const struct config_draft *draft, struct config_source *source,
			   const char *pointer, const struct mapping_fields *mappings, uint64_t count)
{
	const HvZoneConfig *hv = &draft->zone->hv;

	for (uint64_t i = 0; i < count; i++) {
		const struct mapping_fields *mapping = &mappings[i];
		uint64_t ipa = 0;

		if (mapping->seen.broken != 0 || (draft->lost & LOST_REGIONS) != 0)
			continue;
		if (!config_given(&mapping->seen, MAPPING_ZONE0_IPA)
			    ? find_ram(hv, mapping->zonex_ipa, mapping->size)
			    : hv_config_ram_ipa(hv, mapping->zone0_ipa, mapping->size, &ipa) &&
				      ipa == mapping->zonex_ipa)
			continue;
		config_source_error(source, config_pointer("%s/%u", pointer, (unsigned)i).text,
				    REASON_VIRTIO_MEMORY,
				    "this does not agree with a RAM region of zone %u in %s", hv->zone_id,
				    draft->zone->file);
	}
}
