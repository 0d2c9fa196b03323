/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hvisor-device as a program: descriptors, privileges, signals, exit codes and
 * what it says at its end. argv[1] is the program with virtio_fake_driver.c
 * linked in for the driver.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "device_process.h"
#include "refuse_rings.h"
#include "sandbox.h"
#include "test.h"
#include "virtio_blk.h"
#include "virtio_fake_driver.h"
#include "virtio_mmio.h"

#define ZONE 5u
#define WINDOW 0x0a003c00ull
#define LOW 0x50000000ull /* two regions that touch … */
#define LOW_SIZE 0x10000ull
#define FAR 0x90000000ull /* … and one apart */
#define CONSOLE "console,0xa003c00,0x200,78"

static const char *program;

struct run {
	int memory; /* the fake driver's file */
	int listen_fd;
	struct sockaddr_un address;
	socklen_t address_size;
	int disk; /* 0: none */
	bool no_rings;
	int stderr_fd;
	pid_t pid;
	struct hv_ring *ring;
	struct fake_control *control;
	uint8_t *ram; /* LOW and its neighbour */
};

static void *map(struct run *run, uint64_t offset, uint64_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, run->memory, (off_t)offset);

	CHECK(at != MAP_FAILED);
	return at;
}

static void make_config(HvZoneConfig *config)
{
	*config = (HvZoneConfig){
		.magic = HV_CONFIG_MAGIC,
		.version = HV_CONFIG_VERSION,
		.size = sizeof(*config),
		.zone_id = ZONE,
		.num_regions = 4,
		.regions = {
			{ .type = HV_REGION_RAM, .virtual_start = FAR, .size = 0x1000 },
			{ .type = HV_REGION_RAM, .virtual_start = LOW + LOW_SIZE, .size = LOW_SIZE },
			{ .type = HV_REGION_VIRTIO, .virtual_start = 0x0a000000, .size = 0x4000 },
			{ .type = HV_REGION_RAM, .virtual_start = LOW, .size = LOW_SIZE },
		},
	};
	hv_intid_add(&config->virtual_interrupts, 78);
}

static struct run prepare(void)
{
	struct run run = { .address.sun_family = AF_UNIX, .address_size = sizeof(sa_family_t) };

	run.memory = memfd_create("zone", 0);
	CHECK(run.memory >= 0);
	CHECK_EQ(ftruncate(run.memory, (off_t)FAKE_SIZE), 0);
	run.ring = map(&run, HV_MMAP_RING, sizeof(*run.ring));
	run.control = map(&run, FAKE_CONTROL, HV_PAGE_SIZE);
	run.ram = map(&run, HV_MMAP_RAM + LOW, 2 * LOW_SIZE);
	run.ring->magic = HV_RING_MAGIC;
	run.ring->version = HV_RING_VERSION;
	run.ring->slots = HV_RING_SLOTS;
	make_config(&run.control->config);
	run.listen_fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	CHECK_EQ(bind(run.listen_fd, (struct sockaddr *)&run.address, run.address_size), 0);
	run.address_size = sizeof(run.address);
	CHECK_EQ(getsockname(run.listen_fd, (struct sockaddr *)&run.address, &run.address_size), 0);
	CHECK_EQ(listen(run.listen_fd, 8), 0);
	return run;
}

static void move_fd(int from, int to)
{
	if (from < 0 || dup2(from, to) < 0)
		_exit(99);
}

/* extra: a descriptor that it must not keep; -1: none. */
static void spawn(struct run *run, char *const argv[], int extra)
{
	int fds[2];

	CHECK_EQ(pipe2(fds, O_CLOEXEC), 0);
	run->stderr_fd = fds[0];
	fflush(NULL);
	run->pid = fork();
	CHECK(run->pid >= 0);
	if (run->pid == 0) {
		const int memory = fcntl(run->memory, F_DUPFD, 20);
		const int listener = fcntl(run->listen_fd, F_DUPFD, 20);
		const int disk = run->disk > 0 ? fcntl(run->disk, F_DUPFD, 20) : -1;
		const int kept = extra < 0 ? -1 : fcntl(extra, F_DUPFD, 40);

		if (extra >= 0 && kept < 0)
			_exit(99);
		move_fd(fds[1], 2);
		close(DEVICE_FD_HANDLE);
		close(DEVICE_FD_LISTEN);
		if (run->memory >= 0)
			move_fd(memory, DEVICE_FD_HANDLE);
		if (run->listen_fd >= 0)
			move_fd(listener, DEVICE_FD_LISTEN);
		if (run->disk > 0)
			move_fd(disk, DEVICE_FD_FILES);
		if (run->no_rings && refuse_rings(ENOSYS))
			_exit(99);
		execv(program, argv);
		_exit(98);
	}
	close(fds[1]);
}

static struct run start(void)
{
	char *const argv[] = { (char *)"hvisor-device", (char *)"5", (char *)CONSOLE,
			       (char *)"region,0xa000000,0x4000,0", NULL };
	struct run run = prepare();

	spawn(&run, argv, -1);
	return run;
}

/* Exit code, and the lines it wrote to stderr (NULL: none wanted). */
static int finish(struct run *run, const char *wanted)
{
	char text[4096];
	size_t size = 0;
	ssize_t got;
	int status;

	while ((got = read(run->stderr_fd, text + size, sizeof(text) - 1 - size)) > 0)
		size += (size_t)got;
	text[size] = '\0';
	CHECK_EQ(waitpid(run->pid, &status, 0), run->pid);
	if (wanted ? strstr(text, wanted) == NULL || strchr(text, '\n') != text + size - 1 : size > 0)
		printf("# it said: %s\n", text);
	if (wanted) {
		CHECK(strstr(text, wanted) != NULL);
		CHECK(strchr(text, '\n') == text + size - 1); /* one line */
	} else {
		CHECK_EQ(size, 0);
	}
	close(run->stderr_fd);
	CHECK(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void post(struct run *run, uint32_t kind, uint64_t ipa, uint64_t value, uint32_t seq)
{
	const uint32_t head = run->ring->head;

	run->ring->request[head % HV_RING_SLOTS] = (struct hv_request){
		.ipa = ipa, .value = value, .seq = seq, .vcpu = 1, .size = 4, .kind = (uint8_t)kind
	};
	__atomic_store_n(&run->ring->head, hv_ring_next(head), __ATOMIC_RELEASE);
}

static void wait_completions(struct run *run, uint32_t count)
{
	while (__atomic_load_n(&run->control->completions, __ATOMIC_ACQUIRE) < count) {
		CHECK_EQ(waitpid(run->pid, NULL, WNOHANG), 0);
		usleep(500);
	}
}

static uint64_t ask(struct run *run, uint32_t kind, uint32_t offset, uint64_t value)
{
	const uint32_t before = run->control->completions;

	post(run, kind, WINDOW + offset, value, before + 1);
	wait_completions(run, before + 1);
	CHECK_EQ(run->control->last.seq, before + 1);
	CHECK_EQ(run->control->last.vcpu, 1);
	return run->control->last.value;
}

static int link_connect(struct run *run, uint64_t pos)
{
	const struct device_link_header hello = {
		DEVICE_LINK_MAGIC, DEVICE_LINK_FIRST, 0, DEVICE_LINK_HELLO, 0, DEVICE_LINK_VERSION, pos
	};
	struct device_link_header welcome;
	const int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	CHECK_EQ(connect(fd, (struct sockaddr *)&run->address, run->address_size), 0);
	CHECK_EQ(send(fd, &hello, sizeof(hello), MSG_NOSIGNAL), sizeof(hello));
	CHECK_EQ(recv(fd, &welcome, sizeof(welcome), 0), sizeof(welcome));
	CHECK_EQ(welcome.type, DEVICE_LINK_WELCOME);
	CHECK_EQ(welcome.arg, ZONE);
	for (unsigned left = welcome.console; left > 0; left--) {
		struct device_link_header room;

		CHECK_EQ(recv(fd, &room, sizeof(room), 0), sizeof(room));
		CHECK_EQ(room.type, DEVICE_LINK_ROOM);
	}
	return fd;
}

static void link_quit(int fd)
{
	const struct device_link_header quit = {
		DEVICE_LINK_MAGIC, DEVICE_LINK_VERSION, 0, DEVICE_LINK_QUIT, 0, 0, 0
	};

	CHECK_EQ(send(fd, &quit, sizeof(quit), MSG_NOSIGNAL), sizeof(quit));
}

/* Puts the output queue into use, with one buffer across the border of two regions. */
static void print_across(struct run *run, const char *text, uint32_t size)
{
	static const uint32_t setup[][2] = {
		{ 0x070, 3 },
		{ 0x024, 1 },
		{ 0x020, 1 },
		{ 0x070, 0xb },
		{ 0x030, 1 },
		{ 0x038, 4 },
		{ 0x080, LOW },
		{ 0x090, LOW + 0x1000 },
		{ 0x0a0, LOW + 0x2000 },
		{ 0x044, 1 },
		{ 0x070, 0xf },
	};
	struct virtqueue_desc desc = { LOW + LOW_SIZE - size / 2, size, 0, 0 };

	memcpy(run->ram + LOW_SIZE - size / 2, text, size);
	memcpy(run->ram, &desc, sizeof(desc));
	memset(run->ram + 0x1000, 0, 0x1000);
	for (size_t i = 0; i < COUNT(setup) - 1; i++)
		(void)ask(run, HV_REQUEST_WRITE, setup[i][0], setup[i][1]);
	__atomic_store_n((uint16_t *)(void *)(run->ram + 0x1002), 1, __ATOMIC_RELEASE);
	(void)ask(run, HV_REQUEST_WRITE, 0x070, 0xf);
	post(run, HV_REQUEST_WRITE, WINDOW + VIRTIO_MMIO_QUEUE_NOTIFY, 1, 0);
}

#define DISK_DATA 0x4000u /* offset in RAM, of as many bytes */

/* One request in queue 0: header, data and status in descriptors of their own. Returns the status. */
static uint8_t disk_do(struct run *run, uint16_t number, uint32_t type, uint32_t size)
{
	const uint16_t written = type == VIRTIO_BLK_T_IN ? VIRTQUEUE_DESC_WRITE : 0;
	const struct virtqueue_desc descs[] = {
		{ LOW + 0x3000, 16, VIRTQUEUE_DESC_NEXT, size > 0 ? 1 : 2 },
		{ LOW + DISK_DATA, size, VIRTQUEUE_DESC_NEXT | written, 2 },
		{ LOW + 0x3100, 1, VIRTQUEUE_DESC_WRITE, 0 },
	};
	const uint16_t *used = (const uint16_t *)(const void *)(run->ram + 0x2002);

	memcpy(run->ram, descs, sizeof(descs));
	memset(run->ram + 0x3000, 0, 16);
	memcpy(run->ram + 0x3000, &type, sizeof(type));
	run->ram[0x3100] = 0xee;
	__atomic_store_n((uint16_t *)(void *)(run->ram + 0x1002), number, __ATOMIC_RELEASE);
	post(run, HV_REQUEST_WRITE, WINDOW + VIRTIO_MMIO_QUEUE_NOTIFY, 0, 0);
	while (__atomic_load_n(used, __ATOMIC_ACQUIRE) != number) {
		CHECK_EQ(waitpid(run->pid, NULL, WNOHANG), 0);
		usleep(500);
	}
	return run->ram[0x3100];
}

/* Some descriptor of the process is a ring. */
static bool has_ring(pid_t pid)
{
	char path[64], target[64];

	for (int fd = 0; fd < 64; fd++) {
		ssize_t size;

		snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
		size = readlink(path, target, sizeof(target) - 1);
		target[size > 0 ? size : 0] = '\0';
		if (strstr(target, "io_uring"))
			return true;
	}
	return false;
}

/* This process could have one as well. */
static bool rings_work(void)
{
	struct disk_io *disk;
	int event;

	if (geteuid() != 0 || disk_io_new(fileno(tmpfile()), DISK_ENGINE_URING, &disk, &event))
		return false; /* others may not look at the process's descriptors */
	disk_io_free(disk);
	return true;
}

/* A disk works from within the sandbox, where neither files nor rings can be opened. */
static void check_disk(bool rings)
{
	static const uint32_t setup[][2] = {
		{ 0x070, 3 },
		{ 0x024, 1 },
		{ 0x020, 1 },
		{ 0x024, 0 },
		{ 0x020, 1u << 9 }, /* FLUSH */
		{ 0x070, 0xb },
		{ 0x030, 0 },
		{ 0x038, 4 },
		{ 0x080, LOW },
		{ 0x090, LOW + 0x1000 },
		{ 0x0a0, LOW + 0x2000 },
		{ 0x044, 1 },
		{ 0x070, 0xf },
	};
	char *const argv[] = { (char *)"hvisor-device", (char *)"5", (char *)"blk,0xa003c00,0x200,78,fd=5",
			       NULL };
	struct run run = prepare();
	uint8_t bytes[DISK_DATA];
	int fd;

	run.disk = fileno(tmpfile());
	run.no_rings = !rings;
	CHECK_EQ(ftruncate(run.disk, 1 << 20), 0);
	spawn(&run, argv, -1);
	CHECK_EQ(ask(&run, HV_REQUEST_READ, 8, 0), VIRTIO_BLK_ID);
	for (size_t i = 0; i < COUNT(setup); i++)
		(void)ask(&run, HV_REQUEST_WRITE, setup[i][0], setup[i][1]);
	CHECK(rings ? has_ring(run.pid) || !rings_work() : !has_ring(run.pid));
	memset(run.ram + DISK_DATA, 0x5a, DISK_DATA);
	CHECK_EQ(disk_do(&run, 1, VIRTIO_BLK_T_OUT, DISK_DATA), VIRTIO_BLK_S_OK);
	CHECK_EQ(disk_do(&run, 2, VIRTIO_BLK_T_FLUSH, 0), VIRTIO_BLK_S_OK);
	CHECK_EQ(pread(run.disk, bytes, sizeof(bytes), 0), sizeof(bytes));
	CHECK(memcmp(bytes, run.ram + DISK_DATA, DISK_DATA) == 0);
	memset(bytes, 0xa5, sizeof(bytes));
	CHECK_EQ(pwrite(run.disk, bytes, sizeof(bytes), 0), sizeof(bytes));
	CHECK_EQ(disk_do(&run, 3, VIRTIO_BLK_T_IN, DISK_DATA), VIRTIO_BLK_S_OK);
	CHECK(memcmp(bytes, run.ram + DISK_DATA, DISK_DATA) == 0);
	fd = link_connect(&run, 0);
	link_quit(fd);
	CHECK_EQ(finish(&run, NULL), 0);
}

static void disk(void)
{
	check_disk(true);
}

static void disk_on_threads(void)
{
	check_disk(false);
}

static void usage(void)
{
	static char *const cases[][3] = {
		{ NULL },
		{ (char *)"x", NULL },
		{ (char *)"-1", NULL },
		{ (char *)"32", NULL },
		{ (char *)"5x", NULL },
		{ (char *)"", NULL },
		{ (char *)"99999999999999999999", NULL },
		{ (char *)"5", (char *)"disk,1,2,3", NULL },
		{ (char *)"5", (char *)"console", NULL },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char *argv[] = { (char *)"hvisor-device", cases[i][0], cases[i][0] ? cases[i][1] : NULL,
				 NULL };
		struct run run = { .memory = -1, .listen_fd = -1 };

		spawn(&run, argv, -1);
		CHECK_EQ(finish(&run, argv[2] ? argv[2] : "usage"), 2);
	}
}

static void descriptors_missing(void)
{
	char *const argv[] = { (char *)"hvisor-device", (char *)"5", NULL };
	struct run run = { .memory = -1, .listen_fd = -1 };

	spawn(&run, argv, -1);
	CHECK_EQ(finish(&run, "descriptors"), 2);
}

static void life(void)
{
	struct run run = start();
	struct {
		struct device_link_header header;
		char data[64];
	} packet;
	int fd;

	CHECK_EQ(ask(&run, HV_REQUEST_READ, 0, 0), VIRTIO_MMIO_MAGIC);
	CHECK_EQ(ask(&run, HV_REQUEST_READ, 8, 0), VIRTIO_CONSOLE_ID);
	fd = link_connect(&run, 0);
	print_across(&run, "across the border", 17);
	CHECK_EQ(recv(fd, &packet, sizeof(packet), 0), sizeof(packet.header) + 17);
	CHECK(memcmp(packet.data, "across the border", 17) == 0);
	CHECK_EQ(run.control->injections, 1);
	link_quit(fd);
	CHECK_EQ(finish(&run, NULL), 0);
	CHECK_EQ(recv(fd, &packet, sizeof(packet), 0), 0);
}

/* The daemon dies with its end of stderr and its link; a new one finds all as it was. */
static void outlives_the_daemon(void)
{
	struct run run = start();
	int fd = link_connect(&run, 0);
	char text[64];

	print_across(&run, "kept", 4);
	CHECK(recv(fd, text, sizeof(text), 0) > 0);
	close(fd);
	close(run.stderr_fd);
	CHECK_EQ(kill(run.pid, SIGHUP), 0);
	CHECK_EQ(kill(run.pid, SIGPIPE), 0);
	CHECK_EQ(kill(run.pid, SIGINT), 0);
	/* a fault would be told to stderr, where nobody reads: */
	post(&run, HV_REQUEST_WRITE, WINDOW + 0x030, 0, 0);
	(void)ask(&run, HV_REQUEST_WRITE, 0x044, 1);
	CHECK(ask(&run, HV_REQUEST_READ, 0x070, 0) & VIRTIO_STATUS_NEEDS_RESET);
	fd = link_connect(&run, 0);
	CHECK_EQ(recv(fd, text, sizeof(text), 0), sizeof(struct device_link_header) + 4);
	link_quit(fd);
	run.stderr_fd = open("/dev/null", O_RDONLY);
	CHECK_EQ(finish(&run, NULL), 0);
}

static void terminated(void)
{
	struct run run = start();

	(void)ask(&run, HV_REQUEST_READ, 0, 0);
	CHECK_EQ(kill(run.pid, SIGTERM), 0);
	CHECK_EQ(finish(&run, "terminated"), DEVICE_PROCESS_FAILED);
}

static void memory_withdrawn(void)
{
	struct run run = start();

	(void)ask(&run, HV_REQUEST_READ, 0, 0);
	CHECK_EQ(ftruncate(run.memory, 0), 0);
	CHECK_EQ(finish(&run, "gone"), DEVICE_PROCESS_GONE);
}

static void zone_gone(void)
{
	struct run run = start();

	run.control->complete_error = ENOENT;
	post(&run, HV_REQUEST_READ, WINDOW, 0, 1);
	CHECK_EQ(finish(&run, "gone"), DEVICE_PROCESS_GONE);
}

static void ring_broken(void)
{
	struct run run = start();

	(void)ask(&run, HV_REQUEST_READ, 0, 0);
	run.ring->head = 5000;
	CHECK_EQ(finish(&run, "ring"), DEVICE_PROCESS_RING);
}

static void start_refused(void)
{
	static char *const arguments[] = { (char *)"5", (char *)"6", (char *)"5", (char *)"5", (char *)"5" };
	static char *const devices[] = { (char *)CONSOLE, (char *)CONSOLE, (char *)CONSOLE, (char *)CONSOLE,
					 (char *)"console,0xa003c00,0x200,77" };

	for (unsigned i = 0; i < COUNT(arguments); i++) {
		char *const argv[] = { (char *)"hvisor-device", arguments[i], devices[i], NULL };
		struct run run = prepare();

		if (i == 0)
			run.control->config_error = ENOENT;
		if (i == 2)
			run.control->config.version++;
		if (i == 3)
			run.ring->slots++;
		spawn(&run, argv, -1);
		CHECK_EQ(finish(&run, "cannot"), DEVICE_PROCESS_FAILED);
		close(run.memory);
		close(run.listen_fd);
	}
}

static void closes_the_rest(void)
{
	char *const argv[] = { (char *)"hvisor-device", (char *)"5", (char *)CONSOLE, NULL };
	struct run run = prepare();
	int fds[2], fd;
	char byte;

	CHECK_EQ(pipe2(fds, O_CLOEXEC), 0);
	spawn(&run, argv, fds[1]);
	close(fds[1]);
	CHECK_EQ(read(fds[0], &byte, 1), 0); /* ends when the last copy is closed */
	fd = link_connect(&run, 0);
	link_quit(fd);
	CHECK_EQ(finish(&run, NULL), 0);
}

/* The value of a line of /proc/PID/status. */
static void read_status(pid_t pid, const char *key, char *ret_value, size_t size)
{
	char path[64], line[256];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "r");
	CHECK(file != NULL);
	*ret_value = '\0';
	while (fgets(line, sizeof(line), file)) {
		if (strncmp(line, key, strlen(key)) == 0)
			snprintf(ret_value, size, "%s", line + strlen(key));
	}
	fclose(file);
}

static void privileges(void)
{
	struct run run = start();
	char value[256], wanted[64];
	int fd;

	(void)ask(&run, HV_REQUEST_READ, 0, 0);
	read_status(run.pid, "NoNewPrivs:", value, sizeof(value));
	CHECK_EQ(atoi(value), 1);
	CHECK_EQ(getsid(run.pid), run.pid);
	read_status(run.pid, "CapPrm:", value, sizeof(value));
	CHECK_EQ(strtoull(value, NULL, 16), 0);
	read_status(run.pid, "CapEff:", value, sizeof(value));
	CHECK_EQ(strtoull(value, NULL, 16), 0);
	read_status(run.pid, "CapInh:", value, sizeof(value));
	CHECK_EQ(strtoull(value, NULL, 16), 0);
	read_status(run.pid, "CapAmb:", value, sizeof(value));
	CHECK_EQ(strtoull(value, NULL, 16), 0);
	if (geteuid() == 0) {
		snprintf(wanted, sizeof(wanted), "\t%u\t%u\t%u\t%u\n", SANDBOX_FIRST_UID + ZONE,
			 SANDBOX_FIRST_UID + ZONE, SANDBOX_FIRST_UID + ZONE, SANDBOX_FIRST_UID + ZONE);
		read_status(run.pid, "Uid:", value, sizeof(value));
		CHECK(strcmp(value, wanted) == 0);
		read_status(run.pid, "Gid:", value, sizeof(value));
		CHECK(strcmp(value, wanted) == 0);
		read_status(run.pid, "Groups:", value, sizeof(value));
		CHECK_EQ(atoi(value), 0);
	}
	fd = link_connect(&run, 0);
	link_quit(fd);
	CHECK_EQ(finish(&run, NULL), 0);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		TEST(usage),           TEST(descriptors_missing), TEST(life),       TEST(outlives_the_daemon),
		TEST(terminated),      TEST(memory_withdrawn),    TEST(zone_gone),  TEST(ring_broken),
		TEST(start_refused),   TEST(closes_the_rest),     TEST(privileges), TEST(disk),
		TEST(disk_on_threads),
	};

	if (argc < 2) {
		fprintf(stderr, "usage: %s PROGRAM [NAME]\n", argv[0]);
		return 2;
	}
	program = argv[1];
	return test_main(tests, COUNT(tests), argc - 1, argv + 1);
}
