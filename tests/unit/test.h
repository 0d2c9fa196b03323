/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests in one header. A program is a table of tests; each runs in a
 * process of its own, so the core's static state is fresh and a crash fails
 * that test alone. Output is TAP.
 */
#ifndef TEST_H
#define TEST_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct test {
	const char *name;
	void (*fn)(void);
};

#define TEST(test)                                                                                           \
	{                                                                                                    \
		.name = #test, .fn = test                                                                    \
	}

/* Ends the test. */
#define CHECK(condition)                                                                                     \
	do {                                                                                                 \
		if (!(condition)) {                                                                          \
			printf("# %s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                     \
			exit(1);                                                                             \
		}                                                                                            \
	} while (0)

#define CHECK_EQ(actual, expected)                                                                           \
	do {                                                                                                 \
		long long check_a = (long long)(actual), check_e = (long long)(expected);                    \
		if (check_a != check_e) {                                                                    \
			printf("# %s:%d: %s is %lld (%#llx), not %s: %lld (%#llx)\n", __FILE__, __LINE__,    \
			       #actual, check_a, (unsigned long long)check_a, #expected, check_e,            \
			       (unsigned long long)check_e);                                                 \
			exit(1);                                                                             \
		}                                                                                            \
	} while (0)

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static inline int test_run_one(const struct test *test)
{
	int status = -1;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		test->fn();
		exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	if (WIFSIGNALED(status))
		printf("# killed by signal %d\n", WTERMSIG(status));
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

/* Runs all tests, or those whose names contain argv[1]. */
static inline int test_main(const struct test *tests, size_t count, int argc, char **argv)
{
	int failed = 0;

	printf("1..%zu\n", count);
	for (size_t i = 0; i < count; i++) {
		if (argc > 1 && strstr(tests[i].name, argv[1]) == NULL) {
			printf("ok %zu %s # SKIP not asked for\n", i + 1, tests[i].name);
			continue;
		}
		int result = test_run_one(&tests[i]);

		printf("%sok %zu %s\n", result == 0 ? "" : "not ", i + 1, tests[i].name);
		failed += result != 0;
	}
	return failed == 0 ? 0 : 1;
}

#endif
