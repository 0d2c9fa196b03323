/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A zone's device tree: read and compared with its config, given a command line
 * and an initramfs, or made from the config. Pure functions on buffers;
 * docs/device-tree.md says in words what they do.
 */
#ifndef CONFIG_TREE_H
#define CONFIG_TREE_H

#include "config.h"
#include "tree_index.h"

/* Linux maps no larger tree (its Documentation/arm64/booting.rst, section 2). */
#define TREE_MAX_ZONE_SIZE (2u * 1024u * 1024u)

/* What a tree has to agree with. */
struct tree_zone {
	const HvZoneConfig *hv; /* devices' interrupts are in virtual_interrupts already */
	const char *name;
	const struct config_device *devices;
	unsigned num_devices;
	uint64_t kernel_ram;             /* bytes that the kernel needs at kernel_load_paddr; 0: not known */
	const struct hv_range *reserved; /* guest-physical ranges that the guest must not use as free RAM */
	unsigned num_reserved;
};

/* Where findings go. Messages begin with the path of a node where there is one. */
struct tree_sink {
	void (*add)(void *user, enum config_severity severity, const char *reason, const char *message);
	void *user;
};

/* What goes into /chosen. Addresses are guest-physical. */
struct tree_chosen {
	const char *bootargs;   /* NULL: as it is */
	struct hv_range initrd; /* size 0: as it is */
};

/*
 * Reports each difference between a tree and the zone. 0; -EBADMSG: this is no
 * tree, which is reported too; -ENOMEM.
 */
int tree_check(const void *tree, size_t size, const struct tree_zone *zone, const struct tree_sink *sink);

/*
 * Writes into /chosen, which is made if there is none. The result is malloc'ed.
 * 0; -EBADMSG: no tree; -ENOSPC: it would be larger than TREE_MAX_ZONE_SIZE;
 * -ENOMEM. The output is untouched on failure.
 */
int tree_patch(const void *tree, size_t size, const struct tree_chosen *chosen, void **ret_tree,
	       size_t *ret_size);

/*
 * Makes a tree: CPUs, memory, interrupt controller, timer, PSCI, what the
 * zone's device process serves, and from the root zone's tree (NULL: none)
 * those nodes whose registers the zone's io regions give it. Without bootargs
 * a zone with a virtio console gets "console=hvc0". board says which CPU of
 * the root's tree is which. As tree_patch(); what could not be copied is
 * reported.
 */
int tree_make(const struct tree_zone *zone, const struct config_board *board,
	      const struct tree_chosen *chosen, const struct tree_sink *sink, void **ret_tree,
	      size_t *ret_size);

/* Affinity of vCPU n, as its MPIDR_EL1 and PSCI have it. */
uint64_t tree_cpu_affinity(uint32_t vcpu);

#endif
