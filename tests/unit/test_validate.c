/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every rule of the validator, each broken once on a config that is good otherwise. */
#include "fixture.h"
#include "test.h"

#define TOP (1ull << HV_IPA_BITS)

struct bad {
	const char *what;
	void (*spoil)(HvZoneConfig *c);
	enum hv_violation_code code;
	uint16_t index, other_index;
};

static struct hv_memory_region *add_region(HvZoneConfig *c, uint32_t type, uint64_t pa, uint64_t ipa,
					   uint64_t size)
{
	c->regions[c->num_regions] = (struct hv_memory_region){ type, 0, pa, ipa, size };
	return &c->regions[c->num_regions++];
}

#define SPOIL(name, ...)                                                                                     \
	static void name(HvZoneConfig *c)                                                                    \
	{                                                                                                    \
		__VA_ARGS__;                                                                                 \
	}

SPOIL(magic, c->magic ^= 1)
SPOIL(version, c->version++)
SPOIL(size, c->size--)
SPOIL(flags, c->flags = 2)
SPOIL(reserved, c->reserved = 1)
SPOIL(gic_reserved, c->gic.reserved = 1)
SPOIL(region_flag, c->regions[0].flags = 2)
SPOIL(io_shared, c->regions[1].flags = HV_REGION_SHARED)
SPOIL(unused_region, c->regions[63].size = 1)
SPOIL(unused_type, c->regions[3].type = HV_REGION_RAM)
SPOIL(zone_zero, c->zone_id = 0)
SPOIL(zone_large, c->zone_id = HV_MAX_ZONES)
SPOIL(zone_huge, c->zone_id = UINT32_MAX)
SPOIL(name_empty, memset(c->name, 0, sizeof(c->name)))
SPOIL(name_full, memset(c->name, 'a', sizeof(c->name)))
SPOIL(name_tail, c->name[20] = 'x')
SPOIL(name_control, c->name[1] = '\n')
SPOIL(name_delete, c->name[1] = 0x7f)
SPOIL(name_c1, memcpy(c->name, "a\xc2\x85", 4))
SPOIL(name_overlong, memcpy(c->name, "\xc0\xaf", 3))
SPOIL(name_overlong3, memcpy(c->name, "\xe0\x80\xaf", 4))
SPOIL(name_surrogate, memcpy(c->name, "\xed\xa0\x80", 4))
SPOIL(name_beyond, memcpy(c->name, "\xf4\x90\x80\x80", 5))
SPOIL(name_stray, memcpy(c->name, "\x80", 2))
SPOIL(name_cut, memset(c->name, 0, 32); memset(c->name, 'a', 28); memcpy(c->name + 28, "\xf0\x9f\x98", 3))
SPOIL(name_f8, memcpy(c->name, "\xf8\x88\x80\x80", 5))
SPOIL(cpus_none, c->cpus = 0; c->num_cpus = 0)
SPOIL(cpus_absent, c->cpus |= 1ull << 8; c->num_cpus = 3)
SPOIL(cpus_63, c->cpus |= 1ull << 63; c->num_cpus = 3)
SPOIL(cpus_count, c->num_cpus = 3)
SPOIL(region_count, c->num_regions = 65)
SPOIL(region_count_huge, c->num_regions = UINT32_MAX)
SPOIL(type_zero, c->regions[1].type = 0)
SPOIL(type_unknown, c->regions[1].type = 4)
SPOIL(ram_empty, c->regions[0].size = 0)
SPOIL(virtio_empty, c->regions[2].size = 0)
SPOIL(ram_size, c->regions[0].size += 0x200)
SPOIL(ram_physical, c->regions[0].physical_start += 0x800)
SPOIL(ram_virtual, c->regions[0].virtual_start += 8)
SPOIL(virtio_align, c->regions[2].virtual_start += 0x100)
SPOIL(virtio_size, c->regions[2].size = 0x300)
SPOIL(wrap_physical, c->regions[0].physical_start = UINT64_MAX - 0xfff; c->regions[0].size = 0x2000)
SPOIL(wrap_virtual, c->regions[0].virtual_start = UINT64_MAX - 0xfff)
SPOIL(past_space, c->regions[0].virtual_start = TOP - 0x1000)
SPOIL(at_space, c->regions[2].virtual_start = TOP)
SPOIL(size_huge, c->regions[0].size = UINT64_MAX - 0xfff)
SPOIL(overlap_virtual, add_region(c, HV_REGION_RAM, 0x90000000, 0x47fff000, 0x1000))
SPOIL(overlap_physical, add_region(c, HV_REGION_RAM, 0x60000000, 0x50000000, 0x1000))
SPOIL(overlap_io, add_region(c, HV_REGION_IO, 0x30a60000, 0x31000000, 0x1000))
SPOIL(overlap_page, add_region(c, HV_REGION_RAM, 0x90000000, 0xa003000, 0x1000))
SPOIL(overlap_virtio, add_region(c, HV_REGION_VIRTIO, 0, 0xa003a00, 0x400))
SPOIL(ram_nowhere, c->regions[0].physical_start = 0xc0000000)
SPOIL(ram_over_end, c->regions[0].physical_start = 0x10c000000)
SPOIL(ram_on_device, c->regions[0].physical_start = 0x30a60000; c->regions[0].size = 0x1000)
SPOIL(io_nowhere, c->regions[1].physical_start = 0x30a70000)
SPOIL(io_root, c->regions[1].physical_start = 0x09000000)
SPOIL(io_half, c->regions[1].physical_start = 0x30a64000; c->regions[1].size = 0x2000)
SPOIL(io_ram, c->regions[1].physical_start = 0x60000000)
SPOIL(io_gic, c->regions[1].physical_start = 0x08000000)
SPOIL(ram_hypervisor, c->regions[0].physical_start = 0x40000000)
SPOIL(ram_hypervisor_end, c->regions[0].physical_start = 0x403ff000)
SPOIL(io_hypervisor, c->regions[1].physical_start = 0x40200000)
SPOIL(gicd_hit, c->regions[1].virtual_start = 0x08000000)
SPOIL(gicr_hit, c->regions[2].virtual_start = 0x08fff000)
SPOIL(gic_ram, c->regions[0].virtual_start = 0x07000000)
SPOIL(no_ram, c->regions[0] = c->regions[2]; c->num_regions = 1; memset(&c->regions[1], 0, 64))
SPOIL(no_regions, c->num_regions = 0; memset(c->regions, 0, sizeof(c->regions)))
SPOIL(intid_ppi, hv_intid_add(&c->interrupts, 27))
SPOIL(intid_1020, hv_intid_add(&c->interrupts, 1020))
SPOIL(intid_virtual, hv_intid_add(&c->virtual_interrupts, 1023))
SPOIL(intid_board, hv_intid_add(&c->interrupts, 33))
SPOIL(intid_both, hv_intid_add(&c->virtual_interrupts, 129))
SPOIL(gic_version, c->gic.version = 2)
SPOIL(gicd_small, c->gic.gicd_size = 0xf000)
SPOIL(gicr_small, c->gic.gicr_size = 0x3f000)
SPOIL(gicd_align, c->gic.gicd_base += 0x1000)
SPOIL(gicr_align, c->gic.gicr_base += 0x1000)
SPOIL(gicr_odd, c->gic.gicr_size += 1)
SPOIL(gic_overlap, c->gic.gicd_size = 0x100000)
SPOIL(gicd_beyond, c->gic.gicd_base = TOP)
SPOIL(gicr_wrap, c->gic.gicr_base = UINT64_MAX - 0xffff)
SPOIL(gits_wrap, c->gic.gits_base = UINT64_MAX; c->gic.gits_size = 2)
SPOIL(entry_out, c->entry_point = 0x3ffffffc)
SPOIL(entry_end, c->entry_point = 0x48000000)
SPOIL(entry_io, c->entry_point = 0x30a60000)
SPOIL(entry_odd, c->entry_point += 2)
SPOIL(entry_huge, c->entry_point = UINT64_MAX - 3)
SPOIL(kernel_empty, c->kernel_size = 0)
SPOIL(kernel_large, c->kernel_size = 0x8000000)
SPOIL(kernel_huge, c->kernel_size = UINT64_MAX)
SPOIL(kernel_out, c->kernel_load_paddr = 0x50000000)
SPOIL(dtb_out, c->dtb_load_paddr = 0x90000000)
SPOIL(dtb_large, c->dtb_size = UINT64_MAX)
SPOIL(dtb_odd, c->dtb_load_paddr += 4)
SPOIL(images_meet, c->dtb_load_paddr = c->kernel_load_paddr + c->kernel_size - 8)

#define BAD(fn, what, ...)                                                                                   \
	{                                                                                                    \
#fn, fn, HV_VIOLATION_##what, __VA_ARGS__                                                    \
	}

static const struct bad bads[] = {
	BAD(magic, HEADER, 0, 0),
	BAD(version, HEADER, 0, 0),
	BAD(size, HEADER, 0, 0),
	BAD(flags, RESERVED, 0, 0),
	BAD(reserved, RESERVED, 0, 0),
	BAD(gic_reserved, RESERVED, 0, 0),
	BAD(region_flag, RESERVED, 0, 0),
	BAD(io_shared, RESERVED, 1, 0),
	BAD(unused_region, RESERVED, 63, 0),
	BAD(unused_type, RESERVED, 3, 0),
	BAD(zone_zero, ZONE_ID, 0, 0),
	BAD(zone_large, ZONE_ID, 0, 0),
	BAD(zone_huge, ZONE_ID, 0, 0),
	BAD(name_empty, NAME, 0, 0),
	BAD(name_full, NAME, 0, 0),
	BAD(name_tail, NAME, 20, 0),
	BAD(name_control, NAME, 1, 0),
	BAD(name_delete, NAME, 1, 0),
	BAD(name_c1, NAME, 1, 0),
	BAD(name_overlong, NAME, 0, 0),
	BAD(name_overlong3, NAME, 0, 0),
	BAD(name_surrogate, NAME, 0, 0),
	BAD(name_beyond, NAME, 0, 0),
	BAD(name_stray, NAME, 0, 0),
	BAD(name_cut, NAME, 28, 0),
	BAD(name_f8, NAME, 0, 0),
	BAD(cpus_none, NO_CPUS, 0, 0),
	BAD(cpus_absent, CPU_RANGE, 8, 0),
	BAD(cpus_63, CPU_RANGE, 63, 0),
	BAD(cpus_count, CPU_COUNT, 0, 0),
	BAD(region_count, REGION_COUNT, 0, 0),
	BAD(region_count_huge, REGION_COUNT, 0, 0),
	BAD(type_zero, REGION_TYPE, 1, 0),
	BAD(type_unknown, REGION_TYPE, 1, 0),
	BAD(ram_empty, REGION_EMPTY, 0, 0),
	BAD(virtio_empty, REGION_EMPTY, 2, 0),
	BAD(ram_size, REGION_ALIGN, 0, 0),
	BAD(ram_physical, REGION_ALIGN, 0, 0),
	BAD(ram_virtual, REGION_ALIGN, 0, 0),
	BAD(virtio_align, REGION_ALIGN, 2, 0),
	BAD(virtio_size, REGION_ALIGN, 2, 0),
	BAD(wrap_physical, REGION_WRAP, 0, 0),
	BAD(wrap_virtual, REGION_WRAP, 0, 0),
	BAD(past_space, REGION_WRAP, 0, 0),
	BAD(at_space, REGION_WRAP, 2, 0),
	BAD(size_huge, REGION_WRAP, 0, 0),
	BAD(overlap_virtual, REGION_OVERLAP, 3, 0),
	BAD(overlap_physical, REGION_OVERLAP, 3, 0),
	BAD(overlap_io, REGION_OVERLAP, 3, 1),
	BAD(overlap_page, REGION_OVERLAP, 3, 2),
	BAD(overlap_virtio, REGION_OVERLAP, 3, 2),
	BAD(ram_nowhere, REGION_NOT_RAM, 0, 0),
	BAD(ram_over_end, REGION_NOT_RAM, 0, 0),
	BAD(ram_on_device, REGION_NOT_RAM, 0, 0),
	BAD(io_nowhere, REGION_NOT_DEVICE, 1, 0),
	BAD(io_root, REGION_NOT_DEVICE, 1, 0),
	BAD(io_half, REGION_NOT_DEVICE, 1, 0),
	BAD(io_ram, REGION_NOT_DEVICE, 1, 0),
	BAD(io_gic, REGION_NOT_DEVICE, 1, 0),
	BAD(ram_hypervisor, REGION_HYPERVISOR, 0, 0),
	BAD(ram_hypervisor_end, REGION_HYPERVISOR, 0, 0),
	BAD(io_hypervisor, REGION_HYPERVISOR, 1, 0),
	BAD(gicd_hit, REGION_GIC, 1, 0),
	BAD(gicr_hit, REGION_GIC, 2, 0),
	BAD(gic_ram, REGION_GIC, 0, 0),
	BAD(no_ram, NO_RAM, 0, 0),
	BAD(no_regions, NO_RAM, 0, 0),
	BAD(intid_ppi, INTERRUPT_RANGE, 27, 0),
	BAD(intid_1020, INTERRUPT_RANGE, 1020, 0),
	BAD(intid_virtual, INTERRUPT_RANGE, 1023, 0),
	BAD(intid_board, INTERRUPT_BOARD, 33, 0),
	BAD(intid_both, INTERRUPT_BOTH, 129, 0),
	BAD(gic_version, GIC_VERSION, 0, 0),
	BAD(gicd_small, GIC_RANGE, 0, 0),
	BAD(gicr_small, GIC_RANGE, 0, 0),
	BAD(gicd_align, GIC_RANGE, 0, 0),
	BAD(gicr_align, GIC_RANGE, 0, 0),
	BAD(gicr_odd, GIC_RANGE, 0, 0),
	BAD(gic_overlap, GIC_RANGE, 0, 0),
	BAD(gicd_beyond, GIC_RANGE, 0, 0),
	BAD(gicr_wrap, GIC_RANGE, 0, 0),
	BAD(gits_wrap, GIC_RANGE, 0, 0),
	BAD(entry_out, ENTRY, 0, 0),
	BAD(entry_end, ENTRY, 0, 0),
	BAD(entry_io, ENTRY, 0, 0),
	BAD(entry_odd, ENTRY, 0, 0),
	BAD(entry_huge, ENTRY, 0, 0),
	BAD(kernel_empty, KERNEL_RANGE, 0, 0),
	BAD(kernel_large, KERNEL_RANGE, 0, 0),
	BAD(kernel_huge, KERNEL_RANGE, 0, 0),
	BAD(kernel_out, KERNEL_RANGE, 0, 0),
	BAD(dtb_out, DTB_RANGE, 0, 0),
	BAD(dtb_large, DTB_RANGE, 0, 0),
	BAD(dtb_odd, DTB_RANGE, 0, 0),
	BAD(images_meet, IMAGE_OVERLAP, 0, 0),
};

static bool valid(const HvZoneConfig *config, struct hv_violation *v)
{
	return hv_config_validate(config, &platform_board, false, v);
}

static void test_good_configs(void)
{
	struct hv_violation v = { .code = 77, .index = 78 };

	for (uint32_t id = 1; id <= 3; id++) {
		HvZoneConfig config = fixture_zone(id);

		CHECK(valid(&config, &v));
	}
	CHECK(hv_config_validate(&platform_root_zone, &platform_board, true, &v));
	/* untouched on success */
	CHECK_EQ(v.code, 77);
	CHECK_EQ(v.index, 78);
}

static void test_bad_configs(void)
{
	for (size_t i = 0; i < COUNT(bads); i++) {
		HvZoneConfig config = fixture_zone(1);
		struct hv_violation v = { 0 };

		bads[i].spoil(&config);
		printf("# %s\n", bads[i].what);
		CHECK(!valid(&config, &v));
		CHECK_EQ(v.code, bads[i].code);
		CHECK_EQ(v.index, bads[i].index);
		CHECK_EQ(v.other_index, bads[i].other_index);
	}
}

static void accept(void (*change)(HvZoneConfig *c))
{
	HvZoneConfig config = fixture_zone(1);
	struct hv_violation v = { 0 };

	change(&config);
	if (!valid(&config, &v))
		printf("# refused: %s %u\n", hv_violation_name(v.code), v.index);
	CHECK(valid(&config, &v));
}

SPOIL(across_ram, c->regions[0].physical_start = 0x7f000000; c->kernel_load_paddr = 0x7f400000;
      c->dtb_load_paddr = 0x7f000000)
SPOIL(across_devices, c->regions[1].physical_start = 0x30a63000; c->regions[1].size = 0x2000)
SPOIL(high_ipa, c->regions[2].virtual_start = TOP - 0x200)
SPOIL(virtio_neighbours, add_region(c, HV_REGION_VIRTIO, 0, 0xa003a00, 0x200))
SPOIL(virtio_physical, c->regions[2].physical_start = UINT64_MAX)
SPOIL(no_dtb, c->dtb_size = 0; c->dtb_load_paddr = UINT64_MAX)
SPOIL(entry_last, c->entry_point = 0x47fffffc)
SPOIL(name_long, memcpy(c->name, "0123456789012345678901234567890", 32))
SPOIL(name_text, memcpy(c->name, "zone \xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80", 15))
SPOIL(intid_last, hv_intid_add(&c->virtual_interrupts, 1019); hv_intid_add(&c->virtual_interrupts, 32))
SPOIL(gits, c->gic.gits_base = 0x08080000; c->gic.gits_size = 0x20000)
SPOIL(dtb_touches, c->dtb_load_paddr = c->kernel_load_paddr - c->dtb_size)

static void test_limits_accepted(void)
{
	void (*const changes[])(HvZoneConfig *) = {
		across_ram,      across_devices, high_ipa,   virtio_neighbours,
		virtio_physical, no_dtb,         entry_last, name_long,
		name_text,       intid_last,     gits,       dtb_touches,
	};

	for (size_t i = 0; i < COUNT(changes); i++)
		accept(changes[i]);
}

static void test_64_regions(void)
{
	HvZoneConfig config = fixture_zone(1);
	struct hv_violation v = { 0 };

	while (config.num_regions < HV_MAX_REGIONS)
		add_region(&config, HV_REGION_RAM, 0x90000000 + config.num_regions * 0x2000ull,
			   0x60000000 + config.num_regions * 0x1000ull, 0x1000);
	CHECK(valid(&config, &v));
	config.regions[63].virtual_start = config.regions[62].virtual_start;
	CHECK(!valid(&config, &v));
	CHECK_EQ(v.code, HV_VIOLATION_REGION_OVERLAP);
	CHECK_EQ(v.index, 63);
	CHECK_EQ(v.other_index, 62);
}

static void test_root_rules(void)
{
	HvZoneConfig config = platform_root_zone;
	struct hv_violation v = { 0 };

	CHECK(!hv_config_validate(&config, &platform_board, false, &v));
	CHECK_EQ(v.code, HV_VIOLATION_ZONE_ID);
	config.regions[3].virtual_start = 0x0a000000;
	CHECK(!hv_config_validate(&config, &platform_board, true, &v));
	CHECK_EQ(v.code, HV_VIOLATION_REGION_IDENTITY);
	CHECK_EQ(v.index, 3);
	config.regions[3].type = HV_REGION_VIRTIO;
	CHECK(!hv_config_validate(&config, &platform_board, true, &v));
	CHECK_EQ(v.code, HV_VIOLATION_REGION_TYPE);
	config = platform_root_zone;
	config.zone_id = 1;
	CHECK(!hv_config_validate(&config, &platform_board, true, &v));
	CHECK_EQ(v.code, HV_VIOLATION_ZONE_ID);
}

static void conflict(const HvZoneConfig *a, const HvZoneConfig *b, enum hv_violation_code code,
		     uint16_t index, uint16_t other)
{
	struct hv_violation v = { 0 };

	CHECK(!hv_config_compatible(a, b, &v));
	CHECK_EQ(v.code, code);
	CHECK_EQ(v.index, index);
	CHECK_EQ(v.other_zone, b->zone_id);
	CHECK_EQ(v.other_index, other);
}

static void test_conflicts(void)
{
	HvZoneConfig a = fixture_zone(1), b = fixture_zone(2);
	struct hv_violation v = { .code = 7 };

	CHECK(hv_config_compatible(&a, &b, &v));
	CHECK_EQ(v.code, 7);
	conflict(&a, &a, HV_VIOLATION_ID_CONFLICT, 0, 0);
	b.cpus = 0x28;
	conflict(&a, &b, HV_VIOLATION_CPU_CONFLICT, 3, 3);
	b = fixture_zone(2);
	b.regions[1].physical_start = a.regions[1].physical_start;
	conflict(&a, &b, HV_VIOLATION_DEVICE_CONFLICT, 1, 1);
	b = fixture_zone(2);
	add_region(&b, HV_REGION_RAM, a.regions[0].physical_start + 0x7fff000, 0x60000000, 0x1000);
	conflict(&a, &b, HV_VIOLATION_RAM_CONFLICT, 0, 3);
	b = fixture_zone(2);
	hv_intid_add(&b.interrupts, 129);
	conflict(&a, &b, HV_VIOLATION_INTERRUPT_CONFLICT, 129, 129);
}

static void test_sharing(void)
{
	HvZoneConfig a = fixture_sharing_zone(1, 0x90000000, 0x2000);
	HvZoneConfig b = fixture_sharing_zone(2, 0x90000000, 0x2000);
	struct hv_violation v;

	CHECK(valid(&a, &v));
	CHECK(hv_config_compatible(&a, &b, &v));
	b.regions[3].size = 0x1000;
	conflict(&a, &b, HV_VIOLATION_RAM_CONFLICT, 3, 3);
	b = fixture_sharing_zone(2, 0x90000000, 0x2000);
	b.regions[3].flags = 0;
	conflict(&a, &b, HV_VIOLATION_RAM_CONFLICT, 3, 3);
	conflict(&b, &a, HV_VIOLATION_RAM_CONFLICT, 3, 3);
}

static void test_translation(void)
{
	HvZoneConfig c = fixture_zone(1);
	uint64_t start = c.regions[0].physical_start, size = c.regions[0].size, ipa = 1;

	CHECK(hv_config_ram_ipa(&c, start + 0x123, 8, &ipa));
	CHECK_EQ(ipa, 0x40000123);
	CHECK(hv_config_ram_ipa(&c, start, size, &ipa));
	CHECK(!hv_config_ram_ipa(&c, start, size + 1, &ipa));
	CHECK(!hv_config_ram_ipa(&c, start - 1, 2, &ipa));
	CHECK(!hv_config_ram_ipa(&c, start, 0, &ipa));
	CHECK(!hv_config_ram_ipa(&c, start + 1, UINT64_MAX, &ipa));
	CHECK(!hv_config_ram_ipa(&c, c.regions[1].physical_start, 8, &ipa));
}

static void test_names(void)
{
	for (uint16_t code = 0; code < HV_VIOLATION_COUNT; code++) {
		const char *name = hv_violation_name(code);

		CHECK(name != NULL && strncmp(name, "zone.", 5) == 0 && strlen(name) > 5);
		for (uint16_t other = 0; other < code; other++)
			CHECK(strcmp(name, hv_violation_name(other)) != 0);
	}
	CHECK(strcmp(hv_violation_name(HV_VIOLATION_COUNT), "zone.unknown") == 0);
	CHECK(strcmp(hv_violation_name(UINT16_MAX), "zone.unknown") == 0);
	CHECK(strcmp(hv_violation_name(HV_VIOLATION_CPU_CONFLICT), "zone.cpu_conflict") == 0);
}

/* The tables above and the conflict tests provoke every code there is. */
static void test_every_code_provoked(void)
{
	static const enum hv_violation_code elsewhere[] = {
		HV_VIOLATION_NONE,
		HV_VIOLATION_CPU_CONFLICT,
		HV_VIOLATION_RAM_CONFLICT,
		HV_VIOLATION_DEVICE_CONFLICT,
		HV_VIOLATION_INTERRUPT_CONFLICT,
		HV_VIOLATION_ID_CONFLICT,
		HV_VIOLATION_REGION_IDENTITY,
	};
	uint64_t seen = 0;

	for (size_t i = 0; i < COUNT(bads); i++)
		seen |= 1ull << bads[i].code;
	for (size_t i = 0; i < COUNT(elsewhere); i++)
		seen |= 1ull << elsewhere[i];
	CHECK_EQ(seen, (1ull << HV_VIOLATION_COUNT) - 1);
}

static void test_violation_word(void)
{
	struct hv_violation v = { 1, 2, 3, 4 };
	struct hv_violation w = hv_violation_unpack(hv_violation_pack(v));

	CHECK(memcmp(&v, &w, sizeof(v)) == 0);
	CHECK_EQ(hv_violation_pack(v), 0x0004000300020001);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		TEST(test_good_configs),   TEST(test_bad_configs),         TEST(test_limits_accepted),
		TEST(test_64_regions),     TEST(test_root_rules),          TEST(test_conflicts),
		TEST(test_sharing),        TEST(test_translation),         TEST(test_names),
		TEST(test_violation_word), TEST(test_every_code_provoked),
	};

	return test_main(tests, COUNT(tests), argc, argv);
}
