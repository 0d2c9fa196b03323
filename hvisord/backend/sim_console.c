/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A driver by the book (virtio 1.2 sections 3.1, 4.2.3), written apart from the
 * device it drives. Buffer n of a queue is always descriptor n, and is made
 * available again in the order in which the device gives them back.
 */
#include "sim_console.h"

#include <string.h>

#define RX 0u
#define TX 1u
#define QUEUE_SIZE 16u
#define BUFFER 2048u

/* In the guest's own RAM: tables of each queue in a page, then its buffers. */
#define TABLES(q) (0x1000u * (q))
#define BUFFERS(q) (0x2000u + (q)*QUEUE_SIZE * BUFFER)
#define AVAIL 0x400u
#define USED 0x800u
static_assert(BUFFERS(2) <= SIM_CPU_RAM, "queues fit");

/* Registers (section 4.2.2). */
enum {
	DEVICE_ID = 0x008,
	DRIVER_FEATURES = 0x020,
	DRIVER_FEATURES_SEL = 0x024,
	QUEUE_SEL = 0x030,
	QUEUE_NUM = 0x038,
	QUEUE_READY = 0x044,
	QUEUE_NOTIFY = 0x050,
	INTERRUPT_STATUS = 0x060,
	INTERRUPT_ACK = 0x064,
	STATUS = 0x070,
	QUEUE_DESC = 0x080,
	QUEUE_DRIVER = 0x090,
	QUEUE_DEVICE = 0x0a0,
	CONFIG_SIZE = 0x100,
};

#define MAGIC 0x74726976u
#define CONSOLE_ID 3u
#define WINDOW 0x200u
#define F_SIZE 1u      /* bit 0 */
#define F_VERSION_1 1u /* bit 32 */
#define INTERRUPT_CONFIG 2u
#define STATUS_OK 0xfu /* ACKNOWLEDGE, DRIVER, DRIVER_OK, FEATURES_OK */

struct descriptor {
	uint64_t addr;
	uint32_t len;
	uint16_t flags, next;
};

struct available {
	uint16_t flags, idx, ring[QUEUE_SIZE];
};

struct used {
	uint16_t flags, idx;
	struct {
		uint32_t id, len;
	} ring[QUEUE_SIZE];
};

static uint32_t get(struct sim_console *console, uint32_t offset)
{
	return (uint32_t)sim_cpu_read(console->cpu, console->ipa + offset, 4);
}

static void set(struct sim_console *console, uint32_t offset, uint64_t value)
{
	sim_cpu_write(console->cpu, console->ipa + offset, 4, value);
}

static struct descriptor *descriptor(const struct sim_queue *queue, uint32_t n)
{
	return (struct descriptor *)(void *)queue->base + n;
}

static struct available *available(const struct sim_queue *queue)
{
	return (struct available *)(void *)(queue->base + AVAIL);
}

static const struct used *used(const struct sim_queue *queue)
{
	return (const struct used *)(const void *)(queue->base + USED);
}

static uint64_t find(struct sim_cpu *cpu, uint64_t skip)
{
	const HvZoneConfig *config = sim_cpu_config(cpu);

	for (uint32_t i = 0; i < config->num_regions; i++) {
		const struct hv_memory_region *region = &config->regions[i];

		for (uint64_t at = 0; region->type == HV_REGION_VIRTIO && at < region->size; at += WINDOW) {
			const uint64_t ipa = region->virtual_start + at;

			if ((skip == 0 || ipa / HV_PAGE_SIZE != skip / HV_PAGE_SIZE) &&
			    sim_cpu_read(cpu, ipa, 4) == MAGIC &&
			    sim_cpu_read(cpu, ipa + DEVICE_ID, 4) == CONSOLE_ID)
				return ipa;
		}
	}
	return 0;
}

static void show(struct sim_console *console, uint32_t q, uint16_t n)
{
	struct sim_queue *queue = &console->queue[q];
	struct available *ring = available(queue);

	ring->ring[queue->avail % QUEUE_SIZE] = n;
	queue->avail++;
	__atomic_store_n(&ring->idx, queue->avail, __ATOMIC_RELEASE);
}

static void set_address(struct sim_console *console, uint32_t offset, uint64_t ipa)
{
	set(console, offset, (uint32_t)ipa);
	set(console, offset + 4, ipa >> 32);
}

static void start_queue(struct sim_console *console, uint32_t q)
{
	struct sim_queue *queue = &console->queue[q];

	*queue = (struct sim_queue){ .base = console->ram + TABLES(q), .ipa = console->ram_ipa + TABLES(q) };
	memset(queue->base, 0, HV_PAGE_SIZE);
	for (uint32_t i = 0; i < QUEUE_SIZE; i++)
		*descriptor(queue, i) = (struct descriptor){
			.addr = console->ram_ipa + BUFFERS(q) + i * BUFFER,
			.len = BUFFER,
			.flags = q == RX ? 2 : 0, /* WRITE */
		};
	set(console, QUEUE_SEL, q);
	set(console, QUEUE_NUM, QUEUE_SIZE);
	set_address(console, QUEUE_DESC, queue->ipa);
	set_address(console, QUEUE_DRIVER, queue->ipa + AVAIL);
	set_address(console, QUEUE_DEVICE, queue->ipa + USED);
	set(console, QUEUE_READY, 1);
}

void sim_console_probe(struct sim_console *console, struct sim_cpu *cpu, uint64_t skip)
{
	static const uint32_t features[] = { F_SIZE, F_VERSION_1 };

	*console = (struct sim_console){ .cpu = cpu };
	console->ram = sim_cpu_ram(cpu, &console->ram_ipa);
	if (console->ram == NULL)
		return;
	console->ipa = find(cpu, skip);
	if (console->ipa == 0)
		return;
	set(console, STATUS, 0);
	set(console, STATUS, 3);
	for (uint32_t i = 0; i < 2; i++) {
		set(console, DRIVER_FEATURES_SEL, i);
		set(console, DRIVER_FEATURES, features[i]);
	}
	set(console, STATUS, 0xb);
	for (uint32_t q = 0; q < SIM_CONSOLE_QUEUES; q++)
		start_queue(console, q);
	set(console, STATUS, STATUS_OK);
	if (get(console, STATUS) != STATUS_OK) {
		console->ipa = 0;
		return;
	}
	for (uint16_t i = 0; i < QUEUE_SIZE; i++)
		show(console, RX, i);
	set(console, QUEUE_NOTIFY, RX);
}

/* A transmit buffer that is ours: one never used, or the one given back longest ago. */
static bool take_buffer(struct sim_queue *queue, uint16_t *ret_n)
{
	if (queue->size < QUEUE_SIZE) {
		*ret_n = queue->size++;
		return true;
	}
	if (queue->used == __atomic_load_n(&used(queue)->idx, __ATOMIC_ACQUIRE))
		return false;
	*ret_n = (uint16_t)(used(queue)->ring[queue->used % QUEUE_SIZE].id % QUEUE_SIZE);
	queue->used++;
	return true;
}

size_t sim_console_write(struct sim_console *console, const char *data, size_t size)
{
	struct sim_queue *queue = &console->queue[TX];
	size_t done = 0;
	uint16_t n;

	while (done < size && take_buffer(queue, &n)) {
		const size_t part = size - done < BUFFER ? size - done : BUFFER;

		memcpy(console->ram + BUFFERS(TX) + n * BUFFER, data + done, part);
		descriptor(queue, n)->len = (uint32_t)part;
		show(console, TX, n);
		done += part;
	}
	if (done > 0)
		set(console, QUEUE_NOTIFY, TX);
	return done;
}

size_t sim_console_read(struct sim_console *console, char *to, size_t size)
{
	struct sim_queue *queue = &console->queue[RX];
	uint32_t n, len;

	if (!sim_console_exists(console) ||
	    queue->used == __atomic_load_n(&used(queue)->idx, __ATOMIC_ACQUIRE))
		return 0;
	n = used(queue)->ring[queue->used % QUEUE_SIZE].id % QUEUE_SIZE;
	len = used(queue)->ring[queue->used % QUEUE_SIZE].len;
	if (len > BUFFER)
		len = BUFFER;
	if (size > len - console->read_at)
		size = len - console->read_at;
	memcpy(to, console->ram + BUFFERS(RX) + n * BUFFER + console->read_at, size);
	console->read_at += (uint32_t)size;
	if (console->read_at == len) {
		console->read_at = 0;
		queue->used++;
		show(console, RX, (uint16_t)n);
		set(console, QUEUE_NOTIFY, RX);
	}
	return size;
}

void sim_console_interrupt(struct sim_console *console)
{
	uint32_t causes;

	if (!sim_console_exists(console))
		return;
	causes = get(console, INTERRUPT_STATUS);
	if (causes == 0)
		return;
	set(console, INTERRUPT_ACK, causes);
	if ((causes & INTERRUPT_CONFIG) != 0)
		console->resized = true;
}

bool sim_console_resized(struct sim_console *console, uint16_t *ret_columns, uint16_t *ret_rows)
{
	uint32_t size;

	if (!console->resized)
		return false;
	console->resized = false;
	size = get(console, CONFIG_SIZE);
	*ret_columns = (uint16_t)size;
	*ret_rows = (uint16_t)(size >> 16);
	return true;
}
