/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "psci.h"

#include "arch_cpu.h"
#include "zone_private.h"

/* Return codes (DEN 0022 section 5.2.2). */
#define PSCI_SUCCESS 0
#define PSCI_NOT_SUPPORTED (-1)
#define PSCI_INVALID_PARAMETERS (-2)
#define PSCI_DENIED (-3)
#define PSCI_ALREADY_ON (-4)
#define PSCI_ON_PENDING (-5)
#define PSCI_INTERNAL_FAILURE (-6)
#define PSCI_INVALID_ADDRESS (-9)

/* AFFINITY_INFO (section 5.1.6). */
#define AFFINITY_ON 0
#define AFFINITY_OFF 1
#define AFFINITY_ON_PENDING 2

#define MIGRATE_NO_TRUSTED_OS 2 /* section 5.1.9 */
#define RESET2_ARCH_WARM 0u     /* section 5.1.14 */

#define AFFINITY_0_CPUS 16u

#define SMCCC_VERSION_1_2 0x00010002
#define SMCCC_FAST_64 0x40000000u /* DEN 0028 section 2.5: the 64-bit form of a function */

struct psci {
	struct vcpu *vcpu;
	uint64_t arg[3];
	int64_t result;
};

struct psci_function {
	uint32_t id; /* of the 32-bit form */
	bool wide;   /* has a 64-bit form too */
	enum vcpu_action (*fn)(struct psci *psci);
};

static const struct psci_function *find(uint32_t id);

/*
 * A vCPU is named by its MPIDR: sixteen to a cluster, as many as one write of
 * ICC_SGI1R_EL1 can name (GICv3 12.1.10); affinity levels 2 and 3 are 0.
 */
static struct vcpu *target_of(const struct psci *psci)
{
	const struct zone *zone = psci->vcpu->zone;
	uint64_t affinity = psci->arg[0];
	uint64_t index = (affinity >> 8) * AFFINITY_0_CPUS + (affinity & 0xff);

	if ((affinity & 0xff) >= AFFINITY_0_CPUS || affinity >> 16 != 0 || index >= zone->num_vcpus)
		return NULL;
	return zone->vcpu[index];
}

static bool entry_valid(const HvZoneConfig *config, uint64_t entry)
{
	for (uint32_t i = 0; i < config->num_regions; i++) {
		const struct hv_memory_region *r = &config->regions[i];

		if (r->type == HV_REGION_RAM && hv_range_contains(r->virtual_start, r->size, entry, 4))
			return entry % 4 == 0;
	}
	return false;
}

static enum vcpu_action psci_version(struct psci *psci)
{
	psci->result = PSCI_VERSION_1_1;
	return VCPU_RESUME;
}

static enum vcpu_action cpu_off(struct psci *psci)
{
	return vcpu_power_off(psci->vcpu);
}

static int64_t switch_on(struct vcpu *target, uint64_t entry, uint64_t context)
{
	static const int64_t already[] = {
		[VCPU_OFF] = PSCI_SUCCESS,
		[VCPU_ON_PENDING] = PSCI_ON_PENDING,
		[VCPU_ON] = PSCI_ALREADY_ON,
	};
	struct zone *zone = target->zone;
	int64_t result;

	if (arch_cpu_power_on(target->cpu) != 0)
		return PSCI_INTERNAL_FAILURE;
	arch_lock(&zone->lock);
	result = already[vcpu_power(target)];
	/* A zone that is being stopped grows no more vCPUs; the caller itself leaves in a moment. */
	if (zone->state != HV_ZONE_RUNNING)
		result = PSCI_DENIED;
	if (result == PSCI_SUCCESS) {
		target->entry = entry;
		target->context = context;
		__atomic_store_n(&target->power, VCPU_ON_PENDING, __ATOMIC_RELEASE);
	}
	arch_unlock(&zone->lock);
	if (result == PSCI_SUCCESS)
		arch_cpu_kick(target->cpu);
	return result;
}

static enum vcpu_action cpu_on(struct psci *psci)
{
	struct vcpu *target = target_of(psci);

	if (target == NULL)
		psci->result = PSCI_INVALID_PARAMETERS;
	else if (!entry_valid(&target->zone->config, psci->arg[1]))
		psci->result = PSCI_INVALID_ADDRESS;
	else
		psci->result = switch_on(target, psci->arg[1], psci->arg[2]);
	return VCPU_RESUME;
}

static enum vcpu_action affinity_info(struct psci *psci)
{
	static const int64_t info[] = {
		[VCPU_OFF] = AFFINITY_OFF,
		[VCPU_ON_PENDING] = AFFINITY_ON_PENDING,
		[VCPU_ON] = AFFINITY_ON,
	};
	struct vcpu *target = target_of(psci);

	/* Since PSCI 1.0 a level above 0 need not be answered. */
	if (target == NULL || psci->arg[1] != 0)
		psci->result = PSCI_INVALID_PARAMETERS;
	else
		psci->result = info[vcpu_power(target)];
	return VCPU_RESUME;
}

static enum vcpu_action migrate_info_type(struct psci *psci)
{
	psci->result = MIGRATE_NO_TRUSTED_OS;
	return VCPU_RESUME;
}

static enum vcpu_action system_off(struct psci *psci)
{
	return zone_end(psci->vcpu, HV_REASON_GUEST_OFF);
}

static enum vcpu_action system_reset(struct psci *psci)
{
	return zone_end(psci->vcpu, HV_REASON_GUEST_RESET);
}

static enum vcpu_action system_reset2(struct psci *psci)
{
	if ((uint32_t)psci->arg[0] == RESET2_ARCH_WARM)
		return system_reset(psci);
	psci->result = PSCI_INVALID_PARAMETERS;
	return VCPU_RESUME;
}

static enum vcpu_action features(struct psci *psci)
{
	psci->result = find((uint32_t)psci->arg[0]) != NULL ? PSCI_SUCCESS : PSCI_NOT_SUPPORTED;
	return VCPU_RESUME;
}

static enum vcpu_action smccc_version(struct psci *psci)
{
	psci->result = SMCCC_VERSION_1_2;
	return VCPU_RESUME;
}

static enum vcpu_action smccc_arch_features(struct psci *psci)
{
	const uint32_t psci_range = 0x84000000u;
	uint32_t id = (uint32_t)psci->arg[0];

	/* Functions of the architecture's own range only (DEN 0028 section 7.3). */
	psci->result = id < psci_range && find(id) != NULL ? PSCI_SUCCESS : PSCI_NOT_SUPPORTED;
	return VCPU_RESUME;
}

/*
 * CPU_SUSPEND is not offered: a vCPU owns its CPU, and WFI, which does not
 * trap, is all the idle state there is.
 */
static const struct psci_function functions[] = {
	{ 0x80000000u, false, smccc_version },
	{ 0x80000001u, false, smccc_arch_features },
	{ PSCI_VERSION, false, psci_version },
	{ 0x84000002u, false, cpu_off },
	{ 0x84000003u, true, cpu_on },
	{ 0x84000004u, true, affinity_info },
	{ 0x84000006u, false, migrate_info_type },
	{ 0x84000008u, false, system_off },
	{ 0x84000009u, false, system_reset },
	{ 0x8400000au, false, features },
	{ 0x84000012u, true, system_reset2 },
};

static const struct psci_function *find(uint32_t id)
{
	for (uint32_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		if (functions[i].id == id || (functions[i].wide && (functions[i].id | SMCCC_FAST_64) == id))
			return &functions[i];
	return NULL;
}

enum vcpu_action psci_call(struct vcpu *vcpu, uint64_t x[5])
{
	uint32_t id = (uint32_t)x[0];
	uint64_t mask = (id & SMCCC_FAST_64) != 0 ? UINT64_MAX : UINT32_MAX;
	const struct psci_function *function = find(id);
	struct psci psci = { .vcpu = vcpu, .arg = { x[1] & mask, x[2] & mask, x[3] & mask } };
	enum vcpu_action action = VCPU_RESUME;

	psci.result = PSCI_NOT_SUPPORTED;
	if (function != NULL)
		action = function->fn(&psci);
	x[0] = (uint64_t)psci.result;
	return action;
}
