/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How fast a clock of the root zone's tree runs, as far as the tree says so. */
#include "tree_make.h"

#define CELL 4u
#define MAX_PARENTS 8u /* fixed factors one behind the other */

bool tree_next_reference(struct tree_index *index, const struct tree_prop *prop, const char *cells_name,
			 uint32_t *at, struct tree_reference *ret_reference)
{
	uint32_t total = prop->size / CELL, count = 0, phandle, node;

	if (*at >= total || prop->size % CELL != 0 || !tree_work(index, 1))
		return false;
	phandle = tree_cell(prop->data, *at);
	node = phandle == 0 ? TREE_NONE : tree_phandle(index, phandle);
	if (phandle != 0 && (node == TREE_NONE || !tree_u32(index, node, cells_name, &count)))
		return false;
	if (count > total - *at - 1)
		return false;
	*ret_reference = (struct tree_reference){ node, count, prop->data + (*at + 1) * CELL };
	*at += 1 + count;
	return true;
}

static bool same_reference(const struct tree_reference *a, const struct tree_reference *b)
{
	if (a->node != b->node || a->num_cells != b->num_cells)
		return false;
	for (uint32_t i = 0; i < a->num_cells; i++)
		if (tree_cell(a->cells, i) != tree_cell(b->cells, i))
			return false;
	return true;
}

/* The rate that a node has asked for the clock: entry n of assigned-clocks goes with n of assigned-clock-rates. */
static bool assigned_rate(struct tree_index *index, uint32_t node, const struct tree_reference *clock,
			  uint64_t *ret_rate)
{
	const struct tree_prop *clocks = tree_prop(index, node, "assigned-clocks");
	const struct tree_prop *rates = tree_prop(index, node, "assigned-clock-rates");
	struct tree_reference assigned;
	uint32_t at = 0;

	if (!clocks || !rates)
		return false;
	for (uint32_t n = 0; tree_next_reference(index, clocks, "#clock-cells", &at, &assigned); n++) {
		if (rates->size / CELL <= n)
			return false;
		/* A rate of 0 says: leave it. */
		if (same_reference(&assigned, clock) && tree_cell(rates->data, n) != 0) {
			*ret_rate = tree_cell(rates->data, n);
			return true;
		}
	}
	return false;
}

/* A fixed-factor-clock's mult and div, onto a fraction; false without them or where they would overflow. */
static bool apply_factor(struct tree_index *index, uint32_t node, uint64_t *mult, uint64_t *div)
{
	uint32_t m = 0, d = 0;

	if (!tree_u32(index, node, "clock-mult", &m) || !tree_u32(index, node, "clock-div", &d) || d == 0)
		return false;
	return !__builtin_mul_overflow(*mult, m, mult) && !__builtin_mul_overflow(*div, d, div);
}

/* Up the chain of fixed factors to a clock that says its rate. */
static bool provider_rate(struct tree_index *index, struct tree_reference clock, uint64_t *ret_rate)
{
	uint64_t mult = 1, div = 1, rate = 0;

	for (unsigned i = 0; i < MAX_PARENTS && clock.node != TREE_NONE; i++) {
		const struct tree_prop *parents = tree_prop(index, clock.node, "clocks");
		uint32_t frequency = 0, at = 0, cells = 0;

		if (assigned_rate(index, clock.node, &clock, &rate))
			break;
		if (clock.num_cells == 0 && tree_u32(index, clock.node, "clock-frequency", &frequency)) {
			rate = frequency;
			break;
		}
		if (!tree_compatible(index, clock.node, "fixed-factor-clock") ||
		    !tree_u32(index, clock.node, "#clock-cells", &cells) || !parents ||
		    !apply_factor(index, clock.node, &mult, &div) ||
		    !tree_next_reference(index, parents, "#clock-cells", &at, &clock))
			return false;
	}
	if (rate == 0 || __builtin_mul_overflow(rate, mult, &rate))
		return false;
	*ret_rate = rate / div;
	return true;
}

bool tree_clock_rate(struct tree_index *index, uint32_t node, const struct tree_reference *clock,
		     uint64_t *ret_rate)
{
	const struct tree_prop *clocks = tree_prop(index, node, "clocks");
	uint32_t frequency = 0;
	uint64_t rate = 0;

	if (assigned_rate(index, node, clock, &rate) || provider_rate(index, *clock, &rate)) {
		*ret_rate = rate;
	} else if (clocks && clocks->size == (1 + clock->num_cells) * CELL &&
		   tree_u32(index, node, "clock-frequency", &frequency) && frequency != 0) {
		/* A device with one clock may say itself how fast that is. */
		*ret_rate = frequency;
	} else {
		return false;
	}
	/* It becomes a fixed-clock, whose rate is one cell. */
	return *ret_rate <= UINT32_MAX;
}
