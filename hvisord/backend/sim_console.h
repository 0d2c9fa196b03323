/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A simulated guest's driver for a virtio console (virtio 1.2 section 5.3) over virtio-mmio. */
#ifndef SIM_CONSOLE_H
#define SIM_CONSOLE_H

#include "sim_cpu.h"

#define SIM_CONSOLE_QUEUES 2u

struct sim_queue {
	uint8_t *base; /* of its tables */
	uint64_t ipa;
	uint16_t size;
	uint16_t avail; /* as we have shown it */
	uint16_t used;  /* as far as we have looked */
};

struct sim_console {
	struct sim_cpu *cpu;
	uint64_t ipa; /* of the window; 0: there is none */
	uint8_t *ram;
	uint64_t ram_ipa;
	struct sim_queue queue[SIM_CONSOLE_QUEUES];
	uint32_t read_at; /* bytes taken of the input buffer that is being read */
	bool resized;
};

/* Looks for one in the zone's virtio regions (but not in the page at skip), and starts it. */
void sim_console_probe(struct sim_console *console, struct sim_cpu *cpu, uint64_t skip);

static inline bool sim_console_exists(const struct sim_console *console)
{
	return console->ipa != 0;
}

/* How much was taken; when less than all, an interrupt follows when there is room. */
size_t sim_console_write(struct sim_console *console, const char *data, size_t size);

/* What was typed, as far as it has come; an interrupt follows when more comes. */
size_t sim_console_read(struct sim_console *console, char *to, size_t size);

/* After any interrupt: acknowledges. */
void sim_console_interrupt(struct sim_console *console);

/* The terminal's size has changed since the last call. */
bool sim_console_resized(struct sim_console *console, uint16_t *ret_columns, uint16_t *ret_rows);

#endif
