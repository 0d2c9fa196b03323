/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by keys.c, keys_run.c and keys_store.c. */
#ifndef KEYS_PRIVATE_H
#define KEYS_PRIVATE_H

#include <sys/queue.h>

#include "connection.h"
#include "keys.h"
#include "sha256.h"
#include "state.h"

#define KEY_SIZE 65u

enum keyed_state {
	KEYED_NEW, /* nothing is begun: its record is on its way to the disk */
	KEYED_RUNNING,
	KEYED_DONE, /* has its answer */
	KEYED_LOST, /* an earlier daemon died while it ran */
};

struct key_waiter {
	TAILQ_ENTRY(key_waiter) entry;
	struct keyed *keyed;
	struct request *request;
	bool more; /* wants to know how far it is */
};

struct keyed {
	TAILQ_ENTRY(keyed) entry;
	struct keys *keys;
	uid_t uid;
	pid_t pid; /* of the first who asked; not on disk */
	char key[KEY_SIZE];
	enum schema_method_id method;
	uint8_t params[SHA256_SIZE]; /* all but the key itself */
	uint64_t time;               /* CLOCK_REALTIME in seconds: when it began, then when it was done */
	enum keyed_state state;
	uint64_t touch; /* when that is on disk it goes on; 0: it waits for nothing */
	bool forget;    /* its answer is not kept */
	bool cancelled; /* while it was NEW */
	cJSON *asked;   /* its parameters, until it is begun */
	char *answer;   /* "result":… or "error":… of the answer's object */
	size_t length;
	struct connection *agent; /* asks in place of those who wait */
	TAILQ_HEAD(, key_waiter) waiters;
};

TAILQ_HEAD(keyed_list, keyed);

struct keys {
	struct api *api;
	struct state_file *file;
	struct keyed_list list; /* the oldest first */
	unsigned count;
	bool closed;
};

/* keys.c */
/* At the end of the list; NULL without memory. */
struct keyed *keyed_new(struct keys *keys);
/* CLOCK_REALTIME in seconds. */
uint64_t keyed_now(void);

/* keys_run.c */
void keyed_free(struct keyed *keyed);
/* What it asks for is not waited for any more. */
void keyed_free_agent(struct keyed *keyed);
/* The change of its record goes to the disk; then it goes on. */
void keyed_touch(struct keyed *keyed);
extern const struct state_file_ops keys_file_ops; /* user: the keys */

/* keys_store.c */
#define KEYS_FILE "requests.json"
/* What is on disk, into the list. What cannot be read is set aside. */
int keys_load(struct keys *keys, const char *dir);
/* All of the list, as a whole file. */
void keys_save(const struct keys *keys, struct json_out *out);

#endif
