/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hvisord: options, one loop, a clean end. Only this file exits. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
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
#include "sim.h"
#include "zone.h"

struct options {
	const char *backend;
	const char *device;
	const char *config_dir;
	const char *run_dir;
	const char *state_dir;
	const char *socket;
	const char *device_program;
	const char *group;
	const char *admin_group;
};

struct daemon {
	struct options options;
	uv_loop_t loop;
	uv_signal_t signals[2];
	uv_timer_t watchdog;
	struct backend *backend;
	struct zones *zones;
	struct api *api;
	char socket_path[256];
	char *device_program; /* the default one */
	int lock_fd;
	bool stopping;
};

static const char usage[] =
	"usage: hvisord [OPTION...]\n"
	"Manages the zones of a hvisor board. See hvisord(8).\n"
	"\n"
	"  --config-dir DIR        zone files (/etc/hvisor/zones)\n"
	"  --run-dir DIR           records of running zones, links, the socket (/run/hvisor)\n"
	"  --state-dir DIR         what is wanted of zones, console logs (/var/lib/hvisor)\n"
	"  --socket PATH           where clients connect (RUN-DIR/hvisord.sock)\n"
	"  --device PATH           the hypervisor's device (/dev/hvisor)\n"
	"  --device-program PATH   the device process (hvisor-device, beside hvisord)\n"
	"  --backend NAME          driver, or sim: a simulated board, for tests (driver)\n"
	"  --group GROUP           whose members may look (hvisor)\n"
	"  --admin-group GROUP     whose members may change things (hvisor-admin)\n"
	"  --debug                 log more\n"
	"  --version, --help\n";

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

enum option_id {
	OPTION_CONFIG = 256,
	OPTION_RUN,
	OPTION_STATE,
	OPTION_SOCKET,
	OPTION_DEVICE,
	OPTION_PROGRAM,
	OPTION_BACKEND,
	OPTION_GROUP,
	OPTION_ADMIN_GROUP,
	OPTION_DEBUG,
	OPTION_VERSION,
	OPTION_HELP
};

/* Exits for --help, --version and what cannot be understood. */
static struct options parse_options(int argc, char **argv)
{
	static const struct option table[] = {
		{ "config-dir", required_argument, NULL, OPTION_CONFIG },
		{ "run-dir", required_argument, NULL, OPTION_RUN },
		{ "state-dir", required_argument, NULL, OPTION_STATE },
		{ "socket", required_argument, NULL, OPTION_SOCKET },
		{ "device", required_argument, NULL, OPTION_DEVICE },
		{ "device-program", required_argument, NULL, OPTION_PROGRAM },
		{ "backend", required_argument, NULL, OPTION_BACKEND },
		{ "group", required_argument, NULL, OPTION_GROUP },
		{ "admin-group", required_argument, NULL, OPTION_ADMIN_GROUP },
		{ "debug", no_argument, NULL, OPTION_DEBUG },
		{ "version", no_argument, NULL, OPTION_VERSION },
		{ "help", no_argument, NULL, OPTION_HELP },
		{ NULL, 0, NULL, 0 },
	};
	struct options options = {
		.backend = "driver",
		.device = "/dev/hvisor",
		.config_dir = "/etc/hvisor/zones",
		.run_dir = "/run/hvisor",
		.state_dir = "/var/lib/hvisor",
		.group = "hvisor",
		.admin_group = "hvisor-admin",
	};
	const char **const strings[] = {
		&options.config_dir, &options.run_dir, &options.state_dir,
		&options.socket,     &options.device,  &options.device_program,
		&options.backend,    &options.group,   &options.admin_group,
	};
	int c;

	while ((c = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (c >= OPTION_CONFIG && c <= OPTION_ADMIN_GROUP) {
			*strings[c - OPTION_CONFIG] = optarg;
		} else if (c == OPTION_DEBUG) {
			log_set_level(LOG_LEVEL_DEBUG);
		} else if (c == OPTION_VERSION) {
			printf("hvisord %s\n", HVISOR_VERSION);
			exit(EXIT_SUCCESS);
		} else {
			fputs(usage, c == OPTION_HELP ? stdout : stderr);
			exit(c == OPTION_HELP ? EXIT_SUCCESS : 2);
		}
	}
	if (optind < argc) {
		fputs(usage, stderr);
		exit(2);
	}
	return options;
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
	for (unsigned i = 0; i < 2; i++)
		uv_close((uv_handle_t *)&daemon->signals[i], NULL);
	uv_close((uv_handle_t *)&daemon->watchdog, NULL);
}

static void on_signal(uv_signal_t *signal, int number)
{
	log_notice("signal %d: leaving; zones run on", number);
	stop(signal->data);
}

static void on_watchdog(uv_timer_t *timer)
{
	(void)timer;
	notify_send("WATCHDOG=1");
}

static void init_handles(struct daemon *daemon)
{
	static const int numbers[2] = { SIGTERM, SIGINT };
	uint64_t watchdog_ms = notify_watchdog_us() / 1000;

	for (unsigned i = 0; i < 2; i++) {
		uv_signal_init(&daemon->loop, &daemon->signals[i]);
		daemon->signals[i].data = daemon;
		uv_signal_start(&daemon->signals[i], on_signal, numbers[i]);
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
	r = backend_sim_new(path, program, NULL, &daemon->backend);
	free(program);
	return r;
}

static int fail(const char *what, int r)
{
	log_error("%s: %s", what, strerror(-r));
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
	r = open_backend(daemon);
	if (r != 0)
		return fail(strcmp(daemon->options.backend, "sim") == 0 ? "simulator"
									: daemon->options.device,
			    r);
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
}

int main(int argc, char **argv)
{
	static struct daemon daemon = { .lock_fd = -1 };
	int r;

	daemon.options = parse_options(argc, argv);
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
