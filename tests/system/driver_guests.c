// SPDX-License-Identifier: GPL-2.0-or-later
/* Zones that run: their memory, their requests, the driver that goes and comes back. */
#include "driver_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define ANSWER 0x74726976u
#define RACES 300

struct loaded {
	int fd;
	unsigned char *ram;
	struct hv_ring *ring;
};

static struct loaded load(struct guest guest, uint32_t flags)
{
	struct loaded zone;

	create_good(ZONE, flags);
	zone.fd = open_bound(ZONE);
	zone.ram = map_ram(zone.fd, RAM_IPA, RAM_SIZE);
	zone.ring = map_ram(zone.fd, HV_MMAP_RING, PAGE);
	memcpy(zone.ram, guest.code, guest.size);
	CHECK_EQ(zone.ring->magic, HV_RING_MAGIC);
	return zone;
}

static void start_hides_ram(const void *arg)
{
	struct loaded zone = load(guest_park(), 0);

	(void)arg;
	start_zone(ZONE);
	CHECK_EQ(touch(zone.ram), SIGBUS);
	CHECK_EQ(touch(zone.ram + RAM_SIZE - 1), SIGBUS);
	CHECK_EQ(peek(zone.ring), 0);
	/* A handle that comes later sees no more. */
	CHECK_EQ(touch(map_ram(open_bound(ZONE), RAM_IPA, PAGE)), SIGBUS);
	CHECK_EQ(call_zone(open_driver(), HV_IOC_ZONE_START, ZONE), -EBUSY);
	CHECK_EQ(call_zone(open_driver(), HV_IOC_ZONE_DESTROY, ZONE), -EBUSY);
	CHECK_EQ(call_zone(open_driver(), HV_IOC_ZONE_STOP, ZONE), 0);
	CHECK(wait_state(ZONE, HV_ZONE_ENDED));
	CHECK_EQ(touch(zone.ram), SIGBUS);
}

static void start_leaves_ram_for_devices(const void *arg)
{
	struct loaded zone = load(guest_park(), HV_CONFIG_ROOT_SEES_RAM);

	(void)arg;
	zone.ram[PAGE] = 7;
	start_zone(ZONE);
	CHECK_EQ(zone.ram[PAGE], 7);
	CHECK_EQ(touch(zone.ram + RAM_SIZE - 1), 0);
	/* Refused, and nothing is lost by it. */
	CHECK_EQ(call_zone(open_driver(), HV_IOC_ZONE_DESTROY, ZONE), -EBUSY);
	CHECK_EQ(zone.ram[PAGE], 7);
	CHECK_EQ(touch(zone.ring), 0);
	remove_zone(ZONE);
	CHECK_EQ(touch(zone.ram), SIGBUS);
}

static void interrupts_into_a_zone(const void *arg)
{
	static const uint32_t wrong[] = { 0, 27, 32, 77, 79, 212, 1023, 1024, 0x80000000, UINT32_MAX };
	struct loaded zone = load(guest_park(), 0);
	uint32_t intid = VIRTIO_INTID;

	(void)arg;
	CHECK_EQ(call(zone.fd, HV_IOC_INJECT, &intid), -EBUSY);
	start_zone(ZONE);
	CHECK_EQ(call(zone.fd, HV_IOC_INJECT, &intid), 0);
	for (size_t i = 0; i < COUNT(wrong); i++)
		CHECK_EQ(call(zone.fd, HV_IOC_INJECT, &wrong[i]), -EINVAL);
}

/* The request that the guest's load made, still in the ring. */
static struct hv_request wait_request(const struct loaded *zone, int events)
{
	uint32_t tail = zone->ring->tail;

	if (__atomic_load_n(&zone->ring->head, __ATOMIC_ACQUIRE) == tail && take_events(events, 20000) == 0)
		print_status(ZONE);
	CHECK(__atomic_load_n(&zone->ring->head, __ATOMIC_ACQUIRE) != tail);
	return zone->ring->request[tail % HV_RING_SLOTS];
}

static struct hv_request asked(struct loaded *zone, int events)
{
	*zone = load(guest_ask(), HV_CONFIG_ROOT_SEES_RAM);
	CHECK_EQ(call(zone->fd, HV_IOC_REQUEST_EVENTFD, &events), 0);
	start_zone(ZONE);
	return wait_request(zone, events);
}

static void a_request_is_answered(const void *arg)
{
	struct loaded zone;
	struct hv_request request = asked(&zone, make_eventfd());
	struct hv_ioc_complete answer = { request.vcpu, request.seq, ANSWER };

	(void)arg;
	CHECK(request.ipa == VIRTIO_IPA && request.size == 4 && request.kind == HV_REQUEST_READ);
	CHECK(request.vcpu == 0 && request.seq != 0);
	zone.ring->tail = hv_ring_next(zone.ring->tail);
	CHECK_EQ(call(zone.fd, HV_IOC_COMPLETE, &answer), 0);
	CHECK(wait_state(ZONE, HV_ZONE_ENDED));
	CHECK_EQ(status_of(ZONE).reason, HV_REASON_GUEST_OFF);
	CHECK_EQ(*(volatile uint32_t *)(zone.ram + PAGE), ANSWER);
	CHECK_EQ(call(zone.fd, HV_IOC_COMPLETE, &answer), -EBUSY);
}

static void answers_nobody_waits_for(const void *arg)
{
	struct loaded zone;
	struct hv_request request = asked(&zone, make_eventfd());
	const struct hv_ioc_complete wrong[] = {
		{ 0, 0, ANSWER },
		{ 0, request.seq + 1, ANSWER },
		{ 0, request.seq - 1, ANSWER },
		{ 1, request.seq, ANSWER },
		{ 64, request.seq, ANSWER },
		{ UINT32_MAX, request.seq, ANSWER },
		{ 0x10000, request.seq, ANSWER },
	};

	(void)arg;
	for (size_t i = 0; i < COUNT(wrong); i++)
		CHECK_EQ(call(zone.fd, HV_IOC_COMPLETE, &wrong[i]), -EINVAL);
	CHECK_EQ(status_of(ZONE).state, HV_ZONE_RUNNING);
}

/* Nobody serves the device: the vCPU sleeps in EL2, and is stopped all the same. */
static void stop_while_a_request_waits(const void *arg)
{
	struct loaded zone;

	(void)arg;
	asked(&zone, make_eventfd());
	CHECK_EQ(call_zone(open_driver(), HV_IOC_ZONE_STOP, ZONE), 0);
	CHECK(wait_state(ZONE, HV_ZONE_ENDED));
	CHECK_EQ(status_of(ZONE).reason, HV_REASON_STOPPED);
}

/* Paused and resumed with all of it told by the eventfd; what the device answers meanwhile is kept. */
static void paused_while_a_request_waits(const void *arg)
{
	struct loaded zone;
	struct hv_request request = asked(&zone, make_eventfd());
	struct hv_ioc_complete reply = { 0, request.seq, ANSWER };
	int fd = open_driver(), changes = make_eventfd();

	(void)arg;
	CHECK_EQ(call(fd, HV_IOC_EVENTFD, &changes), 0);
	CHECK_EQ(call_zone(fd, HV_IOC_ZONE_RESUME, ZONE), -EBUSY);
	CHECK_EQ(call_zone(fd, HV_IOC_ZONE_PAUSE, ZONE), 0);
	CHECK(take_events(changes, 20000) != 0);
	CHECK_EQ(status_of(ZONE).state, HV_ZONE_PAUSED);
	CHECK_EQ(call_zone(fd, HV_IOC_ZONE_PAUSE, ZONE), -EBUSY);
	CHECK_EQ(call_zone(fd, HV_IOC_ZONE_DESTROY, ZONE), -EBUSY);
	CHECK_EQ(call_zone(zone.fd, HV_IOC_ZONE_RESUME, ZONE), -EBADF);
	CHECK_EQ(call(zone.fd, HV_IOC_COMPLETE, &reply), 0);
	CHECK_EQ(call(zone.fd, HV_IOC_COMPLETE, &reply), -EINVAL);
	CHECK_EQ(status_of(ZONE).state, HV_ZONE_PAUSED);
	CHECK_EQ(call_zone(fd, HV_IOC_ZONE_RESUME, ZONE), 0);
	CHECK(wait_state(ZONE, HV_ZONE_ENDED));
	CHECK_EQ(status_of(ZONE).reason, HV_REASON_GUEST_OFF);
	CHECK(take_events(changes, 20000) != 0);
}

/* A paused zone is stopped as a running one, and its mappings live until it is destroyed. */
static void stop_of_a_paused_zone(const void *arg)
{
	struct loaded zone = load(guest_park(), HV_CONFIG_ROOT_SEES_RAM);
	int fd = open_driver();

	(void)arg;
	start_zone(ZONE);
	CHECK_EQ(call_zone(fd, HV_IOC_ZONE_PAUSE, ZONE), 0);
	CHECK(wait_state(ZONE, HV_ZONE_PAUSED));
	CHECK_EQ(touch(zone.ring), 0);
	CHECK_EQ(call_zone(fd, HV_IOC_ZONE_STOP, ZONE), 0);
	CHECK(wait_state(ZONE, HV_ZONE_ENDED));
	CHECK_EQ(status_of(ZONE).reason, HV_REASON_STOPPED);
	remove_zone(ZONE);
	CHECK_EQ(touch(zone.ring), SIGBUS);
}

/* EL2 keeps its own count and believes the page nothing but how much room there is. */
static void a_ring_full_of_nonsense(const void *arg)
{
	struct loaded zone = load(guest_ask(), 0);

	(void)arg;
	memset(zone.ring, 0xff, PAGE);
	start_zone(ZONE);
	CHECK(wait_state(ZONE, HV_ZONE_ENDED));
	CHECK_EQ(status_of(ZONE).reason, HV_REASON_DEVICE);
	remove_zone(ZONE);
	create_good(ZONE, 0);
	CHECK_EQ(((struct hv_ring *)map_ram(open_bound(ZONE), HV_MMAP_RING, PAGE))->magic, HV_RING_MAGIC);
}

/* On the CPU that takes the driver's interrupt, too, somebody must be left to stop it. */
static void notifications_without_end(const void *arg)
{
	struct loaded zone = load(guest_notify(), 0);
	int events = make_eventfd();
	uint64_t wakeups = 0;
	cpu_set_t first;

	(void)arg;
	CPU_ZERO(&first);
	CPU_SET(0, &first);
	CHECK_EQ(sched_setaffinity(0, sizeof(first), &first), 0);
	CHECK_EQ(call(zone.fd, HV_IOC_REQUEST_EVENTFD, &events), 0);
	start_zone(ZONE);
	/* All is read at once each time, so that the next notification is worth an interrupt again. */
	for (int i = 0; i < 1000; i++) {
		__atomic_store_n(&zone.ring->overflow, 0, __ATOMIC_SEQ_CST);
		__atomic_store_n(&zone.ring->tail, __atomic_load_n(&zone.ring->head, __ATOMIC_ACQUIRE),
				 __ATOMIC_SEQ_CST);
		wakeups += take_events(events, 100);
	}
	CHECK(wakeups != 0);
	for (int i = 0; i < 100 && __atomic_load_n(&zone.ring->overflow, __ATOMIC_ACQUIRE) == 0; i++)
		(void)take_events(events, 100);
	CHECK_EQ(zone.ring->overflow, 1);
	CHECK_EQ(call_zone(open_driver(), HV_IOC_ZONE_STOP, ZONE), 0);
	CHECK(wait_state(ZONE, HV_ZONE_ENDED));
	CHECK_EQ(status_of(ZONE).reason, HV_REASON_STOPPED);
}

static void destroy_wakes_the_device_process(const void *arg)
{
	struct loaded zone = load(guest_park(), 0);
	int events = make_eventfd();

	(void)arg;
	CHECK_EQ(call(zone.fd, HV_IOC_REQUEST_EVENTFD, &events), 0);
	CHECK_EQ(take_events(events, 0), 0);
	remove_zone(ZONE);
	CHECK_EQ(take_events(events, 0), 1);
}

/* Pauses, resumes, binds, asks, maps and lets go, whatever the zone is just doing. */
static void *racer_main(void *arg)
{
	(void)arg;
	for (int i = 0; i < RACES; i++) {
		struct hv_ioc_complete answer = { 0, (uint32_t)i, 0 };
		uint32_t intid = VIRTIO_INTID;
		int fd = open_driver(), events = make_eventfd();
		HvZoneConfig config;

		call(fd, HV_IOC_EVENTFD, &events);
		call_zone(fd, i % 2 == 0 ? HV_IOC_ZONE_PAUSE : HV_IOC_ZONE_RESUME, ZONE);
		if (call_zone(fd, HV_IOC_BIND, ZONE) == 0) {
			void *at = map(fd, RAM_IPA, RAM_SIZE);

			call(fd, HV_IOC_REQUEST_EVENTFD, &events);
			call(fd, HV_IOC_INJECT, &intid);
			call(fd, HV_IOC_COMPLETE, &answer);
			call(fd, HV_IOC_BOUND_CONFIG, &config);
			if (at != MAP_FAILED) {
				touch((unsigned char *)at + (size_t)i * (size_t)PAGE);
				munmap(at, RAM_SIZE);
			}
		}
		close(events);
		close(fd);
	}
	return NULL;
}

static void lives_of_a_zone_against_racers(const void *arg)
{
	struct guest guest = guest_park();
	pthread_t threads[3];

	(void)arg;
	for (size_t i = 0; i < COUNT(threads); i++)
		CHECK_EQ(pthread_create(&threads[i], NULL, racer_main, NULL), 0);
	for (int round = 0; round < 15; round++) {
		int fd;

		create_good(ZONE, round % 2 == 0 ? HV_CONFIG_ROOT_SEES_RAM : 0);
		fd = open_bound(ZONE);
		memcpy(map_ram(fd, RAM_IPA, PAGE), guest.code, guest.size);
		if (round % 3 != 0)
			start_zone(ZONE);
		remove_zone(ZONE);
		close(fd);
	}
	for (size_t i = 0; i < COUNT(threads); i++)
		pthread_join(threads[i], NULL);
}

static int unload(void)
{
	return syscall(SYS_delete_module, "hvisor", O_NONBLOCK) == 0 ? 0 : -errno;
}

static int reload(void)
{
	int file = open(driver_module, O_RDONLY | O_CLOEXEC);
	int err = syscall(SYS_finit_module, file, "", 0) == 0 ? 0 : -errno;

	close(file);
	return err;
}

static void no_unloading_under_a_handle(const void *arg)
{
	int fd = open_driver();
	void *at;

	(void)arg;
	CHECK_EQ(unload(), -EWOULDBLOCK);
	create_good(ZONE, 0);
	CHECK_EQ(call_zone(fd, HV_IOC_BIND, ZONE), 0);
	at = map_ram(fd, RAM_IPA, PAGE);
	close(fd);
	CHECK_EQ(unload(), -EWOULDBLOCK);
	CHECK_EQ(touch(at), 0);
}

static void zones_outlive_the_driver(const void *arg)
{
	struct guest guest = guest_park();
	int fd, events;
	void *at;

	(void)arg;
	if (driver_module == NULL) {
		printf("# left out: no module given\n");
		return;
	}
	create_good(ZONE, 0);
	fd = open_bound(ZONE);
	at = map_ram(fd, RAM_IPA, PAGE);
	memcpy(at, guest.code, guest.size);
	munmap(at, PAGE);
	close(fd);
	start_zone(ZONE);
	CHECK_EQ(unload(), 0);
	CHECK_EQ(reload(), 0);
	CHECK_EQ(status_of(ZONE).state, HV_ZONE_RUNNING);
	/* What the new module must have found out by asking. */
	CHECK_EQ(touch(map_ram(open_bound(ZONE), RAM_IPA, PAGE)), SIGBUS);
	events = make_eventfd();
	CHECK_EQ(call(open_driver(), HV_IOC_EVENTFD, &events), 0);
	remove_zone(ZONE);
	CHECK(take_events(events, 20000) != 0);
}

static const struct driver_case cases[] = {
	CASE(start_hides_ram),
	CASE(start_leaves_ram_for_devices),
	CASE(interrupts_into_a_zone),
	CASE(a_request_is_answered),
	CASE(answers_nobody_waits_for),
	CASE(stop_while_a_request_waits),
	CASE(paused_while_a_request_waits),
	CASE(stop_of_a_paused_zone),
	CASE(a_ring_full_of_nonsense),
	CASE(notifications_without_end),
	CASE(destroy_wakes_the_device_process),
	CASE(lives_of_a_zone_against_racers),
	CASE(no_unloading_under_a_handle),
	CASE(zones_outlive_the_driver),
};

const struct driver_suite driver_guests = { cases, COUNT(cases) };
