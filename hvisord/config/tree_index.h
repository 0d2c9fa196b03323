/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A flattened device tree, read once into tables: nodes in their order, what
 * they have, who refers to whom. Nothing here trusts the tree: whatever is in
 * it, every question ends, within bounds, and after a fixed amount of work
 * (tree_index_spent()). "Devicetree spec" is the Devicetree Specification 0.4.
 */
#ifndef CONFIG_TREE_INDEX_H
#define CONFIG_TREE_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hv_types.h"

#define TREE_MAX_SIZE (16u * 1024u * 1024u) /* bytes */
#define TREE_MAX_NODES 100000u
#define TREE_MAX_DEPTH 64u /* as Linux has it (its drivers/of/fdt.c) */
#define TREE_MAX_NAME 255u /* bytes of a node's or property's name; the specification allows 31 */
#define TREE_MAX_CELLS 4u
#define TREE_PATH_SIZE 256u /* with the NUL; a longer path has "..." in front */

#define TREE_NONE UINT32_MAX /* no such node */
#define TREE_ROOT 0u

struct tree_prop {
	const char *name; /* in the tree, NUL-terminated */
	const uint8_t *data;
	uint32_t size; /* bytes */
};

struct tree_node {
	const char *name; /* in the tree, NUL-terminated; "" for the root */
	uint32_t parent;  /* TREE_NONE for the root */
	uint32_t end;     /* the first node behind its last descendant */
	uint32_t prop;    /* its first property */
	uint32_t num_props;
	uint32_t phandle;       /* 0: none */
	uint32_t address_cells; /* of its children's reg; the specification's 2 and 1 if it does not say */
	uint32_t size_cells;
	uint8_t depth;
	bool enabled; /* status is okay, ok or missing, and its parent is enabled */
};

struct tree_index {
	const uint8_t *blob; /* the caller's */
	uint32_t size;       /* as the tree itself says */
	uint32_t num_nodes, num_props, num_phandles;
	struct tree_node *nodes;
	struct tree_prop *props;
	uint32_t *phandles; /* nodes, by phandle */
	uint64_t work;      /* steps that are left */
};

/*
 * Reads a tree of at most size bytes (it may be shorter than its file). The
 * blob must outlive the index. 0; -EBADMSG with *ret_fault, a static text;
 * -ENOMEM. Outputs are untouched where they are not filled.
 */
int tree_index_new(const void *blob, size_t size, struct tree_index **ret_index, const char **ret_fault);
void tree_index_free(struct tree_index *index);

/*
 * The tree was too intricate: answers since then are "no such thing". Asked
 * once, when all is done.
 */
bool tree_index_spent(const struct tree_index *index);
/* Takes steps for a caller's own loop; false once there are none left. */
bool tree_work(struct tree_index *index, uint64_t steps);

/* A property, or NULL. */
const struct tree_prop *tree_prop(struct tree_index *index, uint32_t node, const char *name);
/* A property of exactly one cell. */
bool tree_u32(struct tree_index *index, uint32_t node, const char *name, uint32_t *ret_value);
/* A property that is one string, NUL-terminated; else NULL. */
const char *tree_string(struct tree_index *index, uint32_t node, const char *name);
/* The property is a list of strings with this one among them. */
bool tree_has_string(struct tree_index *index, uint32_t node, const char *name, const char *string);
bool tree_compatible(struct tree_index *index, uint32_t node, const char *compatible);

/* Cell n of data; the caller knows that it is there. */
uint32_t tree_cell(const uint8_t *data, uint32_t n);
/* Up to two cells as one number. */
uint64_t tree_cells(const uint8_t *data, uint32_t n, uint32_t count);

/* The name up to '@' is this. */
bool tree_is_named(const struct tree_node *node, const char *name);

/* The next node from from on, or child of parent after previous (TREE_NONE: the first); TREE_NONE: no more. */
uint32_t tree_child(const struct tree_index *index, uint32_t parent, uint32_t previous);
uint32_t tree_child_named(struct tree_index *index, uint32_t parent, const char *name);
/* The first enabled node from `from` on that is compatible with one of a NULL-terminated list. */
uint32_t tree_find_compatible(struct tree_index *index, uint32_t from, const char *const *compatibles);

/* The first node with that phandle, or TREE_NONE. */
uint32_t tree_phandle(struct tree_index *index, uint32_t phandle);
/* An absolute path ("/soc/serial@0", unit addresses may be left out), or an alias with or without a path behind. */
uint32_t tree_resolve(struct tree_index *index, const char *path, size_t length);

/* Writes a node's path, with '?' for what is not printable. Returns text. */
const char *tree_path(const struct tree_index *index, uint32_t node, char text[TREE_PATH_SIZE]);

#endif
