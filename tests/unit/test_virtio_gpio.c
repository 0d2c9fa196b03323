/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The PL061 as a guest sees it (Arm DDI 0190B), and the power key on its line 0. */
#include <errno.h>
#include <sys/socket.h>

#include "process_rig.h"
#include "test.h"

#define INTID PROCESS_RIG_INTID
#define GPIO 0x0a001000ull

static unsigned interrupts;

static void interrupt(struct gpio_host *host, uint32_t intid)
{
	(void)host;
	CHECK_EQ(intid, INTID);
	interrupts++;
}

static struct gpio_host host = { .interrupt = interrupt };

static struct gpio_pl061 *make(void)
{
	struct gpio_pl061 *gpio;

	CHECK_EQ(gpio_pl061_new(&host, INTID, &gpio), 0);
	return gpio;
}

static uint64_t get(struct gpio_pl061 *gpio, uint64_t offset)
{
	return gpio_pl061_ops.read(gpio, offset, 4);
}

static void set(struct gpio_pl061 *gpio, uint64_t offset, uint64_t value)
{
	gpio_pl061_ops.write(gpio, offset, 4, value);
}

#define DATA(mask) ((uint64_t)(mask) << 2)

static void registers(void)
{
	static const uint32_t plain[] = { PL061_DIR, PL061_IS, PL061_IBE, PL061_IEV, PL061_IE, PL061_AFSEL };
	static const uint8_t id[] = { 0x61, 0x10, 0x04, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };
	struct gpio_pl061 *gpio = make();

	for (size_t i = 0; i < COUNT(id); i++)
		CHECK_EQ(get(gpio, PL061_ID + 4 * i), id[i]);
	for (uint64_t offset = 0; offset < PL061_ID; offset += 4)
		CHECK_EQ(get(gpio, offset), 0);
	for (size_t i = 0; i < COUNT(plain); i++) {
		set(gpio, plain[i], 0xffffffa5u);
		CHECK_EQ(get(gpio, plain[i]), 0xa5);
		set(gpio, plain[i], 0);
		CHECK_EQ(get(gpio, plain[i]), 0);
	}
	/* read only, and nothing at all */
	set(gpio, PL061_RIS, 0xff);
	set(gpio, PL061_MIS, 0xff);
	set(gpio, PL061_ID, 0xff);
	set(gpio, 0x424, 0xff);
	set(gpio, 0xfdc, 0xff);
	CHECK_EQ(get(gpio, PL061_RIS), 0);
	CHECK_EQ(get(gpio, PL061_MIS), 0);
	CHECK_EQ(get(gpio, PL061_ID), 0x61);
	CHECK_EQ(get(gpio, 0x424), 0);
	CHECK_EQ(interrupts, 0);
	gpio_pl061_ops.free(gpio);
}

/* Address bits 9:2 choose the lines; outputs read back, inputs read what drives them. */
static void data(void)
{
	struct gpio_pl061 *gpio = make();

	gpio_pl061_set_line(gpio, 0, true);
	gpio_pl061_set_line(gpio, 7, true);
	CHECK_EQ(get(gpio, DATA(0xff)), 0x81);
	CHECK_EQ(get(gpio, DATA(0x01)), 0x01);
	CHECK_EQ(get(gpio, DATA(0x7e)), 0);
	CHECK_EQ(get(gpio, DATA(0)), 0);
	set(gpio, PL061_DIR, 0x0f);
	CHECK_EQ(get(gpio, DATA(0xff)), 0x80);
	set(gpio, DATA(0x05), 0xff);
	CHECK_EQ(get(gpio, DATA(0xff)), 0x85);
	set(gpio, DATA(0x04), 0);
	CHECK_EQ(get(gpio, DATA(0xff)), 0x81);
	set(gpio, DATA(0x80), 0); /* an input: remembered, not seen */
	CHECK_EQ(get(gpio, DATA(0xff)), 0x81);
	gpio_pl061_ops.free(gpio);
}

static void widths(void)
{
	static const uint32_t good[] = { 1, 2, 4 }, bad[] = { 0, 3, 5, 8, 16, UINT32_MAX };
	struct gpio_pl061 *gpio = make();

	for (size_t i = 0; i < COUNT(good); i++) {
		gpio_pl061_ops.write(gpio, PL061_IE, good[i], i + 1);
		CHECK_EQ(gpio_pl061_ops.read(gpio, PL061_IE, good[i]), i + 1);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		gpio_pl061_ops.write(gpio, PL061_IE, bad[i], 0x77);
		CHECK_EQ(gpio_pl061_ops.read(gpio, PL061_IE, bad[i]), 0);
	}
	for (unsigned i = 1; i < 4; i++) {
		gpio_pl061_ops.write(gpio, PL061_IE + i, 1, 0x77);
		CHECK_EQ(gpio_pl061_ops.read(gpio, PL061_IE + i, 1), 0);
	}
	CHECK_EQ(get(gpio, PL061_IE), 3);
	/* nothing behind the window, whatever the bus lets through */
	gpio_pl061_ops.write(gpio, PL061_WINDOW, 4, 1);
	gpio_pl061_ops.write(gpio, UINT64_MAX - 3, 4, 1);
	CHECK_EQ(gpio_pl061_ops.read(gpio, PL061_WINDOW, 4), 0);
	CHECK_EQ(gpio_pl061_ops.read(gpio, UINT64_MAX - 3, 4), 0);
	gpio_pl061_ops.free(gpio);
}

/* Which of a press and a release interrupt, for every setting. */
static void edges(void)
{
	static const struct {
		uint8_t both, event, on_rise, on_fall;
	} cases[] = { { 0, 0, 0, 1 }, { 0, 1, 1, 0 }, { 1, 0, 1, 1 }, { 1, 1, 1, 1 } };

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct gpio_pl061 *gpio = make();

		interrupts = 0;
		set(gpio, PL061_IBE, cases[i].both);
		set(gpio, PL061_IEV, cases[i].event);
		set(gpio, PL061_IE, 0xff);
		gpio_pl061_set_line(gpio, 0, true);
		CHECK_EQ(get(gpio, PL061_MIS), cases[i].on_rise);
		CHECK_EQ(interrupts, cases[i].on_rise);
		set(gpio, PL061_IC, 1);
		CHECK_EQ(get(gpio, PL061_RIS), 0);
		interrupts = 0;
		gpio_pl061_set_line(gpio, 0, true); /* is it already */
		CHECK_EQ(interrupts, 0);
		gpio_pl061_set_line(gpio, 0, false);
		CHECK_EQ(get(gpio, PL061_MIS), cases[i].on_fall);
		CHECK_EQ(interrupts, cases[i].on_fall);
		gpio_pl061_ops.free(gpio);
	}
}

static void levels(void)
{
	struct gpio_pl061 *gpio = make();

	interrupts = 0;
	set(gpio, PL061_IS, 1);
	set(gpio, PL061_IEV, 1);
	set(gpio, PL061_IE, 1);
	CHECK_EQ(interrupts, 0);
	gpio_pl061_set_line(gpio, 0, true);
	CHECK_EQ(interrupts, 1);
	set(gpio, PL061_IC, 1); /* clears no level: it interrupts again */
	CHECK_EQ(get(gpio, PL061_MIS), 1);
	CHECK_EQ(interrupts, 2);
	gpio_pl061_set_line(gpio, 0, false);
	CHECK_EQ(get(gpio, PL061_MIS), 0);
	set(gpio, PL061_IEV, 0); /* low is what counts now */
	CHECK_EQ(get(gpio, PL061_MIS), 1);
	CHECK_EQ(interrupts, 3);
	gpio_pl061_ops.free(gpio);
}

/* What waits while masked is told when let through; two lines: one is left after the other is cleared. */
static void masked(void)
{
	struct gpio_pl061 *gpio = make();

	interrupts = 0;
	set(gpio, PL061_IBE, 0xff);
	gpio_pl061_set_line(gpio, 0, true);
	gpio_pl061_set_line(gpio, 3, true);
	CHECK_EQ(get(gpio, PL061_RIS), 9);
	CHECK_EQ(get(gpio, PL061_MIS), 0);
	CHECK_EQ(interrupts, 0);
	set(gpio, PL061_IE, 9);
	CHECK_EQ(interrupts, 1);
	set(gpio, PL061_IC, 1);
	CHECK_EQ(interrupts, 2);
	CHECK_EQ(get(gpio, PL061_MIS), 8);
	set(gpio, PL061_IC, 8);
	CHECK_EQ(interrupts, 2);
	/* the guest's own output is an edge too */
	set(gpio, PL061_DIR, 2);
	set(gpio, PL061_IE, 2);
	set(gpio, DATA(2), 2);
	CHECK_EQ(get(gpio, PL061_MIS), 2);
	CHECK_EQ(interrupts, 3);
	gpio_pl061_ops.free(gpio);
}

static void seen(void)
{
	struct gpio_pl061 *gpio = make();

	gpio_pl061_set_line(gpio, 0, true);
	CHECK(!gpio_pl061_was_read(gpio, 0));
	(void)get(gpio, DATA(0xfe));
	CHECK(!gpio_pl061_was_read(gpio, 0));
	(void)get(gpio, DATA(0x01));
	CHECK(gpio_pl061_was_read(gpio, 0));
	gpio_pl061_set_line(gpio, 0, false);
	CHECK(!gpio_pl061_was_read(gpio, 0));
	gpio_pl061_ops.free(gpio);
}

/* The whole process: a press that comes over the link. */

static struct process_rig *rig;

static void begin(const char *const *texts, unsigned count, int err)
{
	rig = process_rig_begin(texts, count, err);
}

static uint64_t ask(uint32_t kind, uint64_t offset, uint64_t value)
{
	return process_rig_ask(rig, kind, GPIO + offset, 1, value);
}

static void press(void)
{
	const struct device_link_header header = {
		DEVICE_LINK_MAGIC, DEVICE_LINK_FIRST, 0, DEVICE_LINK_POWER_KEY, 0, 0, 0
	};
	int fd;

	fd = process_rig_connect(rig);
	CHECK_EQ(send(fd, &header, sizeof(header), 0), sizeof(header));
	close(fd);
	for (unsigned i = 0; i < 3; i++)
		device_process_turn(&rig->process, 0);
}

static const char *const with_key[] = { "region,0xa000000,0x4000,0", "power_key,0xa001000,0x1000,79" };

static void pressed(void)
{
	begin(with_key, COUNT(with_key), 0);
	CHECK_EQ(ask(HV_REQUEST_READ, PL061_ID, 0), 0x61);
	(void)ask(HV_REQUEST_WRITE, PL061_IBE, 1);
	(void)ask(HV_REQUEST_WRITE, PL061_IE, 1);
	press();
	CHECK_EQ(rig->injections, 1);
	press(); /* down already */
	CHECK_EQ(rig->injections, 1);
	CHECK_EQ(ask(HV_REQUEST_READ, DATA(1), 0), 1);
	(void)ask(HV_REQUEST_WRITE, PL061_IC, 1);
	while (ask(HV_REQUEST_READ, DATA(1), 0) != 0)
		device_process_turn(&rig->process, -1); /* the timer wakes it */
	CHECK_EQ(rig->injections, 2);
	press(); /* and again */
	CHECK_EQ(ask(HV_REQUEST_READ, DATA(1), 0), 1);
	process_rig_end(rig);
}

/* Nobody reads the line: it stays down for longer, and comes up all the same. */
static void ignored(void)
{
	unsigned turns = 0;

	begin(with_key, COUNT(with_key), 0);
	press();
	for (; gpio_pl061_line(rig->process.power_key.gpio, 0); turns++)
		device_process_turn(&rig->process, -1);
	CHECK_EQ(rig->process.power_key.holds, POWER_KEY_HOLDS);
	CHECK_EQ(rig->injections, 0); /* nothing was enabled */
	process_rig_end(rig);
}

static void without_key(void)
{
	begin(with_key, 1, 0);
	press();
	CHECK_EQ(rig->process.end, DEVICE_PROCESS_RUNNING);
	CHECK_EQ(ask(HV_REQUEST_READ, PL061_ID, 0), 0);
	process_rig_end(rig);
}

static void refused(void)
{
	static const struct {
		const char *specs[2];
		int err;
	} cases[] = {
		{ { "power_key,0xa001000,0x1000,78", NULL }, -EINVAL }, /* not the zone's interrupt */
		{ { "power_key,0xa001200,0x1000,79", NULL }, -EINVAL },
		{ { "power_key,0xa001000,0x200,79", NULL }, -EINVAL },
		{ { "power_key,0xa001000,0x2000,79", NULL }, -EINVAL },
		{ { "power_key,0xa001000,0x1000,79", "power_key,0xa002000,0x1000,79" }, -EEXIST },
		{ { "power_key,0xa001000,0x1000,79", "console,0xa001e00,0x200,79" }, -EEXIST },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		begin(cases[i].specs, cases[i].specs[1] ? 2 : 1, cases[i].err);
		process_rig_end(rig);
	}
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		TEST(registers), TEST(data),    TEST(widths),  TEST(edges),       TEST(levels),  TEST(masked),
		TEST(seen),      TEST(pressed), TEST(ignored), TEST(without_key), TEST(refused),
	};

	return test_main(tests, COUNT(tests), argc, argv);
}
