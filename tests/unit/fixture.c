/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fixture.h"

#include <pthread.h>
#include <string.h>

#include "arch_cpu.h"
#include "pool.h"
#include "psci.h"

#define BIT(intid) (1u << ((intid) % 32))
#define GIC                                                                                                  \
	{                                                                                                    \
		.version = 3, .gicd_base = 0x08000000, .gicd_size = 0x10000, .gicr_base = 0x080a0000,        \
		.gicr_size = 0xf60000                                                                        \
	}

/* RAM in two adjoining ranges and one apart; device windows, two of them adjoining. */
const HvPlatform platform_board = {
	.magic = HV_PLATFORM_MAGIC,
	.version = HV_PLATFORM_VERSION,
	.size = sizeof(HvPlatform),
	.num_cpus = FIXTURE_CPUS,
	.name = "test",
	.arch = "fake",
	.num_ram = 3,
	.num_devices = 4,
	.hypervisor = { 0x40200000, 0x200000 },
	.gic = GIC,
	.assignable_spis.word = { [1] = BIT(61), [2] = BIT(75) | BIT(76) | BIT(78), [4] = 0xfff },
	.ram = { { 0x40000000, 0x40000000 }, { 0x80000000, 0x40000000 }, { 0x100000000, 0x10000000 } },
	.devices = {
		{ .range = { 0x09000000, 0x1000 }, .name = "uart0" },
		{ .range = { 0x30a60000, 0x4000 }, .flags = HV_DEVICE_ASSIGNABLE, .name = "dma" },
		{ .range = { 0x30a64000, 0x1000 }, .flags = HV_DEVICE_ASSIGNABLE, .name = "timer" },
		{ .range = { 0x30a65000, 0x1000 }, .name = "clock" },
	},
	.cpu_mpidr = { 0, 1, 2, 3, 0x100, 0x101, 0x102, 0x103 },
};

#define RAM(start, bytes, how)                                                                               \
	{                                                                                                    \
		.type = HV_REGION_RAM, .flags = (how), .physical_start = (start), .virtual_start = (start),  \
		.size = (bytes)                                                                              \
	}

const HvZoneConfig platform_root_zone = {
	.magic = HV_CONFIG_MAGIC,
	.version = HV_CONFIG_VERSION,
	.size = sizeof(HvZoneConfig),
	.num_cpus = 2,
	.cpus = 0x3,
	.num_regions = 4,
	.entry_point = 0x42000000,
	.kernel_load_paddr = 0x42000000,
	.kernel_size = 0x2000000,
	.dtb_load_paddr = 0x41e00000,
	.dtb_size = 0x10000,
	.gic = GIC,
	.name = "root",
	.interrupts.word = { [1] = BIT(33) },
	.virtual_interrupts.word = { [FIXTURE_EVENT_INTID / 32] = BIT(FIXTURE_EVENT_INTID) },
	.regions = {
		RAM(0x40000000, 0x200000, 0),
		RAM(0x40400000, 0xdc00000, 0),
		RAM(FIXTURE_SHARED, FIXTURE_SHARED_SIZE, HV_REGION_SHARED),
		{ .type = HV_REGION_IO, .physical_start = 0x09000000, .virtual_start = 0x09000000, .size = 0x1000 },
	},
};

HvZoneConfig fixture_zone(uint32_t id)
{
	uint64_t ram = 0x50000000 + (uint64_t)id * 0x10000000;
	uint64_t page = 0x30a60000 + (uint64_t)(id - 1) * 0x1000;
	HvZoneConfig config = {
		.magic = HV_CONFIG_MAGIC,
		.version = HV_CONFIG_VERSION,
		.size = sizeof(HvZoneConfig),
		.zone_id = id,
		.num_cpus = 2,
		.cpus = 3ull << (2 * id),
		.num_regions = 3,
		.entry_point = 0x40400000,
		.kernel_load_paddr = ram + 0x400000,
		.kernel_size = 0x1800000,
		.dtb_load_paddr = ram,
		.dtb_size = 0x2000,
		.gic = GIC,
		.name = "zone",
		.regions = {
			{ HV_REGION_RAM, 0, ram, 0x40000000, 0x8000000 },
			{ HV_REGION_IO, 0, page, page, 0x1000 },
			{ HV_REGION_VIRTIO, 0, 0, FIXTURE_VIRTIO_IPA, 0x200 },
		},
	};

	config.name[4] = (char)('0' + id);
	hv_intid_add(&config.interrupts, 128 + id);
	hv_intid_add(&config.virtual_interrupts, 78);
	return config;
}

HvZoneConfig fixture_sharing_zone(uint32_t id, uint64_t start, uint64_t size)
{
	HvZoneConfig config = fixture_zone(id);
	struct hv_memory_region *region = &config.regions[config.num_regions++];

	*region = (struct hv_memory_region){ HV_REGION_RAM, HV_REGION_SHARED, start, 0x70000000, size };
	return config;
}

static void need(bool ok, const char *what)
{
	if (!ok)
		arch_panic(what);
}

/* A CPU that may sleep in EL2. Its thread and the test's take turns. */
static struct player {
	pthread_t thread;
	struct vcpu *vcpu;
	enum vcpu_action (*fn)(struct vcpu *vcpu); /* NULL: nothing to do */
	enum vcpu_action action;                   /* what it came to */
	bool turn;
} players[FIXTURE_CPUS];
static pthread_mutex_t turns = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turned = PTHREAD_COND_INITIALIZER;
static _Thread_local struct player *self;

/* Gives the turn, or gives it back, and waits for the other one to do the same. */
static void pass_turn(struct player *player, bool to_player)
{
	pthread_mutex_lock(&turns);
	player->turn = to_player;
	pthread_cond_broadcast(&turned);
	while (player->turn == to_player)
		pthread_cond_wait(&turned, &turns);
	pthread_mutex_unlock(&turns);
}

static void sleep_in_turn(uint32_t cpu)
{
	(void)cpu;
	if (self != NULL)
		pass_turn(self, false);
}

static void *play(void *arg)
{
	self = arg;
	pthread_mutex_lock(&turns);
	while (!self->turn)
		pthread_cond_wait(&turned, &turns);
	pthread_mutex_unlock(&turns);
	fake_set_cpu(self->vcpu->cpu);
	for (;;) {
		self->action = self->fn(self->vcpu);
		self->fn = NULL;
		pass_turn(self, false);
	}
	return NULL;
}

void fixture_guest(struct vcpu *vcpu, enum vcpu_action (*fn)(struct vcpu *vcpu))
{
	struct player *player = &players[vcpu->cpu];

	need(player->fn == NULL, "fixture: the vCPU does something already");
	player->vcpu = vcpu;
	player->fn = fn;
}

static void take_turn(struct player *player)
{
	if (player->thread == 0)
		need(pthread_create(&player->thread, NULL, play, player) == 0, "fixture: no thread");
	pass_turn(player, true);
}

/* True: it came to its end. */
static bool settle_player(struct vcpu *vcpu)
{
	struct player *player = &players[vcpu->cpu];

	if (player->fn == NULL)
		fixture_guest(vcpu, cpu_poll);
	take_turn(player);
	return player->fn == NULL;
}

void fixture_boot(void)
{
	struct hv_violation violation;

	fake_reset();
	fake_behaviour.on_wait = sleep_in_turn;
	need(zone_init_root(&violation) == HV_OK, "fixture: the root zone does not boot");
	need(cpu_step(0), "fixture: the root zone does not run");
}

void fixture_create(uint32_t id)
{
	HvZoneConfig config = fixture_zone(id);
	struct hv_violation violation;

	need(zone_create(&config, &violation) == HV_OK, "fixture: zone not created");
}

void fixture_start(uint32_t id)
{
	fixture_create(id);
	need(zone_start(id) == HV_OK, "fixture: zone not started");
	need(cpu_step(zone_get(id)->vcpu[0]->cpu), "fixture: zone does not run");
}

static bool settle_cpu(uint32_t cpu)
{
	struct vcpu *vcpu = vcpu_of_cpu(cpu);

	fake_set_cpu(cpu);
	if (players[cpu].fn != NULL || vcpu->order == VCPU_ORDER_PARK)
		return settle_player(vcpu);
	if (vcpu->zone != NULL && vcpu->power == VCPU_ON)
		return cpu_poll(vcpu) == VCPU_LEAVE;
	return cpu_step(cpu);
}

void fixture_settle(void)
{
	bool busy = true;

	while (busy) {
		busy = false;
		for (uint32_t cpu = 0; cpu < FIXTURE_CPUS; cpu++)
			busy |= settle_cpu(cpu);
	}
	fake_set_cpu(0);
}

void fixture_remove(uint32_t id)
{
	if (fixture_state(id) == HV_ZONE_RUNNING || fixture_state(id) == HV_ZONE_PAUSED)
		need(zone_stop(id) == HV_OK, "fixture: zone not stopped");
	fixture_settle();
	need(zone_destroy(id) == HV_OK, "fixture: zone not destroyed");
	fixture_settle();
	need(fixture_state(id) == HV_ZONE_NONE, "fixture: zone still there");
}

int64_t fixture_psci(struct vcpu *vcpu, uint32_t id, uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t x[5] = { id, a, b, c };

	(void)psci_call(vcpu, x);
	return (int64_t)x[0];
}

uint32_t fixture_state(uint32_t id)
{
	return zone_get(id)->state;
}

uint32_t fixture_reason(uint32_t id)
{
	return zone_get(id)->reason;
}

uint64_t fixture_pool_used(void)
{
	struct hv_stats stats;

	pool_stats(&stats);
	return stats.pool_used;
}
