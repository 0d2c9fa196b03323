/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hvisord: options, one loop, a clean end. Only this file exits. */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "api.h"
#include "hvisord_version.h"
#include "log.h"
#include "notify.h"
#include "options.h"
#include "sim.h"
#include "state.h"
#include "zone.h"

#define NUM_SIGNALS 3u

struct daemon {
	struct options options;
	uv_loop_t loop;
	uv_signal_t signals[NUM_SIGNALS];
	uv_timer_t watchdog;
	struct backend *backend;
	struct zones *zones;
	struct api *api;
	char socket_path[256];
	char *device_program;  /* the default one */
	int lock_fd, state_fd; /* of the locks; -1 */
	bool stopping;
};

/* A program of ours: beside us, as in the build folder, or where it is installed. The caller frees. */
static char *find_program(const char *folder, const char *name)
{
	char self[512], *path = NULL, *slash;
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[n > 0 ? n : 0] = '\0';
	slash = strrchr(self, '/');
	if (slash != NULL) {
		*slash = '\0';
		if (asprintf(&path, "%s/%s/%s", self, folder, name) < 0)
			return NULL;
		if (access(path, X_OK) == 0)
			return path;
		free(path);
	}
	return asprintf(&path, "%s/%s", HVISOR_LIBEXEC_DIR, name) < 0 ? NULL : path;
}

/* A daemon that was killed leaves its locks with a child that has not come to its exec yet: wait that long. */
#define LOCK_TRIES 200u
#define LOCK_PAUSE_MS 10u

static int lock_patiently(int fd)
{
	for (unsigned i = 0; i < LOCK_TRIES; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		uv_sleep(LOCK_PAUSE_MS);
	}
	return -EWOULDBLOCK;
}

/* One daemon for a run directory: two would undo each other's zones. */
static int lock_run_dir(struct daemon *daemon)
{
	char path[512];

	if (mkdir(daemon->options.run_dir, 0755) != 0 && errno != EEXIST)
		return -errno;
	snprintf(path, sizeof(path), "%s/hvisord.lock", daemon->options.run_dir);
	daemon->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (daemon->lock_fd < 0)
		return -errno;
	return lock_patiently(daemon->lock_fd);
}

/*
 * And for a state directory: two would write over each other's files. The directory itself is locked, as it
 * may be the run directory too. One that cannot be had is done without, as is said later.
 */
static int lock_state_dir(struct daemon *daemon)
{
	const char *dir = daemon->options.state_dir;
	int r = state_make_dir(dir);

	if (r == 0)
		daemon->state_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return daemon->state_fd < 0 ? 0 : lock_patiently(daemon->state_fd);
}

static void stop(struct daemon *daemon)
{
	if (daemon->stopping)
		return;
	daemon->stopping = true;
	notify_send("STOPPING=1");
	/* first nobody is answered any more: what zones say while they are let go is no outcome of a request */
	api_close(daemon->api);
	if (daemon->zones != NULL)
		zones_close(daemon->zones);
	for (unsigned i = 0; i < NUM_SIGNALS; i++)
		uv_close((uv_handle_t *)&daemon->signals[i], NULL);
	uv_close((uv_handle_t *)&daemon->watchdog, NULL);
}

static void on_leave(uv_signal_t *signal, int number)
{
	log_notice("signal %d: leaving; zones run on", number);
	stop(signal->data);
}

static void on_reloaded(void *user, int error)
{
	(void)error; /* logged, and tried again */
	(void)user;
	notify_send("READY=1");
}

/* systemd wants to know when it was (Type=notify-reload), and does not mind being told in any case. */
static void on_reload(uv_signal_t *signal, int number)
{
	struct daemon *daemon = signal->data;

	(void)number;
	if (daemon->stopping || daemon->zones == NULL)
		return;
	log_notice("reading the zone files anew");
	notify_reloading();
	if (zones_refresh(daemon->zones, true, on_reloaded, NULL) != 0)
		log_error("%s: out of memory", daemon->options.config_dir);
}

static void on_watchdog(uv_timer_t *timer)
{
	(void)timer;
	notify_send("WATCHDOG=1");
}

static void init_handles(struct daemon *daemon)
{
	static const struct {
		int number;
		uv_signal_cb call;
	} table[NUM_SIGNALS] = { { SIGTERM, on_leave }, { SIGINT, on_leave }, { SIGHUP, on_reload } };
	uint64_t watchdog_ms = notify_watchdog_us() / 1000;

	for (unsigned i = 0; i < NUM_SIGNALS; i++) {
		uv_signal_init(&daemon->loop, &daemon->signals[i]);
		daemon->signals[i].data = daemon;
		uv_signal_start(&daemon->signals[i], table[i].call, table[i].number);
	}
	uv_timer_init(&daemon->loop, &daemon->watchdog);
	/* twice in each interval, as sd_watchdog_enabled(3) advises */
	if (watchdog_ms > 1)
		uv_timer_start(&daemon->watchdog, on_watchdog, watchdog_ms / 2, watchdog_ms / 2);
}

static int open_zones(struct daemon *daemon)
{
	struct zones_options options = {
		.config_dir = daemon->options.config_dir,
		.vendor_dir = daemon->options.vendor_dir,
		.root_tree = daemon->options.root_dtb,
		.run_dir = daemon->options.run_dir,
		.state_dir = daemon->options.state_dir,
		.device_program = daemon->options.device_program,
	};

	return zones_new(&daemon->loop, daemon->backend, &options, &api_zones_hooks, daemon->api,
			 &daemon->zones);
}

static int open_backend(struct daemon *daemon)
{
	char path[256], *program;
	int r;

	if (strcmp(daemon->options.backend, "driver") == 0)
		return backend_driver_new(daemon->options.device, &daemon->backend);
	if (strcmp(daemon->options.backend, "sim") != 0)
		return -EINVAL;
	snprintf(path, sizeof(path), "%s/sim.sock", daemon->options.run_dir);
	program = find_program("backend", "hvisor-sim");
	if (program == NULL)
		return -ENOMEM;
	r = backend_sim_new(path, program, daemon->options.platform, &daemon->backend);
	free(program);
	return r;
}

static int fail(const char *what, int r)
{
	log_error("%s: %s", what, r == -EWOULDBLOCK ? "another hvisord has it" : strerror(-r));
	return r;
}

static int fail_backend(const struct options *options, int r)
{
	if (strcmp(options->backend, "sim") != 0)
		return fail(options->device, r);
	if (r != -ENODEV)
		return fail("simulator", r);
	log_error("simulator: its board is another one than %s", options->platform);
	return r;
}

/* Everything up to READY. What was begun is taken down by stop() and finish(). */
static int begin(struct daemon *daemon)
{
	struct api_options api = {
		.socket = daemon->options.socket,
		.listen_fd = notify_listen_fd(),
		.group = daemon->options.group,
		.admin_group = daemon->options.admin_group,
		.version = HVISOR_VERSION,
		.backend = daemon->options.backend,
		.config_dir = daemon->options.config_dir,
		.state_dir = daemon->options.state_dir,
	};
	int r = lock_run_dir(daemon);

	if (r != 0)
		return fail(daemon->options.run_dir, r);
	r = lock_state_dir(daemon);
	if (r != 0)
		return fail(daemon->options.state_dir, r);
	r = open_backend(daemon);
	if (r != 0)
		return fail_backend(&daemon->options, r);
	r = api_new(&daemon->loop, &api, &daemon->api);
	if (r != 0)
		return fail("starting", r);
	init_handles(daemon);
	r = open_zones(daemon);
	if (r == 0)
		r = api_listen(daemon->api, daemon->zones);
	if (r != 0) {
		stop(daemon);
		return fail(daemon->zones == NULL ? "zones" : daemon->options.socket, r);
	}
	notify_send("READY=1");
	log_info("hvisord %s: ready at %s", HVISOR_VERSION, daemon->options.socket);
	return 0;
}

static void finish(struct daemon *daemon)
{
	api_free(daemon->api);
	zones_free(daemon->zones);
	if (daemon->backend != NULL)
		daemon->backend->ops->free(daemon->backend);
	uv_loop_close(&daemon->loop);
	free(daemon->device_program);
	if (daemon->lock_fd >= 0)
		close(daemon->lock_fd);
	if (daemon->state_fd >= 0)
		close(daemon->state_fd);
}

int main(int argc, char **argv)
{
	static struct daemon daemon = { .lock_fd = -1, .state_fd = -1 };
	enum options_result parsed = options_parse(argc, argv, HVISOR_VERSION, &daemon.options);
	int r;

	if (parsed != OPTIONS_GOOD)
		return parsed == OPTIONS_BAD ? 2 : EXIT_SUCCESS;
	log_set_journal(LOG_JOURNAL_SOCKET);
	if (daemon.options.debug)
		log_set_level(LOG_LEVEL_DEBUG);
	daemon.device_program = find_program("virtio", "hvisor-device");
	if (daemon.options.device_program == NULL)
		daemon.options.device_program = daemon.device_program;
	snprintf(daemon.socket_path, sizeof(daemon.socket_path), "%s/hvisord.sock", daemon.options.run_dir);
	if (daemon.options.socket == NULL)
		daemon.options.socket = daemon.socket_path;
	signal(SIGPIPE, SIG_IGN);
	/* small things, few threads: one heap for all, and no more workers than there is work */
	mallopt(M_ARENA_MAX, 1);
	setenv("UV_THREADPOOL_SIZE", "2", 0);
	r = uv_loop_init(&daemon.loop);
	if (r == 0)
		r = begin(&daemon);
	uv_run(&daemon.loop, UV_RUN_DEFAULT);
	finish(&daemon);
	return r == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
