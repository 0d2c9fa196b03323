/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Trees that mean harm: cut, bent, deep, wide, and full of circles. What they are called is theirs; that it ends is ours. */
#include <errno.h>

#include <libfdt.h>

#include "tree_rig.h"

#define LARGE TREE_MAX_SIZE

static const struct tree_chosen some = { .bootargs = "line", .initrd = { 0x4a000000, 0x1000 } };

/* Whatever is done with trees, to a copy exactly as long as it is: the sanitizer sees each byte too much. */
static int try_all(const void *tree, size_t size)
{
	void *copy = malloc(size > 0 ? size : 1), *made = NULL;
	size_t made_size = 0;
	int checked, patched;

	CHECK(copy);
	memcpy(copy, tree, size);
	rig_findings[0] = '\0';
	checked = tree_check(copy, size, &rig_zone, &rig_sink);
	patched = tree_patch(copy, size, &some, &made, &made_size);
	CHECK(checked == 0 || checked == -EBADMSG);
	CHECK(checked == 0 || patched == -EBADMSG);
	if (patched == 0) {
		rig_findings[0] = '\0';
		CHECK_EQ(tree_check(made, made_size, &rig_zone, &rig_sink), 0);
		free(made);
	}
	rig_board =
		(struct config_board){ .platform = &rig_platform, .root_tree = copy, .root_tree_size = size };
	rig_findings[0] = '\0';
	made = NULL;
	if (tree_make(&rig_zone, &rig_board, &some, &rig_sink, &made, &made_size) == 0) {
		rig_findings[0] = '\0';
		CHECK_EQ(tree_check(made, made_size, &rig_zone, &rig_sink), 0);
	}
	free(made);
	free(copy);
	return checked;
}

static void begin(void)
{
	rig_reset();
	rig_make(NULL);
	rig_cells("/serial@30a60000", "reg", 4, 0, 0x30a60000, 0, 0x1000);
	rig_cells("/serial@30a60000", "interrupts", 3, 0, 29, 4);
	rig_cells("/serial@30a60000", "clocks", 1, 4);
	CHECK_EQ(fdt_pack(rig_tree), 0);
	rig_size = fdt_totalsize(rig_tree);
}

static void test_cut(void)
{
	begin();
	for (size_t size = 0; size < rig_size; size++)
		CHECK_EQ(try_all(rig_tree, size), -EBADMSG);
	CHECK_EQ(try_all(rig_tree, rig_size), 0);
}

/* Every cell of the tree becomes every number that means something somewhere. */
static void test_bent(void)
{
	static const uint32_t numbers[] = { 0, 1,  2,          3,          4,          5,
					    9, 64, 0x7fffffff, 0x80000000, 0xfffffffc, 0xffffffff };
	uint8_t *tree;

	begin();
	tree = rig_tree;
	for (size_t at = 0; at + 4 <= rig_size; at += 4) {
		uint8_t kept[4];

		memcpy(kept, tree + at, 4);
		for (size_t i = 0; i < COUNT(numbers); i++) {
			fdt32_t number = cpu_to_fdt32(numbers[i]);

			memcpy(tree + at, &number, 4);
			try_all(tree, rig_size);
		}
		memcpy(tree + at, kept, 4);
	}
}

/* A large tree under way: fdt_begin_node() and so on follow, then finish(). */
static void *start_large(void)
{
	void *tree = malloc(LARGE);

	rig_reset();
	CHECK(tree && fdt_create(tree, (int)LARGE) == 0 && fdt_finish_reservemap(tree) == 0);
	CHECK_EQ(fdt_begin_node(tree, ""), 0);
	return tree;
}

static int finish(void *tree)
{
	int r;

	CHECK_EQ(fdt_end_node(tree), 0);
	CHECK_EQ(fdt_finish(tree), 0);
	r = try_all(tree, fdt_totalsize(tree));
	free(tree);
	return r;
}

static int nest(unsigned levels)
{
	void *tree = start_large();

	for (unsigned i = 1; i < levels; i++)
		CHECK_EQ(fdt_begin_node(tree, "a"), 0);
	for (unsigned i = 1; i < levels; i++)
		CHECK_EQ(fdt_end_node(tree), 0);
	return finish(tree);
}

static void test_deep(void)
{
	CHECK_EQ(nest(TREE_MAX_DEPTH), 0);
	CHECK_EQ(nest(TREE_MAX_DEPTH + 1), -EBADMSG);
	CHECK_EQ(nest(500000), -EBADMSG);
}

static int spread(unsigned nodes)
{
	void *tree = start_large();

	for (unsigned i = 1; i < nodes; i++)
		CHECK(fdt_begin_node(tree, "a") == 0 && fdt_end_node(tree) == 0);
	return finish(tree);
}

static void test_wide(void)
{
	CHECK_EQ(spread(TREE_MAX_NODES - 1), 0); /* a patch adds one */
	CHECK_EQ(spread(TREE_MAX_NODES + 1), -EBADMSG);
}

static void test_names(void)
{
	static char name[300];
	void *tree = start_large();

	memset(name, '\xff', TREE_MAX_NAME);
	CHECK(fdt_begin_node(tree, name) == 0 && fdt_property(tree, "reg", name, TREE_MAX_NAME + 1) == 0);
	CHECK_EQ(fdt_property(tree, name, "", 0), 0);
	CHECK_EQ(fdt_end_node(tree), 0);
	CHECK_EQ(finish(tree), 0);
	for (const char *at = rig_findings; *at; at++)
		CHECK(*at == '\n' || (*at >= ' ' && *at < 0x7f));
	name[TREE_MAX_NAME] = 'a';
	tree = start_large();
	CHECK(fdt_begin_node(tree, name) == 0 && fdt_end_node(tree) == 0);
	CHECK_EQ(finish(tree), -EBADMSG);
	tree = start_large();
	CHECK_EQ(fdt_property(tree, name, "", 0), 0);
	CHECK_EQ(finish(tree), -EBADMSG);
}

static void test_one_large_property(void)
{
	void *tree = start_large(), *data;

	CHECK_EQ(fdt_property_placeholder(tree, "reg", (int)LARGE - 0x1000, &data), 0);
	memset(data, 0, LARGE - 0x1000);
	CHECK_EQ(finish(tree), 0);
}

/* Many nodes that each look through a long list: work ends before patience does. */
static void test_intricate(void)
{
	void *tree = start_large(), *data;

	CHECK(fdt_property_u32(tree, "#address-cells", 1) == 0 &&
	      fdt_property_u32(tree, "#size-cells", 1) == 0);
	CHECK(fdt_begin_node(tree, "bus") == 0 && fdt_property_u32(tree, "#address-cells", 1) == 0);
	CHECK_EQ(fdt_property_u32(tree, "#size-cells", 1), 0);
	CHECK_EQ(fdt_property_placeholder(tree, "ranges", 0xc00000, &data), 0);
	memset(data, 0, 0xc00000);
	for (unsigned i = 0; i < 80000; i++) {
		CHECK_EQ(fdt_begin_node(tree, "a"), 0);
		CHECK_EQ(fdt_property_u64(tree, "reg", 1), 0);
		CHECK_EQ(fdt_end_node(tree), 0);
	}
	CHECK_EQ(fdt_end_node(tree), 0);
	CHECK_EQ(fdt_end_node(tree), 0);
	CHECK_EQ(fdt_finish(tree), 0);
	rig_size = fdt_totalsize(tree);
	rig_tree = tree;
	rig_silent = true;
	CHECK_EQ(rig_check(), 0);
	CHECK(strstr(rig_last, "error zone.dtb_bad: it is too intricate"));
}

static void test_many_interrupts(void)
{
	void *tree = start_large(), *data;

	CHECK(fdt_property_u32(tree, "#interrupt-cells", 1) == 0 &&
	      fdt_property_u32(tree, "phandle", 1) == 0);
	CHECK_EQ(fdt_property_placeholder(tree, "interrupts-extended", 0xf00000, &data), 0);
	for (unsigned i = 0; i < 0xf00000 / 4; i++)
		((fdt32_t *)data)[i] = cpu_to_fdt32(1);
	CHECK_EQ(fdt_property_placeholder(tree, "interrupt-map", 0x8000, &data), 0);
	memset(data, 1, 0x8000);
	rig_silent = true;
	CHECK_EQ(finish(tree), 0);
}

/* Clocks that are each other's parents have no rate. */
static void test_clock_circle(void)
{
	begin();
	rig_size += 4096;
	rig_tree = realloc(rig_tree, rig_size);
	CHECK_EQ(fdt_open_into(rig_tree, rig_tree, (int)rig_size), 0);
	for (unsigned i = 0; i < 2; i++) {
		const char *path = i == 0 ? "/a" : "/b";

		rig_cells(path, "phandle", 1, 4 + i);
		rig_string(path, "compatible", "fixed-factor-clock");
		rig_cells(path, "#clock-cells", 1, 0);
		rig_cells(path, "clock-mult", 1, 0xffffffff);
		rig_cells(path, "clock-div", 1, 1);
		rig_cells(path, "clocks", 1, 5 - i);
	}
	rig_delete("/gpio@a004000", "phandle");
	CHECK_EQ(try_all(rig_tree, rig_size), 0);
}

static const struct test tests[] = {
	TEST(test_cut),          TEST(test_bent),
	TEST(test_deep),         TEST(test_wide),
	TEST(test_names),        TEST(test_one_large_property),
	TEST(test_intricate),    TEST(test_many_interrupts),
	TEST(test_clock_circle),
};

int main(int argc, char **argv)
{
	return test_main(tests, COUNT(tests), argc, argv);
}
