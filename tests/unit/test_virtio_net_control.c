/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The network device's control queue: pairs of queues, what is received, the address. */
#include "net_rig.h"
#include "test.h"
#include "virtio_rig.h"

#define PAIRS 4u
#define CONTROL (2 * PAIRS)
#define FEATURES (NET_PLAIN | VIRTIO_NET_F_CTRL_VQ)
#define OK 0u
#define ERR 1u

/* class, command, and data as a string. */
#define COMMAND(rig, q, class, command, data)                                                                \
	net_rig_control(rig, q, "" class command data, sizeof(class command data) - 1)

static void give(struct net_rig *rig, unsigned q, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		const struct net_rig_part part = { NET_BUFFER + q * 0x40000ull + i * 2000, 2000 };

		net_rig_offer(rig, q, &part, 0, 1);
	}
	net_rig_kick(rig, q);
	net_rig_turn(rig);
}

static unsigned count_used(struct net_rig *rig, unsigned q)
{
	struct virtqueue_used_elem elem;
	unsigned count = 0;

	while (net_rig_take(rig, q, &elem))
		count++;
	return count;
}

/*
 * Frames of many flows, so that the tap spreads them over its queues, and
 * buffers in their places. Returns how many were received.
 */
static unsigned inject_flows(struct net_rig *rig, unsigned per_pair[PAIRS])
{
	unsigned all = 0;

	for (unsigned i = 0; i < 64; i++) {
		uint8_t frame[60] = { 0 };

		net_rig_frame(frame, sizeof(frame), true, 0);
		memset(frame + 14, 0, sizeof(frame) - 14);
		memcpy(frame + 12, "\x08\x00\x45\x00\x00\x2e", 6);
		frame[22] = 64;
		frame[23] = 17;
		frame[26] = frame[30] = 10;
		frame[29] = 2;
		frame[33] = 1;
		frame[35] = (uint8_t)i; /* the port */
		frame[37] = 9;
		frame[39] = 26;
		net_rig_inject(rig, frame, sizeof(frame));
	}
	net_rig_turn(rig);
	for (unsigned i = 0; i < PAIRS; i++) {
		per_pair[i] = count_used(rig, 2 * i);
		all += per_pair[i];
		if (per_pair[i] > 0)
			give(rig, 2 * i, per_pair[i]);
	}
	return all;
}

static void several_pairs(void)
{
	struct net_rig *rig = net_rig_new(PAIRS);
	unsigned per_pair[PAIRS], used = 0;

	CHECK_EQ(virtio_mmio_read(rig->device, R_CONFIG + 8, 2), PAIRS);
	net_rig_start(rig, FEATURES | VIRTIO_NET_F_MQ, 256);
	for (unsigned i = 0; i < PAIRS; i++)
		give(rig, 2 * i, 128);
	/* One pair until the driver asks for more (5.1.6.5.5). */
	CHECK_EQ(inject_flows(rig, per_pair), 64);
	CHECK_EQ(per_pair[0], 64);
	CHECK_EQ(COMMAND(rig, CONTROL, "\4", "\0", "\4\0"), OK);
	CHECK_EQ(inject_flows(rig, per_pair), 64);
	for (unsigned i = 0; i < PAIRS; i++)
		used += per_pair[i] != 0;
	CHECK(used > 1);
	CHECK_EQ(COMMAND(rig, CONTROL, "\4", "\0", "\2\0"), OK);
	CHECK_EQ(inject_flows(rig, per_pair), 64);
	CHECK_EQ(per_pair[2] + per_pair[3], 0);
	CHECK_EQ(COMMAND(rig, CONTROL, "\4", "\0", "\1\0"), OK);
	CHECK_EQ(inject_flows(rig, per_pair), 64);
	CHECK_EQ(per_pair[0], 64);
	/* After a reset there is one again. */
	CHECK_EQ(COMMAND(rig, CONTROL, "\4", "\0", "\4\0"), OK);
	net_rig_start(rig, FEATURES | VIRTIO_NET_F_MQ, 256);
	give(rig, 0, 128);
	CHECK_EQ(inject_flows(rig, per_pair), 64);
	CHECK_EQ(per_pair[0], 64);
	net_rig_free(rig);
}

/* A queue may also be used that has nothing to carry. */
static void pairs_not_used(void)
{
	struct net_rig *rig = net_rig_new(PAIRS);
	const struct net_rig_part part = { NET_BUFFER, 100 };
	struct virtqueue_used_elem elem;

	net_rig_start(rig, FEATURES | VIRTIO_NET_F_MQ, 16);
	give(rig, 6, 4);
	net_rig_offer(rig, 7, &part, 1, 0);
	net_rig_kick(rig, 7);
	net_rig_turn(rig);
	CHECK(net_rig_take(rig, 7, &elem));
	CHECK_EQ(count_used(rig, 6), 0);
	net_rig_check_works(rig);
	net_rig_free(rig);
}

static void wrong_pairs(void)
{
	struct net_rig *rig = net_rig_new(PAIRS);
	unsigned per_pair[PAIRS];

	net_rig_start(rig, FEATURES | VIRTIO_NET_F_MQ, 256);
	CHECK_EQ(COMMAND(rig, CONTROL, "\4", "\0", "\0\0"), ERR);
	CHECK_EQ(COMMAND(rig, CONTROL, "\4", "\0", "\5\0"), ERR);
	CHECK_EQ(COMMAND(rig, CONTROL, "\4", "\0", "\0\x80"), ERR);
	CHECK_EQ(COMMAND(rig, CONTROL, "\4", "\0", "\1"), ERR);
	CHECK_EQ(COMMAND(rig, CONTROL, "\4", "\0", ""), ERR);
	CHECK_EQ(COMMAND(rig, CONTROL, "\4", "\0", "\1\0\0"), ERR);
	CHECK_EQ(COMMAND(rig, CONTROL, "\4", "\1", "\1\0"), ERR);
	give(rig, 0, 128);
	CHECK_EQ(inject_flows(rig, per_pair), 64);
	/* Without MQ the control queue is queue 2 (5.1.2), and there is nothing to set. */
	net_rig_start(rig, FEATURES, 16);
	CHECK_EQ(COMMAND(rig, 2, "\4", "\0", "\1\0"), ERR);
	CHECK_EQ(COMMAND(rig, CONTROL, "\4", "\0", "\1\0"), 0xff);
	/* And none without CTRL_VQ. */
	net_rig_start(rig, NET_PLAIN, 16);
	CHECK_EQ(COMMAND(rig, 2, "\4", "\0", "\1\0"), 0xff);
	net_rig_check_works(rig);
	net_rig_free(rig);
}

static const uint8_t group[6] = { 0x33, 0x33, 0, 0, 0, 1 }, other_group[6] = { 0x33, 0x33, 0, 0, 0, 2 };
static const uint8_t all_ones[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
static const uint8_t stranger[6] = { 0x02, 1, 1, 1, 1, 1 };

static bool passes(struct net_rig *rig, const uint8_t *to)
{
	uint8_t frame[60];

	give(rig, 0, 1);
	net_rig_frame(frame, sizeof(frame), true, 0);
	memcpy(frame, to, 6);
	net_rig_inject(rig, frame, sizeof(frame));
	net_rig_turn(rig);
	if (count_used(rig, 0) == 1)
		return true;
	/* the buffer is still there: use it up, by what always passes */
	net_rig_frame(frame, sizeof(frame), true, 0);
	memcpy(frame, all_ones, 6);
	net_rig_inject(rig, frame, sizeof(frame));
	net_rig_turn(rig);
	CHECK_EQ(count_used(rig, 0), 1);
	return false;
}

/* Section 5.1.6.5.1. */
static void what_is_received(void)
{
	struct net_rig *rig = net_rig_new(1);

	net_rig_start(rig, FEATURES | VIRTIO_NET_F_CTRL_RX, 16);
	CHECK(passes(rig, net_rig_mac) && passes(rig, stranger) && passes(rig, group));
	CHECK_EQ(COMMAND(rig, 2, "\0", "\0", "\0"), OK); /* not promiscuous */
	CHECK(passes(rig, net_rig_mac) && passes(rig, all_ones));
	CHECK(!passes(rig, stranger) && !passes(rig, group));
	CHECK_EQ(COMMAND(rig, 2, "\0", "\1", "\1"), OK); /* all groups */
	CHECK(passes(rig, group) && passes(rig, other_group) && !passes(rig, stranger));
	CHECK_EQ(COMMAND(rig, 2, "\0", "\1", "\0"), OK);
	CHECK(!passes(rig, group));
	CHECK_EQ(COMMAND(rig, 2, "\1", "\0",
			 "\1\0\0\0"
			 "\2\1\1\1\1\1"
			 "\1\0\0\0"
			 "\x33\x33\0\0\0\1"),
		 OK);
	CHECK(passes(rig, stranger) && passes(rig, group) && passes(rig, net_rig_mac));
	CHECK(!passes(rig, net_rig_peer));
	CHECK_EQ(COMMAND(rig, 2, "\1", "\0", "\0\0\0\0\0\0\0\0"), OK);
	CHECK(!passes(rig, stranger) && !passes(rig, group));
	CHECK_EQ(COMMAND(rig, 2, "\0", "\0", "\1"), OK);
	CHECK(passes(rig, stranger) && passes(rig, group));
	/* A reset forgets it. */
	CHECK_EQ(COMMAND(rig, 2, "\0", "\0", "\0"), OK);
	net_rig_start(rig, NET_PLAIN, 16);
	CHECK(passes(rig, stranger));
	net_rig_free(rig);
}

/* A tap that stays is as it was before, for whoever has it next. */
static void left_behind(void)
{
	struct net_rig *rig = net_rig_new(1);
	uint8_t frame[60], got[100];

	net_rig_start(rig, FEATURES | VIRTIO_NET_F_CTRL_RX, 16);
	CHECK_EQ(COMMAND(rig, 2, "\0", "\0", "\0"), OK);
	net_rig_frame(frame, sizeof(frame), true, 1);
	frame[0] = 0x06; /* for another */
	net_rig_inject(rig, frame, sizeof(frame));
	CHECK_EQ(read(rig->tap, got, sizeof(got)), -1);
	virtio_device_free(rig->device);
	rig->device = NULL;
	net_rig_inject(rig, frame, sizeof(frame));
	CHECK_EQ(read(rig->tap, got, sizeof(got)), 12 + sizeof(frame));
	net_rig_free(rig);
}

static void put32(uint8_t *at, uint32_t value)
{
	memcpy(at, &value, sizeof(value));
}

/* More addresses than are kept: then everything of the kind passes. */
static void long_tables(void)
{
	static uint8_t command[2 + 4 + 6 * 300 + 4 + 6 * 300] = { 1, 0 };
	struct net_rig *rig = net_rig_new(1);

	net_rig_start(rig, FEATURES | VIRTIO_NET_F_CTRL_RX, 16);
	CHECK_EQ(COMMAND(rig, 2, "\0", "\0", "\0"), OK);
	put32(command + 2, 300);
	memset(command + 6, 2, 6 * 300);
	put32(command + 6 + 6 * 300, 300);
	memset(command + 10 + 6 * 300, 3, 6 * 300);
	CHECK_EQ(net_rig_control(rig, 2, command, sizeof(command)), OK);
	CHECK(passes(rig, stranger) && passes(rig, group));
	put32(command + 2, 0);
	put32(command + 6, 300);
	CHECK_EQ(net_rig_control(rig, 2, command, 10 + 6 * 300), OK);
	CHECK(!passes(rig, stranger) && passes(rig, group));
	put32(command + 2, 40); /* more than the tap knows one by one */
	memset(command + 6, 2, 6 * 40);
	put32(command + 6 + 6 * 40, 0);
	CHECK_EQ(net_rig_control(rig, 2, command, 10 + 6 * 40), OK);
	CHECK(passes(rig, net_rig_mac));
	net_rig_free(rig);
}

static void wrong_commands(void)
{
	static const char *const tables[] = { "\1\0\0\0", "\0\0\0\0\0\0\0", "\1\0\0\0\2\1\1\1\1\0\0\0\0",
					      "\xff\xff\xff\xff\0\0\0\0", "\0\0\0\0\xff\xff\xff\xff" };
	static const uint8_t sizes[] = { 4, 7, 13, 8, 8 };
	struct net_rig *rig = net_rig_new(1);

	net_rig_start(rig, FEATURES | VIRTIO_NET_F_CTRL_RX | VIRTIO_NET_F_CTRL_MAC_ADDR, 16);
	CHECK_EQ(COMMAND(rig, 2, "\0", "\0", "\0"), OK);
	CHECK_EQ(COMMAND(rig, 2, "\0", "\0", "\2"), ERR);
	CHECK_EQ(COMMAND(rig, 2, "\0", "\0", "\1\1"), ERR);
	CHECK_EQ(COMMAND(rig, 2, "\0", "\0", ""), ERR);
	CHECK_EQ(COMMAND(rig, 2, "\0", "\2", "\1"), ERR);   /* CTRL_RX_EXTRA was not offered */
	CHECK_EQ(COMMAND(rig, 2, "\2", "\0", "\1\0"), ERR); /* nor was CTRL_VLAN */
	CHECK_EQ(COMMAND(rig, 2, "\xff", "\xff", "\1"), ERR);
	for (unsigned i = 0; i < COUNT(tables); i++) {
		uint8_t command[15] = { 1, 0 };

		memcpy(command + 2, tables[i], sizes[i]);
		CHECK_EQ(net_rig_control(rig, 2, command, 2u + sizes[i]), ERR);
	}
	CHECK_EQ(COMMAND(rig, 2, "\1", "\0", "\0\0\0\0\0\0\0\0\0"), ERR);
	CHECK_EQ(COMMAND(rig, 2, "\1", "\1", "\0\0\0\0\0\0"), ERR);
	CHECK_EQ(COMMAND(rig, 2, "\1", "\1", "\1\0\0\0\0\1"), ERR);
	CHECK_EQ(COMMAND(rig, 2, "\1", "\1", "\2\0\0\0\0"), ERR);
	CHECK(passes(rig, net_rig_mac) && !passes(rig, stranger));
	CHECK_EQ(net_rig_read(rig, R_STATUS), 0xf);
	/* What was not agreed on is not there. */
	net_rig_start(rig, FEATURES, 16);
	CHECK_EQ(COMMAND(rig, 2, "\0", "\0", "\0"), ERR);
	CHECK_EQ(COMMAND(rig, 2, "\1", "\1", "\2\1\1\1\1\1"), ERR);
	net_rig_free(rig);
}

/* A command that is refused has changed nothing. */
static void refused_switch(void)
{
	struct net_rig *rig = net_rig_new(1);

	net_rig_start(rig, FEATURES | VIRTIO_NET_F_CTRL_RX, 16);
	CHECK_EQ(COMMAND(rig, 2, "\0", "\0", "\2"), ERR);
	CHECK_EQ(COMMAND(rig, 2, "\0", "\1", "\1"), OK);
	CHECK(passes(rig, stranger));
	net_rig_free(rig);
}

/* A driver that sets its tap without end is served, but the root zone's networks are not its own. */
static void settings_without_end(void)
{
	const unsigned commands = 120;
	struct net_rig *rig = net_rig_new(1);
	const struct net_rig_part on[2] = { { NET_BUFFER, 3 }, { NET_BUFFER + 16, 1 } };
	const struct net_rig_part off[2] = { { NET_BUFFER + 32, 3 }, { NET_BUFFER + 48, 1 } };
	unsigned done;

	net_rig_start(rig, FEATURES | VIRTIO_NET_F_CTRL_RX, 256);
	memcpy(net_rig_at(rig, on[0].ipa), "\0\0\1", 3);
	memcpy(net_rig_at(rig, off[0].ipa), "\0\0\0", 3);
	for (unsigned i = 0; i < commands; i++)
		net_rig_offer(rig, 2, i % 2 == 0 ? off : on, 1, 1);
	net_rig_kick(rig, 2);
	while (virtio_device_service(rig->device)) /* and no time passes */
		;
	done = count_used(rig, 2);
	CHECK(done > 0 && done < commands);
	net_rig_kick(rig, 2); /* does not help */
	while (virtio_device_service(rig->device))
		;
	CHECK_EQ(count_used(rig, 2), 0);
	CHECK(passes(rig, net_rig_mac)); /* while frames pass */
	for (unsigned wakes = 0; done < commands && wakes < 100; wakes++) {
		CHECK_EQ(event_loop_turn(&rig->loop, 1000), 0);
		net_rig_turn(rig);
		done += count_used(rig, 2);
	}
	CHECK_EQ(done, commands);
	CHECK_EQ(*(uint8_t *)net_rig_at(rig, on[1].ipa), OK);
	/* What changes nothing costs nothing. */
	for (unsigned i = 0; i < commands; i++)
		CHECK_EQ(COMMAND(rig, 2, "\0", "\0", "\1"), OK);
	net_rig_free(rig);
}

static void other_address(void)
{
	struct net_rig *rig = net_rig_new(1);

	net_rig_start(rig, FEATURES | VIRTIO_NET_F_CTRL_RX | VIRTIO_NET_F_CTRL_MAC_ADDR, 16);
	CHECK_EQ(COMMAND(rig, 2, "\0", "\0", "\0"), OK);
	CHECK_EQ(COMMAND(rig, 2, "\1", "\1", "\2\1\1\1\1\1"), OK);
	CHECK(passes(rig, stranger) && !passes(rig, net_rig_mac));
	CHECK_EQ(virtio_mmio_read(rig->device, R_CONFIG + 1, 1), 1);
	net_rig_write(rig, R_STATUS, 0);
	CHECK_EQ(virtio_mmio_read(rig->device, R_CONFIG + 1, 1), net_rig_mac[1]);
	net_rig_free(rig);
}

/* Cut anywhere, also where a part says nothing yet. */
static void command_in_pieces(void)
{
	static const uint8_t command[16] = { 1, 0, 1, 0, 0, 0, 2, 1, 1, 1, 1, 1, 0, 0, 0, 0 };
	struct net_rig *rig = net_rig_new(1);
	struct virtqueue_used_elem elem;
	struct net_rig_part parts[17];

	net_rig_start(rig, FEATURES | VIRTIO_NET_F_CTRL_RX, 32);
	CHECK_EQ(COMMAND(rig, 2, "\0", "\0", "\0"), OK);
	for (unsigned i = 0; i < 16; i++) {
		parts[i] = (struct net_rig_part){ NET_BUFFER + 64 * i, 1 };
		*(uint8_t *)net_rig_at(rig, parts[i].ipa) = command[i];
	}
	parts[16] = (struct net_rig_part){ NET_BUFFER + 0x1000, 5 };
	memset(net_rig_at(rig, parts[16].ipa), 0x55, 5);
	net_rig_offer(rig, 2, parts, 16, 1);
	net_rig_kick(rig, 2);
	net_rig_turn(rig);
	CHECK(net_rig_take(rig, 2, &elem));
	CHECK_EQ(elem.len, 1);
	CHECK(memcmp(net_rig_at(rig, parts[16].ipa), "\0\x55\x55\x55\x55", 5) == 0);
	CHECK(passes(rig, stranger) && !passes(rig, net_rig_peer));
	net_rig_free(rig);
}

/* Chains that are no commands. */
static void no_command(void)
{
	static const struct {
		uint32_t size;
		unsigned readable, writable;
	} cases[] = { { 1, 1, 1 }, { 2, 1, 0 }, { 1, 0, 1 } };
	struct net_rig *rig = net_rig_new(1);

	for (unsigned i = 0; i < COUNT(cases); i++) {
		const struct net_rig_part parts[2] = { { NET_BUFFER, cases[i].size },
						       { NET_BUFFER + 64, 1 } };

		net_rig_start(rig, FEATURES | VIRTIO_NET_F_CTRL_RX, 16);
		net_rig_offer(rig, 2, parts, cases[i].readable, cases[i].writable);
		net_rig_kick(rig, 2);
		net_rig_turn(rig);
		CHECK_EQ(net_rig_read(rig, R_STATUS), 0x4f);
		CHECK_EQ(rig->device->fault, VIRTIO_FAULT_REQUEST);
	}
	net_rig_check_works(rig);
	net_rig_free(rig);
}

static const struct test tests[] = {
	TEST(several_pairs),  TEST(pairs_not_used),       TEST(wrong_pairs),       TEST(what_is_received),
	TEST(left_behind),    TEST(long_tables),          TEST(wrong_commands),    TEST(other_address),
	TEST(refused_switch), TEST(settings_without_end), TEST(command_in_pieces), TEST(no_command),
};

int main(int argc, char **argv)
{
	return test_main(tests, COUNT(tests), argc, argv);
}
