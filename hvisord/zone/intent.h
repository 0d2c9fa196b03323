/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is wanted of each zone, by name and id (names alone may be two zones'): what an operator said of its start at
 * boot, and whether it is to run now. Kept in the state directory (zones.json);
 * what does run is the hypervisor's to say.
 */
#ifndef INTENT_H
#define INTENT_H

#include <sys/queue.h>

#include <cJSON.h>

#include "json_write.h"

#define INTENT_MAX_FILE (2u * 1024u * 1024u)
#define INTENT_MAX_DEPTH 4u
#define INTENT_MAX_ENTRIES 4096u
#define INTENT_MAX_NAME 63u
#define INTENT_BOOT_ID_SIZE 40u

enum intent_override {
	INTENT_AS_FILE,
	INTENT_ENABLED,
	INTENT_DISABLED,
};

struct intent {
	TAILQ_ENTRY(intent) entry;
	char *name;
	int id;                        /* -1: the zone's file did not say */
	enum intent_override override; /* of autostart; outlives the machine's run, the rest does not */
	bool wanted;                   /* it is to run, or to be started again when it does not */
	unsigned restarts;             /* by its restart policy, in a row */
	uint64_t due_ms; /* wanted, but does not run: when it is to be started, CLOCK_BOOTTIME; else 0 */
};

struct intents {
	TAILQ_HEAD(, intent) list;
	unsigned count;
	char boot_id[INTENT_BOOT_ID_SIZE]; /* of the machine's run for which they hold */
};

void intents_init(struct intents *intents);
void intents_fini(struct intents *intents);

/* That of the zone, else that of the name without an id, or NULL: nothing is wanted of it. */
struct intent *intent_find(const struct intents *intents, const char *name, int id);

/* The same, made if there is none. NULL without memory, or when there are INTENT_MAX_ENTRIES that say something. */
struct intent *intent_get(struct intents *intents, const char *name, int id);

/* A zone has got another name or id, and keeps what is wanted of it. Without memory nothing is, and that is lost. */
void intent_move(struct intents *intents, const char *from, int from_id, const char *name, int id);

/* The machine booted: only overrides stay. */
void intents_reboot(struct intents *intents, const char *boot_id);

/* As one JSON text; entries that say nothing are left out. */
void intents_write(const struct intents *intents, struct json_out *out);

/* Into empty ones. 0; -EBADMSG or -ENOMEM with them still empty. */
int intents_read(struct intents *intents, const cJSON *root);

#endif
