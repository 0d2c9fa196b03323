/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "api.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "connection.h"
#include "keys.h"
#include "log.h"

static int make_boot_id(char *ret_id)
{
	unsigned char bytes[16];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return -errno;
	for (unsigned i = 0; i < sizeof(bytes); i++)
		snprintf(ret_id + 2 * (size_t)i, 3, "%02x", bytes[i]);
	return 0;
}

int api_new(uv_loop_t *loop, const struct api_options *options, struct api **ret_api)
{
	struct api *api = calloc(1, sizeof(*api));
	int r;

	if (api == NULL)
		return -ENOMEM;
	r = make_boot_id(api->boot_id);
	if (r != 0) {
		free(api);
		return r;
	}
	api->loop = loop;
	api->options = *options;
	api->started_ms = uv_now(loop);
	api->groups.readers = access_find_group(options->group);
	api->groups.admins = access_find_group(options->admin_group);
	TAILQ_INIT(&api->connections);
	events_init(&api->events);
	r = keys_new(api, options->state_dir, &api->keys);
	if (r == 0)
		*ret_api = api;
	else
		api_free(api);
	return r;
}

/* A socket that a dead daemon left is replaced; the lock on the run directory says that it is dead. */
static int open_socket(const char *path, gid_t readers, int *ret_fd)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	mode_t mask;
	int fd, r = 0;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	unlink(path);
	mask = umask(0177);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		r = -errno;
	umask(mask);
	if (r == 0 && readers != (gid_t)-1 && chown(path, (uid_t)-1, readers) == 0)
		r = chmod(path, 0660) == 0 ? 0 : -errno;
	if (r != 0)
		close(fd);
	else
		*ret_fd = fd;
	return r;
}

int api_listen(struct api *api, struct zones *zones)
{
	int fd = api->options.listen_fd, r = 0;

	api->zones = zones;
	if (fd < 0)
		r = open_socket(api->options.socket, api->groups.readers, &fd);
	if (r != 0)
		return r;
	r = listener_open(&api->listener, api->loop, fd, connection_accept, api);
	if (r != 0) {
		close(fd);
		return r;
	}
	api->listening = true;
	return 0;
}

void api_close(struct api *api)
{
	struct connection *connection;

	keys_close(api->keys);
	while ((connection = TAILQ_FIRST(&api->connections)) != NULL)
		connection_close(connection);
	if (api->turns.data != NULL)
		uv_close((uv_handle_t *)&api->turns, NULL);
	api->turns.data = NULL;
	if (!api->listening)
		return;
	listener_close(&api->listener);
	api->listening = false;
	if (api->options.listen_fd < 0)
		unlink(api->options.socket);
}

void api_free(struct api *api)
{
	if (api == NULL)
		return;
	keys_free(api->keys);
	events_fini(&api->events);
	free(api);
}
