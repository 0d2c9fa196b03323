/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a fuzz target without libFuzzer: the files and folders named, then
 * RUNS random inputs, the same ones every time. Usage: TARGET RUNS [PATH…]
 */
#include <dirent.h>
#include <sys/stat.h>

#include "fuzz.h"

#define INPUT_SIZE 4096u

static uint8_t buffer[INPUT_SIZE];

static void run_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	size_t size;

	if (file == NULL) {
		perror(path);
		exit(2);
	}
	size = fread(buffer, 1, sizeof(buffer), file);
	fclose(file);
	LLVMFuzzerTestOneInput(buffer, size);
}

static unsigned run_path(const char *path)
{
	struct stat info;
	struct dirent *entry;
	unsigned count = 0;
	DIR *dir;

	if (stat(path, &info) != 0 || !S_ISDIR(info.st_mode)) {
		run_file(path);
		return 1;
	}
	dir = opendir(path);
	if (dir == NULL) {
		perror(path);
		exit(2);
	}
	while ((entry = readdir(dir)) != NULL) {
		char name[4096];

		if (entry->d_name[0] == '.')
			continue;
		if (snprintf(name, sizeof(name), "%s/%s", path, entry->d_name) >= (int)sizeof(name))
			continue;
		run_file(name);
		count++;
	}
	closedir(dir);
	return count;
}

static uint64_t next_random(void)
{
	static uint64_t state = 0x9e3779b97f4a7c15ull;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

int main(int argc, char **argv)
{
	unsigned long runs = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;
	unsigned files = 0;

	for (int i = 2; i < argc; i++)
		files += run_path(argv[i]);
	for (unsigned long run = 0; run < runs; run++) {
		size_t size = next_random() % INPUT_SIZE;

		/* Low bytes are common: they are what most choices look at. */
		for (size_t i = 0; i < size; i++)
			buffer[i] = (uint8_t)(next_random() >> (next_random() % 60));
		LLVMFuzzerTestOneInput(buffer, size);
	}
	printf("%u files, %lu random inputs\n", files, runs);
	return 0;
}
