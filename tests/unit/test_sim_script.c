/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scripts of simulated guests: what is one, what is not, and what any bytes make of it. */
#include "sim_script.h"
#include "test.h"

static bool parse(const char *text, struct sim_script *script)
{
	return sim_script_parse(text, strlen(text), script);
}

static void no_script(void)
{
	static const char *const texts[] = { "", "s", "sim", "Sim:off", " sim:off", "MZ", "simoff" };
	struct sim_script script;

	for (size_t i = 0; i < COUNT(texts); i++) {
		CHECK(parse(texts[i], &script));
		CHECK_EQ(script.count, 0);
	}
}

static void words(void)
{
	static const struct {
		const char *text;
		enum sim_word word;
		bool has_number;
		uint64_t number;
	} cases[] = {
		{ "sim:run", SIM_WORD_RUN, false, 0 },
		{ "sim: run ", SIM_WORD_RUN, false, 0 },
		{ "sim:run 5", SIM_WORD_RUN, true, 5 },
		{ "sim:run 5ms", SIM_WORD_RUN, true, 5 },
		{ "sim:run 0", SIM_WORD_RUN, true, 0 },
		{ "sim:hang   7s", SIM_WORD_HANG, true, 7000 },
		{ "sim:off\n", SIM_WORD_OFF, false, 0 },
		{ "sim:off\r\nsim:nonsense", SIM_WORD_OFF, false, 0 },
		{ "sim:reset;", SIM_WORD_RESET, false, 0 },
		{ "sim:fault", SIM_WORD_FAULT, false, 0 },
		{ "sim:print 100", SIM_WORD_PRINT, true, 100 },
		{ "sim:print 3k", SIM_WORD_PRINT, true, 3072 },
		{ "sim:print 2m", SIM_WORD_PRINT, true, 2097152 },
		{ "sim:print 1ms", SIM_WORD_PRINT, false, 0 }, /* a text */
		{ "sim:print 1099511627777", SIM_WORD_PRINT, false, 0 },
		{ "sim:flood", SIM_WORD_FLOOD, false, 0 },
		{ "sim:echo", SIM_WORD_ECHO, false, 0 },
		{ "sim:again", SIM_WORD_AGAIN, false, 0 },
	};
	struct sim_script script;

	for (size_t i = 0; i < COUNT(cases); i++) {
		printf("# case %zu\n", i);
		CHECK(parse(cases[i].text, &script));
		CHECK_EQ(script.count, 1);
		CHECK_EQ(script.step[0].word, cases[i].word);
		CHECK_EQ(script.step[0].has_number, cases[i].has_number);
		CHECK_EQ(script.step[0].number, cases[i].number);
	}
}

static void mistakes(void)
{
	static const char *const texts[] = {
		"sim:",         "sim: ",       "sim:;",        "sim:off;;off",
		"sim:runs",     "sim:ru",      "sim:RUN",      "sim:run x",
		"sim:run 5 s",  "sim:run -1",  "sim:run 5k",   "sim:run 5sec",
		"sim:off 5",    "sim:print",   "sim:print  ",  "sim:echo x",
		"sim:flood 5k", "sim:run 1;x", "sim:run\toff", "sim:again 2",
		"sim:reset 1",  "sim:fault x", "sim:hang 1m",  "sim:run 99999999999999999999",
	};
	struct sim_script script;

	for (size_t i = 0; i < COUNT(texts); i++) {
		printf("# %s\n", texts[i]);
		CHECK(!parse(texts[i], &script));
	}
}

static void sequence(void)
{
	struct sim_script script;

	CHECK(parse("sim:print hello, world ; run 5ms;print 2k;off", &script));
	CHECK_EQ(script.count, 4);
	CHECK_EQ(script.step[0].word, SIM_WORD_PRINT);
	CHECK_EQ(script.step[0].size, 12);
	CHECK(memcmp(script.text + script.step[0].text, "hello, world", 12) == 0);
	CHECK_EQ(script.step[1].number, 5);
	CHECK_EQ(script.step[2].number, 2048);
	CHECK_EQ(script.step[3].word, SIM_WORD_OFF);
}

static void limits(void)
{
	char text[2 * SIM_SCRIPT_SIZE] = "sim:off";
	struct sim_script script;

	for (unsigned i = 1; i < SIM_SCRIPT_STEPS; i++)
		strcat(text, ";off");
	CHECK(parse(text, &script));
	CHECK_EQ(script.count, SIM_SCRIPT_STEPS);
	strcat(text, ";off");
	CHECK(!parse(text, &script));
	/* what lies behind the size is not looked at */
	memset(text, 'x', sizeof(text));
	memcpy(text, "sim:print ", 10);
	CHECK(sim_script_parse(text, sizeof(text), &script));
	CHECK_EQ(script.step[0].size, SIM_SCRIPT_SIZE - 6);
	CHECK(sim_script_parse("sim:off", 4 + 3, &script));
	CHECK(!sim_script_parse("sim:off", 4 + 2, &script));
}

/* Any bytes: an answer, steps within bounds, and nothing read past the end (a page nobody may touch is not
 * needed: sanitizers watch the heap). */
static void anything(void)
{
	static const char alphabet[] = "sim:runhagofetpldcx ;;;  0123456789km\n\r\t";
	struct sim_script script;
	unsigned seed = 1, good = 0;

	for (unsigned round = 0; round < 20000; round++) {
		const size_t size = 4 + (unsigned)rand_r(&seed) % 60;
		char *text = malloc(size);

		CHECK(text != NULL);
		memcpy(text, "sim:", 4);
		for (size_t i = 4; i < size; i++)
			text[i] = alphabet[(unsigned)rand_r(&seed) % (sizeof(alphabet) - 1)];
		if (sim_script_parse(text, size, &script))
			good++;
		CHECK(script.count <= SIM_SCRIPT_STEPS);
		for (unsigned i = 0; i < script.count; i++) {
			CHECK(script.step[i].word < SIM_WORD_COUNT);
			CHECK(script.step[i].text + script.step[i].size <= (int)size);
		}
		free(text);
	}
	CHECK(good < 20000);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		TEST(no_script), TEST(words), TEST(mistakes), TEST(sequence), TEST(limits), TEST(anything),
	};

	return test_main(tests, COUNT(tests), argc, argv);
}
