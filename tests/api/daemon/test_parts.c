/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of the daemon and the protocol that need no daemon. */
#include "base64.h"
#include "codec.h"
#include "console.h"
#include "events.h"
#include "json_strict.h"
#include "json_write.h"
#include "lifecycle.h"
#include "params.h"
#include "test.h"

#include <errno.h>

/* Every pair of state and event, one letter for the state after: '.' not allowed. */
static void lifecycle_pairs(void)
{
	static const char states[] =
		"IOLSRPTC"; /* invalid, stopped, loading, starting, running, paused, stopping, crashed */
	/* events in order: good bad start loaded started paused resumed fail stop ended gone crashed restart
	 * adopt-running -paused -ending */
	static const char *const expected[ZONE_STATE_COUNT] = {
		[ZONE_INVALID] = "O............RPT",  [ZONE_STOPPED] = ".IL..........RPT",
		[ZONE_LOADING] = "...S...TTT......",  [ZONE_STARTING] = "....R..TTT......",
		[ZONE_RUNNING] = ".....P..TT......",  [ZONE_PAUSED] = "......R.TT......",
		[ZONE_STOPPING] = "..........OCL...", [ZONE_CRASHED] = ".IL..........RPT",
	};

	for (unsigned state = 0; state < ZONE_STATE_COUNT; state++) {
		for (unsigned event = 0; event < ZONE_EVENT_COUNT; event++) {
			int next = lifecycle_next((enum zone_state)state, (enum zone_event)event);

			CHECK_EQ(next < 0 ? '.' : states[next], expected[state][event]);
		}
	}
}

/* From every state the zone can come to rest, and from rest it can run. */
static void lifecycle_has_no_trap(void)
{
	for (unsigned from = 0; from < ZONE_STATE_COUNT; from++) {
		unsigned reached = 1u << from, before = 0;

		while (reached != before) {
			before = reached;
			for (unsigned i = 0; i < ZONE_STATE_COUNT * ZONE_EVENT_COUNT; i++) {
				unsigned state = i / ZONE_EVENT_COUNT;
				int next = lifecycle_next((enum zone_state)state,
							  (enum zone_event)(i % ZONE_EVENT_COUNT));

				if ((reached >> state & 1) != 0 && next >= 0)
					reached |= 1u << next;
			}
		}
		CHECK_EQ(reached, (1u << ZONE_STATE_COUNT) - 1);
	}
}

struct lines {
	char text[256];
	unsigned count;
	unsigned pause_after;
};

static int take_line(const char *line, size_t length, void *user)
{
	struct lines *lines = user;

	strncat(lines->text, line, length);
	strcat(lines->text, "|");
	return ++lines->count == lines->pause_after ? CODEC_PAUSE : 0;
}

static void codec_in_any_pieces(void)
{
	static const char input[] = "one\ntwo\r\n\nfour and more\n";

	for (size_t piece = 1; piece < sizeof(input); piece++) {
		struct lines lines = { .pause_after = 100 };
		struct codec codec;

		codec_init(&codec, 64);
		for (size_t at = 0; at < sizeof(input) - 1; at += piece) {
			size_t left = sizeof(input) - 1 - at;

			CHECK_EQ(codec_feed(&codec, input + at, left < piece ? left : piece, take_line,
					    &lines),
				 0);
		}
		CHECK(strcmp(lines.text, "one|two||four and more|") == 0);
		CHECK(codec.tail == NULL || codec.length == 0);
		codec_fini(&codec);
	}
}

static void codec_limit(void)
{
	struct lines lines = { .pause_after = 100 };
	struct codec codec;

	codec_init(&codec, 8);
	CHECK_EQ(codec_feed(&codec, "1234567\n", 8, take_line, &lines), 0);
	CHECK_EQ(codec_feed(&codec, "12345678\n", 9, take_line, &lines), -EMSGSIZE);
	CHECK_EQ(codec_feed(&codec, "1234567", 7, take_line, &lines), 0);
	CHECK_EQ(codec_feed(&codec, "8", 1, take_line, &lines), -EMSGSIZE);
	codec_fini(&codec);
}

static void codec_pauses(void)
{
	struct lines lines = { .pause_after = 2 };
	struct codec codec;

	codec_init(&codec, 64);
	CHECK_EQ(codec_feed(&codec, "a\nb\nc\nd", 7, take_line, &lines), CODEC_PAUSE);
	CHECK(strcmp(lines.text, "a|b|") == 0);
	CHECK_EQ(codec_resume(&codec, take_line, &lines), 0);
	CHECK_EQ(codec_feed(&codec, "\n", 1, take_line, &lines), 0);
	CHECK(strcmp(lines.text, "a|b|c|d|") == 0);
	codec_fini(&codec);
}

static void base64_both_ways(void)
{
	/* RFC 4648 section 10 */
	static const char *const pairs[][2] = { { "", "" },
						{ "f", "Zg==" },
						{ "fo", "Zm8=" },
						{ "foo", "Zm9v" },
						{ "foob", "Zm9vYg==" },
						{ "fooba", "Zm9vYmE=" },
						{ "foobar", "Zm9vYmFy" } };
	static const char *const bad[] = { "Z",    "Zg=",  "Zg",       "=g==", "Zh==",
					   "Zm9=", "Z=9v", "Zg==Zg==", "Zm 8", "Zm9v\n" };
	char text[16], data[16];

	for (unsigned i = 0; i < 7; i++) {
		size_t size = strlen(pairs[i][0]), length = strlen(pairs[i][1]);

		CHECK_EQ(base64_length(size), length);
		base64_encode(pairs[i][0], size, text);
		CHECK(memcmp(text, pairs[i][1], length) == 0);
		CHECK_EQ(base64_decode(pairs[i][1], length, data), size);
		CHECK(memcmp(data, pairs[i][0], size) == 0);
	}
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_EQ(base64_decode(bad[i], strlen(bad[i]), data), -EINVAL);
}

static void console_keeps_the_newest(void)
{
	struct console console = { 0 };
	uint64_t pos = 0, expected;
	char byte;

	for (uint64_t i = 0; i < 2 * CONSOLE_KEEP + 17; i++) {
		byte = (char)(i % 251);
		console_append(&console, &byte, 1);
	}
	CHECK_EQ(console.end, 2 * CONSOLE_KEEP + 17);
	CHECK_EQ(console.end - console.start, CONSOLE_KEEP);
	for (expected = console.start; expected < console.end;) {
		const char *data;
		size_t length = console_read(&console, &pos, &data);

		CHECK(length != 0);
		CHECK_EQ(pos, expected);
		for (size_t i = 0; i < length; i++)
			CHECK_EQ(data[i], (char)((pos + i) % 251));
		pos += length;
		expected = pos;
	}
	console_skip_to(&console, console.end + 5);
	CHECK_EQ(console.start, console.end);
	console_fini(&console);
}

static void json_out_is_strict_json(void)
{
	struct json_out out = { 0 };
	struct json_error error;
	cJSON *root;

	json_open_object(&out, NULL);
	json_put_string(&out, "odd", "\"\\\n\x01\x7f\xff\xc3\xa9\xed\xa0\x80");
	json_put_hex(&out, "hex", UINT64_MAX);
	json_open_array(&out, "list");
	json_put_int(&out, NULL, -1);
	json_put_bool(&out, NULL, true);
	json_put_string(&out, NULL, NULL);
	json_open_object(&out, NULL);
	json_close_object(&out);
	json_close_array(&out);
	json_put_base64(&out, "b64", "foob", 4);
	json_close_object(&out);
	CHECK(!out.failed);
	CHECK_EQ(json_strict_parse(out.text, out.length, 8, &root, &error), 0);
	CHECK(strcmp(cJSON_GetObjectItem(root, "odd")->valuestring,
		     "\"\\\n\x01\x7f\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd") == 0);
	CHECK(strcmp(cJSON_GetObjectItem(root, "hex")->valuestring, "0xffffffffffffffff") == 0);
	CHECK_EQ(cJSON_GetArraySize(cJSON_GetObjectItem(root, "list")), 4);
	CHECK(strcmp(cJSON_GetObjectItem(root, "b64")->valuestring, "Zm9vYg==") == 0);
	cJSON_Delete(root);
	json_out_fini(&out);
}

static void event_patterns(void)
{
	CHECK(events_match("*", "zone.state") && events_match("zone.*", "zone.state"));
	CHECK(events_match("z?ne.st*te", "zone.state") && events_match("*state*", "zone.state"));
	CHECK(!events_match("zone", "zone.state") && !events_match("zone.state?", "zone.state"));
	CHECK(!events_match("*.config", "zone.state") && !events_match("", "zone.state"));
	CHECK(events_match("", "") && events_match("**", ""));
	/* no pattern takes long */
	CHECK(!events_match("*a*a*a*a*a*a*a*a*b",
			    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
}

/* Every parameter of the schema can be given, and names one method that exists. */
static void schema_is_sound(void)
{
	for (size_t i = 0; i < schema_num_params; i++) {
		const struct schema_field *field = &schema_params[i];

		CHECK(field->owner < SCHEMA_METHOD_COUNT);
		CHECK(field->type < SCHEMA_ARRAY);
		CHECK(field->min <= field->max);
		CHECK(schema_find_param((enum schema_method_id)field->owner, field->name,
					strlen(field->name)) == field);
	}
	for (unsigned i = SCHEMA_OK + 1; i < SCHEMA_ERROR_COUNT; i++) {
		CHECK_EQ(schema_find_error(schema_errors[i].code), i);
		CHECK(schema_errors[i].exit != 0);
	}
	for (unsigned i = 0; i < SCHEMA_METHOD_COUNT; i++)
		CHECK_EQ(schema_find_method(schema_methods[i].name, strlen(schema_methods[i].name)), i);
}

static void params_are_checked(void)
{
	static const struct {
		const char *params, *pointer;
	} cases[] = {
		{ "{\"zone\":1}", NULL },
		{ "{\"zone\":\"a\",\"timeout_ms\":5}", NULL },
		{ "{}", "/params/zone" },
		{ "[]", "/params" },
		{ "{\"zone\":\"\"}", "/params/zone" },
		{ "{\"zone\":-1}", "/params/zone" },
		{ "{\"zone\":1,\"timeout_ms\":0}", "/params/timeout_ms" },
		{ "{\"zone\":1,\"timeout_ms\":1e3}", "/params/timeout_ms" },
		{ "{\"zone\":1,\"timeout_ms\":9007199254740993}", "/params/timeout_ms" },
		{ "{\"zone\":1,\"Zone\":1}", "/params/Zone" },
		{ "{\"zone\":1,\"mode\":\"force\"}", NULL },
		{ "{\"zone\":1,\"mode\":\"forc\"}", "/params/mode" },
		{ "{\"zone\":1,\"mode\":\"force graceful\"}", "/params/mode" },
		{ "{\"zone\":1,\"mode\":\"\"}", "/params/mode" },
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct params_error error;
		struct json_error json_error;
		cJSON *params;
		bool well;

		CHECK_EQ(json_strict_parse(cases[i].params, strlen(cases[i].params), 8, &params, &json_error),
			 0);
		well = params_check(SCHEMA_METHOD_ZONE_STOP, params, &error);
		CHECK_EQ(well, cases[i].pointer == NULL);
		if (!well)
			CHECK(strcmp(error.pointer, cases[i].pointer) == 0);
		cJSON_Delete(params);
	}
	CHECK_EQ(params_integer(SCHEMA_METHOD_ZONE_STOP, NULL, "timeout_ms"), 30000);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		TEST(lifecycle_pairs),
		TEST(lifecycle_has_no_trap),
		TEST(codec_in_any_pieces),
		TEST(codec_limit),
		TEST(codec_pauses),
		TEST(base64_both_ways),
		TEST(console_keeps_the_newest),
		TEST(json_out_is_strict_json),
		TEST(event_patterns),
		TEST(schema_is_sound),
		TEST(params_are_checked),
	};

	return test_main(tests, COUNT(tests), argc, argv);
}
