/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gpio_pl061.h"

#include <errno.h>
#include <stdlib.h>

#define DATA_END 0x400u

struct gpio_pl061 {
	struct gpio_host *host;
	uint32_t intid;
	uint8_t driven; /* lines that are high from outside */
	uint8_t output; /* the guest's data register */
	uint8_t direction;
	uint8_t level;
	uint8_t both;
	uint8_t event;
	uint8_t enabled;
	uint8_t edges; /* seen and not cleared */
	uint8_t function;
	uint8_t read;  /* lines read since they changed */
	bool asserted; /* GPIOINTR is high */
};

static uint8_t pins(const struct gpio_pl061 *gpio)
{
	return (uint8_t)((gpio->output & gpio->direction) | (gpio->driven & ~gpio->direction));
}

static uint8_t raw_status(const struct gpio_pl061 *gpio)
{
	const uint8_t active = (uint8_t) ~(pins(gpio) ^ gpio->event);

	return (uint8_t)((active & gpio->level) | (gpio->edges & ~gpio->level));
}

/*
 * GPIOINTR is a level, what the zone takes is an edge: one when it rises, and
 * one (again) when the guest has written a register and it is still high.
 */
static void update(struct gpio_pl061 *gpio, bool written)
{
	const bool high = (raw_status(gpio) & gpio->enabled) != 0;

	if (high && (written || !gpio->asserted))
		gpio->host->interrupt(gpio->host, gpio->intid);
	gpio->asserted = high;
}

/* Section 2.1.3: which changes of the pins count as edges. */
static void see_edges(struct gpio_pl061 *gpio, uint8_t before)
{
	const uint8_t now = pins(gpio);
	const uint8_t changed = now ^ before;
	const uint8_t wanted = (uint8_t)(gpio->both | ~(now ^ gpio->event));

	gpio->edges |= (uint8_t)(changed & wanted & ~gpio->level);
}

static uint32_t read_data(struct gpio_pl061 *gpio, uint8_t mask)
{
	gpio->read |= mask;
	return pins(gpio) & mask;
}

static void write_data(struct gpio_pl061 *gpio, uint8_t mask, uint8_t value)
{
	gpio->output = (uint8_t)((gpio->output & ~mask) | (value & mask));
}

static void write_clear(struct gpio_pl061 *gpio, uint8_t value)
{
	gpio->edges &= (uint8_t)~value;
}

/* Registers that keep what is written; the others by hand. */
static uint8_t *plain_register(struct gpio_pl061 *gpio, uint64_t offset)
{
	uint8_t *const registers[] = { &gpio->direction, &gpio->level, &gpio->both, &gpio->event,
				       &gpio->enabled,   NULL,         NULL,        NULL,
				       &gpio->function };
	const uint64_t index = (offset - PL061_DIR) / 4;

	return offset >= PL061_DIR && index < sizeof(registers) / sizeof(registers[0]) ? registers[index]
										       : NULL;
}

static bool is_register(uint64_t offset, uint32_t size)
{
	return (size == 1 || size == 2 || size == 4) && offset % 4 == 0 && offset < PL061_WINDOW;
}

static uint64_t pl061_read(void *device, uint64_t offset, uint32_t size)
{
	static const uint8_t id[] = { 0x61, 0x10, 0x04, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };
	struct gpio_pl061 *gpio = device;
	const uint8_t *plain;

	if (!is_register(offset, size))
		return 0;
	plain = plain_register(gpio, offset);
	if (plain)
		return *plain;
	if (offset < DATA_END)
		return read_data(gpio, (uint8_t)(offset >> 2));
	if (offset == PL061_RIS)
		return raw_status(gpio);
	if (offset == PL061_MIS)
		return raw_status(gpio) & gpio->enabled;
	return offset >= PL061_ID ? id[(offset - PL061_ID) / 4] : 0;
}

static void pl061_write(void *device, uint64_t offset, uint32_t size, uint64_t value)
{
	struct gpio_pl061 *gpio = device;
	const uint8_t before = pins(gpio);
	uint8_t *plain;

	if (!is_register(offset, size))
		return;
	plain = plain_register(gpio, offset);
	if (plain)
		*plain = (uint8_t)value;
	else if (offset < DATA_END)
		write_data(gpio, (uint8_t)(offset >> 2), (uint8_t)value);
	else if (offset == PL061_IC)
		write_clear(gpio, (uint8_t)value);
	else
		return;
	see_edges(gpio, before);
	update(gpio, true);
}

static void pl061_free(void *device)
{
	free(device);
}

const struct device_ops gpio_pl061_ops = {
	.name = "power key",
	.window = PL061_WINDOW,
	.read = pl061_read,
	.write = pl061_write,
	.free = pl061_free,
};

int gpio_pl061_new(struct gpio_host *host, uint32_t intid, struct gpio_pl061 **ret_gpio)
{
	struct gpio_pl061 *gpio = calloc(1, sizeof(*gpio));

	if (!gpio)
		return -ENOMEM;
	gpio->host = host;
	gpio->intid = intid;
	*ret_gpio = gpio;
	return 0;
}

void gpio_pl061_set_line(struct gpio_pl061 *gpio, unsigned line, bool high)
{
	const uint8_t bit = (uint8_t)(1u << (line % 8)), before = pins(gpio);

	if (gpio_pl061_line(gpio, line) == high)
		return;
	gpio->driven ^= bit;
	gpio->read &= (uint8_t)~bit;
	see_edges(gpio, before);
	update(gpio, false);
}

bool gpio_pl061_line(const struct gpio_pl061 *gpio, unsigned line)
{
	return (gpio->driven >> (line % 8) & 1u) != 0;
}

bool gpio_pl061_was_read(const struct gpio_pl061 *gpio, unsigned line)
{
	return (gpio->read >> (line % 8) & 1u) != 0;
}
