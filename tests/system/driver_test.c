// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What /dev/hvisor promises, tried from user space of the root zone:
 *
 *	driver_test [-m MODULE] [PART-OF-NAME]
 *
 * prints each case as TAP and "N passed, M failed" at the end. Exit status 1 if
 * one failed. MODULE (hvisor.ko) is needed by the cases that unload the driver.
 */
#include "driver_fixture.h"

const char *driver_module;

static const struct driver_case *current;

static void run_current(void)
{
	remove_zone(ZONE);
	remove_zone(OTHER_ZONE);
	current->fn(current->arg);
}

static int run_suite(const struct driver_suite *suite, const char *only, int *number)
{
	int failed = 0;

	for (size_t i = 0; i < suite->count; i++) {
		struct test test = { suite->cases[i].name, run_current };
		int result;

		if (only != NULL && strstr(test.name, only) == NULL)
			continue;
		current = &suite->cases[i];
		result = test_run_one(&test);
		printf("%sok %d %s\n", result == 0 ? "" : "not ", ++*number, test.name);
		failed += result != 0;
	}
	return failed;
}

static void tidy(const void *arg)
{
	(void)arg;
}

/* Takes away what the last case left. */
static const struct driver_case tidy_case = { "zones are removed at the end", tidy, NULL };

int main(int argc, char **argv)
{
	static const struct driver_suite last = { &tidy_case, 1 };
	const struct driver_suite *suites[] = { &driver_calls,  &driver_configs,  &driver_memory,
						&driver_guests, &driver_takeover, &last };
	int number = 0, failed = 0;
	int option;

	while ((option = getopt(argc, argv, "m:")) != -1) {
		if (option != 'm') {
			fprintf(stderr, "usage: %s [-m MODULE] [PART-OF-NAME]\n", argv[0]);
			return 2;
		}
		driver_module = optarg;
	}
	for (size_t i = 0; i < COUNT(suites); i++)
		failed += run_suite(suites[i], argv[optind], &number);
	printf("1..%d\n%d passed, %d failed\n", number, number - failed, failed);
	return failed == 0 ? 0 : 1;
}
