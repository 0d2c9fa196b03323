/* SPDX-License-Identifier: GPL-2.0-or-later */
/* check: the daemon's own checks, without a daemon. */
#include "board.h"

static int report_json(const struct config_findings *findings)
{
	cJSON *root = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(root, "findings");
	int r;

	for (unsigned i = 0; i < findings->count; i++)
		cJSON_AddItemToArray(list, config_finding_json(&findings->list[i]));
	cJSON_AddBoolToObject(root, "good", findings->errors == 0);
	r = ctl_print_json(stdout, root);
	cJSON_Delete(root);
	return r == 0 ? CTL_OK : CTL_FAILED;
}

static int report(const struct zone_files *files)
{
	print_config_findings(stderr, &files->findings);
	for (unsigned i = 0; i < files->num_zones; i++) {
		const struct config_zone *zone = files->zones[i];

		if (!config_zone_is_good(zone))
			continue;
		ctl_put_text(stdout, zone->file);
		printf(": zone %u ", zone->hv.zone_id);
		ctl_put_text(stdout, zone->name);
		puts(": good");
	}
	return CTL_OK;
}

int ctl_check(struct ctl *ctl, int argc, char **argv)
{
	struct zone_files files;
	int status = zone_files_load(ctl, argc, argv, &files);

	for (unsigned i = 0; i < files.num_zones && status == CTL_OK; i++) {
		if (config_zone_verify(files.zones[i], &files.findings) != 0)
			status = ctl_no_memory();
	}
	if (status == CTL_OK)
		status = ctl_is_json(ctl) ? report_json(&files.findings) : report(&files);
	if (status == CTL_OK && files.findings.errors != 0)
		status = CTL_CONFIG;
	zone_files_fini(&files);
	return status;
}
