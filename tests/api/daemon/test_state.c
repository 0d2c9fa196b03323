/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is kept on disk, and what is told to the journal. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "intent.h"
#include "json_strict.h"
#include "log.h"
#include "state.h"
#include "test.h"

static char dir[64];

static void make_dir(void)
{
	snprintf(dir, sizeof(dir), "/tmp/hvisor-state-XXXXXX");
	CHECK(mkdtemp(dir) != NULL);
}

static void remove_dir(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r %s", dir);
	CHECK_EQ(system(command), 0);
}

static const char *path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void put_file(const char *name, const char *text)
{
	FILE *file = fopen(path_of(name), "w");

	CHECK(file != NULL);
	fputs(text, file);
	fclose(file);
}

static void written_whole(void)
{
	char *text = NULL;
	size_t length = 0;
	struct stat st;

	make_dir();
	CHECK_EQ(state_make_dir(dir), 0);
	CHECK_EQ(state_read_file(dir, "a", 100, &text, &length), -ENOENT);
	CHECK_EQ(state_write_file(dir, "a", "hello", 5), 0);
	CHECK_EQ(state_write_file(dir, "a", "bye", 3), 0);
	CHECK_EQ(state_read_file(dir, "a", 100, &text, &length), 0);
	CHECK(length == 3 && memcmp(text, "bye", 3) == 0);
	free(text);
	CHECK_EQ(state_read_file(dir, "a", 3, &text, &length), -EFBIG);
	CHECK_EQ(stat(path_of("a"), &st), 0);
	CHECK_EQ(st.st_mode & 0777, 0600);
	CHECK(access(path_of("a.new"), F_OK) != 0);
	CHECK_EQ(symlink("a", path_of("link")), 0);
	CHECK_EQ(state_read_file(dir, "link", 100, &text, &length), -EBADMSG);
	CHECK_EQ(mkfifo(path_of("fifo"), 0600), 0);
	CHECK_EQ(state_read_file(dir, "fifo", 100, &text, &length), -EBADMSG);
	CHECK_EQ(state_read_file(dir, ".", 100, &text, &length), -EBADMSG);
	CHECK_EQ(state_write_file("/nowhere", "a", "", 0), -ENOENT);
	remove_dir();
}

static void only_objects_are_read(void)
{
	static const char *const torn[] = {
		"", "{", "[]", "1", "{}x", "{\"a\":1,\"a\":2}", "{\"a\":[[[]]]}"
	};
	cJSON *root = NULL;

	make_dir();
	for (unsigned i = 0; i < COUNT(torn); i++) {
		put_file("a", torn[i]);
		CHECK_EQ(state_read_json(dir, "a", 100, 3, &root), -EBADMSG);
	}
	put_file("a", "{\"a\":[1]}");
	CHECK_EQ(state_read_json(dir, "a", 100, 3, &root), 0);
	cJSON_Delete(root);
	state_set_aside(dir, "a", -EBADMSG);
	CHECK_EQ(state_read_json(dir, "a", 100, 3, &root), -ENOENT);
	CHECK_EQ(access(path_of("a.bad"), F_OK), 0);
	remove_dir();
}

/* What a state file is made of, and what was told of it. */
struct content {
	unsigned value;
	unsigned made;
	unsigned told;
	uint64_t touch;
	int error;
};

static void make(void *user, struct json_out *out)
{
	struct content *content = user;

	content->made++;
	json_open_object(out, NULL);
	json_put_uint(out, "value", content->value);
	json_close_object(out);
}

static void written(void *user, uint64_t touch, int error)
{
	struct content *content = user;

	content->told++;
	content->touch = touch;
	content->error = error;
}

static const struct state_file_ops ops = { .make = make, .written = written };

static unsigned value_on_disk(void)
{
	cJSON *root = NULL;
	uint64_t value;

	CHECK_EQ(state_read_json(dir, "file", 100, 2, &root), 0);
	CHECK_EQ(json_strict_u64(cJSON_GetObjectItem(root, "value"), &value), 0);
	cJSON_Delete(root);
	return (unsigned)value;
}

static void follows_what_is_in_memory(void)
{
	struct content content = { 0 };
	struct state_file *file;
	uv_loop_t loop;

	make_dir();
	CHECK_EQ(uv_loop_init(&loop), 0);
	CHECK_EQ(state_file_new(&loop, dir, "file", &ops, &content, &file), 0);
	for (content.value = 1; content.value < 10; content.value++)
		CHECK_EQ(state_file_touch(file), content.value);
	CHECK(state_file_is_busy(file));
	while (content.told == 0)
		uv_run(&loop, UV_RUN_ONCE);
	/* all touches of one turn are one write */
	CHECK(content.made == 1 && content.touch == 9 && content.error == 0);
	CHECK(value_on_disk() == 10 && !state_file_is_busy(file));
	/* one that is touched as it is closed is written all the same, and nobody is told */
	content.value = 11;
	state_file_touch(file);
	state_file_close(file);
	uv_run(&loop, UV_RUN_DEFAULT);
	CHECK(value_on_disk() == 11 && content.told == 1);
	CHECK_EQ(uv_loop_close(&loop), 0);
	remove_dir();
}

static void closed_while_it_is_written(void)
{
	struct content content = { .value = 1 };
	struct state_file *file;
	uv_loop_t loop;

	make_dir();
	CHECK_EQ(uv_loop_init(&loop), 0);
	CHECK_EQ(state_file_new(&loop, dir, "file", &ops, &content, &file), 0);
	state_file_touch(file);
	while (content.made == 0)
		uv_run(&loop, UV_RUN_ONCE);
	content.value = 2;
	state_file_touch(file);
	state_file_close(file);
	uv_run(&loop, UV_RUN_DEFAULT);
	CHECK_EQ(value_on_disk(), 2);
	CHECK_EQ(uv_loop_close(&loop), 0);
	remove_dir();
}

static void a_failure_is_told(void)
{
	struct content content = { .value = 1 };
	struct state_file *file;
	uv_loop_t loop;

	make_dir();
	remove_dir();
	CHECK_EQ(uv_loop_init(&loop), 0);
	CHECK_EQ(state_file_new(&loop, dir, "file", &ops, &content, &file), 0);
	state_file_touch(file);
	while (content.told == 0)
		uv_run(&loop, UV_RUN_ONCE);
	CHECK(content.touch == 1 && content.error == -ENOENT);
	CHECK_EQ(mkdir(dir, 0700), 0);
	/* the next change does not wait for the next try */
	CHECK_EQ(state_file_touch(file), 2);
	while (content.told == 1)
		uv_run(&loop, UV_RUN_ONCE);
	CHECK(content.touch == 2 && content.error == 0 && value_on_disk() == 1);
	state_file_close(file);
	uv_run(&loop, UV_RUN_DEFAULT);
	CHECK_EQ(uv_loop_close(&loop), 0);
	remove_dir();
}

static cJSON *parse(const struct json_out *out)
{
	struct json_error error;
	cJSON *root = NULL;

	CHECK_EQ(json_strict_parse(out->text, out->length, INTENT_MAX_DEPTH, &root, &error), 0);
	return root;
}

static void intents_there_and_back(void)
{
	struct intents intents, copy;
	struct json_out out = { 0 };
	struct intent *intent;
	cJSON *root;

	intents_init(&intents);
	intents_reboot(&intents, "boot-1");
	intent_get(&intents, "says nothing", 1);
	intent = intent_get(&intents, "a \"name\"\n", 1);
	intent->override = INTENT_DISABLED;
	intent = intent_get(&intents, "b", 1);
	*intent = (struct intent){ .entry = intent->entry,
				   .name = intent->name,
				   .id = 1,
				   .wanted = true,
				   .restarts = 7,
				   .due_ms = 123456789012 };
	intents_write(&intents, &out);
	root = parse(&out);
	intents_init(&copy);
	CHECK_EQ(intents_read(&copy, root), 0);
	cJSON_Delete(root);
	json_out_fini(&out);
	CHECK(copy.count == 2 && strcmp(copy.boot_id, "boot-1") == 0);
	CHECK_EQ(intent_find(&copy, "a \"name\"\n", 1)->override, INTENT_DISABLED);
	intent = intent_find(&copy, "b", 1);
	CHECK(intent->override == INTENT_AS_FILE && intent->wanted && intent->restarts == 7 &&
	      intent->due_ms == 123456789012);
	intents_reboot(&copy, "boot-2");
	CHECK(!intent->wanted && intent->restarts == 0 && intent->due_ms == 0);
	intents_fini(&intents);
	intents_fini(&copy);
}

static void intents_follow_their_zones(void)
{
	struct intents intents;
	struct intent *intent;

	intents_init(&intents);
	intent_get(&intents, "a", 1)->wanted = true;
	intent_get(&intents, "a", 2)->override = INTENT_DISABLED;
	CHECK(!intent_find(&intents, "a", 2)->wanted && intent_find(&intents, "a", 3) == NULL);
	/* to a name of its own; to one of which something is kept; of nothing */
	intent_move(&intents, "a", 1, "b", 1);
	intent = intent_find(&intents, "b", 1);
	CHECK(intent != NULL && intent->wanted && intent_find(&intents, "a", 1) == NULL);
	intent->override = INTENT_ENABLED;
	intent_move(&intents, "b", 1, "a", 2);
	intent = intent_find(&intents, "a", 2);
	CHECK(intent->wanted && intent->override == INTENT_DISABLED && intents.count == 1);
	intent_move(&intents, "b", 1, "c", 1);
	CHECK(intents.count == 1);
	/* a file that did not say its id, and now does */
	intent_get(&intents, "d", -1)->override = INTENT_ENABLED;
	CHECK_EQ(intent_find(&intents, "d", 4)->override, INTENT_ENABLED);
	CHECK(intent_get(&intents, "d", 4)->id == 4 && intents.count == 2);
	intents_fini(&intents);
}

static void intents_have_a_bound(void)
{
	struct intents intents;
	char name[16];

	intents_init(&intents);
	for (unsigned i = 0; i < INTENT_MAX_ENTRIES + 100; i++) {
		snprintf(name, sizeof(name), "zone%u", i);
		CHECK(intent_get(&intents, name, 1) != NULL);
	}
	CHECK(intents.count <= INTENT_MAX_ENTRIES);
	intents_fini(&intents);
}

static int bind_journal(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	CHECK(strlen(path) < sizeof(address.sun_path));
	memcpy(address.sun_path, path, strlen(path));
	CHECK_EQ(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* stderr becomes a file, which JOURNAL_STREAM says is the journal's. */
static void claim_stderr(bool truly)
{
	char stream[64];
	struct stat st;
	int fd = open(path_of("stderr"), O_RDWR | O_CREAT, 0600);

	CHECK(fd >= 0 && dup2(fd, STDERR_FILENO) >= 0 && fstat(fd, &st) == 0);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
		 (unsigned long long)st.st_ino + !truly);
	setenv("JOURNAL_STREAM", stream, 1);
}

static const char *stderr_text(void)
{
	static char text[1024];
	ssize_t n = pread(STDERR_FILENO, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void to_the_journal(void)
{
	char socket_path[100], entry[1024];
	ssize_t n;
	int fd;

	make_dir();
	snprintf(socket_path, sizeof(socket_path), "%.60s/socket", dir);
	fd = bind_journal(socket_path);
	claim_stderr(true);
	log_set_journal(socket_path);
	log_zone_warning("a\nZONE=b", "it is\nPRIORITY=0 %d", 7);
	n = recv(fd, entry, sizeof(entry) - 1, 0);
	CHECK(n > 0);
	entry[n] = '\0';
	CHECK(strcmp(entry, "MESSAGE=zone a?ZONE=b: it is?PRIORITY=0 7\nPRIORITY=4\n"
			    "SYSLOG_IDENTIFIER=test_state\nZONE=a?ZONE=b\n") == 0);
	log_error("of no zone");
	n = recv(fd, entry, sizeof(entry) - 1, 0);
	entry[n > 0 ? n : 0] = '\0';
	CHECK(strcmp(entry, "MESSAGE=of no zone\nPRIORITY=3\nSYSLOG_IDENTIFIER=test_state\n") == 0);
	CHECK(strcmp(stderr_text(), "") == 0);
	/* the journal is gone: nothing is lost */
	close(fd);
	log_zone_error("z", "alone");
	CHECK(strcmp(stderr_text(), "<3>zone z: alone\n") == 0);
	remove_dir();
}

static void not_to_the_journal(void)
{
	make_dir();
	claim_stderr(false);
	log_set_journal(path_of("socket"));
	log_zone_error("z", "%s", "plain\x1b[31m");
	/* a control of C1, half a character, characters of two to four bytes, a surrogate, one that is too long */
	log_error("\xc2\x9b \xe2\x82 \xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80 \xed\xa0\x80 \xc1\x81 \xff");
	log_zone_error("\xc3\xa4\xc3", "%s", "cut");
	CHECK(strcmp(stderr_text(), "zone z: plain?[31m\n"
				    "?? ?? \xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80 ??? ?? ?\n"
				    "zone \xc3\xa4?: cut\n") == 0);
	remove_dir();
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		TEST(written_whole),
		TEST(only_objects_are_read),
		TEST(follows_what_is_in_memory),
		TEST(closed_while_it_is_written),
		TEST(a_failure_is_told),
		TEST(intents_there_and_back),
		TEST(intents_follow_their_zones),
		TEST(intents_have_a_bound),
		TEST(to_the_journal),
		TEST(not_to_the_journal),
	};

	return test_main(tests, COUNT(tests), argc, argv);
}
