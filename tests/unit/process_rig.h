/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A device process without a program around it, whose zone's accesses a test makes one at a time. */
#ifndef PROCESS_RIG_H
#define PROCESS_RIG_H

#include <stdint.h>

#include "device_process.h"

#define PROCESS_RIG_INTID 79u /* the zone's one interrupt */

struct process_rig {
	struct device_handle handle; /* first */
	struct device_process process;
	struct hv_ring ring;
	unsigned injections;
	uint64_t answer;
};

/* Starts it with those devices; err is what device_process_init() returns. There is one at a time. */
struct process_rig *process_rig_begin(const char *const *texts, unsigned count, int err);
void process_rig_end(struct process_rig *rig);

/* An access of size bytes that a vCPU waits for. Returns the answer. */
uint64_t process_rig_ask(struct process_rig *rig, uint32_t kind, uint64_t ipa, unsigned size, uint64_t value);

/* The other end of a new connection to the process. */
int process_rig_connect(struct process_rig *rig);

#endif
