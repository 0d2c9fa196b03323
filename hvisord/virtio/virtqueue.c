/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "virtqueue.h"

static const char *const fault_names[VIRTIO_FAULT_COUNT] = {
	[VIRTIO_FAULT_NONE] = "no fault",
	[VIRTIO_FAULT_EARLY_QUEUE] = "queue made ready before FEATURES_OK",
	[VIRTIO_FAULT_QUEUE_SIZE] = "bad queue size",
	[VIRTIO_FAULT_QUEUE_ALIGN] = "queue not aligned",
	[VIRTIO_FAULT_QUEUE_RANGE] = "queue not in RAM",
	[VIRTIO_FAULT_AVAIL_JUMP] = "available index ran ahead",
	[VIRTIO_FAULT_HEAD_RANGE] = "head beyond the table",
	[VIRTIO_FAULT_NEXT_RANGE] = "next beyond the table",
	[VIRTIO_FAULT_LOOP] = "descriptors in a loop",
	[VIRTIO_FAULT_CHAIN_LENGTH] = "chain too long",
	[VIRTIO_FAULT_BUFFER_EMPTY] = "empty buffer",
	[VIRTIO_FAULT_BUFFER_RANGE] = "buffer not in RAM",
	[VIRTIO_FAULT_BUFFER_ORDER] = "readable buffer after a writable one",
	[VIRTIO_FAULT_INDIRECT_FEATURE] = "indirect descriptor not negotiated",
	[VIRTIO_FAULT_INDIRECT_NEXT] = "indirect descriptor with a next",
	[VIRTIO_FAULT_INDIRECT_NESTED] = "indirect table in an indirect table",
	[VIRTIO_FAULT_INDIRECT_LENGTH] = "bad length of an indirect table",
	[VIRTIO_FAULT_INDIRECT_RANGE] = "indirect table not in RAM",
	[VIRTIO_FAULT_DIRECTION] = "buffer of the wrong direction",
	[VIRTIO_FAULT_OUTPUT_LENGTH] = "too much output at once",
	[VIRTIO_FAULT_REQUEST] = "request without header or status",
	[VIRTIO_FAULT_CONTROL] = "bad control message",
	[VIRTIO_FAULT_LOST] = "the process that served it died",
};

const char *virtio_fault_name(enum virtio_fault fault)
{
	return (unsigned)fault < VIRTIO_FAULT_COUNT ? fault_names[fault] : "unknown fault";
}

void virtqueue_reset(struct virtqueue *queue)
{
	*queue = (struct virtqueue){ .size_max = queue->size_max };
}

enum virtio_fault virtqueue_start(struct virtqueue *queue, const struct guest_memory *memory, bool event_idx,
				  bool indirect)
{
	const uint64_t event_bytes = event_idx ? sizeof(uint16_t) : 0;
	const uint32_t size = queue->size;

	if (size == 0 || size > queue->size_max || (size & (size - 1)) != 0)
		return VIRTIO_FAULT_QUEUE_SIZE;
	if (queue->desc_ipa % 16 != 0 || queue->avail_ipa % 2 != 0 || queue->used_ipa % 4 != 0)
		return VIRTIO_FAULT_QUEUE_ALIGN;
	queue->desc =
		guest_memory_at(memory, queue->desc_ipa, size * (uint64_t)sizeof(struct virtqueue_desc));
	queue->avail =
		guest_memory_at(memory, queue->avail_ipa,
				sizeof(*queue->avail) + size * (uint64_t)sizeof(uint16_t) + event_bytes);
	queue->used = guest_memory_at(
		memory, queue->used_ipa,
		sizeof(*queue->used) + size * (uint64_t)sizeof(struct virtqueue_used_elem) + event_bytes);
	if (!queue->desc || !queue->avail || !queue->used)
		return VIRTIO_FAULT_QUEUE_RANGE;
	queue->event_idx = event_idx;
	queue->indirect = indirect;
	queue->avail_seen = queue->avail_next = 0;
	queue->used_next = queue->used_shown = 0;
	queue->ready = true;
	return VIRTIO_FAULT_NONE;
}

static enum virtio_fault add_buffer(struct virtqueue_chain *chain, const struct guest_memory *memory,
				    const struct virtqueue_desc *desc)
{
	const bool writable = (desc->flags & VIRTQUEUE_DESC_WRITE) != 0;
	void *host;

	if (desc->len == 0)
		return VIRTIO_FAULT_BUFFER_EMPTY;
	if (!writable && chain->num > chain->num_out)
		return VIRTIO_FAULT_BUFFER_ORDER;
	if (chain->num == VIRTQUEUE_MAX_CHAIN)
		return VIRTIO_FAULT_CHAIN_LENGTH;
	host = guest_memory_at(memory, desc->addr, desc->len);
	if (!host)
		return VIRTIO_FAULT_BUFFER_RANGE;
	chain->iov[chain->num++] = (struct iovec){ .iov_base = host, .iov_len = desc->len };
	if (writable) {
		chain->in_bytes += desc->len;
	} else {
		chain->num_out++;
		chain->out_bytes += desc->len;
	}
	return VIRTIO_FAULT_NONE;
}

/* A table of descriptors being followed: the queue's own, or an indirect one. */
struct table {
	const uint8_t *base; /* indirect tables may have any alignment */
	uint32_t entries;
};

static enum virtio_fault open_indirect(const struct virtqueue *queue, const struct guest_memory *memory,
				       const struct virtqueue_desc *desc, struct table *ret_table)
{
	if (!queue->indirect)
		return VIRTIO_FAULT_INDIRECT_FEATURE;
	if (desc->flags & VIRTQUEUE_DESC_NEXT)
		return VIRTIO_FAULT_INDIRECT_NEXT;
	if (desc->len == 0 || desc->len % sizeof(struct virtqueue_desc) != 0)
		return VIRTIO_FAULT_INDIRECT_LENGTH;
	ret_table->base = guest_memory_at(memory, desc->addr, desc->len);
	if (!ret_table->base)
		return VIRTIO_FAULT_INDIRECT_RANGE;
	ret_table->entries = desc->len / (uint32_t)sizeof(struct virtqueue_desc);
	return VIRTIO_FAULT_NONE;
}

/*
 * Follows a chain from index. An indirect descriptor ends the chain in the
 * first table and goes on at entry 0 of its own (2.7.5.3.2); its WRITE flag
 * means nothing. steps bounds what a loop can cost.
 */
static enum virtio_fault follow(const struct virtqueue *queue, const struct guest_memory *memory,
				struct virtqueue_chain *chain, uint32_t index)
{
	struct table table = { queue->desc, queue->size };
	enum virtio_fault fault;
	bool nested = false;
	uint32_t steps = 0;

	for (;;) {
		struct virtqueue_desc desc;

		if (index >= table.entries)
			return VIRTIO_FAULT_NEXT_RANGE;
		if (steps++ == table.entries)
			return VIRTIO_FAULT_LOOP;
		guest_snapshot(&desc, table.base + index * sizeof(desc), sizeof(desc));
		if (desc.flags & VIRTQUEUE_DESC_INDIRECT) {
			if (nested)
				return VIRTIO_FAULT_INDIRECT_NESTED;
			fault = open_indirect(queue, memory, &desc, &table);
			if (fault != VIRTIO_FAULT_NONE)
				return fault;
			nested = true;
			index = steps = 0;
			continue;
		}
		fault = add_buffer(chain, memory, &desc);
		if (fault != VIRTIO_FAULT_NONE || !(desc.flags & VIRTQUEUE_DESC_NEXT))
			return fault;
		index = desc.next;
	}
}

enum virtio_fault virtqueue_pop(struct virtqueue *queue, const struct guest_memory *memory,
				struct virtqueue_chain *chain, bool *ret_taken)
{
	uint16_t head;

	*ret_taken = false;
	if (queue->avail_next == queue->avail_seen) {
		/* Acquire: the ring entries and descriptors were written before. */
		queue->avail_seen = guest_load16_acquire(&queue->avail->idx);
		if (queue->avail_next == queue->avail_seen)
			return VIRTIO_FAULT_NONE;
		if ((uint16_t)(queue->avail_seen - queue->avail_next) > queue->size)
			return VIRTIO_FAULT_AVAIL_JUMP;
	}
	head = guest_load16(&queue->avail->ring[queue->avail_next & (queue->size - 1)]);
	if (head >= queue->size)
		return VIRTIO_FAULT_HEAD_RANGE;
	chain->head = head;
	chain->num = chain->num_out = 0;
	chain->out_bytes = chain->in_bytes = 0;
	queue->avail_next++;
	*ret_taken = true;
	return follow(queue, memory, chain, head);
}

void virtqueue_push(struct virtqueue *queue, uint16_t head, uint32_t len)
{
	struct virtqueue_used_elem *elem = &queue->used->ring[queue->used_next & (queue->size - 1)];

	guest_store32(&elem->id, head);
	guest_store32(&elem->len, len);
	queue->used_next++;
}

bool virtqueue_publish(struct virtqueue *queue)
{
	const uint16_t shown = queue->used_shown;
	const uint16_t next = queue->used_next;

	if (next == shown)
		return false;
	/* Release: data and elements first. */
	guest_store16_release(&queue->used->idx, next);
	queue->used_shown = next;
	/* The driver writes its wish and then looks at idx; we go the other way round. */
	guest_fence();
	if (queue->event_idx) {
		const uint16_t event = guest_load16(&queue->avail->ring[queue->size]);

		return (uint16_t)(next - event - 1) < (uint16_t)(next - shown);
	}
	return (guest_load16(&queue->avail->flags) & VIRTQUEUE_AVAIL_NO_INTERRUPT) == 0;
}

/* With event indices an avail_event left behind says the same, and flags must be 0 (2.7.10.2). */
void virtqueue_notify_off(struct virtqueue *queue)
{
	guest_store16(&queue->used->flags, (uint16_t)(queue->event_idx ? 0 : VIRTQUEUE_USED_NO_NOTIFY));
}

bool virtqueue_notify_on(struct virtqueue *queue)
{
	if (queue->event_idx)
		guest_store16((uint16_t *)&queue->used->ring[queue->size], queue->avail_next);
	else
		guest_store16(&queue->used->flags, 0);
	guest_fence();
	return guest_load16(&queue->avail->idx) != queue->avail_next;
}
