/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The validator: never reads or computes out of bounds, and what it accepts
 * keeps every promise that EL2 builds on, checked again here the plain way.
 */
#include "fixture.h"
#include "fuzz.h"

typedef unsigned __int128 wide; /* no sum of two addresses wraps */

static bool apart(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	return (wide)a + a_size <= b || (wide)b + b_size <= a;
}

static bool inside(uint64_t outer, uint64_t outer_size, uint64_t inner, uint64_t inner_size)
{
	return inner >= outer && (wide)inner + inner_size <= (wide)outer + outer_size;
}

/* First byte, last byte and some pages between lie in ranges that the board gives away. */
static bool page_on_board(uint32_t type, uint64_t pa)
{
	for (uint32_t i = 0; type == HV_REGION_RAM && i < platform_board.num_ram; i++)
		if (inside(platform_board.ram[i].start, platform_board.ram[i].size, pa, HV_PAGE_SIZE))
			return true;
	for (uint32_t i = 0; type == HV_REGION_IO && i < platform_board.num_devices; i++) {
		const struct hv_device_window *d = &platform_board.devices[i];

		if ((d->flags & HV_DEVICE_ASSIGNABLE) != 0 &&
		    inside(d->range.start, d->range.size, pa, HV_PAGE_SIZE))
			return true;
	}
	return false;
}

static void check_region(const HvZoneConfig *c, const struct hv_memory_region *r)
{
	const struct hv_range *own = &platform_board.hypervisor;
	uint64_t step = r->size / 64 / HV_PAGE_SIZE * HV_PAGE_SIZE + HV_PAGE_SIZE;

	ALWAYS(r->size != 0 && inside(0, 1ull << HV_IPA_BITS, r->virtual_start, r->size));
	ALWAYS(apart(r->virtual_start, r->size, c->gic.gicd_base, c->gic.gicd_size));
	ALWAYS(apart(r->virtual_start, r->size, c->gic.gicr_base, c->gic.gicr_size));
	if (r->type == HV_REGION_VIRTIO)
		return;
	ALWAYS(((r->physical_start | r->virtual_start | r->size) & 0xfff) == 0);
	ALWAYS(apart(r->physical_start, r->size, own->start, own->size));
	for (uint64_t at = 0; at < r->size; at += step)
		ALWAYS(page_on_board(r->type, r->physical_start + at));
	ALWAYS(page_on_board(r->type, r->physical_start + r->size - HV_PAGE_SIZE));
}

static uint64_t page_down(uint64_t x)
{
	return x & ~0xfffull;
}

static void check_pair(const struct hv_memory_region *a, const struct hv_memory_region *b)
{
	uint64_t a_end = a->virtual_start + a->size, b_end = b->virtual_start + b->size;

	ALWAYS(apart(a->virtual_start, a->size, b->virtual_start, b->size));
	if (a->type == HV_REGION_VIRTIO && b->type == HV_REGION_VIRTIO)
		return;
	/* no page of one is also a page of the other */
	ALWAYS(page_down(a_end + 0xfff) <= page_down(b->virtual_start) ||
	       page_down(b_end + 0xfff) <= page_down(a->virtual_start));
	if (a->type != HV_REGION_VIRTIO && b->type != HV_REGION_VIRTIO)
		ALWAYS(apart(a->physical_start, a->size, b->physical_start, b->size));
}

static void check_accepted(const HvZoneConfig *c)
{
	uint64_t ipa;

	ALWAYS(c->zone_id > 0 && c->zone_id < HV_MAX_ZONES);
	ALWAYS(c->cpus != 0 && c->cpus >> FIXTURE_CPUS == 0);
	ALWAYS(c->num_cpus == (uint32_t)__builtin_popcountll(c->cpus));
	ALWAYS(strnlen(c->name, HV_NAME_SIZE) - 1 < HV_NAME_SIZE - 1);
	ALWAYS(c->num_regions <= HV_MAX_REGIONS);
	for (uint32_t i = 0; i < c->num_regions; i++) {
		check_region(c, &c->regions[i]);
		for (uint32_t j = 0; j < i; j++)
			check_pair(&c->regions[i], &c->regions[j]);
	}
	for (uint32_t intid = 0; intid < HV_MAX_INTIDS; intid++) {
		bool hardware = hv_intid_test(&c->interrupts, intid);
		bool virtual = hv_intid_test(&c->virtual_interrupts, intid);

		ALWAYS(!(hardware && virtual));
		ALWAYS(!(hardware || virtual) || (intid >= HV_FIRST_SPI && intid <= HV_LAST_SPI));
		ALWAYS(!hardware || hv_intid_test(&platform_board.assignable_spis, intid));
	}
	ALWAYS(hv_config_ram_ipa(c, c->kernel_load_paddr, c->kernel_size, &ipa));
	if (c->dtb_size != 0)
		ALWAYS(hv_config_ram_ipa(c, c->dtb_load_paddr, c->dtb_size, &ipa));
}

/* A good config with fields changed, or nothing but the input's bytes. */
static HvZoneConfig make_config(struct fuzz_input *input)
{
	uint64_t how = fuzz_take(input, 1);
	HvZoneConfig config = fixture_zone(1 + (uint32_t)(how >> 2) % 3);
	uint8_t *bytes = (uint8_t *)&config;

	if (how % 4 == 3) {
		for (size_t i = 0; i < sizeof(config); i++)
			bytes[i] = (uint8_t)fuzz_take(input, 1);
		config.magic = HV_CONFIG_MAGIC;
		config.version = HV_CONFIG_VERSION;
		config.size = sizeof(config);
		return config;
	}
	for (uint64_t edits = fuzz_take(input, 1) % 16; edits > 0; edits--) {
		size_t offset = (size_t)(fuzz_take(input, 2) % (sizeof(config) / 8)) * 8;
		uint64_t value = fuzz_number(input);

		/* mostly where the regions in use are */
		if (edits % 4 != 0)
			offset = offsetof(HvZoneConfig, regions) +
				 offset % (5 * sizeof(struct hv_memory_region));
		memcpy(bytes + offset, &value, edits % 2 == 0 ? 8 : 4);
	}
	if (how & 0x40)
		config.num_regions += (uint32_t)(how >> 7) + 1;
	return config;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, size };
	HvZoneConfig a = make_config(&input), b = make_config(&input);
	struct hv_violation none = { 0 }, v = none, w = none;
	bool a_good = hv_config_validate(&a, &platform_board, false, &v);
	bool b_good = hv_config_validate(&b, &platform_board, false, &w);

	ALWAYS(a_good == (v.code == HV_VIOLATION_NONE) && v.code < HV_VIOLATION_COUNT);
	ALWAYS(strcmp(hv_violation_name(v.code), "zone.unknown") != 0);
	(void)hv_config_validate(&a, &platform_board, true, &w);
	if (a_good)
		check_accepted(&a);
	if (a_good && b_good) {
		bool compatible = hv_config_compatible(&a, &b, &v);

		ALWAYS(compatible == hv_config_compatible(&b, &a, &w));
		ALWAYS(!compatible || (a.cpus & b.cpus) == 0);
	}
	return 0;
}
