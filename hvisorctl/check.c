/* SPDX-License-Identifier: GPL-2.0-or-later */
/* check: the daemon's own checks, without a daemon. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "config.h"
#include "ctl.h"

struct paths {
	char **list;
	unsigned count;
};

static void paths_fini(struct paths *paths)
{
	for (unsigned i = 0; i < paths->count; i++)
		free(paths->list[i]);
	free(paths->list);
}

/* Takes the strings. */
static int add(struct paths *paths, char **list, unsigned count)
{
	char **all = realloc(paths->list, (paths->count + count) * sizeof(*all));

	if (all == NULL)
		return -ENOMEM;
	memcpy(all + paths->count, list, count * sizeof(*all));
	paths->list = all;
	paths->count += count;
	return 0;
}

/* A file stands for itself, a directory for its zone files. */
static int add_operand(struct paths *paths, const char *operand)
{
	struct stat st;
	char **list = NULL, *copy;
	unsigned count = 0;
	int r;

	if (stat(operand, &st) == 0 && S_ISDIR(st.st_mode)) {
		r = config_list_dir(operand, &list, &count);
		if (r == 0 && count != 0)
			r = add(paths, list, count);
		free(list);
		return r;
	}
	copy = strdup(operand);
	return copy != NULL ? add(paths, &copy, 1) : -ENOMEM;
}

static cJSON *finding_json(const struct config_finding *finding)
{
	cJSON *object = cJSON_CreateObject();

	cJSON_AddStringToObject(object, "severity", finding->severity == CONFIG_ERROR ? "error" : "warning");
	cJSON_AddStringToObject(object, "file", finding->file);
	cJSON_AddNumberToObject(object, "line", finding->line);
	cJSON_AddStringToObject(object, "pointer", finding->pointer);
	cJSON_AddStringToObject(object, "reason", finding->reason);
	cJSON_AddStringToObject(object, "message", finding->message);
	if (finding->other != NULL)
		cJSON_AddStringToObject(object, "other", finding->other);
	return object;
}

static int report_json(const struct config_findings *findings)
{
	cJSON *root = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(root, "findings");
	int status;

	for (unsigned i = 0; i < findings->count; i++)
		cJSON_AddItemToArray(list, finding_json(&findings->list[i]));
	cJSON_AddBoolToObject(root, "good", findings->errors == 0);
	status = ctl_print_json(root);
	cJSON_Delete(root);
	return status;
}

static int report(const struct config_findings *findings, struct config_zone *const *zones, unsigned count)
{
	for (unsigned i = 0; i < findings->count; i++) {
		cJSON *finding = finding_json(&findings->list[i]);

		ctl_print_finding(stderr, finding);
		cJSON_Delete(finding);
	}
	for (unsigned i = 0; i < count; i++) {
		if (!config_zone_is_good(zones[i]))
			continue;
		ctl_put_text(stdout, zones[i]->file);
		printf(": zone %u ", zones[i]->hv.zone_id);
		ctl_put_text(stdout, zones[i]->name);
		puts(": good");
	}
	return CTL_OK;
}

static int check_paths(struct ctl *ctl, const struct paths *paths, const char *name,
		       const HvPlatform *platform)
{
	const struct config_board board = { .platform = platform, .root = config_platform_root(name) };
	struct config_findings findings = { 0 };
	struct config_zone **zones = NULL;
	unsigned count = 0;
	int status, r;

	r = config_check((const char *const *)paths->list, paths->count, &board, &zones, &count, &findings);
	if (r != 0) {
		fprintf(stderr, "hvisorctl: %s\n", strerror(-r));
		return CTL_FAILED;
	}
	status = ctl->json ? report_json(&findings) : report(&findings, zones, count);
	if (status == CTL_OK && findings.errors != 0)
		status = CTL_CONFIG;
	for (unsigned i = 0; i < count; i++)
		config_zone_free(zones[i]);
	free(zones);
	config_findings_fini(&findings);
	return status;
}

int ctl_check(struct ctl *ctl, int argc, char **argv)
{
	const char *name = ctl->platform != NULL ? ctl->platform : "qemu-virt";
	const HvPlatform *platform = config_platform(name);
	struct paths paths = { 0 };
	int status, r = 0;

	if (platform == NULL) {
		fprintf(stderr, "hvisorctl: no platform %s\n", name);
		return CTL_USAGE;
	}
	for (int i = 0; i < argc && r == 0; i++) {
		r = add_operand(&paths, argv[i]);
		if (r != 0)
			fprintf(stderr, "hvisorctl: %s: %s\n", argv[i], strerror(-r));
	}
	status = r == 0 ? check_paths(ctl, &paths, name, platform) : CTL_CONFIG;
	paths_fini(&paths);
	return status;
}
