/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What people type, in order, at the pace of the device process. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "zone_private.h"

struct zone_input {
	TAILQ_ENTRY(zone_input) entry;
	struct zone *zone;
	unsigned port;
	zone_done_fn done; /* NULL: nobody waits any more */
	void *user;
	size_t length;
	size_t sent;
	char data[];
};

static void finish(struct zone_input *input, const struct zone_failure *failure)
{
	struct zone *zone = input->zone;

	TAILQ_REMOVE(&zone->private->inputs, input, entry);
	if (input->done != NULL)
		input->done(input->user, zone, failure);
	free(input);
	zone_put(zone);
}

/* The first of those to a console that no earlier one waits for; NULL: there is none. */
static struct zone_input *next_input(struct zone *zone, uint32_t waiting)
{
	struct zone_input *input;

	TAILQ_FOREACH(input, &zone->private->inputs, entry)
	{
		if ((waiting >> input->port & 1) == 0)
			return input;
	}
	return NULL;
}

/* What is typed to one console does not wait for another's guest. */
void zone_inputs_send(struct zone *zone)
{
	static const struct zone_failure well = { 0 };
	static const struct zone_failure none = { .error = SCHEMA_ERROR_NO_CONSOLE,
						  .message = "the zone does not run with that console" };
	const struct zone_private *private = zone->private;
	struct zone_input *input;
	uint32_t waiting = 0;

	while (private->device != NULL && (input = next_input(zone, waiting)) != NULL) {
		if (!device_has_console(private->device, input->port)) {
			finish(input, &none);
			continue;
		}
		input->sent += device_input(private->device, input->port, input->data + input->sent,
					    input->length - input->sent);
		if (input->sent < input->length)
			waiting |= 1u << input->port;
		else
			finish(input, &well);
	}
}

void zone_inputs_fail(struct zone *zone)
{
	struct zone_failure failure = { .error = SCHEMA_ERROR_DEVICE,
					.message = "the zone's device process is gone" };
	struct zone_input *input;

	while ((input = TAILQ_FIRST(&zone->private->inputs)) != NULL)
		finish(input, &failure);
}

int zone_type(struct zone *zone, unsigned port, const char *data, size_t length, zone_done_fn done,
	      void *user, struct zone_input **ret_input)
{
	struct zone_input *input = malloc(sizeof(*input) + length);

	if (input == NULL)
		return -ENOMEM;
	*input = (struct zone_input){
		.zone = zone, .port = port, .done = done, .user = user, .length = length
	};
	memcpy(input->data, data, length);
	zone_get(zone);
	*ret_input = input;
	TAILQ_INSERT_TAIL(&zone->private->inputs, input, entry);
	if (zone->private->device == NULL)
		zone_inputs_fail(zone);
	else
		zone_inputs_send(zone);
	return 0;
}

void zone_input_detach(struct zone_input *input)
{
	/* what was partly sent is sent to its end: a command line cut in two would be worse */
	input->done = NULL;
	if (input->sent == 0) {
		TAILQ_REMOVE(&input->zone->private->inputs, input, entry);
		zone_put(input->zone);
		free(input);
	}
}
