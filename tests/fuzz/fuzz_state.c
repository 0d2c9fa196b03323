/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a daemon finds of its predecessor: the record of a zone that runs, what
 * is wanted of zones, requests with keys. An input is such a file as it stands,
 * or, if it does not start with '{', edits to good ones. A file is refused as a
 * whole or read into something that, written down, is read the same again.
 */
#include <unistd.h>

#include "fuzz.h"
#include "intent.h"
#include "json_strict.h"
#include "keys_private.h"
#include "log.h"
#include "store.h"

#define TEXT_SIZE 16384u
#define MAX_EDITS 16u

static const char requests[] =
	"{\"version\":1,\"requests\":[{\"uid\":0,\"key\":\"a\",\"method\":\"zone.start\",\"params\":"
	"\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\",\"time\":1700000000,\"answer\":{\"result\":"
	"{\"state\":\"running\",\"seq\":4}}},{\"uid\":1000,\"key\":\"b c\",\"method\":\"config.reload\","
	"\"params\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\",\"time\":1700000001}]}";

static const char *const words[] = {
	"0",
	"-1",
	"1e400",
	"null",
	"true",
	"[]",
	"{}",
	"\"\"",
	"\"x\"",
	"{",
	"}",
	"[[[[[[[[",
	"18446744073709551616",
	"\\u0000",
	",",
	"\"answer\":{\"error\":{}},",
	"\"uid\":0,",
	"\"version\":2,",
};
#define NUM_WORDS (sizeof(words) / sizeof(words[0]))

static char folder[64];
static char good_zone[TEXT_SIZE], good_intents[TEXT_SIZE];

static void remove_folder(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/" KEYS_FILE ".bad", folder);
	unlink(path);
	snprintf(path, sizeof(path), "%s/" KEYS_FILE, folder);
	unlink(path);
	store_remove(folder, 1);
	rmdir(folder);
}

static void write_text(const char *name, const char *text, size_t length)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "we");
	ALWAYS(file && fwrite(text, 1, length, file) == length && fclose(file) == 0);
}

static void read_text(const char *name, char *ret_text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "re");
	ALWAYS(file);
	ret_text[fread(ret_text, 1, TEXT_SIZE - 1, file)] = '\0';
	fclose(file);
}

static void forget(struct keys *keys)
{
	struct keyed *keyed;

	while ((keyed = TAILQ_FIRST(&keys->list)) != NULL)
		keyed_free(keyed);
}

static void check_keys(const char *text, size_t length, bool is_good)
{
	struct json_out first = { 0 }, second = { 0 };
	struct keys keys = { 0 };

	TAILQ_INIT(&keys.list);
	write_text(KEYS_FILE, text, length);
	ALWAYS(keys_load(&keys, folder) == 0 && keys.count <= KEYS_MAX && (!is_good || keys.count == 2));
	keys_save(&keys, &first);
	forget(&keys);
	ALWAYS(!first.failed);
	write_text(KEYS_FILE, first.text, first.length);
	ALWAYS(keys_load(&keys, folder) == 0);
	keys_save(&keys, &second);
	forget(&keys);
	ALWAYS(first.length == second.length && memcmp(first.text, second.text, first.length) == 0);
	json_out_fini(&first);
	json_out_fini(&second);
}

/* False: the text is refused. */
static bool load_intents(const char *text, size_t length, struct json_out *ret_again)
{
	struct intents intents;
	struct json_error error;
	cJSON *root = NULL;
	int r = json_strict_parse(text, length, INTENT_MAX_DEPTH, &root, &error);

	intents_init(&intents);
	if (r == 0)
		r = intents_read(&intents, root);
	if (r == 0)
		intents_write(&intents, ret_again);
	ALWAYS(r == 0 || intents.count == 0);
	cJSON_Delete(root);
	intents_fini(&intents);
	return r == 0;
}

static void check_intents(const char *text, size_t length, bool is_good)
{
	struct json_out first = { 0 }, second = { 0 };

	if (load_intents(text, length, &first)) {
		ALWAYS(!first.failed && load_intents(first.text, first.length, &second));
		ALWAYS(first.length == second.length && memcmp(first.text, second.text, first.length) == 0);
	} else {
		ALWAYS(!is_good);
	}
	json_out_fini(&first);
	json_out_fini(&second);
}

static void check_zone(const char *text, size_t length, bool is_good)
{
	static char once[TEXT_SIZE], twice[TEXT_SIZE];
	struct store_record record;

	write_text("zone-1.json", text, length);
	if (store_read(folder, 1, NULL, &record) != 0) {
		ALWAYS(!is_good);
		return;
	}
	ALWAYS(record.plan != NULL && store_write(folder, 1, &record) == 0);
	plan_free(record.plan);
	read_text("zone-1.json", once);
	if (strlen(once) == TEXT_SIZE - 1)
		return;
	ALWAYS(store_read(folder, 1, NULL, &record) == 0 && store_write(folder, 1, &record) == 0);
	plan_free(record.plan);
	read_text("zone-1.json", twice);
	ALWAYS(strcmp(once, twice) == 0);
}

/* Good ones, by those who write them. */
static void begin(void)
{
	const char *place = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	HvZoneConfig hv = { .magic = HV_CONFIG_MAGIC, .zone_id = 1, .name = "z1" };
	struct store_record record = { .device_pid = 7, .device_start = 8, .started_ms = 9, .wanted = true };
	struct json_out text = { 0 };
	struct intents intents;
	struct intent *intent;

	log_set_level((enum log_level)(LOG_LEVEL_ERROR - 1));
	snprintf(folder, sizeof(folder), "%s/fuzz-state-XXXXXX", place);
	ALWAYS(mkdtemp(folder));
	atexit(remove_folder);
	record.plan = plan_new_adopted(&hv);
	ALWAYS(record.plan && store_write(folder, 1, &record) == 0);
	plan_free(record.plan);
	read_text("zone-1.json", good_zone);
	intents_init(&intents);
	intents_reboot(&intents, "0123456789abcdef");
	intent = intent_get(&intents, "z1", 1);
	ALWAYS(intent);
	*intent = (struct intent){ .entry = intent->entry,
				   .name = intent->name,
				   .id = 1,
				   .override = INTENT_ENABLED,
				   .wanted = true,
				   .restarts = 3,
				   .due_ms = 5 };
	intents_write(&intents, &text);
	ALWAYS(!text.failed && text.length < TEXT_SIZE);
	memcpy(good_intents, text.text, text.length);
	json_out_fini(&text);
	intents_fini(&intents);
	check_keys(requests, strlen(requests), true);
	check_intents(good_intents, strlen(good_intents), true);
	check_zone(good_zone, strlen(good_zone), true);
}

/* Some bytes are replaced by a word, or by one byte. */
static size_t edit(struct fuzz_input *input, char *text, size_t length)
{
	size_t at = fuzz_take(input, 2) % (length + 1), gone = fuzz_take(input, 1) % 16, size;
	uint64_t how = fuzz_take(input, 1);
	char byte = (char)(how >> 1);
	const char *with = how % 2 != 0 ? words[how / 2 % NUM_WORDS] : &byte;

	size = how % 2 != 0 ? strlen(with) : 1;
	gone = gone < length - at ? gone : length - at;
	if (length - gone + size >= TEXT_SIZE)
		return length;
	memmove(text + at + size, text + at + gone, length - at - gone);
	memcpy(text + at, with, size);
	return length - gone + size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct {
		const char *good;
		void (*check)(const char *text, size_t length, bool is_good);
	} files[] = { { requests, check_keys }, { good_intents, check_intents }, { good_zone, check_zone } };
	struct fuzz_input input = { data, size };
	char text[TEXT_SIZE];
	size_t length;
	unsigned which;

	if (folder[0] == '\0')
		begin();
	if (size > 0 && data[0] == '{') {
		for (unsigned i = 0; i < 3; i++)
			files[i].check((const char *)data, size, false);
		return 0;
	}
	which = (unsigned)fuzz_take(&input, 1) % 3;
	length = strlen(files[which].good);
	memcpy(text, files[which].good, length);
	for (unsigned edits = 1 + (unsigned)fuzz_take(&input, 1) % MAX_EDITS; edits > 0; edits--)
		length = edit(&input, text, length);
	files[which].check(text, length, false);
	return 0;
}
