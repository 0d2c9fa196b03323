/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What good files turn into, and what cannot be said with one file and its expectation. */
#include <errno.h>
#include <sys/stat.h>

#include "config.h"
#include "fixtures.h"
#include "mac.h"
#include "reason.h"
#include "test.h"

static const char specification[] =
	"{ \"arch\": \"arm64\", \"zone_id\": 1, \"cpus\": [2, 3], \"memory_regions\": ["
	"{ \"type\": \"ram\", \"physical_start\": \"0x50000000\", \"virtual_start\": \"0x50000000\","
	"  \"size\": \"0x30000000\" },"
	"{ \"type\": \"io\", \"physical_start\": \"0x30a60000\", \"virtual_start\": \"0x30a60000\","
	"  \"size\": \"0x1000\" },"
	"{ \"type\": \"virtio\", \"physical_start\": \"0xa003c00\", \"virtual_start\": \"0xa003c00\","
	"  \"size\": \"0x200\" }],"
	"\"interrupts\": [61, 75, 76, 78], \"kernel_filepath\": \"./Image\", \"dtb_filepath\": "
	"\"./linux2.dtb\","
	"\"kernel_load_paddr\": \"0x50400000\", \"dtb_load_paddr\": \"0x50000000\","
	"\"entry_point\": \"0x50400000\" }";

static const char console[] =
	"{ \"zones\": [{ \"id\": 1, \"devices\": [{ \"type\": \"console\", \"addr\": \"0xa003c00\","
	" \"len\": \"0x200\", \"irq\": 78 }] }] }";

/* One check and what came out of it. */
static struct config_zone **zones;
static unsigned num_zones;
static struct config_findings findings;

static void put(const char *path, const char *text)
{
	FILE *out = fopen(path, "we");

	CHECK(out && fputs(text, out) >= 0 && fclose(out) == 0);
}

static void check(const char *a, const char *b)
{
	const char *const paths[] = { a, b };

	const struct config_board board = { .platform = config_platform("qemu-virt"),
					    .root = config_platform_root("qemu-virt") };

	CHECK_EQ(config_check(paths, b ? 2 : 1, &board, &zones, &num_zones, &findings), 0);
}

static void done(void)
{
	for (unsigned i = 0; i < num_zones; i++)
		config_zone_free(zones[i]);
	free(zones);
	config_findings_fini(&findings);
	fixture_leave();
}

static void test_specification(void)
{
	const HvZoneConfig *hv;

	fixture_enter();
	put("linux2.json", specification);
	check("linux2.json", NULL);
	CHECK_EQ(findings.count, 0);
	CHECK_EQ(num_zones, 1);
	hv = &zones[0]->hv;
	CHECK_EQ(hv->zone_id, 1);
	CHECK_EQ(hv->cpus, 0xc);
	CHECK_EQ(hv->num_cpus, 2);
	CHECK_EQ(hv->flags, 0);
	CHECK_EQ(hv->num_regions, 3);
	CHECK_EQ(hv->regions[1].type, HV_REGION_IO);
	CHECK_EQ(hv->regions[1].physical_start, 0x30a60000);
	CHECK_EQ(hv->regions[2].virtual_start, 0xa003c00);
	CHECK_EQ(hv->regions[2].size, 0x200);
	CHECK_EQ(hv->interrupts.word[1], 1u << 29);
	CHECK_EQ(hv->interrupts.word[2], 1u << 11 | 1u << 12 | 1u << 14);
	CHECK_EQ(hv->entry_point, 0x50400000);
	CHECK_EQ(hv->kernel_load_paddr, 0x50400000);
	CHECK_EQ(hv->kernel_size, 4096);
	CHECK_EQ(hv->dtb_load_paddr, 0x50000000);
	CHECK(hv->dtb_size > 0);
	CHECK(memcmp(&hv->gic, &config_platform("qemu-virt")->gic, sizeof(hv->gic)) == 0);
	CHECK(strcmp(hv->name, "linux2") == 0 && strcmp(zones[0]->name, "linux2") == 0);
	CHECK(strcmp(zones[0]->images[0].path, "./Image") == 0);
	CHECK_EQ(zones[0]->num_devices, 0);
	done();
}

static void test_console(void)
{
	const HvZoneConfig *hv;

	fixture_enter();
	put("linux2.json", specification);
	put("virtio.json", console);
	CHECK_EQ(rename("console.dtb", "linux2.dtb"), 0);
	check("virtio.json", "linux2.json");
	CHECK_EQ(findings.count, 0);
	CHECK_EQ(num_zones, 1);
	hv = &zones[0]->hv;
	CHECK_EQ(hv->flags, HV_CONFIG_ROOT_SEES_RAM);
	CHECK(!hv_intid_test(&hv->interrupts, 78) && hv_intid_test(&hv->virtual_interrupts, 78));
	CHECK(hv_intid_test(&hv->interrupts, 76));
	CHECK_EQ(zones[0]->num_devices, 1);
	CHECK_EQ(zones[0]->devices[0].type, CONFIG_DEVICE_CONSOLE);
	CHECK_EQ(zones[0]->devices[0].ipa, 0xa003c00);
	CHECK_EQ(zones[0]->devices[0].size, 0x200);
	CHECK_EQ(zones[0]->devices[0].intid, 78);
	done();
}

/* Paths start at the file's folder, wherever the process is. */
static void test_folder(void)
{
	fixture_enter();
	put("folder/zone7.json", specification);
	CHECK_EQ(rename("Image", "folder/Image"), 0);
	CHECK_EQ(rename("linux2.dtb", "folder/linux2.dtb"), 0);
	check("folder/zone7.json", NULL);
	CHECK_EQ(findings.count, 0);
	CHECK(strcmp(zones[0]->images[0].path, "folder/./Image") == 0);
	CHECK(strcmp(zones[0]->images[1].path, "folder/./linux2.dtb") == 0);
	CHECK(strcmp(zones[0]->name, "zone7") == 0);
	done();
}

static void test_number_as_file_name(void)
{
	fixture_enter();
	put("12.json", specification);
	check("12.json", NULL);
	CHECK_EQ(findings.count, 0);
	CHECK(strcmp(zones[0]->hv.name, "zone12") == 0);
	done();
}

static void test_unreadable(void)
{
	fixture_enter();
	check("nothing.json", "folder");
	CHECK_EQ(findings.count, 2);
	CHECK_EQ(num_zones, 0);
	CHECK(strcmp(findings.list[0].reason, REASON_FILE_UNREADABLE) == 0);
	CHECK(strcmp(findings.list[1].reason, REASON_FILE_NOT_REGULAR) == 0);
	done();
}

/* A pipe that nobody writes to does not hold the check up. */
static void test_pipe(void)
{
	fixture_enter();
	CHECK_EQ(mkfifo("pipe.json", 0600), 0);
	check("pipe.json", NULL);
	CHECK_EQ(findings.count, 1);
	CHECK(strcmp(findings.list[0].reason, REASON_FILE_NOT_REGULAR) == 0);
	done();
}

static void test_limit_of_findings(void)
{
	FILE *out;

	fixture_enter();
	out = fopen("many.json", "we");
	CHECK(out);
	fputs("{", out);
	for (unsigned i = 0; i < 50000; i++)
		fprintf(out, "\"key%u\": %u,\n", i, i);
	fputs("\"zone_id\": 1 }", out);
	fclose(out);
	check("many.json", NULL);
	CHECK_EQ(findings.count, 101);
	CHECK_EQ(findings.errors, 101);
	CHECK(strcmp(findings.list[100].reason, REASON_MORE) == 0);
	done();
}

/* An error in a virtio file speaks against the zone it serves, and against no other. */
static void test_goodness(void)
{
	fixture_enter();
	put("linux2.json", specification);
	put("virtio.json",
	    "{ \"zones\": [{ \"id\": 1, \"devices\": [{ \"type\": \"blk\", \"addr\": \"0xa003c00\","
	    " \"len\": \"0x200\", \"irq\": 78 }] }] }");
	check("linux2.json", "virtio.json");
	CHECK_EQ(findings.errors, 1);
	CHECK(strcmp(findings.list[0].file, "virtio.json") == 0);
	CHECK(!config_zone_is_good(zones[0]));
	done();
	fixture_enter();
	put("linux2.json", specification);
	put("virtio.json", "{ \"zones\": [{ \"id\": 2, \"devices\": [{ \"type\": \"blk\" }] }] }");
	check("linux2.json", "virtio.json");
	CHECK(findings.errors > 0);
	CHECK(config_zone_is_good(zones[0]));
	done();
}

static void test_list(void)
{
	static const char *const names[] = { "b.json",  "a.json",     ".a.json", "#a.json",
					     "a.json~", "a.json.swp", ".json" };
	char **paths;
	unsigned count;

	fixture_enter();
	for (size_t i = 0; i < COUNT(names); i++) {
		char path[64];

		snprintf(path, sizeof(path), "folder/%s", names[i]);
		put(path, "");
	}
	CHECK_EQ(config_list_dir("folder", &paths, &count), 0);
	CHECK_EQ(count, 2);
	CHECK(strcmp(paths[0], "folder/a.json") == 0 && strcmp(paths[1], "folder/b.json") == 0);
	for (unsigned i = 0; i < count; i++)
		free(paths[i]);
	free(paths);
	CHECK_EQ(config_list_dir("nowhere", &paths, &count), -ENOENT);
	fixture_leave();
}

static void test_platform(void)
{
	struct hv_violation violation;

	CHECK(!config_platform("nothing") && !config_platform_root("nothing"));
	CHECK(hv_config_validate(config_platform_root("qemu-virt"), config_platform("qemu-virt"), true,
				 &violation));
}

static const char networks[] = "{ \"zones\": [{ \"id\": 1, \"devices\": ["
			       "{ \"type\": \"net\", \"addr\": \"0xa003c00\", \"len\": \"0x200\", \"irq\": "
			       "78, \"bridge\": \"br0\" }] "
			       "}] }";

static void test_network(void)
{
	const struct config_device *device;
	uint8_t derived[CONFIG_MAC_SIZE];

	fixture_enter();
	put("zone.json", specification);
	put("virtio.json", networks);
	check("zone.json", "virtio.json");
	CHECK_EQ(findings.errors, 0);
	device = &zones[0]->devices[0];
	CHECK(strcmp(device->tap, "hv1n0") == 0 && strcmp(device->bridge, "br0") == 0);
	CHECK_EQ(device->queues, 1);
	mac_derive(1, 0, derived);
	CHECK(memcmp(device->mac, derived, sizeof(derived)) == 0);
	done();
}

/* Of one interface, local, the same each time, and another for each machine, zone and device. */
static void test_derived_addresses(void)
{
	static const char *const machines[] = { "", "0123456789abcdef0123456789abcdef",
						"0123456789abcdef0123456789abcdee" };
	uint8_t all[3 * 4 * 4][CONFIG_MAC_SIZE], again[CONFIG_MAC_SIZE];
	unsigned count = 0;

	for (unsigned machine = 0; machine < 3; machine++) {
		for (uint32_t i = 0; i < 16; i++, count++) {
			mac_derive_on(machines[machine], i / 4, i % 4, all[count]);
			mac_derive_on(machines[machine], i / 4, i % 4, again);
			CHECK(memcmp(all[count], again, sizeof(again)) == 0);
			CHECK_EQ(all[count][0] & 3, 2);
			for (unsigned j = 0; j < count; j++)
				CHECK(memcmp(all[count], all[j], sizeof(again)) != 0);
		}
	}
	/* It never changes: whoever gave it an address by DHCP would not know it again. */
	CHECK(memcmp(all[16], "\x76\xd7\xa7\x6d\x0b\x4d", 6) == 0);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		TEST(test_specification),
		TEST(test_console),
		TEST(test_folder),
		TEST(test_number_as_file_name),
		TEST(test_unreadable),
		TEST(test_pipe),
		TEST(test_limit_of_findings),
		TEST(test_goodness),
		TEST(test_list),
		TEST(test_platform),
		TEST(test_network),
		TEST(test_derived_addresses),
	};

	return test_main(tests, COUNT(tests), argc, argv);
}
