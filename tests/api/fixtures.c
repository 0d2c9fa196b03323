/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fixtures.h"

#include <ftw.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libfdt.h>

#define FOLDER "/tmp/hvisor-config-XXXXXX"

static char folder[sizeof(FOLDER)];

const struct fixture_text fixture_texts[] = {
	{ "generated-depth-10000", "[", 10000, "" },
	{ "generated-depth-10000-objects", "{\"a\":", 10000, "1" },
	{ "generated-100-MB", "          ", 10 * 1000 * 1000, "{}" },
	{ NULL, NULL, 0, NULL },
};

struct tree {
	uint64_t memory_start, memory_size;
	uint64_t initrd_start; /* 0: none */
	unsigned cpus;
	bool console;
};

static void must(int r)
{
	if (r < 0) {
		fprintf(stderr, "fixtures: %s\n", fdt_strerror(r));
		abort();
	}
}

static void put_pair(void *tree, const char *name, uint64_t a, uint64_t b)
{
	fdt64_t pair[] = { cpu_to_fdt64(a), cpu_to_fdt64(b) };

	must(fdt_property(tree, name, pair, sizeof(pair)));
}

static void put_cpus(void *tree, unsigned count)
{
	must(fdt_begin_node(tree, "cpus"));
	must(fdt_property_u32(tree, "#address-cells", 1));
	must(fdt_property_u32(tree, "#size-cells", 0));
	for (unsigned i = 0; i < count; i++) {
		char name[16];

		snprintf(name, sizeof(name), "cpu@%u", i);
		must(fdt_begin_node(tree, name));
		must(fdt_property_string(tree, "device_type", "cpu"));
		must(fdt_property_string(tree, "enable-method", "psci"));
		must(fdt_property_u32(tree, "reg", i));
		must(fdt_end_node(tree));
	}
	must(fdt_end_node(tree));
}

/* What EL2 gives to every zone. */
static void put_board(void *tree)
{
	const fdt32_t timers[] = {
		cpu_to_fdt32(1), cpu_to_fdt32(13), cpu_to_fdt32(4),  cpu_to_fdt32(1), cpu_to_fdt32(14),
		cpu_to_fdt32(4), cpu_to_fdt32(1),  cpu_to_fdt32(11), cpu_to_fdt32(4),
	};
	const fdt64_t gic[] = { cpu_to_fdt64(0x8000000), cpu_to_fdt64(0x10000), cpu_to_fdt64(0x80a0000),
				cpu_to_fdt64(0xf60000) };

	must(fdt_begin_node(tree, "psci"));
	must(fdt_property_string(tree, "compatible", "arm,psci-1.0"));
	must(fdt_property_string(tree, "method", "hvc"));
	must(fdt_end_node(tree));
	must(fdt_begin_node(tree, "timer"));
	must(fdt_property_string(tree, "compatible", "arm,armv8-timer"));
	must(fdt_property_u32(tree, "interrupt-parent", 1));
	must(fdt_property(tree, "interrupts", timers, sizeof(timers)));
	must(fdt_end_node(tree));
	must(fdt_begin_node(tree, "interrupt-controller@8000000"));
	must(fdt_property_string(tree, "compatible", "arm,gic-v3"));
	must(fdt_property_u32(tree, "#interrupt-cells", 3));
	must(fdt_property(tree, "interrupt-controller", "", 0));
	must(fdt_property(tree, "reg", gic, sizeof(gic)));
	must(fdt_property_u32(tree, "phandle", 1));
	must(fdt_end_node(tree));
}

static void put_console(void *tree)
{
	const fdt32_t interrupt[] = { cpu_to_fdt32(0), cpu_to_fdt32(46), cpu_to_fdt32(1) };

	must(fdt_begin_node(tree, "virtio_mmio@a003c00"));
	must(fdt_property_string(tree, "compatible", "virtio,mmio"));
	put_pair(tree, "reg", 0xa003c00, 0x200);
	must(fdt_property_u32(tree, "interrupt-parent", 1));
	must(fdt_property(tree, "interrupts", interrupt, sizeof(interrupt)));
	must(fdt_end_node(tree));
}

static void put_nodes(void *tree, const struct tree *shape)
{
	must(fdt_begin_node(tree, "chosen"));
	if (shape->initrd_start != 0) {
		must(fdt_property_u64(tree, "linux,initrd-start", shape->initrd_start));
		must(fdt_property_u64(tree, "linux,initrd-end", shape->initrd_start + 0x1000));
	}
	must(fdt_end_node(tree));
	must(fdt_begin_node(tree, "memory"));
	must(fdt_property_string(tree, "device_type", "memory"));
	put_pair(tree, "reg", shape->memory_start, shape->memory_size);
	must(fdt_end_node(tree));
	put_cpus(tree, shape->cpus);
	put_board(tree);
	if (shape->console)
		put_console(tree);
}

static void write_file(const char *name, const void *data, size_t size)
{
	FILE *out = fopen(name, "we");

	if (!out || fwrite(data, 1, size, out) != size || fclose(out) != 0)
		abort();
}

static void write_tree(const char *name, const struct tree *shape, unsigned divisor)
{
	static char tree[4096];

	must(fdt_create(tree, sizeof(tree)));
	must(fdt_finish_reservemap(tree));
	must(fdt_begin_node(tree, ""));
	must(fdt_property_u32(tree, "#address-cells", 2));
	must(fdt_property_u32(tree, "#size-cells", 2));
	put_nodes(tree, shape);
	must(fdt_end_node(tree));
	must(fdt_finish(tree));
	write_file(name, tree, fdt_totalsize(tree) / divisor);
}

static void write_trees(void)
{
	const struct tree right = { .memory_start = 0x50000000, .memory_size = 0x30000000, .cpus = 2 };
	struct tree tree = right;

	write_tree("linux2.dtb", &right, 1);
	write_tree("cut.dtb", &right, 2);
	tree.memory_size += 0x1000;
	write_tree("memory.dtb", &tree, 1);
	tree = right;
	tree.initrd_start = 0x40000000;
	write_tree("initrd.dtb", &tree, 1);
	tree = right;
	tree.cpus = 3;
	write_tree("cpus.dtb", &tree, 1);
	tree = right;
	tree.console = true;
	write_tree("console.dtb", &tree, 1);
}

void fixture_enter(void)
{
	uint8_t image[4096] = { 0 };

	memcpy(folder, FOLDER, sizeof(FOLDER));
	if (!mkdtemp(folder) || chdir(folder) < 0 || mkdir("folder", 0777) < 0)
		abort();
	write_file("Image", image, sizeof(image));
	write_file("empty", image, 0);
	write_file("huge", image, 1);
	write_file("large.dtb", image, 1);
	memset(image, 0xa5, sizeof(image));
	write_file("garbage.dtb", image, sizeof(image));
	memset(image, 0, sizeof(image));
	image[19] = 2; /* image_size, little-endian at 16: 0x2000000 */
	memcpy(image + 56, "ARM\x64", 4);
	write_file("linux.Image", image, sizeof(image));
	memset(image, 0, sizeof(image));
	write_file("disk.img", image, sizeof(image));
	write_file("odd.img", image, 1000);
	memcpy(image, "QFI\xfb", 4);
	write_file("disk.qcow2", image, sizeof(image));
	if (truncate("huge", 0x30000001) < 0 || truncate("large.dtb", 0x200001) < 0)
		abort();
	write_trees();
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
	(void)info;
	(void)type;
	(void)walk;
	return remove(path);
}

void fixture_leave(void)
{
	if (chdir("/") < 0 || nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS) != 0)
		abort();
}

void fixture_write_text(const struct fixture_text *text, const char *path)
{
	FILE *out = fopen(path, "we");

	if (!out)
		abort();
	for (size_t i = 0; i < text->times; i++)
		fputs(text->repeated, out);
	fputs(text->end, out);
	if (fclose(out) != 0)
		abort();
}
