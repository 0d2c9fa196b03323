/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The network device with two pairs of queues. Its tap is a socket that keeps
 * datagrams whole, as a tap keeps frames, and takes every setting of one.
 */
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz_driver.h"
#include "virtio_net.h"

#define TAP 100
#define PAIRS 2u

int __wrap_ioctl(int fd, unsigned long request, ...);

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	(void)request;
	ALWAYS(fd >= TAP && fd < TAP + (int)PAIRS);
	return 0;
}

static struct event_loop loop;
static int wire[PAIRS];

/* A frame's header and a few of its bytes, or a command of the control queue. */
static uint32_t head(struct fuzz_driver *driver, uint32_t queue, uint8_t *bytes)
{
	static const uint8_t types[] = { 0, 1, 4, 0x81, 3, 5, 0, 0 };
	static const uint8_t classes[] = { 0, 1, 4, 2 };
	const uint64_t how = fuzz_take(&driver->input, 1);

	if (queue == 0 || queue == 2) /* for what is received */
		return 0;
	if (queue == 4 || (how & 0xc0) == 0xc0) {
		bytes[0] = classes[how % 4];
		bytes[1] = (uint8_t)(how / 4 % 3);
		for (unsigned i = 2; i < 32; i += 8) {
			const uint64_t word = fuzz_number(&driver->input);

			memcpy(bytes + i, &word, 8);
		}
		return (uint32_t)fuzz_take(&driver->input, 1) % 64;
	}
	bytes[0] = (uint8_t)(how >> 5 & 3);
	bytes[1] = types[how % 8];
	for (unsigned i = 2; i < 12; i += 2) {
		const uint64_t word = fuzz_number(&driver->input);

		memcpy(bytes + i, &word, 2);
	}
	return how & 0x10 ? (uint32_t)fuzz_take(&driver->input, 1) % 64 : 54;
}

/* A frame, with a kernel's header or a strange one. */
static void outside(struct fuzz_driver *driver)
{
	static uint8_t frame[12 + 65553];
	const uint64_t how = fuzz_take(&driver->input, 1);
	const uint64_t length = how & 0x40 ? fuzz_take(&driver->input, 2) : 60 + how;

	memset(frame, 0, 12);
	if (how & 0x80) {
		frame[0] = (uint8_t)fuzz_take(&driver->input, 1);
		frame[1] = (uint8_t)fuzz_take(&driver->input, 1);
	}
	/* EAGAIN: the tap is full, as taps are */
	(void)send(wire[how % PAIRS], frame, 12 + length, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Everything that was sent has a header that a kernel takes. */
static void drain_wire(void)
{
	static uint8_t frame[1 << 17];

	for (unsigned pair = 0; pair < PAIRS; pair++) {
		ssize_t size;

		while ((size = recv(wire[pair], frame, sizeof(frame), MSG_DONTWAIT)) > 0) {
			ALWAYS(size >= 12 + 14 && size <= 12 + 65553);
			ALWAYS((frame[0] & ~3u) == 0);
		}
	}
}

static bool settle(struct fuzz_driver *driver)
{
	ALWAYS(event_loop_turn(&loop, 0) >= 0);
	drain_wire();
	return driver->device->pending != 0;
}

static uint32_t works(uint8_t *bytes, uint32_t *ret_queue, uint32_t *ret_data, bool *ret_writable)
{
	memset(bytes, 0, 12);
	*ret_queue = 1;
	*ret_data = 60;
	*ret_writable = false;
	return 12;
}

static const struct fuzz_type type = {
	.features = 0xffffff,
	.head = head,
	.outside = outside,
	.settle = settle,
	.works = works,
};

static void make_tap(void)
{
	for (unsigned i = 0; i < PAIRS; i++) {
		int fds[2];

		ALWAYS(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fds) == 0);
		ALWAYS(dup2(fds[0], TAP + (int)i) == TAP + (int)i);
		close(fds[0]);
		wire[i] = fds[1];
	}
}

/* No frame is left from the input before. */
static void empty_tap(void)
{
	static uint8_t frame[1 << 17];

	for (unsigned i = 0; i < PAIRS; i++) {
		while (recv(TAP + (int)i, frame, sizeof(frame), MSG_DONTWAIT) > 0)
			;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t mac[VIRTIO_NET_MAC_SIZE] = { 2, 0, 0, 0, 0, 1 };
	static struct fuzz_driver driver;
	struct virtio_net *net;

	if (!driver.device) {
		const struct virtio_net_options options = { .fd = TAP, .num_pairs = PAIRS, .mac = mac };

		make_tap();
		fuzz_driver_init(&driver);
		ALWAYS(event_loop_init(&loop) == 0);
		ALWAYS(virtio_net_new(&driver.host, FUZZ_INTID, &loop, &options, &net) == 0);
		driver.device = virtio_net_device(net);
	}
	empty_tap();
	fuzz_driver_run(&driver, &type, data, size);
	drain_wire();
	return 0;
}
