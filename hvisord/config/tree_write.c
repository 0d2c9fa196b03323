/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <libfdt.h>

#include "tree_make.h"

#define NAME_SIZE (TREE_MAX_NAME + 1)
#define MAX_NUMBERS 64u

static void keep_fault(struct tree_maker *maker, int fault)
{
	if (maker->fault == 0)
		maker->fault = fault;
}

void tree_begin(struct tree_maker *maker, const char *format, ...)
{
	char name[NAME_SIZE];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(name, sizeof(name), format, arguments);
	va_end(arguments);
	if (maker->fault == 0)
		keep_fault(maker, fdt_begin_node(maker->blob, name));
}

void tree_end(struct tree_maker *maker)
{
	if (maker->fault == 0)
		keep_fault(maker, fdt_end_node(maker->blob));
}

void tree_put(struct tree_maker *maker, const char *name, const void *data, size_t size)
{
	if (maker->fault == 0)
		keep_fault(maker, fdt_property(maker->blob, name, data, (int)size));
}

void tree_put_string(struct tree_maker *maker, const char *name, const char *value)
{
	tree_put(maker, name, value, strlen(value) + 1);
}

void tree_put_flag(struct tree_maker *maker, const char *name)
{
	tree_put(maker, name, "", 0);
}

void tree_put_cells(struct tree_maker *maker, const char *name, const uint32_t *cells, uint32_t count)
{
	fdt32_t data[MAX_NUMBERS];

	if (count > MAX_NUMBERS) {
		keep_fault(maker, -FDT_ERR_BADVALUE);
		return;
	}
	for (uint32_t i = 0; i < count; i++)
		data[i] = cpu_to_fdt32(cells[i]);
	tree_put(maker, name, data, count * sizeof(data[0]));
}

void tree_put_u32(struct tree_maker *maker, const char *name, uint32_t value)
{
	tree_put_cells(maker, name, &value, 1);
}

void tree_put_wide(struct tree_maker *maker, const char *name, const uint64_t *values, uint32_t count)
{
	fdt64_t data[MAX_NUMBERS];

	if (count > MAX_NUMBERS) {
		keep_fault(maker, -FDT_ERR_BADVALUE);
		return;
	}
	for (uint32_t i = 0; i < count; i++)
		data[i] = cpu_to_fdt64(values[i]);
	tree_put(maker, name, data, count * sizeof(data[0]));
}

uint32_t tree_new_phandle(struct tree_maker *maker)
{
	do
		maker->last_phandle++;
	while (maker->root.index && tree_phandle(maker->root.index, maker->last_phandle) != TREE_NONE);
	return maker->last_phandle;
}

uint32_t tree_clock(struct tree_maker *maker, uint64_t rate)
{
	struct tree_clock *clock;

	for (unsigned i = 0; i < maker->num_clocks; i++)
		if (maker->clocks[i].rate == rate)
			return maker->clocks[i].phandle;
	if (maker->num_clocks == TREE_MAX_CLOCKS) {
		keep_fault(maker, -FDT_ERR_NOSPACE);
		return 0;
	}
	clock = &maker->clocks[maker->num_clocks++];
	*clock = (struct tree_clock){ rate, tree_new_phandle(maker) };
	return clock->phandle;
}

void tree_put_clocks(struct tree_maker *maker)
{
	for (unsigned i = 0; i < maker->num_clocks; i++) {
		const struct tree_clock *clock = &maker->clocks[i];

		tree_begin(maker, "clock-%llu", (unsigned long long)clock->rate);
		tree_put_string(maker, "compatible", "fixed-clock");
		tree_put_u32(maker, "#clock-cells", 0);
		tree_put_u32(maker, "clock-frequency", (uint32_t)clock->rate);
		tree_put_u32(maker, "phandle", clock->phandle);
		tree_end(maker);
	}
}
