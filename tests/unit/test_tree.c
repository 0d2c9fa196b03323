/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A right tree with one thing changed at a time: each difference is one finding that names the node. */
#include <errno.h>

#include "tree_rig.h"

static void begin(void)
{
	rig_reset();
	rig_make(NULL);
	CHECK_EQ(rig_count, 1); /* no root tree: nothing is known of the io region */
}

static void test_right(void)
{
	begin();
	rig_expect_none();
}

static void test_memory(void)
{
	begin();
	rig_cells("/memory@40000000", "reg", 4, 0, 0x40000000, 0, 0x10001000);
	rig_expect("error zone.dtb_memory: /memory@40000000: ", "0x10001000 is not all RAM");
	rig_cells("/memory@40000000", "reg", 4, 0, 0x40000000, 0, 0x8000000);
	rig_expect("warning zone.dtb_memory: ", "RAM from 0x48000000 on");
	rig_cells("/memory@40000000", "reg", 3, 0, 0x40000000, 0);
	CHECK_EQ(rig_check(), 0);
	CHECK(strstr(rig_findings, "error zone.dtb_memory: /memory@40000000: its reg cannot be read"));
	rig_delete("/memory@40000000", NULL);
	rig_expect("error zone.dtb_memory: ", "no memory node");
}

static void test_memory_in_pieces(void)
{
	begin();
	rig_cells("/memory@40000000", "reg", 8, 0, 0x48000000, 0, 0x8000000, 0, 0x40000000, 0, 0x8000000);
	rig_expect_none();
	rig_hv.regions[rig_hv.num_regions++] =
		(struct hv_memory_region){ HV_REGION_RAM, 0, 0x70000000, 0x50000000, 0x1000 };
	rig_expect("warning zone.dtb_memory: ", "RAM from 0x50000000 on");
	rig_hv.regions[rig_hv.num_regions - 1].flags = HV_REGION_SHARED;
	rig_expect_none();
	rig_hv.regions[rig_hv.num_regions - 1].flags = 0;
	rig_cells("/memory@50000000", "reg", 4, 0, 0x50000000, 0, 0x1000);
	rig_string("/memory@50000000", "device_type", "memory");
	rig_expect_none();
}

static void test_reserved_memory(void)
{
	begin();
	rig_cells("/reserved-memory", "#address-cells", 1, 2);
	rig_cells("/reserved-memory", "#size-cells", 1, 2);
	rig_cells("/reserved-memory", "ranges", 0);
	rig_cells("/reserved-memory/a@41000000", "reg", 4, 0, 0x41000000, 0, 0x1000);
	rig_expect_none();
	rig_cells("/reserved-memory/a@41000000", "reg", 4, 0, 0x31000000, 0, 0x1000);
	rig_expect("warning zone.dtb_memory: /reserved-memory/a@41000000: ", "not all RAM");
}

static void test_cpus(void)
{
	begin();
	rig_cells("/cpus/cpu@1", "reg", 1, 2);
	rig_expect("error zone.dtb_cpus: /cpus/cpu@1: ", "affinity 0x2");
	rig_cells("/cpus/cpu@1", "reg", 1, 0);
	rig_expect("error zone.dtb_cpus: /cpus/cpu@1: ", "another node");
	rig_cells("/cpus/cpu@1", "reg", 2, 0, 1);
	rig_expect("error zone.dtb_cpus: /cpus/cpu@1: ", "#address-cells");
	rig_cells("/cpus/cpu@1", "reg", 1, 1);
	rig_string("/cpus/cpu@1", "enable-method", "spin-table");
	rig_expect("error zone.dtb_cpus: /cpus/cpu@1: ", "psci");
	rig_delete("/cpus/cpu@1", NULL);
	rig_expect("warning zone.dtb_cpus: /cpus: ", "1 CPUs, the zone has 2");
	rig_delete("/cpus/cpu@0", NULL);
	rig_expect("error zone.dtb_cpus: /cpus: ", "first CPU");
	rig_delete("/cpus", NULL);
	rig_expect("error zone.dtb_cpus: ", "first CPU");
}

static void test_cpu_too_many(void)
{
	begin();
	rig_cells("/cpus/cpu@2", "reg", 1, 2);
	rig_string("/cpus/cpu@2", "device_type", "cpu");
	rig_string("/cpus/cpu@2", "enable-method", "psci");
	rig_expect("error zone.dtb_cpus: /cpus/cpu@2: ", "affinity 0x2: it has 2");
	rig_string("/cpus/cpu@2", "status", "fail-broken");
	rig_expect_none();
}

/* Sixteen to a cluster, as PSCI has it. */
static void test_cpu_clusters(void)
{
	rig_reset();
	rig_hv.cpus = 0x1ffff;
	rig_hv.num_cpus = 17;
	rig_hv.gic.gicr_size = 17 * 0x20000;
	rig_make(NULL);
	rig_expect_none();
	rig_cells("/cpus/cpu@100", "reg", 1, 16);
	rig_expect("error zone.dtb_cpus: /cpus/cpu@100: ", "affinity 0x10");
}

static void test_gic(void)
{
	const char *gic = "/interrupt-controller@8000000";

	begin();
	rig_cells(gic, "reg", 8, 0, 0x8010000, 0, 0x10000, 0, 0x80a0000, 0, 0x40000);
	rig_expect("error zone.dtb_gic: /interrupt-controller@8000000: ", "distributor is at 0x8010000");
	rig_cells(gic, "reg", 8, 0, 0x8000000, 0, 0x10000, 0, 0x80a0000, 0, 0x60000);
	rig_expect("error zone.dtb_gic: /interrupt-controller@8000000: ", "redistributors are at 0x80a0000");
	rig_cells(gic, "reg", 8, 0, 0x8000000, 0, 0x10000, 0, 0x80a0000, 0, 0x20000);
	rig_expect("error zone.dtb_gic: /interrupt-controller@8000000: ", "for 1 CPUs, the zone has 2");
	rig_cells(gic, "reg", 4, 0, 0x8000000, 0, 0x10000);
	rig_expect("error zone.dtb_gic: /interrupt-controller@8000000: ", "lacks the redistributors");
	rig_cells(gic, "reg", 12, 0, 0x8000000, 0, 0x10000, 0, 0x80a0000, 0, 0x20000, 0, 0x80c0000, 0,
		  0x20000);
	rig_cells(gic, "#redistributor-regions", 1, 2);
	rig_expect_none();
	rig_string(gic, "compatible", "arm,gic-400");
	CHECK_EQ(rig_check(), 0);
	CHECK(strstr(rig_findings,
		     "error zone.dtb_gic: /interrupt-controller@8000000: the zone has a GICv3"));
}

static void test_timer(void)
{
	begin();
	rig_cells("/timer", "interrupts", 12, 1, 13, 4, 1, 14, 4, 1, 12, 4, 1, 10, 4);
	CHECK_EQ(rig_check(), 0);
	CHECK(strstr(rig_findings, "error zone.dtb_timer: /timer: interrupt 2 must be PPI 11"));
	CHECK(strstr(rig_findings, "error zone.dtb_timer: /timer: it lacks the virtual timer"));
	rig_cells("/timer", "interrupts", 6, 1, 11, 4, 1, 14, 4);
	CHECK_EQ(rig_check(), 0);
	CHECK_EQ(rig_count, 1); /* PPI 11 in the place of PPI 13 */
	rig_bytes("/timer", "interrupt-names", "virt\0phys", 10);
	rig_expect_none();
	rig_delete("/timer", NULL);
	rig_expect("warning zone.dtb_timer: ", "no timer node");
}

static void test_psci(void)
{
	begin();
	rig_string("/psci", "method", "smc");
	rig_expect_none();
	rig_string("/psci", "method", "svc");
	rig_expect("error zone.dtb_psci: /psci: ", "method");
	rig_delete("/psci", NULL);
	rig_expect("error zone.dtb_psci: ", "no PSCI node");
	rig_hv.num_cpus = 1;
	rig_delete("/cpus/cpu@1", NULL);
	rig_expect("warning zone.dtb_psci: ", "no PSCI node");
}

static void test_chosen(void)
{
	begin();
	rig_string("/chosen", "stdout-path", "serial0:115200");
	rig_expect("warning zone.dtb_chosen: /chosen: ", "stdout-path leads to no node");
	rig_string("/aliases", "serial0", "/gpio@a004000");
	rig_expect_none();
	rig_string("/gpio@a004000", "status", "disabled");
	CHECK_EQ(rig_check(), 0);
	CHECK(strstr(rig_findings, "warning zone.dtb_chosen: /chosen: stdout-path leads to a disabled node"));
	rig_string("/gpio@a004000", "status", "ok");
	rig_cells("/chosen", "bootargs", 1, 0x41424344);
	rig_expect("error zone.dtb_chosen: /chosen: ", "bootargs is no string");
}

static void test_initrd(void)
{
	begin();
	rig_cells("/chosen", "linux,initrd-start", 1, 0x4f000000);
	rig_expect("error zone.dtb_initrd: /chosen: ", "end is missing");
	rig_cells("/chosen", "linux,initrd-end", 2, 0, 0x4f800000);
	rig_expect_none();
	rig_cells("/chosen", "linux,initrd-end", 1, 0x50000001);
	rig_expect("error zone.dtb_initrd: /chosen: ", "not in the zone's RAM");
	rig_cells("/chosen", "linux,initrd-end", 1, 0x4f000000);
	rig_expect("error zone.dtb_initrd: /chosen: ", "not in the zone's RAM");
	/* The kernel's file ends at 0x41400000, what it needs at 0x42400000. */
	rig_cells("/chosen", "linux,initrd-start", 1, 0x42300000);
	rig_cells("/chosen", "linux,initrd-end", 1, 0x43000000);
	rig_expect("error zone.dtb_initrd: /chosen: ", "where the kernel needs 0x2000000 bytes");
	rig_cells("/chosen", "linux,initrd-start", 1, 0x42400000);
	rig_expect_none();
	rig_cells("/chosen", "linux,initrd-start", 1, 0x40008000);
	rig_cells("/chosen", "linux,initrd-end", 1, 0x40020000);
	rig_expect("error zone.dtb_initrd: /chosen: ", "over the device tree");
}

static void test_virtio(void)
{
	const char *console = "/virtio_mmio@a003c00";

	begin();
	rig_cells(console, "interrupts", 3, 0, 43, 1);
	rig_expect("error zone.dtb_interrupt: /virtio_mmio@a003c00: ",
		   "its interrupt is 75, that of the zone's device is 78");
	rig_delete(console, "interrupts");
	rig_expect("error zone.dtb_interrupt: /virtio_mmio@a003c00: ", "lacks interrupt 78");
	rig_cells(console, "interrupts", 3, 0, 46, 1);
	rig_cells(console, "reg", 4, 0, 0xa003c00, 0, 0x400);
	rig_expect("error zone.dtb_virtio: /virtio_mmio@a003c00: ", "0x400 bytes");
	rig_cells(console, "reg", 4, 0, 0xa003c00, 0, 0x200);
	rig_string(console, "compatible", "arm,pl061");
	rig_expect("error zone.dtb_virtio: /virtio_mmio@a003c00: ", "\"virtio,mmio\"");
	rig_string(console, "compatible", "virtio,mmio");
	rig_cells(console, "reg", 4, 0, 0xa003a00, 0, 0x200);
	CHECK_EQ(rig_check(), 0);
	CHECK(strstr(
		rig_findings,
		"warning zone.dtb_virtio: /virtio_mmio@a003c00: the zone has no virtio device at 0xa003a00"));
	CHECK(strstr(
		rig_findings,
		"error zone.dtb_interrupt: /virtio_mmio@a003c00: interrupt 78 belongs to a virtio device"));
	CHECK(strstr(rig_findings,
		     "warning zone.dtb_virtio: no enabled node has the zone's device at 0xa003c00"));
	CHECK_EQ(rig_count, 3);
}

/* A device that the config does not give. */
static void test_foreign_device(void)
{
	const char *uart = "/serial@9000000";

	begin();
	rig_cells(uart, "reg", 4, 0, 0x9000000, 0, 0x1000);
	rig_expect("error zone.dtb_device: /serial@9000000: ",
		   "0x9000000 with size 0x1000 lies in no region");
	rig_string(uart, "status", "disabled");
	rig_expect_none();
	rig_string(uart, "status", "okay");
	rig_cells(uart, "reg", 4, 0, 0x10000000, 0, 0x10001);
	rig_expect("error zone.dtb_device: /serial@9000000: ", "0x10001 lies in no region");
	rig_cells(uart, "reg", 4, 0, 0x10001000, 0, 0x1000);
	rig_expect_none();
	rig_cells(uart, "reg", 3, 0, 0x10001000, 0);
	rig_expect("error zone.dtb_device: /serial@9000000: ", "its reg cannot be read");
	rig_cells(uart, "reg", 4, 0xffffffff, 0xfffff000, 0, 0x2000);
	rig_expect("error zone.dtb_device: /serial@9000000: ", "its reg cannot be read");
}

static void test_interrupts(void)
{
	const char *uart = "/serial@10000000";

	begin();
	rig_cells(uart, "reg", 4, 0, 0x10000000, 0, 0x1000);
	rig_cells(uart, "interrupts", 3, 0, 29, 4);
	rig_expect_none();
	rig_cells(uart, "interrupts", 6, 0, 29, 4, 0, 30, 4);
	rig_expect("error zone.dtb_interrupt: /serial@10000000: ", "interrupt 62 (SPI 30) is not the zone's");
	rig_cells(uart, "interrupts", 3, 1, 7, 4);
	rig_expect_none();
	rig_cells(uart, "interrupts", 3, 1, 9, 4);
	rig_expect("error zone.dtb_interrupt: /serial@10000000: ", "interrupt 25 (PPI 9) is not the zone's");
	rig_cells(uart, "interrupts", 3, 2, 9, 4);
	rig_expect("error zone.dtb_interrupt: /serial@10000000: ", "no SPI and no PPI");
	rig_cells(uart, "interrupts", 3, 0, 0xffffffff, 4);
	rig_expect("error zone.dtb_interrupt: /serial@10000000: ", "no SPI and no PPI");
	rig_cells(uart, "interrupts", 4, 0, 29, 4, 0);
	rig_expect("error zone.dtb_interrupt: /serial@10000000: ", "its interrupts cannot be read");
	rig_cells(uart, "interrupts", 3, 0, 29, 4);
	rig_cells(uart, "interrupt-parent", 1, 0x77);
	rig_expect("error zone.dtb_reference: /serial@10000000: ", "leads to no interrupt controller");
	rig_cells(uart, "interrupts-extended", 4, 1, 0, 43, 4);
	rig_expect_none();
	rig_cells(uart, "interrupts-extended", 8, 1, 0, 43, 4, 1, 0, 100, 4);
	rig_expect("error zone.dtb_interrupt: /serial@10000000: ", "interrupt 132");
	rig_cells(uart, "interrupts-extended", 8, 1, 0, 43, 4, 0x77, 0, 100, 4);
	rig_expect("error zone.dtb_reference: /serial@10000000: ", "no node has");
}

/* interrupt-parent of two nodes that point at each other. */
static void test_interrupt_circle(void)
{
	begin();
	rig_cells("/a", "phandle", 1, 0x100);
	rig_cells("/a", "interrupt-parent", 1, 0x101);
	rig_cells("/b", "phandle", 1, 0x101);
	rig_cells("/b", "interrupt-parent", 1, 0x100);
	rig_cells("/a", "interrupts", 3, 0, 29, 4);
	rig_expect("error zone.dtb_reference: /a: ", "leads to no interrupt controller");
}

/* An expander's interrupts are its own; the one it raises is the zone's. */
static void test_chained_controller(void)
{
	begin();
	rig_cells("/expander", "phandle", 1, 0x100);
	rig_cells("/expander", "#interrupt-cells", 1, 2);
	rig_cells("/expander", "interrupts", 3, 0, 29, 4);
	rig_cells("/key", "interrupt-parent", 1, 0x100);
	rig_cells("/key", "interrupts", 2, 77, 4);
	rig_expect_none();
	rig_cells("/expander", "interrupts", 3, 0, 30, 4);
	rig_expect("error zone.dtb_interrupt: /expander: ", "interrupt 62");
}

static void bus(const char *path, uint32_t child, uint32_t parent, uint32_t size)
{
	rig_cells(path, "#address-cells", 1, 1);
	rig_cells(path, "#size-cells", 1, 1);
	rig_cells(path, "ranges", 4, child, 0, parent, size);
}

static void test_ranges(void)
{
	begin();
	bus("/soc", 0, 0x10000000, 0x8000);
	rig_cells("/soc/inner", "#address-cells", 1, 1);
	rig_cells("/soc/inner", "#size-cells", 1, 1);
	rig_cells("/soc/inner", "ranges", 3, 0x500, 0x1000, 0x1000);
	rig_cells("/soc/inner/uart@500", "reg", 2, 0x500, 0x1000);
	rig_expect_none();
	bus("/soc", 0, 0x11000000, 0x8000);
	rig_expect("error zone.dtb_device: /soc/inner/uart@500: ",
		   "0x11001000 with size 0x1000 lies in no region");
	bus("/soc", 0, 0x10000000, 0x1800);
	rig_expect("error zone.dtb_device: /soc/inner/uart@500: ", "outside the ranges");
	rig_cells("/soc", "ranges", 3, 0, 0, 0x10000000);
	rig_expect("error zone.dtb_device: /soc/inner/uart@500: ", "cannot be read");
	rig_string("/soc", "status", "disabled");
	rig_expect_none();
	rig_string("/soc", "status", "okay");
	/* Without ranges the bus is one that the CPU does not see. */
	rig_delete("/soc", "ranges");
	rig_expect_none();
}

static void test_giant_cells(void)
{
	begin();
	bus("/soc", 0, 0x10000000, 0x8000);
	rig_cells("/soc/a@0", "reg", 2, 0, 0x1000);
	rig_cells("/soc", "#address-cells", 1, 0xffffffff);
	rig_cells("/soc", "#size-cells", 1, 0xffffffff);
	rig_expect_none();
	rig_cells("/soc", "#address-cells", 1, 3);
	rig_cells("/soc", "#size-cells", 1, 0xfffffffe);
	rig_expect_none();
	rig_cells("/interrupt-controller@8000000", "#interrupt-cells", 1, 0x40000001);
	rig_check();
	CHECK(strstr(rig_findings, "error zone.dtb_gic: /interrupt-controller@8000000: #interrupt-cells"));
}

static void test_pci(void)
{
	begin();
	rig_cells("/pcie", "#address-cells", 1, 3);
	rig_cells("/pcie", "#size-cells", 1, 2);
	rig_cells("/pcie", "#interrupt-cells", 1, 1);
	rig_cells("/pcie", "ranges", 14, 0x2000000, 0, 0x10000000, 0, 0x10000000, 0, 0x1000, 0x2000000, 0,
		  0x20000000, 0, 0x20000000, 0, 0x1000);
	rig_expect("error zone.dtb_device: /pcie: ", "0x20000000 with size 0x1000 lies in no region");
	rig_cells("/pcie", "ranges", 7, 0x2000000, 0, 0x10000000, 0, 0x10000000, 0, 0x1000);
	/* The GIC says #address-cells 0. */
	rig_cells("/pcie", "interrupt-map", 16, 0, 0, 0, 1, 1, 0, 29, 4, 0, 0, 0, 2, 1, 0, 43, 4);
	rig_expect_none();
	rig_cells("/pcie", "interrupt-map", 16, 0, 0, 0, 1, 1, 0, 29, 4, 0, 0, 0, 2, 1, 0, 60, 4);
	rig_expect("error zone.dtb_interrupt: /pcie: ", "interrupt 92");
	rig_cells("/pcie", "interrupt-map", 7, 0, 0, 0, 1, 1, 0, 29);
	rig_expect("error zone.dtb_interrupt: /pcie: ", "interrupt-map cannot be read");
}

static void test_no_tree(void)
{
	begin();
	memset(rig_tree, 0, 4);
	CHECK_EQ(rig_check(), -EBADMSG);
	CHECK_EQ(rig_count, 1);
	CHECK(strncmp(rig_findings, "error zone.dtb_bad: ", 20) == 0);
}

static const struct test tests[] = {
	TEST(test_right),
	TEST(test_memory),
	TEST(test_memory_in_pieces),
	TEST(test_reserved_memory),
	TEST(test_cpus),
	TEST(test_cpu_too_many),
	TEST(test_cpu_clusters),
	TEST(test_gic),
	TEST(test_timer),
	TEST(test_psci),
	TEST(test_chosen),
	TEST(test_initrd),
	TEST(test_virtio),
	TEST(test_foreign_device),
	TEST(test_interrupts),
	TEST(test_interrupt_circle),
	TEST(test_chained_controller),
	TEST(test_ranges),
	TEST(test_giant_cells),
	TEST(test_pci),
	TEST(test_no_tree),
};

int main(int argc, char **argv)
{
	return test_main(tests, COUNT(tests), argc, argv);
}
