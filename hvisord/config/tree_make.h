/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files that make a tree. */
#ifndef CONFIG_TREE_MAKE_H
#define CONFIG_TREE_MAKE_H

#include "tree_private.h"

#define TREE_MAX_CLOCKS 64u

/* A clock that runs already, at a rate that nobody changes. */
struct tree_clock {
	uint64_t rate; /* Hz; 0: not known */
	uint32_t phandle;
};

struct tree_maker {
	const struct tree_zone *zone;
	const struct config_board *board;
	const struct tree_chosen *chosen;
	struct tree_view root; /* the root zone's tree; root.index is NULL if there is none */
	void *blob;            /* libfdt writes it from front to back */
	int fault;             /* libfdt's, of the first call that failed: those after it do nothing */
	uint32_t last_phandle;
	uint32_t gic, gpio; /* phandles; 0: none */
	unsigned num_clocks;
	struct tree_clock clocks[TREE_MAX_CLOCKS];
	bool *copied;                     /* of each node of the root's tree */
	char serial_path[TREE_PATH_SIZE]; /* the first UART that was copied, or "" */
};

/* libfdt's fdt_begin_node() and so on, keeping the first fault. */
void tree_begin(struct tree_maker *maker, const char *format, ...) __attribute__((format(printf, 2, 3)));
void tree_end(struct tree_maker *maker);
void tree_put(struct tree_maker *maker, const char *name, const void *data, size_t size);
void tree_put_string(struct tree_maker *maker, const char *name, const char *value);
void tree_put_flag(struct tree_maker *maker, const char *name);
/* Numbers as one cell each, and as two. */
void tree_put_cells(struct tree_maker *maker, const char *name, const uint32_t *cells, uint32_t count);
void tree_put_u32(struct tree_maker *maker, const char *name, uint32_t value);
void tree_put_wide(struct tree_maker *maker, const char *name, const uint64_t *values, uint32_t count);

/* A phandle that neither the new tree nor the root's has. */
uint32_t tree_new_phandle(struct tree_maker *maker);
/* The phandle of a fixed clock, which tree_put_clocks() will write. 0: there are too many, which is a fault. */
uint32_t tree_clock(struct tree_maker *maker, uint64_t rate);
void tree_put_clocks(struct tree_maker *maker);

/* tree_clock.c: rate of entry n of a node's clocks in the root's tree; false: it cannot be told. */
struct tree_reference {
	uint32_t node; /* TREE_NONE: a hole, phandle 0 */
	uint32_t num_cells;
	const uint8_t *cells;
};
/* The reference at cell *at, which goes behind it. False: there is none, or what follows is not to be read. */
bool tree_next_reference(struct tree_index *index, const struct tree_prop *prop, const char *cells_name,
			 uint32_t *at, struct tree_reference *ret_reference);
bool tree_clock_rate(struct tree_index *index, uint32_t node, const struct tree_reference *clock,
		     uint64_t *ret_rate);

/* tree_copy.c: what the zone's io regions hold. */
void tree_copy_devices(struct tree_maker *maker);
/* tree_copy_props.c: all properties of a node but reg; top: the node stands at the root of the new tree. */
void tree_copy_props(struct tree_maker *maker, uint32_t node, bool top, bool is_bus);

#endif
