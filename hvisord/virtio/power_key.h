/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The zone's power key: line 0 of a PL061, and the finger that presses it.
 * What an unmodified guest makes of it is its own affair: Linux' gpio-keys
 * reports KEY_POWER, and who listens for that shuts the guest down.
 */
#ifndef POWER_KEY_H
#define POWER_KEY_H

#include "event_loop.h"
#include "gpio_pl061.h"

#define POWER_KEY_LINE 0u
#define POWER_KEY_HOLD_MS 100u /* how long it stays down at least … */
#define POWER_KEY_HOLDS 20u    /* … and how many times that at most, while the guest does not look */

struct power_key {
	struct event_source source;
	struct event_loop *loop;
	struct gpio_pl061 *gpio;
	int timer_fd;
	unsigned holds; /* times that the timer has gone off since the press */
};

/* gpio is borrowed. A negative errno: nothing is left to be ended. */
int power_key_init(struct power_key *key, struct event_loop *loop, struct gpio_pl061 *gpio);
void power_key_fini(struct power_key *key);

void power_key_press(struct power_key *key);

#endif
