/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Hidden files and the locks of editors start with a dot, back-ups end with something else. */
bool config_is_zone_file(const char *name)
{
	size_t length = strlen(name);

	return length > 5 && name[0] != '.' && name[0] != '#' && strcmp(name + length - 5, ".json") == 0;
}

static int is_config(const struct dirent *entry)
{
	return config_is_zone_file(entry->d_name);
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

/* Paths of several directories, by name, no name twice. */
struct overlay {
	char **paths;
	unsigned count;
};

static bool is_null_device(const char *path)
{
	struct stat info, null;

	return stat(path, &info) == 0 && S_ISCHR(info.st_mode) && stat("/dev/null", &null) == 0 &&
	       info.st_rdev == null.st_rdev;
}

static bool is_empty(const char *path)
{
	struct stat info;

	return stat(path, &info) == 0 && S_ISREG(info.st_mode) && info.st_size == 0;
}

static const char *base_name(const char *path)
{
	return strrchr(path, '/') + 1;
}

/* Lays a directory's sorted list over that of those below it; takes the list. */
static int overlay_merge(struct overlay *overlay, char **paths, unsigned count)
{
	char **all = calloc((size_t)overlay->count + count + 1, sizeof(*all));
	unsigned a = 0, b = 0, total = 0;

	if (!all) {
		free_paths(paths, count);
		return -ENOMEM;
	}
	while (a < overlay->count || b < count) {
		int order = a == overlay->count ? 1
			    : b == count        ? -1
						: strcmp(base_name(overlay->paths[a]), base_name(paths[b]));
		bool is_mask = order >= 0 && (is_null_device(paths[b]) || (order == 0 && is_empty(paths[b])));

		all[total++] = order < 0 ? overlay->paths[a++] : paths[b++];
		if (order == 0)
			free(overlay->paths[a++]);
		if (is_mask)
			free(all[--total]);
	}
	free(overlay->paths);
	free(paths);
	*overlay = (struct overlay){ all, total };
	return 0;
}

static int overlay_add(struct overlay *overlay, const char *dir)
{
	char **paths = NULL;
	unsigned count = 0;
	int r = config_list_dir(dir, &paths, &count);

	if (r == -ENOENT)
		return 0;
	return r < 0 ? r : overlay_merge(overlay, paths, count);
}

int config_list_dirs(const char *const *dirs, unsigned num_dirs, char ***ret_paths, unsigned *ret_count)
{
	struct overlay overlay = { 0 };
	int r = 0;

	for (unsigned i = num_dirs; i-- > 0 && r == 0;)
		r = overlay_add(&overlay, dirs[i]);
	if (r < 0) {
		free_paths(overlay.paths, overlay.count);
		return r;
	}
	*ret_paths = overlay.paths;
	*ret_count = overlay.count;
	return 0;
}
