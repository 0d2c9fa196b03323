/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the first C line of each CPU to cpu_main(). */
#include "boot.h"

#include "arch_cpu.h"
#include "gic.h"

static uint64_t first_guest_ticks;

static void cpu_init(uint32_t id)
{
	this_cpu()->id = id;
	this_cpu()->started = 1;
	guest_init_cpu();
	gic_init_cpu();
}

static void check_build(void)
{
	const HvPlatform *board = &platform_board;
	const uint64_t range = read_sysreg(id_aa64mmfr0_el1) & 0xf;

	if ((uintptr_t)el2_start != board->hypervisor.start ||
	    (uintptr_t)el2_end - (uintptr_t)el2_start > board->hypervisor.size)
		boot_stop("linked for another place than the board's hypervisor range");
	if (board->num_cpus > EL2_MAX_CPUS)
		boot_stop("the board has more CPUs than this build");
	if (range < 2)
		boot_stop("the CPU has less than 40 bits of physical address");
}

static void check_redistributors(void)
{
	for (uint32_t cpu = 0; cpu < platform_board.num_cpus; cpu++) {
		if (el2_cpu[cpu].gicr == 0)
			boot_stop("a CPU of the board has no redistributor");
		el2_cpu[cpu].kick = gic_kick_word(cpu);
	}
}

static uint64_t ram_mib(void)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < platform_board.num_ram; i++)
		bytes += platform_board.ram[i].size;
	return bytes >> 20;
}

_Noreturn void boot_stop(const char *why)
{
	console_print("hvisor: %s\n", why);
	for (;;)
		wfi();
}

void boot_first_guest(void)
{
	if (first_guest_ticks == 0)
		first_guest_ticks = read_sysreg(cntpct_el0);
}

void arch_stats(struct hv_stats *stats)
{
	stats->image_bytes = (uintptr_t)el2_image_end - (uintptr_t)el2_start;
	stats->boot_ticks = first_guest_ticks;
}

void boot_primary(uint64_t tree)
{
	struct hv_violation violation = { 0 };
	int err;

	console_init();
	check_build();
	fdt_check_board(tree);
	gic_init();
	check_redistributors();
	cpu_init(0);
	err = zone_init_root(&violation);
	if (err != 0) {
		console_print("hvisor: root zone refused: error %u, violation %u, index %u\n",
			      (uint64_t)(uint32_t)-err, (uint64_t)violation.code, (uint64_t)violation.index);
		boot_stop("the platform's root zone does not fit the platform");
	}
	console_print("hvisor " HVISOR_VERSION " on %s: %u CPUs, %u MiB\n", platform_board.name,
		      (uint64_t)platform_board.num_cpus, ram_mib());
	cpu_idle();
}

void boot_secondary(uint32_t cpu)
{
	cpu_init(cpu);
	cpu_idle();
}

void cpu_idle(void)
{
	cpu_main(this_cpu()->id);
	arch_panic("cpu_main came back");
}
