/* SPDX-License-Identifier: MIT */
#include "hvisor/client.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "json_strict.h"
#include "json_write.h"
#include "schema.h"

/* Answers may be longer than requests: a list of many zones and findings. */
#define MAX_ANSWER (16u * 1024u * 1024u)
#define READ_SIZE 65536u

struct hvisor_client {
	int fd;       /* for reading */
	int write_fd; /* the same one, of a socket */
	uint64_t next_id;
	char *buffer; /* received, not taken yet */
	size_t start, end, capacity;
	size_t scanned; /* of start..end, known to hold no LF */
	struct hvisor_message greeting;
	hvisor_client_fn other;
	void *user;
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The moment at which a timeout is over; -1: never. */
static int64_t deadline_for(int timeout_ms)
{
	return timeout_ms < 0 ? -1 : now_ms() + timeout_ms;
}

static int wait_for(int fd, short events, int64_t deadline)
{
	struct pollfd poll_fd = { .fd = fd, .events = events };

	for (;;) {
		int64_t left = deadline < 0 ? -1 : deadline - now_ms();
		int n;

		if (deadline >= 0 && left < 0)
			left = 0;
		n = poll(&poll_fd, 1, (int)left);
		if (n > 0)
			return 0;
		if (n == 0)
			return -ETIMEDOUT;
		if (errno != EINTR)
			return -errno;
	}
}

void hvisor_message_fini(struct hvisor_message *message)
{
	cJSON_Delete(message->root);
	*message = (struct hvisor_message){ 0 };
}

bool hvisor_message_answers(const struct hvisor_message *message, uint64_t id)
{
	uint64_t number;

	return message->id != NULL && json_strict_u64(message->id, &number) == 0 && number == id;
}

/* Room for one read. */
static int make_room(struct hvisor_client *client)
{
	size_t used = client->end - client->start;
	char *buffer;

	if (client->start != 0) {
		memmove(client->buffer, client->buffer + client->start, used);
		client->start = 0;
		client->end = used;
	}
	if (client->capacity - used >= READ_SIZE)
		return 0;
	if (used > MAX_ANSWER)
		return -EMSGSIZE;
	buffer = realloc(client->buffer, used * 2 + READ_SIZE);
	if (buffer == NULL)
		return -ENOMEM;
	client->buffer = buffer;
	client->capacity = used * 2 + READ_SIZE;
	return 0;
}

static int read_more(struct hvisor_client *client, int64_t deadline)
{
	int r = make_room(client);
	ssize_t n;

	if (r == 0)
		r = wait_for(client->fd, POLLIN, deadline);
	if (r != 0)
		return r;
	n = read(client->fd, client->buffer + client->end, client->capacity - client->end);
	if (n == 0)
		return -EPIPE;
	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : -errno;
	client->end += (size_t)n;
	return 0;
}

/* The next line: its start and length, valid until the next call. */
static int next_line(struct hvisor_client *client, int64_t deadline, const char **ret_line,
		     size_t *ret_length)
{
	for (;;) {
		const char *start = client->buffer + client->start;
		size_t length = client->end - client->start;
		const char *end = length > client->scanned
					  ? memchr(start + client->scanned, '\n', length - client->scanned)
					  : NULL;
		int r;

		if (end != NULL) {
			*ret_line = start;
			*ret_length = (size_t)(end - start);
			client->start += *ret_length + 1;
			client->scanned = 0;
			return 0;
		}
		client->scanned = length;
		r = read_more(client, deadline);
		if (r != 0)
			return r;
	}
}

static int receive_until(struct hvisor_client *client, int64_t deadline, struct hvisor_message *ret_message)
{
	struct hvisor_message message = { 0 };
	struct json_error error;
	const char *line;
	size_t length;
	int r = next_line(client, deadline, &line, &length);

	if (r != 0)
		return r;
	r = json_strict_parse(line, length, JSON_STRICT_MAX_DEPTH, &message.root, &error);
	if (r != 0)
		return r == -ENOMEM ? r : -EPROTO;
	message.id = cJSON_GetObjectItemCaseSensitive(message.root, "id");
	message.result = cJSON_GetObjectItemCaseSensitive(message.root, "result");
	message.error = cJSON_GetObjectItemCaseSensitive(message.root, "error");
	message.params = cJSON_GetObjectItemCaseSensitive(message.root, "params");
	message.continues = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(message.root, "continues"));
	*ret_message = message;
	return 0;
}

int hvisor_client_receive(struct hvisor_client *client, int timeout_ms, struct hvisor_message *ret_message)
{
	return receive_until(client, deadline_for(timeout_ms), ret_message);
}

static int read_greeting(struct hvisor_client *client, int64_t deadline)
{
	const cJSON *greeting;
	uint64_t protocol;
	int r = receive_until(client, deadline, &client->greeting);

	if (r != 0)
		return r;
	/* refused before it began: the daemon said why, and has closed */
	if (client->greeting.error != NULL)
		return -EACCES;
	greeting = cJSON_GetObjectItemCaseSensitive(client->greeting.root, "hvisord");
	if (json_strict_u64(cJSON_GetObjectItemCaseSensitive(greeting, "protocol"), &protocol) != 0 ||
	    protocol != SCHEMA_PROTOCOL)
		return -EPROTO;
	return 0;
}

int hvisor_client_new_fd(int read_fd, int write_fd, int timeout_ms, struct hvisor_client **ret_client)
{
	struct hvisor_client *client = calloc(1, sizeof(*client));
	int r = client != NULL ? 0 : -ENOMEM;

	if (r == 0) {
		client->fd = read_fd;
		client->write_fd = write_fd;
		r = make_room(client);
		if (r == 0)
			r = read_greeting(client, deadline_for(timeout_ms));
		if (r == 0)
			*ret_client = client;
		else
			hvisor_client_free(client);
		return r;
	}
	close(read_fd);
	if (write_fd != read_fd)
		close(write_fd);
	return r;
}

int hvisor_client_new(const char *path, int timeout_ms, struct hvisor_client **ret_client)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, r;

	if (path == NULL)
		path = HVISOR_CLIENT_SOCKET;
	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return hvisor_client_new_fd(fd, fd, timeout_ms, ret_client);
	r = -errno;
	close(fd);
	return r;
}

void hvisor_client_free(struct hvisor_client *client)
{
	if (client == NULL)
		return;
	close(client->fd);
	if (client->write_fd != client->fd)
		close(client->write_fd);
	hvisor_message_fini(&client->greeting);
	free(client->buffer);
	free(client);
}

int hvisor_client_fd(const struct hvisor_client *client)
{
	return client->fd;
}

static const char *greeting_text(const struct hvisor_client *client, const char *key)
{
	const cJSON *greeting = cJSON_GetObjectItemCaseSensitive(client->greeting.root, "hvisord");
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(greeting, key));

	return text != NULL ? text : "";
}

const char *hvisor_client_version(const struct hvisor_client *client)
{
	return greeting_text(client, "version");
}

bool hvisor_client_can(const struct hvisor_client *client, const char *capability)
{
	const cJSON *greeting = cJSON_GetObjectItemCaseSensitive(client->greeting.root, "hvisord"), *item;

	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(greeting, "caps")) {
		if (cJSON_IsString(item) && strcmp(item->valuestring, capability) == 0)
			return true;
	}
	return false;
}

const char *hvisor_client_boot_id(const struct hvisor_client *client)
{
	return greeting_text(client, "boot_id");
}

/* A library raises no SIGPIPE; what is no socket is its user's choice, and so is the signal then. */
static ssize_t write_quietly(int fd, const char *data, size_t length)
{
	ssize_t n = send(fd, data, length, MSG_NOSIGNAL);

	return n < 0 && errno == ENOTSOCK ? write(fd, data, length) : n;
}

static int send_all(int fd, const char *data, size_t length)
{
	while (length != 0) {
		ssize_t n = write_quietly(fd, data, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		length -= (size_t)n;
	}
	return 0;
}

int hvisor_client_send(struct hvisor_client *client, const char *method, const char *params, uint64_t *ret_id)
{
	struct json_out out = { 0 };
	uint64_t id = ++client->next_id;
	int r = -ENOMEM;

	json_open_object(&out, NULL);
	json_put_string(&out, "jsonrpc", "2.0");
	json_put_uint(&out, "id", id);
	json_put_string(&out, "method", method);
	if (params != NULL)
		json_put_raw(&out, "params", params, strlen(params));
	json_close_object(&out);
	json_append(&out, "\n", 1);
	if (!out.failed)
		r = send_all(client->write_fd, out.text, out.length);
	json_out_fini(&out);
	if (r == 0)
		*ret_id = id;
	return r;
}

void hvisor_client_on_other(struct hvisor_client *client, hvisor_client_fn other, void *user)
{
	client->other = other;
	client->user = user;
}

int hvisor_client_call(struct hvisor_client *client, const char *method, const char *params, int timeout_ms,
		       struct hvisor_message *ret_message)
{
	int64_t deadline = deadline_for(timeout_ms);
	uint64_t id;
	int r = hvisor_client_send(client, method, params, &id);

	while (r == 0) {
		struct hvisor_message message;

		r = receive_until(client, deadline, &message);
		if (r != 0)
			break;
		if (hvisor_message_answers(&message, id) && !message.continues) {
			*ret_message = message;
			return 0;
		}
		if (client->other != NULL)
			client->other(&message, client->user);
		hvisor_message_fini(&message);
	}
	return r;
}
