/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Contract: the interrupt controller's part in ownership. INTIDs are SPIs. */
#ifndef ARCH_IRQ_H
#define ARCH_IRQ_H

#include <arch_types.h>

struct zone;
struct mmio_access;

/* Gives a hardware SPI to a zone: disabled, not pending, routed to the zone's vCPU 0. */
void arch_irq_assign(struct zone *zone, uint32_t intid);

/* Takes it back: disabled, not pending, not active, routed nowhere that matters. */
void arch_irq_release(struct zone *zone, uint32_t intid);

/*
 * Prepares or clears what the architecture keeps for a zone's virtual
 * interrupts and trapped interrupt controller. zone->config is set.
 */
void arch_irq_zone_init(struct zone *zone);
void arch_irq_zone_fini(struct zone *zone);

/*
 * Raises a virtual SPI of a running zone from any CPU: pending until the guest
 * takes it. The caller has checked that it is in config.virtual_interrupts.
 */
void arch_irq_inject(struct zone *zone, uint32_t intid);

#endif
