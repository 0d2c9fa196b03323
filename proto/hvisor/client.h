/* SPDX-License-Identifier: MIT */
/*
 * A client of hvisord: blocking, one thread, no event loop needed. Errors are
 * negative errno values; -ETIMEDOUT when a timeout passed, -EPIPE when the
 * daemon closed, -EPROTO when it does not speak this protocol.
 */
#ifndef HVISOR_CLIENT_H
#define HVISOR_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include <cJSON.h>

#define HVISOR_CLIENT_SOCKET "/run/hvisor/hvisord.sock"
/* Wait for ever. */
#define HVISOR_CLIENT_FOREVER (-1)

struct hvisor_client;

/* One line from the daemon. */
struct hvisor_message {
	cJSON *root;         /* the whole; owner of all that follows */
	const cJSON *id;     /* NULL: a notification */
	const cJSON *result; /* NULL: an error, or a notification */
	const cJSON *error;
	const cJSON *params; /* of a notification */
	bool continues;      /* more results with this id follow */
};

void hvisor_message_fini(struct hvisor_message *message);

/* Connects and reads the greeting. path NULL: HVISOR_CLIENT_SOCKET. */
int hvisor_client_new(const char *path, int timeout_ms, struct hvisor_client **ret_client);

/*
 * The same over descriptors that lead to a daemon: those of a tunnel. They may
 * be one and the same; they are closed by hvisor_client_free(), and on failure.
 */
int hvisor_client_new_fd(int read_fd, int write_fd, int timeout_ms, struct hvisor_client **ret_client);

/* Takes NULL. */
void hvisor_client_free(struct hvisor_client *client);

/* For poll(2): readable when hvisor_client_receive() has something to do. */
int hvisor_client_fd(const struct hvisor_client *client);

/* From the greeting. */
const char *hvisor_client_version(const struct hvisor_client *client);
const char *hvisor_client_boot_id(const struct hvisor_client *client);
/* The greeting names the capability: "events", "progress" ... */
bool hvisor_client_can(const struct hvisor_client *client, const char *capability);

/* Sends a request. params: a JSON object as text, or NULL. *ret_id names it in replies. */
int hvisor_client_send(struct hvisor_client *client, const char *method, const char *params,
		       uint64_t *ret_id);

/*
 * The next message. 0 and *ret_message (give it to hvisor_message_fini()), or
 * -ETIMEDOUT; timeout 0 looks only at what is there.
 */
int hvisor_client_receive(struct hvisor_client *client, int timeout_ms, struct hvisor_message *ret_message);

/* Called for notifications, and for replies to other requests, that come in between. */
typedef void (*hvisor_client_fn)(const struct hvisor_message *message, void *user);
void hvisor_client_on_other(struct hvisor_client *client, hvisor_client_fn other, void *user);

/* Sends a request and waits for its (last) reply, which may be an error. */
int hvisor_client_call(struct hvisor_client *client, const char *method, const char *params, int timeout_ms,
		       struct hvisor_message *ret_message);

/* The message answers the request of that id. */
bool hvisor_message_answers(const struct hvisor_message *message, uint64_t id);

#endif
