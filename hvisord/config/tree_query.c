/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions to a tree that has been read. */
#include <string.h>

#include "tree_index.h"

const struct tree_prop *tree_prop(struct tree_index *index, uint32_t node, const char *name)
{
	const struct tree_node *at = &index->nodes[node];

	for (uint32_t i = 0; i < at->num_props; i++) {
		const struct tree_prop *prop = &index->props[at->prop + i];

		if (!tree_work(index, 1))
			return NULL;
		if (strcmp(prop->name, name) == 0)
			return prop;
	}
	return NULL;
}

bool tree_u32(struct tree_index *index, uint32_t node, const char *name, uint32_t *ret_value)
{
	const struct tree_prop *prop = tree_prop(index, node, name);

	if (!prop || prop->size != sizeof(uint32_t))
		return false;
	*ret_value = tree_cell(prop->data, 0);
	return true;
}

const char *tree_string(struct tree_index *index, uint32_t node, const char *name)
{
	const struct tree_prop *prop = tree_prop(index, node, name);

	if (!prop || prop->size == 0 || memchr(prop->data, '\0', prop->size) != prop->data + prop->size - 1)
		return NULL;
	return (const char *)prop->data;
}

bool tree_has_string(struct tree_index *index, uint32_t node, const char *name, const char *string)
{
	const struct tree_prop *prop = tree_prop(index, node, name);
	size_t length = strlen(string) + 1, at = 0;

	while (prop && at < prop->size) {
		const uint8_t *end = memchr(prop->data + at, '\0', prop->size - at);
		size_t size = end ? (size_t)(end - prop->data) + 1 - at : 0;

		if (!end || !tree_work(index, 1 + size / 16))
			return false;
		if (size == length && memcmp(prop->data + at, string, length) == 0)
			return true;
		at += size;
	}
	return false;
}

bool tree_compatible(struct tree_index *index, uint32_t node, const char *compatible)
{
	return tree_has_string(index, node, "compatible", compatible);
}

static bool names_match(const struct tree_node *node, const char *name, size_t length)
{
	size_t own = strlen(node->name);
	const char *unit;

	if (own == length)
		return memcmp(node->name, name, length) == 0;
	/* A path may leave the unit address out. */
	unit = strchr(node->name, '@');
	return unit && (size_t)(unit - node->name) == length && !memchr(name, '@', length) &&
	       memcmp(node->name, name, length) == 0;
}

bool tree_is_named(const struct tree_node *node, const char *name)
{
	return names_match(node, name, strlen(name));
}

uint32_t tree_child(const struct tree_index *index, uint32_t parent, uint32_t previous)
{
	uint32_t next = previous == TREE_NONE ? parent + 1 : index->nodes[previous].end;

	return next < index->nodes[parent].end ? next : TREE_NONE;
}

static uint32_t find_child(struct tree_index *index, uint32_t parent, const char *name, size_t length)
{
	uint32_t child = tree_child(index, parent, TREE_NONE);

	while (child != TREE_NONE && tree_work(index, 1)) {
		if (names_match(&index->nodes[child], name, length))
			return child;
		child = tree_child(index, parent, child);
	}
	return TREE_NONE;
}

uint32_t tree_child_named(struct tree_index *index, uint32_t parent, const char *name)
{
	return find_child(index, parent, name, strlen(name));
}

uint32_t tree_find_compatible(struct tree_index *index, uint32_t from, const char *const *compatibles)
{
	for (uint32_t node = from; node < index->num_nodes; node++) {
		if (!index->nodes[node].enabled)
			continue;
		for (const char *const *name = compatibles; *name; name++)
			if (tree_compatible(index, node, *name))
				return node;
	}
	return TREE_NONE;
}

/* The path an alias stands for; NULL if the name is none. */
static const char *find_alias(struct tree_index *index, const char *name, size_t length)
{
	uint32_t aliases = tree_child_named(index, TREE_ROOT, "aliases");
	char text[TREE_MAX_NAME + 1];

	if (aliases == TREE_NONE || length > TREE_MAX_NAME)
		return NULL;
	memcpy(text, name, length);
	text[length] = '\0';
	return tree_string(index, aliases, text);
}

static uint32_t walk(struct tree_index *index, uint32_t node, const char *path, size_t length)
{
	while (node != TREE_NONE && length > 0) {
		const char *slash = memchr(path, '/', length);
		size_t part = slash ? (size_t)(slash - path) : length;

		if (part > 0)
			node = find_child(index, node, path, part);
		part += slash != NULL;
		path += part;
		length -= part;
	}
	return node;
}

uint32_t tree_resolve(struct tree_index *index, const char *path, size_t length)
{
	const char *slash = memchr(path, '/', length), *alias;
	size_t part = slash ? (size_t)(slash - path) : length;
	uint32_t node;

	if (part == 0)
		return length == 0 ? TREE_NONE : walk(index, TREE_ROOT, path, length);
	alias = find_alias(index, path, part);
	/* An alias of an alias is none. */
	if (!alias || alias[0] != '/')
		return TREE_NONE;
	node = walk(index, TREE_ROOT, alias, strlen(alias));
	return walk(index, node, path + part, length - part);
}
