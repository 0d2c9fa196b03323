/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bounded reader of the board's device tree (Devicetree Specification 5):
 * one pass, no offset believed. It only answers whether the machine is the
 * one that platform_board describes.
 */
#include "boot.h"

#include "arch_memory.h"

#define FDT_MAGIC 0xd00dfeedu
#define FDT_VERSION 17u
#define FDT_MAX_SIZE (2u << 20)
#define FDT_BEGIN_NODE 1u
#define FDT_END_NODE 2u
#define FDT_PROP 3u
#define FDT_NOP 4u

struct header {
	uint32_t magic, size, structure, strings, reserved, version, compatible, boot_cpu, strings_size,
		structure_size;
};

struct tree {
	const uint8_t *structure, *strings;
	uint32_t structure_size, strings_size, at;
};

/* Which node a property belongs to, as far as EL2 cares. */
enum place { ROOT, MEMORY, PSCI, CPUS, CPU, ELSEWHERE };

struct found {
	uint32_t address_cells, size_cells, cpu_cells;
	struct hv_range ram[HV_PLATFORM_MAX_RAM];
	uint32_t num_ram;
	uint64_t cpus; /* bit n: platform_board.cpu_mpidr[n] is there */
	bool psci_smc;
};

static uint32_t big_endian(uint32_t value)
{
	return __builtin_bswap32(value);
}

static uint32_t word_at(const uint8_t *bytes)
{
	return big_endian(*(const uint32_t *)(const void *)bytes);
}

/* cells (1 or 2) words at bytes + 4 * index */
static uint64_t number_at(const uint8_t *bytes, uint32_t index, uint32_t cells)
{
	uint64_t value = word_at(bytes + index * 4ull);

	return cells == 1 ? value : value << 32 | word_at(bytes + index * 4ull + 4);
}

static bool open_tree(uint64_t address, struct tree *ret_tree)
{
	const struct header *header = (const struct header *)(uintptr_t)address;
	uint32_t size, structure, strings;

	if (address % 8 != 0 || arch_memory_at(address, sizeof(*header)) == NULL ||
	    big_endian(header->magic) != FDT_MAGIC || big_endian(header->compatible) > FDT_VERSION)
		return false;
	size = big_endian(header->size);
	structure = big_endian(header->structure);
	strings = big_endian(header->strings);
	ret_tree->structure_size = big_endian(header->structure_size);
	ret_tree->strings_size = big_endian(header->strings_size);
	if (size > FDT_MAX_SIZE || arch_memory_at(address, size) == NULL || structure % 4 != 0 ||
	    ret_tree->structure_size == 0 || ret_tree->strings_size == 0 ||
	    !hv_range_contains(0, size, structure, ret_tree->structure_size) ||
	    !hv_range_contains(0, size, strings, ret_tree->strings_size))
		return false;
	ret_tree->structure = (const uint8_t *)header + structure;
	ret_tree->strings = (const uint8_t *)header + strings;
	ret_tree->at = 0;
	return ret_tree->strings[ret_tree->strings_size - 1] == 0;
}

static bool next_word(struct tree *tree, uint32_t *ret_word)
{
	if (tree->structure_size - tree->at < 4)
		return false;
	*ret_word = word_at(tree->structure + tree->at);
	tree->at += 4;
	return true;
}

/* Steps over size bytes and the padding to a word. */
static const uint8_t *next_bytes(struct tree *tree, uint32_t size)
{
	const uint8_t *bytes = tree->structure + tree->at;
	uint32_t left = tree->structure_size - tree->at;

	if (size > left || ((size + 3) & ~3u) > left)
		return NULL;
	tree->at += (size + 3) & ~3u;
	return bytes;
}

static bool equal(const char *a, const char *b)
{
	while (*a != 0 && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

static bool starts_with(const char *name, const char *start)
{
	while (*start != 0)
		if (*name++ != *start++)
			return false;
	return *name == 0 || *name == '@';
}

static enum place place_of(const char *name, uint32_t depth, enum place parent)
{
	if (depth == 0)
		return ROOT;
	if (depth == 1 && starts_with(name, "memory"))
		return MEMORY;
	if (depth == 1 && starts_with(name, "psci"))
		return PSCI;
	if (depth == 1 && starts_with(name, "cpus"))
		return CPUS;
	if (depth == 2 && parent == CPUS && starts_with(name, "cpu"))
		return CPU;
	return ELSEWHERE;
}

static void memory_reg(struct found *found, const uint8_t *value, uint32_t size)
{
	uint32_t cells = found->address_cells + found->size_cells;

	for (uint32_t i = 0; i + cells <= size / 4 && found->num_ram < HV_PLATFORM_MAX_RAM; i += cells)
		found->ram[found->num_ram++] = (struct hv_range){
			number_at(value, i, found->address_cells),
			number_at(value, i + found->address_cells, found->size_cells),
		};
}

static void cpu_reg(struct found *found, const uint8_t *value, uint32_t size)
{
	uint64_t mpidr;

	if (size / 4 < found->cpu_cells)
		return;
	mpidr = number_at(value, 0, found->cpu_cells);
	for (uint32_t i = 0; i < platform_board.num_cpus; i++)
		if (platform_board.cpu_mpidr[i] == mpidr)
			found->cpus |= 1ull << i;
}

static void cells(uint32_t *ret_cells, const uint8_t *value, uint32_t size)
{
	if (size == 4 && (word_at(value) == 1 || word_at(value) == 2))
		*ret_cells = word_at(value);
}

static void property(struct found *found, enum place place, const char *name, const uint8_t *value,
		     uint32_t size)
{
	if (place == ROOT && equal(name, "#address-cells"))
		cells(&found->address_cells, value, size);
	else if (place == ROOT && equal(name, "#size-cells"))
		cells(&found->size_cells, value, size);
	else if (place == CPUS && equal(name, "#address-cells"))
		cells(&found->cpu_cells, value, size);
	else if (place == MEMORY && equal(name, "reg"))
		memory_reg(found, value, size);
	else if (place == CPU && equal(name, "reg"))
		cpu_reg(found, value, size);
	else if (place == PSCI && equal(name, "method") && size == 4)
		found->psci_smc = equal((const char *)value, "smc");
}

/* Length of a name with its NUL, or 0 if it does not end within the structure. */
static uint32_t name_size(const struct tree *tree)
{
	for (uint32_t i = tree->at; i < tree->structure_size; i++)
		if (tree->structure[i] == 0)
			return i - tree->at + 1;
	return 0;
}

static bool read_property(struct tree *tree, struct found *found, enum place place)
{
	uint32_t size, name;
	const uint8_t *value;

	if (!next_word(tree, &size) || !next_word(tree, &name) || name >= tree->strings_size)
		return false;
	value = next_bytes(tree, size);
	if (value == NULL)
		return false;
	if (place != ELSEWHERE)
		property(found, place, (const char *)tree->strings + name, value, size);
	return true;
}

/* Walks to the end of the root node. */
static bool walk(struct tree *tree, struct found *found)
{
	enum place places[3] = { ELSEWHERE, ELSEWHERE, ELSEWHERE };
	uint32_t depth = 0, token; /* nodes open */

	while (next_word(tree, &token)) {
		uint32_t size = token == FDT_BEGIN_NODE ? name_size(tree) : 0;
		enum place here = depth >= 1 && depth <= 3 ? places[depth - 1] : ELSEWHERE;

		if (token == FDT_BEGIN_NODE) {
			const uint8_t *name = next_bytes(tree, size);

			if (size == 0 || name == NULL)
				return false;
			if (depth < 3)
				places[depth] = place_of((const char *)name, depth, here);
			depth++;
		} else if (token == FDT_END_NODE) {
			if (depth <= 1)
				return depth == 1;
			depth--;
		} else if (token == FDT_PROP) {
			if (!read_property(tree, found, here))
				return false;
		} else if (token != FDT_NOP) {
			return false;
		}
	}
	return false;
}

static bool has_ram(const struct found *found, struct hv_range need)
{
	for (uint32_t i = 0; i < found->num_ram; i++)
		if (hv_range_valid(found->ram[i].start, found->ram[i].size) &&
		    hv_range_contains(found->ram[i].start, found->ram[i].size, need.start, need.size))
			return true;
	return false;
}

void fdt_check_board(uint64_t address)
{
	struct found found = { .address_cells = 2, .size_cells = 1, .cpu_cells = 1 };
	struct tree tree;

	if (!open_tree(address, &tree))
		boot_stop("no device tree of the board in x0");
	if (!walk(&tree, &found))
		boot_stop("the board's device tree is damaged");
	for (uint32_t i = 0; i < platform_board.num_ram; i++)
		if (!has_ram(&found, platform_board.ram[i]))
			boot_stop("the machine has less RAM than the board description");
	if (found.cpus != (2ull << (platform_board.num_cpus - 1)) - 1)
		boot_stop("the machine lacks a CPU of the board description");
	if (!found.psci_smc)
		boot_stop("the machine's firmware has no PSCI by SMC");
}
