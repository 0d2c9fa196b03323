/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hvisor-device ZONE_ID DEVICE…: see device_link.h. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device_process.h"
#include "sandbox.h"

#define EXIT_USAGE 2
#define MAX_DEVICES DEVICE_BUS_MAX
#define LINGER_MS 500
#define FAULT_LINES 16u /* a driver may break its device for ever; the log has an end */

static char zone_text[16] = "?";
static struct device_process process; /* large, and there is one */
static volatile sig_atomic_t quitting;

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
	char line[256];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (!link_server_say(&process.links, line))
		fprintf(stderr, "hvisor-device: zone %s: %s\n", zone_text, line);
}

/* Ends at once, from a signal. Once told to quit, the memory may go when it likes. */
static void on_signal(int number)
{
	static const char gone[] = "hvisor-device: the zone and its memory are gone\n";
	static const char terminated[] = "hvisor-device: terminated\n";

	if (quitting)
		_exit(DEVICE_PROCESS_QUIT);
	if (number == SIGBUS && write(2, gone, sizeof(gone) - 1) >= 0)
		_exit(DEVICE_PROCESS_GONE);
	if (number == SIGTERM && write(2, terminated, sizeof(terminated) - 1) >= 0)
		_exit(DEVICE_PROCESS_FAILED);
	_exit(number == SIGBUS ? DEVICE_PROCESS_GONE : DEVICE_PROCESS_FAILED);
}

static int set_signals(void)
{
	static const struct {
		int number;
		void (*handler)(int);
	} signals[] = {
		{ SIGBUS, on_signal }, /* HV_MMAP_RAM: the zone was destroyed */
		{ SIGTERM, on_signal }, { SIGHUP, SIG_IGN },
		{ SIGINT, SIG_IGN },    { SIGPIPE, SIG_IGN }, /* stderr's reader may be gone */
		{ SIGXFSZ, SIG_IGN }, /* RLIMIT_FSIZE: stderr may be a file larger than any disk */
	};

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		struct sigaction action = { .sa_handler = signals[i].handler };

		if (sigaction(signals[i].number, &action, NULL) < 0)
			return -errno;
	}
	return 0;
}

static int parse_zone(const char *text, uint32_t *ret_zone)
{
	char *end;
	unsigned long zone;

	errno = 0;
	zone = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || zone >= HV_MAX_ZONES)
		return -EINVAL;
	*ret_zone = (uint32_t)zone;
	snprintf(zone_text, sizeof(zone_text), "%lu", zone);
	return 0;
}

/* Later, where nobody hears it now: each turn asks again. */
static void tell_faults(void)
{
	static uint64_t told[DEVICE_BUS_MAX];
	static unsigned lines;

	for (unsigned i = 0; i < process.bus.count && lines < FAULT_LINES; i++) {
		const struct device_window *window = &process.bus.window[i];
		const char *text = NULL;
		uint64_t faults = 0;
		char line[256];

		if (window->ops && window->ops->faults)
			faults = window->ops->faults(window->device, &text);
		if (faults == told[i])
			continue;
		snprintf(line, sizeof(line), "the %s at 0x%" PRIx64 " needs a reset: %s%s", window->ops->name,
			 window->ipa, text, lines + 1 == FAULT_LINES ? " (the last line of this kind)" : "");
		if (!link_server_say(&process.links, line))
			return;
		told[i] = faults;
		lines++;
	}
}

static enum device_process_end run(struct device_handle *handle, const struct device_spec *specs,
				   unsigned count)
{
	static const char *const reasons[] = {
		[DEVICE_PROCESS_FAILED] = "waiting for events failed",
		[DEVICE_PROCESS_GONE] = "the zone is gone",
		[DEVICE_PROCESS_RING] = "the request ring is not in order",
	};
	int err = device_process_init(&process, handle, DEVICE_FD_LISTEN, specs, count);

	if (err) {
		say("cannot set up devices: %s", strerror(-err));
		return DEVICE_PROCESS_FAILED;
	}
	err = sandbox_seal();
	if (err) {
		say("cannot restrict its system calls: %s", strerror(-err));
		return DEVICE_PROCESS_FAILED;
	}
	while (process.end == DEVICE_PROCESS_RUNNING) {
		tell_faults();
		device_process_turn(&process, -1);
	}
	if (process.end == DEVICE_PROCESS_QUIT) {
		quitting = 1;
		device_process_linger(&process, LINGER_MS);
	} else {
		say("ends: %s", reasons[process.end]);
	}
	return process.end;
}

/* Where namespaces cannot be had a real zone is not served; a simulated one has nothing to lose. */
static int enter(const struct device_handle *handle)
{
	const bool simulated = handle->link > 0;
	const char *step;
	int isolated = 0;
	const int err = sandbox_enter(handle->zone_id, &isolated, &step);

	if (err)
		say("cannot %s: %s", step, strerror(-err));
	else if (isolated != 0)
		say("cannot have namespaces of its own: %s (are user namespaces switched off?)%s",
		    strerror(-isolated), simulated ? "; goes on, as the zone is simulated" : "");
	return err ? err : simulated ? 0 : isolated;
}

/* Descriptors of the devices, one after the other. */
static unsigned count_files(const struct device_spec *specs, unsigned count)
{
	unsigned files = 0;

	for (unsigned i = 0; i < count; i++) {
		if (specs[i].fd >= 0)
			files += specs[i].kind == DEVICE_KIND_NET ? specs[i].queues : 1;
	}
	return files;
}

int main(int argc, char **argv)
{
	static struct device_spec specs[MAX_DEVICES];
	static struct device_handle handle;
	enum device_process_end end;
	const char *step;
	uint32_t zone_id;
	unsigned keep;
	int err;

	if (argc < 2 || argc - 2 > (int)MAX_DEVICES || parse_zone(argv[1], &zone_id)) {
		fprintf(stderr, "usage: hvisor-device ZONE_ID TYPE,IPA,SIZE,INTID[,KEY=VALUE]...\n");
		return EXIT_USAGE;
	}
	for (int i = 2; i < argc; i++) {
		if (device_spec_parse(argv[i], &specs[i - 2])) {
			say("not a device: %s", argv[i]);
			return EXIT_USAGE;
		}
	}
	keep = DEVICE_FD_FILES + count_files(specs, (unsigned)argc - 2);
	for (int fd = DEVICE_FD_HANDLE; fd < (int)keep; fd++) {
		if (fcntl(fd, F_GETFD) < 0) {
			say("needs descriptors %d to %u", DEVICE_FD_HANDLE, keep - 1);
			return EXIT_USAGE;
		}
	}
	err = set_signals();
	if (err) {
		say("cannot set signals: %s", strerror(-err));
		return DEVICE_PROCESS_FAILED;
	}
	err = sandbox_begin(keep, &step);
	if (err) {
		say("cannot %s: %s", step, strerror(-err));
		return DEVICE_PROCESS_FAILED;
	}
	err = device_handle_open(&handle, DEVICE_FD_HANDLE);
	if (!err && handle.zone_id != zone_id)
		err = -EXDEV;
	if (err) {
		say("cannot take the zone: %s", strerror(-err));
		return DEVICE_PROCESS_FAILED;
	}
	if (enter(&handle))
		return DEVICE_PROCESS_FAILED;
	end = run(&handle, specs, (unsigned)(argc - 2));
	device_process_fini(&process);
	return end;
}
