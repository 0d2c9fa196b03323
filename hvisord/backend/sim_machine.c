/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_machine.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fake.h"

#define SCRIPT_SIZE 16

static int ram[HV_MAX_ZONES];   /* a file for each zone; -1: none yet */
static uint64_t about_to_start; /* bit n: CPU n entered a guest and has not acted yet */
static const char *const names[SIM_GUEST_COUNT] = { "run", "off", "reset", "fault" };

static void on_run(struct vcpu *vcpu)
{
	about_to_start |= 1ull << vcpu->cpu;
}

int sim_machine_init(void)
{
	struct hv_violation violation;

	memset(ram, -1, sizeof(ram));
	fake_behaviour.on_run = on_run;
	return zone_init_root(&violation);
}

int sim_machine_ram(uint32_t zone)
{
	int fd;

	if (zone >= HV_MAX_ZONES || zone_get(zone)->state == HV_ZONE_NONE)
		return -ENOENT;
	if (ram[zone] >= 0)
		return ram[zone];
	fd = memfd_create("zone", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* sparse: only what is loaded takes memory */
	if (ftruncate(fd, (off_t)1 << HV_IPA_BITS) != 0) {
		close(fd);
		return -EIO;
	}
	ram[zone] = fd;
	return fd;
}

/* What the image at the entry point says that the guest does. */
static enum sim_guest script(const struct zone *zone)
{
	char text[SCRIPT_SIZE] = "";

	if (ram[zone->id] < 0 ||
	    pread(ram[zone->id], text, sizeof(text) - 1, (off_t)zone->config.entry_point) < 4 ||
	    strncmp(text, "sim:", 4) != 0)
		return SIM_GUEST_RUN;
	for (unsigned i = 0; i < SIM_GUEST_COUNT; i++) {
		if (strncmp(text + 4, names[i], strlen(names[i])) == 0)
			return (enum sim_guest)i;
	}
	return SIM_GUEST_RUN;
}

static void act(struct vcpu *vcpu, enum sim_guest what)
{
	fake_set_cpu(vcpu->cpu);
	if (what == SIM_GUEST_OFF)
		zone_end(vcpu, HV_REASON_GUEST_OFF);
	else if (what == SIM_GUEST_RESET)
		zone_end(vcpu, HV_REASON_GUEST_RESET);
	else if (what == SIM_GUEST_FAULT)
		zone_fault(vcpu, HV_REASON_BAD_ACCESS, 0x93800006, 0xffff800008001234, 0xdead0000,
			   vcpu->zone->config.entry_point + 0x40);
	fake_set_cpu(0);
}

int sim_machine_guest(uint32_t id, enum sim_guest what)
{
	struct zone *zone = id != 0 ? zone_get(id) : NULL;

	if (zone == NULL || what >= SIM_GUEST_COUNT)
		return -EINVAL;
	if (zone->state != HV_ZONE_RUNNING)
		return -EBUSY;
	act(zone->vcpu[0], what);
	return 0;
}

/* One CPU's turn; false: it had nothing to do. */
static bool turn(uint32_t cpu)
{
	struct vcpu *vcpu = vcpu_of_cpu(cpu);
	bool did = false;

	/* the root zone's CPUs are whoever sends requests */
	if (vcpu->zone != NULL && zone_is_root(vcpu->zone))
		return false;
	fake_set_cpu(cpu);
	if (vcpu->zone != NULL && vcpu->power == VCPU_ON) {
		if ((about_to_start >> cpu & 1) != 0) {
			about_to_start &= ~(1ull << cpu);
			act(vcpu, script(vcpu->zone));
			did = true;
		} else if (vcpu->stop != 0) {
			cpu_poll(vcpu);
			did = true;
		}
	} else {
		did = cpu_step(cpu);
	}
	fake_set_cpu(0);
	return did;
}

void sim_machine_settle(void)
{
	bool busy = true;

	while (busy) {
		busy = false;
		for (uint32_t cpu = 0; cpu < platform_board.num_cpus; cpu++)
			busy |= turn(cpu);
	}
	for (uint32_t id = 1; id < HV_MAX_ZONES; id++) {
		if (ram[id] >= 0 && zone_get(id)->state == HV_ZONE_NONE) {
			close(ram[id]);
			ram[id] = -1;
		}
	}
}
