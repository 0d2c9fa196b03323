/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "device_child.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device_link.h"

#define MAX_ARGUMENTS (2 + CONFIG_MAX_DEVICES + HV_MAX_REGIONS + 1)
#define ARGUMENT_SIZE 64

struct arguments {
	char text[MAX_ARGUMENTS][ARGUMENT_SIZE];
	char *argv[MAX_ARGUMENTS + 1];
	unsigned count;
};

static void add_device(struct arguments *arguments, const char *type, uint64_t ipa, uint64_t size,
		       uint32_t intid)
{
	char *text = arguments->text[arguments->count];

	snprintf(text, ARGUMENT_SIZE, "%s,0x%" PRIx64 ",0x%" PRIx64 ",%u", type, ipa, size, intid);
	arguments->argv[arguments->count++] = text;
}

/* Every device, and every virtio region, for its windows without a device. */
static void build_arguments(struct arguments *arguments, const char *program, const struct zone_plan *plan)
{
	arguments->argv[arguments->count++] = (char *)(uintptr_t)program;
	snprintf(arguments->text[arguments->count], ARGUMENT_SIZE, "%u", plan->hv.zone_id);
	arguments->argv[arguments->count] = arguments->text[arguments->count];
	arguments->count++;
	for (unsigned i = 0; i < plan->num_devices; i++) {
		const struct config_device *device = &plan->devices[i];

		add_device(arguments, plan_device_name(device->type), device->ipa, device->size,
			   device->intid);
	}
	for (uint32_t i = 0; i < plan->hv.num_regions; i++) {
		const struct hv_memory_region *region = &plan->hv.regions[i];

		if (region->type == HV_REGION_VIRTIO)
			add_device(arguments, "region", region->virtual_start, region->size, 0);
	}
}

static void on_reaped(uv_handle_t *handle)
{
	free(handle);
}

static void on_child_exit(uv_process_t *process, int64_t status, int signal)
{
	(void)status;
	(void)signal;
	/* its end is noticed through the pidfd, as for a process that is not our child */
	uv_close((uv_handle_t *)process, on_reaped);
}

int device_child_spawn(uv_loop_t *loop, const char *program, const struct zone_plan *plan, int bound_fd,
		       int listen_fd, pid_t *ret_pid)
{
	uv_process_t *process = calloc(1, sizeof(*process));
	struct arguments *arguments = calloc(1, sizeof(*arguments));
	uv_stdio_container_t stdio[5] = {
		[2] = { .flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO },
		[DEVICE_FD_HANDLE] = { .flags = UV_INHERIT_FD, .data.fd = bound_fd },
		[DEVICE_FD_LISTEN] = { .flags = UV_INHERIT_FD, .data.fd = listen_fd },
	};
	uv_process_options_t options = {
		.exit_cb = on_child_exit,
		.file = program,
		.flags = UV_PROCESS_DETACHED,
		.stdio_count = 5,
		.stdio = stdio,
	};
	int r;

	if (process == NULL || arguments == NULL) {
		free(process);
		free(arguments);
		return -ENOMEM;
	}
	build_arguments(arguments, program, plan);
	options.args = arguments->argv;
	r = uv_spawn(loop, process, &options);
	free(arguments);
	if (r != 0) {
		uv_close((uv_handle_t *)process, on_reaped);
		return r;
	}
	/* a child that lives on must not hold the loop when the daemon leaves */
	uv_unref((uv_handle_t *)process);
	*ret_pid = process->pid;
	return 0;
}

int device_child_start_time(pid_t pid, uint64_t *ret_start_time)
{
	char path[64], text[1024], *at;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -ESRCH;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return -ESRCH;
	text[n] = '\0';
	/* field 2 is the name in brackets, which may hold anything: count from behind it */
	at = strrchr(text, ')');
	for (unsigned field = 2; at != NULL && field < 22; field++)
		at = strchr(at + 1, ' ');
	if (at == NULL || sscanf(at, " %" SCNu64, ret_start_time) != 1)
		return -EIO;
	return 0;
}
