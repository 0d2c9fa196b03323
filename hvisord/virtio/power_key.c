/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "power_key.h"

#include <errno.h>
#include <sys/timerfd.h>
#include <unistd.h>

static void hold_on(struct power_key *key)
{
	const struct itimerspec hold = { .it_value = { .tv_nsec = POWER_KEY_HOLD_MS * 1000000l } };

	/* Cannot fail with these arguments; if it did, the key would be stuck: let go at once. */
	if (timerfd_settime(key->timer_fd, 0, &hold, NULL) < 0)
		gpio_pl061_set_line(key->gpio, POWER_KEY_LINE, false);
}

/*
 * A guest that is slow to look would find the key up again, and think that it
 * had been a mistake: wait for it, but not for one that never looks.
 */
static void timer_ready(struct event_source *source, uint32_t events)
{
	struct power_key *key = (struct power_key *)source;
	uint64_t times;

	(void)events;
	if (read(key->timer_fd, &times, sizeof(times)) < 0)
		return; /* set anew meanwhile */
	key->holds++;
	if (gpio_pl061_was_read(key->gpio, POWER_KEY_LINE) || key->holds >= POWER_KEY_HOLDS)
		gpio_pl061_set_line(key->gpio, POWER_KEY_LINE, false);
	else
		hold_on(key);
}

int power_key_init(struct power_key *key, struct event_loop *loop, struct gpio_pl061 *gpio)
{
	int err;

	*key = (struct power_key){ .source.ready = timer_ready, .loop = loop, .gpio = gpio };
	key->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (key->timer_fd < 0)
		return -errno;
	err = event_loop_add(loop, key->timer_fd, EPOLLIN, &key->source);
	if (err)
		close(key->timer_fd);
	return err;
}

void power_key_fini(struct power_key *key)
{
	event_loop_remove(key->loop, key->timer_fd);
	close(key->timer_fd);
}

void power_key_press(struct power_key *key)
{
	if (gpio_pl061_line(key->gpio, POWER_KEY_LINE))
		return;
	key->holds = 0;
	gpio_pl061_set_line(key->gpio, POWER_KEY_LINE, true);
	hold_on(key);
}
