/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

void ctl_put_text(FILE *to, const char *text)
{
	for (const unsigned char *s = (const unsigned char *)text; *s != '\0'; s++) {
		/* C0, DEL, and C1 as UTF-8 has it: what could move a cursor or worse */
		bool c1 = s[0] == 0xc2 && s[1] >= 0x80 && s[1] <= 0x9f;

		if (*s < 0x20 || *s == 0x7f || c1)
			fprintf(to, "\\x%02x", c1 ? *++s : *s);
		else
			fputc(*s, to);
	}
}

const char *ctl_string(const cJSON *object, const char *key)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
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

int ctl_print_json(const cJSON *item)
{
	char *text = cJSON_PrintUnformatted(item);

	if (text == NULL) {
		fputs("hvisorctl: out of memory\n", stderr);
		return CTL_FAILED;
	}
	puts(text);
	free(text);
	return CTL_OK;
}

void ctl_print_zones(const cJSON *zones)
{
	const cJSON *zone;

	printf("%-3s %-20s %-9s %-8s %-10s %s\n", "ID", "NAME", "STATE", "CPUS", "RAM", "REASON");
	cJSON_ArrayForEach(zone, zones) {
		const cJSON *id = cJSON_GetObjectItemCaseSensitive(zone, "id");
		const char *name = ctl_string(zone, "name"), *state = ctl_string(zone, "state");
		const char *reason = ctl_string(zone, "reason");
		char number[16] = "-", cpus[64], ram[32];
		long width;

		if (cJSON_IsNumber(id))
			snprintf(number, sizeof(number), "%d", (int)id->valuedouble);
		printf("%-3s ", number);
		ctl_put_text(stdout, name != NULL ? name : "?");
		width = name != NULL ? 20 - (long)strlen(name) : 19;
		printf("%*s %-9s %-8s %-10s ", width > 0 ? (int)width : 0, "", state != NULL ? state : "?",
		       ctl_cpus(cJSON_GetObjectItemCaseSensitive(zone, "cpus"), cpus, sizeof(cpus)),
		       ctl_bytes(ctl_number(zone, "ram"), ram, sizeof(ram)));
		ctl_put_text(stdout, reason != NULL ? reason : "-");
		putchar('\n');
	}
}

void ctl_print_finding(FILE *to, const cJSON *finding)
{
	const char *file = ctl_string(finding, "file"), *pointer = ctl_string(finding, "pointer");
	const char *message = ctl_string(finding, "message"), *reason = ctl_string(finding, "reason");
	const char *severity = ctl_string(finding, "severity"), *other = ctl_string(finding, "other");

	ctl_put_text(to, file != NULL ? file : "?");
	if (ctl_number(finding, "line") > 0)
		fprintf(to, ":%.0f", ctl_number(finding, "line"));
	fprintf(to, ": %s: ", severity != NULL ? severity : "error");
	if (pointer != NULL && pointer[0] != '\0') {
		ctl_put_text(to, pointer);
		fputs(": ", to);
	}
	ctl_put_text(to, message != NULL ? message : "");
	if (other != NULL) {
		fputs(" (", to);
		ctl_put_text(to, other);
		fputc(')', to);
	}
	fprintf(to, " [%s]\n", reason != NULL ? reason : "?");
}
