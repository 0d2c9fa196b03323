/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The walk of a queue alone: registers of any value over memory of any
 * content. Whatever a chain is said to be lies in RAM, in the right order,
 * and every byte of it may be touched.
 */
#include <sys/mman.h>

#include "fuzz.h"
#include "virtqueue.h"

#define PAGE 4096u
#define RAM 0x50000000ull
#define RAM_SIZE (4u * PAGE)
#define HIGH 0x58000000ull

static struct guest_memory memory;
static uint8_t *ram, *high;
static struct virtqueue_chain chain;

static uint8_t *map_guarded(uint32_t size)
{
	uint8_t *base = mmap(NULL, size + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ALWAYS(base != MAP_FAILED);
	ALWAYS(mprotect(base + PAGE, size, PROT_READ | PROT_WRITE) == 0);
	return base + PAGE;
}

static uint64_t take_place(struct fuzz_input *input)
{
	const uint64_t how = fuzz_take(input, 1);

	if (how % 8 == 0)
		return fuzz_number(input);
	return RAM + (fuzz_take(input, 2) & (how & 0x40 ? 0xffffu : 0x3ff0u)) % (RAM_SIZE + 32);
}

static void check_chain(const struct virtqueue *queue)
{
	uint64_t out = 0, in = 0;

	ALWAYS(chain.head < queue->size);
	ALWAYS(chain.num > 0 && chain.num_out <= chain.num && chain.num <= VIRTQUEUE_MAX_CHAIN);
	for (unsigned i = 0; i < chain.num; i++) {
		volatile uint8_t *bytes = chain.iov[i].iov_base;
		const size_t last = chain.iov[i].iov_len - 1;

		ALWAYS(chain.iov[i].iov_len > 0);
		(void)bytes[0];
		(void)bytes[last];
		*(i < chain.num_out ? &out : &in) += chain.iov[i].iov_len;
	}
	ALWAYS(out == chain.out_bytes && in == chain.in_bytes);
}

static void walk(struct virtqueue *queue, struct fuzz_input *input)
{
	for (unsigned i = 0; i < 64; i++) {
		const uint64_t how = fuzz_take(input, 1);
		bool taken;

		if (virtqueue_pop(queue, &memory, &chain, &taken) != VIRTIO_FAULT_NONE)
			return;
		if (how & 1) {
			const uint64_t at = fuzz_take(input, 2) % (RAM_SIZE - 8), value = fuzz_number(input);

			memcpy(ram + at, &value, 8);
		}
		if (how & 2)
			virtqueue_notify_off(queue);
		if (how & 4)
			(void)virtqueue_notify_on(queue);
		if (taken) {
			check_chain(queue);
			virtqueue_push(queue, chain.head, (uint32_t)fuzz_number(input));
		}
		if (how & 8)
			(void)virtqueue_publish(queue);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, size };
	struct virtqueue queue = { .size_max = VIRTQUEUE_MAX_SIZE };
	uint64_t how;

	if (!ram) {
		ram = map_guarded(RAM_SIZE);
		high = map_guarded(PAGE);
		ALWAYS(guest_memory_add(&memory, RAM, RAM_SIZE, ram) == 0);
		ALWAYS(guest_memory_add(&memory, HIGH, PAGE, high) == 0);
	}
	how = fuzz_take(&input, 1);
	queue.size = how & 0x80 ? (uint32_t)fuzz_number(&input) : 1u << how % 8;
	queue.desc_ipa = take_place(&input);
	queue.avail_ipa = take_place(&input);
	queue.used_ipa = take_place(&input);
	memset(ram, 0, RAM_SIZE);
	memset(high, 0, PAGE);
	for (unsigned i = 0; i < 32 && input.left > 16; i++) { /* descriptors, likely ones */
		const uint64_t where = fuzz_take(&input, 1), kind = fuzz_take(&input, 1);
		const struct virtqueue_desc desc = {
			.addr = kind & 0x40 ? HIGH + fuzz_take(&input, 2) % (PAGE + 2) : take_place(&input),
			.len = kind & 0x20 ? (uint32_t)(1 + kind % 8) * 16 : (uint32_t)fuzz_number(&input),
			.flags = (uint16_t)(kind & 7),
			.next = (uint16_t)(kind >> 3 & 15),
		};
		void *at = guest_memory_at(&memory, queue.desc_ipa + where * 16, 16);

		if (at)
			memcpy(at, &desc, sizeof(desc));
	}
	for (unsigned i = 0; i < 8; i++) {
		const uint16_t value = (uint16_t)fuzz_take(&input, 1);
		void *at = guest_memory_at(&memory, queue.avail_ipa + 2 + i * 2ull, 2);

		if (at)
			memcpy(at, &value, 2);
	}
	if (virtqueue_start(&queue, &memory, (how & 0x40) != 0, (how & 0x20) != 0) == VIRTIO_FAULT_NONE)
		walk(&queue, &input);
	return 0;
}
