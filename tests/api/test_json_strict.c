/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "json_strict.h"
#include "test.h"

#define DEPTH 4u

static void test_faults(void)
{
	static const struct {
		const char *text;
		size_t length; /* 0: of the string */
		unsigned line, column;
		const char *pointer, *reason;
	} cases[] = {
		{ "", 0, 1, 1, "", "json.empty" },
		{ " \n\t ", 0, 2, 3, "", "json.empty" },
		{ "\xef\xbb\xbf{}", 0, 1, 1, "", "json.bom" },
		{ "{}\n{}", 0, 2, 1, "", "json.trailing" },
		{ "1 x", 0, 1, 3, "", "json.trailing" },
		{ "{}\0", 3, 1, 3, "", "json.trailing" },
		{ "[1,\n2,]", 0, 2, 3, "/2", "json.syntax" },
		{ "[1 2]", 0, 1, 4, "", "json.syntax" },
		{ "{\"a\" 1}", 0, 1, 6, "/a", "json.syntax" },
		{ "{1: 2}", 0, 1, 2, "", "json.syntax" },
		{ "{\"a\": }", 0, 1, 7, "/a", "json.syntax" },
		{ "{\"a\": [1, {\"b\": nul}]}", 0, 1, 17, "/a/1/b", "json.syntax" },
		{ "[\"a", 0, 1, 2, "", "json.syntax" },
		{ "[}", 0, 1, 2, "/0", "json.syntax" },
		{ "'a'", 0, 1, 1, "", "json.syntax" },
		{ "// a\n1", 0, 1, 1, "", "json.syntax" },
		{ "NaN", 0, 1, 1, "", "json.syntax" },
		{ "010", 0, 1, 1, "", "json.number" },
		{ "-01", 0, 1, 1, "", "json.number" },
		{ "0x10", 0, 1, 1, "", "json.number" },
		{ "-", 0, 1, 2, "", "json.number" },
		{ "+1", 0, 1, 1, "", "json.syntax" },
		{ "1.", 0, 1, 3, "", "json.number" },
		{ ".5", 0, 1, 1, "", "json.syntax" },
		{ "1e+", 0, 1, 4, "", "json.number" },
		{ "-1e400", 0, 1, 1, "", "json.number" },
		{ "\"\\x\"", 0, 1, 2, "", "json.string" },
		{ "\"\\u12g4\"", 0, 1, 2, "", "json.string" },
		{ "\"\\u\x11\x11\x11\x11\"", 0, 1, 2, "", "json.string" },
		{ "\"\\u0000\"", 0, 1, 2, "", "json.string" },
		{ "\"\\udc00\"", 0, 1, 2, "", "json.string" },
		{ "\"\\ud800x\"", 0, 1, 2, "", "json.string" },
		{ "\"\\ud800\\u0041\"", 0, 1, 2, "", "json.string" },
		{ "\"a\tb\"", 0, 1, 3, "", "json.control" },
		{ "\"a\0b\"", 5, 1, 3, "", "json.control" },
		{ "[\x01]", 0, 1, 2, "", "json.control" },
		{ "\"\x80\"", 0, 1, 2, "", "json.utf8" },
		{ "\"\xc0\x80\"", 0, 1, 2, "", "json.utf8" },
		{ "\"\xe0\x80\x80\"", 0, 1, 2, "", "json.utf8" },
		{ "\"\xed\xa0\x80\"", 0, 1, 2, "", "json.utf8" },
		{ "\"\xf4\x90\x80\x80\"", 0, 1, 2, "", "json.utf8" },
		{ "\"\xf0\x9f\x98", 0, 1, 2, "", "json.utf8" },
		{ "{\"a\": 1, \"b\": 2,\n \"a\": 3}", 0, 2, 2, "/a", "json.duplicate_key" },
		{ "{\"x\": {\"a\": 1},\n\"y\": {\"a\": 1,\n\"\\u0061\": 2}}", 0, 3, 1, "/y/a",
		  "json.duplicate_key" },
		{ "{\"a/~\": {\"b\": 1, \"b\": 1}}", 0, 1, 18, "/a~1~0/b", "json.duplicate_key" },
		{ "[[[[[1]]]]]", 0, 1, 5, "/0/0/0/0", "json.depth" },
		{ "[[[[{}]]]]", 0, 1, 5, "/0/0/0/0", "json.depth" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t length = cases[i].length > 0 ? cases[i].length : strlen(cases[i].text);
		struct json_error error;
		cJSON *root = NULL;

		printf("# case %zu\n", i);
		CHECK_EQ(json_strict_parse(cases[i].text, length, DEPTH, &root, &error), -EBADMSG);
		CHECK(root == NULL);
		CHECK(strcmp(error.reason, cases[i].reason) == 0);
		CHECK_EQ(error.line, cases[i].line);
		CHECK_EQ(error.column, cases[i].column);
		CHECK(strcmp(error.pointer, cases[i].pointer) == 0);
	}
}

/* What is taken, printed by cJSON. */
static void test_good(void)
{
	static const char *const cases[][2] = {
		{ " null ", "null" },
		{ "[[[[1]]]]", "[[[[1]]]]" },
		{ "{\"\":{}, \"b\":[ ], \"c\":-0.5e+1}", "{\"\":{},\"b\":[],\"c\":-5}" },
		{ "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\\"\\\\/\\b\\f\\n\\r\\t\"" },
		{ "\"\\u00e9\\u20AC\\ud83d\\ude00\"", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"" },
		{ "{\"a\": {\"x\": 1}, \"b\": {\"x\": 1}, \"A\": 1}",
		  "{\"a\":{\"x\":1},\"b\":{\"x\":1},\"A\":1}" },
		{ "[true,\r\nfalse,\tnull,0,-0]", "[true,false,null,0,-0]" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct json_error error;
		cJSON *root = NULL;
		char *text;

		printf("# case %zu\n", i);
		CHECK_EQ(json_strict_parse(cases[i][0], strlen(cases[i][0]), DEPTH, &root, &error), 0);
		text = cJSON_PrintUnformatted(root);
		CHECK(text && strcmp(text, cases[i][1]) == 0);
		cJSON_free(text);
		cJSON_Delete(root);
	}
}

static void test_whole_numbers(void)
{
	static const struct {
		const char *text;
		int r;
		uint64_t value;
	} cases[] = {
		{ "0", 0, 0 },
		{ "4294967296", 0, 4294967296 },
		{ "9007199254740991", 0, 9007199254740991 },
		{ "9007199254740992", -ERANGE, 0 },
		{ "9007199254740993", -ERANGE, 0 },
		{ "18446744073709551617", -ERANGE, 0 },
		{ "-1", -ERANGE, 0 },
		{ "3.0", -EDOM, 0 },
		{ "1E2", -EDOM, 0 },
		{ "\"1\"", -EINVAL, 0 },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct json_error error;
		cJSON *root = NULL;
		uint64_t value = 0;

		CHECK_EQ(json_strict_parse(cases[i].text, strlen(cases[i].text), 1, &root, &error), 0);
		CHECK_EQ(json_strict_u64(root, &value), cases[i].r);
		CHECK_EQ(value, cases[i].value);
		cJSON_Delete(root);
	}
}

static void test_locate(void)
{
	static const char text[] = "{\n\"a\": [\n1,\n{\"b~\": 2}],\n  \"ab\": {}\n}";
	static const struct {
		const char *pointer;
		unsigned line, column;
	} cases[] = {
		{ "", 1, 1 },    { "/a", 2, 1 },   { "/a/0", 3, 1 },       { "/a/1/b~0", 4, 2 },
		{ "/ab", 5, 3 }, { "/abc", 1, 1 }, { "/a/1/b~0/x", 4, 2 }, { "/a/7", 2, 1 },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		unsigned line = 0, column = 0;

		printf("# %s\n", cases[i].pointer);
		json_strict_locate(text, sizeof(text) - 1, cases[i].pointer, &line, &column);
		CHECK_EQ(line, cases[i].line);
		CHECK_EQ(column, cases[i].column);
	}
}

/* A pointer that no longer fits names what encloses it, and is whole again further up. */
static void test_long_pointer(void)
{
	struct json_pointer pointer = { .length = 0 };
	char key[JSON_POINTER_SIZE];

	memset(key, 'k', sizeof(key) - 1);
	key[sizeof(key) - 1] = '\0';
	json_pointer_push_key(&pointer, "a");
	json_pointer_push_key(&pointer, key);
	json_pointer_push_index(&pointer, 1);
	CHECK(strcmp(pointer.text, "/a") == 0);
	json_pointer_pop(&pointer);
	json_pointer_pop(&pointer);
	json_pointer_push_index(&pointer, 2);
	CHECK(strcmp(pointer.text, "/a/2") == 0);
	json_pointer_pop(&pointer);
	json_pointer_pop(&pointer);
	json_pointer_pop(&pointer);
	CHECK(pointer.text[0] == '\0' && pointer.length == 0);
}

/* Many keys, and a duplicate at the end: neither recursion nor a quadratic search. */
static void test_many_keys(void)
{
	size_t size = 0;
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);
	struct json_error error;
	cJSON *root = NULL;

	CHECK(out);
	fputs("{", out);
	for (unsigned i = 0; i < 60000; i++)
		fprintf(out, "\"%u\": [],\n", i);
	fputs("\"59999\": 0}", out);
	fclose(out);
	CHECK_EQ(json_strict_parse(text, size, DEPTH, &root, &error), -EBADMSG);
	CHECK(strcmp(error.reason, "json.duplicate_key") == 0);
	CHECK_EQ(error.line, 60001);
	free(text);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		TEST(test_faults), TEST(test_good),         TEST(test_whole_numbers),
		TEST(test_locate), TEST(test_long_pointer), TEST(test_many_keys),
	};

	return test_main(tests, COUNT(tests), argc, argv);
}
