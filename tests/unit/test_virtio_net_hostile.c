/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The network device with drivers that break rules, take their queues back, or have no tap any more. */
#include <net/if.h>
#include <pthread.h>

#include "net_rig.h"
#include "netlink.h"
#include "test.h"
#include "virtio_rig.h"

/* One chain in a queue, and what becomes of the device. */
static void broken_chains(void)
{
	static const struct {
		unsigned queue;
		uint32_t sizes[2];
		unsigned readable, writable;
		enum virtio_fault fault;
	} cases[] = {
		{ 0, { 2000, 0 }, 1, 0, VIRTIO_FAULT_DIRECTION },
		{ 0, { 12, 2000 }, 1, 1, VIRTIO_FAULT_DIRECTION },
		{ 0, { 11, 0 }, 0, 1, VIRTIO_FAULT_REQUEST },
		{ 0, { 5, 6 }, 0, 2, VIRTIO_FAULT_REQUEST },
		{ 0, { 0, 2000 }, 0, 2, VIRTIO_FAULT_BUFFER_EMPTY },
		{ 0, { 2000, UINT32_MAX }, 0, 2, VIRTIO_FAULT_BUFFER_RANGE },
		{ 1, { 2000, 0 }, 0, 1, VIRTIO_FAULT_DIRECTION },
		{ 1, { 2000, 12 }, 1, 1, VIRTIO_FAULT_DIRECTION },
		{ 1, { 11, 0 }, 1, 0, VIRTIO_FAULT_REQUEST },
		{ 1, { 1, 1 }, 2, 0, VIRTIO_FAULT_REQUEST },
	};
	struct net_rig *rig = net_rig_new(1);

	for (unsigned i = 0; i < COUNT(cases); i++) {
		const struct net_rig_part parts[2] = { { NET_BUFFER, cases[i].sizes[0] },
						       { NET_BUFFER + 4096, cases[i].sizes[1] } };
		struct epoll_event event;
		uint8_t frame[60];

		net_rig_start(rig, NET_PLAIN | (i % 2 ? VIRTIO_NET_F_MRG_RXBUF : 0), 16);
		net_rig_offer(rig, cases[i].queue, parts, cases[i].readable, cases[i].writable);
		net_rig_kick(rig, cases[i].queue);
		net_rig_turn(rig);
		CHECK_EQ(net_rig_read(rig, R_STATUS), 0x4f);
		CHECK_EQ(rig->device->fault, cases[i].fault);
		/* A broken device is not woken by its tap. */
		net_rig_frame(frame, sizeof(frame), true, 0);
		net_rig_inject(rig, frame, sizeof(frame));
		net_rig_turn(rig);
		CHECK_EQ(epoll_wait(rig->loop.fd, &event, 1, 0), 0);
	}
	net_rig_check_works(rig);
	net_rig_free(rig);
}

/* An indirect table of count buffers of size bytes, all the same ones. */
static void offer_indirect(struct net_rig *rig, unsigned q, unsigned count, uint32_t size, unsigned flags)
{
	struct virtqueue_desc *indirect = net_rig_at(rig, NET_INDIRECT);
	const struct net_rig_part table = { NET_INDIRECT, count * 16 };
	struct virtqueue_desc *head;

	for (unsigned i = 0; i < count; i++)
		indirect[i] = (struct virtqueue_desc){
			.addr = NET_BUFFER,
			.len = size,
			.flags = (uint16_t)(flags | (i + 1 < count ? VIRTQUEUE_DESC_NEXT : 0)),
			.next = (uint16_t)(i + 1),
		};
	head = net_rig_at(rig, NET_QUEUE(q) + 16 * net_rig_offer(rig, q, &table, 1, 0));
	head->flags = VIRTQUEUE_DESC_INDIRECT;
}

/* As long as the queue, and one longer (2.7.5.3.1). */
static void long_chains(void)
{
	struct net_rig *rig = net_rig_new(1);
	struct virtqueue_used_elem elem;
	uint8_t frame[244], got[2000];

	for (unsigned q = 0; q < 2; q++) {
		const unsigned flags = q == 0 ? VIRTQUEUE_DESC_WRITE : 0;

		net_rig_start(rig, NET_PLAIN, VIRTIO_NET_QUEUE_SIZE);
		memset(net_rig_at(rig, NET_BUFFER), 0, 12);
		offer_indirect(rig, q, VIRTIO_NET_QUEUE_SIZE, 1, flags);
		net_rig_frame(frame, sizeof(frame), true, 0);
		net_rig_inject(rig, frame, sizeof(frame));
		net_rig_kick(rig, q);
		net_rig_turn(rig);
		CHECK(net_rig_take(rig, q, &elem));
		CHECK_EQ(elem.len, q == 0 ? VIRTIO_NET_QUEUE_SIZE : 0);
		if (q == 1)
			CHECK_EQ(net_rig_sniff(rig, got, sizeof(got)), VIRTIO_NET_QUEUE_SIZE - 12);
		CHECK_EQ(net_rig_read(rig, R_STATUS), 0xf);
		offer_indirect(rig, q, VIRTIO_NET_QUEUE_SIZE + 1, 1, flags);
		net_rig_kick(rig, q);
		net_rig_turn(rig);
		CHECK_EQ(net_rig_read(rig, R_STATUS), 0x4f);
		CHECK_EQ(rig->device->fault, VIRTIO_FAULT_CHAIN_LENGTH);
	}
	net_rig_check_works(rig);
	net_rig_free(rig);
}

/* Chains of many small buffers each, more than one readv() takes. */
static void many_small_buffers(void)
{
	struct net_rig *rig = net_rig_new(1);
	struct virtqueue_used_elem elem;
	uint8_t frame[1000];
	unsigned used = 0;

	net_rig_start(rig, NET_PLAIN | VIRTIO_NET_F_MRG_RXBUF, VIRTIO_NET_QUEUE_SIZE);
	for (unsigned i = 0; i < 100; i++)
		offer_indirect(rig, 0, 200, 1, VIRTQUEUE_DESC_WRITE);
	net_rig_kick(rig, 0);
	net_rig_turn(rig);
	net_rig_frame(frame, sizeof(frame), true, 0);
	net_rig_inject(rig, frame, 700);
	net_rig_inject(rig, frame, 1000); /* more than four chains, the most that are held at once */
	net_rig_inject(rig, frame, 188);
	net_rig_turn(rig);
	while (net_rig_take(rig, 0, &elem))
		used += elem.len;
	CHECK_EQ(used, 700 + 12 + 188 + 12);
	CHECK_EQ(net_rig_read(rig, R_STATUS), 0xf);
	net_rig_check_works(rig);
	net_rig_free(rig);
}

/* Buffers that were taken and not used yet are the driver's again when it takes its queue back (2.6.1). */
static void queue_reset(void)
{
	struct net_rig *rig = net_rig_new(1);
	struct virtqueue_used_elem elem;
	struct net_rig_part part = { NET_BUFFER, 2000 };
	uint8_t frame[60];

	net_rig_start(rig, NET_PLAIN | VIRTIO_F_RING_RESET | VIRTIO_NET_F_MRG_RXBUF, 16);
	for (unsigned i = 0; i < 4; i++)
		net_rig_offer(rig, 0, &part, 0, 1);
	net_rig_kick(rig, 0);
	net_rig_turn(rig);
	net_rig_write(rig, R_QUEUE_SEL, 0);
	net_rig_write(rig, R_QUEUE_RESET, 1);
	CHECK_EQ(net_rig_read(rig, R_QUEUE_READY), 0);
	net_rig_frame(frame, sizeof(frame), true, 7);
	net_rig_inject(rig, frame, sizeof(frame));
	net_rig_turn(rig);
	CHECK_EQ(*(uint8_t *)net_rig_at(rig, NET_BUFFER + 12), 0);
	/* It goes on with other buffers. */
	net_rig_place(rig, 0, 8);
	part.ipa += 0x10000;
	net_rig_offer(rig, 0, &part, 0, 1);
	net_rig_kick(rig, 0);
	net_rig_turn(rig);
	CHECK(net_rig_take(rig, 0, &elem));
	CHECK_EQ(elem.len, 12 + sizeof(frame));
	CHECK(memcmp(net_rig_at(rig, part.ipa + 12), frame, sizeof(frame)) == 0);
	/* The reset of another queue takes nothing away from this one. */
	for (unsigned i = 0; i < 7; i++)
		net_rig_offer(rig, 0, &part, 0, 1);
	net_rig_kick(rig, 0);
	net_rig_turn(rig);
	net_rig_write(rig, R_QUEUE_SEL, 1);
	net_rig_write(rig, R_QUEUE_RESET, 1);
	for (unsigned i = 0; i < 4; i++) {
		net_rig_inject(rig, frame, sizeof(frame));
		net_rig_turn(rig);
		CHECK(net_rig_take(rig, 0, &elem));
		CHECK_EQ(elem.id, i + 1);
	}
	net_rig_free(rig);
}

static void reset_at_any_time(void)
{
	struct net_rig *rig = net_rig_new(1);
	const struct net_rig_part part = { NET_BUFFER, 2000 };
	uint8_t frame[60];

	net_rig_frame(frame, sizeof(frame), true, 7);
	for (unsigned i = 0; i < 64; i++) {
		net_rig_start(rig, NET_PLAIN | (i & 1 ? VIRTIO_NET_F_MRG_RXBUF : 0), 16);
		if (i & 2)
			net_rig_offer(rig, 0, &part, 0, 1);
		if (i & 4)
			net_rig_offer(rig, 1, &part, 1, 0);
		if (i & 8)
			net_rig_inject(rig, frame, sizeof(frame));
		net_rig_kick(rig, 0);
		net_rig_kick(rig, 1);
		if (i & 16)
			net_rig_turn(rig);
		if (i & 32)
			net_rig_inject(rig, frame, sizeof(frame));
		net_rig_write(rig, R_STATUS, 0);
		memset(net_rig_at(rig, NET_BUFFER), 0x5a, 2000);
		CHECK(!virtio_device_service(rig->device));
		CHECK_EQ(event_loop_turn(&rig->loop, 0), 0);
		for (unsigned j = 0; j < 2000; j++)
			CHECK_EQ(*(uint8_t *)net_rig_at(rig, NET_BUFFER + j), 0x5a);
	}
	net_rig_check_works(rig);
	net_rig_free(rig);
}

/* Who deletes the tap takes the frames, not the device: it does not spin and can be reset. */
static void tap_deleted(void)
{
	struct net_rig *rig = net_rig_new(1);
	const struct net_rig_part in = { NET_BUFFER, 2000 }, out = { NET_BUFFER + 0x1000, 112 };
	struct virtqueue_used_elem elem;
	struct netlink_request request;
	struct epoll_event event;

	net_rig_start(rig, NET_PLAIN | VIRTIO_NET_F_CTRL_VQ | VIRTIO_NET_F_CTRL_RX, 16);
	net_rig_offer(rig, 0, &in, 0, 1);
	net_rig_kick(rig, 0);
	net_rig_turn(rig);
	netlink_link(&request, RTM_DELLINK, (int)if_nametoindex(NET_TAP));
	CHECK_EQ(netlink_do(&request), 0);
	net_rig_turn(rig);
	CHECK_EQ(epoll_wait(rig->loop.fd, &event, 1, 0), 0);
	net_rig_offer(rig, 1, &out, 1, 0);
	net_rig_kick(rig, 1);
	net_rig_kick(rig, 0);
	net_rig_turn(rig);
	CHECK(net_rig_take(rig, 1, &elem));
	CHECK(!net_rig_take(rig, 0, &elem));
	CHECK_EQ(net_rig_control(rig, 2, "\0\0\0", 3), 1);
	CHECK_EQ(epoll_wait(rig->loop.fd, &event, 1, 0), 0);
	net_rig_start(rig, NET_PLAIN, 16);
	CHECK_EQ(net_rig_read(rig, R_STATUS), 0xf);
	net_rig_free(rig);
}

/* Event indices: one interrupt where the driver wants one, none where it does not (2.7.10). */
static void event_index(void)
{
	struct net_rig *rig = net_rig_new(1);
	const struct net_rig_part part = { NET_BUFFER, 2000 };
	struct virtqueue_avail *avail = net_rig_at(rig, NET_QUEUE(0) + NET_AVAIL);
	struct virtqueue_used *used = net_rig_at(rig, NET_QUEUE(0) + NET_USED);
	const uint16_t *avail_event = (const uint16_t *)&used->ring[16];
	uint8_t frame[60];

	net_rig_start(rig, NET_PLAIN | VIRTIO_F_EVENT_IDX, 16);
	net_rig_frame(frame, sizeof(frame), true, 7);
	/* Nothing to receive into: it wants to hear of the first buffer. */
	CHECK_EQ(*avail_event, 0);
	for (unsigned i = 0; i < 8; i++)
		net_rig_offer(rig, 0, &part, 0, 1);
	net_rig_kick(rig, 0);
	net_rig_turn(rig);
	avail->ring[16] = 3; /* after the fourth */
	for (unsigned i = 0; i < 6; i++) {
		net_rig_inject(rig, frame, sizeof(frame));
		net_rig_turn(rig);
		CHECK_EQ(rig->interrupts, i >= 3 ? 1 : 0);
	}
	/* While it has buffers it does not ask for notifications of more. */
	CHECK((uint16_t)(*avail_event - 8) >= 16 || *avail_event == 0);
	net_rig_free(rig);
}

struct vandal {
	struct net_rig *rig;
	bool stop; /* atomic */
};

static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* Another CPU of the zone that writes descriptors, indices and frames while they are read. */
static void *spoil(void *arg)
{
	static const uint64_t places[] = { NET_QUEUE(0), NET_QUEUE(1), NET_QUEUE(2), NET_INDIRECT,
					   NET_BUFFER };
	static const uint64_t addresses[] = { NET_BUFFER, NET_INDIRECT, NET_RAM + NET_RAM_SIZE - 1, 0,
					      UINT64_MAX };
	struct vandal *vandal = arg;
	uint32_t state = 0x1234567;

	while (!__atomic_load_n(&vandal->stop, __ATOMIC_ACQUIRE)) {
		const uint32_t random = next_random(&state);
		const uint64_t lengths = random % 3 == 0 ? UINT32_MAX : random >> 8 & 0x7ff;
		uint8_t *at =
			net_rig_at(vandal->rig, places[random % COUNT(places)] + (random >> 8 & 0x1ff) * 8);

		__atomic_store_n((uint64_t *)(void *)at,
				 random & 0x10000 ? addresses[random >> 17 & 3]
						  : lengths | (uint64_t)(random >> 17 & 7) << 32 |
							    (uint64_t)(random >> 20 & 15) << 48,
				 __ATOMIC_RELAXED);
	}
	return NULL;
}

static void races(void)
{
	struct net_rig *rig = net_rig_new(1);
	struct vandal vandal = { .rig = rig };
	uint32_t state = 0x7654321;
	pthread_t thread;
	uint8_t frame[1000];

	net_rig_frame(frame, sizeof(frame), true, 7);
	CHECK_EQ(pthread_create(&thread, NULL, spoil, &vandal), 0);
	for (unsigned i = 0; i < 2000; i++) {
		const uint32_t random = next_random(&state);

		net_rig_start(rig,
			      NET_PLAIN | VIRTIO_NET_F_CTRL_VQ | VIRTIO_NET_F_CTRL_RX |
				      (random & 1 ? VIRTIO_NET_F_MRG_RXBUF : 0) |
				      (random & 2 ? NET_OFFLOAD : 0),
			      16);
		for (unsigned j = 0; j < 20; j++) {
			const unsigned q = next_random(&state) % 3;
			const struct net_rig_part parts[2] = {
				{ NET_BUFFER + (next_random(&state) & 0xffff),
				  12 + next_random(&state) % 2000 },
				{ NET_BUFFER, 1 },
			};

			net_rig_offer(rig, q, parts, q != 0, q != 1);
			net_rig_kick(rig, q);
			if (j % 4 == 0)
				net_rig_inject(rig, frame, 60 + next_random(&state) % 900);
			(void)virtio_device_service(rig->device);
			CHECK_EQ(event_loop_turn(&rig->loop, 0), 0);
		}
	}
	__atomic_store_n(&vandal.stop, true, __ATOMIC_RELEASE);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	net_rig_check_works(rig);
	net_rig_free(rig);
}

static const struct test tests[] = {
	TEST(broken_chains),     TEST(long_chains), TEST(many_small_buffers), TEST(queue_reset),
	TEST(reset_at_any_time), TEST(tap_deleted), TEST(event_index),        TEST(races),
};

int main(int argc, char **argv)
{
	return test_main(tests, COUNT(tests), argc, argv);
}
