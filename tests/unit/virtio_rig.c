/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "virtio_rig.h"

#include "test.h"

static void count_interrupt(struct virtio_host *host, uint32_t intid)
{
	struct rig *rig = (struct rig *)(void *)((char *)host - offsetof(struct rig, host));

	CHECK_EQ(intid, RIG_INTID);
	rig->interrupts++;
}

static bool is_inside(const struct iovec *iov, const uint8_t *ram, size_t size)
{
	const uint8_t *start = iov->iov_base;

	return start >= ram && (size_t)(start - ram) < size && iov->iov_len <= size - (size_t)(start - ram);
}

static void keep_output(struct console_sink *sink, const struct iovec *iov, unsigned count)
{
	struct rig *rig = (struct rig *)(void *)((char *)sink - offsetof(struct rig, sink));

	for (unsigned i = 0; i < count; i++) {
		CHECK(is_inside(&iov[i], rig->ram, RIG_RAM_SIZE) ||
		      is_inside(&iov[i], rig->high, RIG_HIGH_SIZE) || rig->emergency);
		if (rig->out_size < RIG_OUT) {
			const size_t room = RIG_OUT - rig->out_size;

			memcpy(rig->out + rig->out_size, iov[i].iov_base,
			       iov[i].iov_len < room ? iov[i].iov_len : room);
		}
		rig->out_size += iov[i].iov_len;
	}
}

struct rig *rig_new_bare(unsigned num_queues)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	CHECK(rig != NULL);
	/* Allocations of their own size each, so that a sanitizer sees a byte too far. */
	rig->ram = aligned_alloc(4096, RIG_RAM_SIZE);
	rig->high = aligned_alloc(4096, RIG_HIGH_SIZE);
	CHECK(rig->ram != NULL && rig->high != NULL);
	memset(rig->ram, 0, RIG_RAM_SIZE);
	memset(rig->high, 0, RIG_HIGH_SIZE);
	CHECK_EQ(guest_memory_add(&rig->memory, RIG_RAM, RIG_RAM_SIZE, rig->ram), 0);
	CHECK_EQ(guest_memory_add(&rig->memory, RIG_HIGH, RIG_HIGH_SIZE, rig->high), 0);
	rig->host = (struct virtio_host){ .memory = &rig->memory, .interrupt = count_interrupt };
	rig->num_queues = num_queues;
	return rig;
}

struct rig *rig_new(void)
{
	struct rig *rig = rig_new_bare(2);
	const struct virtio_console_options options = { .ports = 1, .sinks = { &rig->sink } };

	rig->sink.output = keep_output;
	CHECK_EQ(virtio_console_new(&rig->host, RIG_INTID, &options, &rig->console), 0);
	rig->device = virtio_console_device(rig->console);
	return rig;
}

void rig_free(struct rig *rig)
{
	virtio_device_free(rig->device);
	free(rig->ram);
	free(rig->high);
	free(rig);
}

uint32_t rig_read(struct rig *rig, uint32_t offset)
{
	return (uint32_t)virtio_mmio_read(rig->device, offset, 4);
}

void rig_write(struct rig *rig, uint32_t offset, uint32_t value)
{
	virtio_mmio_write(rig->device, offset, 4, value);
}

void rig_write64(struct rig *rig, uint32_t offset, uint64_t value)
{
	rig_write(rig, offset, (uint32_t)value);
	rig_write(rig, offset + 4, (uint32_t)(value >> 32));
}

void *rig_at(struct rig *rig, uint64_t ipa)
{
	void *host = guest_memory_at(&rig->memory, ipa, 1);

	CHECK(host != NULL);
	return host;
}

static void write_desc(struct rig *rig, uint64_t table, uint32_t index, struct virtqueue_desc desc)
{
	memcpy(rig_at(rig, table + index * sizeof(desc)), &desc, sizeof(desc));
}

void rig_desc(struct rig *rig, unsigned q, uint32_t index, uint64_t addr, uint32_t len, unsigned flags,
	      unsigned next)
{
	write_desc(rig, RIG_QUEUE(q), index,
		   (struct virtqueue_desc){ addr, len, (uint16_t)flags, (uint16_t)next });
}

void rig_indirect(struct rig *rig, uint32_t index, uint64_t addr, uint32_t len, unsigned flags, unsigned next)
{
	write_desc(rig, RIG_INDIRECT, index,
		   (struct virtqueue_desc){ addr, len, (uint16_t)flags, (uint16_t)next });
}

struct virtqueue_avail *rig_avail(struct rig *rig, unsigned q)
{
	return rig_at(rig, RIG_QUEUE(q) + RIG_AVAIL);
}

struct virtqueue_used *rig_used(struct rig *rig, unsigned q)
{
	return rig_at(rig, RIG_QUEUE(q) + RIG_USED);
}

bool rig_negotiate(struct rig *rig, uint64_t features)
{
	rig_write(rig, R_STATUS, VIRTIO_STATUS_ACKNOWLEDGE);
	rig_write(rig, R_STATUS, VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER);
	for (uint32_t sel = 0; sel < 2; sel++) {
		rig_write(rig, R_DRIVER_FEATURES_SEL, sel);
		rig_write(rig, R_DRIVER_FEATURES, (uint32_t)(features >> (32 * sel)));
	}
	rig_write(rig, R_STATUS,
		  VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER | VIRTIO_STATUS_FEATURES_OK);
	return (rig_read(rig, R_STATUS) & VIRTIO_STATUS_FEATURES_OK) != 0;
}

void rig_place_queue(struct rig *rig, unsigned q, uint32_t size)
{
	memset(rig_at(rig, RIG_QUEUE(q)), 0, 0x10000);
	rig->queue[q] = (struct rig_queue){ .size = size };
	rig_write(rig, R_QUEUE_SEL, q);
	rig_write(rig, R_QUEUE_NUM, size);
	rig_write64(rig, R_QUEUE_DESC, RIG_QUEUE(q));
	rig_write64(rig, R_QUEUE_DRIVER, RIG_QUEUE(q) + RIG_AVAIL);
	rig_write64(rig, R_QUEUE_DEVICE, RIG_QUEUE(q) + RIG_USED);
}

void rig_start(struct rig *rig, uint64_t features)
{
	CHECK(rig_negotiate(rig, features));
	for (unsigned q = 0; q < rig->num_queues; q++) {
		rig_place_queue(rig, q, 8);
		rig_write(rig, R_QUEUE_READY, 1);
		CHECK_EQ(rig_read(rig, R_QUEUE_READY), 1);
	}
	rig_write(rig, R_STATUS, rig_read(rig, R_STATUS) | VIRTIO_STATUS_DRIVER_OK);
	CHECK_EQ(rig_read(rig, R_STATUS), 0xf);
}

void rig_offer(struct rig *rig, unsigned q, unsigned head)
{
	struct virtqueue_avail *avail = rig_avail(rig, q);
	struct rig_queue *queue = &rig->queue[q];

	avail->ring[queue->avail_idx & (queue->size - 1)] = (uint16_t)head;
	__atomic_store_n(&avail->idx, ++queue->avail_idx, __ATOMIC_RELEASE);
}

void rig_kick(struct rig *rig, unsigned q)
{
	rig_write(rig, R_QUEUE_NOTIFY, q);
	for (unsigned i = 0; i < 1000 && virtio_device_service(rig->device); i++)
		;
}

bool rig_take(struct rig *rig, unsigned q, struct virtqueue_used_elem *ret_elem)
{
	struct virtqueue_used *used = rig_used(rig, q);
	struct rig_queue *queue = &rig->queue[q];

	if (__atomic_load_n(&used->idx, __ATOMIC_ACQUIRE) == queue->used_seen)
		return false;
	*ret_elem = used->ring[queue->used_seen++ & (queue->size - 1)];
	return true;
}

/* Takes all the input there is into one buffer. */
static void take_input(struct rig *rig, struct virtqueue_used_elem *ret_elem)
{
	rig_desc(rig, RIG_RX, 3, RIG_BUFFER + 64, CONSOLE_INPUT, VIRTQUEUE_DESC_WRITE, 0);
	rig_offer(rig, RIG_RX, 3);
	rig_kick(rig, RIG_RX);
	CHECK(rig_take(rig, RIG_RX, ret_elem));
	CHECK_EQ(ret_elem->id, 3);
}

void rig_check_works(struct rig *rig)
{
	struct virtqueue_used_elem elem;

	rig_write(rig, R_STATUS, 0);
	CHECK_EQ(rig_read(rig, R_STATUS), 0);
	CHECK_EQ(rig_read(rig, R_INTERRUPT_STATUS), 0);
	rig_start(rig, RIG_FEATURES);
	rig->out_size = 0;
	memcpy(rig_at(rig, RIG_BUFFER), "alive", 5);
	rig_desc(rig, RIG_TX, 0, RIG_BUFFER, 5, 0, 0);
	rig_offer(rig, RIG_TX, 0);
	rig_kick(rig, RIG_TX);
	CHECK(rig_take(rig, RIG_TX, &elem));
	CHECK_EQ(elem.id, 0);
	CHECK_EQ(rig->out_size, 5);
	CHECK(memcmp(rig->out, "alive", 5) == 0);

	/* Input that was left from before comes first. */
	if (virtio_console_input_space(rig->console, 0) < CONSOLE_INPUT)
		take_input(rig, &elem);
	CHECK_EQ(virtio_console_input(rig->console, 0, "yes", 3), 3);
	take_input(rig, &elem);
	CHECK(elem.len >= 3);
	CHECK(memcmp((char *)rig_at(rig, RIG_BUFFER + 64) + elem.len - 3, "yes", 3) == 0);
	CHECK_EQ(rig_read(rig, R_STATUS), 0xf);
	CHECK(rig_read(rig, R_INTERRUPT_STATUS) & VIRTIO_INTERRUPT_QUEUE);
	rig_write(rig, R_INTERRUPT_ACK, 3);
	CHECK_EQ(rig_read(rig, R_INTERRUPT_STATUS), 0);
}
