/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two devices that are no virtio: the PL011 and the PL061 behind the power key, side by side. */
#include "fuzz.h"
#include "gpio_pl061.h"
#include "pl011.h"

static struct fuzz_input input;
static uint64_t printed, stored;

static void uart_interrupt(struct pl011_host *host, uint32_t intid)
{
	(void)host;
	ALWAYS(intid == 78);
}

static void gpio_interrupt(struct gpio_host *host, uint32_t intid)
{
	(void)host;
	ALWAYS(intid == 79);
}

static void output(struct console_sink *sink, const struct iovec *iov, unsigned count)
{
	(void)sink;
	ALWAYS(count == 1 && iov->iov_len == 1);
	printed++;
}

static struct pl011_host uart_host = { .interrupt = uart_interrupt };
static struct gpio_host gpio_host = { .interrupt = gpio_interrupt };
static struct console_sink sink = { .output = output };

/* Any access; often one of a word at a register. Nothing reads as more than its width. */
static void access_device(const struct device_ops *ops, void *device)
{
	static const uint8_t sizes[] = { 1, 2, 4, 8 };
	const uint64_t how = fuzz_take(&input, 1);
	const uint32_t size = how & 0x40 ? sizes[how >> 4 & 3] : 4;
	const uint64_t offset = (how & 0x80 ? fuzz_take(&input, 2) : fuzz_take(&input, 1) * 4) % 0x1000;
	const uint64_t value = fuzz_number(&input);

	if (how & 1) {
		stored += ops == &pl011_ops;
		ops->write(device, offset, size, value);
	} else {
		const uint64_t got = ops->read(device, offset, size);

		ALWAYS(size == 8 || got >> (8 * size) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t text[256];
	struct gpio_pl061 *gpio;
	struct pl011 *uart;

	input = (struct fuzz_input){ data, size };
	printed = stored = 0;
	ALWAYS(pl011_new(&uart_host, 78, &sink, &uart) == 0);
	ALWAYS(gpio_pl061_new(&gpio_host, 79, &gpio) == 0);
	while (input.left > 0) {
		const uint64_t act = fuzz_take(&input, 1);

		if (act % 8 < 3)
			access_device(&pl011_ops, uart);
		else if (act % 8 < 6)
			access_device(&gpio_pl061_ops, gpio);
		else if (act % 8 == 6)
			(void)pl011_console_ops.input(uart, 0, text, act >> 1);
		else
			gpio_pl061_set_line(gpio, act >> 3 & 7, (act & 0x40) != 0);
		ALWAYS(pl011_console_ops.input_space(uart, 0) <= CONSOLE_INPUT);
		ALWAYS(printed <= stored); /* a store prints one character at most */
	}
	pl011_ops.free(uart);
	gpio_pl061_ops.free(gpio);
	return 0;
}
