/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who owns what. With an operand other than a test's name, "--svg", it prints
 * the picture of a board on which all that can be drawn is drawn, with names
 * that no XML parser would like as they are.
 */
#include "fixtures.h"
#include "resources.h"
#include "test.h"

#define RAM(start, ipa, bytes, how)                                                                          \
	{                                                                                                    \
		HV_REGION_RAM, how, start, ipa, bytes                                                        \
	}

static HvZoneConfig make_zone(uint32_t id, uint64_t cpus, uint64_t start, uint64_t ipa)
{
	return (HvZoneConfig){
		.zone_id = id,
		.cpus = cpus,
		.num_regions = 1,
		.regions = { RAM(start, ipa, 0x10000000, 0) },
	};
}

static struct config_resources *make(const struct config_claim *claims, unsigned count)
{
	const struct config_board board = { .platform = config_platform("qemu-virt"),
					    .root = config_platform_root("qemu-virt") };
	struct config_resources *made;

	CHECK_EQ(config_resources_of(&board, claims, count, &made), 0);
	return made;
}

static const struct config_range_resource *range_at(const struct config_resources *resources, uint64_t at)
{
	for (unsigned i = 0; i < resources->num_ranges; i++)
		if (hv_range_contains(resources->ranges[i].start, resources->ranges[i].size, at, 1))
			return &resources->ranges[i];
	printf("# nothing is known of address %#llx\n", (unsigned long long)at);
	exit(1);
}

static const struct config_interrupt_resource *interrupt(const struct config_resources *resources,
							 uint32_t intid, bool is_virtual)
{
	for (unsigned i = 0; i < resources->num_interrupts; i++)
		if (resources->interrupts[i].intid == intid &&
		    resources->interrupts[i].is_virtual == is_virtual)
			return &resources->interrupts[i];
	return NULL;
}

static enum config_owner_kind kind(const struct config_resources *resources, uint32_t owner)
{
	CHECK(owner < resources->num_owners);
	return resources->owners[owner].kind;
}

static void test_board(void)
{
	struct config_resources *made = make(NULL, 0);
	uint64_t ram = 0;

	CHECK_EQ(made->num_cpus, 4);
	CHECK_EQ(kind(made, made->cpus[0].owner), CONFIG_OWNER_ROOT);
	CHECK_EQ(kind(made, made->cpus[3].owner), CONFIG_OWNER_NOBODY);
	CHECK_EQ(kind(made, range_at(made, 0x40200000)->owner), CONFIG_OWNER_HYPERVISOR);
	CHECK_EQ(range_at(made, 0x40200000)->size, 0x200000);
	CHECK_EQ(kind(made, range_at(made, 0x08000000)->owner), CONFIG_OWNER_HYPERVISOR);
	CHECK_EQ(kind(made, range_at(made, 0x09000000)->owner), CONFIG_OWNER_ROOT);
	CHECK_EQ(kind(made, range_at(made, 0x30a60000)->owner), CONFIG_OWNER_NOBODY);
	CHECK_EQ(range_at(made, 0x50000000)->size, 0x50000000);
	CHECK_EQ(kind(made, interrupt(made, 33, false)->owner), CONFIG_OWNER_ROOT);
	CHECK_EQ(kind(made, interrupt(made, 61, false)->owner), CONFIG_OWNER_NOBODY);
	CHECK(!interrupt(made, 40, false));
	CHECK(interrupt(made, 212, true));
	/* Nothing is counted twice or left out. */
	for (unsigned i = 0; i < made->num_ranges; i++) {
		const struct config_range_resource *range = &made->ranges[i];

		CHECK(i == 0 || range[-1].start + range[-1].size <= range->start);
		ram += range->kind == CONFIG_RANGE_RAM ? range->size : 0;
	}
	CHECK_EQ(ram, 0x80000000);
	config_resources_free(made);
}

static void test_zones(void)
{
	HvZoneConfig one = make_zone(1, 4, 0x50000000, 0x40000000),
		     two = make_zone(2, 12, 0x58000000, 0x58000000);
	const struct config_claim claims[] = { { &one, "one" }, { &two, "two" } };
	const struct config_range_resource *range;
	struct config_resources *made;

	hv_intid_add(&one.interrupts, 61);
	hv_intid_add(&two.interrupts, 61);
	hv_intid_add(&two.virtual_interrupts, 61);
	made = make(claims, 2);
	CHECK(strcmp(made->owners[made->cpus[2].owner].name, "one") == 0);
	CHECK(strcmp(made->owners[made->cpus[2].other].name, "two") == 0);
	CHECK(strcmp(made->owners[made->cpus[3].owner].name, "two") == 0);
	CHECK_EQ(made->cpus[3].other, CONFIG_NO_OWNER);
	range = range_at(made, 0x50000000);
	CHECK_EQ(range->size, 0x8000000);
	CHECK_EQ(range->guest_start, 0x40000000);
	CHECK_EQ(range->other, CONFIG_NO_OWNER);
	range = range_at(made, 0x58000000);
	CHECK(strcmp(made->owners[range->owner].name, "one") == 0 && !range->shared);
	CHECK(strcmp(made->owners[range->other].name, "two") == 0);
	CHECK_EQ(range->guest_start, 0x48000000);
	CHECK_EQ(kind(made, range_at(made, 0x68000000)->owner), CONFIG_OWNER_NOBODY);
	CHECK(interrupt(made, 61, false)->other != CONFIG_NO_OWNER);
	CHECK(interrupt(made, 61, true)->other == CONFIG_NO_OWNER);
	config_resources_free(made);
}

static void test_shared(void)
{
	HvZoneConfig one = make_zone(1, 4, 0x50000000, 0x50000000),
		     two = make_zone(2, 8, 0x50000000, 0x50000000);
	const struct config_claim claims[] = { { &one, "one" }, { &two, "two" } };
	struct config_resources *made;

	one.regions[0].flags = HV_REGION_SHARED;
	made = make(claims, 2);
	CHECK(!range_at(made, 0x50000000)->shared);
	config_resources_free(made);
	two.regions[0].flags = HV_REGION_SHARED;
	made = make(claims, 2);
	CHECK(range_at(made, 0x50000000)->shared);
	config_resources_free(made);
}

/* The last byte there can be, ranges that wrap, and more regions than fit. */
static void test_hostile(void)
{
	HvZoneConfig one = make_zone(1, ~0ull, 0xfffffffffffff000, 0);
	const struct config_claim claims[] = { { &one, NULL } };
	struct config_resources *made;
	struct json_out json = { 0 };
	FILE *out = fopen("/dev/null", "we");

	one.regions[0].size = 0x1000;
	one.regions[1] = (struct hv_memory_region)RAM(0xfffffffffffff000, 0, 0x2000, 0);
	one.regions[2] = (struct hv_memory_region)RAM(0, 0, UINT64_MAX, 0);
	one.regions[3] = (struct hv_memory_region)RAM(5, 0, 0, 0);
	one.regions[4].type = 77;
	one.num_regions = UINT32_MAX;
	memset(one.name, 'x', sizeof(one.name));
	made = make(claims, 1);
	CHECK_EQ(range_at(made, UINT64_MAX)->size, 0x1000);
	CHECK_EQ(strlen(made->owners[made->num_owners - 1].name), HV_NAME_SIZE - 1);
	config_resources_json(made, &json);
	CHECK(!json.failed && json.length > 0);
	json_out_fini(&json);
	CHECK(out);
	CHECK_EQ(config_resources_svg(made, out), 0);
	fclose(out);
	config_resources_free(made);
}

static int print_svg(void)
{
	HvZoneConfig one = make_zone(1, 4, 0x50000000, 0x40000000),
		     two = make_zone(2, 12, 0x58000000, 0x58000000);
	HvZoneConfig far = make_zone(3, 0, 0x900000000, 0);
	const struct config_claim claims[] = {
		{ &one, "<b>\"&' ]]>" },
		{ &two, "\xff\xc0\x80\x01\xed\xa0\x80 \xe4\xba\x8c" },
		{ &far, "a name of thirty one characters" },
	};
	struct config_resources *made;
	int r;

	for (uint32_t i = 0; i < 40; i++)
		hv_intid_add(&one.interrupts, 200 + 2 * i);
	hv_intid_add(&two.interrupts, 200);
	hv_intid_add(&two.virtual_interrupts, 78);
	made = make(claims, 3);
	r = config_resources_svg(made, stdout);
	config_resources_free(made);
	return r == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		TEST(test_board),
		TEST(test_zones),
		TEST(test_shared),
		TEST(test_hostile),
	};

	if (argc == 2 && strcmp(argv[1], "--svg") == 0)
		return print_svg();
	return test_main(tests, COUNT(tests), argc, argv);
}
