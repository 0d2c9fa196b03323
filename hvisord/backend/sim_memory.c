/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_memory.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include "arch_cpu.h"
#include "zone.h"

static struct memory {
	bool made;
	int fd;
	void *ring; /* the pool's page that the file lies over */
	struct sim_bound bound;
} memories[HV_MAX_ZONES];

static struct sim_bound empty; /* with the address */

void sim_memory_init(const char *address, uint32_t address_size)
{
	if (address_size > sizeof(empty.address))
		arch_panic("sim: the address of bound links is too long");
	empty.magic = SIM_BOUND_MAGIC;
	empty.address_size = address_size;
	memcpy(empty.address, address, address_size);
}

static bool write_at(int fd, const void *data, size_t size, uint64_t offset)
{
	return pwrite(fd, data, size, (off_t)offset) == (ssize_t)size;
}

/* Sparse: only what is loaded takes memory. */
static int fill(struct memory *memory, const struct zone *zone)
{
	memory->bound = empty;
	memory->bound.config = zone->config;
	if (getrandom(memory->bound.token, sizeof(memory->bound.token), 0) !=
	    (ssize_t)sizeof(memory->bound.token))
		return -EIO;
	if (ftruncate(memory->fd, (off_t)SIM_MEMORY_SIZE) != 0 ||
	    !write_at(memory->fd, &memory->bound, sizeof(memory->bound), SIM_BOUND_OFFSET) ||
	    !write_at(memory->fd, zone->ring, HV_PAGE_SIZE, HV_MMAP_RING))
		return -errno;
	/* From here on the core's page of the pool and the file's page are one. */
	if (mmap(zone->ring, HV_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, memory->fd,
		 (off_t)HV_MMAP_RING) == MAP_FAILED)
		return -errno;
	memory->ring = zone->ring;
	return 0;
}

int sim_memory_fd(uint32_t id)
{
	const struct zone *zone = zone_get(id);
	struct memory *memory;
	int r;

	if (id == 0 || zone == NULL || zone->state == HV_ZONE_NONE)
		return -ENOENT;
	memory = &memories[id];
	if (memory->made)
		return memory->fd;
	memory->fd = memfd_create("zone", MFD_CLOEXEC);
	if (memory->fd < 0)
		return -errno;
	r = fill(memory, zone);
	if (r != 0) {
		close(memory->fd);
		return r;
	}
	memory->made = true;
	return memory->fd;
}

bool sim_memory_is_token(uint32_t id, const uint64_t token[2])
{
	const struct memory *memory = id < HV_MAX_ZONES ? &memories[id] : NULL;

	return memory != NULL && memory->made && memory->bound.token[0] == token[0] &&
	       memory->bound.token[1] == token[1];
}

bool sim_memory_drop(uint32_t id)
{
	struct memory *memory = &memories[id];

	if (!memory->made)
		return false;
	/* the pool gets a page of its own again, before the file's is gone */
	if (mmap(memory->ring, HV_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		 -1, 0) == MAP_FAILED ||
	    ftruncate(memory->fd, 0) != 0)
		arch_panic("sim: a zone's memory cannot be taken back");
	close(memory->fd);
	memory->made = false;
	return true;
}
