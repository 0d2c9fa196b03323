/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Device trees: compared with a zone, patched, and copied from. An input that
 * begins as a tree does is one; any other is a list of edits to a tree that
 * has some of everything.
 */
#include <errno.h>

#include <libfdt.h>

#include "fuzz.h"
#include "tree.h"

#define TREE_SIZE 65536u
#define MAX_EDITS 32u

static uint8_t tree[TREE_SIZE];
static size_t tree_size;

static const struct config_device devices[] = {
	{ .type = CONFIG_DEVICE_CONSOLE, .ipa = 0xa003c00, .size = 0x200, .intid = 78, .ports = 1 },
	{ .type = CONFIG_DEVICE_POWER_KEY, .ipa = 0xa004000, .size = 0x1000, .intid = 79 },
};

static const HvPlatform platform = { .cpu_mpidr = { 0, 1, 2, 3 } };

static const HvZoneConfig hv = {
	.num_cpus = 2,
	.cpus = 0xc,
	.num_regions = 3,
	.kernel_load_paddr = 0x50400000,
	.kernel_size = 0x1000000,
	.dtb_load_paddr = 0x50000000,
	.dtb_size = 0x10000,
	.gic = { 3, 0, 0x8000000, 0x10000, 0x80a0000, 0x40000, 0, 0 },
	.interrupts.word[1] = 1u << (61 % 32),
	.virtual_interrupts.word[2] = 1u << (78 % 32) | 1u << (79 % 32),
	.regions = { { HV_REGION_RAM, 0, 0x50000000, 0x40000000, 0x10000000 },
		     { HV_REGION_IO, 0, 0x30a60000, 0x30a60000, 0x10000 },
		     { HV_REGION_VIRTIO, 0, 0, 0xa003000, 0x2000 } },
};

static const struct tree_zone zone = {
	.hv = &hv,
	.name = "zone",
	.devices = devices,
	.num_devices = 2,
	.kernel_ram = 0x2000000,
};

static unsigned errors;

static void judge(void *user, enum config_severity severity, const char *reason, const char *message)
{
	(void)user;
	ALWAYS(strncmp(reason, "zone.dtb_", 9) == 0 && message[0] != '\0');
	for (const char *at = message; *at; at++)
		ALWAYS(*at >= ' ' && *at < '\x7f');
	errors += severity == CONFIG_ERROR;
}

static const struct tree_sink sink = { .add = judge };

static void put_cells(void *blob, const char *name, unsigned count, const uint32_t *cells)
{
	fdt32_t data[16];

	for (unsigned i = 0; i < count; i++)
		data[i] = cpu_to_fdt32(cells[i]);
	ALWAYS(fdt_property(blob, name, data, (int)(count * sizeof(data[0]))) == 0);
}
#define PUT(blob, name, ...)                                                                                 \
	put_cells(blob, name, sizeof((uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t),                        \
		  (uint32_t[]){ __VA_ARGS__ })

static void begin(void *blob, const char *name, const char *compatible)
{
	ALWAYS(fdt_begin_node(blob, name) == 0);
	ALWAYS(fdt_property(blob, "compatible", compatible, (int)strlen(compatible) + 1) == 0);
}

/* A device of the zone's on a bus that translates, with clocks, and an expander with a key on it. */
static void put_bus(void *blob)
{
	begin(blob, "soc", "simple-bus");
	PUT(blob, "#address-cells", 1);
	PUT(blob, "#size-cells", 1);
	PUT(blob, "ranges", 0, 0, 0x30000000, 0x2000000);
	begin(blob, "serial@a60000", "vendor,uart");
	PUT(blob, "reg", 0xa60000, 0x1000);
	PUT(blob, "interrupts-extended", 1, 0, 29, 4, 5, 1);
	PUT(blob, "clocks", 6, 7);
	PUT(blob, "assigned-clocks", 6);
	PUT(blob, "assigned-clock-rates", 80000000);
	PUT(blob, "pinctrl-0", 6);
	ALWAYS(fdt_end_node(blob) == 0);
	begin(blob, "i2c@a61000", "vendor,i2c");
	PUT(blob, "reg", 0xa61000, 0x1000);
	PUT(blob, "#address-cells", 1);
	PUT(blob, "#size-cells", 0);
	begin(blob, "gpio@20", "vendor,expander");
	PUT(blob, "reg", 0x20);
	PUT(blob, "#interrupt-cells", 1);
	PUT(blob, "interrupts", 0, 29, 4);
	PUT(blob, "phandle", 5);
	ALWAYS(fdt_end_node(blob) == 0 && fdt_end_node(blob) == 0 && fdt_end_node(blob) == 0);
	begin(blob, "crystal", "fixed-clock");
	PUT(blob, "#clock-cells", 0);
	PUT(blob, "clock-frequency", 24000000);
	PUT(blob, "phandle", 6);
	ALWAYS(fdt_end_node(blob) == 0);
	begin(blob, "half", "fixed-factor-clock");
	PUT(blob, "#clock-cells", 0);
	PUT(blob, "clocks", 6);
	PUT(blob, "clock-mult", 1);
	PUT(blob, "clock-div", 2);
	PUT(blob, "phandle", 7);
	ALWAYS(fdt_end_node(blob) == 0);
}

/* The tree that is made for the zone, as one of its own and as the root's. */
static void make_base(void)
{
	static uint8_t base[TREE_SIZE];
	static size_t base_size;
	const struct tree_chosen chosen = { .initrd = { 0x4f000000, 0x1000 } };
	static uint8_t root[TREE_SIZE];
	struct config_board board = { .platform = &platform, .root_tree = root };
	void *made;

	if (base_size == 0) {
		ALWAYS(fdt_create(root, TREE_SIZE) == 0 && fdt_finish_reservemap(root) == 0);
		ALWAYS(fdt_begin_node(root, "") == 0);
		PUT(root, "#address-cells", 2);
		PUT(root, "#size-cells", 2);
		begin(root, "gic", "arm,gic-v3");
		PUT(root, "#interrupt-cells", 3);
		PUT(root, "interrupt-controller", 0);
		PUT(root, "phandle", 1);
		ALWAYS(fdt_end_node(root) == 0);
		put_bus(root);
		ALWAYS(fdt_end_node(root) == 0 && fdt_finish(root) == 0);
		board.root_tree_size = fdt_totalsize(root);
		ALWAYS(tree_make(&zone, &board, &chosen, &sink, &made, &base_size) == 0);
		memcpy(base, made, base_size);
		free(made);
		ALWAYS(tree_check(base, base_size, &zone, &sink) == 0 && errors == 0);
	}
	memcpy(tree, base, base_size);
	tree_size = base_size;
}

/* One cell, one byte, a piece moved over another, or the end cut off. */
static void edit(struct fuzz_input *input)
{
	static const uint32_t words[] = { 0, 1, 2,  3,  4,          5,          6,
					  7, 9, 16, 64, 0x7fffffff, 0x80000000, 0xffffffff };
	uint64_t how = fuzz_take(input, 1), value = fuzz_take(input, 1);
	size_t at = fuzz_take(input, 2) % tree_size, size = value % 64, from;
	fdt32_t cell = cpu_to_fdt32(words[value % (sizeof(words) / sizeof(words[0]))]);

	if (at + size > tree_size)
		size = tree_size - at;
	switch (how % 8) {
	case 0:
	case 1:
	case 2:
	case 3:
		if ((at & ~3ull) + 4 <= tree_size)
			memcpy(tree + (at & ~3ull), &cell, 4);
		break;
	case 4:
	case 5:
		tree[at] = (uint8_t)value;
		break;
	case 6:
		from = fuzz_take(input, 2) % (tree_size - size + 1);
		memmove(tree + at, tree + from, size);
		break;
	default:
		if (value == 0)
			tree_size = at + 1;
	}
}

static void try_tree(void)
{
	const struct tree_chosen chosen = { .bootargs = "line", .initrd = { 0x4a000000, 0x1000 } };
	/* Exactly as long as it is, for the sanitizer to see each byte too much. */
	uint8_t *copy = malloc(tree_size > 0 ? tree_size : 1);
	const struct config_board board = { &platform, NULL, copy, tree_size };
	void *made = NULL;
	size_t made_size;
	int r;

	ALWAYS(copy);
	memcpy(copy, tree, tree_size);
	r = tree_check(copy, tree_size, &zone, &sink);
	ALWAYS(r == 0 || r == -EBADMSG);
	ALWAYS(tree_patch(copy, tree_size, &chosen, &made, &made_size) != 0 || r == 0);
	if (made)
		ALWAYS(tree_check(made, made_size, &zone, &sink) == 0);
	free(made);
	made = NULL;
	r = tree_make(&zone, &board, &chosen, &sink, &made, &made_size);
	ALWAYS(r == 0 || r == -ENOSPC);
	if (r == 0)
		ALWAYS(tree_check(made, made_size, &zone, &sink) == 0);
	free(made);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, size };

	make_base();
	if (size >= 4 && memcmp(data, "\xd0\x0d\xfe\xed", 4) == 0) {
		tree_size = size < TREE_SIZE ? size : TREE_SIZE;
		memcpy(tree, data, tree_size);
	} else {
		for (unsigned edits = 1 + (unsigned)fuzz_take(&input, 1) % MAX_EDITS; edits > 0; edits--)
			edit(&input);
	}
	try_tree();
	return 0;
}
