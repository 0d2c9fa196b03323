// SPDX-License-Identifier: GPL-2.0-or-later
/* Calls that are wrong in form: numbers, sizes, pointers, ids, the wrong kind of handle. */
#include "driver_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdalign.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define NOBODY 65534u
#define KERNEL_ADDRESS 0xffff800008000000ull
#define HYPERVISOR_ADDRESS 0x40200000ull

static const unsigned long management_calls[] = {
	HV_IOC_VERSION,    HV_IOC_PLATFORM,  HV_IOC_ROOT_CONFIG,  HV_IOC_STATS,       HV_IOC_ZONE_CREATE,
	HV_IOC_ZONE_START, HV_IOC_ZONE_STOP, HV_IOC_ZONE_DESTROY, HV_IOC_ZONE_STATUS, HV_IOC_ZONE_CONFIG,
	HV_IOC_ZONE_LIST,  HV_IOC_EVENTFD,   HV_IOC_BIND,         HV_IOC_ZONE_PAUSE,  HV_IOC_ZONE_RESUME,
};

static const unsigned long bound_calls[] = {
	HV_IOC_REQUEST_EVENTFD,
	HV_IOC_INJECT,
	HV_IOC_COMPLETE,
	HV_IOC_BOUND_CONFIG,
};

static const uint32_t impossible_ids[] = { HV_MAX_ZONES, 0x100 + ZONE, 0x7fffffff, 0x80000000, UINT32_MAX };

/* Room for the largest struct, all zero. */
static unsigned char *scratch(void)
{
	alignas(8) static unsigned char bytes[8192];

	return memset(bytes, 0, sizeof(bytes));
}

static void unknown_numbers(const void *arg)
{
	int fd = open_driver();

	(void)arg;
	for (unsigned nr = 0; nr < 256; nr++) {
		unsigned long cmd = (unsigned long)_IOC(_IOC_READ | _IOC_WRITE, HV_IOC_TYPE, nr, 24);

		CHECK_EQ(call(fd, cmd, scratch()), -ENOTTY);
		CHECK_EQ(call(fd, (unsigned long)_IO(HV_IOC_TYPE - 1, nr), scratch()), -ENOTTY);
	}
	CHECK_EQ(call(fd, 0xffffffff, scratch()), -ENOTTY);
}

static void wrong_sizes_and_directions(const void *arg)
{
	int fd = open_driver();

	(void)arg;
	for (size_t i = 0; i < COUNT(management_calls); i++) {
		unsigned long cmd = management_calls[i];
		unsigned long one = 1ul << _IOC_SIZESHIFT;

		CHECK_EQ(call(fd, cmd + one, scratch()), -ENOTTY);
		CHECK_EQ(call(fd, cmd - one, scratch()), -ENOTTY);
		CHECK_EQ(call(fd, cmd | (unsigned long)_IOC_SIZEMASK << _IOC_SIZESHIFT, scratch()), -ENOTTY);
		CHECK_EQ(call(fd, cmd & ~((unsigned long)_IOC_DIRMASK << _IOC_DIRSHIFT), scratch()), -ENOTTY);
	}
}

/* What none of the calls may read or write: nothing, the kernel, a page that is not there. */
static size_t bad_pointers(void **ret_pointers)
{
	unsigned char *pages =
		mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t n = 0;

	CHECK(pages != MAP_FAILED);
	CHECK_EQ(munmap(pages + PAGE, 3 * PAGE), 0);
	ret_pointers[n++] = NULL;
	ret_pointers[n++] = (void *)KERNEL_ADDRESS;
	ret_pointers[n++] = (void *)UINTPTR_MAX;
	ret_pointers[n++] = pages + PAGE;
	ret_pointers[n++] = pages + PAGE - 2; /* begins in a page that is there */
	return n;
}

static void bad_argument_pointers(const void *arg)
{
	int fd = open_driver();
	void *pointers[8];
	size_t count = bad_pointers(pointers);

	(void)arg;
	for (size_t i = 0; i < COUNT(management_calls); i++)
		for (size_t p = 0; p < count; p++)
			CHECK_EQ(call(fd, management_calls[i], pointers[p]), -EFAULT);
	create_good(ZONE, 0);
	fd = open_bound(ZONE);
	for (size_t i = 0; i < COUNT(bound_calls); i++)
		for (size_t p = 0; p < count; p++)
			CHECK_EQ(call(fd, bound_calls[i], pointers[p]), -EFAULT);
}

static void bad_inner_pointers(const void *arg)
{
	int fd = open_driver();
	void *pointers[8];
	size_t count = bad_pointers(pointers);

	(void)arg;
	pointers[count++] = (void *)HYPERVISOR_ADDRESS; /* means nothing in this process */
	for (size_t p = 0; p < count; p++) {
		struct hv_ioc_create request = { .config = (uintptr_t)pointers[p] };
		struct hv_ioc_get get = { .zone_id = 0, .buffer = (uintptr_t)pointers[p] };

		CHECK_EQ(call(fd, HV_IOC_ZONE_CREATE, &request), -EFAULT);
		CHECK_EQ(call(fd, HV_IOC_ZONE_STATUS, &get), -EFAULT);
		CHECK_EQ(call(fd, HV_IOC_ZONE_CONFIG, &get), -EFAULT);
	}
}

static void read_only_memory_for_answers(const void *arg)
{
	void *page = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct hv_ioc_get get = { .zone_id = 0, .buffer = (uintptr_t)page };
	int fd = open_driver();

	(void)arg;
	CHECK(page != MAP_FAILED);
	CHECK_EQ(call(fd, HV_IOC_VERSION, page), -EFAULT);
	CHECK_EQ(call(fd, HV_IOC_PLATFORM, page), -EFAULT);
	CHECK_EQ(call(fd, HV_IOC_ZONE_LIST, page), -EFAULT);
	CHECK_EQ(call(fd, HV_IOC_ZONE_STATUS, &get), -EFAULT);
}

static void answers_are_sane(const void *arg)
{
	uint32_t version = 0;
	uint64_t zones = 0;
	struct hv_stats stats;
	HvPlatform board;
	HvZoneConfig root;
	int fd = open_driver();

	(void)arg;
	CHECK_EQ(call(fd, HV_IOC_VERSION, &version), 0);
	CHECK_EQ(version, HV_ABI_VERSION);
	CHECK_EQ(call(fd, HV_IOC_PLATFORM, &board), 0);
	CHECK(board.magic == HV_PLATFORM_MAGIC && board.size == sizeof(board) && board.num_cpus == 4);
	CHECK_EQ(call(fd, HV_IOC_ROOT_CONFIG, &root), 0);
	CHECK(root.magic == HV_CONFIG_MAGIC && root.zone_id == 0 && strcmp(root.name, "root") == 0);
	CHECK_EQ(call(fd, HV_IOC_STATS, &stats), 0);
	CHECK(stats.size == sizeof(stats) && stats.pool_used != 0 && stats.pool_used <= stats.pool_pages);
	CHECK_EQ(call(fd, HV_IOC_ZONE_LIST, &zones), 0);
	CHECK((zones & 1) == 1);
	CHECK_EQ(status_of(0).state, HV_ZONE_RUNNING);
}

static void reserved_fields(const void *arg)
{
	struct hv_ioc_get get = { .zone_id = 0, .reserved = 1, .buffer = (uintptr_t)scratch() };
	int fd = open_driver();

	(void)arg;
	CHECK_EQ(call(fd, HV_IOC_ZONE_STATUS, &get), -EINVAL);
	CHECK_EQ(call(fd, HV_IOC_ZONE_CONFIG, &get), -EINVAL);
}

static void impossible_zone_ids(const void *arg)
{
	static const unsigned long calls[] = { HV_IOC_ZONE_START, HV_IOC_ZONE_STOP,   HV_IOC_ZONE_DESTROY,
					       HV_IOC_ZONE_PAUSE, HV_IOC_ZONE_RESUME, HV_IOC_BIND };
	int fd = open_driver();

	(void)arg;
	for (size_t i = 0; i < COUNT(impossible_ids); i++) {
		struct hv_ioc_get get = { .zone_id = impossible_ids[i], .buffer = (uintptr_t)scratch() };

		for (size_t c = 0; c < COUNT(calls); c++)
			CHECK_EQ(call_zone(fd, calls[c], impossible_ids[i]), -EINVAL);
		CHECK_EQ(call(fd, HV_IOC_ZONE_STATUS, &get), -EINVAL);
		CHECK_EQ(call(fd, HV_IOC_ZONE_CONFIG, &get), -EINVAL);
	}
}

static void the_root_zone_is_not_to_be_had(const void *arg)
{
	int fd = open_driver();

	(void)arg;
	CHECK_EQ(call_zone(fd, HV_IOC_ZONE_START, 0), -EINVAL);
	CHECK_EQ(call_zone(fd, HV_IOC_ZONE_STOP, 0), -EINVAL);
	CHECK_EQ(call_zone(fd, HV_IOC_ZONE_DESTROY, 0), -EINVAL);
	CHECK_EQ(call_zone(fd, HV_IOC_ZONE_PAUSE, 0), -EINVAL);
	CHECK_EQ(call_zone(fd, HV_IOC_ZONE_RESUME, 0), -EINVAL);
	CHECK_EQ(call_zone(fd, HV_IOC_BIND, 0), -EINVAL);
}

static void zones_that_are_not_there(const void *arg)
{
	struct hv_ioc_get get = { .zone_id = ZONE, .buffer = (uintptr_t)scratch() };
	int fd = open_driver();

	(void)arg;
	CHECK_EQ(call_zone(fd, HV_IOC_ZONE_START, ZONE), -ENOENT);
	CHECK_EQ(call_zone(fd, HV_IOC_ZONE_STOP, ZONE), -ENOENT);
	CHECK_EQ(call_zone(fd, HV_IOC_ZONE_DESTROY, ZONE), -ENOENT);
	CHECK_EQ(call_zone(fd, HV_IOC_ZONE_PAUSE, ZONE), -ENOENT);
	CHECK_EQ(call_zone(fd, HV_IOC_ZONE_RESUME, ZONE), -ENOENT);
	CHECK_EQ(call_zone(fd, HV_IOC_BIND, ZONE), -ENOENT);
	CHECK_EQ(call(fd, HV_IOC_ZONE_CONFIG, &get), -ENOENT);
}

static void a_bound_handle_cannot_manage(const void *arg)
{
	int fd;

	(void)arg;
	create_good(ZONE, 0);
	fd = open_bound(ZONE);
	for (size_t i = 0; i < COUNT(management_calls); i++)
		CHECK_EQ(call(fd, management_calls[i], scratch()), -EBADF);
	CHECK_EQ(status_of(ZONE).state, HV_ZONE_LOADING);
}

static void a_management_handle_has_no_zone(const void *arg)
{
	int fd = open_driver();

	(void)arg;
	create_good(ZONE, 0);
	for (size_t i = 0; i < COUNT(bound_calls); i++)
		CHECK_EQ(call(fd, bound_calls[i], scratch()), -EBADF);
	CHECK(map(fd, HV_MMAP_RAM + RAM_IPA, PAGE) == MAP_FAILED && errno == EBADF);
	CHECK(map(fd, HV_MMAP_RING, PAGE) == MAP_FAILED && errno == EBADF);
}

static void eventfds_that_are_none(const void *arg)
{
	int fd = open_driver();
	int bound, ends[2], closed = make_eventfd();

	(void)arg;
	create_good(ZONE, 0);
	bound = open_bound(ZONE);
	CHECK_EQ(pipe(ends), 0);
	close(closed);
	for (int i = 0; i < 2; i++) {
		unsigned long cmd = i == 0 ? HV_IOC_EVENTFD : HV_IOC_REQUEST_EVENTFD;
		int handle = i == 0 ? fd : bound;

		CHECK_EQ(call(handle, cmd, &ends[0]), -EINVAL);
		CHECK_EQ(call(handle, cmd, &closed), -EBADF);
		CHECK_EQ(call(handle, cmd, &(int32_t){ -2 }), -EBADF);
		CHECK_EQ(call(handle, cmd, &(int32_t){ INT32_MIN }), -EBADF);
		CHECK_EQ(call(handle, cmd, &(int32_t){ -1 }), 0);
	}
}

static void changes_reach_the_eventfd(const void *arg)
{
	int fd = open_driver(), events = make_eventfd(), other = make_eventfd();

	(void)arg;
	CHECK_EQ(call(fd, HV_IOC_EVENTFD, &events), 0);
	create_good(ZONE, 0);
	CHECK(take_events(events, 20000) != 0);
	CHECK_EQ(call(fd, HV_IOC_EVENTFD, &other), 0);
	remove_zone(ZONE);
	CHECK(take_events(other, 20000) != 0);
	CHECK_EQ(take_events(events, 0), 0);
	CHECK_EQ(call(fd, HV_IOC_EVENTFD, &(int32_t){ -1 }), 0);
	take_events(other, 0);
	create_good(ZONE, 0);
	CHECK_EQ(take_events(other, 100), 0);
}

/* The driver holds the eventfd itself, whatever becomes of the descriptor. */
static void an_eventfd_closed_meanwhile(const void *arg)
{
	int fd = open_driver(), watcher = open_driver(), events = make_eventfd(), witness = make_eventfd();

	(void)arg;
	CHECK_EQ(call(fd, HV_IOC_EVENTFD, &events), 0);
	CHECK_EQ(call(watcher, HV_IOC_EVENTFD, &witness), 0);
	close(events);
	create_good(ZONE, 0);
	CHECK(take_events(witness, 20000) != 0);
	close(fd);
	remove_zone(ZONE);
	CHECK(take_events(witness, 20000) != 0);
}

static void binding_ends_the_watch(const void *arg)
{
	int fd = open_driver(), watcher = open_driver(), events = make_eventfd(), witness = make_eventfd();

	(void)arg;
	create_good(ZONE, 0);
	CHECK_EQ(call(fd, HV_IOC_EVENTFD, &events), 0);
	CHECK_EQ(call_zone(fd, HV_IOC_BIND, ZONE), 0);
	CHECK_EQ(call(watcher, HV_IOC_EVENTFD, &witness), 0);
	take_events(events, 0);
	create_good(OTHER_ZONE, 0);
	CHECK(take_events(witness, 20000) != 0);
	CHECK_EQ(take_events(events, 0), 0);
}

static void nothing_but_calls_and_mappings(const void *arg)
{
	int fd = open_driver();
	char byte = 0;

	(void)arg;
	CHECK(read(fd, &byte, 1) == -1 && errno == EINVAL);
	CHECK(write(fd, &byte, 1) == -1 && errno == EINVAL);
	CHECK(lseek(fd, 1, SEEK_SET) == -1 && errno == ESPIPE);
	CHECK(ftruncate(fd, 0) == -1);
}

/* The device process opens nothing itself: it gets a bound handle and drops its rights. */
static void other_users(const void *arg)
{
	struct stat st;
	HvZoneConfig config;
	int bound;

	(void)arg;
	create_good(ZONE, 0);
	bound = open_bound(ZONE);
	CHECK_EQ(stat("/dev/hvisor", &st), 0);
	CHECK_EQ(st.st_mode & 07777, 0600);
	CHECK_EQ(setgid(NOBODY), 0);
	CHECK_EQ(setuid(NOBODY), 0);
	CHECK(open("/dev/hvisor", O_RDWR) == -1 && errno == EACCES);
	CHECK_EQ(call(bound, HV_IOC_BOUND_CONFIG, &config), 0);
	CHECK_EQ(config.zone_id, ZONE);
	CHECK_EQ(touch(map_ram(bound, HV_MMAP_RAM + RAM_IPA, PAGE)), 0);
}

static const struct driver_case cases[] = {
	CASE(unknown_numbers),
	CASE(wrong_sizes_and_directions),
	CASE(bad_argument_pointers),
	CASE(bad_inner_pointers),
	CASE(read_only_memory_for_answers),
	CASE(answers_are_sane),
	CASE(reserved_fields),
	CASE(impossible_zone_ids),
	CASE(the_root_zone_is_not_to_be_had),
	CASE(zones_that_are_not_there),
	CASE(a_bound_handle_cannot_manage),
	CASE(a_management_handle_has_no_zone),
	CASE(eventfds_that_are_none),
	CASE(changes_reach_the_eventfd),
	CASE(an_eventfd_closed_meanwhile),
	CASE(binding_ends_the_watch),
	CASE(nothing_but_calls_and_mappings),
	CASE(other_users),
};

const struct driver_suite driver_calls = { cases, COUNT(cases) };
