/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The console device with two ports: six queues, of which the control queues tell about the others. */
#include "fuzz_driver.h"
#include "virtio_console.h"

#define PORTS 2u

static struct virtio_console *console;

static void output(struct console_sink *sink, const struct iovec *iov, unsigned count)
{
	static volatile uint8_t seen;

	(void)sink;
	for (unsigned i = 0; i < count; i++) {
		const uint8_t *data = iov[i].iov_base;

		ALWAYS(iov[i].iov_len > 0);
		for (size_t at = 0; at < iov[i].iov_len; at += 512)
			seen = (uint8_t)(seen ^ data[at]);
		seen = (uint8_t)(seen ^ data[iov[i].iov_len - 1]);
	}
}

/* A control message, or a few bytes of output. */
static uint32_t head(struct fuzz_driver *driver, uint32_t queue, uint8_t *bytes)
{
	const uint64_t how = fuzz_take(&driver->input, 1);
	const struct virtio_console_control control = {
		.id = how & 0x80 ? (uint32_t)fuzz_number(&driver->input) : how >> 3 & 1,
		.event = (uint16_t)(how & 0x40 ? fuzz_number(&driver->input) : how & 7),
		.value = (uint16_t)(how & 0x20 ? fuzz_number(&driver->input) : 1),
	};

	if (queue % 2 == 0)
		return 0;
	memcpy(bytes, &control, sizeof(control));
	return how & 0x10 ? (uint32_t)fuzz_take(&driver->input, 1) % 64 : sizeof(control);
}

static void outside(struct fuzz_driver *driver)
{
	static const uint8_t text[512];
	const uint64_t how = fuzz_take(&driver->input, 1);

	if (how & 0x80)
		virtio_console_resize(console, how & 1, (uint16_t)how, 25);
	else
		(void)virtio_console_input(console, how & 1, text, how * 4);
}

static bool settle(struct fuzz_driver *driver)
{
	return driver->device->pending != 0;
}

static uint32_t works(uint8_t *bytes, uint32_t *ret_queue, uint32_t *ret_data, bool *ret_writable)
{
	(void)bytes;
	*ret_queue = VIRTIO_CONSOLE_TX;
	*ret_data = 100;
	*ret_writable = false;
	return 0;
}

static const struct fuzz_type type = {
	.features = 0xffffff,
	.head = head,
	.outside = outside,
	.settle = settle,
	.works = works,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct console_sink sink = { .output = output };
	static struct fuzz_driver driver;

	if (!driver.device) {
		const struct virtio_console_options options = { .ports = PORTS, .sinks = { &sink, &sink } };

		fuzz_driver_init(&driver);
		ALWAYS(virtio_console_new(&driver.host, FUZZ_INTID, &options, &console) == 0);
		driver.device = virtio_console_device(console);
	}
	fuzz_driver_run(&driver, &type, data, size);
	return 0;
}
