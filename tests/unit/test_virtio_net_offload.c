/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tap does for the driver: checksums and segmentation, and which frames it lets through. */
#include <arpa/inet.h>

#include "net_rig.h"
#include "test.h"
#include "virtio_rig.h"

#define PAYLOAD 4000u
#define SEGMENT 1000u
#define IP_AT 14u
#define MAX_IP_SIZE 40u
#define TCP_SIZE 20u

/* The fields of a TCP segment that matter here. */
struct tcp_frame {
	unsigned version; /* of IP: 4 or 6 */
	size_t ip_size;
	size_t length;
	uint8_t bytes[IP_AT + MAX_IP_SIZE + TCP_SIZE + PAYLOAD];
};

static void put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static uint32_t sum(const uint8_t *bytes, size_t size, uint32_t so_far)
{
	for (size_t i = 0; i < size; i++)
		so_far += i % 2 == 0 ? (uint32_t)bytes[i] << 8 : bytes[i];
	while (so_far > 0xffff)
		so_far = (so_far & 0xffff) + (so_far >> 16);
	return so_far;
}

/* Of addresses, protocol and length (RFC 9293, 3.1), for size bytes of TCP. */
static uint32_t pseudo(const struct tcp_frame *frame, size_t size)
{
	const size_t at = frame->version == 4 ? 12 : 8, addresses = frame->version == 4 ? 8 : 32;

	return sum(frame->bytes + IP_AT + at, addresses, 6 + (uint32_t)size);
}

static void put_ip(struct tcp_frame *frame, size_t tcp_size)
{
	uint8_t *ip = frame->bytes + IP_AT;

	if (frame->version == 4) {
		ip[0] = 0x45;
		put16(ip + 2, (unsigned)(20 + tcp_size));
		ip[8] = 64;
		ip[9] = 6;
		memcpy(ip + 12, "\x0a\x00\x00\x02\x0a\x00\x00\x01", 8);
		put16(ip + 10, ~sum(ip, 20, 0) & 0xffff);
		return;
	}
	ip[0] = 0x60;
	put16(ip + 4, (unsigned)tcp_size);
	ip[6] = 6;
	ip[7] = 64;
	ip[8] = ip[24] = 0xfd;
	ip[23] = 2;
	ip[39] = 1;
}

/* A frame whose checksum is left to be finished (5.1.6.2.1). */
static struct tcp_frame tcp_frame(unsigned version, size_t payload, bool to_zone)
{
	struct tcp_frame frame = { .version = version, .ip_size = version == 4 ? 20 : 40 };
	uint8_t *tcp = frame.bytes + IP_AT + frame.ip_size;

	frame.length = IP_AT + frame.ip_size + TCP_SIZE + payload;
	net_rig_frame(frame.bytes, 14, to_zone, 0);
	put16(frame.bytes + 12, version == 4 ? 0x0800 : 0x86dd);
	put_ip(&frame, TCP_SIZE + payload);
	put16(tcp, 1234);
	put16(tcp + 2, 80);
	tcp[7] = 1;
	tcp[12] = 5 << 4;
	tcp[13] = 0x10;
	put16(tcp + 14, 1000);
	put16(tcp + 16, pseudo(&frame, TCP_SIZE + payload));
	for (size_t i = 0; i < payload; i++)
		tcp[TCP_SIZE + i] = (uint8_t)(i * 13);
	return frame;
}

static bool checksum_is_good(const struct tcp_frame *frame)
{
	const size_t size = frame->length - IP_AT - frame->ip_size;

	return sum(frame->bytes + IP_AT + frame->ip_size, size, pseudo(frame, size)) == 0xffff;
}

static struct net_header header_of(const struct tcp_frame *frame, uint8_t type)
{
	return (struct net_header){
		.flags = NET_HEADER_NEEDS_CSUM,
		.gso_type = type,
		.hdr_len = (uint16_t)(IP_AT + frame->ip_size + TCP_SIZE),
		.gso_size = type == NET_GSO_NONE ? 0 : SEGMENT,
		.csum_start = (uint16_t)(IP_AT + frame->ip_size),
		.csum_offset = 16,
	};
}

/* By the driver; the wire is as the caller set it. */
static void transmit(struct net_rig *rig, const struct net_header *header, const uint8_t *frame,
		     size_t length)
{
	const struct net_rig_part part = { NET_BUFFER, (uint32_t)(12 + length) };
	struct virtqueue_used_elem elem;

	memcpy(net_rig_at(rig, NET_BUFFER), header, 12);
	memcpy(net_rig_at(rig, NET_BUFFER + 12), frame, length);
	net_rig_offer(rig, 1, &part, 1, 0);
	net_rig_kick(rig, 1);
	net_rig_turn(rig);
	CHECK(net_rig_take(rig, 1, &elem));
	CHECK_EQ(elem.len, 0);
	CHECK_EQ(net_rig_read(rig, R_STATUS), 0xf);
}

/* Segmentation of the driver's frames is what the wire is asked for, with the checksum still to be made. */
static void segments_out(void)
{
	static const struct {
		unsigned version;
		uint8_t type;
		uint64_t feature;
	} cases[] = { { 4, NET_GSO_TCPV4, VIRTIO_NET_F_HOST_TSO4 },
		      { 6, NET_GSO_TCPV6, VIRTIO_NET_F_HOST_TSO6 } };
	struct net_rig *rig = net_rig_new(1);
	static uint8_t got[10 + 70000];

	net_rig_wire_headers(rig, true);
	for (unsigned i = 0; i < COUNT(cases); i++) {
		const struct tcp_frame frame = tcp_frame(cases[i].version, PAYLOAD, false);
		const struct net_header header = header_of(&frame, cases[i].type);

		net_rig_start(rig, NET_PLAIN | VIRTIO_NET_F_CSUM | cases[i].feature, 16);
		transmit(rig, &header, frame.bytes, frame.length);
		CHECK_EQ(net_rig_sniff(rig, got, sizeof(got)), 10 + frame.length);
		CHECK_EQ(got[0], NET_HEADER_NEEDS_CSUM);
		CHECK_EQ(got[1], cases[i].type);
		CHECK_EQ(got[4] | got[5] << 8, SEGMENT);
		CHECK(memcmp(got + 10, frame.bytes, frame.length) == 0);
		/* Not agreed: not sent. */
		net_rig_start(rig, NET_PLAIN | VIRTIO_NET_F_CSUM, 16);
		transmit(rig, &header, frame.bytes, frame.length);
		CHECK_EQ(net_rig_sniff(rig, got, sizeof(got)), -1);
	}
	net_rig_free(rig);
}

static void checksum_out(void)
{
	const struct tcp_frame frame = tcp_frame(4, 100, false);
	const struct net_header header = header_of(&frame, NET_GSO_NONE);
	struct net_rig *rig = net_rig_new(1);
	uint8_t got[2000];

	net_rig_wire_headers(rig, true);
	net_rig_start(rig, NET_PLAIN | VIRTIO_NET_F_CSUM, 16);
	transmit(rig, &header, frame.bytes, frame.length);
	CHECK_EQ(net_rig_sniff(rig, got, sizeof(got)), 10 + frame.length);
	CHECK_EQ(got[0], NET_HEADER_NEEDS_CSUM);
	CHECK_EQ(got[6] | got[7] << 8, header.csum_start);
	net_rig_start(rig, NET_PLAIN, 16);
	transmit(rig, &header, frame.bytes, frame.length);
	CHECK_EQ(net_rig_sniff(rig, got, sizeof(got)), -1);
	net_rig_free(rig);
}

/* What comes for the driver: all in mergeable buffers of 512 bytes, so many that the longest frame fits. */
static void give(struct net_rig *rig)
{
	for (unsigned i = 0; i < 200; i++) {
		const struct net_rig_part part = { NET_BUFFER + i * 512, 512 };

		net_rig_offer(rig, 0, &part, 0, 1);
	}
	net_rig_kick(rig, 0);
	net_rig_turn(rig);
}

static void inject(struct net_rig *rig, const struct tcp_frame *frame, const struct net_header *header)
{
	uint8_t bytes[10 + sizeof(frame->bytes)];

	memcpy(bytes, header, 10); /* without num_buffers */
	memcpy(bytes + 10, frame->bytes, frame->length);
	net_rig_inject(rig, bytes, 10 + frame->length);
	net_rig_turn(rig);
}

/* The next frame received: its header, and how long it is. */
static size_t receive(struct net_rig *rig, struct net_header *ret_header, uint8_t *frame)
{
	struct virtqueue_used_elem elem;
	size_t length = 0;

	CHECK(net_rig_take(rig, 0, &elem));
	memcpy(ret_header, net_rig_at(rig, NET_BUFFER + elem.id * 512), 12);
	memcpy(frame, net_rig_at(rig, NET_BUFFER + elem.id * 512 + 12), elem.len - 12);
	length = elem.len - 12;
	for (unsigned i = 1; i < ret_header->num_buffers; i++) {
		CHECK(net_rig_take(rig, 0, &elem));
		memcpy(frame + length, net_rig_at(rig, NET_BUFFER + elem.id * 512), elem.len);
		length += elem.len;
	}
	return length;
}

static void segments_in(void)
{
	static const struct {
		unsigned version;
		uint8_t type;
		uint64_t feature;
	} cases[] = { { 4, NET_GSO_TCPV4, VIRTIO_NET_F_GUEST_TSO4 },
		      { 6, NET_GSO_TCPV6, VIRTIO_NET_F_GUEST_TSO6 } };
	struct net_rig *rig = net_rig_new(1);
	struct virtqueue_used_elem elem;
	static uint8_t got[70000];
	struct net_header header;

	net_rig_wire_headers(rig, true);
	for (unsigned i = 0; i < COUNT(cases); i++) {
		const struct tcp_frame frame = tcp_frame(cases[i].version, PAYLOAD, true);
		const struct net_header sent = header_of(&frame, cases[i].type);
		const uint64_t plain = NET_PLAIN | VIRTIO_NET_F_MRG_RXBUF | VIRTIO_NET_F_GUEST_CSUM;

		net_rig_start(rig, plain | cases[i].feature, 256);
		give(rig);
		inject(rig, &frame, &sent);
		CHECK_EQ(receive(rig, &header, got), frame.length);
		CHECK_EQ(header.flags, NET_HEADER_NEEDS_CSUM);
		CHECK_EQ(header.gso_type, cases[i].type);
		CHECK_EQ(header.gso_size, SEGMENT);
		CHECK_EQ(header.num_buffers, (12 + frame.length + 511) / 512);
		CHECK(memcmp(got, frame.bytes, frame.length) == 0);

		/* A driver that wants none gets the segments instead. */
		net_rig_start(rig, plain, 256);
		give(rig);
		inject(rig, &frame, &sent);
		for (unsigned j = 0; j < PAYLOAD / SEGMENT; j++) {
			CHECK_EQ(receive(rig, &header, got), frame.length - PAYLOAD + SEGMENT);
			CHECK_EQ(header.gso_type, NET_GSO_NONE);
		}
		CHECK(!net_rig_take(rig, 0, &elem));
	}
	net_rig_free(rig);
}

static void checksum_in(void)
{
	const struct tcp_frame frame = tcp_frame(4, 100, true);
	const struct net_header sent = header_of(&frame, NET_GSO_NONE);
	struct net_rig *rig = net_rig_new(1);
	struct tcp_frame got = frame;
	struct net_header header;

	net_rig_wire_headers(rig, true);
	net_rig_start(rig, NET_PLAIN | VIRTIO_NET_F_MRG_RXBUF | VIRTIO_NET_F_GUEST_CSUM, 256);
	give(rig);
	inject(rig, &frame, &sent);
	CHECK_EQ(receive(rig, &header, got.bytes), frame.length);
	CHECK_EQ(header.flags, NET_HEADER_NEEDS_CSUM);
	CHECK_EQ(header.csum_start, sent.csum_start);
	CHECK_EQ(header.csum_offset, 16);
	CHECK(!checksum_is_good(&got));
	/* Without GUEST_CSUM it is made before, and flags say nothing (5.1.6.4.1). */
	net_rig_start(rig, NET_PLAIN | VIRTIO_NET_F_MRG_RXBUF, 256);
	give(rig);
	inject(rig, &frame, &sent);
	CHECK_EQ(receive(rig, &header, got.bytes), frame.length);
	CHECK_EQ(header.flags, 0);
	CHECK(checksum_is_good(&got));
	net_rig_free(rig);
}

/* A frame for segmentation that waited in the tap is not for a driver that came later and wants none. */
static void stale_segments(void)
{
	const struct tcp_frame frame = tcp_frame(4, PAYLOAD, true);
	const struct net_header sent = header_of(&frame, NET_GSO_TCPV4);
	struct net_rig *rig = net_rig_new(1);
	struct virtqueue_used_elem elem;

	net_rig_wire_headers(rig, true);
	net_rig_start(rig,
		      NET_PLAIN | VIRTIO_NET_F_MRG_RXBUF | VIRTIO_NET_F_GUEST_CSUM | VIRTIO_NET_F_GUEST_TSO4,
		      256);
	inject(rig, &frame, &sent); /* there are no buffers */
	net_rig_start(rig, NET_PLAIN | VIRTIO_NET_F_MRG_RXBUF, 256);
	give(rig);
	CHECK(!net_rig_take(rig, 0, &elem));
	net_rig_free(rig);
}

/* Headers that break a rule never reach the tap, and the next frame is not affected. */
static void wrong_headers(void)
{
	const struct tcp_frame frame = tcp_frame(4, 1000, false);
	const struct net_header good = header_of(&frame, NET_GSO_NONE);
	const struct net_header tso = header_of(&frame, NET_GSO_TCPV4);
	struct net_header wrong[16];
	struct net_rig *rig = net_rig_new(1);
	unsigned count = 0;
	uint8_t got[2000];

	for (unsigned i = 0; i < COUNT(wrong); i++)
		wrong[i] = i < 4 ? good : tso;
	wrong[count++].csum_start = 0xffff;
	wrong[count++].csum_offset = 0xffff;
	wrong[count++].csum_start = (uint16_t)(frame.length - 17); /* the second byte is behind the frame */
	wrong[count++].csum_start = 13;
	wrong[count++].flags = 0;
	wrong[count++].gso_size = 0;
	wrong[count++].gso_size = NET_MIN_GSO_SIZE - 1;
	wrong[count++].gso_type = 2;
	wrong[count++].gso_type = 3; /* UDP */
	wrong[count++].gso_type = 5;
	wrong[count++].gso_type = 0x7f;
	wrong[count++].gso_type = NET_GSO_ECN | NET_GSO_TCPV4; /* HOST_ECN is not agreed */
	wrong[count++].gso_type = NET_GSO_ECN;
	wrong[count++].gso_type = NET_GSO_TCPV6; /* nor is HOST_TSO6 */
	net_rig_start(rig, NET_PLAIN | VIRTIO_NET_F_CSUM | VIRTIO_NET_F_HOST_TSO4, 16);
	for (unsigned i = 0; i < count; i++) {
		transmit(rig, &wrong[i], frame.bytes, frame.length);
		CHECK_EQ(net_rig_sniff(rig, got, sizeof(got)), -1);
		transmit(rig, &good, frame.bytes, frame.length);
		CHECK_EQ(net_rig_sniff(rig, got, sizeof(got)), frame.length);
	}
	/* These are right: flags that nobody knows, and a hint that is wrong (5.1.6.2.2). */
	wrong[0] = wrong[1] = good;
	wrong[0].flags = 0xff;
	wrong[1].hdr_len = 0xffff;
	for (unsigned i = 0; i < 2; i++) {
		transmit(rig, &wrong[i], frame.bytes, frame.length);
		CHECK_EQ(net_rig_sniff(rig, got, sizeof(got)), frame.length);
	}
	net_rig_free(rig);
}

/* Of no bytes, shorter than an Ethernet header, longer than any IP packet. */
static void wrong_lengths(void)
{
	static const uint32_t lengths[] = { 0, 1, 13, NET_MAX_FRAME + 1, 1 << 20 };
	const struct net_rig_part good = { NET_BUFFER, 12 + 14 };
	struct net_rig *rig = net_rig_new(1);
	struct virtqueue_used_elem elem;
	uint8_t got[2000];

	net_rig_start(rig, NET_PLAIN, 16);
	net_rig_frame(net_rig_at(rig, NET_BUFFER + 12), 2000, false, 1);
	for (unsigned i = 0; i < COUNT(lengths); i++) {
		const struct net_rig_part part = { NET_BUFFER, 12 + lengths[i] };

		net_rig_offer(rig, 1, &part, 1, 0);
		net_rig_offer(rig, 1, &good, 1, 0);
		net_rig_kick(rig, 1);
		net_rig_turn(rig);
		CHECK(net_rig_take(rig, 1, &elem) && net_rig_take(rig, 1, &elem));
		CHECK_EQ(net_rig_sniff(rig, got, sizeof(got)), 14);
		CHECK_EQ(net_rig_sniff(rig, got, sizeof(got)), -1);
	}
	net_rig_free(rig);
}

static const struct test tests[] = {
	TEST(segments_out),   TEST(checksum_out),  TEST(segments_in),   TEST(checksum_in),
	TEST(stale_segments), TEST(wrong_headers), TEST(wrong_lengths),
};

int main(int argc, char **argv)
{
	return test_main(tests, COUNT(tests), argc, argv);
}
