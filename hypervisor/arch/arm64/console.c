/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Output on the board's PL011, polled: EL2 speaks when it starts and when it
 * ends; in between the UART is the root zone's.
 */
#include <stdarg.h>

#include "gic.h"

#define UART_DR 0x00u
#define UART_FR 0x18u
#define UART_CR 0x30u
#define FR_FULL (1u << 5)
#define CR_ON 0x301u /* UART and transmitter enabled, receiver too */

static bool equal(const char *a, const char *b)
{
	while (*a != 0 && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

/* The device window named uart0, or the first. */
uintptr_t console_base(void)
{
	for (uint32_t i = 0; i < platform_board.num_devices; i++)
		if (equal(platform_board.devices[i].name, "uart0"))
			return platform_board.devices[i].range.start;
	return platform_board.devices[0].range.start;
}

void console_init(void)
{
	const uintptr_t base = console_base();

	mmio_write32(base + UART_CR, mmio_read32(base + UART_CR) | CR_ON);
}

static void put(uintptr_t base, char c)
{
	if (c == '\n')
		put(base, '\r');
	while (mmio_read32(base + UART_FR) & FR_FULL)
		;
	mmio_write32(base + UART_DR, (uint8_t)c);
}

static void put_text(uintptr_t base, const char *text)
{
	while (*text != 0)
		put(base, *text++);
}

static void put_number(uintptr_t base, uint64_t value, uint32_t radix)
{
	char text[24];
	uint32_t at = sizeof(text) - 1;

	text[at] = 0;
	do {
		text[--at] = "0123456789abcdef"[value % radix];
		value /= radix;
	} while (value != 0);
	put_text(base, &text[at]);
}

void console_print(const char *format, ...)
{
	const uintptr_t base = console_base();
	va_list args;

	va_start(args, format);
	for (; *format != 0; format++) {
		if (*format != '%') {
			put(base, *format);
			continue;
		}
		switch (*++format) {
		case 's':
			put_text(base, va_arg(args, const char *));
			break;
		case 'u':
			put_number(base, va_arg(args, uint64_t), 10);
			break;
		case 'x':
			put_number(base, va_arg(args, uint64_t), 16);
			break;
		}
	}
	va_end(args);
}
