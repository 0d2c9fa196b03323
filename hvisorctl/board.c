/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "board.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Takes the strings. */
static int add(struct zone_files *files, char **list, unsigned count)
{
	char **all = realloc(files->paths, (files->num_paths + count) * sizeof(*all));

	if (all == NULL)
		return -ENOMEM;
	memcpy(all + files->num_paths, list, count * sizeof(*all));
	files->paths = all;
	files->num_paths += count;
	return 0;
}

/* A file stands for itself, a directory for its zone files. */
static int add_operand(struct zone_files *files, const char *operand)
{
	struct stat st;
	char **list = NULL, *copy;
	unsigned count = 0;
	int r;

	if (stat(operand, &st) == 0 && S_ISDIR(st.st_mode)) {
		r = config_list_dir(operand, &list, &count);
		if (r == 0 && count != 0)
			r = add(files, list, count);
		free(list);
		return r;
	}
	copy = strdup(operand);
	r = copy != NULL ? add(files, &copy, 1) : -ENOMEM;
	if (r != 0)
		free(copy);
	return r;
}

static int add_operands(struct zone_files *files, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		int r = add_operand(files, argv[i]);

		if (r == 0)
			continue;
		fputs("hvisorctl: ", stderr);
		ctl_put_text(stderr, argv[i]);
		fprintf(stderr, ": %s\n", strerror(-r));
		return CTL_CONFIG;
	}
	return CTL_OK;
}

cJSON *config_finding_json(const struct config_finding *finding)
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

void print_config_findings(FILE *to, const struct config_findings *findings)
{
	for (unsigned i = 0; i < findings->count; i++) {
		cJSON *finding = config_finding_json(&findings->list[i]);

		ctl_print_finding(to, finding);
		cJSON_Delete(finding);
	}
}

/* A word without a board of that name is a mistake on the command line, a bad description one in a file. */
static int load_board(const struct ctl *ctl, struct zone_files *files)
{
	const char *platform = ctl->platform != NULL ? ctl->platform : "qemu-virt";
	struct config_findings findings = { 0 };
	int r = config_board_load(platform, ctl->root_config, ctl->root_dtb, &files->board, &findings);

	if (r == -ENOMEM)
		return ctl_no_memory();
	print_config_findings(stderr, &findings);
	config_findings_fini(&findings);
	return r == 0 ? CTL_OK : CTL_CONFIG;
}

int zone_files_load(const struct ctl *ctl, int argc, char **argv, struct zone_files *ret_files)
{
	int r, status;

	*ret_files = (struct zone_files){ 0 };
	status = load_board(ctl, ret_files);
	if (status == CTL_OK)
		status = add_operands(ret_files, argc, argv);
	if (status != CTL_OK)
		return status;
	r = config_check((const char *const *)ret_files->paths, ret_files->num_paths, ret_files->board,
			 &ret_files->zones, &ret_files->num_zones, &ret_files->findings);
	if (r == 0)
		return CTL_OK;
	fprintf(stderr, "hvisorctl: %s\n", strerror(-r));
	return CTL_FAILED;
}

void zone_files_fini(struct zone_files *files)
{
	for (unsigned i = 0; i < files->num_paths; i++)
		free(files->paths[i]);
	free(files->paths);
	for (unsigned i = 0; i < files->num_zones; i++)
		config_zone_free(files->zones[i]);
	free(files->zones);
	config_findings_fini(&files->findings);
	config_board_free(files->board);
	*files = (struct zone_files){ 0 };
}
