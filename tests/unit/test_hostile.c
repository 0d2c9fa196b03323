/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hostile driver (tests/hostile) against the device process's own code, in
 * this process: a request ring, 16 MiB of RAM, two disks, and a socket that
 * keeps datagrams whole in place of a tap.
 */
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "device_process.h"
#include "hostile.h"
#include "test.h"

#define TAP_IOCTLS 'T' /* linux/if_tun.h */
#define PATIENCE 5000u /* turns of at most a millisecond */

static struct hv_ring ring = { .magic = HV_RING_MAGIC, .version = HV_RING_VERSION, .slots = HV_RING_SLOTS };
static struct device_process process;
static uint8_t *ram;
static bool answered;
static uint64_t answer;
static unsigned interrupts[HV_MAX_INTIDS];
static int wire;

int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list arguments;
	void *argument;

	va_start(arguments, request);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	return _IOC_TYPE(request) == TAP_IOCTLS ? 0 : __real_ioctl(fd, request, argument);
}

static int complete(struct device_handle *handle, uint32_t vcpu, uint32_t seq, uint64_t value)
{
	(void)handle;
	CHECK(vcpu == 0 && seq == 1);
	answered = true;
	answer = value;
	return 0;
}

static int inject(struct device_handle *handle, uint32_t intid)
{
	CHECK(hv_intid_test(&handle->interrupts, intid));
	interrupts[intid]++;
	return 0;
}

static struct device_handle handle = { .complete = complete, .inject = inject, .ring = &ring, .zone_id = 1 };

/* What EL2 does with an access: a notification does not wait. */
static uint64_t ask(struct hv_request request)
{
	const bool notifies = request.kind == HV_REQUEST_WRITE && request.size == 4 &&
			      (request.ipa - HOSTILE_REGION) % 0x200 == H_QUEUE_NOTIFY;

	request.seq = notifies ? 0 : 1;
	if (notifies && hv_ring_used(ring.head, ring.tail) >= HV_RING_SLOTS - HV_RING_RESERVE) {
		ring.overflow = 1;
		return 0;
	}
	ring.request[ring.head % HV_RING_SLOTS] = request;
	__atomic_store_n(&ring.head, hv_ring_next(ring.head), __ATOMIC_RELEASE);
	answered = false;
	for (unsigned i = 0; !notifies && !answered && i < PATIENCE; i++)
		device_process_turn(&process, 0);
	CHECK(notifies || answered);
	CHECK_EQ(process.end, DEVICE_PROCESS_RUNNING);
	return answer;
}

uint64_t hostile_load(uint64_t ipa, uint32_t size)
{
	return ask((struct hv_request){ .ipa = ipa, .size = (uint8_t)size, .kind = HV_REQUEST_READ });
}

void hostile_store(uint64_t ipa, uint32_t size, uint64_t value)
{
	(void)ask((struct hv_request){
		.ipa = ipa, .value = value, .size = (uint8_t)size, .kind = HV_REQUEST_WRITE });
}

void *hostile_at(uint64_t ipa)
{
	CHECK(hv_range_contains(HOSTILE_RAM, HOSTILE_RAM_SIZE, ipa, 1));
	return ram + (ipa - HOSTILE_RAM);
}

static void empty_wire(void)
{
	static uint8_t frame[1 << 17];

	while (recv(wire, frame, sizeof(frame), MSG_DONTWAIT) > 0)
		;
}

bool hostile_until(bool (*done)(void *arg), void *arg)
{
	for (unsigned i = 0; i < PATIENCE; i++) {
		if (done(arg))
			return true;
		empty_wire();
		device_process_turn(&process, 1);
		CHECK_EQ(process.end, DEVICE_PROCESS_RUNNING);
	}
	return false;
}

unsigned hostile_interrupts(uint32_t intid)
{
	return interrupts[intid];
}

void hostile_say(const char *text)
{
	fputs(text, stdout);
}

void hostile_go_on(void)
{
	fflush(stdout);
}

static struct {
	pthread_t thread;
	void (*work)(struct hostile_device *device);
	struct hostile_device *device;
	bool end;
} other;

static void *race(void *argument)
{
	(void)argument;
	while (!__atomic_load_n(&other.end, __ATOMIC_RELAXED))
		other.work(other.device);
	return NULL;
}

void hostile_race(void (*work)(struct hostile_device *device), struct hostile_device *device)
{
	other.work = work;
	other.device = device;
	other.end = false;
	CHECK_EQ(pthread_create(&other.thread, NULL, race, NULL), 0);
}

void hostile_race_end(void)
{
	__atomic_store_n(&other.end, true, __ATOMIC_RELAXED);
	pthread_join(other.thread, NULL);
}

static int make_disk(void)
{
	const int fd = memfd_create("disk", MFD_CLOEXEC);

	CHECK(fd >= 0);
	CHECK_EQ(ftruncate(fd, (off_t)HOSTILE_DISK_SECTORS * 512), 0);
	return fd;
}

static int make_tap(void)
{
	int fds[2];

	CHECK_EQ(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fds), 0);
	wire = fds[1];
	return fds[0];
}

static void make_process(void)
{
	struct device_spec specs[H_KINDS + 1];
	unsigned count = 0;

	for (unsigned i = 0; i < H_KINDS; i++) {
		const struct hostile_device *device = &hostile_device[i];
		char options[64] = "", text[160];

		if (device->kind == H_CONSOLE)
			strcpy(options, ",ports=2");
		if (device->kind == H_BLK || device->kind == H_BLK_RO)
			snprintf(options, sizeof(options), ",fd=%d,ro=%d,queues=%d,block=512,serial=6162",
				 make_disk(), device->kind == H_BLK_RO, device->kind == H_BLK_RO ? 1 : 2);
		if (device->kind == H_NET)
			snprintf(options, sizeof(options), ",fd=%d,queues=1,mac=020000000001", make_tap());
		snprintf(text, sizeof(text), "%s,%#llx,%#x,%u%s",
			 device->kind == H_BLK_RO ? "blk" : device->name, (unsigned long long)device->ipa,
			 device->id ? 0x200 : 0x1000, device->intid, options);
		hv_intid_add(&handle.interrupts, device->intid);
		CHECK_EQ(device_spec_parse(text, &specs[count++]), 0);
	}
	CHECK_EQ(device_spec_parse("region,0xa000000,0x4000,0", &specs[count++]), 0);
	ram = mmap(NULL, HOSTILE_RAM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(ram != MAP_FAILED);
	CHECK_EQ(guest_memory_add(&handle.memory, HOSTILE_RAM, HOSTILE_RAM_SIZE, ram), 0);
	handle.request_fd = eventfd(0, EFD_NONBLOCK);
	CHECK_EQ(device_process_init(&process, &handle, -1, specs, count), 0);
}

int main(void)
{
	unsigned cases, failed, races;

	make_process();
	failed = hostile_run(false, &cases);
	failed += hostile_run(true, &races);
	cases += races;
	device_process_fini(&process);
	printf("%u passed, %u failed\n", cases - failed, failed);
	return failed == 0 && cases > 60 ? 0 : 1;
}
