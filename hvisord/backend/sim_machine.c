/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_machine.h"

#include <errno.h>

#include "fake.h"
#include "sim_guest.h"
#include "sim_memory.h"

int sim_machine_init(void)
{
	struct hv_violation violation;

	sim_guest_init();
	return zone_init_root(&violation);
}

int64_t sim_machine_errno(int64_t result)
{
	static const int table[] = { 0,       -ENOTTY, -EPERM, -EINVAL,     -EFAULT, -ENOENT,
				     -EEXIST, -EBUSY,  -EDOM,  -EADDRINUSE, -ENOMEM, -EIO };

	return result > 0 || result < -11 ? -EIO : table[-result];
}

int sim_machine_act(uint32_t id, enum sim_guest_act what)
{
	const struct zone *zone = id != 0 ? zone_get(id) : NULL;

	if (zone == NULL || what >= SIM_GUEST_COUNT)
		return -EINVAL;
	if (zone->state != HV_ZONE_RUNNING || !sim_guest_act(id, what))
		return -EBUSY;
	return 0;
}

/* One CPU's turn; false: it had nothing to do. */
static bool turn(uint32_t cpu)
{
	const struct vcpu *vcpu = vcpu_of_cpu(cpu);
	bool did;

	/* the root zone's CPUs are whoever sends requests; of a zone's, the first has the guest */
	if (vcpu->zone != NULL && zone_is_root(vcpu->zone))
		return false;
	if (vcpu->zone != NULL && vcpu->power == VCPU_ON)
		return sim_guest_turn(vcpu->zone->id);
	fake_set_cpu(cpu);
	did = cpu_step(cpu);
	fake_set_cpu(0);
	return did;
}

uint64_t sim_machine_settle(void)
{
	uint64_t gone = 0;
	bool busy = true;

	while (busy) {
		busy = false;
		for (uint32_t cpu = 0; cpu < platform_board.num_cpus; cpu++)
			busy |= turn(cpu);
	}
	for (uint32_t id = 1; id < HV_MAX_ZONES; id++) {
		if (zone_get(id)->state != HV_ZONE_NONE)
			continue;
		sim_guest_gone(id);
		if (sim_memory_drop(id))
			gone |= 1ull << id;
	}
	return gone;
}
