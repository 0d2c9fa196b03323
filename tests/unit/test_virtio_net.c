/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The network device as a driver sees it that keeps to virtio 1.2, on a real tap. */
#include "net_rig.h"
#include "test.h"
#include "virtio_rig.h"

#define ALL_FEATURES                                                                                         \
	(NET_OFFLOAD | VIRTIO_NET_F_MAC | VIRTIO_NET_F_STATUS | VIRTIO_NET_F_MRG_RXBUF |                     \
	 VIRTIO_NET_F_CTRL_VQ | VIRTIO_NET_F_CTRL_RX | VIRTIO_NET_F_CTRL_MAC_ADDR | VIRTIO_NET_F_GUEST_ECN | \
	 VIRTIO_NET_F_HOST_ECN)

static uint64_t offered(struct net_rig *rig)
{
	uint64_t features;

	net_rig_write(rig, R_DEVICE_FEATURES_SEL, 1);
	features = (uint64_t)net_rig_read(rig, R_DEVICE_FEATURES) << 32;
	net_rig_write(rig, R_DEVICE_FEATURES_SEL, 0);
	return features | net_rig_read(rig, R_DEVICE_FEATURES);
}

static void identity(void)
{
	struct net_rig *rig = net_rig_new(1);
	uint8_t mac[6];

	CHECK_EQ(net_rig_read(rig, R_DEVICE_ID), 1);
	CHECK_EQ(offered(rig) & 0xffffff, ALL_FEATURES);
	for (uint32_t i = 0; i < 6; i++)
		mac[i] = (uint8_t)virtio_mmio_read(rig->device, R_CONFIG + i, 1);
	CHECK(memcmp(mac, net_rig_mac, 6) == 0);
	CHECK_EQ(virtio_mmio_read(rig->device, R_CONFIG + 6, 2), 1); /* the link is up */
	net_rig_check_works(rig);
	net_rig_free(rig);
}

/* Section 5.1.3.1. */
static void features_that_need_others(void)
{
	static const struct {
		uint64_t bits;
		bool agreed;
	} cases[] = {
		{ 0, true },
		{ ALL_FEATURES, true },
		{ VIRTIO_NET_F_GUEST_TSO4, false },
		{ VIRTIO_NET_F_GUEST_TSO6, false },
		{ VIRTIO_NET_F_GUEST_CSUM | VIRTIO_NET_F_GUEST_TSO6, true },
		{ VIRTIO_NET_F_GUEST_CSUM | VIRTIO_NET_F_GUEST_ECN, false },
		{ VIRTIO_NET_F_HOST_TSO4, false },
		{ VIRTIO_NET_F_HOST_TSO6 | VIRTIO_NET_F_GUEST_CSUM, false },
		{ VIRTIO_NET_F_CSUM | VIRTIO_NET_F_HOST_ECN, false },
		{ VIRTIO_NET_F_CTRL_RX, false },
		{ VIRTIO_NET_F_CTRL_MAC_ADDR, false },
		{ VIRTIO_NET_F_CTRL_VQ, true },
		{ VIRTIO_NET_F_MQ | VIRTIO_NET_F_CTRL_VQ, false }, /* not offered with one pair */
	};
	struct net_rig *rig = net_rig_new(1);

	for (size_t i = 0; i < COUNT(cases); i++)
		CHECK_EQ(net_rig_negotiate(rig, VIRTIO_F_VERSION_1 | cases[i].bits), cases[i].agreed);
	net_rig_check_works(rig);
	net_rig_free(rig);
}

/* A frame out of parts; the header takes the first 12 bytes, wherever they are (2.7.4.1). */
static void send_cut(struct net_rig *rig, size_t length, const uint32_t *cuts, unsigned count)
{
	struct net_rig_part parts[16];
	static uint8_t frame[2000], got[2000];
	struct virtqueue_used_elem elem;
	uint64_t at = NET_BUFFER;
	size_t done = 0;
	unsigned head;

	net_rig_frame(frame, length, false, (uint8_t)count);
	memset(net_rig_at(rig, NET_BUFFER), 0, 12);
	memcpy(net_rig_at(rig, NET_BUFFER + 12), frame, length);
	for (unsigned i = 0; i <= count; i++) {
		parts[i] = (struct net_rig_part){ at, i < count ? cuts[i] : (uint32_t)(length + 12 - done) };
		at += parts[i].len;
		done += parts[i].len;
	}
	head = net_rig_offer(rig, 1, parts, count + 1, 0);
	net_rig_kick(rig, 1);
	net_rig_turn(rig);
	CHECK(net_rig_take(rig, 1, &elem));
	CHECK_EQ(elem.id, head);
	CHECK_EQ(elem.len, 0);
	CHECK_EQ(net_rig_sniff(rig, got, sizeof(got)), length);
	CHECK(memcmp(got, frame, length) == 0);
}

static void frames_out(void)
{
	struct net_rig *rig = net_rig_new(1);

	net_rig_start(rig, NET_PLAIN, 64);
	send_cut(rig, 60, NULL, 0);
	send_cut(rig, 14, NULL, 0);
	send_cut(rig, 1514, (uint32_t[]){ 12 }, 1);
	send_cut(rig, 1514, (uint32_t[]){ 5, 7 }, 2);
	send_cut(rig, 1514, (uint32_t[]){ 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 }, 12);
	send_cut(rig, 1000, (uint32_t[]){ 11, 1, 13, 1, 700 }, 5);
	send_cut(rig, 1000, (uint32_t[]){ 20, 30 }, 2);
	CHECK_EQ(net_rig_read(rig, R_INTERRUPT_STATUS), 1);
	net_rig_free(rig);
}

/* Gives the driver's receive queue count buffers of that size each, one behind the other. */
static void give(struct net_rig *rig, unsigned q, unsigned count, uint32_t size)
{
	for (unsigned i = 0; i < count; i++) {
		const struct net_rig_part part = { NET_BUFFER + (uint64_t)i * size, size };

		net_rig_offer(rig, q, &part, 0, 1);
	}
	net_rig_kick(rig, q);
	net_rig_turn(rig);
}

static void frames_in(void)
{
	static const size_t lengths[] = { 14, 60, 1000, 1514 };
	struct net_rig *rig = net_rig_new(1);
	static uint8_t frame[1514];

	net_rig_start(rig, NET_PLAIN, 16);
	give(rig, 0, 4, 2000);
	for (unsigned i = 0; i < COUNT(lengths); i++) {
		const uint8_t *buffer = net_rig_at(rig, NET_BUFFER + i * 2000);
		struct virtqueue_used_elem elem;

		net_rig_frame(frame, lengths[i], true, (uint8_t)i);
		net_rig_inject(rig, frame, lengths[i]);
		net_rig_turn(rig);
		CHECK(net_rig_take(rig, 0, &elem));
		CHECK_EQ(elem.id, i);
		CHECK_EQ(elem.len, 12 + lengths[i]);
		CHECK(memcmp(buffer, "\0\0\0\0\0\0\0\0\0\0\1\0", 12) == 0); /* num_buffers is 1 (5.1.6.4.1) */
		CHECK(memcmp(buffer + 12, frame, lengths[i]) == 0);
	}
	net_rig_free(rig);
}

/* Header and frame in buffers of their own, cut anywhere. */
static void frames_in_pieces(void)
{
	static const uint32_t cuts[][4] = {
		{ 12, 600, 600, 800 }, { 3, 9, 1, 1600 }, { 1, 1, 10, 1600 }, { 13, 1, 1, 1600 }
	};
	struct net_rig *rig = net_rig_new(1);
	uint8_t frame[1300];

	net_rig_start(rig, NET_PLAIN, 16);
	for (unsigned i = 0; i < COUNT(cuts); i++) {
		struct net_rig_part parts[4];
		struct virtqueue_used_elem elem;
		uint64_t at = NET_BUFFER;

		for (unsigned j = 0; j < 4; j++, at += cuts[i][j - 1])
			parts[j] = (struct net_rig_part){ at, cuts[i][j] };
		net_rig_offer(rig, 0, parts, 0, 4);
		net_rig_kick(rig, 0);
		net_rig_frame(frame, sizeof(frame), true, (uint8_t)i);
		net_rig_inject(rig, frame, sizeof(frame));
		net_rig_turn(rig);
		CHECK(net_rig_take(rig, 0, &elem));
		CHECK_EQ(elem.len, 12 + sizeof(frame));
		CHECK_EQ(*(uint8_t *)net_rig_at(rig, NET_BUFFER + 10), 1);
		CHECK(memcmp((uint8_t *)net_rig_at(rig, NET_BUFFER + 12), frame, sizeof(frame)) == 0);
	}
	net_rig_free(rig);
}

/* The frame that lies in mergeable buffers of size bytes each, from buffer number first on. */
static unsigned check_merged(struct net_rig *rig, const uint8_t *frame, size_t length, unsigned first,
			     uint32_t size)
{
	const uint8_t *start = net_rig_at(rig, NET_BUFFER + (uint64_t)first * size);
	const unsigned count = (unsigned)(start[10] | start[11] << 8);
	size_t left = length + 12;

	for (unsigned i = 0; i < count; i++) {
		const size_t part = left < size ? left : size;
		struct virtqueue_used_elem elem;

		CHECK(net_rig_take(rig, 0, &elem));
		CHECK_EQ(elem.id, first + i);
		CHECK_EQ(elem.len, part);
		left -= part;
	}
	CHECK_EQ(left, 0);
	CHECK(memcmp(start + 12, frame, length) == 0);
	return count;
}

static void mergeable_buffers(void)
{
	static const size_t lengths[] = { 1514, 60, 14, 1000, 116, 117, 1514, 244 };
	struct net_rig *rig = net_rig_new(1);
	static uint8_t frame[1514];
	unsigned first = 0;

	net_rig_start(rig, NET_PLAIN | VIRTIO_NET_F_MRG_RXBUF, 256);
	give(rig, 0, 128, 128);
	for (unsigned i = 0; i < COUNT(lengths); i++) {
		net_rig_frame(frame, lengths[i], true, (uint8_t)i);
		net_rig_inject(rig, frame, lengths[i]);
		net_rig_turn(rig);
		first += check_merged(rig, frame, lengths[i], first, 128);
	}
	CHECK_EQ(net_rig_read(rig, R_STATUS), 0xf);
	net_rig_free(rig);
}

/* A frame that its buffer has no room for is lost, and its buffer serves the next. */
static void frame_too_long(void)
{
	struct net_rig *rig = net_rig_new(1);
	struct virtqueue_used_elem elem;
	uint8_t frame[1000];

	net_rig_start(rig, NET_PLAIN, 16);
	give(rig, 0, 2, 112);
	net_rig_frame(frame, 1000, true, 1);
	net_rig_inject(rig, frame, 1000);
	net_rig_inject(rig, frame, 101);
	net_rig_inject(rig, frame, 100);
	net_rig_turn(rig);
	CHECK(net_rig_take(rig, 0, &elem));
	CHECK_EQ(elem.id, 0);
	CHECK_EQ(elem.len, 112);
	CHECK(memcmp((uint8_t *)net_rig_at(rig, NET_BUFFER + 12), frame, 100) == 0);
	CHECK(!net_rig_take(rig, 0, &elem));
	/* The same where there are several, but too small ones. */
	net_rig_start(rig, NET_PLAIN | VIRTIO_NET_F_MRG_RXBUF, 16);
	give(rig, 0, 4, 64);
	net_rig_inject(rig, frame, 1000);
	net_rig_inject(rig, frame, 244);
	net_rig_turn(rig);
	CHECK_EQ(check_merged(rig, frame, 244, 0, 64), 4);
	CHECK(!net_rig_take(rig, 0, &elem));
	net_rig_free(rig);
}

/* It gives no buffers before it has all of them back: that is slow, but no deadlock. */
static void driver_that_waits(void)
{
	const unsigned buffers = 64;
	struct net_rig *rig = net_rig_new(1);
	struct virtqueue_used_elem elem;
	unsigned taken = 0;
	uint8_t frame[100];

	net_rig_start(rig, NET_PLAIN | VIRTIO_NET_F_MRG_RXBUF, 256);
	give(rig, 0, buffers, 200);
	net_rig_frame(frame, sizeof(frame), true, 1);
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < buffers; i++)
			net_rig_inject(rig, frame, sizeof(frame));
		for (unsigned wakes = 0; taken < buffers && wakes < 100; wakes++) {
			net_rig_turn(rig);
			while (net_rig_take(rig, 0, &elem))
				taken++;
			if (taken < buffers)
				CHECK_EQ(event_loop_turn(&rig->loop, 1000), 0);
		}
		CHECK_EQ(taken, buffers);
		taken = 0;
		give(rig, 0, buffers, 200);
	}
	net_rig_free(rig);
}

/* Without buffers the tap is left alone, and nothing spins. */
static void no_buffers(void)
{
	struct net_rig *rig = net_rig_new(1);
	struct virtqueue_used_elem elem;
	struct epoll_event event;
	uint8_t frame[100];

	net_rig_start(rig, NET_PLAIN, 16);
	net_rig_frame(frame, 100, true, 1);
	for (unsigned i = 0; i < 2000; i++)
		net_rig_inject(rig, frame, 100);
	net_rig_turn(rig);
	CHECK_EQ(epoll_wait(rig->loop.fd, &event, 1, 0), 0);
	CHECK(!virtio_device_service(rig->device));
	give(rig, 0, 3, 200);
	for (unsigned i = 0; i < 3; i++)
		CHECK(net_rig_take(rig, 0, &elem));
	CHECK(!net_rig_take(rig, 0, &elem));
	CHECK_EQ(epoll_wait(rig->loop.fd, &event, 1, 0), 0);
	net_rig_free(rig);
}

/* A flood does not keep the device from others: one turn has an end. */
static void flood(void)
{
	struct net_rig *rig = net_rig_new(1);
	struct virtqueue_used_elem elem;
	const struct net_rig_part out = { NET_BUFFER + 0x100000, 112 };
	uint8_t frame[100];
	unsigned taken = 0;

	net_rig_start(rig, NET_PLAIN, 256);
	give(rig, 0, 200, 200);
	net_rig_frame(frame, 100, true, 1);
	for (unsigned i = 0; i < 200; i++)
		net_rig_inject(rig, frame, 100);
	memset(net_rig_at(rig, out.ipa), 0, 12);
	net_rig_frame(net_rig_at(rig, out.ipa + 12), 100, false, 2);
	for (unsigned i = 0; i < 200; i++)
		net_rig_offer(rig, 1, &out, 1, 0);
	net_rig_kick(rig, 0);
	net_rig_kick(rig, 1);
	CHECK(virtio_device_service(rig->device));
	while (net_rig_take(rig, 0, &elem))
		taken++;
	CHECK_EQ(taken, VIRTIO_NET_BURST_FRAMES);
	for (taken = 0; net_rig_take(rig, 1, &elem); taken++)
		;
	CHECK_EQ(taken, VIRTIO_NET_BURST_FRAMES);
	CHECK_EQ(rig->interrupts, 1); /* for all of them */
	net_rig_turn(rig);
	for (taken = 0; net_rig_take(rig, 0, &elem); taken++)
		;
	CHECK_EQ(taken, 200 - VIRTIO_NET_BURST_FRAMES);
	net_rig_free(rig);
}

static void link_status(void)
{
	struct net_rig *rig = net_rig_new(1);
	uint32_t generation;

	virtio_net_set_link(rig->net, false);
	CHECK_EQ(virtio_mmio_read(rig->device, R_CONFIG + 6, 2), 0);
	CHECK_EQ(rig->interrupts, 0);
	net_rig_start(rig, NET_PLAIN | VIRTIO_NET_F_STATUS, 16);
	generation = net_rig_read(rig, R_CONFIG_GENERATION);
	virtio_net_set_link(rig->net, true);
	CHECK_EQ(virtio_mmio_read(rig->device, R_CONFIG + 6, 2), 1);
	CHECK(net_rig_read(rig, R_CONFIG_GENERATION) != generation);
	CHECK_EQ(net_rig_read(rig, R_INTERRUPT_STATUS), 2);
	CHECK_EQ(rig->interrupts, 1);
	virtio_net_set_link(rig->net, true);
	CHECK_EQ(rig->interrupts, 1);
	/* Who did not ask is not told. */
	net_rig_start(rig, NET_PLAIN, 16);
	virtio_net_set_link(rig->net, false);
	CHECK_EQ(rig->interrupts, 1);
	net_rig_free(rig);
}

static const struct test tests[] = {
	TEST(identity),         TEST(features_that_need_others),
	TEST(frames_out),       TEST(frames_in),
	TEST(frames_in_pieces), TEST(mergeable_buffers),
	TEST(frame_too_long),   TEST(driver_that_waits),
	TEST(no_buffers),       TEST(flood),
	TEST(link_status),
};

int main(int argc, char **argv)
{
	return test_main(tests, COUNT(tests), argc, argv);
}
