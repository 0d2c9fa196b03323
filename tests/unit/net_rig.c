/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net_rig.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "test.h"
#include "virtio_rig.h"

const uint8_t net_rig_mac[VIRTIO_NET_MAC_SIZE] = { 0x02, 0x11, 0x22, 0x33, 0x44, 0x55 };
const uint8_t net_rig_peer[VIRTIO_NET_MAC_SIZE] = { 0x02, 0x66, 0x77, 0x88, 0x99, 0xaa };

#define FIRST_TAP 40 /* descriptors that nobody else has */

/* Ends the test, saying what it needs. */
static void need(bool good, const char *what)
{
	if (good)
		return;
	printf("# cannot %s: %s (this test needs root and /dev/net/tun)\n", what, strerror(errno));
	exit(1);
}

static void write_text(const char *path, const char *text)
{
	const int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0) /* a kernel without IPv6 says nothing by itself */
		return;
	need(write(fd, text, strlen(text)) == (ssize_t)strlen(text), "write to /proc/sys");
	close(fd);
}

static void open_queue(int fd, unsigned pairs)
{
	const int opened = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
	const int header = 12;
	struct ifreq request = { .ifr_name = NET_TAP };

	need(opened >= 0, "open /dev/net/tun");
	request.ifr_flags = (short)(IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | (pairs > 1 ? IFF_MULTI_QUEUE : 0));
	need(ioctl(opened, TUNSETIFF, &request) == 0, "make a tap");
	need(ioctl(opened, TUNSETVNETHDRSZ, &header) == 0, "set the size of headers");
	need(dup2(opened, fd) == fd, "duplicate a descriptor");
	close(opened);
}

static void set_up(void)
{
	struct ifreq request = { .ifr_name = NET_TAP };
	const int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	need(fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &request) == 0, "ask for flags");
	request.ifr_flags = (short)(request.ifr_flags | IFF_UP | IFF_PROMISC);
	need(ioctl(fd, SIOCSIFFLAGS, &request) == 0, "set the tap up");
	close(fd);
}

static int open_wire(void)
{
	const int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0);
	const int on = 1, room = 16 << 20;
	struct sockaddr_ll address = { .sll_family = AF_PACKET,
				       .sll_protocol = htons(ETH_P_ALL),
				       .sll_ifindex = (int)if_nametoindex(NET_TAP) };

	need(fd >= 0, "open a packet socket");
	need(setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) == 0, "ignore own frames");
	need(setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)) == 0, "have room for frames");
	need(setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) == 0, "have room for frames");
	need(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0, "bind a packet socket");
	return fd;
}

static void count_interrupt(struct virtio_host *host, uint32_t intid)
{
	struct net_rig *rig = (struct net_rig *)(void *)((char *)host - offsetof(struct net_rig, host));

	CHECK_EQ(intid, RIG_INTID);
	rig->interrupts++;
}

struct net_rig *net_rig_new(unsigned pairs)
{
	struct net_rig *rig = calloc(1, sizeof(*rig));
	const struct virtio_net_options options = { .fd = FIRST_TAP, .num_pairs = pairs, .mac = net_rig_mac };

	CHECK(rig != NULL);
	need(unshare(CLONE_NEWNET) == 0, "make a network namespace");
	write_text("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
	for (unsigned i = 0; i < pairs; i++)
		open_queue(FIRST_TAP + (int)i, pairs);
	set_up();
	rig->wire = open_wire();
	rig->pairs = pairs;
	rig->tap = FIRST_TAP;
	rig->ram = aligned_alloc(4096, NET_RAM_SIZE);
	CHECK(rig->ram != NULL);
	memset(rig->ram, 0, NET_RAM_SIZE);
	CHECK_EQ(guest_memory_add(&rig->memory, NET_RAM, NET_RAM_SIZE, rig->ram), 0);
	rig->host = (struct virtio_host){ .memory = &rig->memory, .interrupt = count_interrupt };
	CHECK_EQ(event_loop_init(&rig->loop), 0);
	CHECK_EQ(virtio_net_new(&rig->host, RIG_INTID, &rig->loop, &options, &rig->net), 0);
	rig->device = virtio_net_device(rig->net);
	return rig;
}

void net_rig_free(struct net_rig *rig)
{
	virtio_device_free(rig->device);
	event_loop_fini(&rig->loop);
	for (unsigned i = 0; i < rig->pairs; i++)
		close(rig->tap + (int)i);
	close(rig->wire);
	free(rig->ram);
	free(rig);
}

uint32_t net_rig_read(struct net_rig *rig, uint32_t offset)
{
	return (uint32_t)virtio_mmio_read(rig->device, offset, 4);
}

void net_rig_write(struct net_rig *rig, uint32_t offset, uint32_t value)
{
	virtio_mmio_write(rig->device, offset, 4, value);
}

void *net_rig_at(struct net_rig *rig, uint64_t ipa)
{
	void *host = guest_memory_at(&rig->memory, ipa, 1);

	CHECK(host != NULL);
	return host;
}

bool net_rig_negotiate(struct net_rig *rig, uint64_t features)
{
	net_rig_write(rig, R_STATUS, 0);
	net_rig_write(rig, R_STATUS, VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER);
	for (uint32_t sel = 0; sel < 2; sel++) {
		net_rig_write(rig, R_DRIVER_FEATURES_SEL, sel);
		net_rig_write(rig, R_DRIVER_FEATURES, (uint32_t)(features >> (32 * sel)));
	}
	net_rig_write(rig, R_STATUS, 0xb);
	return (net_rig_read(rig, R_STATUS) & VIRTIO_STATUS_FEATURES_OK) != 0;
}

static void write64(struct net_rig *rig, uint32_t offset, uint64_t value)
{
	net_rig_write(rig, offset, (uint32_t)value);
	net_rig_write(rig, offset + 4, (uint32_t)(value >> 32));
}

void net_rig_place(struct net_rig *rig, unsigned q, uint32_t size)
{
	memset(net_rig_at(rig, NET_QUEUE(q)), 0, 0x4000);
	rig->queue[q] = (struct net_rig_queue){ .size = size };
	net_rig_write(rig, R_QUEUE_SEL, q);
	net_rig_write(rig, R_QUEUE_NUM, size);
	write64(rig, R_QUEUE_DESC, NET_QUEUE(q));
	write64(rig, R_QUEUE_DRIVER, NET_QUEUE(q) + NET_AVAIL);
	write64(rig, R_QUEUE_DEVICE, NET_QUEUE(q) + NET_USED);
	net_rig_write(rig, R_QUEUE_READY, 1);
	CHECK_EQ(net_rig_read(rig, R_QUEUE_READY), 1);
}

void net_rig_start(struct net_rig *rig, uint64_t features, uint32_t size)
{
	CHECK(net_rig_negotiate(rig, features));
	for (unsigned q = 0; q < 2 * rig->pairs + 1; q++)
		net_rig_place(rig, q, size);
	net_rig_write(rig, R_STATUS, 0xf);
	CHECK_EQ(net_rig_read(rig, R_STATUS), 0xf);
	net_rig_turn(rig);
}

unsigned net_rig_offer(struct net_rig *rig, unsigned q, const struct net_rig_part *parts, unsigned readable,
		       unsigned writable)
{
	struct net_rig_queue *queue = &rig->queue[q];
	struct virtqueue_desc *table = net_rig_at(rig, NET_QUEUE(q));
	struct virtqueue_avail *avail = net_rig_at(rig, NET_QUEUE(q) + NET_AVAIL);
	const unsigned head = queue->next_desc & (queue->size - 1);

	for (unsigned i = 0; i < readable + writable; i++) {
		const unsigned at = queue->next_desc++ & (queue->size - 1);

		table[at] = (struct virtqueue_desc){
			.addr = parts[i].ipa,
			.len = parts[i].len,
			.flags = (uint16_t)((i + 1 < readable + writable ? VIRTQUEUE_DESC_NEXT : 0) |
					    (i >= readable ? VIRTQUEUE_DESC_WRITE : 0)),
			.next = (uint16_t)(queue->next_desc & (queue->size - 1)),
		};
	}
	avail->ring[queue->avail & (queue->size - 1)] = (uint16_t)head;
	__atomic_store_n(&avail->idx, ++queue->avail, __ATOMIC_RELEASE);
	return head;
}

void net_rig_kick(struct net_rig *rig, unsigned q)
{
	net_rig_write(rig, R_QUEUE_NOTIFY, q);
}

void net_rig_turn(struct net_rig *rig)
{
	for (unsigned i = 0; i < 100; i++) {
		while (virtio_device_service(rig->device))
			;
		CHECK_EQ(event_loop_turn(&rig->loop, 0), 0);
		if (rig->device->pending == 0)
			return;
	}
	printf("# the device does not come to rest\n");
	exit(1);
}

bool net_rig_take(struct net_rig *rig, unsigned q, struct virtqueue_used_elem *ret_elem)
{
	struct virtqueue_used *used = net_rig_at(rig, NET_QUEUE(q) + NET_USED);
	struct net_rig_queue *queue = &rig->queue[q];

	if (__atomic_load_n(&used->idx, __ATOMIC_ACQUIRE) == queue->used)
		return false;
	*ret_elem = used->ring[queue->used++ & (queue->size - 1)];
	return true;
}

void net_rig_frame(uint8_t *frame, size_t length, bool to_zone, uint8_t seed)
{
	CHECK(length >= 14);
	memcpy(frame, to_zone ? net_rig_mac : net_rig_peer, 6);
	memcpy(frame + 6, to_zone ? net_rig_peer : net_rig_mac, 6);
	frame[12] = 0x88; /* for experiments (IEEE 802, 9.2.3) */
	frame[13] = 0xb5;
	for (size_t i = 14; i < length; i++)
		frame[i] = (uint8_t)(i * 7 + seed);
}

void net_rig_inject(struct net_rig *rig, const void *frame, size_t length)
{
	need(send(rig->wire, frame, length, 0) == (ssize_t)length, "send a frame");
}

ssize_t net_rig_sniff(struct net_rig *rig, void *frame, size_t size)
{
	return recv(rig->wire, frame, size, 0);
}

void net_rig_wire_headers(struct net_rig *rig, bool on)
{
	const int value = on;

	need(setsockopt(rig->wire, SOL_PACKET, PACKET_VNET_HDR, &value, sizeof(value)) == 0,
	     "have headers at a packet socket");
}

uint8_t net_rig_control(struct net_rig *rig, unsigned q, const void *command, uint32_t size)
{
	const uint64_t at = NET_RAM + 0x70000, answer = NET_RAM + 0x7f000;
	struct net_rig_part parts[2] = { { at, size }, { answer, 1 } };
	struct virtqueue_used_elem elem;
	unsigned head;

	memcpy(net_rig_at(rig, at), command, size);
	*(uint8_t *)net_rig_at(rig, answer) = 0xff;
	head = net_rig_offer(rig, q, parts, 1, 1);
	net_rig_kick(rig, q);
	net_rig_turn(rig);
	if (net_rig_take(rig, q, &elem)) {
		CHECK_EQ(elem.id, head);
		CHECK_EQ(elem.len, 1);
	}
	return *(uint8_t *)net_rig_at(rig, answer);
}

void net_rig_check_works(struct net_rig *rig)
{
	struct net_rig_part part = { NET_BUFFER, 2000 };
	uint8_t frame[500], got[2000];
	struct virtqueue_used_elem elem;

	net_rig_start(rig, NET_PLAIN, 16);
	while (net_rig_sniff(rig, got, sizeof(got)) >= 0)
		;
	net_rig_offer(rig, 0, &part, 0, 1);
	net_rig_kick(rig, 0);
	net_rig_turn(rig); /* what waited in the tap may come first */
	do {
		if (net_rig_take(rig, 0, &elem))
			net_rig_offer(rig, 0, &part, 0, 1);
		net_rig_frame(frame, sizeof(frame), true, 99);
		net_rig_inject(rig, frame, sizeof(frame));
		net_rig_kick(rig, 0);
		net_rig_turn(rig);
		CHECK(net_rig_take(rig, 0, &elem));
		net_rig_offer(rig, 0, &part, 0, 1);
	} while (memcmp((uint8_t *)net_rig_at(rig, NET_BUFFER) + 12, frame, sizeof(frame)) != 0);

	part = (struct net_rig_part){ NET_BUFFER + 0x1000, 12 + sizeof(frame) };
	net_rig_frame(frame, sizeof(frame), false, 98);
	memset(net_rig_at(rig, part.ipa), 0, 12);
	memcpy(net_rig_at(rig, part.ipa + 12), frame, sizeof(frame));
	net_rig_offer(rig, 1, &part, 1, 0);
	net_rig_kick(rig, 1);
	net_rig_turn(rig);
	CHECK(net_rig_take(rig, 1, &elem));
	CHECK_EQ(net_rig_sniff(rig, got, sizeof(got)), sizeof(frame));
	CHECK(memcmp(got, frame, sizeof(frame)) == 0);
	CHECK_EQ(net_rig_read(rig, R_STATUS), 0xf);
}
