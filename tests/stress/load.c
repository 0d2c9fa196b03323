// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests to hvisord, timed, and clients that misbehave. One line of figures
 * on standard output:
 *
 *   load SOCKET measure COUNT [CONNECTIONS [DEPTH]]
 *       zone.list COUNT times in all, over CONNECTIONS (1) in turn, DEPTH (1)
 *       in flight on each; prints
 *       requests=N seconds=S rate=R p50_us=A p99_us=B max_us=C
 *   load SOCKET silent COUNT       COUNT connections that never read, each with events and requests
 *   load SOCKET trickle COUNT      a request a byte at a time, on COUNT connections
 *   load SOCKET flood COUNT        as many requests as go, on COUNT connections, in flight all the time
 *   load SOCKET endless BYTES      BYTES without a newline; prints taken=N, what the daemon took of it
 *   load SOCKET echo COUNT         no client but a daemon that only greets and echoes: COUNT connections,
 *                                  one after the other; what "measure" says of it is the most that it can say
 *
 * The misbehaving ones print "ready" when they are connected and go on until they are killed.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define REQUEST "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"zone.list\"}\n"
#define SUBSCRIBE "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"events.subscribe\"}\n"
#define MAX_CONNECTIONS 64
#define MAX_DEPTH 8 /* the greeting's in_flight */

static void die(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static unsigned long number(const char *text, unsigned long max)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*text == '\0' || *end != '\0' || value == 0 || value > max) {
		fprintf(stderr, "load: %s is not a number from 1 to %lu\n", text, max);
		exit(2);
	}
	return value;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void send_all(int fd, const char *data, size_t length)
{
	while (length > 0) {
		ssize_t n = send(fd, data, length, MSG_NOSIGNAL);

		if (n < 0)
			die("send");
		data += n;
		length -= (size_t)n;
	}
}

/* Reads lines that may come in pieces; returns how many ended. */
static unsigned receive_lines(int fd)
{
	static char buffer[65536];
	ssize_t n = recv(fd, buffer, sizeof(buffer), 0);
	unsigned lines = 0;

	if (n <= 0)
		die("the daemon closed");
	for (char *p = buffer; (p = memchr(p, '\n', (size_t)(buffer + n - p))) != NULL; p++)
		lines++;
	return lines;
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		die(path);
	while (receive_lines(fd) == 0) /* the greeting */
		;
	return fd;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

struct lane {
	double sent[MAX_DEPTH]; /* when; a ring */
	unsigned first, count;
};

static void lane_send(struct lane *lane, int fd, unsigned depth)
{
	char burst[MAX_DEPTH * sizeof(REQUEST)];
	size_t length = 0;

	for (double at = now(); lane->count < depth; lane->count++) {
		lane->sent[(lane->first + lane->count) % MAX_DEPTH] = at;
		memcpy(burst + length, REQUEST, sizeof(REQUEST) - 1);
		length += sizeof(REQUEST) - 1;
	}
	send_all(fd, burst, length);
}

static void measure(const char *path, unsigned long count, unsigned connections, unsigned depth)
{
	double *times = calloc(count + MAX_DEPTH * MAX_CONNECTIONS, sizeof(*times)), begin;
	struct lane lanes[MAX_CONNECTIONS] = { 0 };
	struct pollfd fds[MAX_CONNECTIONS];
	unsigned long done = 0;

	if (times == NULL)
		die("calloc");
	for (unsigned i = 0; i < connections; i++)
		fds[i] = (struct pollfd){ .fd = connect_to(path), .events = POLLIN };
	begin = now();
	for (unsigned i = 0; i < connections; i++)
		lane_send(&lanes[i], fds[i].fd, depth);
	while (done < count) {
		if (connections > 1 && poll(fds, connections, -1) < 0)
			die("poll");
		for (unsigned i = 0; i < connections; i++) {
			struct lane *lane = &lanes[i];
			unsigned lines;

			if (connections > 1 && fds[i].revents == 0)
				continue;
			lines = receive_lines(fds[i].fd);
			for (double at = now(); lines > 0; lines--, lane->count--) {
				times[done++] = at - lane->sent[lane->first];
				lane->first = (lane->first + 1) % MAX_DEPTH;
			}
			lane_send(lane, fds[i].fd, depth);
		}
	}
	begin = now() - begin;
	qsort(times, done, sizeof(*times), compare);
	printf("requests=%lu seconds=%.3f rate=%.0f p50_us=%.1f p99_us=%.1f max_us=%.1f\n", done, begin,
	       (double)done / begin, times[done / 2] * 1e6, times[done * 99 / 100] * 1e6,
	       times[done - 1] * 1e6);
	free(times);
}

static void ready(void)
{
	puts("ready");
	fflush(stdout);
}

static void silent(const char *path, unsigned long count)
{
	while (count-- > 0) {
		int fd = connect_to(path);

		send_all(fd, SUBSCRIBE, sizeof(SUBSCRIBE) - 1);
		/* more than the daemon will queue for it; it stops reading sooner or later */
		for (unsigned i = 0;
		     i < 100000 && send(fd, REQUEST, sizeof(REQUEST) - 1, MSG_NOSIGNAL | MSG_DONTWAIT) > 0;
		     i++)
			;
	}
	ready();
	pause();
}

static void trickle(const char *path, unsigned connections)
{
	int fds[MAX_CONNECTIONS];

	for (unsigned i = 0; i < connections; i++)
		fds[i] = connect_to(path);
	ready();
	for (size_t at = 0;; at = (at + 1) % (sizeof(REQUEST) - 1)) {
		struct timespec pause_for = { .tv_nsec = 1000000 };

		for (unsigned i = 0; i < connections; i++) {
			send_all(fds[i], &REQUEST[at], 1);
			if (at == sizeof(REQUEST) - 2)
				receive_lines(fds[i]);
		}
		nanosleep(&pause_for, NULL);
	}
}

static void flood(const char *path, unsigned connections)
{
	struct lane lanes[MAX_CONNECTIONS] = { 0 };
	struct pollfd fds[MAX_CONNECTIONS];

	for (unsigned i = 0; i < connections; i++)
		fds[i] = (struct pollfd){ .fd = connect_to(path), .events = POLLIN };
	ready();
	for (;;) {
		for (unsigned i = 0; i < connections; i++)
			lane_send(&lanes[i], fds[i].fd, MAX_DEPTH);
		if (poll(fds, connections, -1) < 0)
			die("poll");
		for (unsigned i = 0; i < connections; i++) {
			if (fds[i].revents != 0)
				lanes[i].count -= receive_lines(fds[i].fd);
		}
	}
}

static void endless(const char *path, unsigned long bytes)
{
	static char data[65536];
	int fd = connect_to(path);
	unsigned long taken = 0;

	memset(data, 'x', sizeof(data));
	while (taken < bytes) {
		ssize_t n = send(fd, data, sizeof(data), MSG_NOSIGNAL);

		if (n < 0)
			break; /* as it should be */
		taken += (unsigned long)n;
	}
	printf("taken=%lu\n", taken);
}

static int serve(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(fd, 1) != 0)
		die(path);
	return fd;
}

static void echo(const char *path, unsigned connections)
{
	static char data[65536];
	int listener = serve(path);

	ready();
	while (connections-- != 0) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		ssize_t n = 1;

		if (fd < 0)
			die("accept");
		for (send_all(fd, "\n", 1); n > 0; send_all(fd, data, n > 0 ? (size_t)n : 0))
			n = recv(fd, data, sizeof(data), 0);
		close(fd);
	}
}

int main(int argc, char **argv)
{
	const char *mode = argc > 3 ? argv[2] : "";
	unsigned long connections = MAX_CONNECTIONS;

	if (strcmp(mode, "measure") == 0) {
		measure(argv[1], number(argv[3], 100000000),
			(unsigned)(argc > 4 ? number(argv[4], MAX_CONNECTIONS) : 1),
			(unsigned)(argc > 5 ? number(argv[5], MAX_DEPTH) : 1));
	} else if (strcmp(mode, "endless") == 0) {
		endless(argv[1], number(argv[3], 1ul << 40));
	} else if (strcmp(mode, "silent") == 0) {
		silent(argv[1], number(argv[3], connections));
	} else if (strcmp(mode, "trickle") == 0) {
		trickle(argv[1], (unsigned)number(argv[3], connections));
	} else if (strcmp(mode, "flood") == 0) {
		flood(argv[1], (unsigned)number(argv[3], connections));
	} else if (strcmp(mode, "echo") == 0) {
		echo(argv[1], (unsigned)number(argv[3], connections));
	} else {
		fputs("usage: load SOCKET measure|silent|trickle|flood|endless|echo COUNT [CONNECTIONS "
		      "[DEPTH]]\n",
		      stderr);
		return 2;
	}
	return 0;
}
