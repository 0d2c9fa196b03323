/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a node of a tree takes up on the machine: addresses and interrupts. */
#ifndef CONFIG_TREE_BUS_H
#define CONFIG_TREE_BUS_H

#include "tree_index.h"

/*
 * Range n of a node's reg as the CPU sees it, through all ranges on the way to
 * the root. 0, and *ret_range of size 0 where the node claims nothing;
 * -ENOENT: there are no more; -EXDEV: the node is not on a bus that the CPU
 * sees (a parent has no ranges, or other cells than one or two); -EINVAL: reg
 * or ranges have a wrong length, or reach past 2^64; -ERANGE: ranges on the
 * way do not hold it.
 */
int tree_reg(struct tree_index *index, uint32_t node, uint32_t n, struct hv_range *ret_range);

/* Window n of a bus whose children have addresses of three cells (PCI), as the CPU sees it. As tree_reg(). */
int tree_window(struct tree_index *index, uint32_t node, uint32_t n, struct hv_range *ret_range);

/* An interrupt: where it goes, and the words by which it is known there. */
struct tree_irq {
	uint32_t controller; /* node */
	uint32_t num_cells;
	uint32_t cells[TREE_MAX_CELLS];
};

/*
 * Interrupt n of interrupts-extended or else interrupts. 0; -ENOENT: there are
 * no more; -EINVAL: the property has a wrong length; -ELOOP: there is no
 * controller to be found, or the search goes in a circle; -ENXIO: a phandle
 * of nothing.
 */
int tree_irq(struct tree_index *index, uint32_t node, uint32_t n, struct tree_irq *ret_irq);

/* Entry n of a nexus' interrupt-map: the interrupt it leads to. As tree_irq(). */
int tree_irq_map(struct tree_index *index, uint32_t nexus, uint32_t n, struct tree_irq *ret_irq);

/* The words of a GICv3's interrupt (the binding arm,gic-v3). */
#define TREE_GIC_CELLS 3u
#define TREE_GIC_SPI 0u
#define TREE_GIC_PPI 1u
#define TREE_GIC_FIRST_PPI 16u

extern const char *const tree_gics[]; /* compatible strings of a GICv3 */

/* The INTID; 0 if the words are none of an SPI's or PPI's. */
uint32_t tree_gic_intid(const struct tree_irq *irq);

#endif
