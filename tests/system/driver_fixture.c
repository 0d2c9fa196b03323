// SPDX-License-Identifier: GPL-2.0-or-later
#include "driver_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>

#define DEVICE "/dev/hvisor"
#define WAIT_STEPS 2000
#define WAIT_STEP_US 10000

int call(int fd, unsigned long cmd, const void *arg)
{
	return ioctl(fd, cmd, arg) < 0 ? -errno : 0;
}

int call_zone(int fd, unsigned long cmd, uint32_t zone)
{
	return call(fd, cmd, &zone);
}

int open_driver(void)
{
	int fd = open(DEVICE, O_RDWR | O_CLOEXEC);

	CHECK(fd >= 0);
	return fd;
}

int open_bound(uint32_t zone)
{
	int fd = open_driver();

	CHECK_EQ(call_zone(fd, HV_IOC_BIND, zone), 0);
	return fd;
}

HvZoneConfig good_config(uint32_t zone)
{
	uint64_t up = zone == ZONE ? 0 : 0x1000000;
	HvPlatform board;
	int fd = open_driver();

	CHECK_EQ(call(fd, HV_IOC_PLATFORM, &board), 0);
	close(fd);
	HvZoneConfig config = {
		.magic = HV_CONFIG_MAGIC,
		.version = HV_CONFIG_VERSION,
		.size = sizeof(HvZoneConfig),
		.zone_id = zone,
		.num_cpus = 1,
		.cpus = zone == ZONE ? 1u << 3 : 1u << 2,
		.num_regions = 3,
		.entry_point = RAM_IPA,
		.kernel_load_paddr = RAM_PA + up,
		.kernel_size = PAGE,
		.gic = board.gic,
		.name = "driver test",
		.regions = {
			{ HV_REGION_RAM, 0, RAM_PA + up, RAM_IPA, RAM_SIZE },
			{ HV_REGION_RAM, 0, HIGH_PA + up, HIGH_IPA, HIGH_SIZE },
			{ HV_REGION_VIRTIO, 0, 0, VIRTIO_IPA, 0x200 },
		},
	};
	hv_intid_add(&config.virtual_interrupts, VIRTIO_INTID);
	return config;
}

int create(const HvZoneConfig *config, struct hv_violation *ret_violation)
{
	struct hv_ioc_create request = { .config = (uintptr_t)config };
	int fd = open_driver();
	int err = call(fd, HV_IOC_ZONE_CREATE, &request);

	close(fd);
	*ret_violation = hv_violation_unpack(request.violation);
	return err;
}

void create_good(uint32_t zone, uint32_t flags)
{
	HvZoneConfig config = good_config(zone);
	struct hv_violation violation;

	config.flags = flags;
	CHECK_EQ(create(&config, &violation), 0);
}

static int get_status(uint32_t zone, struct hv_zone_status *ret_status)
{
	struct hv_ioc_get request = { .zone_id = zone, .buffer = (uintptr_t)ret_status };
	int fd = open_driver();
	int err = call(fd, HV_IOC_ZONE_STATUS, &request);

	close(fd);
	return err;
}

struct hv_zone_status status_of(uint32_t zone)
{
	struct hv_zone_status status;

	CHECK_EQ(get_status(zone, &status), 0);
	return status;
}

void print_status(uint32_t zone)
{
	struct hv_zone_status s = status_of(zone);

	printf("# zone %u: state %u, reason %u, esr %#llx, ipa %#llx, far %#llx, pc %#llx\n", zone, s.state,
	       s.reason, (unsigned long long)s.esr, (unsigned long long)s.ipa, (unsigned long long)s.far,
	       (unsigned long long)s.pc);
}

bool wait_state(uint32_t zone, uint32_t state)
{
	for (int i = 0; i < WAIT_STEPS; i++) {
		if (status_of(zone).state == state)
			return true;
		usleep(WAIT_STEP_US);
	}
	print_status(zone);
	return false;
}

void start_zone(uint32_t zone)
{
	int fd = open_driver();

	CHECK_EQ(call_zone(fd, HV_IOC_ZONE_START, zone), 0);
	close(fd);
}

void remove_zone(uint32_t zone)
{
	struct hv_zone_status status;
	int fd = open_driver();

	if (get_status(zone, &status) == -ENOENT)
		status.state = HV_ZONE_NONE;
	if (status.state == HV_ZONE_RUNNING || status.state == HV_ZONE_PAUSED)
		CHECK_EQ(call_zone(fd, HV_IOC_ZONE_STOP, zone), 0);
	if (status.state == HV_ZONE_RUNNING || status.state == HV_ZONE_PAUSED ||
	    status.state == HV_ZONE_STOPPING)
		CHECK(wait_state(zone, HV_ZONE_ENDED));
	if (status.state != HV_ZONE_NONE && status.state != HV_ZONE_SCRUBBING)
		CHECK_EQ(call_zone(fd, HV_IOC_ZONE_DESTROY, zone), 0);
	if (status.state != HV_ZONE_NONE)
		CHECK(wait_state(zone, HV_ZONE_NONE));
	close(fd);
}

void *map(int fd, uint64_t offset, uint64_t size)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)offset);
}

void *map_ram(int fd, uint64_t offset, uint64_t size)
{
	void *at = map(fd, offset, size);

	CHECK(at != MAP_FAILED);
	return at;
}

static _Thread_local sigjmp_buf touch_jump;

static void touch_failed(int number)
{
	siglongjmp(touch_jump, number);
}

static int guarded(volatile unsigned char *at, bool write)
{
	struct sigaction action = { .sa_handler = touch_failed };
	int number;

	sigaction(SIGBUS, &action, NULL);
	sigaction(SIGSEGV, &action, NULL);
	number = sigsetjmp(touch_jump, 1);
	if (number == 0) {
		unsigned char byte = *at;

		if (write)
			*at = byte;
	}
	return number;
}

int touch(volatile void *at)
{
	return guarded(at, true);
}

int peek(const volatile void *at)
{
	return guarded((volatile unsigned char *)(uintptr_t)at, false);
}

int make_eventfd(void)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	CHECK(fd >= 0);
	return fd;
}

uint64_t take_events(int fd, int timeout_ms)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	eventfd_t count = 0;

	if (poll(&wait, 1, timeout_ms) == 1)
		CHECK_EQ(eventfd_read(fd, &count), 0);
	return count;
}

/* Position-independent; x1 = VIRTIO_IPA (QueueNotify: + 0x50), x2 = RAM_IPA + PAGE, SYSTEM_OFF = 0x84000008 (PSCI 5.10). */
__asm__(".pushsection .rodata\n"
	".globl guest_park_start, guest_park_end, guest_ask_start, guest_ask_end\n"
	".globl guest_notify_start, guest_notify_end\n"
	".balign 8\n"
	"guest_park_start:\n"
	"	wfi\n"
	"	b	guest_park_start\n"
	"guest_park_end:\n"
	"guest_ask_start:\n"
	"	movz	x1, #0x3c00\n"
	"	movk	x1, #0x0a00, lsl #16\n"
	"	ldr	w0, [x1]\n"
	"	movz	x2, #0x1000\n"
	"	movk	x2, #0x4000, lsl #16\n"
	"	str	w0, [x2]\n"
	"	dsb	sy\n"
	"	movz	w0, #0x0008\n"
	"	movk	w0, #0x8400, lsl #16\n"
	"	hvc	#0\n"
	"	b	.\n"
	"guest_ask_end:\n"
	"guest_notify_start:\n"
	"	movz	x1, #0x3c50\n"
	"	movk	x1, #0x0a00, lsl #16\n"
	"1:	str	wzr, [x1]\n"
	"	b	1b\n"
	"guest_notify_end:\n"
	".popsection\n");

extern const char guest_park_start[], guest_park_end[], guest_ask_start[], guest_ask_end[];
extern const char guest_notify_start[], guest_notify_end[];

struct guest guest_park(void)
{
	return (struct guest){ guest_park_start, (size_t)(guest_park_end - guest_park_start) };
}

struct guest guest_ask(void)
{
	return (struct guest){ guest_ask_start, (size_t)(guest_ask_end - guest_ask_start) };
}

struct guest guest_notify(void)
{
	return (struct guest){ guest_notify_start, (size_t)(guest_notify_end - guest_notify_start) };
}
