/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The entropy device. */
#include "fuzz_driver.h"
#include "virtio_rng.h"

static uint32_t works(uint8_t *bytes, uint32_t *ret_queue, uint32_t *ret_data, bool *ret_writable)
{
	(void)bytes;
	*ret_queue = 0;
	*ret_data = 64;
	*ret_writable = true;
	return 0;
}

static const struct fuzz_type type = { .works = works };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fuzz_driver driver;
	struct virtio_rng *rng;

	if (!driver.device) {
		fuzz_driver_init(&driver);
		ALWAYS(virtio_rng_new(&driver.host, FUZZ_INTID, &rng) == 0);
		driver.device = virtio_rng_device(rng);
	}
	fuzz_driver_run(&driver, &type, data, size);
	return 0;
}
