/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What may be a zone's disk, and that no two zones write to one. */
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "disk.h"
#include "disk_io.h"
#include "files.h"
#include "test.h"

static char path[] = "/tmp/hvisor-disk-open.XXXXXX";

static void remove_file(void)
{
	unlink(path);
}

static struct config_device make_file(off_t size)
{
	const int fd = mkstemp(path);

	CHECK(fd >= 0);
	atexit(remove_file);
	CHECK_EQ(ftruncate(fd, size), 0);
	close(fd);
	return (struct config_device){
		.type = CONFIG_DEVICE_BLK, .ipa = 0xa000000, .path = path, .block_size = 512
	};
}

static void check_refused(const struct config_device *device, int error, const char *why)
{
	struct device_files_error message = { "" };
	int fd = -1;

	CHECK_EQ(disk_open(device, &fd, &message), error);
	CHECK_EQ(fd, -1);
	printf("# %s\n", message.message);
	CHECK(strstr(message.message, device->path) != NULL && strstr(message.message, "0xa000000") != NULL);
	CHECK(strstr(message.message, why) != NULL);
}

static int check_opened(const struct config_device *device)
{
	struct device_files_error message = { "" };
	int fd = -1;
	const int r = disk_open(device, &fd, &message);

	printf("# %s\n", message.message);
	CHECK_EQ(r, 0);
	CHECK_EQ(fcntl(fd, F_GETFL) & O_ACCMODE, device->readonly ? O_RDONLY : O_RDWR);
	return fd;
}

static void files(void)
{
	struct config_device device = make_file(1 << 20);
	char link[64];

	check_opened(&device);
	snprintf(link, sizeof(link), "%s.link", path);
	CHECK_EQ(symlink(path, link), 0);
	device.path = link;
	device.readonly = true;
	check_refused(&device, -EBUSY, "in use");
	CHECK_EQ(unlink(link), 0);
	check_refused(&device, -ENOENT, "No such file");
}

static void sizes(void)
{
	struct config_device device = make_file(0);

	check_refused(&device, -EINVAL, "blocks");
	CHECK_EQ(truncate(path, 511), 0);
	check_refused(&device, -EINVAL, "blocks");
	CHECK_EQ(truncate(path, 512), 0);
	close(check_opened(&device));
	device.block_size = 4096;
	check_refused(&device, -EINVAL, "blocks");
	CHECK_EQ(truncate(path, 8192), 0);
	close(check_opened(&device));
}

/* None of them is opened, and none makes us wait. */
static void other_kinds(void)
{
	struct config_device device = make_file(512);

	device.path = (char[]){ "/tmp" };
	check_refused(&device, -EINVAL, "neither");
	device.path = (char[]){ "/dev/null" };
	check_refused(&device, -EINVAL, "neither");
	remove_file();
	CHECK_EQ(mkfifo(path, 0600), 0);
	device.path = path;
	check_refused(&device, -EINVAL, "neither");
}

static void shared(void)
{
	const struct config_device writer = make_file(512);
	struct config_device reader = writer;
	int one, two;

	reader.readonly = true;
	one = check_opened(&reader);
	two = check_opened(&reader);
	check_refused(&writer, -EBUSY, "in use by another zone");
	close(one);
	close(two);
	one = check_opened(&writer);
	check_refused(&reader, -EBUSY, "in use by another zone");
	check_refused(&writer, -EBUSY, "in use by another zone");
	two = dup(one); /* as the device process has it */
	close(one);
	check_refused(&writer, -EBUSY, "in use by another zone");
	close(two);
	check_opened(&writer);
}

/* One that ends meanwhile is awaited. */
static void released_late(void)
{
	const struct config_device device = make_file(512);
	int ends[2];
	char byte;
	pid_t pid;

	CHECK_EQ(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		CHECK_EQ(write(ends[1], "x", check_opened(&device) >= 0), 1);
		usleep(200000);
		_exit(0);
	}
	CHECK_EQ(read(ends[0], &byte, 1), 1);
	check_opened(&device);
	CHECK_EQ(waitpid(pid, NULL, 0), pid);
}

static void ignore(struct disk_request *request, int result)
{
	(void)request;
	(void)result;
}

/* A device process that was killed with requests under way: the kernel ends them after it, and then lets go. */
static void killed(void)
{
	static struct disk_request requests[DISK_IO_REQUESTS];
	const struct config_device device = make_file(1 << 20);
	int ends[2], event;
	char byte;
	pid_t pid;

	CHECK_EQ(pipe(ends), 0);
	for (unsigned turn = 0; turn < 10; turn++) {
		pid = fork();
		if (pid == 0) {
			struct disk_io *disk;

			CHECK_EQ(disk_io_new(check_opened(&device), DISK_ENGINE_BEST, &disk, &event), 0);
			for (unsigned i = 0; i < DISK_IO_REQUESTS; i++) {
				requests[i] = (struct disk_request){
					.op = DISK_ZERO, .length = 1 << 20, .sync = true, .done = ignore
				};
				disk_io_submit(disk, &requests[i]);
			}
			CHECK_EQ(write(ends[1], "x", 1), 1);
			disk_io_kick(disk);
			pause();
		}
		CHECK_EQ(read(ends[0], &byte, 1), 1);
		CHECK_EQ(kill(pid, SIGKILL), 0);
		CHECK_EQ(waitpid(pid, NULL, 0), pid);
		close(check_opened(&device));
	}
}

/* Makes a loop device of the file. Returns its descriptor, which keeps it, or -1: there are none here. */
static int make_loop(uint32_t flags, uint64_t offset, char ret_name[32])
{
	const int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	struct loop_config setup = { .block_size = 512 };
	int fd;

	if (control < 0) {
		printf("# no loop devices here, or no right to them\n");
		return -1;
	}
	setup.fd = (uint32_t)open(path, O_RDWR | O_CLOEXEC);
	setup.info.lo_flags = LO_FLAGS_AUTOCLEAR | flags;
	setup.info.lo_offset = offset;
	do { /* somebody else may be faster */
		snprintf(ret_name, 32, "/dev/loop%d", ioctl(control, LOOP_CTL_GET_FREE));
		fd = open(ret_name, O_RDWR | O_CLOEXEC);
		CHECK(fd >= 0);
	} while (ioctl(fd, LOOP_CONFIGURE, &setup) < 0);
	close((int)setup.fd);
	close(control);
	return fd;
}

/* A block device that is written has one user, whatever path it was opened by. */
static void block_device(void)
{
	struct config_device device = make_file(1 << 20);
	char loop[32];
	int first;

	if (make_loop(0, 0, loop) < 0)
		return;
	device.path = loop;
	first = check_opened(&device);
	check_refused(&device, -EBUSY, "in use, or mounted");
	close(first);
	device.readonly = true;
	first = check_opened(&device);
	check_opened(&device);
}

/* What is mounted by a loop device is no zone's disk meanwhile. */
static void file_of_a_loop(void)
{
	const struct config_device writer = make_file(1 << 20);
	struct config_device reader = writer;
	char name[32];
	int loop = make_loop(0, 4096, name);

	if (loop < 0)
		return;
	reader.readonly = true;
	check_refused(&writer, -EBUSY, name);
	check_refused(&reader, -EBUSY, name);
	close(loop);
	loop = make_loop(LO_FLAGS_READ_ONLY, 0, name);
	check_refused(&writer, -EBUSY, name);
	close(check_opened(&reader));
	close(loop);
	close(check_opened(&writer));
}

/* To the config's checks they are one; but parts of a file may be disks of their own. */
static void loop_is_its_file(void)
{
	const struct config_files *files = &config_disk;
	struct config_probe file = { 0 }, probe = { 0 };
	char name[32];
	int loop;

	make_file(1 << 20);
	CHECK_EQ(files->probe_disk(files, path, &file), 0);
	loop = make_loop(0, 0, name);
	if (loop < 0)
		return;
	CHECK_EQ(files->probe_disk(files, name, &probe), 0);
	CHECK_EQ(probe.size, file.size);
	CHECK_EQ(probe.device, file.device);
	CHECK_EQ(probe.inode, file.inode);
	close(loop);
	make_loop(0, 4096, name);
	CHECK_EQ(files->probe_disk(files, name, &probe), 0);
	CHECK(probe.device != file.device || probe.inode != file.inode);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		TEST(files),        TEST(sizes),          TEST(other_kinds),
		TEST(shared),       TEST(released_late),  TEST(killed),
		TEST(block_device), TEST(file_of_a_loop), TEST(loop_is_its_file),
	};

	return test_main(tests, COUNT(tests), argc, argv);
}
