/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl.h"

void ctl_print_finding(FILE *to, const cJSON *finding)
{
	const char *pointer = ctl_string(finding, "pointer"), *other = ctl_string(finding, "other");
	const char *severity = ctl_string(finding, "severity");

	ctl_put_text(to, ctl_string(finding, "file"));
	if (ctl_number(finding, "line") > 0)
		fprintf(to, ":%.0f", ctl_number(finding, "line"));
	fputs(": ", to);
	ctl_put_text(to, severity != NULL ? severity : "error");
	fputs(": ", to);
	if (pointer != NULL && pointer[0] != '\0') {
		ctl_put_text(to, pointer);
		fputs(": ", to);
	}
	ctl_put_text(to, ctl_string(finding, "message"));
	if (other != NULL) {
		fputs(" (", to);
		ctl_put_text(to, other);
		fputc(')', to);
	}
	fputs(" [", to);
	ctl_put_text(to, ctl_string(finding, "reason"));
	fputs("]\n", to);
}

void ctl_print_findings(FILE *to, const cJSON *findings)
{
	const cJSON *finding;

	cJSON_ArrayForEach(finding, findings) {
		ctl_print_finding(to, finding);
	}
}
