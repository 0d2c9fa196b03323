/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "board.h"

static bool whole_pages(struct hv_range r)
{
	return r.start % HV_PAGE_SIZE == 0 && r.size % HV_PAGE_SIZE == 0 && hv_range_valid(r.start, r.size) &&
	       hv_range_contains(0, 1ull << HV_IPA_BITS, r.start, r.size);
}

static bool overlap(struct hv_range a, struct hv_range b)
{
	return hv_range_overlaps(a.start, a.size, b.start, b.size);
}

/* All physical ranges of a board as one list: RAM, devices, distributor, redistributors. */
static struct hv_range range_at(const HvPlatform *board, uint32_t n)
{
	if (n < board->num_ram)
		return board->ram[n];
	n -= board->num_ram;
	if (n < board->num_devices)
		return board->devices[n].range;
	if (n == board->num_devices)
		return (struct hv_range){ board->gic.gicd_base, board->gic.gicd_size };
	return (struct hv_range){ board->gic.gicr_base, board->gic.gicr_size };
}

static bool ranges_apart(const HvPlatform *board)
{
	uint32_t count = board->num_ram + board->num_devices + 2;

	for (uint32_t i = 0; i < count; i++) {
		if (!whole_pages(range_at(board, i)))
			return false;
		for (uint32_t j = 0; j < i; j++)
			if (overlap(range_at(board, i), range_at(board, j)))
				return false;
	}
	return true;
}

static bool hypervisor_in_ram(const HvPlatform *board)
{
	struct hv_range own = board->hypervisor;

	for (uint32_t i = 0; i < board->num_ram; i++)
		if (hv_range_contains(board->ram[i].start, board->ram[i].size, own.start, own.size))
			return whole_pages(own);
	return false;
}

bool board_valid(const HvPlatform *board)
{
	if (board->magic != HV_PLATFORM_MAGIC || board->version != HV_PLATFORM_VERSION ||
	    board->size != sizeof(*board))
		return false;
	if (board->num_cpus == 0 || board->num_cpus > HV_MAX_CPUS || board->num_ram > HV_PLATFORM_MAX_RAM ||
	    board->num_devices > HV_PLATFORM_MAX_DEVICES)
		return false;
	return ranges_apart(board) && hypervisor_in_ram(board);
}

/* A valid board's ranges are apart, so each round that goes on has left one of them for good. */
bool board_has_ram(const HvPlatform *board, uint64_t start, uint64_t size)
{
	if (!hv_range_valid(start, size))
		return false;
	for (uint32_t i = 0; i < board->num_ram; i++) {
		struct hv_range r = board->ram[i];

		if (!hv_range_contains(r.start, r.size, start, 1))
			continue;
		if (size <= r.size - (start - r.start))
			return true;
		size -= r.size - (start - r.start);
		start = r.start + r.size;
		i = UINT32_MAX; /* from the first one again */
	}
	return false;
}
