/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* NAME.json; hidden files and the locks of editors start with a dot, back-ups end with something else. */
static int is_config(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return length > 5 && entry->d_name[0] != '.' && entry->d_name[0] != '#' &&
	       strcmp(entry->d_name + length - 5, ".json") == 0;
}

/* By bytes, so that the order does not hang on a locale. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void free_paths(char **paths, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		free(paths[i]);
	free(paths);
}

int config_list_dir(const char *dir, char ***ret_paths, unsigned *ret_count)
{
	struct dirent **entries = NULL;
	int found = scandir(dir, &entries, is_config, by_name);
	unsigned count = 0;
	char **paths;
	int r = 0;

	if (found < 0)
		return -errno;
	paths = calloc((size_t)found + 1, sizeof(*paths));
	for (int i = 0; i < found; i++) {
		if (paths && r == 0 && asprintf(&paths[count], "%s/%s", dir, entries[i]->d_name) < 0)
			r = -ENOMEM;
		else if (paths && r == 0)
			count++;
		free(entries[i]);
	}
	free(entries);
	if (!paths || r < 0) {
		free_paths(paths, count);
		return -ENOMEM;
	}
	*ret_paths = paths;
	*ret_count = count;
	return 0;
}
