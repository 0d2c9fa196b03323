// SPDX-License-Identifier: GPL-2.0-or-later
/* What of a zone's memory can be mapped, and when it is taken away again. */
#include "driver_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>

static int created_and_bound(void)
{
	create_good(ZONE, 0);
	return open_bound(ZONE);
}

static void refused(int fd, uint64_t offset, uint64_t size)
{
	void *at = map(fd, offset, size);

	if (at != MAP_FAILED || errno != EINVAL)
		printf("# offset %#llx, size %#llx\n", (unsigned long long)offset, (unsigned long long)size);
	CHECK(at == MAP_FAILED && errno == EINVAL);
}

static void outside_ram(const void *arg)
{
	int fd = created_and_bound();
	uint64_t end = HIGH_IPA + HIGH_SIZE;

	(void)arg;
	refused(fd, 0, PAGE);
	refused(fd, RAM_IPA - PAGE, PAGE);
	refused(fd, RAM_IPA - PAGE, 2 * PAGE);
	refused(fd, end, PAGE);
	refused(fd, end - PAGE, 2 * PAGE);
	refused(fd, RAM_IPA, end + PAGE - RAM_IPA);
	/* host physical addresses: of the zone, of root, of the hypervisor */
	refused(fd, RAM_PA, PAGE);
	refused(fd, 0xa0000000, PAGE);
	refused(fd, 0x40200000 + RAM_PA, PAGE);
	/* regions that are no RAM */
	refused(fd, VIRTIO_IPA & ~(PAGE - 1), PAGE);
}

/* Adjoining for the guest, not in the machine. */
static void across_two_regions(const void *arg)
{
	int fd = created_and_bound();

	(void)arg;
	refused(fd, RAM_IPA, RAM_SIZE + HIGH_SIZE);
	refused(fd, HIGH_IPA - PAGE, 2 * PAGE);
	map_ram(fd, HIGH_IPA - PAGE, PAGE);
	map_ram(fd, HIGH_IPA, HIGH_SIZE);
}

static void huge_offsets(const void *arg)
{
	int fd = created_and_bound();

	(void)arg;
	for (int bit = 31; bit < 63; bit++) {
		if (bit != HV_IPA_BITS)
			refused(fd, 1ull << bit, PAGE);
		refused(fd, (1ull << bit) + RAM_IPA, PAGE);
	}
	refused(fd, INT64_MAX - PAGE + 1, PAGE);
	refused(fd, HV_MMAP_RING - PAGE, 2 * PAGE);
	refused(fd, HV_MMAP_RING, 2 * PAGE);
	refused(fd, HV_MMAP_RING + PAGE, PAGE);
	map_ram(fd, HV_MMAP_RING, PAGE);
}

static void unaligned_offset(const void *arg)
{
	int fd = created_and_bound();

	(void)arg;
	refused(fd, RAM_IPA + 8, PAGE);
	refused(fd, HV_MMAP_RING + 0x800, PAGE);
	/* A size is rounded up to pages, as for any file: within the region, it is right. */
	map_ram(fd, RAM_IPA, 1);
	refused(fd, RAM_IPA, RAM_SIZE + 1);
}

static void private_or_executable(const void *arg)
{
	int fd = created_and_bound();
	void *at;

	(void)arg;
	CHECK(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, RAM_IPA) == MAP_FAILED && errno == EINVAL);
	CHECK(mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, fd, RAM_IPA) == MAP_FAILED);
	at = map_ram(fd, RAM_IPA, PAGE);
	CHECK(mprotect(at, PAGE, PROT_READ | PROT_EXEC) == -1 && errno == EACCES);
	CHECK_EQ(touch(at), 0);
}

static void write_through_a_read_only_handle(const void *arg)
{
	uint32_t zone = ZONE;
	int fd = open("/dev/hvisor", O_RDONLY | O_CLOEXEC);
	void *at;

	(void)arg;
	create_good(ZONE, 0);
	CHECK_EQ(call(fd, HV_IOC_BIND, &zone), 0);
	CHECK(map(fd, RAM_IPA, PAGE) == MAP_FAILED && errno == EACCES);
	at = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, RAM_IPA);
	CHECK(at != MAP_FAILED);
	CHECK_EQ(peek(at), 0);
	CHECK_EQ(touch(at), SIGSEGV);
	CHECK(mprotect(at, PAGE, PROT_READ | PROT_WRITE) == -1 && errno == EACCES);
}

static void mremap_moves_and_does_not_grow(const void *arg)
{
	int fd = created_and_bound();
	unsigned char *at = map_ram(fd, RAM_IPA + PAGE, 4 * PAGE), *moved;

	(void)arg;
	at[3 * PAGE] = 42;
	CHECK(mremap(at, 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE) == MAP_FAILED);
	CHECK(mremap(at, 4 * PAGE, RAM_SIZE, 0) == MAP_FAILED);
	CHECK(mremap(at, 0, PAGE, MREMAP_MAYMOVE) == MAP_FAILED);
	/* The upper half elsewhere: still the same memory, also if it faults anew. */
	moved = mmap(NULL, 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(mremap(at + 2 * PAGE, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, moved) == moved);
	CHECK_EQ(moved[PAGE], 42);
	CHECK_EQ(touch(at + 2 * PAGE), SIGSEGV);
	moved[0] = 43;
	CHECK_EQ(*(unsigned char *)map_ram(fd, RAM_IPA + 3 * PAGE, PAGE), 43);
}

static void a_child_has_no_mapping(const void *arg)
{
	int fd = created_and_bound(), status;
	void *at = map_ram(fd, RAM_IPA, PAGE);
	pid_t pid;

	(void)arg;
	CHECK_EQ(touch(at), 0);
	CHECK(madvise(at, PAGE, MADV_DOFORK) == -1);
	pid = fork();
	if (pid == 0)
		_exit(peek(at));
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == SIGSEGV);
}

static unsigned char pattern(uint64_t i)
{
	return (unsigned char)(i * 7 + (i >> 12));
}

static int pattern_file(size_t size)
{
	int fd = memfd_create("pattern", MFD_CLOEXEC);
	unsigned char *at;

	CHECK(fd >= 0 && ftruncate(fd, (off_t)size) == 0);
	at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(at != MAP_FAILED);
	for (size_t i = 0; i < size; i++)
		at[i] = pattern(i);
	munmap(at, size);
	return fd;
}

/* The way images are loaded: no byte of the mapping was touched before. */
static void a_file_is_read_into_ram(const void *arg)
{
	size_t size = 0x200123;
	int fd = created_and_bound(), file = pattern_file(size);
	unsigned char *at = map_ram(fd, RAM_IPA, RAM_SIZE), *again;

	(void)arg;
	CHECK_EQ(read(file, at + 0x1ff010, size - 1), (long)size - 1);
	again = map_ram(fd, RAM_IPA, RAM_SIZE);
	for (size_t i = 0; i < size - 1; i++)
		if (again[0x1ff010 + i] != pattern(i))
			CHECK_EQ(i, size);
	CHECK(again[0x1ff00f] == 0 && again[0x1ff010 + size - 1] == 0);
}

static void ram_is_cleared_between_zones(const void *arg)
{
	int fd = created_and_bound();
	unsigned char *at = map_ram(fd, RAM_IPA, RAM_SIZE);

	(void)arg;
	memset(at, 0xa5, RAM_SIZE);
	remove_zone(ZONE);
	fd = created_and_bound();
	at = map_ram(fd, RAM_IPA, RAM_SIZE);
	for (size_t i = 0; i < RAM_SIZE; i += 8)
		if (*(uint64_t *)(at + i) != 0)
			CHECK_EQ(i, RAM_SIZE);
}

static void destroy_takes_the_memory(const void *arg)
{
	int fd = created_and_bound(), file = pattern_file(2 * PAGE);
	void *ram = map_ram(fd, RAM_IPA, RAM_SIZE), *ring = map_ram(fd, HV_MMAP_RING, PAGE);
	void *untouched = map_ram(fd, HIGH_IPA, HIGH_SIZE);

	(void)arg;
	CHECK_EQ(touch(ram), 0);
	CHECK_EQ(touch(ring), 0);
	CHECK_EQ(call_zone(open_driver(), HV_IOC_ZONE_DESTROY, ZONE), 0);
	CHECK_EQ(touch(ram), SIGBUS);
	CHECK_EQ(touch(ring), SIGBUS);
	CHECK_EQ(touch(untouched), SIGBUS);
	CHECK(read(file, ram, PAGE) == -1 && errno == EFAULT);
	CHECK(wait_state(ZONE, HV_ZONE_NONE));
	CHECK_EQ(touch(ram), SIGBUS);
}

static void stale(int fd, void *ram, void *ring)
{
	struct hv_ioc_complete answer = { 0, 1, 0 };
	uint32_t intid = VIRTIO_INTID, zone = ZONE;
	HvZoneConfig config;

	CHECK_EQ(touch(ram), SIGBUS);
	CHECK_EQ(touch(ring), SIGBUS);
	CHECK_EQ(call(fd, HV_IOC_INJECT, &intid), -ENOENT);
	CHECK_EQ(call(fd, HV_IOC_COMPLETE, &answer), -ENOENT);
	CHECK_EQ(call(fd, HV_IOC_BOUND_CONFIG, &config), -ENOENT);
	CHECK(map(fd, RAM_IPA, PAGE) == MAP_FAILED && errno == ENOENT);
	CHECK(map(fd, HV_MMAP_RING, PAGE) == MAP_FAILED && errno == ENOENT);
	/* Bound is for good: not even to the new zone of the same id. */
	CHECK_EQ(call(fd, HV_IOC_BIND, &zone), -EBADF);
}

static void a_stale_handle_sees_no_successor(const void *arg)
{
	int old = created_and_bound(), new, events = make_eventfd();
	void *ram = map_ram(old, RAM_IPA, RAM_SIZE), *ring = map_ram(old, HV_MMAP_RING, PAGE);
	unsigned char *live;

	(void)arg;
	CHECK_EQ(touch(ram), 0);
	CHECK_EQ(touch(ring), 0);
	CHECK_EQ(call(old, HV_IOC_REQUEST_EVENTFD, &events), 0);
	remove_zone(ZONE);
	CHECK(take_events(events, 0) != 0);
	stale(old, ram, ring);
	new = created_and_bound();
	live = map_ram(new, RAM_IPA, RAM_SIZE);
	live[0] = 1;
	stale(old, ram, ring);
	remove_zone(ZONE);
	CHECK_EQ(take_events(events, 0), 0);
	stale(old, ram, ring);
	CHECK_EQ(touch(live), SIGBUS);
}

static void one_zone_goes_another_stays(const void *arg)
{
	int fd = created_and_bound(), other;
	void *ram = map_ram(fd, RAM_IPA, RAM_SIZE);
	unsigned char *stays;

	(void)arg;
	create_good(OTHER_ZONE, 0);
	other = open_bound(OTHER_ZONE);
	stays = map_ram(other, RAM_IPA, RAM_SIZE);
	CHECK_EQ(touch(ram), 0);
	stays[5] = 99;
	remove_zone(ZONE);
	CHECK_EQ(touch(ram), SIGBUS);
	CHECK_EQ(stays[5], 99);
	CHECK_EQ(touch(stays), 0);
}

/* Another device node, another address space of the file: withdrawn all the same. */
static void a_node_of_its_own(const void *arg)
{
	const char *path = "/tmp/driver_test.node";
	uint32_t zone = ZONE;
	struct stat st;
	void *at;
	int fd;

	(void)arg;
	create_good(ZONE, 0);
	CHECK_EQ(stat("/dev/hvisor", &st), 0);
	mkdir("/tmp", 0777);
	unlink(path);
	CHECK_EQ(mknod(path, S_IFCHR | 0600, st.st_rdev), 0);
	fd = open(path, O_RDWR);
	unlink(path);
	CHECK(fd >= 0);
	CHECK_EQ(call(fd, HV_IOC_BIND, &zone), 0);
	at = map_ram(fd, RAM_IPA, PAGE);
	CHECK_EQ(touch(at), 0);
	remove_zone(ZONE);
	CHECK_EQ(touch(at), SIGBUS);
}

struct toucher {
	unsigned char *ram;
	bool stop;
	unsigned good, gone, other;
};

static void *toucher_main(void *arg)
{
	struct toucher *t = arg;

	for (size_t i = 0; !__atomic_load_n(&t->stop, __ATOMIC_ACQUIRE); i = (i + 0x11000) % RAM_SIZE) {
		int number = touch(t->ram + i);

		t->good += number == 0;
		t->gone += number == SIGBUS;
		t->other += number != 0 && number != SIGBUS;
	}
	return NULL;
}

/* Faults on one CPU while the other withdraws: a touch works or raises SIGBUS, nothing else. */
static void destroy_under_fire(const void *arg)
{
	(void)arg;
	for (int round = 0; round < 20; round++) {
		int fd = created_and_bound();
		struct toucher toucher = { .ram = map_ram(fd, RAM_IPA, RAM_SIZE) };
		pthread_t thread;

		CHECK_EQ(pthread_create(&thread, NULL, toucher_main, &toucher), 0);
		usleep((useconds_t)round * 500);
		remove_zone(ZONE);
		__atomic_store_n(&toucher.stop, true, __ATOMIC_RELEASE);
		pthread_join(thread, NULL);
		CHECK_EQ(toucher.other, 0);
		CHECK_EQ(touch(toucher.ram), SIGBUS);
		munmap(toucher.ram, RAM_SIZE);
		close(fd);
	}
}

static const struct driver_case cases[] = {
	CASE(outside_ram),
	CASE(across_two_regions),
	CASE(huge_offsets),
	CASE(unaligned_offset),
	CASE(private_or_executable),
	CASE(write_through_a_read_only_handle),
	CASE(mremap_moves_and_does_not_grow),
	CASE(a_child_has_no_mapping),
	CASE(a_file_is_read_into_ram),
	CASE(ram_is_cleared_between_zones),
	CASE(destroy_takes_the_memory),
	CASE(a_stale_handle_sees_no_successor),
	CASE(one_zone_goes_another_stays),
	CASE(a_node_of_its_own),
	CASE(destroy_under_fire),
};

const struct driver_suite driver_memory = { cases, COUNT(cases) };
