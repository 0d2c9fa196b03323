/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Zones and vCPUs: the table, the lifecycle, who may do what in which state.
 *
 *   NONE --create--> LOADING --start--> RUNNING --end--> STOPPING --last CPU out--> ENDED
 *   LOADING, ENDED --destroy--> SCRUBBING --RAM cleared--> NONE
 *   RUNNING --pause, last CPU parked--> PAUSED --resume--> RUNNING; PAUSED --stop--> STOPPING
 *
 * A physical CPU runs one vCPU at most, and a vCPU never moves: vCPUs are
 * stored by physical CPU number.
 *
 * Two kinds of locks. zone_lock() serialises create, start, destroy: the
 * ledger, the stage-2 plans, the root zone's windows. Each zone's own lock
 * guards its state, power states and ring. Paths that a guest can time (traps,
 * interrupts) take the guest's own zone's lock only. Order: zone_lock(), then
 * one zone's lock, then locks of the architecture.
 */
#ifndef CORE_ZONE_H
#define CORE_ZONE_H

#include "hv_call.h"
#include "hv_ring.h"
#include "hv_validate.h"
#include "platform.h"

#include <arch_types.h>

/* What a caller in the trap path must do with the vCPU it serves. */
enum vcpu_action {
	VCPU_RESUME, /* go back to the guest */
	VCPU_LEAVE,  /* the vCPU is off: go to cpu_main() on a fresh stack */
};

enum vcpu_power {
	VCPU_OFF,
	VCPU_ON_PENDING, /* its CPU will start it at entry with context */
	VCPU_ON,
};

/* What a vCPU is told; it looks at its next cpu_poll(). */
#define VCPU_ORDER_LEAVE 1u
#define VCPU_ORDER_PARK 2u

struct zone;

struct vcpu {
	struct zone *zone; /* NULL: the CPU belongs to nobody */
	uint32_t index;    /* number within the zone */
	uint32_t cpu;      /* physical CPU */
	uint32_t power;    /* enum vcpu_power; atomic */
	uint32_t order;    /* 0 or one VCPU_ORDER_; atomic, given under the zone's lock */
	bool parked;       /* it obeys VCPU_ORDER_PARK and is counted; under the zone's lock */
	uint64_t entry;    /* for VCPU_ON_PENDING: IPA */
	uint64_t context;  /* and x0 */
	uint64_t exits;    /* counted by the trap path; see struct hv_zone_status */
	uint32_t region;   /* the virtio region of the last trapped access: where to look first */
	/* A waiting MMIO request: wait_seq is non-zero from posting until answered (atomic). */
	uint32_t wait_seq;
	uint32_t last_seq;
	uint64_t wait_value;
	struct arch_vcpu arch;
};

struct zone {
	struct arch_lock lock;
	uint32_t id;
	uint32_t state; /* HV_ZONE_; atomic to read, changed under lock */
	uint32_t reason;
	uint32_t num_vcpus;
	uint32_t
		cpus_in; /* vCPUs that have not left yet, while STOPPING, or are not parked yet, while held; under lock */
	bool held;         /* to be paused, or paused: no vCPU enters its guest; under lock */
	bool images_dirty; /* kernel and tree are still to be cleaned to memory; under lock */
	uint64_t generation;
	uint64_t runs;
	uint64_t pages;              /* of the pool: stage-2 tables and ring */
	uint64_t windows;            /* bit n: region n is mapped in the root zone; under zone_lock() */
	uint64_t scrub;              /* bit n: region n is to be cleared before it is given back */
	struct hv_zone_status fault; /* of the last run: esr, ipa, far, pc, vcpu of a BAD_ end, exits, name */
	struct vcpu *vcpu[HV_MAX_CPUS];
	struct hv_ring *ring;
	uint32_t ring_head; /* EL2's own; under lock */
	struct arch_stage2 stage2;
	struct arch_zone arch;
	HvZoneConfig config;
};

/* Boot, once, on CPU 0: makes the root zone RUNNING with vCPU 0 pending on its first CPU.
 * 0 or HV_ERR_; the board description itself is checked first. */
int zone_init_root(struct hv_violation *ret_violation);

/* NULL if id is out of range. The slot may be in any state. */
struct zone *zone_get(uint64_t id);
struct vcpu *vcpu_of_cpu(uint32_t cpu);

static inline bool zone_is_root(const struct zone *zone)
{
	return zone->id == 0;
}

/* Each returns HV_OK or HV_ERR_; see hv_call.h. Called by the root zone's CPUs. */
int64_t zone_create(const HvZoneConfig *config, struct hv_violation *ret_violation);
int64_t zone_start(uint64_t id);
int64_t zone_stop(uint64_t id);
int64_t zone_destroy(uint64_t id);
int64_t zone_pause(uint64_t id);
int64_t zone_resume(uint64_t id);
int64_t zone_status(uint64_t id, struct hv_zone_status *ret_status);
int64_t zone_config(uint64_t id, HvZoneConfig *ret_config);
uint64_t zone_list(void);
int64_t zone_inject(uint64_t id, uint64_t intid);

/* Zones whose status changed since the last call. */
uint64_t zone_take_changes(void);

/*
 * Ends a running zone from one of its own vCPUs (PSCI, a fault) and kicks the
 * others. The first reason counts. The root zone's GUEST_OFF and GUEST_RESET
 * are the machine's; a fault of the root zone ends it alone. Always VCPU_LEAVE.
 */
enum vcpu_action zone_end(struct vcpu *vcpu, uint32_t reason);

/* The same with the syndrome recorded. */
enum vcpu_action zone_fault(struct vcpu *vcpu, uint32_t reason, uint64_t esr, uint64_t far, uint64_t ipa,
			    uint64_t pc);

/* The vCPU switches itself off (CPU_OFF); the last one ends the zone. Always VCPU_LEAVE. */
enum vcpu_action vcpu_power_off(struct vcpu *vcpu);

/* After a kick, with a vCPU running: leave or go on. While its zone is paused it does not return. */
enum vcpu_action cpu_poll(struct vcpu *vcpu);

/*
 * What a CPU does without a vCPU: waits, starts a pending vCPU, clears the RAM
 * of a destroyed zone. cpu_main() is cpu_step() for ever; tests call the step.
 * Returns false when there was nothing to do.
 */
bool cpu_step(uint32_t cpu);
void cpu_main(uint32_t cpu);

#endif
