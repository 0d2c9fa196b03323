/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A board made for tests, zones that fit on it, and short ways to act as a root zone. */
#ifndef FIXTURE_H
#define FIXTURE_H

#include "fake.h"

#define FIXTURE_CPUS 8u
#define FIXTURE_ROOT_BUFFER 0x41000000ull /* in root RAM */
#define FIXTURE_SHARED 0x4e000000ull      /* 16 MiB of root RAM that the root zone shares */
#define FIXTURE_SHARED_SIZE 0x1000000ull
#define FIXTURE_EVENT_INTID 212u
#define FIXTURE_VIRTIO_IPA 0xa003c00ull

/* A good config: zone 1..3 with CPUs 2n, 2n + 1, RAM, a device page, a virtio window, an SPI. */
HvZoneConfig fixture_zone(uint32_t id);

/* The same with one more RAM region (the last one), shared. */
HvZoneConfig fixture_sharing_zone(uint32_t id, uint64_t start, uint64_t size);

/* Resets the recorder, boots the root zone and runs its first vCPU. */
void fixture_boot(void);

/* Create, or create and start and let the first vCPU run; ends the process if that fails. */
void fixture_create(uint32_t id);
void fixture_start(uint32_t id);

/* Lets every CPU take cpu_step() and running vCPUs cpu_poll() until none does anything more. */
void fixture_settle(void);

/*
 * What the vCPU's CPU does next instead of cpu_poll(): fixture_settle() lets it
 * begin, and go on each time after it slept in arch_cpu_wait(), on a thread of
 * its own; no two run at once.
 */
void fixture_guest(struct vcpu *vcpu, enum vcpu_action (*fn)(struct vcpu *vcpu));

/* Stop (if running or paused), destroy, settle. */
void fixture_remove(uint32_t id);

/* Lets the vCPU make a PSCI call as a guest; returns x0. */
int64_t fixture_psci(struct vcpu *vcpu, uint32_t id, uint64_t a, uint64_t b, uint64_t c);

uint32_t fixture_state(uint32_t id);
uint32_t fixture_reason(uint32_t id);
uint64_t fixture_pool_used(void);

#endif
