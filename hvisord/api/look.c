/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "look.h"

#include <stdlib.h>
#include <string.h>

#include "connection.h"

struct look {
	struct request *request; /* NULL: nobody waits any more */
	cJSON *params;
	look_fn then;
};

static void free_look(struct look *look)
{
	cJSON_Delete(look->params);
	free(look);
}

static void detach(struct request *request)
{
	struct look *look = request->waits_for;

	look->request = NULL;
}

static void on_looked(void *user, int error)
{
	struct look *look = user;
	struct request *request = look->request;

	if (request != NULL) {
		struct connection *connection = request->connection;

		request->detach = NULL;
		if (error == 0) {
			look->then(request, look->params);
		} else {
			request_error(request, SCHEMA_ERROR_INTERNAL, "the zone files cannot be read: %s",
				      strerror(-error));
			request_done(request);
		}
		connection_flush(connection);
	}
	free_look(look);
}

void look_first(struct request *request, const cJSON *params, look_fn then)
{
	struct look *look = calloc(1, sizeof(*look));
	struct request *kept = look != NULL ? request_keep(request) : NULL;

	if (look == NULL)
		return request_error(request, SCHEMA_ERROR_INTERNAL, "out of memory");
	if (kept == NULL)
		return free(look);
	*look = (struct look){ .request = kept, .params = cJSON_Duplicate(params, true), .then = then };
	kept->waits_for = look;
	kept->detach = detach;
	if ((params == NULL || look->params != NULL) &&
	    zones_refresh(request->connection->api->zones, true, on_looked, look) == 0)
		return;
	request_error(kept, SCHEMA_ERROR_INTERNAL, "out of memory");
	request_done(kept);
	free_look(look);
}
