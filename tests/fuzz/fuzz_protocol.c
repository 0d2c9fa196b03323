/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All of the daemon behind its socket, in this process, on a hypervisor of a
 * few lines. An input that starts with '{' goes over the wire as it stands;
 * any other is a list of requests made from the schema, some of them damaged,
 * so that random bytes reach the methods. Every line that comes back must be
 * strict JSON, and nothing may be left when the client is gone.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "connection.h"
#include "fuzz.h"
#include "json_strict.h"
#include "keys.h"
#include "log.h"
#include "stub_backend.h"

#define WIRE_SIZE 65536u
#define MAX_REQUESTS 24u
#define MAX_ROUNDS 20000u

static uv_loop_t loop;
static struct api *api;
static struct zones *zones;
static char folder[64];
static struct codec answers;
static unsigned num_lines;

static void write_file(const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/zones/%s", folder, name);
	file = fopen(path, "we");
	ALWAYS(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void write_zone(unsigned id)
{
	char text[512], name[16];

	snprintf(text, sizeof(text),
		 "{\"arch\": \"arm64\", \"name\": \"z%u\", \"zone_id\": %u, \"cpus\": [%u],\n"
		 "\"memory_regions\": [{\"type\": \"ram\", \"physical_start\": \"0x%x000000\",\n"
		 "\"virtual_start\": \"0x40000000\", \"size\": \"0x1000000\"}], \"interrupts\": [],\n"
		 "\"kernel_filepath\": \"Image\", \"kernel_load_paddr\": \"0x%x000000\",\n"
		 "\"entry_point\": \"0x40000000\"}\n",
		 id, id, id + 1, 0x80 + id, 0x80 + id);
	snprintf(name, sizeof(name), "z%u.json", id);
	write_file(name, text);
}

/* Removed at the end of the process; a crash leaves it for a look. */
static void remove_folder(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r %s", folder);
	if (system(command) != 0)
		perror(folder);
}

static void begin(void)
{
	static char parts[3][96];
	struct api_options options = {
		.listen_fd = -1, .group = "0", .admin_group = "0", .version = "0", .backend = "stub"
	};
	struct zones_options more = { .device_program = "/nonexistent" };
	const char *place = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

	signal(SIGPIPE, SIG_IGN);
	log_set_level(LOG_LEVEL_ERROR);
	snprintf(folder, sizeof(folder), "%s/fuzz-protocol-XXXXXX", place);
	ALWAYS(mkdtemp(folder));
	atexit(remove_folder);
	for (unsigned i = 0; i < 3; i++) {
		static const char *const names[] = { "zones", "run", "state" };

		snprintf(parts[i], sizeof(parts[i]), "%s/%s", folder, names[i]);
		ALWAYS(mkdir(parts[i], 0700) == 0);
	}
	write_file("Image", "kernel");
	write_zone(1);
	write_zone(2);
	write_file("broken.json", "{");
	more.config_dir = options.config_dir = parts[0];
	more.run_dir = parts[1];
	more.state_dir = options.state_dir = parts[2];
	ALWAYS(uv_loop_init(&loop) == 0 && api_new(&loop, &options, &api) == 0);
	ALWAYS(zones_new(&loop, stub_backend(), &more, &api_zones_hooks, api, &zones) == 0);
	api->zones = zones;
	codec_init(&answers, 64 << 20);
}

static int on_line(const char *line, size_t length, void *user)
{
	struct json_error error;
	cJSON *root;

	(void)user;
	ALWAYS(json_strict_parse(line, length, JSON_STRICT_MAX_DEPTH, &root, &error) == 0);
	ALWAYS(cJSON_HasObjectItem(root, "hvisord") || cJSON_HasObjectItem(root, "jsonrpc"));
	cJSON_Delete(root);
	num_lines++;
	return 0;
}

/* False: the daemon has closed. */
static bool read_answers(int fd)
{
	char text[65536];
	ssize_t n;

	while ((n = recv(fd, text, sizeof(text), MSG_DONTWAIT)) > 0)
		ALWAYS(codec_feed(&answers, text, (size_t)n, on_line, NULL) == 0);
	return n < 0 && errno == EAGAIN;
}

/* In pieces, as the input says. */
static void talk(int fd, struct fuzz_input *input, const char *wire, size_t size)
{
	size_t piece = 1 + (size_t)fuzz_take(input, 1) * 16;
	bool open = true;

	for (size_t done = 0; done < size && open;) {
		size_t more = piece < size - done ? piece : size - done;
		ssize_t n = send(fd, wire + done, more, MSG_DONTWAIT | MSG_NOSIGNAL);

		done += n > 0 ? (size_t)n : 0;
		uv_run(&loop, UV_RUN_NOWAIT);
		open = read_answers(fd) && (n > 0 || errno == EAGAIN);
	}
	for (unsigned i = 0; i < 30 && open; i++) {
		uv_run(&loop, UV_RUN_NOWAIT);
		open = read_answers(fd);
	}
}

static void ignore(void *user, const struct zone *zone, const struct zone_failure *failure)
{
	(void)user, (void)zone, (void)failure;
}

static bool stop_all(void)
{
	const struct zone_ask stop = { .request = ZONE_REQUEST_STOP, .mode = ZONE_STOP_FORCE };
	bool active = false;

	for (struct zone *zone = zones_next(zones, NULL); zone != NULL; zone = zones_next(zones, zone)) {
		struct zone_op *op;

		if (zone->id == 0 || !lifecycle_is_active(zone->state))
			continue;
		active = true;
		if (zone->state != ZONE_STOPPING)
			ALWAYS(zone_request(zone, &stop, ignore, NULL, &op) == 0);
	}
	return active;
}

/* Everything stops, so that the next input finds what this one found. */
static void settle(void)
{
	for (unsigned i = 0; stop_all() || api->num_connections != 0 || stub_backend_zones() != 0; i++) {
		ALWAYS(i < MAX_ROUNDS);
		uv_run(&loop, UV_RUN_NOWAIT);
		usleep(i > 10 ? 100 : 0);
	}
}

static void put_zone(struct fuzz_input *input, const char *key, struct json_out *out)
{
	static const char *const names[] = { "z1", "z2", "root", "broken", "none", "" };
	uint64_t how = fuzz_take(input, 1);

	if (how % 2 == 0)
		json_put_uint(out, key, how / 2 % 4);
	else
		json_put_string(out, key, names[how / 2 % 6]);
}

static void put_choice(struct fuzz_input *input, const struct schema_field *field, struct json_out *out)
{
	static const char *const texts[] = { "YWI=", "k1", "k2", "a key", "", "\n", "x" };
	uint64_t which = fuzz_take(input, 1);
	const char *choice = field->choices;

	if (choice == NULL)
		return json_put_string(out, field->name, texts[which % 7]);
	while (which-- % 8 != 0 && strchr(choice, ' ') != NULL)
		choice = strchr(choice, ' ') + 1;
	json_put_bytes(out, field->name, choice, strcspn(choice, " "));
}

static void put_patterns(struct fuzz_input *input, const char *key, struct json_out *out)
{
	static const char *const patterns[] = { "*", "zone.*", "z?", "*a*b*c*", "**", "none" };

	json_open_array(out, key);
	for (uint64_t count = fuzz_take(input, 1) % 4; count > 0; count--)
		json_put_string(out, NULL, patterns[fuzz_take(input, 1) % 6]);
	json_close_array(out);
}

static void put_param(struct fuzz_input *input, const struct schema_field *field, struct json_out *out)
{
	switch ((enum schema_type)field->type) {
	case SCHEMA_STRING:
		return put_choice(input, field, out);
	case SCHEMA_INTEGER:
		return json_put_uint(out, field->name, fuzz_number(input));
	case SCHEMA_BOOLEAN:
		return json_put_bool(out, field->name, fuzz_take(input, 1) % 2 != 0);
	case SCHEMA_STRINGS:
		return put_patterns(input, field->name, out);
	case SCHEMA_ZONE:
		return put_zone(input, field->name, out);
	case SCHEMA_ID:
	case SCHEMA_ARRAY:
	case SCHEMA_OBJECT:
	case SCHEMA_TYPE_COUNT:
		break;
	}
	json_put_uint(out, field->name, fuzz_take(input, 1) % 8);
}

static void put_request(struct fuzz_input *input, struct json_out *out)
{
	unsigned method = (unsigned)fuzz_take(input, 1) % SCHEMA_METHOD_COUNT;
	uint64_t wanted = fuzz_take(input, 1);

	json_open_object(out, NULL);
	json_put_string(out, "jsonrpc", "2.0");
	if (fuzz_take(input, 1) % 16 != 0)
		json_put_uint(out, "id", fuzz_take(input, 1) % 8);
	json_put_string(out, "method", schema_methods[method].name);
	json_open_object(out, "params");
	for (size_t i = 0; i < schema_num_params; i++) {
		const struct schema_field *field = &schema_params[i];

		if (field->owner != method)
			continue;
		if (field->need == SCHEMA_MUST || wanted % 2 != 0)
			put_param(input, field, out);
		wanted = wanted >> 1 | (wanted & 1) << 7;
	}
	json_close_object(out);
	json_close_object(out);
	json_append(out, "\n", 1);
}

/* One in sixteen requests is not what it should be. */
static void damage(struct fuzz_input *input, char *line, size_t length)
{
	uint64_t how = fuzz_take(input, 1);

	if (how % 16 == 0 && length > 0)
		line[fuzz_take(input, 2) % length] = (char)fuzz_take(input, 1);
}

static void make_requests(struct fuzz_input *input, struct json_out *out)
{
	for (unsigned count = 1 + (unsigned)fuzz_take(input, 1) % MAX_REQUESTS; count > 0; count--) {
		size_t start = out->length;

		put_request(input, out);
		ALWAYS(!out->failed);
		damage(input, out->text + start, out->length - start);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, size };
	struct json_out wire = { 0 };
	int fds[2];

	if (api == NULL)
		begin();
	if (size > 0 && data[0] == '{')
		json_append(&wire, (const char *)data, size);
	else
		make_requests(&input, &wire);
	ALWAYS(!wire.failed && wire.length <= WIRE_SIZE * 16);
	ALWAYS(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) == 0);
	num_lines = 0;
	connection_accept(api, fds[0]);
	talk(fds[1], &input, wire.text, wire.length);
	ALWAYS(num_lines > 0);
	close(fds[1]);
	codec_fini(&answers);
	codec_init(&answers, 64 << 20);
	json_out_fini(&wire);
	settle();
	return 0;
}
