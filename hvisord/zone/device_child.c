/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "device_child.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device_link.h"
#include "device_spec.h"

#define MAX_ARGUMENTS (2 + CONFIG_MAX_DEVICES + HV_MAX_REGIONS + 1)
#define ARGUMENT_SIZE 160 /* a disk with all numbers at their longest, and its serial, takes 127 */

/* What a zone file may say the process can be told. */
static_assert(CONFIG_MAX_QUEUES == DEVICE_MAX_QUEUES && CONFIG_MAX_PORTS == DEVICE_MAX_PORTS, "counts");
static_assert(CONFIG_SERIAL_SIZE == DEVICE_SERIAL_SIZE && CONFIG_MAC_SIZE == DEVICE_MAC_SIZE, "sizes");

struct arguments {
	char text[MAX_ARGUMENTS][ARGUMENT_SIZE];
	char *argv[MAX_ARGUMENTS + 1];
	unsigned count;
	unsigned next_fd;
};

__attribute__((format(printf, 2, 3))) static void add(struct arguments *arguments, const char *format, ...)
{
	char *text = arguments->text[arguments->count];
	va_list args;

	va_start(args, format);
	vsnprintf(text, ARGUMENT_SIZE, format, args);
	va_end(args);
	arguments->argv[arguments->count++] = text;
}

static void blk_options(const struct config_device *device, unsigned fd, char *text, size_t size)
{
	int n = snprintf(text, size, ",fd=%u,ro=%d,queues=%u,block=%u,serial=", fd, device->readonly,
			 device->queues, device->block_size);

	/* as hexadecimal digits: whatever stands in it is no comma */
	for (unsigned i = 0; device->serial[i] != '\0'; i++)
		n += snprintf(text + n, size - (size_t)n, "%02x", (unsigned char)device->serial[i]);
}

static void net_options(const struct config_device *device, unsigned fd, char *text, size_t size)
{
	const uint8_t *mac = device->mac;

	snprintf(text, size, ",fd=%u,queues=%u,mac=%02x%02x%02x%02x%02x%02x", fd, device->queues, mac[0],
		 mac[1], mac[2], mac[3], mac[4], mac[5]);
}

static void console_options(const struct config_device *device, unsigned fd, char *text, size_t size)
{
	(void)fd;
	snprintf(text, size, ",ports=%u", device->ports);
}

/* Types that are not here have no options. */
static void (*const options_of[CONFIG_DEVICE_TYPES])(const struct config_device *device, unsigned fd,
						     char *text, size_t size) = {
	[CONFIG_DEVICE_BLK] = blk_options,
	[CONFIG_DEVICE_NET] = net_options,
	[CONFIG_DEVICE_CONSOLE] = console_options,
};

static void add_device(struct arguments *arguments, const struct config_device *device)
{
	char *text = arguments->text[arguments->count];
	size_t length;

	add(arguments, "%s,0x%" PRIx64 ",0x%" PRIx64 ",%u", config_device_name(device->type), device->ipa,
	    device->size, device->intid);
	length = strlen(text);
	if (options_of[device->type] != NULL)
		options_of[device->type](device, arguments->next_fd, text + length, ARGUMENT_SIZE - length);
	arguments->next_fd += device_files_of(device);
}

/* Every device, and every virtio region, for its windows without a device. */
static void build_arguments(struct arguments *arguments, const char *program, const struct zone_plan *plan)
{
	arguments->next_fd = DEVICE_FD_FILES;
	arguments->argv[arguments->count++] = (char *)(uintptr_t)program;
	add(arguments, "%u", plan->hv.zone_id);
	for (unsigned i = 0; i < plan->num_devices; i++)
		add_device(arguments, &plan->devices[i]);
	for (uint32_t i = 0; i < plan->hv.num_regions; i++) {
		const struct hv_memory_region *region = &plan->hv.regions[i];

		if (region->type == HV_REGION_VIRTIO)
			add(arguments, "region,0x%" PRIx64 ",0x%" PRIx64 ",0", region->virtual_start,
			    region->size);
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

static void inherit(uv_stdio_container_t *stdio, int fd)
{
	*stdio = (uv_stdio_container_t){ .flags = UV_INHERIT_FD, .data.fd = fd };
}

int device_child_spawn(uv_loop_t *loop, const struct device_child *child, pid_t *ret_pid)
{
	uv_process_t *process = calloc(1, sizeof(*process));
	struct arguments *arguments = calloc(1, sizeof(*arguments));
	uv_stdio_container_t stdio[DEVICE_FD_FILES + DEVICE_FILES_MAX] = { { .flags = UV_IGNORE } };
	uv_process_options_t options = {
		.exit_cb = on_child_exit,
		.file = child->program,
		.flags = UV_PROCESS_DETACHED,
		.stdio_count = (int)(DEVICE_FD_FILES + child->files->count),
		.stdio = stdio,
	};
	int r;

	if (process == NULL || arguments == NULL) {
		free(process);
		free(arguments);
		return -ENOMEM;
	}
	inherit(&stdio[STDERR_FILENO], STDERR_FILENO);
	inherit(&stdio[DEVICE_FD_HANDLE], child->bound_fd);
	inherit(&stdio[DEVICE_FD_LISTEN], child->listen_fd);
	for (unsigned i = 0; i < child->files->count; i++)
		inherit(&stdio[DEVICE_FD_FILES + i], child->files->fd[i]);
	build_arguments(arguments, child->program, child->plan);
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
