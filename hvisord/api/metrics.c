/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const type_names[] = {
	[METRIC_COUNTER] = "counter",   [METRIC_GAUGE] = "gauge", [METRIC_SUMMARY] = "summary",
	[METRIC_STATESET] = "stateset", [METRIC_INFO] = "info",
};

/* What the name of a sample has behind the family's (OpenMetrics 1.0, "Suffixes"). */
static const char *const suffixes[] = {
	[METRIC_COUNTER] = "_total", [METRIC_GAUGE] = "",     [METRIC_SUMMARY] = "",
	[METRIC_STATESET] = "",      [METRIC_INFO] = "_info",
};

static void put(struct metric_writer *writer, const char *text)
{
	json_append(writer->out, text, strlen(text));
}

/* A help text or the value of a label. */
static void put_escaped(struct metric_writer *writer, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '\n')
			put(writer, "\\n");
		else if (*text == '\\' || *text == '"')
			json_append(writer->out, (const char[]){ '\\', *text }, 2);
		else
			json_append(writer->out, text, 1);
	}
}

static void put_about(struct metric_writer *writer, const char *what, const char *text)
{
	if (text == NULL)
		return;
	put(writer, "# ");
	put(writer, what);
	put(writer, " ");
	put(writer, writer->family->name);
	put(writer, " ");
	put_escaped(writer, text);
	put(writer, "\n");
}

void metric_begin(struct metric_writer *writer, const struct metric_family *family)
{
	writer->family = family;
	if (writer->text) {
		put_about(writer, "TYPE", type_names[family->type]);
		put_about(writer, "UNIT", family->unit);
		put_about(writer, "HELP", family->help);
		return;
	}
	json_open_object(writer->out, NULL);
	json_put_string(writer->out, "name", family->name);
	json_put_string(writer->out, "type", type_names[family->type]);
	if (family->unit != NULL)
		json_put_string(writer->out, "unit", family->unit);
	json_put_string(writer->out, "help", family->help);
	json_open_array(writer->out, "samples");
}

void metric_end(struct metric_writer *writer)
{
	if (writer->text)
		return;
	json_close_array(writer->out);
	json_close_object(writer->out);
}

static void put_labels(struct metric_writer *writer)
{
	const struct metric_label *label = writer->labels;

	if (label->name == NULL)
		return;
	for (unsigned i = 0; i < METRIC_MAX_LABELS && label[i].name != NULL; i++) {
		put(writer, i == 0 ? "{" : ",");
		put(writer, label[i].name);
		put(writer, "=\"");
		put_escaped(writer, label[i].value);
		put(writer, "\"");
	}
	put(writer, "}");
}

static void put_sample(struct metric_writer *writer, const char *suffix, const char *value)
{
	put(writer, writer->family->name);
	put(writer, suffix);
	put_labels(writer);
	put(writer, " ");
	put(writer, value);
	put(writer, "\n");
}

static void open_sample(struct metric_writer *writer)
{
	json_open_object(writer->out, NULL);
	if (writer->labels[0].name == NULL)
		return;
	json_open_object(writer->out, "labels");
	for (unsigned i = 0; i < METRIC_MAX_LABELS && writer->labels[i].name != NULL; i++)
		json_put_string(writer->out, writer->labels[i].name, writer->labels[i].value);
	json_close_object(writer->out);
}

static void put_value(struct metric_writer *writer, const char *value)
{
	if (writer->text)
		return put_sample(writer, suffixes[writer->family->type], value);
	open_sample(writer);
	json_put_raw(writer->out, "value", value, strlen(value));
	json_close_object(writer->out);
}

void metric_put(struct metric_writer *writer, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	put_value(writer, text);
}

void metric_put_micro(struct metric_writer *writer, uint64_t micros)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64 ".%06" PRIu64, micros / 1000000, micros % 1000000);
	put_value(writer, text);
}

void metric_put_summary(struct metric_writer *writer, uint64_t count, uint64_t sum_ns)
{
	char number[24], sum[32];

	snprintf(number, sizeof(number), "%" PRIu64, count);
	snprintf(sum, sizeof(sum), "%" PRIu64 ".%09" PRIu64, sum_ns / 1000000000, sum_ns % 1000000000);
	if (writer->text) {
		put_sample(writer, "_count", number);
		put_sample(writer, "_sum", sum);
		return;
	}
	open_sample(writer);
	json_put_raw(writer->out, "count", number, strlen(number));
	json_put_raw(writer->out, "sum", sum, strlen(sum));
	json_close_object(writer->out);
}
