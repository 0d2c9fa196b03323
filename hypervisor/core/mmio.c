/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mmio.h"

#include "arch_cpu.h"
#include "zone_private.h"

/* Virtio 1.2 section 4.2.2. */
#define VIRTIO_QUEUE_NOTIFY 0x50u
#define VIRTIO_INTERRUPT_STATUS 0x60u
#define VIRTIO_INTERRUPT_ACK 0x64u

#define ACK_TRIES 8u /* a process that writes there without end costs its zone a wait, not us */

static uint64_t requests;

static bool in_region(const struct zone *zone, uint32_t region, const struct mmio_access *access)
{
	const struct hv_memory_region *r = &zone->config.regions[region];

	return r->type == HV_REGION_VIRTIO &&
	       hv_range_contains(r->virtual_start, r->size, access->ipa, access->size);
}

static bool is_virtio(struct vcpu *vcpu, const struct mmio_access *access)
{
	const struct zone *zone = vcpu->zone;

	/* A driver talks to one device for long stretches. */
	if (in_region(zone, vcpu->region, access))
		return true;
	for (uint32_t i = 0; i < zone->config.num_regions; i++) {
		if (in_region(zone, i, access)) {
			vcpu->region = i;
			return true;
		}
	}
	return false;
}

/*
 * Windows are aligned to their size, in guest-physical space too. A driver of
 * virtio writes whole words (4.2.2.2): a byte or a halfword is for a device of
 * another kind, which may not lose it.
 */
static bool is_notification(const struct mmio_access *access)
{
	return access->write && access->size == 4 && access->ipa % HV_RING_WINDOW_SIZE == VIRTIO_QUEUE_NOTIFY;
}

/* What the process shares of its device's interrupts; NULL: nothing. */
static uint32_t *shared_status(const struct zone *zone, uint64_t ipa)
{
	const uint64_t number = ipa / HV_RING_WINDOW_SIZE;
	struct hv_ring_window *window = &zone->ring->window[number % HV_RING_WINDOWS];

	/* that at 0 has the number of none */
	return number != 0 && __atomic_load_n(&window->number, __ATOMIC_RELAXED) == number
		       ? &window->interrupt_status
		       : NULL;
}

/*
 * False: the process must do it. It does where something stays pending, which
 * interrupts again. Nothing is cleared here then: what it sets meanwhile would
 * be cleared a second time.
 */
static bool acknowledge(uint32_t *status, uint32_t causes)
{
	uint32_t pending = __atomic_load_n(status, __ATOMIC_RELAXED);

	for (unsigned i = 0; i < ACK_TRIES && (pending & ~causes) == 0; i++) {
		if (__atomic_compare_exchange_n(status, &pending, 0, true, __ATOMIC_ACQ_REL,
						__ATOMIC_RELAXED))
			return true;
	}
	return false;
}

/* A driver reads and writes these with every interrupt: no round trip for them. False: it takes one. */
static bool interrupt_register(const struct zone *zone, struct mmio_access *access)
{
	const uint32_t offset = access->write ? VIRTIO_INTERRUPT_ACK : VIRTIO_INTERRUPT_STATUS;
	uint32_t *status;

	if (access->size != 4 || access->ipa % HV_RING_WINDOW_SIZE != offset)
		return false;
	status = shared_status(zone, access->ipa);
	if (status == NULL)
		return false;
	if (access->write)
		return acknowledge(status, (uint32_t)access->value);
	access->value = __atomic_load_n(status, __ATOMIC_ACQUIRE);
	return true;
}

static uint64_t low_bytes(uint64_t value, uint8_t size)
{
	return size < 8 ? value & ((1ull << (size * 8)) - 1) : value;
}

/* Slots in use as the consumer tells it; more than there are means that it broke the ring. */
static uint32_t slots_used(const struct zone *zone)
{
	return hv_ring_used(zone->ring_head, __atomic_load_n(&zone->ring->tail, __ATOMIC_ACQUIRE));
}

static void post(struct vcpu *vcpu, const struct mmio_access *access, uint32_t seq)
{
	struct zone *zone = vcpu->zone;

	zone->ring->request[zone->ring_head % HV_RING_SLOTS] = (struct hv_request){
		.ipa = access->ipa,
		.value = access->write ? low_bytes(access->value, access->size) : 0,
		.seq = seq,
		.vcpu = (uint16_t)vcpu->index,
		.size = access->size,
		.kind = access->write ? HV_REQUEST_WRITE : HV_REQUEST_READ,
	};
	zone->ring_head = hv_ring_next(zone->ring_head);
	__atomic_store_n(&zone->ring->head, zone->ring_head, __ATOMIC_RELEASE);
}

/*
 * The consumer has read all but the newest slot, so it may be about to sleep.
 * It stores tail before it looks at head for the last time, we have stored head
 * before we look at tail: with a fence on both sides, one sees the other.
 */
static bool consumer_may_sleep(const struct zone *zone)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return slots_used(zone) <= 1;
}

/*
 * A guest can notify much faster than anybody serves. The root zone is only
 * interrupted for what the consumer would not see anyway, so it is the
 * consumer's pace that counts, and a dead one costs nothing.
 */
static void notify(struct vcpu *vcpu, const struct mmio_access *access)
{
	struct zone *zone = vcpu->zone;
	bool raise;

	arch_lock(&zone->lock);
	/* A broken tail counts as full: the guest must not suffer for a notification. */
	if (slots_used(zone) < HV_RING_SLOTS - HV_RING_RESERVE) {
		post(vcpu, access, 0);
		raise = consumer_may_sleep(zone);
	} else {
		raise = __atomic_exchange_n(&zone->ring->overflow, 1, __ATOMIC_SEQ_CST) == 0;
	}
	arch_unlock(&zone->lock);
	if (raise)
		zone_raise_event(&requests, zone);
}

static bool ask(struct vcpu *vcpu, const struct mmio_access *access)
{
	struct zone *zone = vcpu->zone;
	bool room;

	arch_lock(&zone->lock);
	/* One request a vCPU and the reserve: only a consumer that answers without reading fills it up. */
	room = slots_used(zone) < HV_RING_SLOTS;
	if (room) {
		if (++vcpu->last_seq == 0)
			vcpu->last_seq = 1;
		__atomic_store_n(&vcpu->wait_seq, vcpu->last_seq, __ATOMIC_RELEASE);
		post(vcpu, access, vcpu->last_seq);
	}
	arch_unlock(&zone->lock);
	if (room)
		zone_raise_event(&requests, zone);
	return room;
}

/* Orders come first: the kick that announced one may have been what ended the sleep. */
static bool await(struct vcpu *vcpu)
{
	while (cpu_poll(vcpu) == VCPU_RESUME) {
		if (__atomic_load_n(&vcpu->wait_seq, __ATOMIC_ACQUIRE) == 0)
			return true;
		arch_cpu_wait();
	}
	return false;
}

enum mmio_result mmio_access(struct vcpu *vcpu, struct mmio_access *access)
{
	if (vcpu->zone->ring == NULL || !is_virtio(vcpu, access))
		return MMIO_NOT_VIRTIO;
	if (is_notification(access)) {
		notify(vcpu, access);
		return MMIO_DONE;
	}
	if (interrupt_register(vcpu->zone, access))
		return MMIO_DONE;
	if (!ask(vcpu, access)) {
		(void)zone_fault(vcpu, HV_REASON_DEVICE, 0, 0, access->ipa, 0);
		return MMIO_LEAVE;
	}
	if (!await(vcpu))
		return MMIO_LEAVE;
	if (!access->write)
		access->value = low_bytes(vcpu->wait_value, access->size);
	return MMIO_DONE;
}

static struct vcpu *waiting_vcpu(struct zone *zone, uint64_t index, uint64_t seq)
{
	struct vcpu *vcpu = index < zone->num_vcpus ? zone->vcpu[index] : NULL;

	if (vcpu == NULL || seq == 0 || seq != vcpu->wait_seq)
		return NULL;
	return vcpu;
}

int64_t mmio_complete(uint64_t id, uint64_t index, uint64_t seq, uint64_t value)
{
	struct zone *zone = zone_get(id);
	int64_t err = HV_ERR_INVALID;
	struct vcpu *vcpu;

	if (zone == NULL || zone_is_root(zone))
		return HV_ERR_INVALID;
	arch_lock(&zone->lock);
	if (zone->state == HV_ZONE_NONE) {
		err = HV_ERR_NO_ZONE;
	} else if (zone->state != HV_ZONE_RUNNING && zone->state != HV_ZONE_PAUSED) {
		err = HV_ERR_STATE;
	} else {
		vcpu = waiting_vcpu(zone, index, seq);
		if (vcpu != NULL) {
			vcpu->wait_value = value;
			__atomic_store_n(&vcpu->wait_seq, 0, __ATOMIC_RELEASE);
			arch_cpu_kick(vcpu->cpu);
			err = HV_OK;
		}
	}
	arch_unlock(&zone->lock);
	return err;
}

uint64_t mmio_take_requests(void)
{
	return __atomic_exchange_n(&requests, 0, __ATOMIC_ACQ_REL);
}
