/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Trapped MMIO of virtio regions: from a decoded access to the request ring and back. */
#ifndef CORE_MMIO_H
#define CORE_MMIO_H

#include "zone.h"

struct mmio_access {
	uint64_t ipa;
	uint64_t value; /* in: of a store; out: of a load, not yet sign-extended */
	uint8_t size;   /* bytes: 1, 2, 4, 8 */
	bool write;
};

enum mmio_result {
	MMIO_DONE,       /* access->value holds a load's answer */
	MMIO_NOT_VIRTIO, /* no virtio region there: not handled */
	MMIO_LEAVE,      /* the zone ended meanwhile: the vCPU is off */
};

/*
 * Serves one access of a running vCPU. Notifications return at once, and so do
 * the interrupt registers that the device process shares (hv_ring.h); others
 * sleep in arch_cpu_wait() until answered or stopped.
 */
enum mmio_result mmio_access(struct vcpu *vcpu, struct mmio_access *access);

/* Root's answer. HV_OK, HV_ERR_NO_ZONE, _STATE (not running), _INVALID (nobody waits so). */
int64_t mmio_complete(uint64_t zone, uint64_t vcpu, uint64_t seq, uint64_t value);

/* Zones with new requests since the last call. */
uint64_t mmio_take_requests(void);

#endif
