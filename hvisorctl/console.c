/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A zone's console. On a terminal: raw, Ctrl-] leaves, the window's size goes
 * along. From a pipe: input is sent at the guest's pace, and some time after
 * its end without output the command leaves.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "base64.h"
#include "ctl.h"

#define ESCAPE 0x1d /* Ctrl-] */
#define DEFAULT_REPLAY 65536
#define DEFAULT_IDLE_MS 1000
#define INPUT_SIZE 1024

struct console {
	struct ctl *ctl;
	const char *zone;
	bool is_tty;
	bool raw; /* the terminal is to be restored */
	struct termios saved;
	int signals;
	uint64_t attach_id;
	uint64_t write_id; /* unanswered; 0: none, and more input may be read */
	bool input_ended;
	bool leaving;
	int status;
	int64_t leave_at; /* --wait; 0: never */
	int64_t idle_at;  /* the same for --idle-ms */
};

static void leave(struct console *console, int status)
{
	console->leaving = true;
	console->status = status;
}

static void restore_terminal(struct console *console)
{
	if (console->raw)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &console->saved);
	console->raw = false;
}

/* Signals become readable, so that nothing can end us with the terminal still raw. */
static int open_terminal(struct console *console)
{
	static const int caught[] = { SIGWINCH, SIGTERM, SIGHUP, SIGINT, SIGQUIT };
	struct termios raw;
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(caught) / sizeof(caught[0]); i++)
		sigaddset(&set, caught[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	console->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (console->signals < 0)
		return -errno;
	console->is_tty = isatty(STDIN_FILENO) != 0;
	if (!console->is_tty || tcgetattr(STDIN_FILENO, &console->saved) != 0)
		return 0;
	raw = console->saved;
	cfmakeraw(&raw);
	if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) != 0)
		return -errno;
	console->raw = true;
	return 0;
}

static int send_request(struct console *console, const char *method, struct json_out *out, uint64_t *ret_id)
{
	const char *params = ctl_params(out);
	int r = params != NULL ? hvisor_client_send(console->ctl->client, method, params, ret_id) : -ENOMEM;

	json_out_fini(out);
	return r;
}

static int send_attach(struct console *console)
{
	struct json_out out = { 0 };
	int64_t replay = console->ctl->replay;

	json_open_object(&out, NULL);
	ctl_put_console(console->ctl, &out, console->zone);
	json_put_int(&out, "replay", replay >= 0 ? replay : DEFAULT_REPLAY);
	json_put_bool(&out, "more", true);
	return send_request(console, "console.attach", &out, &console->attach_id);
}

static int send_size(struct console *console)
{
	struct json_out out = { 0 };
	struct winsize size;
	uint64_t id;

	if (!console->is_tty || ioctl(STDIN_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 ||
	    size.ws_row == 0)
		return 0;
	json_open_object(&out, NULL);
	ctl_put_console(console->ctl, &out, console->zone);
	json_put_int(&out, "columns", size.ws_col);
	json_put_int(&out, "rows", size.ws_row);
	return send_request(console, "console.resize", &out, &id);
}

static int write_all(const char *data, size_t length)
{
	while (length != 0) {
		ssize_t n = write(STDOUT_FILENO, data, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		length -= (size_t)n;
	}
	return 0;
}

/* Output, as the guest made it: a console is the one place where its bytes reach the terminal. */
static int print_output(const cJSON *result)
{
	const char *text = ctl_string(result, "b64");
	size_t length = text != NULL ? strlen(text) : 0;
	char *data = malloc(length / 4 * 3 + 1);
	ssize_t size = data != NULL ? base64_decode(text != NULL ? text : "", length, data) : -ENOMEM;
	int r = size < 0 ? (int)size : write_all(data, (size_t)size);

	free(data);
	return r;
}

static void on_stream(struct console *console, const struct hvisor_message *message)
{
	const char *state;

	if (message->error != NULL) {
		restore_terminal(console);
		return leave(console, ctl_error_reply(console->ctl, NULL, message->error));
	}
	if (print_output(message->result) != 0)
		return leave(console, CTL_FAILED);
	console->idle_at = 0;
	if (message->continues)
		return;
	state = ctl_string(message->result, "state");
	restore_terminal(console);
	fputs("\nhvisorctl: the zone is ", stderr);
	ctl_put_text(stderr, state != NULL ? state : "gone");
	fputc('\n', stderr);
	leave(console, CTL_OK);
}

static void on_message(struct console *console, const struct hvisor_message *message)
{
	if (hvisor_message_answers(message, console->attach_id))
		return on_stream(console, message);
	if (console->write_id == 0 || !hvisor_message_answers(message, console->write_id))
		return;
	console->write_id = 0;
	if (message->error == NULL)
		return;
	restore_terminal(console);
	leave(console, ctl_error_reply(console->ctl, NULL, message->error));
}

static int take_messages(struct console *console)
{
	struct hvisor_message message;
	int r = 0;

	/* at least one: the descriptor is readable; then what came with it */
	while (!console->leaving && (r = hvisor_client_receive(console->ctl->client, 0, &message)) == 0) {
		on_message(console, &message);
		hvisor_message_fini(&message);
	}
	return r == -ETIMEDOUT ? 0 : r;
}

static int take_input(struct console *console)
{
	struct json_out out = { 0 };
	char data[INPUT_SIZE], *escape;
	ssize_t n = read(STDIN_FILENO, data, sizeof(data));
	size_t length;

	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : -errno;
	console->input_ended = n == 0;
	length = (size_t)n;
	escape = console->is_tty ? memchr(data, ESCAPE, length) : NULL;
	if (escape != NULL) {
		length = (size_t)(escape - data);
		leave(console, CTL_OK);
	}
	if (length == 0)
		return 0;
	json_open_object(&out, NULL);
	ctl_put_console(console->ctl, &out, console->zone);
	json_put_base64(&out, "b64", data, length);
	return send_request(console, "console.write", &out, &console->write_id);
}

static int take_signals(struct console *console)
{
	struct signalfd_siginfo info;

	while (read(console->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo != SIGWINCH)
			leave(console, 128 + (int)info.ssi_signo);
		else if (send_size(console) != 0)
			return -EPIPE;
	}
	return 0;
}

/* Milliseconds until a time is up; -1: none is set. Leaves when one is. */
static int time_left(struct console *console)
{
	int idle_ms = console->ctl->idle_ms >= 0 ? (int)console->ctl->idle_ms : DEFAULT_IDLE_MS;
	int64_t now = ctl_now_ms(), until = console->leave_at;

	if (console->input_ended && console->write_id == 0 && !console->is_tty && idle_ms != 0) {
		if (console->idle_at == 0)
			console->idle_at = now + idle_ms;
		if (until == 0 || console->idle_at < until)
			until = console->idle_at;
	}
	if (until == 0)
		return -1;
	if (until <= now)
		leave(console, CTL_OK);
	return until <= now ? 0 : (int)(until - now);
}

static int serve_once(struct console *console)
{
	bool want_input = !console->input_ended && console->write_id == 0;
	struct pollfd fds[] = {
		{ .fd = hvisor_client_fd(console->ctl->client), .events = POLLIN },
		{ .fd = console->signals, .events = POLLIN },
		{ .fd = want_input ? STDIN_FILENO : -1, .events = POLLIN },
	};
	int timeout_ms = time_left(console), r = 0;

	if (console->leaving)
		return 0;
	if (poll(fds, 3, timeout_ms) < 0)
		return errno == EINTR ? 0 : -errno;
	if (fds[0].revents != 0)
		r = take_messages(console);
	if (r == 0 && fds[1].revents != 0)
		r = take_signals(console);
	if (r == 0 && fds[2].revents != 0 && !console->leaving)
		r = take_input(console);
	return r;
}

static int serve(struct console *console)
{
	int r = send_attach(console);

	if (r == 0)
		r = send_size(console);
	/* what came along with the greeting is in the client's buffer, where poll() does not see it */
	if (r == 0)
		r = take_messages(console);
	while (r == 0 && !console->leaving)
		r = serve_once(console);
	restore_terminal(console);
	return r == 0 ? console->status : ctl_transport_error(console->ctl, r);
}

/* A zone that has ended still has its last words. */
static void print_kept(struct console *console)
{
	struct json_out out = { 0 };
	struct hvisor_message message;
	int64_t replay = console->ctl->replay;
	const char *params;

	json_open_object(&out, NULL);
	ctl_put_console(console->ctl, &out, console->zone);
	json_put_int(&out, "replay", replay >= 0 ? replay : DEFAULT_REPLAY);
	params = ctl_params(&out);
	if (params != NULL &&
	    hvisor_client_call(console->ctl->client, "console.attach", params, 5000, &message) == 0) {
		if (message.result != NULL)
			print_output(message.result);
		hvisor_message_fini(&message);
	}
	json_out_fini(&out);
}

int ctl_console(struct ctl *ctl, int argc, char **argv)
{
	struct console console = { .ctl = ctl, .zone = argv[0] };
	int r, status = ctl_connect(ctl);

	(void)argc;
	if (status != CTL_OK)
		return status;
	r = open_terminal(&console);
	if (r != 0) {
		fprintf(stderr, "hvisorctl: terminal: %s\n", strerror(-r));
		return CTL_FAILED;
	}
	if (console.is_tty)
		fputs("Ctrl-] leaves.\r\n", stderr);
	if (ctl->wait_ms > 0)
		console.leave_at = ctl_now_ms() + ctl->wait_ms;
	status = serve(&console);
	if (status == CTL_NOT_RUNNING)
		print_kept(&console);
	else if (console.is_tty)
		fputc('\n', stderr);
	close(console.signals);
	return status;
}
