/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the daemon writes on the device process's command line is what the process reads there. */
#include <fcntl.h>
#include <sys/stat.h>

#include "device_child.h"
#include "device_link.h"
#include "device_spec.h"
#include "test.h"

#define IPA 0xffffffff0000ull

static char program[] = "/tmp/hvisor-device-child.XXXXXX";
static char lines[64][512];
static unsigned num_lines;

static void remove_file(void)
{
	unlink(program);
}

/* A program that writes its arguments to where the listener would be, a line each. */
static void make_program(void)
{
	static const char text[] = "#!/bin/sh\nprintf '%s\\n' \"$@\" >&4\n";
	const int fd = mkstemp(program);

	CHECK(fd >= 0);
	atexit(remove_file);
	CHECK_EQ(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
	CHECK_EQ(fchmod(fd, 0700), 0);
	close(fd);
}

/* The daemon does not wait for its children; this does. */
static void keep(uv_handle_t *handle, void *user)
{
	(void)user;
	uv_ref(handle);
}

/* Starts it with as many descriptors as the devices take, and reads its arguments. */
static void spawn(const struct zone_plan *plan)
{
	struct device_files files = { 0 };
	struct device_child child = { .program = program, .plan = plan, .files = &files };
	uv_loop_t loop;
	FILE *output;
	int ends[2];
	pid_t pid;

	CHECK_EQ(uv_loop_init(&loop), 0);
	CHECK_EQ(pipe2(ends, O_CLOEXEC), 0);
	for (unsigned i = 0; i < plan->num_devices; i++)
		files.count += device_files_of(&plan->devices[i]);
	child.bound_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (unsigned i = 0; i < files.count; i++)
		files.fd[i] = child.bound_fd;
	child.listen_fd = ends[1];
	CHECK_EQ(device_child_spawn(&loop, &child, &pid), 0);
	close(ends[1]);
	output = fdopen(ends[0], "r");
	for (; num_lines < COUNT(lines) && fgets(lines[num_lines], sizeof(lines[0]), output); num_lines++)
		lines[num_lines][strcspn(lines[num_lines], "\n")] = '\0';
	fclose(output);
	uv_walk(&loop, keep, NULL);
	CHECK_EQ(uv_run(&loop, UV_RUN_DEFAULT), 0);
	CHECK_EQ(uv_loop_close(&loop), 0);
	close(child.bound_fd);
}

static struct config_device device(enum config_device_type type)
{
	return (struct config_device){ .type = type,
				       .ipa = IPA,
				       .size = 0x1000,
				       .intid = HV_LAST_SPI,
				       .queues = CONFIG_MAX_QUEUES,
				       .ports = CONFIG_MAX_PORTS,
				       .readonly = true,
				       .block_size = 4096,
				       .serial = "~,=, 0123456789~~~~~",
				       .mac = { 0xfe, 0xfd, 0, 1, 2, 0xff } };
}

/* As many queues before it as there may be: the disk's descriptor has three digits, and all else is as long. */
static void longest(void)
{
	static struct zone_plan plan;
	const unsigned nets = CONFIG_MAX_DEVICES - 3;
	struct device_spec spec;

	make_program();
	plan.hv.zone_id = HV_MAX_ZONES - 1;
	while (plan.num_devices < nets)
		plan.devices[plan.num_devices++] = device(CONFIG_DEVICE_NET);
	plan.devices[plan.num_devices++] = device(CONFIG_DEVICE_BLK);
	plan.devices[plan.num_devices++] = device(CONFIG_DEVICE_CONSOLE);
	plan.devices[plan.num_devices++] = device(CONFIG_DEVICE_PL011);
	spawn(&plan);
	CHECK_EQ(num_lines, 1 + plan.num_devices);
	CHECK_EQ(strtoul(lines[0], NULL, 10), HV_MAX_ZONES - 1);
	for (unsigned i = 0; i < plan.num_devices; i++) {
		printf("# %s\n", lines[1 + i]);
		CHECK_EQ(device_spec_parse(lines[1 + i], &spec), 0);
		CHECK_EQ(spec.ipa, IPA);
		CHECK_EQ(spec.size, 0x1000);
		CHECK_EQ(spec.intid, HV_LAST_SPI);
		if (spec.kind == DEVICE_KIND_NET) {
			CHECK_EQ(spec.fd, DEVICE_FD_FILES + i * CONFIG_MAX_QUEUES);
			CHECK_EQ(spec.queues, CONFIG_MAX_QUEUES);
			CHECK(memcmp(spec.mac, plan.devices[i].mac, sizeof(spec.mac)) == 0);
		} else if (spec.kind == DEVICE_KIND_BLK) {
			CHECK_EQ(spec.fd, DEVICE_FD_FILES + nets * CONFIG_MAX_QUEUES);
			CHECK_EQ(spec.block, 4096);
			CHECK(spec.readonly && strcmp(spec.serial, plan.devices[i].serial) == 0);
		} else if (spec.kind == DEVICE_KIND_CONSOLE) {
			CHECK_EQ(spec.ports, CONFIG_MAX_PORTS);
		}
	}
}

static const struct test tests[] = { TEST(longest) };

int main(int argc, char **argv)
{
	return test_main(tests, COUNT(tests), argc, argv);
}
