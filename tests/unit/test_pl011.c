/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The PL011 as a guest sees it (Arm DDI 0183G), by itself and as a zone's console. */
#include <errno.h>
#include <sys/socket.h>

#include "process_rig.h"
#include "test.h"

#define INTID PROCESS_RIG_INTID
#define UART 0x0a001000ull

static unsigned interrupts;
static char out[256];
static size_t out_size;

static void interrupt(struct pl011_host *host, uint32_t intid)
{
	(void)host;
	CHECK_EQ(intid, INTID);
	interrupts++;
}

static void output(struct console_sink *sink, const struct iovec *iov, unsigned count)
{
	(void)sink;
	CHECK_EQ(count, 1);
	CHECK_EQ(iov->iov_len, 1);
	CHECK(out_size < sizeof(out));
	out[out_size++] = *(const char *)iov->iov_base;
}

static struct pl011_host host = { .interrupt = interrupt };
static struct console_sink sink = { .output = output };

static struct pl011 *make(void)
{
	struct pl011 *uart;

	interrupts = 0;
	out_size = 0;
	CHECK_EQ(pl011_new(&host, INTID, &sink, &uart), 0);
	return uart;
}

static uint32_t get(struct pl011 *uart, uint64_t offset)
{
	return (uint32_t)pl011_ops.read(uart, offset, 4);
}

static void set(struct pl011 *uart, uint64_t offset, uint64_t value)
{
	pl011_ops.write(uart, offset, 4, value);
}

static void type(struct pl011 *uart, const char *text)
{
	CHECK_EQ(pl011_console_ops.input(uart, 0, text, strlen(text)), strlen(text));
}

/* Interrupts since the last time. */
static unsigned raised(void)
{
	const unsigned count = interrupts;

	interrupts = 0;
	return count;
}

static void registers(void)
{
	static const struct {
		uint32_t offset, bits;
	} plain[] = {
		{ PL011_ILPR, 0xff }, { PL011_IBRD, 0xffff }, { PL011_FBRD, 0x3f },  { PL011_LCR_H, 0xff },
		{ PL011_CR, 0xff87 }, { PL011_IFLS, 0x3f },   { PL011_IMSC, 0x7ff }, { PL011_DMACR, 0x7 },
	};
	static const uint32_t fixed[] = { PL011_RSR, PL011_FR, PL011_RIS, PL011_MIS, PL011_ID, 0x050, 0xfdc };
	static const uint8_t id[] = { 0x11, 0x10, 0x34, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };
	struct pl011 *uart = make();

	CHECK_EQ(get(uart, PL011_CR), 0x301);
	CHECK_EQ(get(uart, PL011_IFLS), 0x12);
	CHECK_EQ(get(uart, PL011_FR), PL011_FR_LINES | PL011_FR_RXFE | PL011_FR_TXFE);
	for (size_t i = 0; i < COUNT(id); i++)
		CHECK_EQ(get(uart, PL011_ID + 4 * i), id[i]);
	for (size_t i = 0; i < COUNT(plain); i++) {
		set(uart, plain[i].offset, UINT32_MAX);
		CHECK_EQ(get(uart, plain[i].offset), plain[i].bits);
		set(uart, plain[i].offset, 0);
		CHECK_EQ(get(uart, plain[i].offset), 0);
	}
	for (size_t i = 0; i < COUNT(fixed); i++) {
		const uint32_t before = get(uart, fixed[i]);

		set(uart, fixed[i], UINT32_MAX);
		CHECK_EQ(get(uart, fixed[i]), before);
	}
	for (uint32_t offset = PL011_DMACR + 4; offset < PL011_ID; offset += 4)
		CHECK_EQ(get(uart, offset), 0);
	CHECK_EQ(out_size, 0);
	CHECK_EQ(raised(), 0);
	pl011_ops.free(uart);
}

static void widths(void)
{
	static const uint32_t good[] = { 1, 2, 4 }, bad[] = { 0, 3, 5, 8, 16, UINT32_MAX };
	struct pl011 *uart = make();

	for (size_t i = 0; i < COUNT(good); i++) {
		pl011_ops.write(uart, PL011_IBRD, good[i], 0x1111 * (i + 1));
		pl011_ops.write(uart, PL011_DR, good[i], 0xffffff00u | ('a' + i));
	}
	CHECK_EQ(pl011_ops.read(uart, PL011_IBRD, 1), 0x33);
	CHECK_EQ(pl011_ops.read(uart, PL011_IBRD, 2), 0x3333);
	/* a store of a byte leaves the rest alone */
	pl011_ops.write(uart, PL011_IBRD, 1, 0x44);
	CHECK_EQ(get(uart, PL011_IBRD), 0x3344);
	for (size_t i = 0; i < COUNT(bad); i++) {
		pl011_ops.write(uart, PL011_IBRD, bad[i], 0x77);
		pl011_ops.write(uart, PL011_DR, bad[i], 'x');
		CHECK_EQ(pl011_ops.read(uart, PL011_IBRD, bad[i]), 0);
	}
	for (unsigned i = 1; i < 4; i++) {
		pl011_ops.write(uart, PL011_DR + i, 1, 'x');
		CHECK_EQ(pl011_ops.read(uart, PL011_IBRD + i, 1), 0);
	}
	CHECK_EQ(get(uart, PL011_IBRD), 0x3344);
	CHECK_EQ(out_size, 3);
	CHECK(memcmp(out, "abc", 3) == 0);
	/* nothing behind the window, whatever the bus lets through */
	pl011_ops.write(uart, PL011_WINDOW, 4, 'x');
	pl011_ops.write(uart, UINT64_MAX - 3, 4, 'x');
	CHECK_EQ(pl011_ops.read(uart, PL011_WINDOW, 4), 0);
	CHECK_EQ(pl011_ops.read(uart, UINT64_MAX - 3, 4), 0);
	CHECK_EQ(out_size, 3);
	pl011_ops.free(uart);
}

/* One that is looked at again and again, as boot loaders and early consoles do. */
static void polled(void)
{
	struct pl011 *uart = make();
	char got[8];
	unsigned count = 0;

	set(uart, PL011_CR, 0); /* output leaves even so */
	for (const char *at = "early"; *at; at++) {
		CHECK_EQ(get(uart, PL011_FR) & 0x28, 0); /* neither full nor busy */
		set(uart, PL011_DR, (uint8_t)*at);
	}
	CHECK(out_size == 5 && memcmp(out, "early", 5) == 0);
	type(uart, "typed");
	CHECK_EQ(get(uart, PL011_FR) & PL011_FR_RXFE, PL011_FR_RXFE); /* it waits */
	CHECK_EQ(get(uart, PL011_DR), 0);
	set(uart, PL011_CR, PL011_CR_UARTEN | PL011_CR_RXE);
	while ((get(uart, PL011_FR) & PL011_FR_RXFE) == 0)
		got[count++] = (char)get(uart, PL011_DR);
	CHECK(count == 5 && memcmp(got, "typed", 5) == 0);
	CHECK_EQ(get(uart, PL011_DR), 0);
	CHECK_EQ(raised(), 0);
	pl011_ops.free(uart);
}

/* How many characters make the receive interrupt, for each setting and with one place only. */
static void levels(void)
{
	static const uint8_t wanted[] = { 4, 8, 16, 24, 28, 28, 28, 28 };

	for (uint32_t i = 0; i < COUNT(wanted); i++) {
		struct pl011 *uart = make();

		set(uart, PL011_LCR_H, PL011_LCR_H_FEN);
		set(uart, PL011_IFLS, i << 3);
		set(uart, PL011_IMSC, PL011_INT_RX);
		for (unsigned n = 1; n < wanted[i]; n++)
			type(uart, "x");
		CHECK_EQ(raised(), 0);
		CHECK_EQ(get(uart, PL011_RIS), PL011_INT_RT);
		type(uart, "x");
		CHECK_EQ(raised(), 1);
		CHECK_EQ(get(uart, PL011_RIS), PL011_INT_RT | PL011_INT_RX);
		CHECK_EQ(get(uart, PL011_MIS), PL011_INT_RX);
		CHECK_EQ(get(uart, PL011_FR) & PL011_FR_RXFF, 0);
		(void)get(uart, PL011_DR);
		CHECK_EQ(get(uart, PL011_MIS), 0);
		CHECK_EQ(raised(), 0);
		set(uart, PL011_LCR_H, 0);
		CHECK_EQ(get(uart, PL011_MIS), PL011_INT_RX);
		CHECK_EQ(raised(), 1);
		CHECK_EQ(get(uart, PL011_FR) & (PL011_FR_RXFF | PL011_FR_RXFE), PL011_FR_RXFF);
		pl011_ops.free(uart);
	}
}

/* A handler that reads one character each time, or all of them, is called until there is none. */
static void receive(void)
{
	static const uint32_t masks[] = { PL011_INT_RX, PL011_INT_RT, PL011_INT_RX | PL011_INT_RT };

	for (size_t i = 0; i < COUNT(masks); i++) {
		struct pl011 *uart = make();

		set(uart, PL011_LCR_H, i == 0 ? 0 : PL011_LCR_H_FEN);
		set(uart, PL011_IMSC, masks[i]);
		CHECK_EQ(raised(), 0);
		type(uart, "123");
		CHECK_EQ(raised(), 1);
		type(uart, "4"); /* it is high already */
		CHECK_EQ(raised(), 0);
		for (unsigned n = '1'; n < '4'; n++) {
			CHECK_EQ(get(uart, PL011_DR), n);
			CHECK_EQ(raised(), 1);
		}
		CHECK_EQ(get(uart, PL011_DR), '4');
		CHECK_EQ(raised(), 0);
		CHECK_EQ(get(uart, PL011_RIS), 0);
		type(uart, "5");
		CHECK_EQ(raised(), 1);
		pl011_ops.free(uart);
	}
}

/* One that reads and then clears does not lose what came meanwhile; one that only clears is told again. */
static void clear_late(void)
{
	struct pl011 *uart = make();

	set(uart, PL011_IMSC, PL011_INT_RX);
	type(uart, "ab");
	CHECK_EQ(raised(), 1);
	CHECK_EQ(get(uart, PL011_DR), 'a');
	CHECK_EQ(raised(), 1);
	set(uart, PL011_ICR, 0x7ff);
	CHECK_EQ(get(uart, PL011_RIS), 0);
	CHECK_EQ(raised(), 0);
	CHECK(!pl011_ops.service(uart));
	CHECK_EQ(raised(), 1);
	CHECK_EQ(get(uart, PL011_DR), 'b');
	set(uart, PL011_ICR, 0x7ff);
	CHECK(!pl011_ops.service(uart));
	CHECK_EQ(raised(), 0);
	pl011_ops.free(uart);
}

/* Nothing before the first character; then a handler that sends and does not clear goes on to its last. */
static void transmit(void)
{
	struct pl011 *uart = make();

	set(uart, PL011_IMSC, PL011_INT_TX);
	(void)pl011_ops.service(uart);
	CHECK_EQ(get(uart, PL011_RIS), 0);
	CHECK_EQ(raised(), 0);
	for (unsigned i = 0; i < 3; i++) {
		set(uart, PL011_DR, 'a' + i);
		CHECK_EQ(get(uart, PL011_MIS), PL011_INT_TX);
		CHECK_EQ(raised(), 1);
	}
	set(uart, PL011_IMSC, 0);
	CHECK_EQ(get(uart, PL011_RIS), PL011_INT_TX);
	CHECK_EQ(raised(), 0);
	set(uart, PL011_IMSC, PL011_INT_TX);
	CHECK_EQ(raised(), 1);
	pl011_ops.free(uart);
}

/* Clearing before sending, and after it: both are called again, and both come to an end. */
static void transmit_cleared(void)
{
	for (unsigned after = 0; after < 2; after++) {
		struct pl011 *uart = make();
		unsigned calls = 0;

		set(uart, PL011_IMSC, PL011_INT_TX);
		set(uart, PL011_DR, '0');
		for (; raised() > 0; calls++) {
			CHECK(calls < 10);
			if (!after)
				set(uart, PL011_ICR, PL011_INT_TX);
			if (calls < 5)
				set(uart, PL011_DR, '1' + calls);
			if (after)
				set(uart, PL011_ICR, PL011_INT_TX);
			(void)pl011_ops.service(uart);
		}
		CHECK(out_size == 6 && memcmp(out, "012345", 6) == 0);
		CHECK_EQ(get(uart, PL011_RIS), 0);
		pl011_ops.free(uart);
	}
}

/* What Linux does: find it, set it up, drain it, wait; type, print with the interrupt. */
static void as_linux(void)
{
	struct pl011 *uart = make();
	unsigned left = 40;

	pl011_ops.write(uart, PL011_IMSC, 2, 0);
	pl011_ops.write(uart, PL011_ICR, 2, 0xffff);
	type(uart, "too early");
	pl011_ops.write(uart, PL011_IFLS, 2, 0x12);
	pl011_ops.write(uart, PL011_CR, 2, 0x301);
	pl011_ops.write(uart, PL011_LCR_H, 2, 0x70);
	pl011_ops.write(uart, PL011_ICR, 2, 0x50);
	while ((pl011_ops.read(uart, PL011_FR, 2) & PL011_FR_RXFE) == 0)
		(void)pl011_ops.read(uart, PL011_DR, 2);
	pl011_ops.write(uart, PL011_IMSC, 2, 0x50);
	(void)pl011_ops.service(uart);
	CHECK_EQ(raised(), 0);
	type(uart, "l");
	CHECK_EQ(raised(), 1);
	CHECK_EQ(pl011_ops.read(uart, PL011_RIS, 2) & 0x50, PL011_INT_RT);
	CHECK_EQ(pl011_ops.read(uart, PL011_DR, 2), 'l');
	CHECK_EQ(raised(), 0);
	/* it fills the FIFO as long as that is not full, unmasks, and sends 16 a time in its handler */
	pl011_ops.write(uart, PL011_DR, 1, '.');
	pl011_ops.write(uart, PL011_IMSC, 2, 0x70);
	CHECK_EQ(raised(), 1);
	while ((pl011_ops.read(uart, PL011_RIS, 2) & 0x70) != 0) {
		for (unsigned i = 0; i < 16 && left > 0; i++, left--)
			pl011_ops.write(uart, PL011_DR, 1, '.');
		if (left == 0)
			pl011_ops.write(uart, PL011_IMSC, 2, 0x50);
		if (left == 0)
			break;
	}
	CHECK_EQ(out_size, 41);
	(void)raised();
	(void)pl011_ops.service(uart);
	CHECK_EQ(raised(), 0);
	pl011_ops.free(uart);
}

static void full(void)
{
	static uint8_t text[CONSOLE_INPUT + 10];
	struct pl011 *uart = make();

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * 7);
	CHECK_EQ(pl011_console_ops.input(uart, 1, text, 1), 0); /* it has one port */
	CHECK_EQ(pl011_console_ops.input_space(uart, 1), 0);
	CHECK_EQ(pl011_console_ops.input(uart, 0, text, sizeof(text)), CONSOLE_INPUT);
	CHECK_EQ(pl011_console_ops.input_space(uart, 0), 0);
	CHECK_EQ(pl011_console_ops.input(uart, 0, text, 1), 0);
	for (size_t i = 0; i < CONSOLE_INPUT; i++)
		CHECK_EQ(get(uart, PL011_DR), text[i]);
	CHECK_EQ(get(uart, PL011_FR) & PL011_FR_RXFE, PL011_FR_RXFE);
	pl011_ops.free(uart);
}

/* Its process died: a driver that waits is woken, whatever for, and goes on. */
static void lost(void)
{
	struct pl011 *uart = make();

	pl011_ops.lost(uart);
	CHECK_EQ(raised(), 1);
	CHECK_EQ(get(uart, PL011_RIS), PL011_INT_TX);
	set(uart, PL011_IMSC, PL011_INT_RX | PL011_INT_RT);
	CHECK_EQ(raised(), 0);
	type(uart, "x");
	CHECK_EQ(raised(), 1);
	CHECK_EQ(get(uart, PL011_DR), 'x');
	pl011_ops.free(uart);
}

/* The whole process: a console of the zone, by the link. */

static struct process_rig *rig;

static void begin(const char *const *texts, unsigned count, int err)
{
	rig = process_rig_begin(texts, count, err);
}

static uint64_t ask(uint32_t kind, uint64_t offset, uint64_t value)
{
	return process_rig_ask(rig, kind, UART + offset, 4, value);
}

static const char *const with_uart[] = { "region,0xa000000,0x4000,0", "pl011,0xa001000,0x1000,79" };

static void console(void)
{
	struct {
		struct device_link_header header;
		char data[DEVICE_LINK_DATA];
	} packet = {
		{ DEVICE_LINK_MAGIC, DEVICE_LINK_FIRST, 0, DEVICE_LINK_HELLO, 0, DEVICE_LINK_VERSION, 0 }, ""
	};
	int fd;

	begin(with_uart, COUNT(with_uart), 0);
	CHECK_EQ(ask(HV_REQUEST_READ, PL011_ID, 0), 0x11);
	(void)ask(HV_REQUEST_WRITE, PL011_IMSC, PL011_INT_RX);
	(void)ask(HV_REQUEST_WRITE, PL011_DR, '#');
	fd = process_rig_connect(rig);
	CHECK_EQ(send(fd, &packet.header, sizeof(packet.header), 0), sizeof(packet.header));
	device_process_turn(&rig->process, 0);
	device_process_turn(&rig->process, 0);
	CHECK_EQ(recv(fd, &packet, sizeof(packet), 0), sizeof(packet.header));
	CHECK_EQ(packet.header.type, DEVICE_LINK_WELCOME);
	CHECK_EQ(recv(fd, &packet, sizeof(packet), 0), sizeof(packet.header));
	CHECK_EQ(packet.header.type, DEVICE_LINK_ROOM);
	CHECK_EQ(recv(fd, &packet, sizeof(packet), 0), sizeof(packet.header) + 1);
	CHECK_EQ(packet.header.type, DEVICE_LINK_OUTPUT);
	CHECK_EQ(packet.data[0], '#');
	packet.header.type = DEVICE_LINK_INPUT;
	packet.data[0] = 'l';
	CHECK_EQ(send(fd, &packet, sizeof(packet.header) + 1, 0), sizeof(packet.header) + 1);
	packet.header = (struct device_link_header){
		DEVICE_LINK_MAGIC, DEVICE_LINK_VERSION, 0, DEVICE_LINK_SIZE, 0, 80u << 16 | 25, 0
	}; /* nobody to be told */
	CHECK_EQ(send(fd, &packet.header, sizeof(packet.header), 0), sizeof(packet.header));
	device_process_turn(&rig->process, 0);
	device_process_turn(&rig->process, 0);
	CHECK_EQ(rig->injections, 1);
	CHECK_EQ(ask(HV_REQUEST_READ, PL011_DR, 0), 'l');
	close(fd);
	process_rig_end(rig);
}

static void refused(void)
{
	static const struct {
		const char *specs[2];
		int err;
	} cases[] = {
		{ { "pl011,0xa001000,0x1000,78", NULL }, -EINVAL }, /* not the zone's interrupt */
		{ { "pl011,0xa001200,0x1000,79", NULL }, -EINVAL },
		{ { "pl011,0xa001000,0x200,79", NULL }, -EINVAL },
		{ { "pl011,0xa001000,0x2000,79", NULL }, -EINVAL },
		{ { "pl011,0xa001000,0x1000,79", "console,0xa001e00,0x200,79" }, -EEXIST },
	};
	char text[DEVICE_LINK_CONSOLES + 1][32];
	const char *texts[DEVICE_LINK_CONSOLES + 1];

	for (size_t i = 0; i < COUNT(cases); i++) {
		begin(cases[i].specs, cases[i].specs[1] ? 2 : 1, cases[i].err);
		process_rig_end(rig);
	}
	for (unsigned i = 0; i <= DEVICE_LINK_CONSOLES; i++) {
		snprintf(text[i], sizeof(text[i]), "pl011,0x%x000,0x1000,79", 0xa000 + i);
		texts[i] = text[i];
	}
	begin(texts, DEVICE_LINK_CONSOLES, 0);
	CHECK_EQ(rig->process.num_consoles, DEVICE_LINK_CONSOLES);
	process_rig_end(rig);
	begin(texts, DEVICE_LINK_CONSOLES + 1, -ENOSPC);
	process_rig_end(rig);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		TEST(registers),  TEST(widths),   TEST(polled),           TEST(levels),   TEST(receive),
		TEST(clear_late), TEST(transmit), TEST(transmit_cleared), TEST(as_linux), TEST(full),
		TEST(lost),       TEST(console),  TEST(refused),
	};

	return test_main(tests, COUNT(tests), argc, argv);
}
