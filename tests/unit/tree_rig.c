/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tree_rig.h"

#include <stdarg.h>

#include <libfdt.h>

#define ROOM 65536u

HvZoneConfig rig_hv;
struct config_device rig_devices[2];
struct tree_zone rig_zone;
struct config_board rig_board;
HvPlatform rig_platform;
void *rig_tree;
size_t rig_size;
char rig_findings[65536];
char rig_last[1024];
bool rig_silent;
unsigned rig_count;

static void add(void *user, enum config_severity severity, const char *reason, const char *message)
{
	size_t used = strlen(rig_findings);

	(void)user;
	rig_count++;
	CHECK(message[0] != '\0');
	snprintf(rig_last, sizeof(rig_last), "%s %s: %s\n", severity == CONFIG_ERROR ? "error" : "warning",
		 reason, message);
	if (rig_silent || used + sizeof(rig_last) > sizeof(rig_findings))
		return;
	strcpy(rig_findings + used, rig_last);
}

const struct tree_sink rig_sink = { .add = add };

void rig_reset(void)
{
	rig_platform = (HvPlatform){ .cpu_mpidr = { 0, 1, 0x100, 0x101 } };
	rig_board = (struct config_board){ .platform = &rig_platform };
	rig_hv = (HvZoneConfig){
		.num_cpus = 2,
		.cpus = 0xc,
		.num_regions = 3,
		.kernel_load_paddr = 0x50400000,
		.kernel_size = 0x1000000,
		.dtb_load_paddr = 0x50000000,
		.dtb_size = 0x10000,
		.gic = { 3, 0, 0x8000000, 0x10000, 0x80a0000, 0x40000, 0, 0 },
		.regions = { { HV_REGION_RAM, 0, 0x50000000, 0x40000000, 0x10000000 },
			     { HV_REGION_IO, 0, 0x30a60000, 0x10000000, 0x10000 },
			     { HV_REGION_VIRTIO, 0, 0, 0xa003000, 0x2000 } },
	};
	for (unsigned i = 0; i < 4; i++)
		hv_intid_add(&rig_hv.interrupts, (const uint32_t[]){ 61, 75, 76, 77 }[i]);
	hv_intid_add(&rig_hv.virtual_interrupts, 78);
	hv_intid_add(&rig_hv.virtual_interrupts, 79);
	rig_devices[0] = (struct config_device){ CONFIG_DEVICE_CONSOLE, .ipa = 0xa003c00, .size = 0x200,
						 .intid = 78, .ports = 1 };
	rig_devices[1] = (struct config_device){ CONFIG_DEVICE_POWER_KEY, .ipa = 0xa004000, .size = 0x1000,
						 .intid = 79 };
	rig_zone = (struct tree_zone){
		.hv = &rig_hv,
		.name = "zone",
		.devices = rig_devices,
		.num_devices = 2,
		.kernel_ram = 0x2000000,
	};
	rig_findings[0] = '\0';
	rig_count = 0;
}

void rig_make(const struct tree_chosen *chosen)
{
	static const struct tree_chosen nothing;
	size_t size = 0;
	void *tree = NULL;

	CHECK_EQ(tree_make(&rig_zone, &rig_board, chosen ? chosen : &nothing, &rig_sink, &tree, &size), 0);
	free(rig_tree);
	rig_size = size + ROOM;
	rig_tree = malloc(rig_size);
	CHECK(rig_tree && fdt_open_into(tree, rig_tree, (int)rig_size) == 0);
	free(tree);
}

/* The node, made if need be below one that exists. */
static int find(const char *path)
{
	int node = fdt_path_offset(rig_tree, path);
	const char *slash = strrchr(path, '/');

	if (node < 0)
		node = fdt_add_subnode(
			rig_tree,
			fdt_path_offset_namelen(rig_tree, path, slash > path ? (int)(slash - path) : 1),
			slash + 1);
	CHECK(node >= 0);
	return node;
}

void rig_cells(const char *path, const char *name, unsigned count, ...)
{
	fdt32_t cells[64];
	va_list list;

	va_start(list, count);
	for (unsigned i = 0; i < count; i++)
		cells[i] = cpu_to_fdt32(va_arg(list, uint32_t));
	va_end(list);
	CHECK_EQ(fdt_setprop(rig_tree, find(path), name, cells, (int)(count * sizeof(cells[0]))), 0);
}

void rig_bytes(const char *path, const char *name, const void *data, size_t size)
{
	CHECK_EQ(fdt_setprop(rig_tree, find(path), name, data, (int)size), 0);
}

void rig_string(const char *path, const char *name, const char *value)
{
	rig_bytes(path, name, value, strlen(value) + 1);
}

void rig_delete(const char *path, const char *name)
{
	int node = fdt_path_offset(rig_tree, path);

	CHECK(node >= 0);
	CHECK_EQ(name ? fdt_delprop(rig_tree, node, name) : fdt_del_node(rig_tree, node), 0);
}

int rig_check(void)
{
	rig_findings[0] = '\0';
	rig_count = 0;
	return tree_check(rig_tree, rig_size, &rig_zone, &rig_sink);
}

void rig_expect(const char *beginning, const char *text)
{
	CHECK_EQ(rig_check(), 0);
	if (rig_count == 1 && strncmp(rig_findings, beginning, strlen(beginning)) == 0 &&
	    strstr(rig_findings, text))
		return;
	printf("# expected %s … %s, found %u:\n# %s\n", beginning, text, rig_count, rig_findings);
	exit(1);
}

void rig_expect_none(void)
{
	CHECK_EQ(rig_check(), 0);
	if (rig_count != 0)
		printf("# found: %s\n", rig_findings);
	CHECK_EQ(rig_count, 0);
}

void *rig_read(const char *path, size_t *ret_size)
{
	FILE *in = fopen(path, "re");
	void *data = malloc(ROOM);

	CHECK(in && data);
	*ret_size = fread(data, 1, ROOM, in);
	fclose(in);
	return data;
}
