/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tree_index.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libfdt.h>

#define CELL sizeof(fdt32_t)
#define V17 17u /* the header's version since 2005; older ones lack the size of the structure block */

/* Enough for a real tree of the largest size, and less than a second's. */
#define WORK_BASE 4000000u
#define WORK_PER_NODE 4000u
#define WORK_MAX 200000000u

#define FIRST_ROOM 256u

struct reading {
	struct tree_index *index;
	const char *strings;
	uint32_t strings_size;
	uint32_t room_nodes, room_props;
	uint32_t open[TREE_MAX_DEPTH]; /* the nodes around the next tag */
	uint32_t depth;
	const char *fault;
};

uint32_t tree_cell(const uint8_t *data, uint32_t n)
{
	const uint8_t *cell = data + n * CELL;

	return (uint32_t)cell[0] << 24 | (uint32_t)cell[1] << 16 | (uint32_t)cell[2] << 8 | cell[3];
}

uint64_t tree_cells(const uint8_t *data, uint32_t n, uint32_t count)
{
	uint64_t value = 0;

	for (uint32_t i = 0; i < count; i++)
		value = value << 32 | tree_cell(data, n + i);
	return value;
}

static int bad(struct reading *reading, const char *fault)
{
	reading->fault = fault;
	return -EBADMSG;
}

/* Room for one more element; *room counts them. */
static bool grow(void **list, uint32_t *room, uint32_t count, size_t element)
{
	uint32_t more = *room == 0 ? FIRST_ROOM : *room * 2;
	void *grown;

	if (count < *room)
		return true;
	grown = reallocarray(*list, more, element);
	if (!grown)
		return false;
	*list = grown;
	*room = more;
	return true;
}

static int begin_node(struct reading *reading, int offset)
{
	struct tree_index *index = reading->index;
	const struct fdt_node_header *header =
		(const void *)(index->blob + fdt_off_dt_struct(index->blob) + offset);
	struct tree_node *node;

	if (reading->depth == TREE_MAX_DEPTH)
		return bad(reading, "it has more than 64 levels");
	if (index->num_nodes == TREE_MAX_NODES)
		return bad(reading, "it has more than 100000 nodes");
	if (strnlen(header->name, TREE_MAX_NAME + 1) > TREE_MAX_NAME)
		return bad(reading, "a node's name has more than 255 bytes");
	if (reading->depth == 0 && (index->num_nodes != 0 || header->name[0] != '\0'))
		return bad(reading, "it has no root node");
	if (!grow((void **)&index->nodes, &reading->room_nodes, index->num_nodes, sizeof(*index->nodes)))
		return -ENOMEM;
	node = &index->nodes[index->num_nodes];
	*node = (struct tree_node){
		.name = header->name,
		.parent = reading->depth == 0 ? TREE_NONE : reading->open[reading->depth - 1],
		.prop = index->num_props,
		.depth = (uint8_t)reading->depth,
	};
	reading->open[reading->depth++] = index->num_nodes++;
	return 0;
}

static int end_node(struct reading *reading)
{
	struct tree_index *index = reading->index;

	if (reading->depth == 0)
		return bad(reading, "a node ends that never began");
	index->nodes[reading->open[--reading->depth]].end = index->num_nodes;
	return 0;
}

static int property(struct reading *reading, int offset)
{
	struct tree_index *index = reading->index;
	int length = 0;
	const struct fdt_property *found = fdt_get_property_by_offset(index->blob, offset, &length);
	uint32_t name = found ? fdt32_ld(&found->nameoff) : 0, limit;
	struct tree_node *node;

	if (!found || reading->depth == 0)
		return bad(reading, "a property stands outside the nodes");
	node = &index->nodes[reading->open[reading->depth - 1]];
	if (node->prop + node->num_props != index->num_props || node != &index->nodes[index->num_nodes - 1])
		return bad(reading, "a property stands behind a node's children");
	if (name >= reading->strings_size)
		return bad(reading, "a property's name lies outside the tree");
	/* The names may share one long text, so each is looked at for a bounded length only. */
	limit = reading->strings_size - name;
	limit = limit > TREE_MAX_NAME + 1 ? TREE_MAX_NAME + 1 : limit;
	if (!memchr(reading->strings + name, '\0', limit))
		return bad(reading, "a property's name has no end");
	if (!grow((void **)&index->props, &reading->room_props, index->num_props, sizeof(*index->props)))
		return -ENOMEM;
	index->props[index->num_props++] = (struct tree_prop){
		.name = reading->strings + name,
		.data = (const uint8_t *)found->data,
		.size = (uint32_t)length,
	};
	node->num_props++;
	return 0;
}

/* What does not overlap what by the header, and lies within the tree. */
static int read_header(struct reading *reading, size_t size)
{
	const uint8_t *blob = reading->index->blob;
	uint64_t strings, end;

	if (size < FDT_V17_SIZE || fdt_check_header(blob) != 0)
		return bad(reading, "it does not begin as one does");
	if (fdt_totalsize(blob) > size)
		return bad(reading, "it is cut: its header says that it is longer");
	if (fdt_version(blob) < V17)
		return bad(reading, "its version is older than 17");
	if (fdt_totalsize(blob) > TREE_MAX_SIZE)
		return bad(reading, "it is larger than 16 MiB");
	strings = fdt_off_dt_strings(blob);
	end = strings + fdt_size_dt_strings(blob);
	if (end > fdt_totalsize(blob) ||
	    (uint64_t)fdt_off_dt_struct(blob) + fdt_size_dt_struct(blob) > fdt_totalsize(blob))
		return bad(reading, "a block lies outside it");
	if (fdt_num_mem_rsv(blob) < 0)
		return bad(reading, "its memory reservations have no end");
	reading->index->size = fdt_totalsize(blob);
	reading->strings = (const char *)blob + strings;
	reading->strings_size = fdt_size_dt_strings(blob);
	return 0;
}

static int read_tags(struct reading *reading)
{
	const void *blob = reading->index->blob;
	int offset, next = 0, r = 0;

	while (r == 0) {
		uint32_t tag;

		offset = next;
		tag = fdt_next_tag(blob, offset, &next);
		if (next < 0)
			return bad(reading, fdt_strerror(next));
		if (tag == FDT_END)
			break;
		if (tag == FDT_BEGIN_NODE)
			r = begin_node(reading, offset);
		else if (tag == FDT_END_NODE)
			r = end_node(reading);
		else if (tag == FDT_PROP)
			r = property(reading, offset);
	}
	if (r == 0 && (reading->depth != 0 || reading->index->num_nodes == 0))
		return bad(reading, "it ends within a node");
	return r;
}

static bool is_okay(const struct tree_prop *status)
{
	return !status ||
	       (status->size == sizeof("okay") && memcmp(status->data, "okay", sizeof("okay")) == 0) ||
	       (status->size == sizeof("ok") && memcmp(status->data, "ok", sizeof("ok")) == 0);
}

/* What all questions need of every node. */
static void digest_nodes(struct tree_index *index)
{
	for (uint32_t i = 0; i < index->num_nodes; i++) {
		struct tree_node *node = &index->nodes[i];

		node->enabled = (node->parent == TREE_NONE || index->nodes[node->parent].enabled) &&
				is_okay(tree_prop(index, i, "status"));
		node->address_cells = 2;
		node->size_cells = 1;
		tree_u32(index, i, "#address-cells", &node->address_cells);
		tree_u32(index, i, "#size-cells", &node->size_cells);
		if (!tree_u32(index, i, "phandle", &node->phandle))
			tree_u32(index, i, "linux,phandle", &node->phandle);
		if (node->phandle == UINT32_MAX)
			node->phandle = 0;
		index->num_phandles += node->phandle != 0;
	}
}

static int compare_phandles(const void *a, const void *b, void *user)
{
	const struct tree_node *nodes = user;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	if (nodes[x].phandle != nodes[y].phandle)
		return nodes[x].phandle < nodes[y].phandle ? -1 : 1;
	return x < y ? -1 : x > y;
}

static int sort_phandles(struct tree_index *index)
{
	uint32_t count = 0;

	if (index->num_phandles == 0)
		return 0;
	index->phandles = calloc(index->num_phandles, sizeof(*index->phandles));
	if (!index->phandles)
		return -ENOMEM;
	for (uint32_t i = 0; i < index->num_nodes; i++)
		if (index->nodes[i].phandle != 0)
			index->phandles[count++] = i;
	qsort_r(index->phandles, count, sizeof(*index->phandles), compare_phandles, index->nodes);
	return 0;
}

int tree_index_new(const void *blob, size_t size, struct tree_index **ret_index, const char **ret_fault)
{
	struct tree_index *index = calloc(1, sizeof(*index));
	struct reading reading = { .index = index };
	int r;

	if (!index)
		return -ENOMEM;
	index->blob = blob;
	r = read_header(&reading, size);
	if (r == 0)
		r = read_tags(&reading);
	if (r == 0) {
		index->work = WORK_BASE + (uint64_t)index->num_nodes * WORK_PER_NODE;
		if (index->work > WORK_MAX)
			index->work = WORK_MAX;
		digest_nodes(index);
		r = sort_phandles(index);
	}
	if (r < 0) {
		tree_index_free(index);
		if (r == -EBADMSG)
			*ret_fault = reading.fault;
		return r;
	}
	*ret_index = index;
	return 0;
}

void tree_index_free(struct tree_index *index)
{
	if (!index)
		return;
	free(index->nodes);
	free(index->props);
	free(index->phandles);
	free(index);
}

bool tree_index_spent(const struct tree_index *index)
{
	return index->work == 0;
}

bool tree_work(struct tree_index *index, uint64_t steps)
{
	index->work = index->work > steps ? index->work - steps : 0;
	return index->work != 0;
}

uint32_t tree_phandle(struct tree_index *index, uint32_t phandle)
{
	uint32_t low = 0, high = index->num_phandles;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (index->nodes[index->phandles[middle]].phandle < phandle)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == index->num_phandles || index->nodes[index->phandles[low]].phandle != phandle)
		return TREE_NONE;
	return index->phandles[low];
}

const char *tree_path(const struct tree_index *index, uint32_t node, char text[TREE_PATH_SIZE])
{
	size_t at = TREE_PATH_SIZE - 1;
	size_t room = sizeof("...") - 1;
	uint32_t i = node;

	text[at] = '\0';
	if (node == TREE_ROOT)
		text[--at] = '/';
	for (; i != TREE_ROOT; i = index->nodes[i].parent) {
		const char *name = index->nodes[i].name;
		size_t length = strlen(name);

		if (length + 1 > at - room)
			break;
		at -= length;
		for (size_t j = 0; j < length; j++)
			text[at + j] = name[j] > ' ' && name[j] < '\x7f' ? name[j] : '?';
		text[--at] = '/';
	}
	if (i != TREE_ROOT) {
		at -= room;
		memcpy(text + at, "...", room);
	}
	memmove(text, text + at, TREE_PATH_SIZE - at);
	return text;
}
