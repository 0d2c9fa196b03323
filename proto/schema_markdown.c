/* SPDX-License-Identifier: MIT */
/* docs/protocol.md from the schema. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "schema.h"
#include "schema_json.h"

static const char intro[] =
	"# Protocol\n"
	"\n"
	"Made from `proto/schema.def` by `hvisorctl schema --markdown`; a test compares the two.\n"
	"\n"
	"hvisord listens on a Unix stream socket (`/run/hvisor/hvisord.sock`). Each line is one JSON-RPC "
	"2.0\n"
	"message in strict JSON, ended by LF; batches are not used. The daemon speaks first:\n"
	"\n"
	"    "
	"{\"hvisord\":{\"version\":\"0.1.0\",\"protocol\":1,\"caps\":[...],\"boot_id\":\"7c...\",\"limits\":{"
	"...}}}\n"
	"\n"
	"`boot_id` is drawn anew by every daemon: event numbers are of one `boot_id`, console positions go "
	"on.\n"
	"\n"
	"- A request has an `id` (string or number) that none of the connection's unanswered requests has; "
	"without\n"
	"  one it is a notification and is not answered. Answers come in any order.\n"
	"- An error has a `code`, a `message` for people and `data.reason`, a stable name; errors of a "
	"zone's file\n"
	"  also `data.file`, `line`, `pointer`, `other` and all `findings`.\n"
	"- A result with `\"continues\":true` is one of many; the last one is without, or is an error.\n"
	"- Events are notifications `event` with a `seq` that grows by one.\n"
	"- A `zone` is an id (integer) or a name (string). Addresses are strings, `\"0x50000000\"`.\n"
	"- Bytes of a console are base64.\n"
	"- Root, the daemon's own user and members of group `hvisor-admin` may do everything; members of "
	"group "
	"`hvisor`\n"
	"  may read. Others are turned away in place of the greeting.\n"
	"- A request that changes something may have a `request_key`. Asked again with it, over any "
	"connection "
	"of the\n"
	"  same user, it is not done again: the answer is the first one's, as soon as there is one. Keys are "
	"kept for\n"
	"  an hour, 256 of them, over the daemon's end; those of what it did when it was killed are answered "
	"with\n"
	"  `request.unknown_outcome`, and nothing is done.\n"
	"- A client that breaks a limit gets an error `protocol.limit` without id, if it still reads, and "
	"loses its\n"
	"  connection. Requests of a client that does not read its answers wait.\n"
	"\n"
	"With `socat` and `jq`:\n"
	"\n"
	"    echo '{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"zone.list\"}' |\n"
	"        socat -t5 - UNIX-CONNECT:/run/hvisor/hvisord.sock | jq -c 'select(.id==1).result.zones[]'\n";

__attribute__((format(printf, 2, 3))) static void put(struct json_out *out, const char *format, ...)
{
	char text[2048];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (n > 0)
		json_append(out, text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);
}

static void put_range(const struct schema_field *field, struct json_out *out)
{
	if (field->choices != NULL)
		put(out, " one of: %s.", field->choices);
	if (field->max != 0)
		put(out, " %" PRId64 " to %" PRId64 "%s.", field->min, field->max,
		    field->type == SCHEMA_INTEGER ? "" : " bytes");
	if (field->fallback != 0)
		put(out, " Default %" PRId64 ".", field->fallback);
}

static void put_fields(const char *title, const struct schema_field *fields, size_t count, unsigned owner,
		       struct json_out *out)
{
	bool first = true;

	for (size_t i = 0; i < count; i++) {
		const struct schema_field *field = &fields[i];

		if (field->owner != owner)
			continue;
		if (first)
			put(out, "\n%s:\n\n", title);
		first = false;
		put(out, "- `%s` (%s%s): %s.", field->name, schema_type_name((enum schema_type)field->type),
		    field->need == SCHEMA_MUST ? "" : ", optional", field->doc);
		put_range(field, out);
		put(out, "\n");
	}
}

static void put_method(unsigned method, struct json_out *out)
{
	bool first = true;

	put(out, "\n### %s\n\n%s%s\n", schema_methods[method].name, schema_methods[method].doc,
	    schema_methods[method].access == SCHEMA_CHANGE ? " *Changes: not for readers.*" : "");
	put_fields("Parameters", schema_params, schema_num_params, method, out);
	put_fields("Result", schema_results, schema_num_results, method, out);
	for (size_t i = 0; i < schema_num_throws; i++) {
		if (schema_throws[i].method != method)
			continue;
		put(out, "%s`%s`", first ? "\nErrors: " : ", ", schema_errors[schema_throws[i].error].reason);
		first = false;
	}
	if (!first)
		put(out, ".\n");
}

void schema_markdown(struct json_out *out)
{
	json_append(out, intro, sizeof(intro) - 1);
	put(out, "\n## Limits\n\n| limit | value | what |\n| --- | --- | --- |\n");
	for (size_t i = 0; i < schema_num_limits; i++)
		put(out, "| `%s` | %" PRId64 " | %s |\n", schema_limits[i].name, schema_limits[i].value,
		    schema_limits[i].doc);
	put(out, "\n## Methods\n");
	for (unsigned i = 0; i < SCHEMA_METHOD_COUNT; i++)
		put_method(i, out);
	put(out,
	    "\n## Events\n\nEvery event has `seq`, `time` (UTC) and `type`; `events.lost` has no `time`.\n");
	for (unsigned i = 0; i < SCHEMA_EVENT_COUNT; i++) {
		put(out, "\n### %s\n\n%s\n", schema_events[i].name, schema_events[i].doc);
		put_fields("Fields", schema_event_fields, schema_num_event_fields, i, out);
	}
	put(out, "\n## Errors\n\n| code | reason | hvisorctl exits | when |\n| --- | --- | --- | --- |\n");
	for (unsigned i = SCHEMA_OK + 1; i < SCHEMA_ERROR_COUNT; i++)
		put(out, "| %d | `%s` | %d | %s |\n", schema_errors[i].code, schema_errors[i].reason,
		    schema_errors[i].exit, schema_errors[i].doc);
}
