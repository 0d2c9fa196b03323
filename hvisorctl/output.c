/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output.h"

#include <errno.h>
#include <stdlib.h>

const cJSON *ctl_item(const cJSON *object, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(object, key);
}

const char *ctl_string(const cJSON *object, const char *key)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
}

bool ctl_has_number(const cJSON *object, const char *key)
{
	return cJSON_IsNumber(cJSON_GetObjectItemCaseSensitive(object, key));
}

double ctl_number(const cJSON *object, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

	return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

const char *ctl_cpus(const cJSON *cpus, char *buffer, size_t size)
{
	const cJSON *cpu = cpus != NULL ? cpus->child : NULL;
	size_t used = 0;

	buffer[0] = '\0';
	while (cpu != NULL) {
		int first = (int)cpu->valuedouble, last = first;
		int n;

		for (cpu = cpu->next; cpu != NULL && (int)cpu->valuedouble == last + 1; cpu = cpu->next)
			last++;
		n = last > first ? snprintf(buffer + used, size - used, "%s%d-%d", used != 0 ? "," : "",
					    first, last)
				 : snprintf(buffer + used, size - used, "%s%d", used != 0 ? "," : "", first);
		if (n < 0 || (size_t)n >= size - used)
			break;
		used += (size_t)n;
	}
	return used != 0 ? buffer : "-";
}

const char *ctl_bytes(double bytes, char *buffer, size_t size)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	unsigned unit = 0;

	while (bytes >= 1024 && unit < 4 && (bytes >= 10240 || (long)bytes % 1024 == 0)) {
		bytes /= 1024;
		unit++;
	}
	snprintf(buffer, size, "%.*f %s", bytes - (double)(long)bytes > 0 ? 1 : 0, bytes, units[unit]);
	return buffer;
}

const char *ctl_duration(double ms, char *buffer, size_t size)
{
	long seconds = (long)(ms / 1000), days = seconds / 86400;

	seconds %= 86400;
	if (days != 0)
		snprintf(buffer, size, "%ld d %ld:%02ld:%02ld", days, seconds / 3600, seconds / 60 % 60,
			 seconds % 60);
	else
		snprintf(buffer, size, "%ld:%02ld:%02ld", seconds / 3600, seconds / 60 % 60, seconds % 60);
	return buffer;
}

int ctl_print_json(FILE *to, const cJSON *item)
{
	char *text = cJSON_PrintUnformatted(item);

	if (text == NULL) {
		fputs("hvisorctl: out of memory\n", stderr);
		return -ENOMEM;
	}
	fputs(text, to);
	fputc('\n', to);
	free(text);
	return 0;
}
