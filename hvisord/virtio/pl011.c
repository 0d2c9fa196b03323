/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pl011.h"

#include <errno.h>
#include <stdlib.h>

#define RECEIVE (PL011_INT_RX | PL011_INT_RT)
#define RX_IFLS_SHIFT 3 /* UARTIFLS.RXIFLSEL */
#define RX_IFLS_LEVELS 5u

struct pl011 {
	struct pl011_host *host;
	struct console_sink *sink;
	uint32_t intid;
	uint32_t irda; /* UARTILPR */
	uint32_t baud;
	uint32_t fraction;
	uint32_t frame; /* UARTLCR_H */
	uint32_t control;
	uint32_t levels;
	uint32_t enabled; /* UARTIMSC */
	uint32_t dma;
	uint32_t cleared; /* of the receiver's interrupts, until time has passed */
	bool transmitted; /* the transmit interrupt */
	bool sent;        /* something since the transmit interrupt was last cleared */
	bool asserted;    /* UARTINTR is high */
	struct console_input input;
};

/* Registers that keep what is written, as far as they have bits. */
static const struct {
	uint16_t offset;
	uint16_t bits;
	size_t field;
} plain_registers[] = {
	{ PL011_ILPR, 0xff, offsetof(struct pl011, irda) },
	{ PL011_IBRD, 0xffff, offsetof(struct pl011, baud) },
	{ PL011_FBRD, 0x3f, offsetof(struct pl011, fraction) },
	{ PL011_LCR_H, 0xff, offsetof(struct pl011, frame) },
	{ PL011_CR, 0xff87, offsetof(struct pl011, control) },
	{ PL011_IFLS, 0x3f, offsetof(struct pl011, levels) },
	{ PL011_IMSC, 0x7ff, offsetof(struct pl011, enabled) },
	{ PL011_DMACR, 0x7, offsetof(struct pl011, dma) },
};

static uint32_t fifo_depth(const struct pl011 *pl011)
{
	return pl011->frame & PL011_LCR_H_FEN ? PL011_FIFO : 1;
}

/* Characters in the receive FIFO: a receiver that is off lets them wait. */
static uint32_t received(const struct pl011 *pl011)
{
	const uint32_t on = PL011_CR_UARTEN | PL011_CR_RXE;
	const uint32_t waiting = console_input_waiting(&pl011->input);

	if ((pl011->control & on) != on)
		return 0;
	return waiting < fifo_depth(pl011) ? waiting : fifo_depth(pl011);
}

/* Section 3.3.9: an eighth, a quarter, a half, three quarters, seven eighths. */
static uint32_t receive_level(const struct pl011 *pl011)
{
	static const uint8_t eighths[RX_IFLS_LEVELS] = { 1, 2, 4, 6, 7 };
	const uint32_t select = pl011->levels >> RX_IFLS_SHIFT;

	if (fifo_depth(pl011) == 1)
		return 1;
	return PL011_FIFO / 8 * eighths[select < RX_IFLS_LEVELS ? select : RX_IFLS_LEVELS - 1];
}

static uint32_t raw_status(const struct pl011 *pl011)
{
	const uint32_t count = received(pl011);
	uint32_t status = 0;

	if (count >= receive_level(pl011))
		status |= PL011_INT_RX;
	if (count > 0)
		status |= PL011_INT_RT;
	status &= ~pl011->cleared;
	return status | (pl011->transmitted ? PL011_INT_TX : 0);
}

/*
 * UARTINTR is a level, what the zone takes is an edge: one when it rises, and
 * one (again) when the guest may take it for served and it is still high.
 */
static void update(struct pl011 *pl011, bool served)
{
	const bool high = (raw_status(pl011) & pl011->enabled) != 0;

	if (high && (served || !pl011->asserted))
		pl011->host->interrupt(pl011->host, pl011->intid);
	pl011->asserted = high;
}

static uint32_t read_data(struct pl011 *pl011)
{
	uint8_t byte = 0;

	if (received(pl011) == 0)
		return 0;
	(void)console_input_take(&pl011->input, &byte, 1);
	pl011->cleared = 0;
	update(pl011, true);
	return byte;
}

static uint32_t read_flags(struct pl011 *pl011)
{
	const uint32_t count = received(pl011);
	uint32_t flags = PL011_FR_LINES | PL011_FR_TXFE;

	if (count == 0)
		flags |= PL011_FR_RXFE;
	if (count == fifo_depth(pl011))
		flags |= PL011_FR_RXFF;
	return flags;
}

static uint32_t read_raw(struct pl011 *pl011)
{
	return raw_status(pl011);
}

static uint32_t read_masked(struct pl011 *pl011)
{
	return raw_status(pl011) & pl011->enabled;
}

static void write_data(struct pl011 *pl011, uint32_t value)
{
	uint8_t byte = (uint8_t)value;
	const struct iovec iov = { .iov_base = &byte, .iov_len = 1 };

	pl011->sink->output(pl011->sink, &iov, 1);
	pl011->transmitted = pl011->sent = true;
}

static void write_clear(struct pl011 *pl011, uint32_t value)
{
	pl011->cleared |= value & RECEIVE;
	if (value & PL011_INT_TX)
		pl011->transmitted = false;
}

/* The others; either function may be NULL. */
static const struct {
	uint32_t offset;
	uint32_t (*read)(struct pl011 *pl011);
	void (*write)(struct pl011 *pl011, uint32_t value);
} registers[] = {
	{ PL011_DR, read_data, write_data }, { PL011_FR, read_flags, NULL },   { PL011_RIS, read_raw, NULL },
	{ PL011_MIS, read_masked, NULL },    { PL011_ICR, NULL, write_clear },
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static bool is_register(uint64_t offset, uint32_t size)
{
	return (size == 1 || size == 2 || size == 4) && offset % 4 == 0 && offset < PL011_WINDOW;
}

/* Its place, and the bits that it has; or NULL. */
static uint32_t *plain_register(struct pl011 *pl011, uint64_t offset, uint32_t *ret_bits)
{
	for (size_t i = 0; i < COUNT(plain_registers); i++) {
		if (plain_registers[i].offset != offset)
			continue;
		*ret_bits = plain_registers[i].bits;
		return (uint32_t *)(void *)((char *)pl011 + plain_registers[i].field);
	}
	return NULL;
}

static uint32_t read_register(struct pl011 *pl011, uint64_t offset)
{
	static const uint8_t id[] = { 0x11, 0x10, 0x34, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };
	uint32_t bits;
	const uint32_t *plain = plain_register(pl011, offset, &bits);

	if (plain)
		return *plain;
	for (size_t i = 0; i < COUNT(registers); i++)
		if (registers[i].offset == offset)
			return registers[i].read ? registers[i].read(pl011) : 0;
	return offset >= PL011_ID ? id[(offset - PL011_ID) / 4] : 0;
}

static uint64_t pl011_read(void *device, uint64_t offset, uint32_t size)
{
	if (!is_register(offset, size))
		return 0;
	return read_register(device, offset) & (size == 4 ? UINT32_MAX : (1u << (8 * size)) - 1);
}

/* A narrow store replaces the register's low bytes: Linux writes all but the data as halfwords. */
static void pl011_write(void *device, uint64_t offset, uint32_t size, uint64_t value)
{
	struct pl011 *pl011 = device;
	uint32_t bits;
	uint32_t *plain;

	if (!is_register(offset, size))
		return;
	plain = plain_register(pl011, offset, &bits);
	if (plain) {
		if (size == 1)
			bits &= 0xff;
		*plain = (*plain & ~bits) | ((uint32_t)value & bits);
	}
	for (size_t i = 0; i < COUNT(registers); i++)
		if (registers[i].offset == offset && registers[i].write)
			registers[i].write(pl011, (uint32_t)value);
	update(pl011, true);
}

/* Time has passed: what was cleared too early comes (again). */
static bool pl011_service(void *device)
{
	struct pl011 *pl011 = device;

	pl011->cleared = 0;
	if (!pl011->transmitted && pl011->sent) {
		pl011->transmitted = true;
		pl011->sent = false;
	}
	update(pl011, false);
	return false;
}

/*
 * The driver believes that it has set the port up, and waits for interrupts
 * that we do not know it wants. It gets one for everything it may wait for,
 * and says what it wants with the next store to UARTIMSC.
 */
static void pl011_lost(void *device)
{
	struct pl011 *pl011 = device;

	pl011->enabled = RECEIVE | PL011_INT_TX;
	pl011->transmitted = true;
	update(pl011, false);
}

static void pl011_free(void *device)
{
	free(device);
}

const struct device_ops pl011_ops = {
	.name = "serial port",
	.window = PL011_WINDOW,
	.read = pl011_read,
	.write = pl011_write,
	.service = pl011_service,
	.lost = pl011_lost,
	.free = pl011_free,
};

static size_t pl011_input_space(const void *device, unsigned port)
{
	const struct pl011 *pl011 = device;

	return port == 0 ? console_input_space(&pl011->input) : 0;
}

static size_t pl011_input(void *device, unsigned port, const void *data, size_t size)
{
	struct pl011 *pl011 = device;
	const size_t taken = port == 0 ? console_input_put(&pl011->input, data, size) : 0;

	if (taken > 0) {
		pl011->cleared = 0;
		update(pl011, false);
	}
	return taken;
}

const struct console_ops pl011_console_ops = {
	.input_space = pl011_input_space,
	.input = pl011_input,
};

int pl011_new(struct pl011_host *host, uint32_t intid, struct console_sink *sink, struct pl011 **ret_pl011)
{
	struct pl011 *pl011 = calloc(1, sizeof(*pl011));

	if (!pl011)
		return -ENOMEM;
	pl011->host = host;
	pl011->sink = sink;
	pl011->intid = intid;
	pl011->control = PL011_CR_UARTEN | PL011_CR_TXE | PL011_CR_RXE;
	pl011->levels = 0x12; /* half, both */
	*ret_pl011 = pl011;
	return 0;
}
