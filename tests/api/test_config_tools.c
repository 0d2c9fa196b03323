/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands beside the check: directories, digests, places, policies, boards, differences. */
#include <errno.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "fixtures.h"
#include "reason.h"
#include "sha256.h"
#include "test.h"

#define SMALL                                                                                                \
	"\"cpus\": [2], \"kernel_filepath\": \"Image\", \"memory_regions\": [{ \"type\": \"ram\","           \
	" \"physical_start\": \"0x50000000\", \"virtual_start\": \"0x40000000\", \"size\": \"0x10000000\" "  \
	"}]"

static struct config_board *board;
static struct config_zone **zones;
static unsigned num_zones;
static struct config_findings findings;

static void put(const char *path, const char *text)
{
	FILE *out = fopen(path, "we");

	CHECK(out && fputs(text, out) >= 0 && fclose(out) == 0);
}

static void enter(void)
{
	struct config_findings none;

	fixture_enter();
	CHECK_EQ(config_board_load("qemu-virt", NULL, NULL, &board, &none), 0);
	CHECK_EQ(none.count, 0);
}

static void check(const char *path)
{
	CHECK_EQ(config_check(&path, 1, board, &zones, &num_zones, &findings), 0);
}

static void drop(void)
{
	for (unsigned i = 0; i < num_zones; i++)
		config_zone_free(zones[i]);
	free(zones);
	config_findings_fini(&findings);
}

static void leave(void)
{
	config_board_free(board);
	fixture_leave();
}

static void test_overlay(void)
{
	static const char *const dirs[] = { "etc", "nowhere", "usr" };
	static const char *const expected[] = { "usr/a.json", "etc/b.json", "etc/e.json", "usr/f.json" };
	char **paths;
	unsigned count;

	fixture_enter();
	CHECK(mkdir("etc", 0777) == 0 && mkdir("usr", 0777) == 0);
	put("usr/a.json", "{}");
	put("usr/b.json", "{}");
	put("usr/c.json", "{}");
	put("usr/d.json", "{}");
	put("usr/f.json", "{}");
	put("etc/b.json", "{}");
	put("etc/e.json", "{}");
	put("etc/c.json", "");
	CHECK_EQ(symlink("/dev/null", "etc/d.json"), 0);
	CHECK_EQ(config_list_dirs(dirs, 3, &paths, &count), 0);
	CHECK_EQ(count, COUNT(expected));
	for (unsigned i = 0; i < count; i++) {
		CHECK(strcmp(paths[i], expected[i]) == 0);
		free(paths[i]);
	}
	free(paths);
	/* With nothing below it an empty file is a broken one; a link to /dev/null means what it says. */
	CHECK_EQ(config_list_dirs(dirs, 1, &paths, &count), 0);
	CHECK_EQ(count, 3);
	for (unsigned i = 0; i < count; i++)
		free(paths[i]);
	free(paths);
	fixture_leave();
}

static void check_digest(const char *piece, unsigned times, const char *expected)
{
	char text[2 * SHA256_SIZE + 1];
	uint8_t digest[SHA256_SIZE];
	struct sha256 sha;

	sha256_init(&sha);
	for (unsigned i = 0; i < times; i++)
		sha256_add(&sha, piece, strlen(piece));
	sha256_end(&sha, digest);
	for (unsigned i = 0; i < SHA256_SIZE; i++)
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
	CHECK(strcmp(text, expected) == 0);
}

/* The first three are NIST's examples; the others end around the length of a block. */
static void test_sha256(void)
{
	check_digest("abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	check_digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
		     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	check_digest("a", 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	check_digest("", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	check_digest("a", 55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318");
	check_digest("a", 56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a");
	check_digest("a", 64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb");
}

/* The fixture's Image is 4096 zeros. */
static void test_verify(void)
{
	atomic_bool stop = true, go = false;
	const struct config_image *image;

	enter();
	put("z.json", "{ \"zone_id\": 1, " SMALL ", \"sha256\": { \"kernel_filepath\": "
		      "\"ad7facb2586fc6e966c004d7d1d16b024f5805ff7cb47c7a85dabd8b48892ca7\" } }");
	check("z.json");
	CHECK_EQ(findings.count, 0);
	image = config_zone_image(zones[0], CONFIG_IMAGE_KERNEL);
	CHECK_EQ(config_image_verify(image, NULL), 0);
	CHECK_EQ(config_image_verify(image, &go), 0);
	CHECK_EQ(config_image_verify(image, &stop), -ECANCELED);
	CHECK_EQ(config_zone_verify(zones[0], &findings), 0);
	CHECK(findings.count == 0 && config_zone_is_good(zones[0]));
	put("Image", "something else");
	CHECK_EQ(config_image_verify(image, NULL), -EKEYREJECTED);
	CHECK_EQ(config_zone_verify(zones[0], &findings), 0);
	CHECK(findings.errors == 1 && !config_zone_is_good(zones[0]));
	CHECK(strcmp(findings.list[0].reason, REASON_IMAGE_SHA256) == 0);
	CHECK(strcmp(findings.list[0].pointer, "/sha256/kernel_filepath") == 0 && findings.list[0].line == 1);
	CHECK_EQ(unlink("Image"), 0);
	CHECK_EQ(config_image_verify(image, NULL), -ENOENT);
	CHECK_EQ(config_image_verify(config_zone_image(zones[0], CONFIG_IMAGE_DTB), NULL), 0);
	drop();
	leave();
}

/* Twelve lines of JSON: everything else is chosen. */
static void test_places(void)
{
	const struct config_image *initrd, *tree;
	const HvZoneConfig *hv;

	enter();
	put("z.json", "{ \"zone_id\": 1, " SMALL ", \"initrd_filepath\": \"linux.Image\" }");
	check("z.json");
	CHECK_EQ(findings.count, 0);
	hv = &zones[0]->hv;
	initrd = config_zone_image(zones[0], CONFIG_IMAGE_INITRD);
	tree = config_zone_image(zones[0], CONFIG_IMAGE_DTB);
	CHECK(initrd && tree);
	CHECK_EQ(hv->kernel_load_paddr, 0x50000000);
	CHECK_EQ(hv->entry_point, 0x40000000);
	CHECK_EQ(initrd->paddr, 0x5fe00000);
	CHECK_EQ(tree->paddr, 0x5fc00000);
	CHECK_EQ(hv->dtb_load_paddr, tree->paddr);
	CHECK_EQ(hv->dtb_size, tree->size);
	CHECK(tree->data && !tree->path);
	drop();
	/* What is given stays, and what is chosen keeps out of its way. */
	put("z.json", "{ \"zone_id\": 1, " SMALL
		      ", \"initrd_filepath\": \"linux.Image\", \"dtb_load_paddr\": \"0x5fe00000\","
		      " \"modules\": [{ \"filepath\": \"Image\", \"load_paddr\": \"0x50000000\" }] }");
	check("z.json");
	CHECK_EQ(findings.count, 0);
	CHECK_EQ(zones[0]->hv.kernel_load_paddr, 0x50200000);
	CHECK_EQ(zones[0]->hv.entry_point, 0x40200000);
	CHECK_EQ(zones[0]->hv.dtb_load_paddr, 0x5fe00000);
	CHECK_EQ(config_zone_image(zones[0], CONFIG_IMAGE_INITRD)->paddr, 0x5fc00000);
	drop();
	leave();
}

/* A tree that a command line was put into is loaded from memory, not from its file. */
static void test_patched_tree(void)
{
	const struct config_image *tree;

	enter();
	put("z.json",
	    "{ \"zone_id\": 1, \"cpus\": [2, 3], \"memory_regions\": ["
	    "{ \"type\": \"ram\", \"physical_start\": \"0x50000000\", \"virtual_start\": \"0x50000000\","
	    "  \"size\": \"0x30000000\" }], \"kernel_filepath\": \"Image\", \"dtb_filepath\": \"linux2.dtb\","
	    "\"kernel_args\": \"loglevel=7\" }");
	check("z.json");
	CHECK_EQ(findings.errors, 0);
	tree = config_zone_image(zones[0], CONFIG_IMAGE_DTB);
	CHECK(tree && tree->data && strcmp(tree->path, "linux2.dtb") == 0);
	CHECK(memmem(tree->data, tree->size, "loglevel=7", sizeof("loglevel=7")) != NULL);
	drop();
	leave();
}

static void test_policy(void)
{
	const struct config_policy *policy;

	enter();
	put("z.json", "{ \"zone_id\": 1, " SMALL " }");
	check("z.json");
	policy = &zones[0]->policy;
	CHECK(!policy->autostart && policy->restart == CONFIG_RESTART_NO);
	CHECK_EQ(policy->restart_limit, 5);
	CHECK_EQ(policy->restart_delay_ms, 1000);
	CHECK_EQ(policy->stop_timeout_ms, 30000);
	CHECK_EQ(policy->num_after, 0);
	drop();
	put("z.json",
	    "{ \"zone_id\": 1, " SMALL ", \"autostart\": true, \"restart\": \"always\", \"restart_limit\": 0,"
	    "\"restart_delay_ms\": \"0x10\", \"stop_timeout_ms\": 7, \"after\": [0, \"root\"] }");
	check("z.json");
	CHECK_EQ(findings.count, 0);
	policy = &zones[0]->policy;
	CHECK(policy->autostart && policy->restart == CONFIG_RESTART_ALWAYS);
	CHECK_EQ(policy->restart_limit, 0);
	CHECK_EQ(policy->restart_delay_ms, 16);
	CHECK_EQ(policy->stop_timeout_ms, 7);
	CHECK_EQ(policy->num_after, 2);
	CHECK(strcmp(policy->after[0], "0") == 0 && strcmp(policy->after[1], "root") == 0);
	drop();
	leave();
}

static struct config_view view_of(const struct config_zone *zone)
{
	return (struct config_view){
		.hv = &zone->hv,
		.name = zone->name,
		.num_images = zone->num_images,
		.images = zone->images,
		.num_devices = zone->num_devices,
		.devices = zone->devices,
		.policy = &zone->policy,
	};
}

static const struct config_difference *find(const struct config_difference *list, unsigned count,
					    const char *pointer)
{
	for (unsigned i = 0; i < count; i++)
		if (strcmp(list[i].pointer, pointer) == 0)
			return &list[i];
	return NULL;
}

static void test_diff(void)
{
	struct config_difference *list;
	const struct config_difference *found;
	struct config_zone *then;
	struct config_view view;
	unsigned count;

	enter();
	put("z.json", "{ \"zone_id\": 1, " SMALL ", \"interrupts\": [61] }");
	check("z.json");
	then = zones[0];
	view = view_of(then);
	CHECK_EQ(config_zone_diff(then, &view, &list, &count), 0);
	CHECK(count == 0 && !list);
	free(zones);
	config_findings_fini(&findings);
	put("z.json", "{ \"zone_id\": 1, " SMALL ", \"interrupts\": [61, 75], \"name\": \"other\","
		      " \"restart\": \"always\", \"initrd_filepath\": \"linux.Image\" }");
	check("z.json");
	CHECK_EQ(config_zone_diff(zones[0], &view, &list, &count), 0);
	found = find(list, count, "/name");
	CHECK(found && strcmp(found->then, "z") == 0 && strcmp(found->now, "other") == 0);
	found = find(list, count, "/interrupts");
	CHECK(found && strcmp(found->then, "61") == 0 && strcmp(found->now, "61, 75") == 0);
	found = find(list, count, "/restart");
	CHECK(found && strcmp(found->then, "no") == 0 && strcmp(found->now, "always") == 0);
	found = find(list, count, "/initrd_filepath");
	CHECK(found && !found->then && strcmp(found->now, "linux.Image, 4096 bytes") == 0);
	CHECK(find(list, count, "/dtb_filepath") && !find(list, count, "/cpus"));
	config_differences_free(list, count);
	view.policy = NULL;
	CHECK_EQ(config_zone_diff(zones[0], &view, &list, &count), 0);
	CHECK(!find(list, count, "/restart"));
	config_differences_free(list, count);
	config_zone_free(then);
	drop();
	leave();
}

static void load_badly(const char *platform, const char *root, const char *tree, const char *reason)
{
	struct config_board *none = NULL;

	CHECK_EQ(config_board_load(platform, root, tree, &none, &findings), -EINVAL);
	CHECK(!none && findings.errors > 0 && strcmp(findings.list[0].reason, reason) == 0);
	config_findings_fini(&findings);
}

static void test_board(void)
{
	struct config_board *made;

	fixture_enter();
	load_badly("nothing", NULL, NULL, REASON_BOARD_UNKNOWN);
	load_badly("nothing.json", NULL, NULL, REASON_FILE_UNREADABLE);
	load_badly("./folder", NULL, NULL, REASON_FILE_NOT_REGULAR);
	load_badly("qemu-virt", "nothing.json", NULL, REASON_FILE_UNREADABLE);
	load_badly("qemu-virt", NULL, "nothing.dtb", REASON_FILE_UNREADABLE);
	load_badly("qemu-virt", NULL, "garbage.dtb", REASON_DTB_BAD);
	put("array.json", "[]");
	load_badly("array.json", NULL, NULL, REASON_TYPE);
	load_badly("qemu-virt", "array.json", NULL, REASON_TYPE);
	put("root.json",
	    "{ \"zone_id\": 0, \"cpus\": [0], \"memory_regions\": [{ \"type\": \"ram\","
	    "\"physical_start\": \"0xa0000000\", \"virtual_start\": \"0xa0000000\", \"size\": 4096 }] }");
	CHECK_EQ(config_board_load("qemu-virt", "root.json", "linux2.dtb", &made, &findings), 0);
	CHECK_EQ(findings.count, 0);
	CHECK_EQ(made->root->cpus, 1);
	CHECK_EQ(made->root->num_regions, 1);
	CHECK(strcmp(made->root->name, "root") == 0);
	CHECK(made->root_tree && made->root_tree_size > 0);
	config_board_free(made);
	CHECK_EQ(config_board_load("qemu-virt", NULL, NULL, &made, &findings), 0);
	CHECK(made->root && made->root->cpus == 3 && !made->root_tree);
	config_board_free(made);
	fixture_leave();
}

/* A thousand files that all claim the same tell of some rivals each, not of all. */
static void test_thousand(void)
{
	char *paths[1000];

	enter();
	for (unsigned i = 0; i < COUNT(paths); i++) {
		char text[512];

		CHECK(asprintf(&paths[i], "z%03u.json", i) > 0);
		snprintf(text, sizeof(text), "{ \"zone_id\": %u, " SMALL " }", i % 31 + 1);
		put(paths[i], text);
	}
	CHECK_EQ(config_check((const char *const *)paths, COUNT(paths), board, &zones, &num_zones, &findings),
		 0);
	CHECK_EQ(num_zones, 1000);
	CHECK(findings.count >= 1000 && findings.count <= 1000 * 30);
	for (unsigned i = 0; i < COUNT(paths); i++) {
		CHECK(!config_zone_is_good(zones[i]));
		free(paths[i]);
	}
	drop();
	leave();
}

/* Too few descriptors are the process's trouble: no file is called broken. */
static void test_shortage(void)
{
	const char *path = "z.json";
	struct rlimit old, none;

	enter();
	put(path, "{ \"zone_id\": 1, " SMALL " }");
	CHECK_EQ(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = (struct rlimit){ .rlim_cur = 0, .rlim_max = old.rlim_max };
	CHECK_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
	zones = NULL;
	num_zones = 7;
	CHECK_EQ(config_check(&path, 1, board, &zones, &num_zones, &findings), -EMFILE);
	CHECK(!zones && num_zones == 7);
	CHECK_EQ(setrlimit(RLIMIT_NOFILE, &old), 0);
	check(path);
	CHECK_EQ(findings.count, 0);
	drop();
	leave();
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		TEST(test_overlay),      TEST(test_sha256),   TEST(test_verify), TEST(test_places),
		TEST(test_patched_tree), TEST(test_policy),   TEST(test_diff),   TEST(test_board),
		TEST(test_thousand),     TEST(test_shortage),
	};

	return test_main(tests, COUNT(tests), argc, argv);
}
