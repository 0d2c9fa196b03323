/* SPDX-License-Identifier: MIT */
/* states: id, name and state of all zones. cc states.c $(pkg-config --cflags --libs hvisor) */
#include <hvisor/client.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
	struct hvisor_client *client;
	struct hvisor_message answer;
	const cJSON *zone;
	int r = hvisor_client_new(getenv("HVISOR_SOCKET"), 5000, &client);

	if (r == 0)
		r = hvisor_client_call(client, "zone.list", NULL, 5000, &answer);
	if (r != 0) {
		fprintf(stderr, "states: %s\n", strerror(-r));
		return EXIT_FAILURE;
	}
	cJSON_ArrayForEach(zone, cJSON_GetObjectItemCaseSensitive(answer.result, "zones")) {
		const cJSON *id = cJSON_GetObjectItemCaseSensitive(zone, "id");

		printf("%d %s %s\n", cJSON_IsNumber(id) ? id->valueint : -1,
		       cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(zone, "name")),
		       cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(zone, "state")));
	}
	hvisor_message_fini(&answer);
	hvisor_client_free(client);
	return EXIT_SUCCESS;
}
