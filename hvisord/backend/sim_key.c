/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_key.h"

/* Arm DDI 0190B section 3.2, spelled out once more: this is the other side of the registers. */
#define WINDOW 0x1000u
#define DATA_LINE_0 0x004u
#define BOTH_EDGES 0x408u
#define ENABLE 0x410u
#define STATUS 0x418u
#define CLEAR 0x41cu
#define PERIPHERAL_ID 0xfe0u

static bool is_gpio(struct sim_cpu *cpu, uint64_t ipa)
{
	return sim_cpu_read(cpu, ipa + PERIPHERAL_ID, 4) == 0x61 &&
	       sim_cpu_read(cpu, ipa + PERIPHERAL_ID + 4, 4) == 0x10;
}

static uint64_t find(struct sim_cpu *cpu)
{
	const HvZoneConfig *config = sim_cpu_config(cpu);

	for (uint32_t i = 0; i < config->num_regions; i++) {
		const struct hv_memory_region *region = &config->regions[i];
		uint64_t ipa = (region->virtual_start + WINDOW - 1) / WINDOW * WINDOW;

		for (; region->type == HV_REGION_VIRTIO &&
		       hv_range_contains(region->virtual_start, region->size, ipa, WINDOW);
		     ipa += WINDOW) {
			if (is_gpio(cpu, ipa))
				return ipa;
		}
	}
	return 0;
}

void sim_key_probe(struct sim_key *key, struct sim_cpu *cpu)
{
	key->cpu = cpu;
	key->ipa = find(cpu);
	if (key->ipa == 0)
		return;
	sim_cpu_write(cpu, key->ipa + BOTH_EDGES, 1, 1);
	sim_cpu_write(cpu, key->ipa + CLEAR, 1, 1);
	sim_cpu_write(cpu, key->ipa + ENABLE, 1, 1);
}

bool sim_key_interrupt(struct sim_key *key)
{
	if (key->ipa == 0 || (sim_cpu_read(key->cpu, key->ipa + STATUS, 1) & 1) == 0)
		return false;
	sim_cpu_write(key->cpu, key->ipa + CLEAR, 1, 1);
	return (sim_cpu_read(key->cpu, key->ipa + DATA_LINE_0, 1) & 1) != 0;
}
