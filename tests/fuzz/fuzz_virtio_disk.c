/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The block device with its real engine, on a disk of 64 KiB in memory. */
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz_driver.h"
#include "virtio_blk.h"

#define DISK_SIZE 65536u
#define QUEUES 2u

static struct event_loop loop;

/* Type, and a sector that may well be on the disk. */
static uint32_t head(struct fuzz_driver *driver, uint32_t queue, uint8_t *bytes)
{
	static const uint32_t types[] = { 0, 1, 4, 8, 11, 13, 2, 14 };
	const uint64_t how = fuzz_take(&driver->input, 1);
	const uint32_t type = types[how % 8];
	uint64_t sector = how & 0x80 ? fuzz_number(&driver->input) : fuzz_take(&driver->input, 1) % 130;
	uint32_t sectors = (uint32_t)(how & 0x40 ? fuzz_number(&driver->input) : how % 64);
	uint32_t flags = (uint32_t)(how & 0x20 ? fuzz_take(&driver->input, 4) : 0);

	(void)queue;
	memcpy(bytes, &type, 4);
	memcpy(bytes + 8, &sector, 8);
	if (type == 11 || type == 13) {
		memcpy(bytes + 16, &sector, 8);
		memcpy(bytes + 24, &sectors, 4);
		memcpy(bytes + 28, &flags, 4);
		return how & 0x10 ? (uint32_t)fuzz_take(&driver->input, 1) % 64 : 32;
	}
	return how & 0x10 ? (uint32_t)fuzz_take(&driver->input, 1) % 64 : 16;
}

static bool settle(struct fuzz_driver *driver)
{
	ALWAYS(event_loop_turn(&loop, driver->waiting ? 1 : 0) >= 0);
	return driver->device->pending != 0;
}

static uint32_t works(uint8_t *bytes, uint32_t *ret_queue, uint32_t *ret_data, bool *ret_writable)
{
	memset(bytes, 0, 16);
	*ret_queue = 1;
	*ret_data = 513;
	*ret_writable = true;
	return 16;
}

static const struct fuzz_type type = {
	.features = UINT64_MAX & 0xffffff,
	.head = head,
	.settle = settle,
	.works = works,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fuzz_driver driver;
	struct virtio_blk *blk;
	off_t end;

	if (!driver.device) {
		struct virtio_blk_options options = {
			.fd = memfd_create("disk", MFD_CLOEXEC),
			.size = DISK_SIZE,
			.block_size = 512,
			.num_queues = QUEUES,
			.serial = "fuzz",
		};

		ALWAYS(options.fd >= 0 && ftruncate(options.fd, DISK_SIZE) == 0);
		fuzz_driver_init(&driver);
		ALWAYS(event_loop_init(&loop) == 0);
		ALWAYS(virtio_blk_new(&driver.host, FUZZ_INTID, &loop, &options, &blk) == 0);
		driver.device = virtio_blk_device(blk);
		ALWAYS(dup2(options.fd, 200) == 200);
	}
	fuzz_driver_run(&driver, &type, data, size);
	end = lseek(200, 0, SEEK_END);
	ALWAYS(end == DISK_SIZE); /* nothing makes it larger */
	return 0;
}
