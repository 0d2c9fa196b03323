/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * config_cases [--write] [HVISORCTL] FOLDER: checks every case of a folder and
 * compares all findings with what is expected, and what `hvisorctl check` says
 * with what the library says. A case is NAME.json, or a folder NAME of
 * files that are checked as one set, for the board that board.json and root.json
 * among them describe, if there are such; NAME.expect has one line for each finding,
 *
 *     FILE:LINE SEVERITY REASON POINTER [OTHER]
 *
 * and a case without one must have no finding at all. Images are made beside
 * the files, see fixtures.c. --write makes the expectations anew, for review.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cJSON.h>

#include "config.h"
#include "fixtures.h"

#define BOARD "board.json"
#define ROOT "root.json"

struct run {
	char folder[4096]; /* of the cases, absolute */
	char *hvisorctl;   /* or NULL */
	bool write;
	unsigned cases;
	unsigned failed;
};

/* Findings as the lines of an expectation. */
static char *list_findings(const struct config_findings *findings)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	for (unsigned i = 0; i < findings->count; i++) {
		const struct config_finding *f = &findings->list[i];

		fprintf(out, "%s:%u %s %s \"%s\"%s%s\n", f->file, f->line,
			f->severity == CONFIG_ERROR ? "error" : "warning", f->reason, f->pointer,
			f->other ? " " : "", f->other ? f->other : "");
	}
	fclose(out);
	return text;
}

static char *read_text(const char *path)
{
	FILE *in = fopen(path, "re");
	char *text = NULL;
	size_t room = 0;
	ssize_t length = in ? getdelim(&text, &room, '\0', in) : -1;

	if (in)
		fclose(in);
	if (length >= 0)
		return text;
	free(text);
	return strdup("");
}

static void compare(struct run *run, const char *name, const struct config_findings *findings)
{
	char path[8192], *found = list_findings(findings), *expected;

	snprintf(path, sizeof(path), "%s/%s.expect", run->folder, name);
	if (run->write) {
		FILE *out = findings->count > 0 ? fopen(path, "we") : NULL;

		if (out) {
			fputs(found, out);
			fclose(out);
		}
	}
	expected = read_text(path);
	run->cases++;
	if (strcmp(found, expected) != 0) {
		run->failed++;
		printf("FAIL %s\n--- expected\n%s--- found\n%s", name, expected, found);
	}
	free(expected);
	free(found);
}

/* A zone is good just if no error names its file; those of virtio files are left to other tests. */
static void check_goodness(struct run *run, const char *name, struct config_zone **zones, unsigned count,
			   const struct config_findings *findings)
{
	for (unsigned i = 0; i < count; i++) {
		bool named = false, good = config_zone_is_good(zones[i]);

		for (unsigned j = 0; j < findings->count; j++)
			named |= findings->list[j].severity == CONFIG_ERROR &&
				 strcmp(findings->list[j].file, zones[i]->file) == 0;
		if (good ? !named : findings->errors > 0)
			continue;
		run->failed++;
		printf("FAIL %s: %s is %sgood\n", name, zones[i]->file, good ? "" : "not ");
	}
}

/* The client's answer holds the same findings in the same order. */
static bool same_findings(const char *text, const struct config_findings *findings)
{
	cJSON *root = cJSON_Parse(text);
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(root, "findings"), *item;
	unsigned count = 0;
	bool same = cJSON_IsArray(list);

	cJSON_ArrayForEach(item, list) {
		const char *reason = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "reason"));
		const char *pointer = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "pointer"));

		same = same && count < findings->count && reason && pointer &&
		       strcmp(reason, findings->list[count].reason) == 0 &&
		       strcmp(pointer, findings->list[count].pointer) == 0;
		count++;
	}
	cJSON_Delete(root);
	return same && count == findings->count;
}

static void check_client(struct run *run, const char *name, char **paths, unsigned num_paths,
			 const struct config_findings *findings)
{
	char command[65536], *text = NULL;
	bool own_board = access(BOARD, F_OK) == 0;
	int length = snprintf(command, sizeof(command), "'%s' --json check%s", run->hvisorctl,
			      own_board ? " --platform ./" BOARD " --root-config ./" ROOT : ""),
	    status;
	size_t room = 0;
	FILE *answer;

	for (unsigned i = 0; i < num_paths; i++)
		length += snprintf(command + length, sizeof(command) - (size_t)length, " '%s'", paths[i]);
	answer = popen(command, "re");
	if (!answer)
		abort();
	if (getdelim(&text, &room, '\0', answer) < 0 || !same_findings(text, findings)) {
		run->failed++;
		printf("FAIL %s: hvisorctl says %s\n", name, text ? text : "nothing");
	}
	free(text);
	status = pclose(answer);
	if (WIFEXITED(status) && WEXITSTATUS(status) == (findings->errors > 0 ? 5 : 0))
		return;
	run->failed++;
	printf("FAIL %s: hvisorctl ends with status 0x%x\n", name, (unsigned)status);
}

/* The board that lies beside the files, or the one compiled in. */
static struct config_board *find_board(struct run *run, const char *name)
{
	bool own = access(BOARD, F_OK) == 0;
	struct config_board *board = NULL;
	struct config_findings findings = { 0 };
	int r = config_board_load(own ? "./" BOARD : "qemu-virt", own ? "./" ROOT : NULL, NULL, &board,
				  &findings);

	if (r == -EINVAL || findings.count > 0)
		compare(run, name, &findings);
	config_findings_fini(&findings);
	return board;
}

static void check_set(struct run *run, const char *name, char **paths, unsigned num_paths)
{
	struct config_board *board = find_board(run, name);
	struct config_findings findings;
	struct config_zone **zones;
	unsigned count;
	int r;

	if (!board)
		return;
	r = config_check((const char *const *)paths, num_paths, board, &zones, &count, &findings);
	config_board_free(board);
	if (r < 0) {
		run->failed++;
		printf("FAIL %s: %s\n", name, strerror(-r));
		return;
	}
	compare(run, name, &findings);
	check_goodness(run, name, zones, count, &findings);
	if (run->hvisorctl)
		check_client(run, name, paths, num_paths, &findings);
	for (unsigned i = 0; i < count; i++)
		config_zone_free(zones[i]);
	free(zones);
	config_findings_fini(&findings);
}

static void copy_file(const char *from, const char *to)
{
	char buffer[65536];
	FILE *in = fopen(from, "re"), *out = fopen(to, "we");
	size_t length;

	if (!in || !out)
		abort();
	while ((length = fread(buffer, 1, sizeof(buffer), in)) > 0)
		fwrite(buffer, 1, length, out);
	fclose(in);
	fclose(out);
}

/* The files lie beside the images while they are checked, so paths in findings are bare names. */
static void check_files(struct run *run, const char *name, char **paths, unsigned num_paths)
{
	char **names = calloc(num_paths + 1, sizeof(*names));
	unsigned count = 0;

	for (unsigned i = 0; names && i < num_paths; i++) {
		char *base = strrchr(paths[i], '/') + 1;

		copy_file(paths[i], base);
		if (strcmp(base, BOARD) != 0 && strcmp(base, ROOT) != 0)
			names[count++] = base;
	}
	check_set(run, name, names, count);
	for (unsigned i = 0; names && i < num_paths; i++)
		unlink(strrchr(paths[i], '/') + 1);
	free(names);
}

static void check_case(struct run *run, const char *entry)
{
	char path[8192], name[256], *one = path;
	size_t length = strlen(entry);
	struct stat info;

	snprintf(path, sizeof(path), "%s/%s", run->folder, entry);
	snprintf(name, sizeof(name), "%s", entry);
	if (stat(path, &info) < 0)
		return;
	if (S_ISDIR(info.st_mode)) {
		char **paths;
		unsigned count;

		if (config_list_dir(path, &paths, &count) < 0)
			abort();
		check_files(run, name, paths, count);
		for (unsigned i = 0; i < count; i++)
			free(paths[i]);
		free(paths);
	} else if (length > 5 && strcmp(entry + length - 5, ".json") == 0) {
		name[length - 5] = '\0';
		check_files(run, name, &one, 1);
	}
}

/* Cases too large to be kept; the name says what they are. */
static void check_generated(struct run *run)
{
	for (const struct fixture_text *text = fixture_texts; text->name; text++) {
		char file[64], *one = file;

		snprintf(file, sizeof(file), "%s.json", text->name);
		fixture_write_text(text, file);
		check_set(run, text->name, &one, 1);
		unlink(file);
	}
}

static int not_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void check_folder(struct run *run)
{
	struct dirent **entries;
	int count = scandir(run->folder, &entries, not_hidden, alphasort);

	for (int i = 0; i < count; i++) {
		check_case(run, entries[i]->d_name);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	if (strcmp(strrchr(run->folder, '/'), "/bad") == 0)
		check_generated(run);
}

int main(int argc, char **argv)
{
	bool write = argc > 1 && strcmp(argv[1], "--write") == 0;
	struct run run = { .write = write };
	int operands = argc - 1 - write;

	if (operands < 1 || operands > 2 || !realpath(argv[argc - 1], run.folder)) {
		fprintf(stderr, "usage: config_cases [--write] [HVISORCTL] FOLDER\n");
		return 2;
	}
	if (operands == 2)
		run.hvisorctl = realpath(argv[argc - 2], NULL);
	fixture_enter();
	check_folder(&run);
	fixture_leave();
	free(run.hvisorctl);
	printf("%u cases, %u failed\n", run.cases, run.failed);
	return run.cases > 0 && run.failed == 0 ? 0 : 1;
}
