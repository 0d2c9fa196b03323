/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "remote.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "output.h"

#define SCHEME "ssh://"

struct target {
	char name[300]; /* USER@BOARD */
	char port[8];   /* "": ssh's own choice */
};

static int bad_host(const char *host, const char *why)
{
	fputs("hvisorctl: --host: ", stderr);
	ctl_put_text(stderr, host);
	fprintf(stderr, ": %s; it is to be ssh://[USER@]BOARD[:PORT]\n", why);
	return -EINVAL;
}

static int take_port(const char *host, const char *text, struct target *target)
{
	size_t length = strlen(text);

	if (length == 0 || length > 5 || strspn(text, "0123456789") != length || atol(text) > 65535)
		return bad_host(host, "no port");
	memcpy(target->port, text, length + 1);
	return 0;
}

/* An address with colons stands in brackets, which ssh does not want to see. */
static int parse(const char *host, struct target *target)
{
	const char *rest = host + strlen(SCHEME), *at, *board, *end, *colon;
	size_t user_length, length;

	if (strncmp(host, SCHEME, strlen(SCHEME)) != 0)
		return bad_host(host, "not ssh");
	at = strrchr(rest, '@');
	board = at != NULL ? at + 1 : rest;
	user_length = (size_t)(board - rest);
	end = board[0] == '[' ? strchr(board, ']') : board + strcspn(board, ":/");
	if (end == NULL)
		return bad_host(host, "no ']'");
	colon = board[0] == '[' ? end + 1 : end;
	board += board[0] == '[';
	length = (size_t)(end - board);
	/* what begins with '-' would be an option to ssh */
	if (length == 0 || rest[0] == '-' || board[0] == '-' || user_length + length >= sizeof(target->name))
		return bad_host(host, "no board");
	memcpy(target->name, rest, user_length);
	memcpy(target->name + user_length, board, length);
	target->name[user_length + length] = '\0';
	if (colon[0] == ':')
		return take_port(host, colon + 1, target);
	return colon[0] == '\0' || strcmp(colon, "/") == 0 ? 0 : bad_host(host, "something behind the board");
}

/* The far side's command line goes through its shell: quoted. */
static char *make_command(const char *path)
{
	char *command = NULL;
	size_t size;
	FILE *to = open_memstream(&command, &size);

	if (to == NULL)
		return NULL;
	fputs("hvisorctl", to);
	if (path != NULL)
		fputs(" --socket '", to);
	for (const char *c = path; c != NULL && *c != '\0'; c++) {
		if (*c == '\'')
			fputs("'\\''", to);
		else
			fputc(*c, to);
	}
	fprintf(to, "%s proxy", path != NULL ? "'" : "");
	if (fclose(to) == 0)
		return command;
	free(command);
	return NULL;
}

static int start_ssh(struct target *target, char *command, int fd, int *ret_pid)
{
	char *with_port[] = { "ssh", "-T", "-p", target->port, "--", target->name, command, NULL };
	char *without[] = { "ssh", "-T", "--", target->name, command, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t signals;
	pid_t pid;
	int r;

	if (posix_spawn_file_actions_init(&actions) != 0 || posix_spawnattr_init(&attributes) != 0)
		return -ENOMEM;
	/* ours ignores SIGPIPE; ssh is to have the usual */
	sigemptyset(&signals);
	sigaddset(&signals, SIGPIPE);
	posix_spawnattr_setsigdefault(&attributes, &signals);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
	posix_spawn_file_actions_adddup2(&actions, fd, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, fd, STDOUT_FILENO);
	r = posix_spawnp(&pid, "ssh", &actions, &attributes, target->port[0] != '\0' ? with_port : without,
			 environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	if (r == 0)
		*ret_pid = pid;
	else
		fprintf(stderr, "hvisorctl: ssh: %s\n", strerror(r));
	return -r;
}

int remote_open(const char *host, const char *socket, int *ret_fd, int *ret_pid)
{
	struct target target = { 0 };
	char *command;
	int fds[2];
	int r = parse(host, &target);

	if (r != 0)
		return r;
	command = make_command(socket);
	if (command == NULL)
		return -ENOMEM;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) {
		free(command);
		return -errno;
	}
	r = start_ssh(&target, command, fds[1], ret_pid);
	free(command);
	close(fds[1]);
	if (r == 0)
		*ret_fd = fds[0];
	else
		close(fds[0]);
	return r;
}

int remote_status(int *pid)
{
	int status = 0;

	if (*pid == 0)
		return 0;
	while (waitpid(*pid, &status, 0) < 0 && errno == EINTR)
		;
	*pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}
