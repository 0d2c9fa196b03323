/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An Arm PrimeCell GPIO, PL061 (Arm DDI 0190B): eight lines in a window of
 * 4 KiB. Lines driven from here are inputs of the guest; what it drives goes
 * nowhere. Registers are words of which only the low byte means anything, and
 * take accesses of 1, 2 and 4 bytes at their first byte; others read as zero
 * and write nothing, and so do offsets that hold no register. A store of a
 * word at 0x050 or 0x250 does not wait, and is lost in a flood of others, as
 * EL2 takes it for a notification (hv_ring.h): outputs go nowhere anyway.
 */
#ifndef GPIO_PL061_H
#define GPIO_PL061_H

#include "device_bus.h"

#define PL061_WINDOW 0x1000u

/* Section 3.2. GPIODATA is 0x000 - 0x3fc: address bits 9:2 say which lines an access is about. */
#define PL061_DIR 0x400u /* 1: output */
#define PL061_IS 0x404u  /* 1: a level interrupts, 0: an edge */
#define PL061_IBE 0x408u /* 1: both edges */
#define PL061_IEV 0x40cu /* 1: rising edge or high level */
#define PL061_IE 0x410u  /* 1: the interrupt is let through */
#define PL061_RIS 0x414u /* raw status */
#define PL061_MIS 0x418u /* what is let through of it */
#define PL061_IC 0x41cu  /* clears edges */
#define PL061_AFSEL 0x420u
#define PL061_ID 0xfe0u /* eight bytes in words: 0x61 0x10 0x04 0x00 0x0d 0xf0 0x05 0xb1 */

struct gpio_pl061;

/* Where its interrupt goes: an edge that makes intid pending in the zone. */
struct gpio_host {
	void (*interrupt)(struct gpio_host *host, uint32_t intid);
};

/* As after reset, all lines low. -ENOMEM. Freed by the bus, or with gpio_pl061_ops.free(). */
int gpio_pl061_new(struct gpio_host *host, uint32_t intid, struct gpio_pl061 **ret_gpio);

/* Drives one line, 0 to 7. */
void gpio_pl061_set_line(struct gpio_pl061 *gpio, unsigned line, bool high);
bool gpio_pl061_line(const struct gpio_pl061 *gpio, unsigned line);

/* The guest has read the line since it last changed. */
bool gpio_pl061_was_read(const struct gpio_pl061 *gpio, unsigned line);

extern const struct device_ops gpio_pl061_ops;

#endif
