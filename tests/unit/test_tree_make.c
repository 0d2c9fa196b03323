/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trees made from a config, with and without the root zone's tree
 * (trees/root.dts, given as a blob in argv[1]), and trees that are patched.
 */
#include <errno.h>

#include <libfdt.h>

#include "tree_rig.h"

static const char *root_path;

/* With the root's tree, and both of its findings: what was dropped is each test's own business. */
static void begin_with_root(void)
{
	rig_reset();
	rig_board.root_tree = rig_read(root_path, &rig_board.root_tree_size);
}

static void end(void)
{
	rig_board.root_tree_size = 0;
	free((void *)(uintptr_t)rig_board.root_tree);
}

static const void *get(const char *path, const char *name, int *ret_length)
{
	return fdt_getprop(rig_tree, fdt_path_offset(rig_tree, path), name, ret_length);
}

/* A property is exactly these cells. */
static bool is_cells(const char *path, const char *name, unsigned count, const uint32_t *cells)
{
	int length = -1;
	const fdt32_t *data = get(path, name, &length);

	if (!data || length != (int)(count * sizeof(*cells)))
		return false;
	for (unsigned i = 0; i < count; i++)
		if (fdt32_to_cpu(data[i]) != cells[i])
			return false;
	return true;
}
#define IS_CELLS(path, name, ...)                                                                            \
	is_cells(path, name, sizeof((uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t),                         \
		 (uint32_t[]){ __VA_ARGS__ })

static bool is_string(const char *path, const char *name, const char *value)
{
	int length = -1;
	const char *data = get(path, name, &length);

	return data && length == (int)strlen(value) + 1 && memcmp(data, value, (size_t)length) == 0;
}

static bool has(const char *path)
{
	return fdt_path_offset(rig_tree, path) >= 0;
}

static void test_made(void)
{
	rig_reset();
	rig_make(NULL);
	CHECK_EQ(rig_count, 1);
	CHECK(strstr(rig_findings, "warning zone.dtb_dropped: ") && strstr(rig_findings, "0x30a60000"));
	CHECK(is_string("/", "model", "zone"));
	CHECK(is_string("/cpus/cpu@1", "compatible", "arm,armv8") && !has("/cpus/cpu@2"));
	CHECK(IS_CELLS("/memory@40000000", "reg", 0, 0x40000000, 0, 0x10000000));
	CHECK(IS_CELLS("/interrupt-controller@8000000", "reg", 0, 0x8000000, 0, 0x10000, 0, 0x80a0000, 0,
		       0x40000));
	CHECK(is_string("/virtio_mmio@a003c00", "compatible", "virtio,mmio"));
	CHECK(IS_CELLS("/virtio_mmio@a003c00", "interrupts", 0, 46, 1));
	CHECK(is_string("/chosen", "bootargs", "console=hvc0"));
	CHECK(!get("/chosen", "linux,initrd-start", NULL));
	CHECK(IS_CELLS("/gpio-keys/power", "linux,code", 116));
	CHECK(is_string("/clock-24000000", "compatible", "fixed-clock"));
	rig_expect_none();
}

/* The first console is the main one, whatever it is; the n-th serial port has number n. */
static void test_made_pl011(void)
{
	rig_reset();
	rig_devices[1].type = CONFIG_DEVICE_PL011;
	rig_make(NULL);
	CHECK(is_string("/chosen", "bootargs", "console=hvc0") && !get("/chosen", "stdout-path", NULL));
	CHECK(is_string("/aliases", "serial0", "/serial@a004000"));
	rig_expect_none();
	rig_devices[0] = rig_devices[1];
	rig_zone.num_devices = 1;
	rig_make(NULL);
	CHECK(is_string("/chosen", "bootargs", "console=ttyAMA0"));
	CHECK(is_string("/chosen", "stdout-path", "serial0"));
	CHECK(IS_CELLS("/serial@a004000", "reg", 0, 0xa004000, 0, 0x1000));
	CHECK(IS_CELLS("/serial@a004000", "interrupts", 0, 47, 1));
	CHECK(has("/clock-24000000") && get("/serial@a004000", "clocks", NULL));
	rig_expect_none();
	rig_string("/serial@a004000", "compatible", "arm,pl061");
	rig_expect("error zone.dtb_virtio: /serial@a004000: ", "\"arm,pl011\"");
}

static void test_made_with_chosen(void)
{
	const struct tree_chosen chosen = { .bootargs = "quiet", .initrd = { 0x4f000000, 0x1234 } };

	rig_reset();
	rig_make(&chosen);
	CHECK(is_string("/chosen", "bootargs", "quiet"));
	CHECK(IS_CELLS("/chosen", "linux,initrd-start", 0, 0x4f000000));
	CHECK(IS_CELLS("/chosen", "linux,initrd-end", 0, 0x4f001234));
	rig_expect_none();
}

/* No console: no command line of its own. Shared RAM is no RAM of Linux'. A module stays where it is. */
static void test_made_plain(void)
{
	const struct hv_range module = { 0x44000000, 0x5000 };
	uint64_t start = 0, size = 0;

	rig_reset();
	rig_zone.num_devices = 0;
	rig_zone.reserved = &module;
	rig_zone.num_reserved = 1;
	rig_hv.regions[1] =
		(struct hv_memory_region){ HV_REGION_RAM, HV_REGION_SHARED, 0x70000000, 0x70000000, 0x1000 };
	rig_make(NULL);
	CHECK_EQ(rig_count, 0);
	CHECK(!get("/chosen", "bootargs", NULL) && !has("/gpio-keys"));
	CHECK(!has("/memory@70000000") && get("/reserved-memory/shared@70000000", "no-map", NULL));
	CHECK_EQ(fdt_num_mem_rsv(rig_tree), 1);
	CHECK(fdt_get_mem_rsv(rig_tree, 0, &start, &size) == 0 && start == 0x44000000 && size == 0x5000);
	rig_expect_none();
}

static void test_made_for_64_cpus(void)
{
	rig_reset();
	rig_hv.cpus = UINT64_MAX;
	rig_hv.num_cpus = 64;
	rig_hv.gic.gicr_size = 64 * 0x20000;
	rig_make(NULL);
	CHECK(IS_CELLS("/cpus/cpu@f", "reg", 15) && IS_CELLS("/cpus/cpu@30f", "reg", 0x30f));
	rig_expect_none();
}

/* Physical CPUs 2 and 3 have affinities 0x100, which the root's tree has, and 0x101. */
static void test_cpu_types(void)
{
	int length = 0;

	begin_with_root();
	rig_make(NULL);
	CHECK(memcmp(get("/cpus/cpu@0", "compatible", &length), "arm,cortex-a72\0arm,armv8", 25) == 0 &&
	      length == 25);
	CHECK(is_string("/cpus/cpu@1", "compatible", "arm,armv8"));
	CHECK(get("/timer", "fsl,erratum-a008585", NULL) && IS_CELLS("/timer", "clock-frequency", 8000000));
	end();
}

static uint32_t phandle(const char *path)
{
	return fdt_get_phandle(rig_tree, fdt_path_offset(rig_tree, path));
}

static void test_copied_uart(void)
{
	const char *uart = "/serial@10000000";

	begin_with_root();
	rig_make(NULL);
	CHECK(IS_CELLS(uart, "reg", 0, 0x10000000, 0, 0x1000));
	CHECK(IS_CELLS(uart, "interrupts", 0, 29, 4));
	CHECK(IS_CELLS(uart, "fifo-size", 64));
	CHECK(IS_CELLS(uart, "clocks", phandle("/clock-80000000"), phandle("/clock-12000000"),
		       phandle("/clock-0")));
	CHECK(get(uart, "clock-names", NULL) && !get(uart, "status", NULL) &&
	      !get(uart, "assigned-clocks", NULL));
	CHECK(!get(uart, "pinctrl-0", NULL) && !get(uart, "pinctrl-names", NULL) &&
	      !get(uart, "dmas", NULL) && !get(uart, "iommus", NULL));
	CHECK(strstr(rig_findings,
		     "warning zone.dtb_dropped: /soc@30000000/serial@a60000: pinctrl-0 is left out"));
	CHECK(strstr(rig_findings,
		     "warning zone.dtb_dropped: /soc@30000000/serial@a60000: dmas is left out"));
	CHECK(strstr(rig_findings,
		     "warning zone.dtb_dropped: /soc@30000000/serial@a60000: iommus is left out"));
	CHECK(strstr(rig_findings, "a clock of /soc@30000000/clock-controller@380000 cannot be told"));
	CHECK(!strstr(rig_findings, "error"));
	rig_expect_none();
	end();
}

/* Without a virtio console a UART of its own is what the guest speaks through. */
static void test_stdout(void)
{
	begin_with_root();
	rig_make(NULL);
	CHECK(!get("/chosen", "stdout-path", NULL));
	rig_zone.num_devices = 0;
	rig_make(NULL);
	CHECK(is_string("/chosen", "stdout-path", "/serial@10000000"));
	rig_expect_none();
	end();
}

/* What hangs on a bus of its own comes along as it is; references among what is copied stay. */
static void test_copied_i2c(void)
{
	const char *touch = "/i2c@10001000/touch@38";

	begin_with_root();
	rig_make(NULL);
	CHECK(IS_CELLS("/i2c@10001000", "reg", 0, 0x10001000, 0, 0x1000));
	CHECK(IS_CELLS("/i2c@10001000", "interrupts", 0, 43, 4) &&
	      IS_CELLS("/i2c@10001000", "#size-cells", 0));
	CHECK(IS_CELLS("/i2c@10001000/eeprom@50", "reg", 0x50));
	CHECK(IS_CELLS("/i2c@10001000/gpio@20", "interrupts-extended",
		       phandle("/interrupt-controller@8000000"), 0, 44, 8));
	CHECK(IS_CELLS(touch, "interrupts-extended", phandle("/i2c@10001000/gpio@20"), 3, 2));
	CHECK(IS_CELLS(touch, "reset-gpios", phandle("/i2c@10001000/gpio@20"), 4, 0));
	CHECK(!get(touch, "vdd-supply", NULL) && strstr(rig_findings, "touch@38: vdd-supply is left out"));
	end();
}

/* Buses that the CPU sees through are straightened. */
static void test_copied_bus(void)
{
	begin_with_root();
	rig_make(NULL);
	CHECK(IS_CELLS("/wrapper@10002000", "reg", 0, 0x10002000, 0, 0x100));
	CHECK(IS_CELLS("/wrapper@10002000/core@10002100", "reg", 0, 0x10002100, 0, 0x100));
	CHECK(!strstr(rig_findings, "error"));
	rig_expect_none();
	end();
}

static void test_not_copied(void)
{
	begin_with_root();
	rig_make(NULL);
	CHECK(!has("/split@10003000") && strstr(rig_findings, "/soc@30000000/split@a63000: not copied"));
	CHECK(!has("/pcie@10004000") && strstr(rig_findings, "/pcie@30a64000: not copied"));
	CHECK(!has("/clock-controller@380000") && !has("/soc@30000000"));
	end();
}

static void test_interrupt_not_given(void)
{
	begin_with_root();
	rig_hv.interrupts.word[61 / 32] &= ~(1u << (61 % 32));
	rig_make(NULL);
	CHECK(strstr(rig_findings, "error zone.dtb_interrupt: /soc@30000000/serial@a60000: interrupt 61"));
	CHECK(!get("/serial@10000000", "interrupts", NULL));
	/* Nor is one that the zone's device process raises. */
	hv_intid_add(&rig_hv.virtual_interrupts, 61);
	rig_findings[0] = '\0';
	rig_make(NULL);
	CHECK(strstr(rig_findings, "error zone.dtb_interrupt: /soc@30000000/serial@a60000: interrupt 61"));
	end();
}

static void test_nothing_there(void)
{
	begin_with_root();
	rig_hv.regions[1].physical_start = 0x39000000;
	rig_make(NULL);
	CHECK_EQ(rig_count, 1);
	CHECK(strstr(rig_findings, "warning zone.dtb_dropped: ") &&
	      strstr(rig_findings, "has no node there"));
	end();
}

/* A bad root tree is as good as none. */
static void test_bad_root_tree(void)
{
	begin_with_root();
	rig_board.root_tree_size /= 2;
	rig_make(NULL);
	CHECK_EQ(rig_count, 2);
	CHECK(strstr(rig_findings, "nothing is taken from the root zone's tree"));
	rig_expect_none();
	end();
}

static void *patched;
static size_t patched_size;

static int patch(const struct tree_chosen *chosen)
{
	return tree_patch(rig_tree, rig_size, chosen, &patched, &patched_size);
}

static void take_patched(void)
{
	free(rig_tree);
	rig_tree = patched;
	rig_size = patched_size;
}

static void test_patch(void)
{
	const struct tree_chosen both = { .bootargs = "console=ttyAMA0", .initrd = { 0x4a000000, 0x100000 } };
	const struct tree_chosen line = { .bootargs = "" };

	rig_reset();
	rig_make(NULL);
	rig_delete("/chosen", NULL);
	CHECK_EQ(patch(&both), 0);
	take_patched();
	CHECK(is_string("/chosen", "bootargs", "console=ttyAMA0"));
	CHECK(IS_CELLS("/chosen", "linux,initrd-start", 0, 0x4a000000));
	CHECK(IS_CELLS("/chosen", "linux,initrd-end", 0, 0x4a100000));
	rig_expect_none();
	CHECK_EQ(patch(&line), 0);
	take_patched();
	CHECK(is_string("/chosen", "bootargs", "") && IS_CELLS("/chosen", "linux,initrd-end", 0, 0x4a100000));
	CHECK_EQ(fdt_totalsize(rig_tree), rig_size);
	rig_expect_none();
}

static void test_patch_refuses(void)
{
	char text[1024] = "";
	const struct tree_chosen line = { .bootargs = text };
	void *large = calloc(1, TREE_MAX_ZONE_SIZE), *blob;

	rig_reset();
	rig_make(NULL);
	CHECK_EQ(fdt_open_into(rig_tree, large, TREE_MAX_ZONE_SIZE), 0);
	memset(text, 'x', sizeof(text) - 1);
	CHECK_EQ(fdt_setprop_placeholder(large, fdt_path_offset(large, "/psci"), "blob", 0x1e0000, &blob), 0);
	for (int size = (int)sizeof(text); size >= 8; size /= 2)
		while (fdt_appendprop(large, fdt_path_offset(large, "/psci"), "more", text, size) == 0)
			continue;
	CHECK_EQ(tree_patch(large, TREE_MAX_ZONE_SIZE, &line, &patched, &patched_size), -ENOSPC);
	CHECK_EQ(tree_patch(large, 100, &line, &patched, &patched_size), -EBADMSG);
	CHECK(!patched);
	free(large);
}

static const struct test tests[] = {
	TEST(test_made),          TEST(test_made_pl011),       TEST(test_made_with_chosen),
	TEST(test_made_plain),    TEST(test_made_for_64_cpus), TEST(test_cpu_types),
	TEST(test_copied_uart),   TEST(test_stdout),           TEST(test_copied_i2c),
	TEST(test_copied_bus),    TEST(test_not_copied),       TEST(test_interrupt_not_given),
	TEST(test_nothing_there), TEST(test_bad_root_tree),    TEST(test_patch),
	TEST(test_patch_refuses),
};

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	root_path = argv[1];
	return test_main(tests, COUNT(tests), argc - 1, argv + 1);
}
