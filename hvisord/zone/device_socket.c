/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "device_socket.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 8

static int find_address(const char *run_dir, uint32_t zone, struct sockaddr_un *ret_address)
{
	int n;

	*ret_address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	n = snprintf(ret_address->sun_path, sizeof(ret_address->sun_path), "%s/zone-%u.link", run_dir, zone);
	return n < (int)sizeof(ret_address->sun_path) ? 0 : -ENAMETOOLONG;
}

static int make_listen(int fd, const struct sockaddr_un *address)
{
	unlink(address->sun_path);
	return bind(fd, (const struct sockaddr *)address, sizeof(*address)) != 0 || listen(fd, BACKLOG) != 0
		       ? -errno
		       : 0;
}

static int make_connect(int fd, const struct sockaddr_un *address)
{
	return connect(fd, (const struct sockaddr *)address, sizeof(*address)) != 0 ? -errno : 0;
}

static int open_socket(const char *run_dir, uint32_t zone,
		       int (*make)(int fd, const struct sockaddr_un *address), int *ret_fd)
{
	struct sockaddr_un address;
	int fd, r = find_address(run_dir, zone, &address);

	if (r != 0)
		return r;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	r = make(fd, &address);
	if (r == 0)
		*ret_fd = fd;
	else
		close(fd);
	return r;
}

int device_socket_listen(const char *run_dir, uint32_t zone, int *ret_fd)
{
	return open_socket(run_dir, zone, make_listen, ret_fd);
}

int device_socket_connect(const char *run_dir, uint32_t zone, int *ret_fd)
{
	return open_socket(run_dir, zone, make_connect, ret_fd);
}

int device_socket_send(int fd, struct device_link_header header, const char *data)
{
	char packet[DEVICE_LINK_MAX];

	header.magic = DEVICE_LINK_MAGIC;
	memcpy(packet, &header, sizeof(header));
	if (header.length != 0)
		memcpy(packet + sizeof(header), data, header.length);
	return send(fd, packet, sizeof(header) + header.length, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int device_socket_send_alone(const char *run_dir, uint32_t zone, struct device_link_header header)
{
	int fd, r = device_socket_connect(run_dir, zone, &fd);

	if (r != 0)
		return r;
	header.version = DEVICE_LINK_FIRST;
	r = device_socket_send(fd, header, NULL);
	close(fd);
	return r;
}

void device_socket_unlink(const char *run_dir, uint32_t zone)
{
	struct sockaddr_un address;

	if (find_address(run_dir, zone, &address) == 0)
		unlink(address.sun_path);
}
