/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "device.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "device_child.h"
#include "device_socket.h"

#define READY_TIMEOUT_MS 10000u
#define QUIT_TIMEOUT_MS 1000u
/* Output taken in one turn of the loop, so that one zone's flood does not starve the others. */
#define PACKETS_A_TURN 16u

/* Users of hooks keep something for each. */
static_assert(DEVICE_LINK_CONSOLES == CONFIG_MAX_CONSOLES, "consoles of a zone");

struct device {
	struct device_options options;
	uint32_t zone;
	pid_t pid;
	uint64_t start_time;
	int pidfd;
	int link;       /* -1: closed */
	int ended_link; /* shut down, still to be closed; or -1 */
	bool welcomed;
	unsigned version;  /* of the link, as the process speaks it */
	unsigned consoles; /* that it has */
	unsigned lines;    /* that it said */
	struct {
		uint64_t sent, room; /* bytes of input; there may be as many as room in all */
	} console[DEVICE_LINK_CONSOLES];
	bool quitting;
	bool freed;
	bool want_writable;
	bool held;
	bool exited;
	unsigned handles; /* not closed yet */
	uv_poll_t exit_poll;
	uv_poll_t link_poll;
	uv_timer_t timer; /* for WELCOME, then for the exit after QUIT */
};

/* One packet: a header of which type, console, arg, pos and length are given, and its data. 0, -EAGAIN … */
static int link_send(struct device *device, struct device_link_header header, const char *data)
{
	header.version = (uint8_t)device->version;
	return device->link < 0 ? -EPIPE : device_socket_send(device->link, header, data);
}

/* On a link of its own, where it does not stand behind input that the guest does not take. */
static int send_alone(const struct device *device, enum device_link_type type, uint32_t arg, uint64_t pos)
{
	const struct device_link_header header = { .type = (uint16_t)type, .arg = arg, .pos = pos };

	return device_socket_send_alone(device->options.run_dir, device->zone, header);
}

void device_unlink(const char *run_dir, uint32_t zone)
{
	const struct device_link_header quit = { .type = DEVICE_LINK_QUIT };

	(void)device_socket_send_alone(run_dir, zone, quit);
	device_socket_unlink(run_dir, zone);
}

static void kill_process(struct device *device)
{
	/* fails only if it is dead already */
	pidfd_send_signal(device->pidfd, SIGKILL, NULL, 0);
}

/*
 * The descriptor itself stays open until its watcher is closed: closing that
 * makes libuv forget the number, which would be somebody else's by then.
 */
static void end_link(struct device *device)
{
	if (device->link < 0)
		return;
	uv_poll_stop(&device->link_poll);
	shutdown(device->link, SHUT_RDWR);
	device->ended_link = device->link;
	device->link = -1;
}

static void on_timeout(uv_timer_t *timer)
{
	/* never said WELCOME, or did not exit after QUIT */
	kill_process(timer->data);
}

/* Console 0 alone, of a process that an older daemon started; its socket is full when it has no room. */
static void take_version_1(struct device *device)
{
	device->consoles = 1;
	device->console[0].room = UINT64_MAX;
}

static void on_welcome(struct device *device, const struct device_link_header *header)
{
	const struct device_hooks *hooks = device->options.hooks;

	device->welcomed = true;
	device->version = header->version;
	device->consoles = header->console;
	if (device->version == DEVICE_LINK_FIRST)
		take_version_1(device);
	if (!device->quitting)
		uv_timer_stop(&device->timer);
	hooks->ready(device->options.user);
	if (!device->freed)
		hooks->writable(device->options.user);
}

static bool is_sound(const struct device *device, const struct device_link_header *header, size_t size)
{
	if (header->magic != DEVICE_LINK_MAGIC || header->length != size - sizeof(*header))
		return false;
	if (!device->welcomed)
		return header->type == DEVICE_LINK_WELCOME && header->arg == device->zone &&
		       header->console <= DEVICE_LINK_CONSOLES && header->version >= DEVICE_LINK_FIRST &&
		       header->version <= DEVICE_LINK_VERSION;
	return header->version == device->version &&
	       header->console < (header->type == DEVICE_LINK_LINE ? 1 : device->consoles);
}

static void on_packet(struct device *device, const char *packet, size_t size)
{
	struct device_link_header header;
	const struct device_hooks *hooks = device->options.hooks;

	if (size < sizeof(header))
		return kill_process(device);
	memcpy(&header, packet, sizeof(header));
	if (!is_sound(device, &header, size))
		return kill_process(device);
	if (!device->welcomed) {
		on_welcome(device, &header);
	} else if (header.type == DEVICE_LINK_OUTPUT) {
		hooks->output(device->options.user, header.console, header.pos, packet + sizeof(header),
			      header.length);
	} else if (header.type == DEVICE_LINK_LINE) {
		if (device->lines++ < DEVICE_LINES)
			hooks->said(device->options.user, packet + sizeof(header), header.length);
	} else if (header.type == DEVICE_LINK_ROOM && header.pos > device->console[header.console].room) {
		device->console[header.console].room = header.pos;
		hooks->writable(device->options.user);
	}
}

static void drain_link(struct device *device, unsigned packets)
{
	char packet[DEVICE_LINK_MAX];

	while (packets-- != 0 && device->link >= 0 && !device->freed && (!device->held || device->exited)) {
		ssize_t n = recv(device->link, packet, sizeof(packet), 0);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			/* without its link the process is of no use: the zone's devices are dead */
			end_link(device);
			return kill_process(device);
		}
		on_packet(device, packet, (size_t)n);
	}
}

static void on_link(uv_poll_t *poll, int status, int events);

static void watch_link(struct device *device)
{
	int events = (device->held ? 0 : UV_READABLE) | (device->want_writable ? UV_WRITABLE : 0);

	if (device->link < 0)
		return;
	if (events != 0)
		uv_poll_start(&device->link_poll, events, on_link);
	else
		uv_poll_stop(&device->link_poll);
}

static void on_link(uv_poll_t *poll, int status, int events)
{
	struct device *device = poll->data;

	if (status < 0 || (events & UV_READABLE) != 0)
		drain_link(device, PACKETS_A_TURN);
	if (device->freed || (events & UV_WRITABLE) == 0)
		return;
	device->want_writable = false;
	watch_link(device);
	device->options.hooks->writable(device->options.user);
}

static void on_exit_poll(uv_poll_t *poll, int status, int events)
{
	struct device *device = poll->data;

	(void)status;
	(void)events;
	uv_poll_stop(poll);
	uv_timer_stop(&device->timer);
	device->exited = true;
	/* its last words are still in the socket: as much as it keeps, and then the end */
	drain_link(device, 2 * DEVICE_SCROLLBACK / DEVICE_LINK_DATA);
	if (device->freed)
		return;
	end_link(device);
	device->options.hooks->gone(device->options.user);
}

/* Everything from the connected link on is the same for spawned and found processes. */
static int attach(struct device *device)
{
	const struct device_link_header hello = { .type = DEVICE_LINK_HELLO, .arg = DEVICE_LINK_VERSION };
	uv_loop_t *loop = device->options.loop;
	int r;

	uv_timer_init(loop, &device->timer);
	uv_poll_init(loop, &device->exit_poll, device->pidfd);
	uv_poll_init(loop, &device->link_poll, device->link);
	device->timer.data = device;
	device->exit_poll.data = device;
	device->link_poll.data = device;
	device->handles = 3;
	r = link_send(device, hello, NULL);
	if (r != 0)
		return r;
	uv_poll_start(&device->exit_poll, UV_READABLE, on_exit_poll);
	watch_link(device);
	uv_timer_start(&device->timer, on_timeout, READY_TIMEOUT_MS, 0);
	return 0;
}

static struct device *device_new(const struct device_options *options, uint32_t zone)
{
	struct device *device = calloc(1, sizeof(*device));

	if (device == NULL)
		return NULL;
	device->options = *options;
	device->zone = zone;
	device->pidfd = -1;
	device->link = -1;
	device->ended_link = -1;
	device->version = DEVICE_LINK_FIRST;
	return device;
}

static void release(struct device *device)
{
	if (device->link >= 0)
		close(device->link);
	if (device->ended_link >= 0)
		close(device->ended_link);
	if (device->pidfd >= 0)
		close(device->pidfd);
	free(device);
}

static void on_closed(uv_handle_t *handle)
{
	struct device *device = handle->data;

	if (--device->handles == 0)
		release(device);
}

void device_free(struct device *device)
{
	if (device == NULL || device->freed)
		return;
	device->freed = true;
	if (device->handles == 0)
		return release(device);
	uv_close((uv_handle_t *)&device->timer, on_closed);
	uv_close((uv_handle_t *)&device->exit_poll, on_closed);
	uv_close((uv_handle_t *)&device->link_poll, on_closed);
}

static int finish_new(struct device *device, struct device **ret_device)
{
	int r = device_socket_connect(device->options.run_dir, device->zone, &device->link);

	if (r == 0)
		r = attach(device);
	if (r != 0) {
		/* nobody will reach it: another one must not serve the zone beside it */
		kill_process(device);
		device_free(device);
		return r;
	}
	*ret_device = device;
	return 0;
}

int device_spawn(const struct device_options *options, const struct zone_plan *plan, int bound_fd,
		 const struct device_files *files, struct device **ret_device)
{
	struct device *device = device_new(options, plan->hv.zone_id);
	struct device_child child = {
		.program = options->program,
		.plan = plan,
		.files = files,
		.bound_fd = bound_fd,
	};
	int listener = -1, r;

	if (device == NULL)
		return -ENOMEM;
	r = device_socket_listen(options->run_dir, device->zone, &listener);
	if (r == 0) {
		child.listen_fd = listener;
		r = device_child_spawn(options->loop, &child, &device->pid);
		close(listener);
	}
	if (r == 0) {
		device->pidfd = pidfd_open(device->pid, 0);
		r = device->pidfd < 0 ? -errno : device_child_start_time(device->pid, &device->start_time);
		if (r == 0)
			return finish_new(device, ret_device);
		kill(device->pid, SIGKILL);
	}
	device_unlink(options->run_dir, device->zone);
	device_free(device);
	return r;
}

int device_adopt(const struct device_options *options, uint32_t zone, pid_t pid, uint64_t start_time,
		 struct device **ret_device)
{
	struct device *device = device_new(options, zone);
	uint64_t now_time;
	int r;

	if (device == NULL)
		return -ENOMEM;
	device->pid = pid;
	device->start_time = start_time;
	/* the descriptor first: what is compared afterwards is then the process it names */
	device->pidfd = pidfd_open(pid, 0);
	r = device->pidfd < 0 ? -errno : device_child_start_time(pid, &now_time);
	if (r == 0 && now_time != start_time)
		r = -ESRCH;
	if (r != 0) {
		device_free(device);
		return r;
	}
	return finish_new(device, ret_device);
}

void device_quit(struct device *device)
{
	device->quitting = true;
	if (send_alone(device, DEVICE_LINK_QUIT, 0, 0) != 0)
		return kill_process(device);
	uv_timer_start(&device->timer, on_timeout, QUIT_TIMEOUT_MS, 0);
}

int device_press_power_key(struct device *device)
{
	return send_alone(device, DEVICE_LINK_POWER_KEY, 0, 0);
}

int device_set_link(struct device *device, uint64_t ipa, bool up)
{
	return send_alone(device, DEVICE_LINK_NET, up, ipa);
}

bool device_has_console(const struct device *device, unsigned port)
{
	return !device->welcomed || port < device->consoles;
}

size_t device_input(struct device *device, unsigned port, const char *data, size_t length)
{
	struct device_link_header header = { .type = DEVICE_LINK_INPUT, .console = (uint8_t)port };
	uint64_t room = device->console[port].room - device->console[port].sent;
	size_t done = 0;
	int r = 0;

	if (!device->welcomed || port >= device->consoles)
		return 0;
	while (done < length && room > 0) {
		size_t part = length - done < room ? length - done : (size_t)room;

		if (part > DEVICE_LINK_DATA)
			part = DEVICE_LINK_DATA;
		header.length = (uint32_t)part;
		r = link_send(device, header, data + done);
		if (r != 0)
			break;
		done += part;
		room -= part;
	}
	device->console[port].sent += done;
	if (r != 0) {
		device->want_writable = true;
		watch_link(device);
	}
	return done;
}

void device_hold(struct device *device, bool held)
{
	if (device->held == held)
		return;
	device->held = held;
	watch_link(device);
}

void device_resize(struct device *device, unsigned port, unsigned columns, unsigned rows)
{
	const struct device_link_header header = { .type = DEVICE_LINK_SIZE,
						   .console = (uint8_t)port,
						   .arg = columns << 16 | rows };

	/* a full link loses it, or one that is not up yet: the next change of size tells again */
	if (device->welcomed && port < device->consoles)
		link_send(device, header, NULL);
}

pid_t device_pid(const struct device *device)
{
	return device->pid;
}

uint64_t device_start_time(const struct device *device)
{
	return device->start_time;
}
